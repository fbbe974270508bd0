// One call of the admin API from a subcommand: connects, calls, and shows the response or tells the
// error. Single-threaded.
#pragma once

#include <grpcpp/client_context.h>

#include <chrono>
#include <memory>

#include "server/ctl/admin_client.h"
#include "server/ctl/command.h"
#include "server/ctl/output.h"

namespace ovpnbroker::ctl {

// `method` is a method of one of the services' stubs: `(stub.*method)(context, request, response)`.
// `print` shows the response to people; `judge` makes the exit code of it, whoever it is shown to.
template <typename Stub, typename Request, typename Response, typename Print, typename Judge>
ExitCode CallAndJudge(const GlobalOptions& global, const Request& request,
                      grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                      std::chrono::seconds timeout, Print print, Judge judge) {
  const auto client = AdminClient::Connect(global);
  if (client == nullptr) return ExitCode::kUnreachable;
  Response response;
  const grpc::Status status = CallStub(client->stub<Stub>(), method, request, response, timeout);
  if (!status.ok()) return ReportFailure(status);
  if (!PrintedForPrograms(global, response)) print(response);
  return judge(response);
}

// A call that has done what it was to do when it is answered.
template <typename Stub, typename Request, typename Response, typename Print>
ExitCode CallAndShow(const GlobalOptions& global, const Request& request,
                     grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                     std::chrono::seconds timeout, Print print) {
  return CallAndJudge(global, request, method, timeout, print,
                      [](const Response&) { return ExitCode::kOk; });
}

// Asks on the terminal; without one, only `yes` agrees, and `without_terminal` is the error.
bool Confirm(bool yes, const std::string& question, const std::string& without_terminal);

// The first line of standard input, without its end; from a terminal after `prompt`, unseen. False
// when there is none. Secrets are not taken as arguments, which every user of the machine can read.
bool ReadSecret(const std::string& prompt, std::string& secret);

}  // namespace ovpnbroker::ctl
