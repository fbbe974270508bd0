// Sessions between a recording sink and a channel whose replies the test gives by hand.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "ovpn/instance/sessions.h"

namespace ovpnbroker::test {

class RecordingSink : public ovpn::InstanceSink {
 public:
  struct Withdrawal {
    ovpn::KeyRef key;
    ovpn::WithdrawReason reason;
  };
  struct OutcomeRecord {
    ovpn::KeyRef key;
    ovpn::AnswerOutcome outcome;
    std::string detail;
  };

  void OnAuthRequest(ovpn::AuthRequest request) override { requests.push_back(std::move(request)); }
  void OnAuthWithdrawn(const ovpn::KeyRef& key, ovpn::WithdrawReason reason) override {
    withdrawals.push_back({key, reason});
  }
  void OnAnswerOutcome(const ovpn::KeyRef& key, ovpn::AnswerOutcome outcome,
                       const std::string& detail) override {
    outcomes.push_back({key, outcome, detail});
    order.push_back("outcome");
  }
  void OnSessionChanged(const ovpn::Session& session, ovpn::SessionChange change) override {
    changes.push_back(session);
    change_kinds.push_back(change);
    order.push_back(std::string(ToString(change)));
  }
  void OnInstanceStateChanged(const std::string& /*instance*/, ovpn::InstanceState state,
                              const std::string& detail) override {
    states.push_back(state);
    last_detail = detail;
  }

  std::vector<ovpn::AuthRequest> requests;
  std::vector<Withdrawal> withdrawals;
  std::vector<OutcomeRecord> outcomes;
  std::vector<ovpn::Session> changes;
  std::vector<ovpn::SessionChange> change_kinds;  // as long as `changes`
  std::vector<std::string> order;                 // changes and outcomes as they came
  std::vector<ovpn::InstanceState> states;
  std::string last_detail;
};

class FakeChannel : public ovpn::CommandChannel {
 public:
  bool ready() const override { return is_ready; }
  void Send(std::vector<ovpn::Connection::Request> requests) override {
    std::string write;
    for (ovpn::Connection::Request& request : requests) {
      write += request.command.bytes;
      waiting.push_back(std::move(request));
    }
    writes.push_back(std::move(write));
  }

  // Answers the oldest command.
  void Reply(bool success, std::string text = "", std::vector<std::string> lines = {}) {
    TakeOldest()(ovpn::Reply{success, std::move(text), std::move(lines)});
  }
  // The connection is lost: all commands are unanswered.
  void Lose() {
    is_ready = false;
    while (!waiting.empty()) TakeOldest()(absl::UnavailableError("lost"));
  }

  bool is_ready = true;
  std::vector<std::string> writes;  // one element a write
  std::deque<ovpn::Connection::Request> waiting;

 private:
  ovpn::ReplyCallback TakeOldest() {
    ovpn::ReplyCallback callback = std::move(waiting.front().on_reply);
    waiting.pop_front();
    return callback;
  }
};

// The counts that a table keeps are those of a walk through it.
inline void ExpectCountsOfStates(const ovpn::SessionTable& table) {
  ovpn::SessionTable::StateCounts walked = {};
  table.Visit("", [&walked](const ovpn::SessionEntry& entry) {
    ++walked[static_cast<size_t>(entry.session.state)];
    return true;
  });
  EXPECT_EQ(table.CountByState(), walked);
}

}  // namespace ovpnbroker::test
