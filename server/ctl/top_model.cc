#include "server/ctl/top_model.h"

#include <algorithm>
#include <sstream>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "server/ctl/enum_text.h"
#include "server/ctl/escape.h"
#include "server/ctl/human.h"
#include "server/ctl/table.h"

namespace ovpnbroker::ctl {
namespace {

constexpr char kInverse[] = "\033[7m";
constexpr char kBold[] = "\033[1m";

std::string RateText(double per_second) {
  return absl::StrCat(HumanBytes(static_cast<uint64_t>(per_second)), "/s");
}

int64_t CreatedAt(const TopModel::Row& row) { return row.session.create_time().seconds(); }

// What is worth a look comes first: much traffic, and the newest.
bool ComesFirst(TopModel::Order order, const TopModel::Row& a, const TopModel::Row& b) {
  using Order = TopModel::Order;
  switch (order) {
    case Order::kRate:
      return a.in_rate + a.out_rate > b.in_rate + b.out_rate;
    case Order::kIn:
      return a.in_rate > b.in_rate;
    case Order::kOut:
      return a.out_rate > b.out_rate;
    case Order::kReceived:
      return a.session.received_bytes() > b.session.received_bytes();
    case Order::kSent:
      return a.session.sent_bytes() > b.session.sent_bytes();
    case Order::kSince:
      return CreatedAt(a) > CreatedAt(b);
    case Order::kUser:
      return a.session.username() < b.session.username();
    case Order::kCommonName:
      return a.session.common_name() < b.session.common_name();
    case Order::kInstance:
      return a.session.instance() < b.session.instance();
  }
  return false;
}

Table MakeTable(TopModel::Order order, bool reversed) {
  using enum Table::Align;
  using enum Table::Keep;
  using Order = TopModel::Order;
  const auto title = [&](const char* text, Order by) {
    const bool is_it = order == by || (order == Order::kRate && by == Order::kIn);
    return absl::StrCat(text, !is_it ? "" : reversed ? "^" : "v");
  };
  return Table({{title("IN", Order::kIn), kRight},
                {title("OUT", Order::kOut), kRight},
                {"STATE"},
                {title("COMMON NAME", Order::kCommonName)},
                {title("USERNAME", Order::kUser)},
                {title("INSTANCE", Order::kInstance), kLeft, kLong},
                {"TUNNEL ADDRESS", kLeft, kLong},
                {title("SINCE", Order::kSince), kRight, kLong},
                {title("RECEIVED", Order::kReceived), kRight, kShort},
                {title("SENT", Order::kSent), kRight, kShort},
                {"FROM", kLeft, kShort}});
}

}  // namespace

const std::map<std::string, TopModel::Order>& TopModel::Orders() {
  static const auto* orders = new std::map<std::string, Order>{
      {"rate", Order::kRate},   {"in", Order::kIn},         {"out", Order::kOut},
      {"user", Order::kUser},   {"sent", Order::kSent},     {"received", Order::kReceived},
      {"since", Order::kSince}, {"cn", Order::kCommonName}, {"instance", Order::kInstance}};
  return *orders;
}

void TopModel::Rate::Count(uint64_t now_bytes, Time now) {
  const std::chrono::duration<double> passed = now - since;
  if (now_bytes > bytes && passed.count() > 0) {
    per_second = static_cast<double>(now_bytes - bytes) / passed.count();
  } else if (now_bytes == bytes && now - since <= kSilentAfter) {
    return;  // the broker has not counted anew
  } else {
    per_second = 0;
  }
  bytes = now_bytes;
  since = now;
}

void TopModel::Update(const std::vector<type::v1::Session>& sessions, Time now) {
  std::map<std::string, Rates> rates;
  all_.clear();
  in_rate_ = 0;
  out_rate_ = 0;
  total_ = sessions.size();
  for (const type::v1::Session& session : sessions) {
    Rates next{{session.received_bytes(), now}, {session.sent_bytes(), now}};
    if (const auto known = rates_.find(session.uid()); known != rates_.end()) {
      next = known->second;
      next.in.Count(session.received_bytes(), now);
      next.out.Count(session.sent_bytes(), now);
    }
    in_rate_ += next.in.per_second;
    out_rate_ += next.out.per_second;
    all_.push_back({session, next.in.per_second, next.out.per_second});
    rates.emplace(session.uid(), next);
  }
  rates_ = std::move(rates);
  Arrange();
}

bool TopModel::Matches(const type::v1::Session& session) const {
  if (filter_.empty()) return true;
  const std::string wanted = absl::AsciiStrToLower(filter_);
  const std::string text = absl::AsciiStrToLower(
      absl::StrCat(session.common_name(), "\n", session.username(), "\n", session.instance(), "\n",
                   session.real_address(), "\n", absl::StrJoin(session.virtual_addresses(), "\n"),
                   "\n", session.platform(), "\n", session.policy()));
  return absl::StrContains(text, wanted);
}

void TopModel::Arrange() {
  rows_.clear();
  for (const Row& row : all_) {
    if (Matches(row.session)) rows_.push_back(row);
  }
  std::stable_sort(rows_.begin(), rows_.end(), [this](const Row& a, const Row& b) {
    return reversed_ ? ComesFirst(order_, b, a) : ComesFirst(order_, a, b);
  });
  const auto found = std::find_if(rows_.begin(), rows_.end(), [this](const Row& row) {
    return row.session.uid() == selected_uid_;
  });
  if (found != rows_.end()) selected_ = static_cast<size_t>(found - rows_.begin());
  Move(0);
}

void TopModel::SetOrder(Order order) {
  order_ = order;
  reversed_ = false;
  Arrange();
}

void TopModel::NextOrder() {
  const bool is_last = order_ == Order::kInstance;
  SetOrder(is_last ? Order::kRate : static_cast<Order>(static_cast<int>(order_) + 1));
}

void TopModel::Reverse() {
  reversed_ = !reversed_;
  Arrange();
}

void TopModel::SetFilter(const std::string& text) {
  filter_ = text;
  Arrange();
}

void TopModel::Move(int lines) {
  if (rows_.empty()) {
    selected_ = 0;
    selected_uid_.clear();
    return;
  }
  const auto last = static_cast<int64_t>(rows_.size()) - 1;
  selected_ =
      static_cast<size_t>(std::clamp<int64_t>(static_cast<int64_t>(selected_) + lines, 0, last));
  selected_uid_ = rows_[selected_].session.uid();
}

const TopModel::Row* TopModel::selected() const {
  return rows_.empty() ? nullptr : &rows_[selected_];
}

std::vector<std::string> TopModel::Render(size_t width, size_t height) {
  if (height == 0) return {};
  const size_t visible = height - 1;
  first_ = std::min(first_, rows_.size() > visible ? rows_.size() - visible : 0);
  if (selected_ < first_) first_ = selected_;
  if (visible > 0 && selected_ >= first_ + visible) first_ = selected_ - visible + 1;

  Table table = MakeTable(order_, reversed_);
  const size_t end = std::min(rows_.size(), first_ + visible);
  for (size_t i = first_; i < end; ++i) {
    const Row& row = rows_[i];
    table.AddRow({RateText(row.in_rate), RateText(row.out_rate), StateCell(row.session.state()),
                  row.session.common_name(), row.session.username(), row.session.instance(),
                  absl::StrJoin(row.session.virtual_addresses(), ","),
                  HumanAge(row.session.create_time()), HumanBytes(row.session.received_bytes()),
                  HumanBytes(row.session.sent_bytes()), row.session.real_address()});
  }
  std::ostringstream text;
  table.Print(text, /*colors=*/false, width);
  std::vector<std::string> lines = absl::StrSplit(text.str(), '\n', absl::SkipEmpty());
  for (size_t i = 0; i < lines.size(); ++i) {
    std::string& line = lines[i];
    line = Shorten(line, width);
    const bool is_title = i == 0;
    const bool is_selected = !is_title && first_ + i - 1 == selected_;
    if (is_title || is_selected) {
      line = absl::StrCat(is_title ? kBold : kInverse, line,
                          std::string(width - std::min(width, DisplayWidth(line)), ' '));
    }
  }
  return lines;
}

}  // namespace ovpnbroker::ctl
