#include "server/admin/logger_service.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ovpn/base/utf8.h"
#include "server/admin/log_filter.h"
#include "server/admin/rpc_error.h"
#include "server/admin/watch_reactor.h"
#include "server/logging/log_level_control.h"
#include "server/logging/log_tail.h"
#include "server/proto_duration.h"
#include "server/proto_log_level.h"

namespace ovpnbroker::server {
namespace {

namespace v1 = admin::v1;
using google::protobuf::util::TimeUtil;
using ProtoLevel = config::v1::LogLevel;
using TailWatch = std::shared_ptr<Watch<v1::TailLogResponse>>;

constexpr std::chrono::seconds kMinTtl{1};
constexpr std::chrono::hours kMaxTtl{7 * 24};
// Records handed to one reader at a time; the next ones follow when these have been taken.
constexpr size_t kBatch = 64;

ProtoLevel LevelToProto(ovpn::LogLevel level) {
  return static_cast<ProtoLevel>(static_cast<int>(level) + 1);
}
static_assert(static_cast<int>(ovpn::LogLevel::kTrace) + 1 == ProtoLevel::LOG_LEVEL_TRACE);
static_assert(static_cast<int>(ovpn::LogLevel::kError) + 1 == ProtoLevel::LOG_LEVEL_ERROR);

google::protobuf::Timestamp TimeToProto(ovpn::WallTime time) {
  return TimeUtil::NanosecondsToTimestamp(
      std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count());
}

v1::Logger LoggerToProto(const LogLevelControl::Status& status) {
  v1::Logger logger;
  logger.set_level(LevelToProto(status.level));
  logger.set_configured_level(LevelToProto(status.configured));
  if (status.reset_time.has_value()) {
    *logger.mutable_reset_time() = TimeToProto(*status.reset_time);
  }
  return logger;
}

v1::TailLogResponse EntryToProto(const LogEntry& entry) {
  v1::TailLogResponse response;
  v1::LogRecord& record = *response.mutable_record();
  record.set_sequence(entry.sequence);
  *record.mutable_time() = TimeToProto(entry.time);
  record.set_level(LevelToProto(entry.level));
  record.set_id(entry.id);
  record.set_message(ovpn::ReplaceInvalidUtf8(entry.message));
  for (const auto& [name, value] : entry.fields) {
    (*record.mutable_fields())[name] = ovpn::ReplaceInvalidUtf8(value);
  }
  return response;
}

LogFilter FilterOf(const v1::TailLogRequest& request) {
  const ProtoLevel minimum = std::max(request.minimum_level(), ProtoLevel::LOG_LEVEL_TRACE);
  return {ToLogLevel(minimum), request.instance(), request.text()};
}

// One reader of the tail. Loop thread, but for Wake. Lives until its call ends.
class Tail final : public std::enable_shared_from_this<Tail> {
 public:
  Tail(AdminContext& context, const v1::TailLogRequest& request, TailWatch watch)
      : loop_(context.loop),
        log_(context.log_tail),
        follow_(request.follow()),
        filter_(FilterOf(request)),
        watch_(std::move(watch)),
        place_(log_.PlaceBefore(request.backlog_count(),
                                [this](const LogEntry& entry) { return filter_.Wants(entry); })) {}

  void Begin() {
    const auto self = shared_from_this();
    watch_->SetListener([self] { self->Pump(); },
                        [self] { self->log_.RemoveListener(self->listener_); });
    // Ended already: on_end may have gone before the listener was set.
    if (watch_->ended()) return;
    if (follow_) listener_ = log_.AddListener([self] { self->Wake(); });
    Pump();
  }

 private:
  // Any thread, inside the log.
  void Wake() {
    if (woken_.exchange(true)) return;
    asio::post(loop_, [self = shared_from_this()] { self->Pump(); });
  }

  void Pump() {
    woken_ = false;
    if (watch_->ended()) return log_.RemoveListener(listener_);
    while (true) {
      LogTail::Batch batch = log_.Read(place_, kBatch);
      if (batch.lost) {
        return watch_->Cut(
            ReaderTooSlow("log", "READER_TOO_SLOW",
                          absl::StrCat("more than ", LogTail::kCapacity,
                                       " records have come since the last one read")));
      }
      if (batch.entries.empty()) break;
      if (watch_->waiting() > 0) return;  // on_drained goes on
      for (const auto& entry : batch.entries) {
        place_ = entry->sequence;
        if (filter_.Wants(*entry)) watch_->Write(EntryToProto(*entry));
      }
    }
    if (!follow_) watch_->Finish(grpc::Status::OK);
  }

  asio::io_context& loop_;
  LogTail& log_;
  const bool follow_;  // goes on after the backlog
  const LogFilter filter_;
  const TailWatch watch_;
  uint64_t place_;  // the sequence number of the last record looked at
  uint64_t listener_ = 0;
  std::atomic<bool> woken_ = false;
};

grpc::Status SetLevel(AdminContext& context, const v1::SetLogLevelRequest& request,
                      v1::SetLogLevelResponse& response) {
  if (request.level() < ProtoLevel::LOG_LEVEL_TRACE ||
      request.level() > ProtoLevel::LOG_LEVEL_ERROR) {
    return InvalidField("level", "LEVEL_MISSING", "trace, debug, info, warning or error");
  }
  std::optional<ovpn::Duration> ttl;
  if (request.has_ttl()) {
    const auto minimum = TimeUtil::SecondsToDuration(kMinTtl.count());
    const auto maximum = TimeUtil::SecondsToDuration(std::chrono::seconds(kMaxTtl).count());
    if (request.ttl() < minimum || request.ttl() > maximum) {
      return InvalidField("ttl", "TTL_INVALID", "between 1s and 168h");
    }
    ttl = ToDuration(request.ttl());
  }
  context.log_level.Set(ToLogLevel(request.level()), ttl);
  *response.mutable_logger() = LoggerToProto(context.log_level.status());
  return grpc::Status::OK;
}

}  // namespace

grpc::ServerUnaryReactor* LoggerService::GetLogger(grpc::CallbackServerContext* call,
                                                   const v1::GetLoggerRequest* request,
                                                   v1::GetLoggerResponse* response) {
  return AnswerOnLoop(context_, *call, request, response,
                      [this](const v1::GetLoggerRequest&, v1::GetLoggerResponse& result) {
                        *result.mutable_logger() = LoggerToProto(context_.log_level.status());
                        return grpc::Status::OK;
                      });
}

grpc::ServerUnaryReactor* LoggerService::SetLogLevel(grpc::CallbackServerContext* call,
                                                     const v1::SetLogLevelRequest* request,
                                                     v1::SetLogLevelResponse* response) {
  return AnswerOnLoop(context_, *call, request, response,
                      [this](const v1::SetLogLevelRequest& copy, v1::SetLogLevelResponse& result) {
                        return SetLevel(context_, copy, result);
                      });
}

grpc::ServerUnaryReactor* LoggerService::ResetLogLevel(grpc::CallbackServerContext* call,
                                                       const v1::ResetLogLevelRequest* request,
                                                       v1::ResetLogLevelResponse* response) {
  return AnswerOnLoop(context_, *call, request, response,
                      [this](const v1::ResetLogLevelRequest&, v1::ResetLogLevelResponse& result) {
                        context_.log_level.Reset();
                        *result.mutable_logger() = LoggerToProto(context_.log_level.status());
                        return grpc::Status::OK;
                      });
}

grpc::ServerWriteReactor<v1::TailLogResponse>* LoggerService::TailLog(
    grpc::CallbackServerContext* call, const v1::TailLogRequest* request) {
  return WatchOnLoop<v1::TailLogRequest, v1::TailLogResponse>(
      context_, call, request, [this](const v1::TailLogRequest& copy, const TailWatch& watch) {
        if (copy.text().size() > LogFilter::kMaxText) {
          return watch->Finish(InvalidField(
              "text", "TEXT_TOO_LONG", absl::StrCat("at most ", LogFilter::kMaxText, " bytes")));
        }
        std::make_shared<Tail>(context_, copy, watch)->Begin();
      });
}

}  // namespace ovpnbroker::server
