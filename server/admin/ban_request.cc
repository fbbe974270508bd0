#include "server/admin/ban_request.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "ovpn/base/utf8.h"
#include "policy/stream/session_codec.h"
#include "server/admin/kill_request.h"
#include "server/admin/rpc_error.h"

namespace ovpnbroker::server {
namespace {

namespace v1 = admin::v1;
using policy::BanKind;

struct SubjectText {
  absl::string_view field;
  BanKind kind;
  const std::string* text;
};

std::optional<SubjectText> SubjectOf(const v1::CreateBanRequest& request) {
  switch (request.subject_case()) {
    case v1::CreateBanRequest::kUsername:
      return SubjectText{"username", BanKind::kUsername, &request.username()};
    case v1::CreateBanRequest::kCommonName:
      return SubjectText{"common_name", BanKind::kCommonName, &request.common_name()};
    case v1::CreateBanRequest::kCertificateSerial:
      return SubjectText{"certificate_serial", BanKind::kCertificateSerial,
                         &request.certificate_serial()};
    case v1::CreateBanRequest::kRealAddress:
      return SubjectText{"real_address", BanKind::kRealAddress, &request.real_address()};
    case v1::CreateBanRequest::SUBJECT_NOT_SET:
      break;
  }
  return std::nullopt;
}

grpc::Status ExpirationInvalid(absl::string_view field) {
  return InvalidField(field, "EXPIRATION_INVALID", "between 1 s and 10 years from now");
}

// In whole seconds, as the file has it; never earlier than asked for.
grpc::Status ReadExpiration(const v1::CreateBanRequest& request, ovpn::WallTime now,
                            std::optional<ovpn::WallTime>& expire_time) {
  const auto now_seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
  int64_t left = 0;
  if (request.has_ttl()) {
    left = request.ttl().seconds() + (request.ttl().nanos() > 0 ? 1 : 0);
  } else if (request.has_expire_time()) {
    // Compared before it is subtracted: a huge number of seconds would overflow.
    const int64_t until = request.expire_time().seconds();
    if (until <= now_seconds.count()) return ExpirationInvalid("expire_time");
    left = until - now_seconds.count();
  } else {
    return grpc::Status::OK;
  }
  if (left < kMinBanTtl.count() || left > std::chrono::seconds(kMaxBanTtl).count()) {
    return ExpirationInvalid(request.has_ttl() ? "ttl" : "expire_time");
  }
  expire_time = ovpn::WallTime(now_seconds + std::chrono::seconds(left));
  return grpc::Status::OK;
}

grpc::Status CheckClientReason(const std::string& text) {
  for (const absl::string_view reserved : {"TEMP", "CRV1:", "SESSION:"}) {
    if (absl::StartsWith(text, reserved)) {
      return InvalidField("client_reason", "CLIENT_REASON_INVALID",
                          "must not begin with TEMP, CRV1: or SESSION:, which OpenVPN acts on");
    }
  }
  return CheckPrintable("client_reason", "CLIENT_REASON_INVALID", text);
}

}  // namespace

grpc::Status ParseBan(const v1::CreateBanRequest& request, ovpn::WallTime now,
                      const std::string& creator, std::optional<policy::Ban>& ban) {
  const std::optional<SubjectText> text = SubjectOf(request);
  if (!text.has_value()) {
    return InvalidField("subject", "SUBJECT_MISSING",
                        "username, common_name, certificate_serial or real_address must be set");
  }
  absl::StatusOr<policy::BanSubject> subject = policy::BanSubject::Parse(text->kind, *text->text);
  if (!subject.ok()) {
    return InvalidField(text->field, "SUBJECT_INVALID", subject.status().message());
  }
  if (request.reason().empty()) return InvalidField("reason", "REASON_INVALID", "must be set");
  grpc::Status status = CheckReason(request.reason());
  if (status.ok()) status = CheckClientReason(request.client_reason());
  std::optional<ovpn::WallTime> expire_time;
  if (status.ok()) status = ReadExpiration(request, now, expire_time);
  if (!status.ok()) return status;
  ban.emplace(policy::Ban{"", *std::move(subject), request.reason(), request.client_reason(),
                          creator, now, expire_time});
  return grpc::Status::OK;
}

v1::Ban BanToProto(const policy::Ban& ban) {
  v1::Ban message;
  message.set_uid(ban.uid);
  const std::string text = ovpn::ReplaceInvalidUtf8(ban.subject.text());
  switch (ban.subject.kind()) {
    case BanKind::kUsername:
      message.set_username(text);
      break;
    case BanKind::kCommonName:
      message.set_common_name(text);
      break;
    case BanKind::kCertificateSerial:
      message.set_certificate_serial(text);
      break;
    case BanKind::kRealAddress:
      message.set_real_address(text);
      break;
  }
  message.set_reason(ban.reason);
  message.set_client_reason(ban.client_reason);
  message.set_creator(ovpn::ReplaceInvalidUtf8(ban.creator));
  *message.mutable_create_time() = policy::TimestampToProto(ban.create_time);
  if (ban.expire_time.has_value()) {
    *message.mutable_expire_time() = policy::TimestampToProto(*ban.expire_time);
  }
  return message;
}

}  // namespace ovpnbroker::server
