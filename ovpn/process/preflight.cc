#include "ovpn/process/preflight.h"

#include <unistd.h>

#include <asio/post.hpp>
#include <utility>
#include <vector>

#include "ovpn/process/management_socket.h"
#include "ovpn/process/process_ender.h"
#include "ovpn/process/process_table.h"

namespace ovpnbroker::ovpn {

// One run. Posted steps keep it alive; Cancel makes them do nothing.
class PreflightRun : public std::enable_shared_from_this<PreflightRun> {
 public:
  PreflightRun(asio::io_context& loop, Logger& log, const std::string& proc_root,
               PreflightRequest request, std::function<void(absl::Status)> done)
      : loop_(loop),
        log_(log),
        table_(proc_root),
        request_(std::move(request)),
        done_(std::move(done)) {}

  void Start() {
    asio::post(loop_, [self = shared_from_this()] { self->CheckDirectory(); });
  }

  void Cancel() {
    done_ = nullptr;
    ender_.reset();
  }

 private:
  void CheckDirectory() {
    if (done_ == nullptr) return;
    if (!request_.management_socket.empty()) {
      if (absl::Status status = PrepareSocketDirectory(request_.management_socket); !status.ok()) {
        Finish(std::move(status));
        return;
      }
    }
    foreign_ = table_.FindForeignOpenvpn({.config_file = request_.config_file,
                                          .management_socket = request_.management_socket,
                                          .broker_pid = getpid()});
    EndNextForeign();
  }

  void EndNextForeign() {
    if (foreign_.empty()) {
      ClearSocket();
      return;
    }
    const ForeignProcess process = std::move(foreign_.back());
    foreign_.pop_back();
    log_.Warning("PREFLIGHT_FOREIGN_END",
                 "another OpenVPN runs the configuration of this instance and is ended",
                 {{"instance", request_.instance},
                  {"pid", process.identity.pid},
                  {"command", process.command}});
    ender_ = std::make_unique<ProcessEnder>(
        loop_, log_, table_, EndTimeouts{request_.term_timeout, request_.kill_timeout});
    ender_->End(process, [this](absl::Status status) {
      // The ender is still on the stack.
      asio::post(loop_, [self = shared_from_this(), status = std::move(status)] {
        self->OnForeignEnded(status);
      });
    });
  }

  void OnForeignEnded(const absl::Status& status) {
    if (done_ == nullptr) return;
    ender_.reset();
    if (!status.ok()) {
      Finish(status);
      return;
    }
    EndNextForeign();
  }

  void ClearSocket() {
    if (request_.management_tcp.has_value()) return Finish(CheckTcpPlace(*request_.management_tcp));
    const absl::StatusOr<SocketPlace> place = ClearSocketPlace(request_.management_socket);
    if (place.ok() && *place == SocketPlace::kStaleRemoved) {
      log_.Info("PREFLIGHT_STALE_SOCKET", "removed a management socket that nobody listened on",
                {{"instance", request_.instance}, {"socket", request_.management_socket}});
    }
    Finish(place.status());
  }

  void Finish(absl::Status status) { std::exchange(done_, nullptr)(std::move(status)); }

  asio::io_context& loop_;
  Logger& log_;
  ProcessTable table_;
  PreflightRequest request_;
  std::function<void(absl::Status)> done_;  // null once called or cancelled
  std::vector<ForeignProcess> foreign_;     // still to be ended
  std::unique_ptr<ProcessEnder> ender_;
};

Preflight::Preflight(asio::io_context& loop, Logger& log, std::string proc_root)
    : loop_(loop), log_(log), proc_root_(std::move(proc_root)) {}

Preflight::~Preflight() {
  if (run_ != nullptr) run_->Cancel();
}

void Preflight::Run(PreflightRequest request, std::function<void(absl::Status)> done) {
  run_ =
      std::make_shared<PreflightRun>(loop_, log_, proc_root_, std::move(request), std::move(done));
  run_->Start();
}

}  // namespace ovpnbroker::ovpn
