#include "policy/stream/selected_environment.h"

#include <fnmatch.h>

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "ovpn/base/utf8.h"
#include "policy/stream/stream_options.h"

namespace ovpnbroker::policy {
namespace {

using Entry = ovpn::Environment::Entry;

// Left free for the wrapper around the request and the lengths inside it.
constexpr size_t kMessageReserve = 1024;
// Upper bound of tags and lengths of one map entry: four varints of at most 5 bytes and 3 tags.
constexpr size_t kEntryOverhead = 16;

bool Wanted(absl::string_view name, const std::vector<std::string>& patterns) {
  if (patterns.empty()) return true;
  const std::string text(name);
  return std::any_of(patterns.begin(), patterns.end(), [&text](const std::string& pattern) {
    return fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
  });
}

size_t SizeOf(const Entry& entry) {
  return entry.name.size() + entry.value.size() + kEntryOverhead;
}

}  // namespace

SelectedEnvironment::SelectedEnvironment(const ovpn::Environment& environment,
                                         const std::vector<std::string>& patterns,
                                         size_t used_bytes) {
  entries_.reserve(environment.size());
  size_t total = 0;
  for (size_t i = environment.size(); i-- > 0;) {
    Entry& entry = entries_.emplace_back(environment[i]);
    if (!ovpn::IsValidUtf8(entry.name)) {
      entry.name = repaired_names_.emplace_back(ovpn::ReplaceInvalidUtf8(entry.name));
    }
    if (Wanted(entry.name, patterns)) {
      total += SizeOf(entry);
    } else {
      entries_.pop_back();
    }
  }
  const size_t used = used_bytes + kMessageReserve;
  const size_t limit = StreamLimits::kMaxMessageBytes;
  const size_t budget = used < limit ? limit - used : 0;
  if (total > budget) FitInto(budget);
}

// Drops the largest until the rest fits. A name that came twice goes with the value that counts, or
// not at all.
void SelectedEnvironment::FitInto(size_t budget) {
  absl::flat_hash_set<absl::string_view> names;
  std::vector<Entry> once;
  size_t total = 0;
  std::for_each(entries_.rbegin(), entries_.rend(), [&](const Entry& entry) {
    if (!names.insert(entry.name).second) return;
    once.push_back(entry);
    total += SizeOf(entry);
  });
  truncated_ = total > budget;
  std::sort(once.begin(), once.end(),
            [](const Entry& a, const Entry& b) { return SizeOf(a) < SizeOf(b); });
  for (; total > budget; once.pop_back()) total -= SizeOf(once.back());
  entries_ = std::move(once);
}

}  // namespace ovpnbroker::policy
