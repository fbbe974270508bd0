// ovpn-brokerctl bans: who is kept out, keeping somebody out, and letting them in again.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/ctl/admin_client.h"
#include "server/ctl/call.h"
#include "server/ctl/command.h"
#include "server/ctl/escape.h"
#include "server/ctl/human.h"
#include "server/ctl/kill_results.h"
#include "server/ctl/output.h"
#include "server/ctl/table.h"

namespace ovpnbroker::ctl {
namespace {

namespace v1 = admin::v1;

struct BanOptions {
  std::string filter;
  std::string username;
  std::string common_name;
  std::string serial;
  std::string address;
  std::string expires_in;
  std::string reason;
  std::string client_reason;
  std::string uid;
  bool kill = false;
  bool replace = false;
  bool yes = false;
};

// "user alice", "address 192.0.2.0/24"
std::string SubjectText(const v1::Ban& ban) {
  switch (ban.subject_case()) {
    case v1::Ban::kUsername:
      return absl::StrCat("user ", ban.username());
    case v1::Ban::kCommonName:
      return absl::StrCat("cn ", ban.common_name());
    case v1::Ban::kCertificateSerial:
      return absl::StrCat("serial ", ban.certificate_serial());
    case v1::Ban::kRealAddress:
      return absl::StrCat("address ", ban.real_address());
    case v1::Ban::SUBJECT_NOT_SET:
      break;
  }
  return "";
}

ExitCode RunList(const GlobalOptions& global, const BanOptions& options) {
  const auto client = AdminClient::Connect(global);
  if (client == nullptr) return ExitCode::kUnreachable;
  v1::ListBansResponse response;
  const grpc::Status status = client->ListBans(options.filter, response);
  if (!status.ok()) return ReportFailure(status);
  if (PrintedForPrograms(global, response)) return ExitCode::kOk;
  Table table({{"UID"},
               {"WHO"},
               {"EXPIRES"},
               {"REASON"},
               {"BY", Table::Align::kLeft, Table::Keep::kShort}});
  for (const v1::Ban& ban : response.bans()) {
    table.AddRow({ban.uid(), SubjectText(ban),
                  ban.has_expire_time() ? HumanTime(ban.expire_time()) : std::string("never"),
                  ban.reason(), ban.creator()});
  }
  PrintTable(global, table);
  return ExitCode::kOk;
}

ExitCode RunShow(const GlobalOptions& global, const BanOptions& options) {
  const auto client = AdminClient::Connect(global);
  if (client == nullptr) return ExitCode::kUnreachable;
  v1::GetBanResponse response;
  const grpc::Status status = client->GetBan(options.uid, response);
  if (!status.ok()) return ReportFailure(status);
  PrintWhole(global, response.ban());
  return ExitCode::kOk;
}

// False, told, when the time is none.
bool SetExpiry(const std::string& text, v1::CreateBanRequest& request) {
  if (text.empty()) return true;
  absl::Duration ttl;
  if (!absl::ParseDuration(text, &ttl)) {
    PrintError(absl::StrCat("--for ", Escape(text), " is no time: 90s, 30m, 12h"));
    return false;
  }
  request.mutable_ttl()->set_seconds(absl::ToInt64Seconds(absl::Ceil(ttl, absl::Seconds(1))));
  return true;
}

bool MakeRequest(const BanOptions& options, v1::CreateBanRequest& request) {
  if (!options.username.empty()) request.set_username(options.username);
  if (!options.common_name.empty()) request.set_common_name(options.common_name);
  if (!options.serial.empty()) request.set_certificate_serial(options.serial);
  if (!options.address.empty()) request.set_real_address(options.address);
  request.set_reason(options.reason);
  request.set_client_reason(options.client_reason);
  request.set_kill_matching(options.kill);
  request.set_replace(options.replace);
  return SetExpiry(options.expires_in, request);
}

void PrintCreated(const GlobalOptions& global, const BanOptions& options,
                  const v1::CreateBanResponse& response) {
  std::cout << Escape(SubjectText(response.ban())) << " is banned (" << response.ban().uid() << ")";
  if (response.ban().has_expire_time()) {
    std::cout << " until " << HumanTime(response.ban().expire_time());
  }
  std::cout << "\n";
  if (!options.kill && response.matching_session_count() > 0) {
    std::cout << response.matching_session_count()
              << " sessions match and go on until they renegotiate; --kill ends them at once\n";
  }
  if (!response.kill_results().empty()) PrintKillResults(global, response.kill_results());
}

ExitCode RunAdd(const GlobalOptions& global, const BanOptions& options) {
  v1::CreateBanRequest request;
  if (!MakeRequest(options, request)) return ExitCode::kUsage;
  const auto client = AdminClient::Connect(global);
  if (client == nullptr) return ExitCode::kUnreachable;
  v1::CreateBanResponse response;
  request.set_validate_only(true);
  grpc::Status status = client->CreateBan(request, response);
  if (!status.ok()) return ReportFailure(status);
  const uint32_t count = response.matching_session_count();
  if (!Confirm(!options.kill || options.yes || count <= 1,
               absl::StrCat("Ban, and end ", count, " sessions?"),
               absl::StrCat(count, " sessions match; say --yes to end them all"))) {
    return ExitCode::kUsage;
  }
  request.set_validate_only(false);
  response.Clear();
  status = client->CreateBan(request, response);
  if (!status.ok()) return ReportFailure(status);
  if (!PrintedForPrograms(global, response)) PrintCreated(global, options, response);
  const bool failed = std::any_of(
      response.kill_results().begin(), response.kill_results().end(),
      [](const auto& result) { return result.outcome() == v1::KillResult::OUTCOME_FAILED; });
  return failed ? ExitCode::kFailed : ExitCode::kOk;
}

ExitCode RunRemove(const GlobalOptions& global, const BanOptions& options) {
  const auto client = AdminClient::Connect(global);
  if (client == nullptr) return ExitCode::kUnreachable;
  v1::DeleteBanRequest request;
  request.set_uid(options.uid);
  request.set_reason(options.reason);
  v1::DeleteBanResponse response;
  const grpc::Status status = client->DeleteBan(request, response);
  if (!status.ok()) return ReportFailure(status);
  if (!PrintedForPrograms(global, response)) {
    std::cout << Escape(SubjectText(response.ban())) << " is banned no more\n";
  }
  return ExitCode::kOk;
}

void AddAddCommand(CLI::App& bans, CommandLine& line, const std::shared_ptr<BanOptions>& options) {
  CLI::App* add = bans.add_subcommand("add", "Keep somebody out, and end their sessions");
  auto* who = add->add_option_group("who", "Whom; exactly one of these");
  who->add_option("--user", options->username, "The login name")->type_name("NAME");
  who->add_option("--cn", options->common_name, "The certificate's common name")->type_name("NAME");
  who->add_option("--serial", options->serial, "The certificate's serial number")->type_name("HEX");
  who->add_option("--address", options->address, "The client's address, or a network")
      ->type_name("ADDRESS[/LENGTH]");
  who->require_option(1);
  add->add_option("--reason", options->reason, "Why; for operators")->type_name("TEXT")->required();
  add->add_option("--client-reason", options->client_reason, "What the client reads")
      ->type_name("TEXT");
  add->add_option("--for", options->expires_in, "How long; without it, until it is removed")
      ->type_name("TIME");
  add->add_flag("--kill", options->kill, "End the sessions that match now");
  add->add_flag("--replace", options->replace, "Replace the ban that this subject has");
  add->add_flag("-y,--yes", options->yes, "Do not ask when several sessions match");
  add->footer(
      "Letter case and blanks around names do not count. Without --kill, sessions that are in end\n"
      "when they renegotiate.\n"
      "\n"
      "Examples:\n"
      "  ovpn-brokerctl bans add --user alice --reason \"laptop lost\" --kill\n"
      "  ovpn-brokerctl bans add --address 192.0.2.0/24 --for 12h \\\n"
      "      --reason \"password guessing\"");
  add->callback(
      [&line, options] { line.run = [&line, options] { return RunAdd(line.global, *options); }; });
}

}  // namespace

void AddBansCommand(CLI::App& app, CommandLine& line) {
  CLI::App* bans = app.add_subcommand("bans", "Who gets in no more, whatever the policies say");
  const auto options = std::make_shared<BanOptions>();
  bans->footer(
      "Bans hold for all instances and outlive the broker.\n"
      "\n"
      "Examples:\n"
      "  ovpn-brokerctl bans list\n"
      "  ovpn-brokerctl bans list --filter 'kind = REAL_ADDRESS'\n"
      "  ovpn-brokerctl bans add --cn branch-7 --reason \"stolen\" --kill\n"
      "  ovpn-brokerctl bans remove 0192f4c8-6a51-7c1e-9d55-2f0f3a7d9b10");
  bans->require_subcommand(1);

  CLI::App* list = bans->add_subcommand("list", "The bans in force");
  list->add_option("--filter", options->filter,
                   "Only these: fields are kind, subject, reason and creator")
      ->type_name("FILTER");
  list->callback(
      [&line, options] { line.run = [&line, options] { return RunList(line.global, *options); }; });

  CLI::App* show = bans->add_subcommand("show", "One ban, all that is known about it");
  show->add_option("UID", options->uid, "The ban's uid, as `bans list` shows it")->required();
  show->callback(
      [&line, options] { line.run = [&line, options] { return RunShow(line.global, *options); }; });

  AddAddCommand(*bans, line, options);

  CLI::App* remove = bans->add_subcommand("remove", "Let somebody in again");
  remove->add_option("UID", options->uid, "The ban's uid, as `bans list` shows it")->required();
  remove->add_option("--reason", options->reason, "Why; for the audit record")->type_name("TEXT");
  remove->callback([&line, options] {
    line.run = [&line, options] { return RunRemove(line.global, *options); };
  });
}

}  // namespace ovpnbroker::ctl
