// ovpn-brokerctl context: the brokers that this user works with.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "server/ctl/admin_client.h"
#include "server/ctl/command.h"
#include "server/ctl/contexts.h"
#include "server/ctl/escape.h"
#include "server/ctl/output.h"
#include "server/ctl/table.h"

namespace ovpnbroker::ctl {
namespace {

using config::v1::CliContext;
using config::v1::CliContexts;

// Calls `act` with the contexts of the file.
template <typename Act>
ExitCode WithContexts(Act act) {
  absl::StatusOr<CliContexts> contexts = ReadContexts(ContextsPath());
  if (contexts.ok()) return act(*contexts);
  PrintError(contexts.status().message());
  return ExitCode::kUsage;
}

ExitCode Save(const CliContexts& contexts, const std::string& done) {
  const absl::Status status = WriteContexts(ContextsPath(), contexts);
  if (!status.ok()) {
    PrintError(status.message());
    return ExitCode::kUsage;
  }
  std::cout << done << "\n";
  return ExitCode::kOk;
}

ExitCode List(const GlobalOptions& global) {
  return WithContexts([&global](const CliContexts& contexts) {
    if (PrintedForPrograms(global, contexts)) return ExitCode::kOk;
    using enum Table::Align;
    using enum Table::Keep;
    Table table({{"CURRENT"},
                 {"NAME"},
                 {"BROKER"},
                 {"CERTIFICATE", kLeft, kLong},
                 {"KEY", kLeft, kWide},
                 {"CA", kLeft, kWide},
                 {"SERVER NAME", kLeft, kWide}});
    for (const CliContext& context : contexts.contexts()) {
      table.AddRow(
          {std::string(context.name() == contexts.current() ? "*" : " "), context.name(),
           context.server().empty() ? absl::StrCat("unix:", context.socket()) : context.server(),
           context.certificate(), context.key(), context.ca(), context.server_name()});
    }
    PrintTable(global, table);
    return ExitCode::kOk;
  });
}

ExitCode Show(const GlobalOptions& global, const std::string& name) {
  return WithContexts([&](const CliContexts& contexts) {
    if (name.empty() && contexts.current().empty()) {
      PrintError(absl::StrCat("no context is current: the socket ", kDefaultSocket, " is meant"));
      return ExitCode::kNotFound;
    }
    const auto context = FindContext(contexts, name.empty() ? contexts.current() : name);
    if (!context.ok()) {
      PrintError(context.status().message());
      return ExitCode::kNotFound;
    }
    if (PrintedForPrograms(global, *context)) return ExitCode::kOk;
    const auto say = [](absl::string_view label, const std::string& value) {
      constexpr size_t kLabelWidth = 13;
      if (value.empty()) return;
      std::cout << label << std::string(kLabelWidth - label.size(), ' ') << Escape(value) << "\n";
    };
    say("name", context->name());
    say("socket", context->socket());
    say("server", context->server());
    say("ca", context->ca());
    say("certificate", context->certificate());
    say("key", context->key());
    say("server name", context->server_name());
    return ExitCode::kOk;
  });
}

ExitCode Use(const std::string& name) {
  return WithContexts([&name](CliContexts& contexts) {
    const auto context = FindContext(contexts, name);
    if (!context.ok()) {
      PrintError(context.status().message());
      return ExitCode::kNotFound;
    }
    contexts.set_current(name);
    return Save(contexts, absl::StrCat("current context: ", name));
  });
}

// Paths are kept absolute, so that the context means the same from everywhere.
std::string Absolute(const std::string& path) {
  std::error_code error;
  return path.empty() ? "" : std::filesystem::absolute(path, error).lexically_normal().string();
}

// What the options before the subcommand say, under a name.
ExitCode Set(const EndpointOptions& options, const std::string& name) {
  return WithContexts([&](CliContexts& contexts) {
    CliContext* context = nullptr;
    for (CliContext& known : *contexts.mutable_contexts()) {
      if (known.name() == name) context = &known;
    }
    const bool is_new = context == nullptr;
    if (is_new) {
      context = contexts.add_contexts();
      context->set_name(name);
    }
    if (!options.socket.empty()) context->clear_server();
    if (!options.server.empty()) context->clear_socket();
    const auto set = [](std::string* field, const std::string& value) {
      if (!value.empty()) *field = value;
    };
    set(context->mutable_socket(), Absolute(options.socket));
    set(context->mutable_server(), options.server);
    set(context->mutable_ca(), Absolute(options.ca));
    set(context->mutable_certificate(), Absolute(options.certificate));
    set(context->mutable_key(), Absolute(options.key));
    set(context->mutable_server_name(), options.server_name);
    if (!context->key().empty()) {
      const auto key = ReadKeyFile(context->key());
      if (!key.ok()) {
        PrintError(key.status().message());
        return ExitCode::kUsage;
      }
    }
    if (contexts.contexts_size() == 1) contexts.set_current(name);
    return Save(contexts,
                absl::StrCat("context ", name, is_new ? " added" : " changed",
                             contexts.current() == name ? ", it is the current one" : ""));
  });
}

ExitCode Remove(const std::string& name) {
  return WithContexts([&name](CliContexts& contexts) {
    const auto context = FindContext(contexts, name);
    if (!context.ok()) {
      PrintError(context.status().message());
      return ExitCode::kNotFound;
    }
    for (int i = 0; i < contexts.contexts_size(); ++i) {
      if (contexts.contexts(i).name() == name) contexts.mutable_contexts()->DeleteSubrange(i--, 1);
    }
    if (contexts.current() == name) contexts.clear_current();
    return Save(contexts, absl::StrCat("context ", name, " removed"));
  });
}

const CLI::Validator& IsContextName() {
  static const CLI::Validator validator(
      [](std::string& name) {
        const bool valid =
            !name.empty() && name.size() <= 32 &&
            name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
        return valid ? std::string()
                     : std::string("a name has 1 to 32 lower-case letters, digits and hyphens");
      },
      "");
  return validator;
}

}  // namespace

void AddContextCommand(CLI::App& app, CommandLine& line) {
  CLI::App* group = app.add_subcommand("context", "The brokers that you work with");
  group->require_subcommand(1);
  group->footer(
      "Contexts are kept in ~/.config/ovpn-broker/contexts.yaml (or the file that\n"
      "OVPN_BROKER_CONTEXTS names). --context and OVPN_BROKER_CONTEXT choose another one than the\n"
      "current one; --socket, --server and OVPN_BROKER_SOCKET go without.\n"
      "\n"
      "Examples:\n"
      "  ovpn-brokerctl context set local --socket /run/ovpn-broker/admin.sock\n"
      "  ovpn-brokerctl context set berlin --server vpn.example.net:7443 --ca ca.pem \\\n"
      "      --cert alice.pem --key alice.key\n"
      "  ovpn-brokerctl context use berlin\n"
      "  ovpn-brokerctl context list");
  const auto name = std::make_shared<std::string>();
  const auto add = [group, name](const char* word, const char* help, bool required) {
    CLI::App* command = group->add_subcommand(word, help);
    command->add_option("NAME", *name, "The context's name")
        ->required(required)
        ->type_name("")
        ->check(IsContextName());
    return command;
  };
  group->add_subcommand("list", "All contexts")->callback([&line] {
    line.run = [&line] { return List(line.global); };
  });
  add("show", "One context; without a name the current one", false)->callback([&line, name] {
    line.run = [&line, name] { return Show(line.global, *name); };
  });
  add("use", "Make a context the current one", true)->callback([&line, name] {
    line.run = [name] { return Use(*name); };
  });
  add("set", "Add or change a context: --socket, or --server --ca --cert --key", true)
      ->callback(
          [&line, name] { line.run = [&line, name] { return Set(line.global.endpoint, *name); }; });
  add("remove", "Forget a context", true)->callback([&line, name] {
    line.run = [name] { return Remove(*name); };
  });
}

}  // namespace ovpnbroker::ctl
