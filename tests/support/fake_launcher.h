// A launcher whose children exist only on paper: a test sees what was started and which signals
// were sent, and plays the child's output and end. Header only; links ovpn_process.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ovpn/process/launcher.h"

namespace ovpnbroker::test {

// One started child, from the test's side.
class FakeChild {
 public:
  FakeChild(pid_t pid, ovpn::LaunchOptions options, ovpn::ChildObserver& observer)
      : pid_(pid), options_(std::move(options)), observer_(&observer) {}

  // What the child does. Ignored once the handle was destroyed, as with a real child.
  void Print(absl::string_view line) {
    if (observer_ != nullptr) observer_->OnChildOutput(line);
  }
  void Exit(int code) { End({.exited = true, .code = code}); }
  void DieBySignal(int signal) { End({.exited = false, .signal = signal}); }

  pid_t pid() const { return pid_; }
  const ovpn::LaunchOptions& options() const { return options_; }
  const std::vector<int>& signals() const { return signals_; }  // sent to it, in order
  bool running() const { return running_; }
  bool watched() const { return observer_ != nullptr; }  // somebody holds the handle and waits

 private:
  friend class FakeLauncher;

  void End(const ovpn::ExitStatus& status) {
    running_ = false;
    if (observer_ != nullptr) std::exchange(observer_, nullptr)->OnChildExit(status);
  }

  pid_t pid_;
  ovpn::LaunchOptions options_;
  ovpn::ChildObserver* observer_;
  std::vector<int> signals_;
  bool running_ = true;
};

class FakeLauncher final : public ovpn::Launcher {
 public:
  absl::StatusOr<std::unique_ptr<ovpn::ChildProcess>> Launch(
      const ovpn::LaunchOptions& options, ovpn::ChildObserver& observer) override {
    if (!next_error_.ok()) return std::exchange(next_error_, absl::OkStatus());
    children_.push_back(std::make_shared<FakeChild>(next_pid_++, options, observer));
    return std::make_unique<Handle>(children_.back());
  }

  absl::StatusOr<std::unique_ptr<ovpn::ChildProcess>> Adopt(
      pid_t pid, const ovpn::LaunchOptions& options, ovpn::ChildObserver& observer) override {
    children_.push_back(std::make_shared<FakeChild>(pid, options, observer));
    return std::make_unique<Handle>(children_.back());
  }

  // The next Launch fails with this.
  void FailNext(absl::Status error) { next_error_ = std::move(error); }

  size_t launches() const { return children_.size(); }
  FakeChild& child(size_t index) { return *children_.at(index); }
  FakeChild& last() { return *children_.back(); }

 private:
  class Handle final : public ovpn::ChildProcess {
   public:
    explicit Handle(std::shared_ptr<FakeChild> child) : child_(std::move(child)) {}
    ~Handle() override { child_->observer_ = nullptr; }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;

    pid_t pid() const override { return child_->pid_; }
    absl::Status Signal(int signal) override {
      if (!child_->running_) return absl::NotFoundError("the process has ended");
      child_->signals_.push_back(signal);
      return absl::OkStatus();
    }

   private:
    std::shared_ptr<FakeChild> child_;
  };

  std::vector<std::shared_ptr<FakeChild>> children_;
  absl::Status next_error_;
  pid_t next_pid_ = 1000;
};

}  // namespace ovpnbroker::test
