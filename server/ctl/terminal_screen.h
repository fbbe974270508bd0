// A terminal taken over by a full-screen program: keys come one by one, text goes to a screen of
// its own, and the terminal is as it was when this ends, also by a signal. One at a time; the main
// thread.
#pragma once

#include <signal.h>
#include <termios.h>

#include <chrono>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ovpn/base/unique_fd.h"

namespace ovpnbroker::ctl {

// Signals that would end the program, and the resize of the terminal, are read from a descriptor.
// Made before any thread is, since threads inherit what is blocked.
class BlockedSignals {
 public:
  BlockedSignals();
  ~BlockedSignals();
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

  int fd() const { return fd_.get(); }
  // The next one that came; 0: none.
  int Take() const;

 private:
  sigset_t before_;
  ovpn::UniqueFd fd_;
};

class TerminalScreen {
 public:
  enum class Event { kTimeout, kResized, kEnd, kKey };
  enum Key : int { kUp = 256, kDown, kPageUp, kPageDown, kHome, kEnd, kEscape, kUnknown };

  struct Size {
    size_t rows = 24;
    size_t columns = 80;
  };

  // Standard input and output must be a terminal.
  explicit TerminalScreen(const BlockedSignals& signals);
  ~TerminalScreen();
  TerminalScreen(const TerminalScreen&) = delete;
  TerminalScreen& operator=(const TerminalScreen&) = delete;

  static bool IsPossible();

  // Waits for a key, a resize, the wish to end (a signal, the end of input), or `timeout`. Sets
  // `key` with kKey: a character or a Key.
  Event Wait(std::chrono::milliseconds timeout, int& key);
  Size size() const;
  // Replaces what is seen, line by line, without flicker. No line is wider than the screen.
  void Draw(const std::vector<std::string>& lines);

 private:
  int ReadKey() const;

  const BlockedSignals& signals_;
  termios before_{};
};

}  // namespace ovpnbroker::ctl
