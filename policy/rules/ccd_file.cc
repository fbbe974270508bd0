#include "policy/rules/ccd_file.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "ovpn/base/openvpn_words.h"
#include "ovpn/base/status_macros.h"
#include "ovpn/base/suggest.h"
#include "policy/rules/ccd_push.h"

namespace ovpnbroker::policy {
namespace {

constexpr absl::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr char kHostNetmask[] = "255.255.255.255";
constexpr absl::string_view kDirectives[] = {
    "ifconfig-push", "ifconfig-ipv6-push", "iroute",      "iroute-ipv6",
    "push",          "push-reset",         "push-remove", "disable"};

// Reads the lines of one file in order.
class CcdFileReader {
 public:
  CcdFileReader(const std::string& file, std::vector<RuleError>& errors) : errors_(errors) {
    origin_.file = file;
  }

  void ReadLine(absl::string_view line) {
    ++line_;
    name_.clear();
    const absl::Status status = Read(line);
    if (!status.ok()) {
      errors_.push_back({line_, 0, name_, std::string(status.message()), origin_.file});
    }
  }

  CcdFile Finish() && {
    if (!disabled_) return {std::move(allow_), std::move(origin_)};
    ovpn::Deny deny;
    deny.reason = absl::StrCat("disabled in ", origin_.file);
    deny.code = "disabled";
    return {std::move(deny), std::move(origin_)};
  }

 private:
  using Words = std::vector<std::string>;

  struct Push {
    std::string option;
    int line;
  };

  absl::Status Read(absl::string_view line);
  absl::Status ReadDirective(const Words& words);
  absl::Status ReadIfconfigPush(const Words& words);
  absl::Status ReadIfconfigIpv6Push(const Words& words);
  absl::Status ReadIroute(const Words& words);
  absl::Status ReadIrouteIpv6(const Words& words);
  absl::Status ReadPush(const Words& words);
  absl::Status ReadPushReset(const Words& words);
  absl::Status ReadPushRemove(const Words& words);
  absl::Status AddIroute(const ovpn::IpPrefix& network);
  void Record(std::string field) { origin_.fields.push_back({std::move(field), line_}); }

  std::vector<RuleError>& errors_;
  RuleOrigin origin_;
  ovpn::Allow allow_;
  std::vector<Push> pushes_;
  bool disabled_ = false;
  int line_ = 0;
  std::string name_;  // of the directive in this line
};

// `minimum` to `maximum` words after the directive.
absl::Status CheckCount(const std::vector<std::string>& words, size_t minimum, size_t maximum,
                        absl::string_view usage) {
  const size_t count = words.size() - 1;
  if (count >= minimum && count <= maximum) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("expected: ", words.front(), usage));
}

absl::Status Twice() {
  return absl::InvalidArgumentError(
      "is given twice; OpenVPN takes the last one, so remove the others");
}

absl::StatusOr<ovpn::IpAddress> ReadAddressV4(const std::string& text) {
  const auto address = ovpn::IpAddress::Parse(text);
  if (address.ok() && address->is_v4()) return *address;
  return absl::InvalidArgumentError(absl::StrCat("'", absl::Utf8SafeCHexEscape(text),
                                                 "' is not an IPv4 address (names are not looked "
                                                 "up)"));
}

absl::Status CcdFileReader::Read(absl::string_view line) {
  if (line.size() > kMaxCcdLineBytes) {
    return absl::InvalidArgumentError(absl::StrCat("the line has more than ", kMaxCcdLineBytes,
                                                   " bytes, which OpenVPN does not read"));
  }
  if (absl::StrContains(line, '\0')) return absl::InvalidArgumentError("the line has a NUL byte");
  ASSIGN_OR_RETURN(ovpn::OpenvpnLine split, ovpn::SplitOpenvpnLine(line));
  if (split.words.empty()) return absl::OkStatus();
  std::string& directive = split.words.front();
  if (directive.size() > 2) directive = std::string(absl::StripPrefix(directive, "--"));
  name_ = absl::Utf8SafeCHexEscape(directive);
  if (!split.dropped.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("OpenVPN reads ", ovpn::kMaxOpenvpnWords,
                                                   " words of a line and drops the rest"));
  }
  return ReadDirective(split.words);
}

absl::Status CcdFileReader::ReadDirective(const Words& words) {
  const std::string& name = words.front();
  if (name == "ifconfig-push") return ReadIfconfigPush(words);
  if (name == "ifconfig-ipv6-push") return ReadIfconfigIpv6Push(words);
  if (name == "iroute") return ReadIroute(words);
  if (name == "iroute-ipv6") return ReadIrouteIpv6(words);
  if (name == "push") return ReadPush(words);
  if (name == "push-reset") return ReadPushReset(words);
  if (name == "push-remove") return ReadPushRemove(words);
  if (name == "disable") {
    RETURN_IF_ERROR(CheckCount(words, 0, 0, ""));
    disabled_ = true;
    return absl::OkStatus();
  }
  if (name == "config") {
    return absl::InvalidArgumentError("other files are not read; write the lines of that one here");
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "is not carried over; put it into the server's configuration, or write this client as a rule "
      "with raw_directives",
      ovpn::DidYouMean(name, kDirectives)));
}

absl::Status CcdFileReader::ReadIfconfigPush(const Words& words) {
  constexpr size_t kAliasCount = 3;
  if (words.size() - 1 == kAliasCount) {
    return absl::InvalidArgumentError("the alias (third argument) is not carried over; remove it");
  }
  RETURN_IF_ERROR(CheckCount(words, 2, 2, " ADDRESS NETMASK (or the peer's ADDRESS)"));
  if (allow_.config.ifconfig_push.has_value()) return Twice();
  ovpn::IfconfigPush push;
  ASSIGN_OR_RETURN(push.local, ReadAddressV4(words[1]));
  ASSIGN_OR_RETURN(push.remote_or_netmask, ReadAddressV4(words[2]));
  allow_.config.ifconfig_push = push;
  Record("ifconfig_push");
  return absl::OkStatus();
}

absl::Status CcdFileReader::ReadIfconfigIpv6Push(const Words& words) {
  RETURN_IF_ERROR(CheckCount(words, 1, 2, " ADDRESS/LENGTH [the server's ADDRESS]"));
  if (allow_.config.ifconfig_ipv6_push.has_value()) return Twice();
  ovpn::IfconfigIpv6Push push;
  const size_t slash = words[1].find('/');
  if (slash == std::string::npos ||
      !absl::SimpleAtoi(absl::string_view(words[1]).substr(slash + 1), &push.prefix_length)) {
    return absl::InvalidArgumentError("expected an address and a prefix length, as in fd00::2/64");
  }
  ASSIGN_OR_RETURN(push.local, ovpn::IpAddress::Parse(words[1].substr(0, slash)));
  if (words.size() > 2) {
    ASSIGN_OR_RETURN(push.remote, ovpn::IpAddress::Parse(words[2]));
  }
  allow_.config.ifconfig_ipv6_push = push;
  Record("ifconfig_ipv6_push");
  return absl::OkStatus();
}

absl::Status CcdFileReader::AddIroute(const ovpn::IpPrefix& network) {
  Record(absl::StrCat("iroutes[", allow_.config.iroutes.size(), "]"));
  allow_.config.iroutes.push_back(network);
  return absl::OkStatus();
}

absl::Status CcdFileReader::ReadIroute(const Words& words) {
  RETURN_IF_ERROR(CheckCount(words, 1, 2, " NETWORK [NETMASK]"));
  ASSIGN_OR_RETURN(const ovpn::IpAddress network, ReadAddressV4(words[1]));
  ASSIGN_OR_RETURN(const ovpn::IpAddress netmask,
                   ReadAddressV4(words.size() > 2 ? words[2] : kHostNetmask));
  ASSIGN_OR_RETURN(const ovpn::IpPrefix prefix, ovpn::IpPrefix::Parse(absl::StrCat(
                                                    network.ToString(), "/", netmask.ToString())));
  return AddIroute(prefix);
}

absl::Status CcdFileReader::ReadIrouteIpv6(const Words& words) {
  RETURN_IF_ERROR(CheckCount(words, 1, 1, " NETWORK/LENGTH"));
  ASSIGN_OR_RETURN(const ovpn::IpPrefix network, ovpn::IpPrefix::Parse(words[1]));
  if (network.is_v4()) return absl::InvalidArgumentError("needs an IPv6 network; write iroute");
  return AddIroute(network);
}

absl::Status CcdFileReader::ReadPush(const Words& words) {
  RETURN_IF_ERROR(CheckCount(words, 1, 1, " \"OPTION ...\" (one argument, in quotes)"));
  pushes_.push_back({words[1], line_});
  ASSIGN_OR_RETURN(std::string field, AddCcdPush(words[1], allow_.config));
  Record(std::move(field));
  return absl::OkStatus();
}

// OpenVPN resets and removes what the lines before it push, too; the broker's block resets first.
absl::Status CcdFileReader::ReadPushReset(const Words& words) {
  RETURN_IF_ERROR(CheckCount(words, 0, 0, ""));
  if (!pushes_.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("OpenVPN drops with it what line ", pushes_.back().line,
                     " pushes; move it to the top, or remove the pushes before it"));
  }
  allow_.config.push_reset = true;
  Record("push_reset");
  return absl::OkStatus();
}

absl::Status CcdFileReader::ReadPushRemove(const Words& words) {
  RETURN_IF_ERROR(CheckCount(words, 1, 1, " \"OPTION\""));
  for (const Push& push : pushes_) {
    if (!absl::StartsWith(push.option, words[1])) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("OpenVPN removes with it what line ", push.line,
                     " pushes; move it to the top, or remove that line"));
  }
  Record(absl::StrCat("push_remove[", allow_.config.push_remove.size(), "]"));
  allow_.config.push_remove.push_back(words[1]);
  return absl::OkStatus();
}

}  // namespace

CcdFile ParseCcdFile(absl::string_view text, const std::string& file,
                     std::vector<RuleError>& errors) {
  CcdFileReader reader(file, errors);
  absl::ConsumePrefix(&text, kByteOrderMark);
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    reader.ReadLine(text.substr(0, end));
    text.remove_prefix(end);
  }
  return std::move(reader).Finish();
}

}  // namespace ovpnbroker::policy
