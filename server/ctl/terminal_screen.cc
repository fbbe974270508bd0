#include "server/ctl/terminal_screen.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ovpnbroker::ctl {
namespace {

constexpr char kEnter[] = "\033[?1049h\033[?25l\033[?7l";  // own screen, no cursor, no wrapping
constexpr char kLeave[] = "\033[?7h\033[?25h\033[?1049l";
// The rest of a key's sequence comes with its first byte.
constexpr int kSequenceWaitMillis = 20;

void WriteAll(const std::string& text) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t size = write(STDOUT_FILENO, text.data() + done, text.size() - done);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return;  // the terminal is gone; SIGHUP ends us
    done += static_cast<size_t>(size);
  }
}

bool Readable(int fd, int timeout_millis) {
  pollfd poll_fd = {fd, POLLIN, 0};
  return poll(&poll_fd, 1, timeout_millis) == 1 && (poll_fd.revents & POLLIN) != 0;
}

}  // namespace

BlockedSignals::BlockedSignals() : before_() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, &before_);
  fd_ = ovpn::UniqueFd(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
}

BlockedSignals::~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

int BlockedSignals::Take() const {
  signalfd_siginfo info = {};
  return read(fd_.get(), &info, sizeof(info)) == sizeof(info) ? static_cast<int>(info.ssi_signo)
                                                              : 0;
}

bool TerminalScreen::IsPossible() {
  return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
}

TerminalScreen::TerminalScreen(const BlockedSignals& signals) : signals_(signals) {
  tcgetattr(STDIN_FILENO, &before_);
  termios raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  raw.c_cc[VSUSP] = _POSIX_VDISABLE;
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
  WriteAll(kEnter);
}

TerminalScreen::~TerminalScreen() {
  WriteAll(kLeave);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
}

TerminalScreen::Size TerminalScreen::size() const {
  winsize now = {};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &now) != 0 || now.ws_row == 0 || now.ws_col == 0) return {};
  return {now.ws_row, now.ws_col};
}

TerminalScreen::Event TerminalScreen::Wait(std::chrono::milliseconds timeout, int& key) {
  std::array<pollfd, 2> fds = {{{STDIN_FILENO, POLLIN, 0}, {signals_.fd(), POLLIN, 0}}};
  if (poll(fds.data(), fds.size(), static_cast<int>(timeout.count())) <= 0) return Event::kTimeout;
  if (fds[1].revents != 0) {
    return signals_.Take() == SIGWINCH ? Event::kResized : Event::kEnd;
  }
  key = ReadKey();
  return key == 0 ? Event::kEnd : Event::kKey;
}

int TerminalScreen::ReadKey() const {
  constexpr unsigned char kEsc = 27;
  unsigned char first = 0;
  if (read(STDIN_FILENO, &first, 1) != 1) return 0;
  if (first != kEsc) return first;
  std::string sequence;
  while (sequence.size() < 8 && Readable(STDIN_FILENO, kSequenceWaitMillis)) {
    char next = 0;
    if (read(STDIN_FILENO, &next, 1) != 1) break;
    sequence += next;
    const bool is_last = (next >= 'A' && next <= 'Z' && next != 'O') || next == '~';
    if (is_last) break;
  }
  constexpr std::array<std::pair<const char*, int>, 12> kKeys = {{{"[A", kUp},
                                                                  {"OA", kUp},
                                                                  {"[B", kDown},
                                                                  {"OB", kDown},
                                                                  {"[5~", kPageUp},
                                                                  {"[6~", kPageDown},
                                                                  {"[H", kHome},
                                                                  {"OH", kHome},
                                                                  {"[1~", kHome},
                                                                  {"[F", kEnd},
                                                                  {"OF", kEnd},
                                                                  {"[4~", kEnd}}};
  for (const auto& [text, key] : kKeys) {
    if (sequence == text) return key;
  }
  return sequence.empty() ? kEscape : kUnknown;
}

void TerminalScreen::Draw(const std::vector<std::string>& lines) {
  std::string text = "\033[H";
  for (size_t i = 0; i < lines.size(); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : "\r\n", lines[i], "\033[0m\033[K");
  }
  absl::StrAppend(&text, "\033[J");
  WriteAll(text);
}

}  // namespace ovpnbroker::ctl
