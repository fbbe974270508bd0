#include "tests/bench/sample_connect.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "ovpn/management/message_parser.h"
#include "tests/support/source_dir.h"

namespace ovpnbroker::bench {
namespace {

[[noreturn]] void Die(const std::string& why) {
  std::cerr << why << '\n';
  std::exit(EXIT_FAILURE);
}

// A client of OpenVPN 2.6 with a certificate and a password.
constexpr char kCapture[] = "auth_with_pending_auth_kick";
constexpr char kConnectBegin[] = ">CLIENT:CONNECT,0,1\r\n";
constexpr char kConnectEnd[] = ">CLIENT:ENV,END\r\n";
// The client's name in the capture.
constexpr char kName[] = "alice";

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open()) Die(absl::StrCat("cannot read ", path.string()));
  return {std::istreambuf_iterator<char>(file), {}};
}

std::filesystem::path CaptureFolder() {
  return std::filesystem::path(test::SourceDir()) / "tests/data/transcripts";
}

// The ENV lines of the capture's CONNECT, with END.
std::string SampleEnvironmentLines() {
  const std::string capture = ReadFile(CaptureFolder() / absl::StrCat(kCapture, ".rx"));
  const size_t begin = capture.find(kConnectBegin);
  const size_t end = capture.find(kConnectEnd, begin);
  if (begin == std::string::npos || end == std::string::npos) {
    Die(absl::StrCat("no CONNECT in the capture ", kCapture));
  }
  const size_t lines = begin + std::strlen(kConnectBegin);
  return capture.substr(lines, end + std::strlen(kConnectEnd) - lines);
}

ovpn::Environment ParseConnect(const std::string& bytes) {
  ovpn::MessageParser parser;
  for (size_t taken = 0; taken < bytes.size();) {
    const absl::Span<char> space = parser.Prepare();
    const size_t size = std::min(space.size(), bytes.size() - taken);
    std::copy_n(bytes.data() + taken, size, space.begin());
    parser.Commit(size);
    taken += size;
  }
  std::optional<ovpn::Message> message = parser.Next();
  auto* event = message.has_value() ? std::get_if<ovpn::ClientEvent>(&*message) : nullptr;
  auto* connect = event != nullptr ? std::get_if<ovpn::ClientConnect>(event) : nullptr;
  if (connect == nullptr) Die("the sample CONNECT is not read as one");
  return std::move(connect->environment);
}

}  // namespace

std::string ReadAllCaptures() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(CaptureFolder())) {
    if (entry.path().extension() == ".rx") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::string bytes;
  for (const std::filesystem::path& path : paths) bytes += ReadFile(path);
  return bytes;
}

std::string MakeConnectBytes(uint64_t cid) {
  static const std::string kLines = SampleEnvironmentLines();
  return absl::StrCat(">CLIENT:CONNECT,", cid, ",1\r\n",
                      absl::StrReplaceAll(kLines, {{kName, absl::StrCat("user", cid)}}));
}

SampleConnect::SampleConnect()
    : environment_(std::make_shared<const ovpn::Environment>(ParseConnect(MakeConnectBytes(0)))),
      identity_(ovpn::ClientIdentity::FromEnvironment(*environment_)) {}

ovpn::AuthRequest SampleConnect::MakeRequest(uint64_t cid) const {
  ovpn::AuthRequest request;
  request.key = {{"office", ovpn::Epoch{1}, ovpn::Cid{cid}}, ovpn::Kid{1}};
  request.session.uid = absl::StrCat("0192f0c4-0000-7000-8000-", absl::Dec(cid, absl::kZeroPad12));
  request.session.client = request.key.client;
  request.session.identity = identity_;
  request.session.create_time = std::chrono::system_clock::now();
  request.environment = environment_;
  request.password.emplace("secret-pw");
  request.receive_time = request.session.create_time;
  return request;
}

}  // namespace ovpnbroker::bench
