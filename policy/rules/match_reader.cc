#include "policy/rules/match_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "ovpn/base/suggest.h"
#include "policy/rules/client_config_reader.h"

namespace ovpnbroker::policy {
namespace {

void ReadGlobs(YamlReader& reader, const YamlValue& value, std::vector<Glob>& globs) {
  reader.ReadOneOrMore(value, [&](const YamlValue& item) {
    const std::optional<std::string> text = reader.ReadString(item);
    if (!text.has_value()) return;
    absl::StatusOr<Glob> glob = Glob::Compile(*text);
    if (glob.ok()) {
      globs.push_back(*std::move(glob));
    } else {
      reader.AddError(item, glob.status().message());
    }
  });
}

// Serial numbers and fingerprints.
void ReadHex(YamlReader& reader, const YamlValue& value, size_t digits,
             std::vector<std::string>& list) {
  reader.ReadOneOrMore(value, [&](const YamlValue& item) {
    const std::optional<std::string> text = reader.ReadString(item);
    if (!text.has_value()) return;
    std::string hex = NormalHex(*text);
    const bool is_hex = std::all_of(hex.begin(), hex.end(), [](char c) {
      return absl::ascii_isxdigit(static_cast<unsigned char>(c));
    });
    if (!is_hex || hex.empty() || (digits != 0 && hex.size() != digits)) {
      reader.AddError(item, digits == 0
                                ? "expected a serial number in hexadecimal, as in '4f:0a:11'"
                                : "expected 64 hexadecimal digits, with or without colons");
      return;
    }
    list.push_back(std::move(hex));
  });
}

void ReadVersions(YamlReader& reader, const YamlValue& value,
                  std::vector<VersionCondition>& versions) {
  reader.ReadOneOrMore(value, [&](const YamlValue& item) {
    const std::optional<std::string> text = reader.ReadString(item);
    if (!text.has_value()) return;
    absl::StatusOr<VersionCondition> condition = VersionCondition::Compile(*text);
    if (condition.ok()) {
      versions.push_back(*std::move(condition));
    } else {
      reader.AddError(item, condition.status().message());
    }
  });
}

void ReadX509(YamlReader& reader, const YamlValue& value, std::vector<VariableCondition>& fields) {
  reader.ReadEntries(value, kMaxListItems, [&](const std::string& name, const YamlValue& item) {
    // The short form is a field of the client's own certificate.
    const std::string full = absl::StartsWith(name, "X509_") ? name : absl::StrCat("X509_0_", name);
    fields.push_back({full, {}});
    ReadGlobs(reader, item, fields.back().values);
  });
}

std::function<void(const YamlValue&)> TextFor(YamlReader& reader,
                                              std::function<absl::Status(absl::string_view)> use) {
  return [&reader, use = std::move(use)](const YamlValue& value) {
    const std::optional<std::string> text = reader.ReadString(value);
    if (!text.has_value()) return;
    const absl::Status status = use(*text);
    if (!status.ok()) reader.AddError(value, status.message());
  };
}

void ReadTime(YamlReader& reader, const YamlValue& value, std::vector<TimeWindow>& windows) {
  const auto read_one = [&](const YamlValue& item) {
    TimeWindow window;
    const auto add_days =
        TextFor(reader, [&](absl::string_view text) { return window.AddDays(text); });
    reader.ReadMap(
        item,
        {{"days", [&](const YamlValue& v) { reader.ReadOneOrMore(v, add_days); }},
         {"hours", TextFor(reader, [&](absl::string_view text) { return window.SetHours(text); })},
         {"zone", TextFor(reader, [&](absl::string_view text) { return window.SetZone(text); })}});
    windows.push_back(window);
  };
  if (value.node.IsMap()) {
    read_one(value);
  } else if (value.node.IsSequence() && value.node.size() == 0) {
    reader.AddError(value, "the list is empty; leave the key out instead");
  } else {
    reader.ReadList(value, kMaxListItems, read_one);
  }
}

void ReadGroupNames(YamlReader& reader, const YamlValue& value, const Groups& groups,
                    std::vector<std::shared_ptr<const Group>>& list) {
  reader.ReadOneOrMore(value, [&](const YamlValue& item) {
    const std::optional<std::string> name = reader.ReadString(item);
    if (!name.has_value()) return;
    const auto found = groups.find(*name);
    if (found != groups.end()) {
      list.push_back(found->second);
      return;
    }
    std::vector<absl::string_view> known;
    for (const auto& [known_name, members] : groups) known.push_back(known_name);
    reader.AddError(item, absl::StrCat("there is no group '", *name, "' in 'groups'",
                                       ovpn::DidYouMean(*name, known)));
  });
}

// One name a line; blank lines and lines that begin with `#` do not count.
Group ParseMembers(YamlReader& reader, const std::string& file, const std::string& path,
                   absl::string_view text) {
  Group members;
  int line = 0;
  for (absl::string_view name : absl::StrSplit(text, '\n')) {
    ++line;
    name = absl::StripAsciiWhitespace(name);
    if (name.empty() || name.front() == '#') continue;
    const bool printable = std::none_of(name.begin(), name.end(), [](char c) {
      return absl::ascii_iscntrl(static_cast<unsigned char>(c));
    });
    if (printable && name.size() <= kMaxValueBytes) {
      members.emplace(name);
      continue;
    }
    reader.AddError(RuleError{
        line, 1, path,
        printable ? absl::StrCat("longer than ", kMaxValueBytes, " bytes")
                  : std::string("control characters are not allowed; write one name a line"),
        file});
  }
  return members;
}

}  // namespace

Groups ReadGroups(YamlReader& reader, const YamlValue& value, const RuleReferences& references,
                  std::string& content) {
  Groups groups;
  reader.ReadEntries(value, kMaxGroups, [&](const std::string& name, const YamlValue& item) {
    groups[name] = std::make_shared<const Group>();
    if (item.node.IsSequence()) {
      Group members;
      reader.ReadList(item, kMaxListItems, [&](const YamlValue& member) {
        if (auto text = reader.ReadString(member)) members.insert(*std::move(text));
      });
      groups[name] = std::make_shared<const Group>(std::move(members));
      return;
    }
    const std::optional<std::string> file = reader.ReadString(item);
    if (!file.has_value()) return;
    if (references.read_file == nullptr) {
      reader.AddError(item, "group files cannot be read here; write a list of names");
      return;
    }
    const absl::StatusOr<std::string> text = references.read_file(*file, kMaxGroupFileBytes);
    if (!text.ok()) {
      reader.AddError(item, text.status().message());
      return;
    }
    // Between the files a byte that no name has, so that moving a line changes the revision.
    absl::StrAppend(&content, absl::string_view("\0", 1), name, absl::string_view("\0", 1), *text);
    groups[name] = std::make_shared<const Group>(ParseMembers(reader, *file, item.path, *text));
  });
  return groups;
}

RuleMatch ReadMatch(YamlReader& reader, const YamlValue& value, const Groups& groups) {
  constexpr size_t kSha256Digits = 64;
  RuleMatch match;
  const auto globs = [&reader](std::vector<Glob>& list) {
    return [&reader, &list](const YamlValue& v) { ReadGlobs(reader, v, list); };
  };
  const auto hex = [&reader](std::vector<std::string>& list, size_t digits) {
    return [&reader, &list, digits](const YamlValue& v) { ReadHex(reader, v, digits, list); };
  };
  const auto in_groups = [&](std::vector<std::shared_ptr<const Group>>& list) {
    return [&](const YamlValue& v) { ReadGroupNames(reader, v, groups, list); };
  };
  reader.ReadMap(value,
                 {{"common_name", globs(match.common_name)},
                  {"username", globs(match.username)},
                  {"group", in_groups(match.group)},
                  {"username_group", in_groups(match.username_group)},
                  {"certificate_serial", hex(match.certificate_serial, 0)},
                  {"certificate_sha256", hex(match.certificate_sha256, kSha256Digits)},
                  {"x509", [&](const YamlValue& v) { ReadX509(reader, v, match.x509); }},
                  {"real_address",
                   [&](const YamlValue& v) {
                     reader.ReadOneOrMore(v, [&](const YamlValue& item) {
                       if (const auto prefix = ReadPrefix(reader, item))
                         match.real_address.push_back(*prefix);
                     });
                   }},
                  {"platform", globs(match.platform)},
                  {"client_version",
                   [&](const YamlValue& v) { ReadVersions(reader, v, match.client_version); }},
                  {"instance", globs(match.instance)},
                  {"time", [&](const YamlValue& v) { ReadTime(reader, v, match.time); }},
                  {"username_matches_common_name", [&](const YamlValue& v) {
                     match.username_matches_common_name = reader.ReadBool(v).value_or(false);
                   }}});
  return match;
}

}  // namespace ovpnbroker::policy
