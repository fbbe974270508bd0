// A file of records, one JSON object a line with its time in front, put aside as PATH.1 and begun
// anew when it is full. For the audit log and the decision log. Thread-safe, as spdlog's sinks are.
#pragma once

#include <spdlog/sinks/sink.h>

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace ovpnbroker::server {

struct RotatingFileOptions {
  std::string path;      // empty: no file
  size_t max_bytes = 0;  // then the file becomes PATH.1
  size_t max_files = 0;  // kept besides the current one
};

// Opens the file, to append to it; made with mode 0640. FAILED_PRECONDITION, with the path, when it
// cannot be opened.
absl::StatusOr<std::shared_ptr<spdlog::sinks::sink>> OpenRotatingFile(
    const RotatingFileOptions& options);

}  // namespace ovpnbroker::server
