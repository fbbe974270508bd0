// The three formats of `status`, as one OpenVPN 2.6.14 gave them at one moment
// (tests/data/status): all of them follow from format 3.
#include "ovpn/management/status_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/support/source_dir.h"

namespace ovpnbroker::ovpn {
namespace {

std::string ReadStatus(int format) {
  std::ifstream file(absl::StrCat(test::SourceDir(), "/tests/data/status/status", format, ".rx"),
                     std::ios::binary);
  EXPECT_TRUE(file.is_open());
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> ReplyLines() {
  std::vector<std::string> lines = absl::StrSplit(ReadStatus(3), "\r\n");
  EXPECT_EQ(lines.back(), "");
  lines.pop_back();
  EXPECT_EQ(lines.back(), "END");
  lines.pop_back();
  return lines;
}

TEST(StatusText, EachFormat_IsWhatOpenvpnPrints) {
  const std::vector<std::string> lines = ReplyLines();
  for (const int format : {1, 2, 3}) EXPECT_EQ(StatusText(lines, format), ReadStatus(format));
}

TEST(StatusText, NoClients_HasHeadersAndEnd) {
  std::vector<std::string> lines = ReplyLines();
  std::erase_if(lines, [](const std::string& line) {
    return line.rfind("CLIENT_LIST\t", 0) == 0 || line.rfind("ROUTING_TABLE\t", 0) == 0;
  });
  EXPECT_EQ(StatusText(lines, 1),
            "OpenVPN CLIENT LIST\r\nUpdated,2026-11-24 22:36:29\r\n"
            "Common Name,Real Address,Bytes Received,Bytes Sent,Connected Since\r\n"
            "ROUTING TABLE\r\nVirtual Address,Common Name,Real Address,Last Ref\r\n"
            "GLOBAL STATS\r\nMax bcast/mcast queue length,3\r\nEND\r\n");
}

TEST(StatusText, OddLines_DoNoHarm) {
  for (const int format : {1, 2, 3}) {
    EXPECT_THAT(StatusText({"", "HEADER", "HEADER\tCLIENT_LIST", "CLIENT_LIST", "TIME",
                            "GLOBAL_STATS\tx", "HEADER\tROUTING_TABLE", "ROUTING_TABLE\ta"},
                           format),
                testing::EndsWith("END\r\n"));
  }
}

}  // namespace
}  // namespace ovpnbroker::ovpn
