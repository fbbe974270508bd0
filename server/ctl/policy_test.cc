// ovpn-brokerctl policy test: what a rules file says of a described client, without a broker.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "ovpn/base/atomic_file.h"
#include "ovpn/management/client_auth_block.h"
#include "policy/rules/ccd_folder.h"
#include "policy/rules/rule_parser.h"
#include "policy/rules/rules_policy.h"
#include "policy/rules/time_window.h"
#include "server/ctl/admin_client.h"
#include "server/ctl/command.h"
#include "server/ctl/escape.h"
#include "server/ctl/json.h"
#include "server/ctl/output.h"
#include "server/ctl/table.h"

namespace ovpnbroker::ctl {
namespace {

constexpr size_t kMaxEnvironmentBytes = size_t{1} << 20;
constexpr char kSourcePort[] = "50000";  // of --from; no rule looks at it

struct Arguments {
  std::string rules;  // file or folder
  bool ccd_exclusive = false;
  std::string common_name;
  std::string username;
  std::string from;
  std::string platform;
  std::string version;
  std::string serial;
  std::string sha256;
  std::string instance = "default";
  std::string at;
  std::string environment_file;
  std::vector<std::string> x509;
  std::vector<std::string> raw_directives;
};

absl::Status AddPair(absl::string_view pair, absl::string_view prefix,
                     ovpn::Environment::Builder& environment) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(pair, absl::MaxSplits('=', 1));
  if (parts.first.empty() || parts.first.size() == pair.size()) {
    return absl::InvalidArgumentError(absl::StrCat("'", Escape(pair), "' is not NAME=VALUE"));
  }
  const bool is_full = absl::StartsWith(parts.first, prefix);
  environment.Add(is_full ? std::string(parts.first) : absl::StrCat(prefix, parts.first),
                  parts.second);
  return absl::OkStatus();
}

absl::Status AddSource(const std::string& from, ovpn::Environment::Builder& environment) {
  const absl::StatusOr<ovpn::IpAddress> address = ovpn::IpAddress::Parse(from);
  if (!address.ok()) return address.status();
  environment.Add(address->is_v4() ? "untrusted_ip" : "untrusted_ip6", address->ToString());
  environment.Add("untrusted_port", kSourcePort);
  return absl::OkStatus();
}

absl::Status AddFile(const Arguments& arguments, ovpn::Environment::Builder& environment) {
  const absl::StatusOr<std::string> text =
      ovpn::ReadWholeFile(arguments.environment_file, kMaxEnvironmentBytes);
  if (!text.ok()) return text.status();
  int number = 0;
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    ++number;
    absl::ConsumeSuffix(&line, "\r");
    absl::ConsumePrefix(&line, ">CLIENT:ENV,");
    // --from replaces the whole address, of either family.
    if (line.empty() || line == "END" ||
        (!arguments.from.empty() && absl::StartsWith(line, "untrusted_"))) {
      continue;
    }
    const absl::Status status = AddPair(line, "", environment);
    if (!status.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(arguments.environment_file, ":", number, ": ", status.message()));
    }
  }
  return absl::OkStatus();
}

// The first of two equal variables counts, so options come before the file.
absl::StatusOr<ovpn::AuthRequest> MakeRequest(const Arguments& arguments) {
  ovpn::Environment::Builder environment;
  const auto add = [&](absl::string_view name, const std::string& value) {
    if (!value.empty()) environment.Add(name, value);
  };
  add("common_name", arguments.common_name);
  add("username", arguments.username);
  add("IV_PLAT", arguments.platform);
  add("IV_VER", arguments.version);
  add("tls_serial_hex_0", arguments.serial);
  add("tls_digest_sha256_0", arguments.sha256);
  absl::Status status;
  if (!arguments.from.empty()) status = AddSource(arguments.from, environment);
  for (const std::string& field : arguments.x509) {
    if (status.ok())
      status = AddPair(field, absl::StartsWith(field, "X509_") ? "" : "X509_0_", environment);
  }
  if (status.ok() && !arguments.environment_file.empty()) {
    status = AddFile(arguments, environment);
  }
  if (!status.ok()) return status;

  ovpn::AuthRequest request;
  request.environment = std::make_shared<const ovpn::Environment>(environment.Build());
  request.session.identity = ovpn::ClientIdentity::FromEnvironment(*request.environment);
  request.key.client.instance = arguments.instance;
  request.receive_time = ovpn::SystemClock().WallNow();
  if (!arguments.at.empty()) {
    const absl::StatusOr<ovpn::WallTime> time = policy::ParseMoment(arguments.at);
    if (!time.ok()) return time.status();
    request.receive_time = *time;
  }
  return request;
}

struct Skipped {
  std::string rule;
  std::string condition;
};

struct Answer {
  std::string rule;  // empty: none matched
  std::vector<Skipped> skipped;
  ovpn::Verdict verdict;
  std::vector<std::string> lines;  // of the client-auth block

  const ovpn::Allow* allow() const { return std::get_if<ovpn::Allow>(&verdict); }
};

absl::StatusOr<std::shared_ptr<const policy::RuleSet>> ReadRules(const Arguments& arguments) {
  std::error_code error;  // LoadRules tells what is wrong
  if (std::filesystem::is_directory(arguments.rules, error)) {
    return policy::LoadCcdFolder(arguments.rules, arguments.ccd_exclusive);
  }
  if (arguments.ccd_exclusive) {
    return absl::InvalidArgumentError(
        absl::StrCat("--ccd-exclusive: ", arguments.rules, " is not a client-config-dir"));
  }
  return policy::LoadRules(arguments.rules);
}

absl::StatusOr<Answer> Evaluate(const Arguments& arguments) {
  const absl::StatusOr<ovpn::AuthRequest> request = MakeRequest(arguments);
  if (!request.ok()) return request.status();
  const auto rules = ReadRules(arguments);
  if (!rules.ok()) return rules.status();
  const auto allowed_raw = ovpn::DirectivePolicy::Make(arguments.raw_directives);
  if (!allowed_raw.ok()) return allowed_raw.status();

  Answer answer;
  const policy::Rule* const decisive = (*rules)->Match(*request);
  if (decisive != nullptr) answer.rule = decisive->name;
  for (const policy::Rule& rule : (*rules)->rules()) {
    if (&rule == decisive || (*rules)->has_index()) break;
    answer.skipped.push_back({rule.name, (*rules)->FirstFailedCondition(rule, *request)});
  }
  answer.verdict = policy::RulesPolicy("test", *rules).Evaluate(*request);
  if (answer.allow() == nullptr) return answer;
  const auto block = ovpn::ClientAuthBlock::Compile(answer.allow()->config, *allowed_raw);
  if (!block.ok()) {
    std::vector<std::string> errors;
    for (const ovpn::FieldViolation& violation : block.violations()) {
      errors.push_back(absl::StrCat(decisive->PlaceOf(arguments.rules, violation.field), ": ",
                                    violation.field, ": ", violation.description));
    }
    return absl::InvalidArgumentError(absl::StrJoin(errors, "\n"));
  }
  answer.lines = block.value().lines();
  return answer;
}

// Lines that are not part of the block: what the broker itself does with an allow.
std::vector<std::string> BrokerEffects(const ovpn::Allow& allow) {
  std::vector<std::string> effects;
  if (!allow.config.address_pool.empty()) {
    effects.push_back(absl::StrCat("addresses from pool '", allow.config.address_pool, "'"));
  }
  if (allow.limits.max_duration.has_value()) {
    effects.push_back(absl::StrCat("ends after ", allow.limits.max_duration->count(), " s"));
  }
  if (allow.limits.max_sessions != 0) {
    const bool ends = allow.limits.excess == ovpn::SessionLimits::Excess::kEndOldest;
    effects.push_back(absl::StrCat("at most ", allow.limits.max_sessions,
                                   " sessions of the user; one more ",
                                   ends ? "ends the oldest" : "is denied"));
  }
  return effects;
}

void PrintText(const GlobalOptions& global, const Answer& answer) {
  const std::string decided = answer.rule.empty()
                                  ? std::string("no rule matches")
                                  : absl::StrCat("rule '", Escape(answer.rule), "' decides");
  std::cout << (answer.allow() != nullptr ? "ALLOW: " : "DENY: ") << decided << "\n";
  if (const auto* deny = std::get_if<ovpn::Deny>(&answer.verdict)) {
    std::cout << "  reason: " << Escape(deny->reason) << "\n";
    if (!deny->client_reason.empty()) {
      std::cout << "  client reads: " << Escape(deny->client_reason) << "\n";
    }
    if (!deny->code.empty()) std::cout << "  code: " << Escape(deny->code) << "\n";
    if (deny->retry.has_value()) {
      std::cout << "  client retries after " << deny->retry->backoff.count() << " s\n";
    }
  }
  if (!answer.skipped.empty()) {
    std::cout << "\n";
    Table table({{"RULE BEFORE IT"}, {"DOES NOT MATCH BECAUSE OF"}});
    for (const Skipped& skipped : answer.skipped) {
      table.AddRow({Escape(skipped.rule), Escape(skipped.condition)});
    }
    PrintTable(global, table);
  }
  if (answer.allow() == nullptr) return;
  std::cout << "\nclient-auth CID KID\n";
  for (const std::string& line : answer.lines) std::cout << Escape(line) << "\n";
  std::cout << "END\n";
  const std::vector<std::string> effects = BrokerEffects(*answer.allow());
  if (!effects.empty()) std::cout << "\nThe broker adds:\n";
  for (const std::string& effect : effects) std::cout << "  " << Escape(effect) << "\n";
}

// Fields that do not apply are empty, so that scripts need not guess.
std::string AsJson(const Answer& answer) {
  const ovpn::Deny none;
  const auto* given = std::get_if<ovpn::Deny>(&answer.verdict);
  const ovpn::Deny& deny = given != nullptr ? *given : none;
  std::vector<std::string> skipped;
  skipped.reserve(answer.skipped.size());
  for (const Skipped& rule : answer.skipped) {
    skipped.push_back(absl::StrCat("{\"rule\": ", JsonString(Escape(rule.rule)),
                                   ", \"condition\": ", JsonString(Escape(rule.condition)), "}"));
  }
  const auto list = [](const std::vector<std::string>& items) {
    return absl::StrJoin(items, ", ", [](std::string* out, const std::string& item) {
      absl::StrAppend(out, JsonString(Escape(item)));
    });
  };
  std::ostringstream out;
  out << "{\n \"verdict\": " << (answer.allow() != nullptr ? "\"ALLOW\"" : "\"DENY\"")
      << ",\n \"rule\": " << JsonString(Escape(answer.rule)) << ",\n \"skipped\": ["
      << absl::StrJoin(skipped, ", ") << "],\n \"block\": [" << list(answer.lines)
      << "],\n \"broker_effects\": ["
      << (answer.allow() != nullptr ? list(BrokerEffects(*answer.allow())) : "")
      << "],\n \"reason\": " << JsonString(Escape(deny.reason))
      << ",\n \"client_reason\": " << JsonString(Escape(deny.client_reason))
      << ",\n \"code\": " << JsonString(Escape(deny.code)) << "\n}\n";
  return out.str();
}

ExitCode RunPolicyTest(const GlobalOptions& global, const Arguments& arguments) {
  const absl::StatusOr<Answer> answer = Evaluate(arguments);
  if (!answer.ok()) {
    PrintError(answer.status().message());
    return ExitCode::kUsage;
  }
  if (!PrintedForPrograms(global, AsJson(*answer))) PrintText(global, *answer);
  return answer->allow() != nullptr ? ExitCode::kOk : ExitCode::kFailed;
}

}  // namespace

void AddPolicyCommand(CLI::App& app, CommandLine& line) {
  CLI::App* group = app.add_subcommand("policy", "Try out policies; needs no running broker");
  group->require_subcommand(1);
  CLI::App* command = group->add_subcommand(
      "test", "Show which rule decides for a described client, and what it gets");
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("RULES", arguments->rules, "The rules file, or an OpenVPN client-config-dir")
      ->required()
      ->type_name("");
  command->add_flag("--ccd-exclusive", arguments->ccd_exclusive,
                    "Common names without a file in the client-config-dir are denied");
  const auto add = [&](const char* name, std::string& value, const char* help, const char* type) {
    command->add_option(name, value, help)->type_name(type);
  };
  add("--cn", arguments->common_name, "Common name of the certificate", "NAME");
  add("--user", arguments->username, "User name that the client gives", "NAME");
  add("--from", arguments->from, "Address that the client comes from", "IP");
  add("--platform", arguments->platform, "IV_PLAT: linux, win, mac, ...", "NAME");
  add("--version", arguments->version, "IV_VER: version of the client's OpenVPN", "VERSION");
  add("--serial", arguments->serial, "Serial number of the certificate", "HEX");
  add("--sha256", arguments->sha256, "Fingerprint of the certificate", "HEX");
  command->add_option("--x509", arguments->x509, "Field of the certificate; OU is X509_0_OU")
      ->type_name("NAME=VALUE");
  command->add_option("--instance", arguments->instance, "Instance that the client connects to")
      ->type_name("NAME")
      ->capture_default_str();
  add("--at", arguments->at, "When it connects; default: now", "TIME");
  add("--environment", arguments->environment_file,
      "File of NAME=VALUE lines, as OpenVPN sends them; options win over it", "FILE");
  command
      ->add_option("--allow-raw", arguments->raw_directives,
                   "Directive that the instance's allowed_raw_directives name")
      ->type_name("DIRECTIVE");
  command->footer(
      "Exit codes: 0 the client is allowed, 1 it is denied, 2 the rules or the arguments have "
      "errors.\n"
      "Names of address pools are not checked here: they stand in the broker's configuration.\n"
      "\n"
      "Examples:\n"
      "  ovpn-brokerctl policy test rules.yaml --cn alice --from 192.0.2.7\n"
      "  ovpn-brokerctl policy test rules.yaml --cn alice --x509 OU=ops \\\n"
      "      --at 2026-11-24T22:00+01:00\n"
      "  ovpn-brokerctl policy test rules.yaml --environment client.env -o json | \\\n"
      "      jq -r .rule\n"
      "  ovpn-brokerctl policy test /etc/openvpn/ccd --cn alice");
  command->callback([&line, arguments] {
    line.run = [&line, arguments] { return RunPolicyTest(line.global, *arguments); };
  });
}

}  // namespace ovpnbroker::ctl
