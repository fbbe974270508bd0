// Small files of the broker's own state: replaced as a whole, so that whoever reads one after a
// crash finds the old or the new content and never a part. Blocking; any thread, one writer a path.
#pragma once

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ovpnbroker::ovpn {

inline constexpr mode_t kStateFileMode = 0640;
inline constexpr mode_t kStateDirectoryMode = 0750;

// Writes `path`.tmp, syncs it to the disk, renames it to `path` and syncs the directory. On an
// error `path` is what it was. An old temporary file is overwritten.
absl::Status WriteFileAtomically(const std::string& path, absl::string_view content,
                                 mode_t mode = kStateFileMode);

// The whole content of a regular file. NOT_FOUND when there is none; RESOURCE_EXHAUSTED when it is
// larger than `max_bytes`; INVALID_ARGUMENT when it is no regular file.
absl::StatusOr<std::string> ReadWholeFile(const std::string& path, size_t max_bytes);

// Makes `path`, with kStateDirectoryMode, and its missing parents. OK when it is there.
absl::Status MakeStateDirectory(const std::string& path);

}  // namespace ovpnbroker::ovpn
