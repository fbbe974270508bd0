// ovpn-brokerctl top: who is connected and how much they move, live; ends sessions from the list.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/ctl/admin_client.h"
#include "server/ctl/command.h"
#include "server/ctl/escape.h"
#include "server/ctl/human.h"
#include "server/ctl/session_selection.h"
#include "server/ctl/table.h"
#include "server/ctl/terminal_screen.h"
#include "server/ctl/top_model.h"

namespace ovpnbroker::ctl {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr int kMillisPerSecond = 1000;
constexpr size_t kLinesAround = 4;  // two above the list, an empty one, one below
constexpr size_t kMaxFilter = 64;
constexpr char kKeys[] = "up/down select  k kill  s sort  r reverse  / filter  q quit";
constexpr char kReason[] = "ended by an operator";

struct TopOptions {
  std::string instance;
  std::string common_name;
  std::string username;
  std::string filter;
  TopModel::Order order = TopModel::Order::kRate;
  double interval_seconds = 2;
};

class Top {
 public:
  Top(AdminClient& client, const TopOptions& options, const BlockedSignals& signals)
      : client_(client),
        filter_(SessionFilter(options)),
        interval_(static_cast<int64_t>(options.interval_seconds * kMillisPerSecond)),
        screen_(signals) {
    model_.SetOrder(options.order);
  }

  void Run() {
    Refresh();
    while (true) {
      Draw();
      const auto left = std::chrono::duration_cast<milliseconds>(next_refresh_ - Clock::now());
      int key = 0;
      switch (screen_.Wait(std::clamp(left, milliseconds(0), interval_), key)) {
        case TerminalScreen::Event::kEnd:
          return;
        case TerminalScreen::Event::kTimeout:
          Refresh();
          break;
        case TerminalScreen::Event::kResized:
          break;
        case TerminalScreen::Event::kKey:
          if (mode_ == Mode::kList && (key == 'q' || key == 'Q')) return;
          OnKey(key);
          break;
      }
    }
  }

 private:
  enum class Mode { kList, kConfirm, kFilter };

  static std::string SessionFilter(const TopOptions& options) {
    std::vector<std::string> terms = PatternTerms({{"instance", options.instance},
                                                   {"common_name", options.common_name},
                                                   {"username", options.username}});
    terms.push_back(LiveTerm());
    if (!options.filter.empty()) terms.push_back(options.filter);
    return JoinTerms(terms);
  }

  void Refresh() {
    admin::v1::ListSessionsResponse sessions;
    grpc::Status status = client_.ListSessions(filter_, sessions);
    admin::v1::GetBrokerResponse broker;
    if (status.ok()) status = client_.GetBroker(broker);
    if (status.ok()) {
      model_.Update({sessions.sessions().begin(), sessions.sessions().end()}, Clock::now());
      broker_ = broker.broker();
      trouble_.clear();
    } else {
      trouble_ = absl::StrCat("not current: ", Escape(status.error_message()));
    }
    next_refresh_ = Clock::now() + interval_;
  }

  void OnKey(int key) {
    message_.clear();
    if (mode_ == Mode::kConfirm) {
      mode_ = Mode::kList;
      if (key == 'y' || key == 'Y') Kill();
    } else if (mode_ == Mode::kFilter) {
      OnFilterKey(key);
    } else {
      OnListKey(key);
    }
  }

  void OnFilterKey(int key) {
    constexpr int kDelete = 127;
    constexpr int kBackspace = 8;
    std::string filter = model_.filter();
    if (key == '\n' || key == '\r') {
      mode_ = Mode::kList;
    } else if (key == TerminalScreen::kEscape) {
      mode_ = Mode::kList;
      filter.clear();
    } else if ((key == kDelete || key == kBackspace) && !filter.empty()) {
      filter.pop_back();
    } else if (key >= ' ' && key < kDelete && filter.size() < kMaxFilter) {
      filter += static_cast<char>(key);
    }
    model_.SetFilter(filter);
  }

  void OnListKey(int key) {
    const int page = static_cast<int>(std::max<size_t>(screen_.size().rows, kLinesAround + 2) -
                                      kLinesAround - 1);
    const int all = static_cast<int>(model_.rows().size());
    switch (key) {
      case TerminalScreen::kUp:
        return model_.Move(-1);
      case TerminalScreen::kDown:
        return model_.Move(1);
      case TerminalScreen::kPageUp:
        return model_.Move(-page);
      case TerminalScreen::kPageDown:
        return model_.Move(page);
      case TerminalScreen::kHome:
        return model_.Move(-all);
      case TerminalScreen::kEnd:
        return model_.Move(all);
      case 's':
        return model_.NextOrder();
      case 'r':
        return model_.Reverse();
      case '/':
        mode_ = Mode::kFilter;
        return;
      case 'k':
        AskToKill();
        return;
      case ' ':
        return Refresh();
      default:
        message_ = kKeys;
    }
  }

  void AskToKill() {
    if (model_.selected() == nullptr) return;
    victim_ = model_.selected()->session;
    mode_ = Mode::kConfirm;
  }

  std::string VictimName() const {
    const std::string& name =
        victim_.username().empty() ? victim_.common_name() : victim_.username();
    return Escape(absl::StrCat(name, " on ", victim_.instance(), " from ", victim_.real_address()));
  }

  void Kill() {
    admin::v1::KillSessionRequest request;
    request.set_uid(victim_.uid());
    request.set_reason(kReason);
    request.mutable_wait()->set_seconds(0);
    admin::v1::KillSessionResponse response;
    const grpc::Status status = client_.KillSession(request, response, kCallTimeout);
    message_ = status.ok() ? absl::StrCat("killed: ", VictimName())
                           : absl::StrCat("not killed: ", Escape(status.error_message()));
    Refresh();
  }

  std::string LastLine() const {
    switch (mode_) {
      case Mode::kConfirm:
        return absl::StrCat("Kill ", VictimName(), "? [y/N]");
      case Mode::kFilter:
        return absl::StrCat("filter: ", model_.filter(), "_  (Enter keeps it, Esc drops it)");
      case Mode::kList:
        break;
    }
    return message_.empty() ? kKeys : message_;
  }

  void Draw() {
    const TerminalScreen::Size size = screen_.size();
    const auto rate = [](double per_second) {
      return absl::StrCat(HumanBytes(static_cast<uint64_t>(per_second)), "/s");
    };
    const admin::v1::DecisionStatistics& decisions = broker_.decisions();
    std::vector<std::string> lines = {
        absl::StrCat(
            "ovpn-broker ", Escape(broker_.version()), "  up ", HumanAge(broker_.start_time()),
            "  instances ", broker_.running_instance_count(), "/", broker_.instance_count(),
            "  sessions ", model_.total(),
            model_.filter().empty() ? "" : absl::StrCat(" (", model_.rows().size(), " shown)"),
            "  in ", rate(model_.in_rate()), "  out ", rate(model_.out_rate())),
        trouble_.empty()
            ? absl::StrCat("decisions ", decisions.open_count(), " open  ",
                           decisions.allowed_count(), " allowed  ", decisions.denied_count(),
                           " denied  ", broker_.draining() ? "DRAINING" : "")
            : trouble_,
        ""};
    const size_t height = size.rows > kLinesAround ? size.rows - kLinesAround : 1;
    for (std::string& line : model_.Render(size.columns, height)) lines.push_back(std::move(line));
    lines.resize(std::max<size_t>(size.rows, 1) - 1);
    lines.push_back(LastLine());
    for (size_t i = 0; i < lines.size(); ++i) {
      const bool is_ours = i < kLinesAround - 1 || i + 1 == lines.size();
      if (is_ours) lines[i] = Shorten(lines[i], size.columns);
    }
    screen_.Draw(lines);
  }

  AdminClient& client_;
  const std::string filter_;
  const milliseconds interval_;
  TerminalScreen screen_;
  TopModel model_;
  admin::v1::Broker broker_;
  Mode mode_ = Mode::kList;
  type::v1::Session victim_;
  std::string message_;
  std::string trouble_;
  Clock::time_point next_refresh_;
};

ExitCode RunTop(const GlobalOptions& global, const TopOptions& options) {
  if (!TerminalScreen::IsPossible()) {
    PrintError("top needs a terminal; for a list use: ovpn-brokerctl sessions");
    return ExitCode::kUsage;
  }
  const BlockedSignals signals;
  const auto client = AdminClient::Connect(global);
  if (client == nullptr) return ExitCode::kUnreachable;
  // Errors of the connection are told before the screen is taken over.
  admin::v1::GetBrokerResponse broker;
  const grpc::Status status = client->GetBroker(broker);
  if (!status.ok()) return ReportFailure(status);
  Top(*client, options, signals).Run();
  return ExitCode::kOk;
}

}  // namespace

void AddTopCommand(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("top", "Sessions and their traffic, live");
  const auto options = std::make_shared<TopOptions>();
  const auto add = [command](const char* name, std::string& value, const char* help,
                             const char* type) {
    command->add_option(name, value, help)->type_name(type);
  };
  add("--instance", options->instance, "Only of this instance", "NAME");
  add("--cn", options->common_name, "Only with this common name (* and ? match)", "NAME");
  add("--user", options->username, "Only with this username (* and ? match)", "NAME");
  add("--filter", options->filter, "More conditions, as in `sessions`", "FILTER");
  command
      ->add_option("--sort", options->order,
                   "rate, in, out, received, sent, since, user, cn or instance")
      ->transform(CLI::CheckedTransformer(TopModel::Orders(), CLI::ignore_case).description(""))
      ->type_name("COLUMN")
      ->default_str("rate");
  command->add_option("--interval", options->interval_seconds, "How often to look")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.5, 60.0))
      ->capture_default_str();
  command->footer(
      "Keys:\n"
      "  up, down, page up, page down, home, end   choose a session\n"
      "  k                                         kill it, after a question\n"
      "  s, r                                      sort by the next column, reverse\n"
      "  /                                         show only what contains a text\n"
      "  space, q                                  look now, quit\n"
      "IN and OUT are bytes per second from and to the client. The broker counts every few\n"
      "seconds, so they move as often.\n"
      "\n"
      "Examples:\n"
      "  ovpn-brokerctl top\n"
      "  ovpn-brokerctl top --instance office --sort received");
  command->callback(
      [&line, options] { line.run = [&line, options] { return RunTop(line.global, *options); }; });
}

}  // namespace ovpnbroker::ctl
