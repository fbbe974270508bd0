#include "policy/decision_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ovpnbroker::policy {
namespace {

using testing::ElementsAre;

DecisionRecord Record(const std::string& id, const std::string& session) {
  DecisionRecord record;
  record.id = id;
  record.session_uid = session;
  return record;
}

std::vector<std::string> Ids(const DecisionHistory& history, uint64_t before = 0) {
  std::vector<std::string> ids;
  history.Visit(before, [&ids](uint64_t, const DecisionRecord& record) {
    ids.push_back(record.id);
    return true;
  });
  return ids;
}

TEST(DecisionHistory, Visit_NewestFirstAndFromThePlaceAsked) {
  DecisionHistory history;
  for (const char* id : {"a", "b", "c"}) history.OnDecisionRecord(Record(id, id));
  EXPECT_THAT(Ids(history), ElementsAre("c", "b", "a"));
  EXPECT_THAT(Ids(history, 3), ElementsAre("b", "a"));
}

TEST(DecisionHistory, TooMany_OldestGo) {
  DecisionHistory history({.max_records = 2});
  for (const char* id : {"a", "b", "c"}) history.OnDecisionRecord(Record(id, id));
  EXPECT_THAT(Ids(history), ElementsAre("c", "b"));
  EXPECT_EQ(history.Find("a"), nullptr);
  ASSERT_NE(history.Find("b"), nullptr);
}

TEST(DecisionHistory, TooManyOfOneSession_OnlyItsOwnOldestGoes) {
  DecisionHistory history({.max_records = 10, .max_records_per_session = 2});
  history.OnDecisionRecord(Record("other", "s1"));
  for (const char* id : {"a", "b", "c"}) history.OnDecisionRecord(Record(id, "s2"));
  EXPECT_THAT(Ids(history), ElementsAre("c", "b", "other"));
}

}  // namespace
}  // namespace ovpnbroker::policy
