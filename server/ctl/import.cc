// ovpn-brokerctl import: a broker configuration for OpenVPN servers that exist already. Touches no
// file of theirs and no running process.
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ovpn/base/unique_fd.h"
#include "server/config/openvpn_import.h"
#include "server/ctl/admin_client.h"
#include "server/ctl/command.h"
#include "server/ctl/escape.h"

namespace ovpnbroker::ctl {
namespace {

constexpr char kRulesFile[] = "imported-rules.yaml";
constexpr mode_t kFileMode = 0640;

struct ImportArguments {
  std::vector<std::string> files;
  std::string output;
  bool ccd_as_rules = false;
};

// Never over a file that exists.
bool WriteNewFile(const std::string& path, const std::string& text) {
  const ovpn::UniqueFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode));
  const bool written =
      file.valid() && write(file.get(), text.data(), text.size()) == ssize_t(text.size());
  if (!written) {
    PrintError(absl::StrCat(path, " is not written: ", std::strerror(errno),
                            errno == EEXIST ? "; name another --output, or move it away" : ""));
  }
  return written;
}

void Report(const server::Import& import) {
  for (const std::string& left_out : import.left_out) {
    std::cerr << Escape(left_out) << "; left out\n";
  }
  for (const server::ImportedServer& server : import.servers) {
    std::cerr << Escape(server.file) << " -> instance '" << server.instance << "'\n";
    for (const ovpn::ConfigFinding& finding : server.findings) {
      const bool is_error = finding.severity == ovpn::ConfigFinding::Severity::kError;
      std::cerr << (is_error ? "  must change  " : "  note         ") << Escape(finding.ToString())
                << "\n";
    }
    if (!server.password_check.empty()) {
      std::cerr << "  must change  " << Escape(server.password_check)
                << " judged passwords; until rules or a policy do, " << kRulesFile
                << " lets nobody in\n";
    }
  }
}

ExitCode RunImport(const ImportArguments& arguments) {
  const server::Import import = server::ImportServers(arguments.files, arguments.ccd_as_rules);
  Report(import);
  if (import.servers.empty()) {
    PrintError("none of these files is the configuration of an OpenVPN server");
    return ExitCode::kUsage;
  }
  const std::string config = server::ImportedConfig(import, arguments.ccd_as_rules, kRulesFile);
  if (arguments.output.empty()) {
    std::cout << config;
    std::cerr << kRulesFile << " is written with --output only\n";
  } else {
    const std::string rules =
        (std::filesystem::path(arguments.output).parent_path() / kRulesFile).string();
    if (!WriteNewFile(rules, server::ImportedRules(import)) ||
        !WriteNewFile(arguments.output, config)) {
      return ExitCode::kFailed;
    }
    std::cerr << "written: " << arguments.output << ", " << rules << "\n";
  }
  for (const server::ImportedServer& server : import.servers) {
    if (!server.ok()) return ExitCode::kFailed;
  }
  return ExitCode::kOk;
}

}  // namespace

void AddImportCommand(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand(
      "import", "Write a broker configuration for OpenVPN servers that exist already");
  const auto arguments = std::make_shared<ImportArguments>();
  command->add_option("FILE", arguments->files, "OpenVPN server configurations")
      ->required()
      ->type_name("");
  command
      ->add_option("--output", arguments->output,
                   "Write the configuration here, and imported-rules.yaml beside it; never over a "
                   "file that exists. Default: standard output")
      ->type_name("FILE");
  command->add_flag("--ccd-as-rules", arguments->ccd_as_rules,
                    "Let the broker apply each server's client-config-dir, instead of OpenVPN");
  command->footer(
      "Changes nothing of what exists: neither the servers' files nor what runs. Says which lines\n"
      "must change before the broker can own a server (management, scripts and plugins that\n"
      "judge clients), and what the packaged service, which is not root, will not do.\n"
      "The rules let everybody in who has a certificate, as OpenVPN did; where a script or a\n"
      "plugin judged passwords, nobody, until you say who does it now.\n"
      "\n"
      "Exit codes: 0 nothing stands in the way; 1 something must change first, or a file could\n"
      "not be written; 2 none of the files is a server's.\n"
      "\n"
      "Examples:\n"
      "  ovpn-brokerctl import /etc/openvpn/server/*.conf\n"
      "  ovpn-brokerctl import /etc/openvpn/server/*.conf \\\n"
      "      --output /etc/ovpn-broker/imported.yaml\n"
      "  ovpn-brokerctl check-config /etc/ovpn-broker/imported.yaml");
  command->callback(
      [&line, arguments] { line.run = [arguments] { return RunImport(*arguments); }; });
}

}  // namespace ovpnbroker::ctl
