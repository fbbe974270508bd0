#include "server/ctl/completion.h"

#include <CLI/CLI.hpp>
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/ctl/admin_client.h"
#include "server/ctl/contexts.h"
#include "server/ctl/enum_text.h"
#include "server/ctl/escape.h"
#include "server/ctl/health.h"
#include "server/ctl/session_selection.h"
#include "server/ctl/top_model.h"

namespace ovpnbroker::ctl {
namespace {

using CLI::App;
using CLI::Option;

// Values of options that take one of a few words, by the option, or by command and option where
// commands differ; the test of the completions compares them with what the options accept.
const std::map<std::string, std::vector<std::string>>& Choices() {
  static const auto* choices = [] {
    auto* map = new std::map<std::string, std::vector<std::string>>{
        {"--output", {"table", "wide", "json", "yaml"}},
        {"--state", SessionStateNames()},
        {"--level", {"trace", "debug", "info", "warning", "error"}},
        {"--result", DecisionResultNames()},
        {"sessions --sort", {kSessionOrders.begin(), kSessionOrders.end()}},
        {"level", {"trace", "debug", "info", "warning", "error"}},
    };
    for (const auto& [name, order] : TopModel::Orders()) (*map)["top --sort"].push_back(name);
    return map;
  }();
  return *choices;
}

// The name by which values are looked up: "--output" for -o and --output, "NAME" for a positional
// argument.
std::string KeyOf(const Option& option) {
  if (!option.get_lnames().empty()) return absl::StrCat("--", option.get_lnames().front());
  return option.get_name(true);
}

// Where the words before the last one lead.
struct Position {
  const App* app = nullptr;
  std::vector<const App*> path;    // from the program to `app`
  const Option* option = nullptr;  // whose value comes next
  size_t positionals = 0;          // arguments of `app` that are there
  GlobalOptions global;
};

const Option* FindOption(const Position& position, const std::string& word) {
  for (auto app = position.path.rbegin(); app != position.path.rend(); ++app) {
    for (const Option* option : (*app)->get_options()) {
      if (option->check_name(word)) return option;
    }
    for (const App* group :
         (*app)->get_subcommands([](const App* one) { return one->get_name().empty(); })) {
      for (const Option* option : group->get_options()) {
        if (option->check_name(word)) return option;
      }
    }
  }
  return nullptr;
}

const App* FindCommand(const App& app, const std::string& word) {
  for (const App* command : app.get_subcommands({})) {
    if (!command->get_name().empty() && command->get_name() == word) return command;
  }
  return nullptr;
}

void TakeEndpoint(const std::string& key, const std::string& value, EndpointOptions& endpoint) {
  const std::map<std::string, std::string*> fields = {
      {"--context", &endpoint.context},        {"--socket", &endpoint.socket},
      {"--server", &endpoint.server},          {"--ca", &endpoint.ca},
      {"--cert", &endpoint.certificate},       {"--key", &endpoint.key},
      {"--server-name", &endpoint.server_name}};
  if (const auto field = fields.find(key); field != fields.end()) *field->second = value;
}

Position Follow(const App& app, const std::vector<std::string>& words) {
  Position position;
  position.app = &app;
  position.path = {&app};
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (position.option != nullptr) {
      TakeEndpoint(KeyOf(*position.option), word, position.global.endpoint);
      position.option = nullptr;
    } else if (absl::StartsWith(word, "-")) {
      const size_t equals = word.find('=');
      const Option* option = FindOption(position, word.substr(0, equals));
      if (option == nullptr) continue;
      if (equals != std::string::npos) {
        TakeEndpoint(KeyOf(*option), word.substr(equals + 1), position.global.endpoint);
      } else if (option->get_items_expected_max() > 0) {
        position.option = option;
      }
    } else if (const App* command = FindCommand(*position.app, word); command != nullptr) {
      position.app = command;
      position.path.push_back(command);
      position.positionals = 0;
    } else {
      ++position.positionals;
    }
  }
  return position;
}

std::vector<Candidate> InstanceNames(AdminClient& client) {
  admin::v1::ListInstancesResponse response;
  std::vector<Candidate> names;
  if (!client.ListInstances(response).ok()) return names;
  for (const admin::v1::Instance& instance : response.instances()) {
    names.push_back(
        {instance.name(),
         absl::AsciiStrToLower(admin::v1::Instance::State_Name(instance.state()).substr(6))});
  }
  return names;
}

std::vector<Candidate> ServiceNames(AdminClient& client) {
  std::vector<std::string> services;
  std::vector<Candidate> names;
  if (!ListHealthServices(client, services).ok()) return names;
  for (const std::string& service : services) names.push_back({service, ""});
  return names;
}

enum class SessionField { kUid, kUser, kCommonName };

std::vector<Candidate> SessionNames(AdminClient& client, SessionField field) {
  admin::v1::ListSessionsResponse response;
  std::map<std::string, std::string> names;
  if (!client.ListSessions(LiveTerm(), response).ok()) return {};
  for (const type::v1::Session& session : response.sessions()) {
    const std::string who =
        absl::StrCat(session.common_name(), " ", session.username(), " ", session.instance());
    switch (field) {
      case SessionField::kUid:
        names[session.uid()] = who;
        break;
      case SessionField::kUser:
        names[session.username()] = "";
        break;
      case SessionField::kCommonName:
        names[session.common_name()] = "";
        break;
    }
  }
  std::vector<Candidate> candidates;
  for (const auto& [name, who] : names) {
    // A name that would have to be escaped cannot be typed as it is shown.
    if (!name.empty() && Escape(name) == name) candidates.push_back({name, Escape(who)});
  }
  return candidates;
}

std::vector<Candidate> ContextNames() {
  std::vector<Candidate> names;
  const auto contexts = ReadContexts(ContextsPath());
  if (!contexts.ok()) return names;
  for (const auto& context : contexts->contexts()) {
    names.push_back(
        {context.name(), context.server().empty() ? context.socket() : context.server()});
  }
  return names;
}

std::vector<Candidate> Values(const Position& position, const std::string& key,
                              const std::string& type) {
  const std::string parent = position.path.size() > 1 ? position.path[1]->get_name() : "";
  for (const std::string& option : {key, absl::StrCat(parent, " ", key)}) {
    const auto choices = Choices().find(option);
    if (choices == Choices().end()) continue;
    std::vector<Candidate> words;
    for (const std::string& word : choices->second) words.push_back({word, ""});
    return words;
  }
  const std::set<std::string> files = {"--ca",          "--cert", "--key", "--socket",
                                       "--environment", "FILE",   "RULES"};
  if (files.count(key) != 0 || type == "FILE" || type == "PATH") return {{kFilesWord, ""}};
  if (key == "--context" || (key == "NAME" && parent == "context")) return ContextNames();

  const bool is_instance = key == "--instance" || (key == "NAME" && parent == "instances");
  const bool is_uid = key == "--uid" || key == "UID" || (key == "session" && parent == "explain");
  const bool is_service = key == "SERVICE" && parent == "health";
  if (!is_instance && !is_uid && !is_service && key != "--user" && key != "--cn") return {};
  const auto client = AdminClient::Connect(position.global);
  if (client == nullptr) return {};
  if (is_instance) return InstanceNames(*client);
  if (is_service) return ServiceNames(*client);
  return SessionNames(*client, is_uid          ? SessionField::kUid
                               : key == "--cn" ? SessionField::kCommonName
                                               : SessionField::kUser);
}

void AddOptions(const App& app, std::vector<Candidate>& candidates) {
  for (const Option* option : app.get_options()) {
    if (option->get_lnames().empty() || option->get_group().empty()) continue;
    candidates.push_back(
        {absl::StrCat("--", option->get_lnames().front()), option->get_description()});
  }
}

std::vector<Candidate> All(const Position& position, const std::string& word) {
  if (position.option != nullptr) {
    return Values(position, KeyOf(*position.option), position.option->get_type_name());
  }
  std::vector<Candidate> candidates;
  if (absl::StartsWith(word, "-")) {
    for (const App* app : position.path) {
      AddOptions(*app, candidates);
      for (const App* group :
           app->get_subcommands([](const App* one) { return one->get_name().empty(); })) {
        AddOptions(*group, candidates);
      }
    }
    return candidates;
  }
  for (const App* command : position.app->get_subcommands({})) {
    if (!command->get_name().empty()) {
      candidates.push_back({command->get_name(), command->get_description()});
    }
  }
  size_t index = 0;
  for (const Option* option : position.app->get_options()) {
    if (!option->get_positional() || index++ != position.positionals) continue;
    for (Candidate& value : Values(position, KeyOf(*option), option->get_type_name())) {
      candidates.push_back(std::move(value));
    }
  }
  return candidates;
}

}  // namespace

std::vector<Candidate> Complete(const App& app, const std::vector<std::string>& words) {
  if (words.empty()) return {};
  std::vector<Candidate> fitting;
  std::set<std::string> seen;
  for (Candidate& candidate : All(Follow(app, words), words.back())) {
    const bool fits =
        candidate.word == kFilesWord || absl::StartsWith(candidate.word, words.back());
    if (fits && seen.insert(candidate.word).second) fitting.push_back(std::move(candidate));
  }
  return fitting;
}

}  // namespace ovpnbroker::ctl
