// What `top` knows and shows: sessions with their rates, sorted, one selected, as lines for a
// screen of any size. Pure: the caller brings the sessions and the time.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ovpnbroker/type/v1/session.pb.h"

namespace ovpnbroker::ctl {

// The broker counts bytes every few seconds; a count that did not move for this long means silence.
inline constexpr std::chrono::seconds kSilentAfter{15};

class TopModel {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class Order { kRate, kIn, kOut, kReceived, kSent, kSince, kUser, kCommonName, kInstance };

  static const std::map<std::string, Order>& Orders();

  struct Row {
    type::v1::Session session;
    double in_rate = 0;  // bytes per second from the client
    double out_rate = 0;
  };

  // The live sessions at `now`. The selected session stays selected while it is there.
  void Update(const std::vector<type::v1::Session>& sessions, Time now);

  void SetOrder(Order order);
  void NextOrder();
  void Reverse();
  // Only sessions with this text in a name or an address; letter case does not count. Empty: all.
  void SetFilter(const std::string& text);
  const std::string& filter() const { return filter_; }

  // Moves the selection by `lines`, within the list.
  void Move(int lines);
  // Null when the list is empty.
  const Row* selected() const;
  const std::vector<Row>& rows() const { return rows_; }

  // The sums over all sessions, shown or not.
  double in_rate() const { return in_rate_; }
  double out_rate() const { return out_rate_; }
  size_t total() const { return total_; }

  // The title line and the rows around the selection: at most `height` lines of `width` columns,
  // with the escape sequences that mark the titles and the selection.
  std::vector<std::string> Render(size_t width, size_t height);

 private:
  struct Rate {
    uint64_t bytes = 0;
    Time since;
    double per_second = 0;
    void Count(uint64_t now_bytes, Time now);
  };
  struct Rates {
    Rate in;
    Rate out;
  };

  bool Matches(const type::v1::Session& session) const;
  void Arrange();

  std::map<std::string, Rates> rates_;  // by uid
  std::vector<Row> all_;
  std::vector<Row> rows_;
  Order order_ = Order::kRate;
  bool reversed_ = false;
  std::string filter_;
  std::string selected_uid_;
  size_t selected_ = 0;
  size_t first_ = 0;  // the row on the first line
  double in_rate_ = 0;
  double out_rate_ = 0;
  size_t total_ = 0;
};

}  // namespace ovpnbroker::ctl
