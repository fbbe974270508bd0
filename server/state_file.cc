#include "server/state_file.h"

#include <asio/post.hpp>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ovpn/base/atomic_file.h"
#include "ovpn/base/status_macros.h"

namespace ovpnbroker::server {
namespace {

// Any thread.
absl::Status Write(const std::string& directory, const std::string& path, absl::string_view text) {
  RETURN_IF_ERROR(ovpn::MakeStateDirectory(directory));
  return ovpn::WriteFileAtomically(path, text);
}

}  // namespace

StateFile::StateFile(asio::io_context& loop, const ovpn::Clock& clock, std::string directory,
                     const std::string& name, Content content)
    : loop_(loop),
      clock_(clock),
      directory_(std::move(directory)),
      path_(absl::StrCat(directory_, "/", name)),
      content_(std::move(content)),
      timer_(loop, [this] { SaveIfChanged(); }) {}

StateFile::~StateFile() {
  disk_.join();
  if (!started_ || content_.revision() == saved_revision_) return;
  const absl::Status status = Write(directory_, path_, content_.text()());
  if (!status.ok()) OnSaved(saved_revision_, status);
}

StateFile::MakeText StateFile::MadeText(std::string text) {
  return [text = std::move(text)]() mutable { return std::move(text); };
}

absl::Status StateFile::Start() {
  RETURN_IF_ERROR(Read());
  Keep();
  return absl::OkStatus();
}

void StateFile::Keep() {
  if (restore_ != nullptr) std::exchange(restore_, nullptr)();
  started_ = true;
  saved_revision_ = content_.revision();
  timer_.Arm(clock_.Now() + kSaveInterval);
}

absl::Status StateFile::Read() {
  const absl::StatusOr<std::string> text = ovpn::ReadWholeFile(path_, content_.max_bytes);
  if (absl::IsNotFound(text.status())) return absl::OkStatus();
  if (absl::IsResourceExhausted(text.status())) return SetAside(text.status());
  RETURN_IF_ERROR(text.status());
  absl::StatusOr<std::function<void()>> restore = content_.read(*text);
  if (!restore.ok()) return SetAside(restore.status());
  restore_ = *std::move(restore);
  return absl::OkStatus();
}

absl::Status StateFile::SetAside(const absl::Status& why) {
  const std::string aside = absl::StrCat(
      path_, ".unreadable-",
      std::chrono::duration_cast<std::chrono::seconds>(clock_.WallNow().time_since_epoch())
          .count());
  if (std::rename(path_.c_str(), aside.c_str()) != 0) {
    return absl::ErrnoToStatus(
        errno, absl::StrCat(path_, ": ", why.message(), "; it cannot be set aside"));
  }
  content_.on_set_aside(why, aside);
  return absl::OkStatus();
}

void StateFile::SaveIfChanged() {
  timer_.Arm(clock_.Now() + kSaveInterval);
  const uint64_t revision = content_.revision();
  if (saving_ || revision == saved_revision_) return;
  saving_ = true;
  asio::post(disk_, [make_text = content_.text(), directory = directory_, path = path_, revision,
                     &loop = loop_, self = std::weak_ptr<StateFile*>(self_)]() mutable {
    absl::Status status = Write(directory, path, std::move(make_text)());
    asio::post(loop, [self, revision, status = std::move(status)] {
      if (const auto alive = self.lock()) (*alive)->OnSaved(revision, status);
    });
  });
}

void StateFile::OnSaved(uint64_t revision, const absl::Status& status) {
  saving_ = false;
  if (status.ok()) {
    saved_revision_ = revision;
    failing_ = false;
  } else if (!std::exchange(failing_, true)) {
    content_.on_not_saved(status);
  }
}

}  // namespace ovpnbroker::server
