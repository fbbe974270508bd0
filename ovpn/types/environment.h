// The ENV lines of one notification: names with values that are bytes (not UTF-8), in the order
// they came. Kept in one flat buffer, since a CONNECT has about fifty of them and thousands may
// wait at once; whole runs of lines are copied into it, with the few bytes between the entries.
// Immutable once built; the password never gets in (the message parser takes it out).
// Plain value; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace ovpnbroker::ovpn {

class Environment {
 public:
  struct Entry {
    absl::string_view name;
    absl::string_view value;
  };

  class Builder;
  class Iterator;

  // The value of `name`, the first if it came twice; nullopt when it did not come. The view lives
  // as long as this.
  std::optional<absl::string_view> Get(absl::string_view name) const;
  // As Get, with "" for absent: for fields where OpenVPN itself does not tell the two apart
  // (username).
  absl::string_view GetOrEmpty(absl::string_view name) const {
    return Get(name).value_or(absl::string_view());
  }

  size_t size() const { return spans_.size(); }
  bool empty() const { return spans_.empty(); }
  // `index` < size().
  Entry operator[](size_t index) const { return EntryAt(buffer_.data(), spans_[index]); }
  inline Iterator begin() const;
  inline Iterator end() const;

  // Memory of the entries as name=value, without bookkeeping.
  size_t byte_size() const;

 private:
  struct Span {
    uint32_t offset;  // of the name in buffer_; the value is behind its '='
    uint32_t name_size;
    uint32_t value_size;
  };

  static Entry EntryAt(const char* buffer, const Span& span) {
    const char* const name = buffer + span.offset;
    return {{name, span.name_size}, {name + span.name_size + 1, span.value_size}};
  }

  std::string buffer_;
  std::vector<Span> spans_;
};

class Environment::Builder {
 public:
  // Appends one entry. `name` must not be empty; limits are the parser's.
  void Add(absl::string_view name, absl::string_view value);
  // The same for "name=value", whose first `name_size` bytes are the name.
  void AddEntry(absl::string_view entry, size_t name_size) {
    Mark(0, entry.size(), name_size);
    AddText(entry);
  }

  // The same for many entries that lie in one text: marks each, where it begins in the text, and
  // then adds the text, once.
  void Mark(size_t offset, size_t entry_size, size_t name_size) {
    spans_.push_back({static_cast<uint32_t>(buffer_.size() + offset),
                      static_cast<uint32_t>(name_size),
                      static_cast<uint32_t>(entry_size - name_size - 1)});
    byte_size_ += entry_size;
  }
  void AddText(absl::string_view text) { buffer_.append(text.data(), text.size()); }

  size_t size() const { return spans_.size(); }
  size_t byte_size() const { return byte_size_; }
  // Gives the environment, in memory of its own size, and leaves the builder empty.
  Environment Build();
  // As Build, for nobody.
  void Clear();

 private:
  // Their memory is kept from one environment to the next, so it is in the processor's cache.
  std::string buffer_;
  std::vector<Span> spans_;
  size_t byte_size_ = 0;  // of the entries
};

class Environment::Iterator {
 public:
  using difference_type = std::ptrdiff_t;
  using value_type = Entry;

  Entry operator*() const { return EntryAt(buffer_, *span_); }
  Iterator& operator++() {
    ++span_;
    return *this;
  }
  bool operator==(const Iterator& other) const { return span_ == other.span_; }

 private:
  friend class Environment;
  Iterator(const char* buffer, const Span* span) : buffer_(buffer), span_(span) {}

  const char* buffer_;
  const Span* span_;
};

Environment::Iterator Environment::begin() const { return {buffer_.data(), spans_.data()}; }
Environment::Iterator Environment::end() const {
  return {buffer_.data(), spans_.data() + spans_.size()};
}

}  // namespace ovpnbroker::ovpn
