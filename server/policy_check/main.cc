// ovpn-policy-check: plays the broker against a policy service and tells which rules of the
// contract it breaks. Reads the command line, runs the rules one after the other.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ovpn/base/atomic_file.h"
#include "server/man/help_formatter.h"
#include "server/man/man_page.h"
#include "server/policy_check/cases.h"
#include "server/policy_check/report.h"
#include "server/program/grpc_end.h"

namespace ovpnbroker::policy_check {
namespace {

constexpr int kOk = 0;
constexpr int kBroken = 1;
constexpr int kUsage = 2;
constexpr int kUnreachable = 3;
constexpr size_t kMaxPemBytes = size_t{1} << 20;
constexpr int kMaxTimeoutMs = 60000;

constexpr char kFooter[] =
    "Exit codes:\n"
    "  0  the policy keeps the contract\n"
    "  1  it breaks a rule, or a case came out otherwise\n"
    "  2  wrong arguments, or a file with errors\n"
    "  3  nobody answers at the address\n"
    "\n"
    "Examples:\n"
    "  ovpn-policy-check unix:/run/policy.sock\n"
    "  ovpn-policy-check --only 1,5,7 unix:/run/policy.sock\n"
    "  ovpn-policy-check --ca ca.pem --cert broker.pem --key broker.key \\\n"
    "      policy.example:50051\n"
    "  ovpn-policy-check --cases cases.yaml --junit report.xml unix:/run/policy.sock\n"
    "\n"
    "A file of cases:\n"
    "  cases:\n"
    "    - name: alice gets her address\n"
    "      client: {username: alice, environment: {IV_PLAT: linux}}\n"
    "      expect:\n"
    "        verdict: allow\n"
    "        fields: {allow.config.ifconfig_push.local: 10.8.0.20}";

server::ManPageInfo ManPage() {
  return {"1", "checks a policy service of ovpn-broker",
          "Each rule of the contract is checked by what the service does, then what it decides\n"
          "about the clients of a file.",
          "", "ovpn-policy-sim(1), ovpn-brokerd(8)"};
}

struct Options {
  std::string address;
  std::string ca, cert, key, server_name;
  bool insecure = false;
  bool list = false;
  std::vector<int> only;
  std::string cases;
  std::string junit;
  int timeout_ms = 2000;
};

void AddOptions(CLI::App& app, Options& options) {
  app.add_option("ADDRESS", options.address, "Where the policy serves: unix:/path or HOST:PORT");
  app.add_flag("--list", options.list, "Print the numbered contract and exit");
  app.add_option("--only", options.only, "Check these rules only, and no cases: 7,9")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--cases", options.cases, "Also check the cases of this YAML file")
      ->type_name("FILE");
  app.add_option("--junit", options.junit, "Also write a JUnit XML report")->type_name("FILE");
  app.add_option("--timeout", options.timeout_ms, "Milliseconds the policy has for each verdict")
      ->check(CLI::Range(1, kMaxTimeoutMs))
      ->type_name("MS")
      ->capture_default_str();
  auto* ca = app.add_option("--ca", options.ca,
                            "TLS: PEM file of the CA that signed the policy's "
                            "certificate")
                 ->type_name("FILE");
  auto* cert = app.add_option("--cert", options.cert, "TLS: PEM file of our own certificate")
                   ->type_name("FILE")
                   ->needs(ca);
  auto* key =
      app.add_option("--key", options.key, "TLS: PEM file of our own key")->type_name("FILE");
  cert->needs(key);
  key->needs(cert);
  app.add_option("--server-name", options.server_name,
                 "TLS: the name in the policy's certificate, when it is not that of ADDRESS")
      ->type_name("NAME")
      ->needs(ca);
  app.add_flag("--insecure", options.insecure, "Plain TCP, without TLS: for trials on one machine")
      ->excludes(ca);
}

int Usage(const std::string& why) {
  std::cerr << "ovpn-policy-check: " << why << "\nRun with --help for more information.\n";
  return kUsage;
}

void PrintContract() {
  for (const Rule& rule : Contract()) {
    std::cout << rule.number << "  " << rule.title << "\n    " << rule.expected << "\n";
  }
}

// Null, with `error`, when a file cannot be read or the address needs what was not given.
std::shared_ptr<grpc::Channel> Connect(const Options& options, std::string& error) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  if (options.ca.empty()) {
    if (!absl::StartsWith(options.address, "unix:") && !options.insecure) {
      error = "a TCP address needs --ca (and --cert, --key), or --insecure for a trial";
      return nullptr;
    }
    return grpc::CreateCustomChannel(options.address, grpc::InsecureChannelCredentials(),
                                     arguments);
  }
  grpc::SslCredentialsOptions tls;
  const std::pair<const std::string*, std::string*> files[] = {
      {&options.ca, &tls.pem_root_certs},
      {&options.cert, &tls.pem_cert_chain},
      {&options.key, &tls.pem_private_key}};
  for (const auto& [path, text] : files) {
    if (path->empty()) continue;
    auto content = ovpn::ReadWholeFile(*path, kMaxPemBytes);
    if (!content.ok()) {
      error = absl::StrCat(*path, ": ", content.status().message());
      return nullptr;
    }
    *text = *std::move(content);
  }
  if (!options.server_name.empty()) arguments.SetSslTargetNameOverride(options.server_name);
  return grpc::CreateCustomChannel(options.address, grpc::SslCredentials(tls), arguments);
}

Line Run(std::string name, std::string expected, std::string fix,
         const std::function<Outcome()>& check) {
  const auto start = std::chrono::steady_clock::now();
  Line line{std::move(name), std::move(expected), std::move(fix), check(), {}};
  line.duration = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - start);
  std::cout << ToText(line) << std::flush;
  return line;
}

std::vector<Line> RunAll(const Options& options, const std::vector<Case>& cases,
                         const Target& target) {
  std::vector<Line> lines;
  for (const Rule& rule : Contract()) {
    const auto& only = options.only;
    if (!only.empty() && std::find(only.begin(), only.end(), rule.number) == only.end()) continue;
    lines.push_back(Run(absl::StrCat(rule.number, " ", rule.title), rule.expected, rule.fix,
                        [&] { return rule.check(target); }));
  }
  if (!options.only.empty()) return lines;
  for (const Case& one : cases) {
    lines.push_back(Run(absl::StrCat("case: ", one.name),
                        absl::StrCat("the verdict of ", one.place), "",
                        [&] { return RunCase(one, target); }));
  }
  return lines;
}

int Summarize(const std::vector<Line>& lines, const Options& options) {
  const auto count = [&lines](Outcome::Kind kind) {
    return std::count_if(lines.begin(), lines.end(),
                         [kind](const Line& line) { return line.outcome.kind == kind; });
  };
  const auto failed = count(Outcome::Kind::kFailed);
  std::cout << count(Outcome::Kind::kPassed) << " passed, " << failed << " failed, "
            << count(Outcome::Kind::kSkipped) << " skipped\n";
  if (!options.junit.empty()) {
    std::ofstream file(options.junit);
    file << ToJunit(lines);
    if (!file.flush()) return Usage(absl::StrCat(options.junit, ": cannot be written"));
  }
  return failed == 0 ? kOk : kBroken;
}

int Check(const Options& options) {
  if (options.list) {
    PrintContract();
    return kOk;
  }
  if (options.address.empty()) return Usage("ADDRESS is missing");
  for (const int number : options.only) {
    const auto last = Contract().back().number;
    if (number >= 1 && number <= last) continue;
    return Usage(absl::StrCat("--only: rules go from 1 to ", last, ", not ", number));
  }
  CaseFile cases;
  if (!options.cases.empty()) {
    const auto yaml = ovpn::ReadWholeFile(options.cases, kMaxCasesBytes);
    if (!yaml.ok()) return Usage(absl::StrCat(options.cases, ": ", yaml.status().message()));
    cases = ParseCases(*yaml, options.cases);
    for (const std::string& error : cases.errors) std::cerr << error << "\n";
    if (!cases.errors.empty()) return kUsage;
  }
  std::string error;
  Target target;
  target.channel = Connect(options, error);
  if (target.channel == nullptr) return Usage(error);
  target.decision_timeout = std::chrono::milliseconds(options.timeout_ms);
  if (!target.channel->WaitForConnected(std::chrono::system_clock::now() +
                                        target.handshake_timeout)) {
    std::cerr << "ovpn-policy-check: nobody answers at " << options.address << " within "
              << target.handshake_timeout.count()
              << " ms; is the policy running, and do both sides use TLS or neither?\n";
    return kUnreachable;
  }
  return Summarize(RunAll(options, cases.cases, target), options);
}

int Main(int argc, char** argv) {
  CLI::App app("Plays the broker against a policy service and checks the contract.",
               "ovpn-policy-check");
  app.formatter(std::make_shared<ovpnbroker::server::HelpFormatter>());
  Options options;
  AddOptions(app, options);
  app.set_version_flag("--version", "ovpn-policy-check " OVPNBROKER_VERSION);
  app.footer(kFooter);
  if (argc > 1 && absl::string_view(argv[1]) == server::kManWord) {
    server::WriteManPage(app, ManPage(), std::cout);
    return kOk;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kOk : kUsage;
  }
  return Check(options);
}

}  // namespace
}  // namespace ovpnbroker::policy_check

int main(int argc, char** argv) {
  const ovpnbroker::server::GrpcEnd grpc_end;
  try {
    return ovpnbroker::policy_check::Main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ovpn-policy-check: %s\n", error.what());
    return ovpnbroker::policy_check::kUsage;
  }
}
