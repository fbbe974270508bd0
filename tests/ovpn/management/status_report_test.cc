#include "ovpn/management/status_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/support/transcripts.h"

namespace ovpnbroker::ovpn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Lines = std::vector<std::string>;
using Client = StatusReport::Client;

constexpr absl::string_view kHeader =
    "HEADER\tCLIENT_LIST\tCommon Name\tReal Address\tVirtual Address\tVirtual IPv6 Address\t"
    "Bytes Received\tBytes Sent\tConnected Since\tConnected Since (time_t)\tUsername\tClient ID\t"
    "Peer ID\tData Channel Cipher";

// The replies to `status 3` in a capture, without END.
std::vector<Lines> ReportsIn(const std::string& transcript) {
  std::vector<Lines> reports;
  bool inside = false;
  for (absl::string_view line : absl::StrSplit(test::ReadTranscript(transcript), '\n')) {
    absl::ConsumeSuffix(&line, "\r");
    if (absl::StartsWith(line, "TITLE\t")) {
      reports.emplace_back();
      inside = true;
    }
    if (line == "END") inside = false;
    if (inside) reports.back().emplace_back(line);
  }
  return reports;
}

absl::Status ErrorOf(const Lines& lines) { return StatusReport::Parse(lines).status(); }

TEST(StatusReport, TwoClientsOfARealServer_AreRead) {
  const auto report = StatusReport::Parse(ReportsIn("session_basic").at(0));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->title, HasSubstr("OpenVPN 2.6.14"));
  EXPECT_EQ(report->unix_time, 1795332401);
  EXPECT_THAT(report->clients, ElementsAre(Client{.common_name = "alice",
                                                  .real_address = "127.0.0.1:40833",
                                                  .virtual_address = "10.70.0.77",
                                                  .virtual_ipv6_address = "",
                                                  .received_bytes = 2187,
                                                  .sent_bytes = 2310,
                                                  .connected_since = 1795332398,
                                                  .username = "alice",
                                                  .cid = {0}},
                                           Client{.common_name = "bob",
                                                  .real_address = "127.0.0.1:42853",
                                                  .virtual_address = "10.70.0.2",
                                                  .virtual_ipv6_address = "",
                                                  .received_bytes = 2160,
                                                  .sent_bytes = 2255,
                                                  .connected_since = 1795332398,
                                                  .username = "bob",
                                                  .cid = {1}}));
}

TEST(StatusReport, PeerStillInTls_IsUndefined) {
  const auto reports = ReportsIn("status3_undef_tcp");
  const auto report = StatusReport::Parse(reports.at(0));
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_THAT(report->clients, SizeIs(1));
  EXPECT_EQ(report->clients[0].common_name, std::nullopt);
  EXPECT_EQ(report->clients[0].username, std::nullopt);
  EXPECT_EQ(report->clients[0].virtual_address, "");
  EXPECT_THAT(StatusReport::Parse(reports.at(1))->clients, IsEmpty());
}

TEST(StatusReport, ColumnsInAnotherOrderAndNewOnes_AreFoundByTheirNames) {
  const auto report = StatusReport::Parse(Lines{
      "HEADER\tCLIENT_LIST\tClient ID\tNew\tUsername\tConnected Since (time_t)\tBytes Sent\t"
      "Bytes Received\tVirtual IPv6 Address\tVirtual Address\tReal Address\tCommon Name",
      "CLIENT_LIST\t7\t?\tu\t100\t2\t1\tfd00::2\t10.0.0.2\t[::1]:5\tcn\tmore", "NEW_TAG\tx", ""});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->clients, ElementsAre(Client{.common_name = "cn",
                                                  .real_address = "[::1]:5",
                                                  .virtual_address = "10.0.0.2",
                                                  .virtual_ipv6_address = "fd00::2",
                                                  .received_bytes = 1,
                                                  .sent_bytes = 2,
                                                  .connected_since = 100,
                                                  .username = "u",
                                                  .cid = {7}}));
}

TEST(StatusReport, MissingColumn_IsNamedWithItsLine) {
  const absl::Status status = ErrorOf({"TITLE\tx", "HEADER\tCLIENT_LIST\tCommon Name"});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("line 2"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("\"Real Address\" is missing"));
}

TEST(StatusReport, BadNumber_IsNamedWithItsLine) {
  const absl::Status status =
      ErrorOf({std::string(kHeader), "CLIENT_LIST\ta\tb\t\t\t0\t0\tx\t1\tu\t-1\t0\tc"});
  EXPECT_THAT(std::string(status.message()), HasSubstr("line 2: \"Client ID\" is not a number"));
}

TEST(StatusReport, ShortRow_IsAnError) {
  EXPECT_THAT(std::string(ErrorOf({std::string(kHeader), "CLIENT_LIST\ta\tb"}).message()),
              HasSubstr("line 2: no value for"));
}

TEST(StatusReport, RowBeforeItsHeader_IsAnError) {
  EXPECT_THAT(std::string(ErrorOf({"CLIENT_LIST\ta"}).message()), HasSubstr("line 1"));
}

TEST(StatusReport, NoHeaderAtAll_IsAnErrorAndNotAnEmptyServer) {
  EXPECT_FALSE(ErrorOf({}).ok());
  EXPECT_FALSE(ErrorOf({"TITLE\tx", "TIME\tx\t1"}).ok());
}

}  // namespace
}  // namespace ovpnbroker::ovpn
