// One file of the state directory: read when the broker starts, written a moment after its content
// changed and when the broker stops. A write blocks on the disk, so it is done on a thread of its
// own, which sees nothing but what makes the text. Owned by whoever knows the content; loop thread
// only.
//
// A file that cannot be understood is set aside, not repaired and not fatal.
#pragma once

#include <asio/io_context.hpp>
#include <asio/thread_pool.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/deadline_timer.h"

namespace ovpnbroker::server {

class StateFile {
 public:
  // How long a change may wait for the disk: what a crash loses.
  static constexpr std::chrono::seconds kSaveInterval{2};

  // Makes the text, once, on the disk's thread; those of one file one after the other, in the order
  // they were asked for.
  using MakeText = absl::AnyInvocable<std::string() &&>;
  // For content so small that its text is made at once.
  static MakeText MadeText(std::string text);
  // For content of which the disk's thread has a copy: it is told the changes, and has the text.
  template <typename Mirror, typename Changes>
  static MakeText MirrorText(std::shared_ptr<Mirror> mirror, Changes changes) {
    return [mirror = std::move(mirror), changes = std::move(changes)]() mutable {
      mirror->Apply(std::move(changes));
      return mirror->Text();
    };
  }

  struct Content {
    size_t max_bytes;  // a larger file is none of ours
    // Understands what an earlier broker wrote and changes nothing yet: what it returns takes that
    // in. An error: the text cannot be understood.
    std::function<absl::StatusOr<std::function<void()>>(absl::string_view text)> read;
    std::function<uint64_t()> revision;  // moves with each change
    std::function<MakeText()> text;      // as it is at the call
    // For the log: the file was renamed to `kept_as`; it could not be written, once in a row.
    std::function<void(const absl::Status& why, const std::string& kept_as)> on_set_aside;
    std::function<void(const absl::Status& why)> on_not_saved;
  };

  // `loop`, `clock` and whatever `content` refers to outlive this. The directory is made when there
  // is something to write.
  StateFile(asio::io_context& loop, const ovpn::Clock& clock, std::string directory,
            const std::string& name, Content content);
  // Writes what is not written yet; waits for the disk.
  ~StateFile();
  StateFile(const StateFile&) = delete;
  StateFile& operator=(const StateFile&) = delete;

  // Reads the file, and changes no content. An error when there is a file that can neither be read
  // nor set aside: writing would destroy it.
  absl::Status Read();
  // Takes in what was read and begins to keep the file.
  void Keep();
  // Both.
  absl::Status Start();
  // The content is another than before, whatever its revision says: it is written soon.
  void Touch() { saved_revision_ = kNothingSaved; }

  const std::string& path() const { return path_; }

 private:
  // No content has this revision.
  static constexpr uint64_t kNothingSaved = ~uint64_t{0};

  absl::Status SetAside(const absl::Status& why);
  void SaveIfChanged();
  void OnSaved(uint64_t revision, const absl::Status& status);

  asio::io_context& loop_;
  const ovpn::Clock& clock_;
  const std::string directory_;
  const std::string path_;
  const Content content_;
  ovpn::DeadlineTimer timer_;
  std::function<void()> restore_;  // between Read and Keep, when there was a file
  bool started_ = false;
  bool saving_ = false;
  bool failing_ = false;  // told once in a row
  uint64_t saved_revision_ = 0;
  std::shared_ptr<StateFile*> self_ = std::make_shared<StateFile*>(this);
  asio::thread_pool disk_{1};
};

}  // namespace ovpnbroker::server
