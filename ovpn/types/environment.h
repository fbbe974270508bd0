// The ENV lines of one notification: names with values that are bytes (not UTF-8), in the order
// they came. Kept in one flat buffer, since a CONNECT has about fifty of them and thousands may
// wait at once. Immutable once built; the password never gets in (the message parser takes it out).
// Plain value; any thread.
#pragma once

#include <cstdint>
#include <cstring>
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
  Entry operator[](size_t index) const { return EntryAt(spans_[index]); }
  Iterator begin() const;
  Iterator end() const;

  // Memory of the entries as name=value, without bookkeeping.
  size_t byte_size() const { return buffer_.size(); }

 private:
  struct Span {
    uint32_t offset;  // of the name in buffer_; the value is behind its '='
    uint32_t name_size;
    uint32_t value_size;
  };

  Entry EntryAt(const Span& span) const {
    const char* const name = buffer_.data() + span.offset;
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
    if (entry.size() > buffer_.size() - byte_size_) Grow(entry.size());
    std::memcpy(buffer_.data() + byte_size_, entry.data(), entry.size());
    spans_.push_back({static_cast<uint32_t>(byte_size_), static_cast<uint32_t>(name_size),
                      static_cast<uint32_t>(entry.size() - name_size - 1)});
    byte_size_ += entry.size();
  }
  size_t size() const { return spans_.size(); }
  size_t byte_size() const { return byte_size_; }
  // Gives the environment, in memory of its own size, and leaves the builder empty.
  Environment Build();
  // As Build, for nobody.
  void Clear();

 private:
  void Grow(size_t more);

  // Kept from one environment to the next, so they are in the processor's cache and need no
  // clearing.
  std::string buffer_;  // with free bytes behind the first byte_size_
  std::vector<Span> spans_;
  size_t byte_size_ = 0;
};

class Environment::Iterator {
 public:
  using difference_type = std::ptrdiff_t;
  using value_type = Entry;

  Entry operator*() const { return (*environment_)[index_]; }
  Iterator& operator++() {
    ++index_;
    return *this;
  }
  bool operator==(const Iterator& other) const { return index_ == other.index_; }

 private:
  friend class Environment;
  Iterator(const Environment* environment, size_t index)
      : environment_(environment), index_(index) {}

  const Environment* environment_;
  size_t index_;
};

}  // namespace ovpnbroker::ovpn
