// A Logger that keeps what it gets, for tests about what is said. Not thread-safe.
#pragma once

#include <algorithm>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ovpn/base/log.h"

namespace ovpnbroker::test {

class RecordingLogger final : public ovpn::Logger {
 public:
  struct Line {
    ovpn::LogLevel level;
    std::string id;
    std::string text;  // message and fields: "message name=value ..."
  };

  bool Enabled(ovpn::LogLevel) const override { return true; }
  void Write(ovpn::LogLevel level, absl::string_view id, absl::string_view message,
             absl::Span<const ovpn::LogField> fields) override {
    std::string text(message);
    for (const ovpn::LogField& field : fields) {
      absl::StrAppend(&text, " ", field.name, "=", field.value);
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    lines_.push_back({level, std::string(id), std::move(text)});
  }

  const std::vector<Line>& lines() const { return lines_; }
  int Count(absl::string_view id) const {
    return static_cast<int>(
        std::count_if(lines_.begin(), lines_.end(), [&](const Line& l) { return l.id == id; }));
  }
  // True when `part` is anywhere in what was said: how a test shows that a secret is not.
  bool Mentions(absl::string_view part) const {
    return std::any_of(lines_.begin(), lines_.end(), [&](const Line& l) {
      return l.text.find(std::string(part)) != l.text.npos;
    });
  }

 private:
  std::mutex mutex_;  // writers on several threads; readers come when they are done
  std::vector<Line> lines_;
};

}  // namespace ovpnbroker::test
