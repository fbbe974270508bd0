// One StreamDecisions call: moves messages between gRPC's threads and the loop, and knows nothing
// of what they mean (policy/stream/replica does). gRPC's callbacks only move a message and tell the
// loop that there is mail; every other method is for the loop thread. Keeps itself alive until
// gRPC's last callback, OnDone, so its owner may let go of it at any time after Detach. What it
// sends are bytes already (request_wire.h); what it reads becomes messages on gRPC's threads.
#pragma once

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "ovpn/base/clock.h"
#include "ovpnbroker/policy/v1/policy_service.grpc.pb.h"
#include "policy/stream/live_streams.h"
#include "policy/stream/mutex.h"
#include "policy/stream/stream_writer.h"

namespace ovpnbroker::policy {

class PolicyStream final
    : public grpc::ClientBidiReactor<grpc::ByteBuffer, v1::StreamDecisionsResponse> {
 public:
  // What came since the last TakeMail.
  struct Mail {
    std::vector<v1::StreamDecisionsResponse> messages;
    bool events_sent = false;         // events were waiting, and all of them are with gRPC now
    bool connected = false;           // gRPC has a connection and has taken the first message
    std::optional<grpc::Status> end;  // the call is over; nothing follows
  };
  // Called on gRPC's threads, with the stream's lock held: it must only post to the loop.
  using MailNotice = std::function<void()>;

  // Dials and sends `hello`. `live` outlives the call by shared ownership.
  static std::shared_ptr<PolicyStream> Open(std::shared_ptr<grpc::Channel> channel,
                                            const grpc::ByteBuffer& hello, MailNotice notice,
                                            std::shared_ptr<LiveStreams> live);
  ~PolicyStream() override;

  // False when the message was dropped: the peer has stopped reading, or the stream is closing.
  bool Send(const grpc::ByteBuffer& message);
  // Behind everything that Send was given. A peer that reads too slowly loses the oldest events:
  // dropped_events() tells how many so far, so its owner can say so. False when closing.
  bool SendEvent(const grpc::ByteBuffer& message);
  // See StreamWriter.
  size_t queued_events() const;
  uint64_t dropped_events() const;
  // Ends our direction once everything queued is written; the peer then ends the call.
  void HalfClose();
  // Ends the call now. OnDone follows within gRPC's own time, with status CANCELLED.
  void Cancel();
  // No notice begins after this returns.
  void Detach();
  // Takes what came; reading goes on if a full mailbox had stopped it.
  Mail TakeMail();
  // See StreamWriter.
  std::optional<ovpn::SteadyTime> write_start_time() const;

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

 private:
  PolicyStream(std::shared_ptr<grpc::Channel> channel, MailNotice notice,
               std::shared_ptr<LiveStreams> live);

  void WriteNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ReadNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ReleaseHoldIfOver() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Notify() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::shared_ptr<grpc::Channel> channel_;
  grpc::TemplatedGenericStub<grpc::ByteBuffer, v1::StreamDecisionsResponse> stub_;
  const std::shared_ptr<LiveStreams> live_;
  grpc::ClientContext context_;

  mutable Mutex mutex_;
  std::shared_ptr<PolicyStream> self_ ABSL_GUARDED_BY(mutex_);  // dropped in OnDone
  MailNotice notice_ ABSL_GUARDED_BY(mutex_);                   // empty once detached
  bool notified_ ABSL_GUARDED_BY(mutex_) = false;               // and the mail not taken yet
  Mail mail_ ABSL_GUARDED_BY(mutex_);
  size_t unread_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  v1::StreamDecisionsResponse response_ ABSL_GUARDED_BY(mutex_);  // gRPC's while a read is open
  StreamWriter<grpc::ByteBuffer> writer_ ABSL_GUARDED_BY(mutex_);
  bool read_paused_ ABSL_GUARDED_BY(mutex_) = false;
  bool read_ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool half_close_wanted_ ABSL_GUARDED_BY(mutex_) = false;
  bool connected_ ABSL_GUARDED_BY(mutex_) = false;
  // gRPC must not reach OnDone while the loop may still start a write or a read.
  bool holding_ ABSL_GUARDED_BY(mutex_) = true;
};

}  // namespace ovpnbroker::policy
