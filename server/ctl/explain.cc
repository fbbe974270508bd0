// ovpn-brokerctl explain: why a client is in or out, told from its last decisions.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/ctl/admin_client.h"
#include "server/ctl/command.h"
#include "server/ctl/escape.h"
#include "server/ctl/human.h"
#include "server/ctl/output.h"
#include "server/ctl/session_selection.h"

namespace ovpnbroker::ctl {
namespace {

using admin::v1::Decision;

constexpr int kDefaultLimit = 5;

struct ExplainOptions {
  std::string session;
  std::string common_name;
  std::string username;
  int limit = kDefaultLimit;
};

void Say(absl::string_view label, absl::string_view text) {
  constexpr size_t kLabelWidth = 12;
  std::cout << "  " << label << std::string(kLabelWidth - label.size(), ' ') << Escape(text)
            << "\n";
}

std::string Named(absl::string_view name, const std::string& value) {
  return value.empty() ? "" : absl::StrCat(", ", name, " ", value);
}

bool IsOpen(const Decision& decision) { return decision.result() == "OPEN"; }

void TellAttempts(const Decision& decision) {
  if (decision.attempts().empty()) Say("asked", "nobody");
  for (int i = 0; i < decision.attempts_size(); ++i) {
    const admin::v1::DecisionAttempt& attempt = decision.attempts(i);
    std::string text = absl::StrCat("+", HumanMillis(attempt.begin()), " ", decision.policy());
    if (!attempt.has_end()) {
      absl::StrAppend(&text, IsOpen(decision) ? ": no reply yet" : ": no reply");
    } else {
      absl::StrAppend(&text, attempt.replica().empty() ? "" : " at ", attempt.replica(), ": ",
                      attempt.result(), " at +", HumanMillis(attempt.end()));
    }
    Say(i == 0 ? "asked" : "asked again", text);
  }
}

void TellAddresses(const Decision& decision) {
  if (decision.got_addresses().empty() && decision.wanted_addresses().empty()) return;
  const auto list = [](const auto& addresses, absl::string_view none) {
    return addresses.empty() ? std::string(none) : absl::StrJoin(addresses, ", ");
  };
  Say("addresses", absl::StrCat("wanted ", list(decision.wanted_addresses(), "any"), ", got ",
                                list(decision.got_addresses(), "none")));
}

void Tell(const Decision& decision) {
  std::cout << Escape(absl::StrCat(
                   HumanTime(decision.receive_time()), "  ", decision.kind(), " of ",
                   decision.common_name().empty() ? "a client without certificate"
                                                  : decision.common_name(),
                   Named("user", decision.username()), Named("from", decision.real_address()),
                   ", instance ", decision.instance()))
            << "\n";
  Say("decision", decision.id());
  Say("session",
      absl::StrCat(decision.session_uid(), ", CID ", decision.cid(), ", KID ", decision.kid()));
  TellAttempts(decision);
  Say("result",
      absl::StrCat(decision.result(), decision.detail().empty() ? "" : ": ", decision.detail(),
                   Named("code", decision.code()), IsOpen(decision) ? ", for " : ", after ",
                   HumanMillis(decision.latency()), Named("revision", decision.policy_revision())));
  for (const std::string& violation : decision.violations()) Say("refused", violation);
  for (const auto& [name, value] : decision.audit_annotations()) {
    Say("noted", absl::StrCat(name, "=", value));
  }
  if (decision.basis() != "VERDICT" && decision.basis() != "NONE") {
    Say("because", absl::StrCat(decision.basis(), ": ", decision.answer()));
  }
  for (int i = 0; i < decision.lines_size(); ++i) Say(i == 0 ? "sent" : "", decision.lines(i));
  for (const admin::v1::DecisionReply& reply : decision.replies()) {
    Say("OpenVPN", absl::StrCat("+", HumanMillis(reply.time()), " ", reply.outcome(),
                                reply.text().empty() ? "" : ": ", reply.text()));
  }
  // A further step leaves no reply behind, so while that is all there is nothing to miss.
  if (decision.replies().empty() && !decision.lines().empty() && !IsOpen(decision)) {
    Say("OpenVPN", "said nothing");
  }
  TellAddresses(decision);
}

ExitCode RunExplain(const GlobalOptions& global, const ExplainOptions& options) {
  std::vector<std::string> terms;
  const auto add = [&terms](absl::string_view field, const std::string& value) {
    if (!value.empty()) terms.push_back(ExactTerm(field, value));
  };
  add("session_uid", options.session);
  add("common_name", options.common_name);
  add("username", options.username);
  if (terms.empty()) {
    PrintError("name a session, --user or --cn\nRun with --help for more information.");
    return ExitCode::kUsage;
  }
  const auto client = AdminClient::Connect(global);
  if (client == nullptr) return ExitCode::kUnreachable;
  admin::v1::ListDecisionsResponse response;
  const std::string filter = JoinTerms(terms);
  grpc::Status status = client->ListOpenDecisions(filter, options.limit, response);
  if (status.ok()) status = client->ListDecisions(filter, options.limit, response);
  if (!status.ok()) return ReportFailure(status);
  if (!PrintedForPrograms(global, response)) {
    for (int i = 0; i < response.decisions_size(); ++i) {
      if (i > 0) std::cout << "\n";
      Tell(response.decisions(i));
    }
  }
  if (!response.decisions().empty()) return ExitCode::kOk;
  PrintError("no decision about it is remembered: it never came here, or was long ago");
  return ExitCode::kNotFound;
}

}  // namespace

void AddExplainCommand(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("explain", "Why a client is in or out");
  const auto options = std::make_shared<ExplainOptions>();
  command->add_option("session", options->session, "The session's uid")->type_name("SESSION");
  command->add_option("--cn", options->common_name, "Clients with this common name")
      ->type_name("NAME");
  command->add_option("--user", options->username, "Clients with this username")->type_name("NAME");
  command->add_option("--limit", options->limit, "At most this many decisions, the newest first")
      ->type_name("N")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  command->footer(
      "Tells for each decision who was asked and when, what came of it, the lines written to\n"
      "OpenVPN (options that could carry a secret show their name only), OpenVPN's replies, and\n"
      "the tunnel addresses wanted and got. Decisions that still wait, for the policy or for the\n"
      "client, come first (OPEN). Exit code 4: nothing is remembered.\n"
      "\n"
      "Examples:\n"
      "  ovpn-brokerctl explain --user alice\n"
      "  ovpn-brokerctl explain 018f8c1e-7b9a-7c3e-9a51-0d3c1f6a2b44\n"
      "  ovpn-brokerctl explain --cn laptop-17 --limit 1 -o json");
  command->callback([&line, options] {
    line.run = [&line, options] { return RunExplain(line.global, *options); };
  });
}

}  // namespace ovpnbroker::ctl
