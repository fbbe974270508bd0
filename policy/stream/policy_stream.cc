#include "policy/stream/policy_stream.h"

#include <utility>

#include "policy/stream/stream_options.h"

// Two facts of gRPC 1.51's callback API carry this file. Starting an operation never runs a
// reaction inside the call, so operations are started with the lock held. And OnDone comes after
// all reactions have returned and the hold is gone, so no reaction can outlive the object.

namespace ovpnbroker::policy {
namespace {

// The generated stub knows it too, and takes no bytes.
constexpr char kMethod[] = "/ovpnbroker.policy.v1.PolicyService/StreamDecisions";

}  // namespace

std::shared_ptr<PolicyStream> PolicyStream::Open(std::shared_ptr<grpc::Channel> channel,
                                                 const grpc::ByteBuffer& hello, MailNotice notice,
                                                 std::shared_ptr<LiveStreams> live) {
  std::shared_ptr<PolicyStream> stream(
      new PolicyStream(std::move(channel), std::move(notice), std::move(live)));
  stream->live_->Enter();
  stream->stub_.PrepareBidiStreamingCall(&stream->context_, kMethod, {}, stream.get());
  stream->AddHold();
  {
    MutexLock lock(stream->mutex_);
    stream->self_ = stream;
    stream->writer_.Push(hello);
    stream->WriteNext();
    stream->ReadNext();
  }
  stream->StartCall();
  return stream;
}

PolicyStream::PolicyStream(std::shared_ptr<grpc::Channel> channel, MailNotice notice,
                           std::shared_ptr<LiveStreams> live)
    : channel_(std::move(channel)),
      stub_(channel_),
      live_(std::move(live)),
      notice_(std::move(notice)),
      writer_(StreamLimits::kMaxQueuedMessages, StreamLimits::kMaxQueuedEvents) {}

PolicyStream::~PolicyStream() = default;

bool PolicyStream::Send(const grpc::ByteBuffer& message) {
  MutexLock lock(mutex_);
  if (!holding_ || !writer_.Push(message)) return false;
  WriteNext();
  return true;
}

bool PolicyStream::SendEvent(const grpc::ByteBuffer& message) {
  MutexLock lock(mutex_);
  if (!holding_ || !writer_.PushEvent(message)) return false;
  WriteNext();
  return true;
}

size_t PolicyStream::queued_events() const {
  MutexLock lock(mutex_);
  return writer_.queued_events();
}

uint64_t PolicyStream::dropped_events() const {
  MutexLock lock(mutex_);
  return writer_.dropped_events();
}

void PolicyStream::HalfClose() {
  MutexLock lock(mutex_);
  writer_.Close();
  half_close_wanted_ = true;
  WriteNext();
}

void PolicyStream::Cancel() {
  context_.TryCancel();
  MutexLock lock(mutex_);
  writer_.Abort();
  // A paused stream would never notice its end.
  if (read_paused_) ReadNext();
}

void PolicyStream::Detach() {
  MutexLock lock(mutex_);
  notice_ = nullptr;
  mail_ = Mail();
  unread_bytes_ = 0;
}

PolicyStream::Mail PolicyStream::TakeMail() {
  MutexLock lock(mutex_);
  notified_ = false;
  unread_bytes_ = 0;
  if (read_paused_) ReadNext();
  return std::exchange(mail_, Mail());
}

std::optional<ovpn::SteadyTime> PolicyStream::write_start_time() const {
  MutexLock lock(mutex_);
  return writer_.write_start_time();
}

void PolicyStream::OnReadDone(bool ok) {
  MutexLock lock(mutex_);
  if (!ok) {
    read_ended_ = true;
    ReleaseHoldIfOver();
    return;
  }
  if (notice_ != nullptr) {
    unread_bytes_ += response_.ByteSizeLong();
    mail_.messages.push_back(std::move(response_));
    Notify();
  }
  response_.Clear();
  if (mail_.messages.size() >= StreamLimits::kMaxUnreadMessages ||
      unread_bytes_ >= StreamLimits::kMaxUnreadBytes) {
    read_paused_ = true;
  } else {
    ReadNext();
  }
}

void PolicyStream::OnWriteDone(bool ok) {
  MutexLock lock(mutex_);
  writer_.EndWrite(ok);
  if (ok && !connected_) {
    connected_ = true;
    mail_.connected = true;
    Notify();
  }
  const bool events_waited = writer_.queued_events() > 0;
  WriteNext();
  if (events_waited && writer_.queued_events() == 0) {
    mail_.events_sent = true;
    Notify();
  }
  ReleaseHoldIfOver();
}

void PolicyStream::OnDone(const grpc::Status& status) {
  std::shared_ptr<PolicyStream> self;  // the object may go with it
  std::shared_ptr<LiveStreams> live;
  {
    MutexLock lock(mutex_);
    mail_.end = status;
    Notify();
    self = std::move(self_);
    live = live_;
  }
  self.reset();
  live->Leave();
}

void PolicyStream::WriteNext() {
  if (!holding_) return;
  if (const auto* message = writer_.BeginWrite(std::chrono::steady_clock::now())) {
    // With more behind it, it may wait for that and share its packet.
    grpc::WriteOptions options;
    if (writer_.more()) options.set_buffer_hint();
    StartWrite(message, options);
  } else if (half_close_wanted_ && writer_.idle()) {
    half_close_wanted_ = false;
    StartWritesDone();
  }
}

void PolicyStream::ReadNext() {
  read_paused_ = false;
  StartRead(&response_);
}

void PolicyStream::ReleaseHoldIfOver() {
  if (!holding_ || !read_ended_ || writer_.writing()) return;
  writer_.Abort();
  holding_ = false;
  RemoveHold();
}

void PolicyStream::Notify() {
  if (notified_ || notice_ == nullptr) return;
  notified_ = true;
  notice_();
}

}  // namespace ovpnbroker::policy
