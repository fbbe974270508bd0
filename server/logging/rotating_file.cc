#include "server/logging/rotating_file.h"

#include <spdlog/sinks/rotating_file_sink.h>
#include <sys/stat.h>

#include <cstdio>

namespace ovpnbroker::server {
namespace {

constexpr mode_t kFileMode = 0640;

}  // namespace

absl::StatusOr<std::shared_ptr<spdlog::sinks::sink>> OpenRotatingFile(
    const RotatingFileOptions& options) {
  spdlog::file_event_handlers handlers;
  handlers.after_open = [](const spdlog::filename_t&, std::FILE* stream) {
    fchmod(fileno(stream), kFileMode);
  };
  try {
    return std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
        options.path, options.max_bytes, options.max_files, /*rotate_on_open=*/false, handlers);
  } catch (const spdlog::spdlog_ex& error) {
    return absl::FailedPreconditionError(error.what());
  }
}

}  // namespace ovpnbroker::server
