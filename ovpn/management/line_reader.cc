#include "ovpn/management/line_reader.h"

#include <string.h>

#include <algorithm>

namespace ovpnbroker::ovpn {

LineReader::LineReader() : buffer_(new char[kBufferBytes]) {}

LineReader::~LineReader() { explicit_bzero(buffer_.get(), kBufferBytes); }

absl::Span<char> LineReader::Prepare() {
  const size_t rest = end_ - begin_;
  if (begin_ > 0) {
    memmove(buffer_.get(), buffer_.get() + begin_, rest);
    // What was moved may be half a password, and its old place would keep it.
    const size_t vacated = std::max(begin_, rest);
    explicit_bzero(buffer_.get() + vacated, end_ - vacated);
    scanned_ -= begin_;
    begin_ = 0;
    end_ = rest;
  }
  return {buffer_.get() + end_, kBufferBytes - end_};
}

void LineReader::Commit(size_t size) { end_ += size; }

std::optional<LineReader::Line> LineReader::Next() {
  while (begin_ != end_) {
    const absl::string_view unread(buffer_.get() + begin_, end_ - begin_);
    if (in_login_ && !skipping_ && unread.substr(0, kPasswordPrompt.size()) == kPasswordPrompt) {
      begin_ += kPasswordPrompt.size();
      scanned_ = std::max(scanned_, begin_);
      return Line{Kind::kPasswordPrompt, {}};
    }

    char* const start = buffer_.get() + begin_;
    const auto* line_feed =
        static_cast<const char*>(memchr(buffer_.get() + scanned_, '\n', end_ - scanned_));
    const bool complete = line_feed != nullptr;
    size_t length = complete ? static_cast<size_t>(line_feed - start) : unread.size();

    if (skipping_ || length > kMaxLineBytes) {
      Discard(complete ? length + 1 : length);
      const bool first = !skipping_;
      skipping_ = !complete;
      if (first) return Line{Kind::kOverlong, {}};
      if (complete) continue;
      return std::nullopt;
    }
    if (!complete) {
      scanned_ = end_;
      return std::nullopt;
    }
    begin_ += length + 1;
    scanned_ = begin_;
    if (length > 0 && start[length - 1] == '\r') --length;
    return Line{Kind::kLine, {start, length}};
  }
  return std::nullopt;
}

void LineReader::Skip(size_t size) {
  begin_ += size;
  scanned_ = std::max(scanned_, begin_);
}

void LineReader::Discard(size_t size) {
  explicit_bzero(buffer_.get() + begin_, size);
  begin_ += size;
  scanned_ = begin_;
}

}  // namespace ovpnbroker::ovpn
