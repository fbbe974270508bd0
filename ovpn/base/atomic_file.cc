#include "ovpn/base/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "ovpn/base/status_macros.h"
#include "ovpn/base/unique_fd.h"

namespace ovpnbroker::ovpn {
namespace {

constexpr size_t kReadChunk = 64UL * 1024;

absl::Status Failed(absl::string_view what, const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot ", what, " ", path));
}

absl::Status WriteAll(const UniqueFd& fd, absl::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = write(fd.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed("write", path);
    content.remove_prefix(static_cast<size_t>(written));
  }
  return fsync(fd.get()) == 0 ? absl::OkStatus() : Failed("sync", path);
}

absl::Status WriteNewFile(const std::string& path, absl::string_view content, mode_t mode) {
  // A leftover, or a link that somebody planted, is not written through.
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return Failed("remove", path);
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!fd.valid()) return Failed("make", path);
  return WriteAll(fd, content, path);
}

// Without it a power failure may undo the rename.
absl::Status SyncDirectoryOf(const std::string& path) {
  std::string directory = std::filesystem::path(path).parent_path();
  if (directory.empty()) directory = ".";
  const UniqueFd fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return Failed("open", directory);
  return fsync(fd.get()) == 0 ? absl::OkStatus() : Failed("sync", directory);
}

}  // namespace

absl::Status WriteFileAtomically(const std::string& path, absl::string_view content, mode_t mode) {
  const std::string temporary = absl::StrCat(path, ".tmp");
  absl::Status status = WriteNewFile(temporary, content, mode);
  if (status.ok() && rename(temporary.c_str(), path.c_str()) != 0) status = Failed("replace", path);
  if (!status.ok()) {
    unlink(temporary.c_str());
    return status;
  }
  return SyncDirectoryOf(path);
}

absl::StatusOr<std::string> ReadWholeFile(const std::string& path, size_t max_bytes) {
  // Not blocking: a FIFO in its place must not hold the broker up.
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) return Failed("read", path);
  struct stat info{};
  if (fstat(fd.get(), &info) != 0) return Failed("read", path);
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is not a regular file"));
  }
  std::string content;
  while (true) {
    const size_t before = content.size();
    content.resize(before + kReadChunk);
    const ssize_t size = read(fd.get(), content.data() + before, kReadChunk);
    content.resize(before + static_cast<size_t>(size < 0 ? 0 : size));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return Failed("read", path);
    if (size == 0) return content;
    if (content.size() > max_bytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat(path, " is larger than ", max_bytes, " bytes"));
    }
  }
}

absl::Status MakeStateDirectory(const std::string& path) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (error) {
    return absl::ErrnoToStatus(error.value(), absl::StrCat("cannot make ", parent.string()));
  }
  if (mkdir(path.c_str(), kStateDirectoryMode) == 0) return absl::OkStatus();
  if (errno != EEXIST) return Failed("make", path);
  if (std::filesystem::is_directory(path, error)) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(path, " is not a directory"));
}

}  // namespace ovpnbroker::ovpn
