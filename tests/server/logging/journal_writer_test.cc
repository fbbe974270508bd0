#include "server/logging/journal_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <vector>

namespace ovpnbroker::server {
namespace {

using testing::Contains;
using testing::ElementsAre;

using Record = std::vector<std::string>;

// Where records go; may be shut, and then holds the writer's thread until it is opened.
struct Journal {
  void Send(const Record& record) {
    records.push_back(record);
    if (records.size() == 1) {
      entered.set_value();
      opened.get_future().wait();
    }
  }

  std::vector<Record> records;  // the writer's thread, until it has ended
  std::promise<void> entered;
  std::promise<void> opened;
};

TEST(JournalWriter, Line_BecomesARecordWithFields) {
  const auto journal = std::make_shared<Journal>();
  journal->opened.set_value();
  {
    JournalWriter writer([journal](const Record& record) { journal->Send(record); }, 1 << 20,
                         std::chrono::hours(1));
    writer.Write(ovpn::LogLevel::kWarning, "CHILD_KILLED", "it did not end",
                 {ovpn::LogField("instance", "office"), ovpn::LogField("pid", 7)});
  }
  EXPECT_THAT(journal->records, ElementsAre(ElementsAre(
                                    "MESSAGE=CHILD_KILLED it did not end instance=office pid=7",
                                    "PRIORITY=4", "OVPNBROKER_ID=CHILD_KILLED",
                                    "SYSLOG_IDENTIFIER=ovpn-brokerd", "INSTANCE=office", "PID=7")));
}

TEST(JournalWriter, JournalThatDoesNotRead_CostsLinesAndTheCountIsSaid) {
  const auto journal = std::make_shared<Journal>();
  {
    JournalWriter writer([journal](const Record& record) { journal->Send(record); }, 150,
                         std::chrono::hours(1));
    writer.Write(ovpn::LogLevel::kInfo, "FIRST", "sent", {});
    journal->entered.get_future().wait();
    writer.Write(ovpn::LogLevel::kInfo, "SECOND", "waits", {});
    writer.Write(ovpn::LogLevel::kInfo, "THIRD", "is dropped", {});
    writer.Write(ovpn::LogLevel::kInfo, "FOURTH", "is dropped", {});
    EXPECT_EQ(writer.dropped(), 2U);
    journal->opened.set_value();
  }
  ASSERT_EQ(journal->records.size(), 3U);
  EXPECT_THAT(journal->records[1], Contains("OVPNBROKER_ID=SECOND"));
  EXPECT_THAT(journal->records[2], Contains("OVPNBROKER_ID=LOG_LINES_DROPPED"));
  EXPECT_THAT(journal->records[2], Contains("COUNT=2"));
}

TEST(JournalWriter, EndWithAJournalThatDoesNotRead_LeavesWhatWaits) {
  const auto journal = std::make_shared<Journal>();
  {
    JournalWriter writer([journal](const Record& record) { journal->Send(record); }, 1 << 20,
                         std::chrono::milliseconds(1));
    writer.Write(ovpn::LogLevel::kInfo, "FIRST", "sent", {});
    journal->entered.get_future().wait();
  }
  journal->opened.set_value();
}

}  // namespace
}  // namespace ovpnbroker::server
