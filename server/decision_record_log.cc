#include "server/decision_record_log.h"

#include <google/protobuf/util/json_util.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/dist_sink.h>
#include <spdlog/sinks/syslog_sink.h>
#include <syslog.h>

#include <atomic>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/admin/decision_service.h"

namespace ovpnbroker::server {
namespace {

constexpr char kSyslogIdent[] = "ovpn-broker";
// A disk that stays full is told about this often.
constexpr std::chrono::minutes kErrorInterval{1};

std::vector<DecisionRecordLog::Sink> SinksOf(const DecisionRecordLogOptions& options,
                                             DecisionRecordLog::Sink file) {
  std::vector<DecisionRecordLog::Sink> sinks;
  if (file != nullptr) sinks.push_back(std::move(file));
  if (options.syslog_facility.has_value()) {
    sinks.push_back(std::make_shared<spdlog::sinks::syslog_sink_mt>(
        kSyslogIdent, LOG_PID, *options.syslog_facility, /*enable_formatting=*/false));
  }
  return sinks;
}

absl::StatusOr<DecisionRecordLog::Sink> OpenFile(const RotatingFileOptions& options) {
  if (options.path.empty()) return nullptr;
  absl::StatusOr<DecisionRecordLog::Sink> sink = OpenRotatingFile(options);
  if (sink.ok()) return sink;
  return absl::FailedPreconditionError(
      absl::StrCat("decision_log.file: ", sink.status().message()));
}

}  // namespace

// The queue, its thread and what it writes to.
class DecisionRecordLog::Writer {
 public:
  Writer(ovpn::Logger& logger, size_t max_waiting, std::vector<Sink> sinks)
      : logger_(logger),
        pool_(std::make_shared<spdlog::details::thread_pool>(max_waiting, 1)),
        sinks_(std::make_shared<spdlog::sinks::dist_sink_mt>(std::move(sinks))),
        queue_(std::make_shared<spdlog::async_logger>(
            "decisions", sinks_, pool_, spdlog::async_overflow_policy::overrun_oldest)) {
    FormatSinks();
    queue_->flush_on(spdlog::level::info);
    queue_->set_error_handler([this](const std::string& error) { TellError(error); });
  }

  void Write(const std::string& line) {
    queue_->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
  }
  void Replace(std::vector<Sink> sinks) {
    sinks_->set_sinks(std::move(sinks));
    FormatSinks();
  }
  uint64_t dropped() const { return pool_->overrun_counter(); }

 private:
  void FormatSinks() { sinks_->set_formatter(std::make_unique<spdlog::pattern_formatter>("%v")); }

  // The writer's thread.
  void TellError(const std::string& error) {
    const auto now = std::chrono::steady_clock::now();
    if (told_.has_value() && now - *told_ < kErrorInterval) return;
    told_ = now;
    logger_.Error("DECISION_LOG_NOT_WRITTEN", "decision records cannot be written",
                  {{"error", error}});
  }

  ovpn::Logger& logger_;
  std::optional<std::chrono::steady_clock::time_point> told_;  // the writer's thread only
  // Ends its thread, after what waits, when it goes; so it goes last of the three.
  const std::shared_ptr<spdlog::details::thread_pool> pool_;
  const std::shared_ptr<spdlog::sinks::dist_sink_mt> sinks_;
  const std::shared_ptr<spdlog::async_logger> queue_;
};

DecisionRecordLog::DecisionRecordLog(ovpn::Logger& logger) : logger_(logger) {}

DecisionRecordLog::~DecisionRecordLog() {
  if (writer_ != nullptr) TellDropped();
}

absl::Status DecisionRecordLog::Open(DecisionRecordLogOptions options) {
  absl::StatusOr<Sink> file = OpenFile(options.file);
  if (!file.ok()) return file.status();
  options_ = std::move(options);
  std::vector<Sink> sinks = SinksOf(options_, *std::move(file));
  if (!sinks.empty()) Open(options_.max_waiting, std::move(sinks));
  return absl::OkStatus();
}

void DecisionRecordLog::Open(size_t max_waiting, std::vector<Sink> sinks) {
  writer_ = std::make_unique<Writer>(logger_, max_waiting, std::move(sinks));
}

void DecisionRecordLog::Reopen() {
  if (writer_ == nullptr || options_.file.path.empty()) return;
  absl::StatusOr<Sink> file = OpenFile(options_.file);
  if (!file.ok()) {
    logger_.Error("DECISION_LOG_NOT_WRITTEN", "the decision log cannot be opened anew",
                  {{"error", file.status().message()}});
    return;
  }
  writer_->Replace(SinksOf(options_, *std::move(file)));
}

void DecisionRecordLog::OnDecisionRecord(const policy::DecisionRecord& record) {
  if (writer_ == nullptr) return;
  writer_->Write(DecisionRecordJson(record));
  TellDropped();
}

void DecisionRecordLog::TellDropped() {
  const uint64_t all = writer_->dropped();
  if (all == dropped_told_) return;
  logger_.Warning("DECISION_LOG_DROPPED", "the decision log is too slow; records are lost",
                  {{"count", all - dropped_told_}, {"total", all}});
  dropped_told_ = all;
}

uint64_t DecisionRecordLog::dropped() const { return writer_ == nullptr ? 0 : writer_->dropped(); }

std::string DecisionRecordJson(const policy::DecisionRecord& record) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string json;
  // Fails for a time outside of years 1 to 9999 only; then the record is what was printed so far,
  // which is not JSON, so an empty object stands for it.
  const auto status =
      google::protobuf::util::MessageToJsonString(DecisionToProto(record), &json, options);
  return status.ok() ? json : "{}";
}

}  // namespace ovpnbroker::server
