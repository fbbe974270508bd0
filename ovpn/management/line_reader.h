// Bytes from OpenVPN's management socket, in any chunking, as lines. The socket reads straight into
// the buffer here and lines are views into it, so no byte is copied on its way to the parser. Owned
// by the MessageParser; loop thread only.
#pragma once

#include <memory>
#include <optional>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace ovpnbroker::ovpn {

class LineReader {
 public:
  // OpenVPN cuts what it sends at 10240 bytes a line; a longer line than this is not OpenVPN's.
  static constexpr size_t kMaxLineBytes = 16 * 1024;
  // After all lines were taken, less than one line is left: at least 48 KiB are free to read into.
  static constexpr size_t kBufferBytes = 64 * 1024;
  // What a socket with a password says first; no line end follows it.
  static constexpr absl::string_view kPasswordPrompt = "ENTER PASSWORD:";

  enum class Kind {
    kLine,            // `text` is the line without LF or CRLF
    kPasswordPrompt,  // kPasswordPrompt at the start of a line, before EndLogin
    kOverlong,        // a line of more than kMaxLineBytes; it is dropped up to its LF
  };

  struct Line {
    Kind kind = Kind::kLine;
    absl::Span<char> text;  // valid until the next Prepare; the parser overwrites secrets in it
  };

  LineReader();
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  // Where to put the next bytes; never empty once Next has returned nullopt.
  absl::Span<char> Prepare();
  // `size` bytes were put there.
  void Commit(size_t size);
  // The next line; nullopt when more bytes are needed.
  std::optional<Line> Next();

  // What no line was made of yet, and its first `size` bytes, which are whole lines, as taken.
  absl::string_view Unread() const { return {buffer_.get() + begin_, end_ - begin_}; }
  void Skip(size_t size);

  // The greeting was seen: from now on kPasswordPrompt is ordinary text.
  void EndLogin() { in_login_ = false; }

 private:
  void Discard(size_t size);

  std::unique_ptr<char[]> buffer_;
  size_t begin_ = 0;       // first byte that no line was made of
  size_t scanned_ = 0;     // no LF in [begin_, scanned_)
  size_t end_ = 0;         // one past the last byte read
  bool skipping_ = false;  // inside an overlong line
  bool in_login_ = true;
};

}  // namespace ovpnbroker::ovpn
