// An Admission with a small pool, on a clock that tests move, and clients that come and go as an
// instance reports them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "policy/admission.h"
#include "tests/policy/pool_options.h"
#include "tests/support/auth_request_builder.h"
#include "tests/support/manual_clock.h"
#include "tests/support/recording_logger.h"

namespace ovpnbroker::policy {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): durations in tests

class AdmissionTest : public testing::Test {
 protected:
  AdmissionTest() {
    admission_.SetReplaceBy("office", ReplaceBy::kCommonName);
    admission_.SetReplaceBy("branch", ReplaceBy::kCommonName);
  }

  static ovpn::Allow FromPool(const std::string& name = "staff") {
    ovpn::Allow allow;
    allow.config.address_pool = name;
    return allow;
  }
  static ovpn::Allow Named(const std::string& address) {
    ovpn::Allow allow;
    allow.config.ifconfig_push = ovpn::IfconfigPush{*ovpn::IpAddress::Parse(address),
                                                    *ovpn::IpAddress::Parse("255.255.0.0")};
    return allow;
  }
  static ovpn::Allow AtMost(uint32_t sessions, ovpn::SessionLimits::Excess excess =
                                                   ovpn::SessionLimits::Excess::kDenyNew) {
    ovpn::Allow allow;
    allow.limits.max_sessions = sessions;
    allow.limits.excess = excess;
    return allow;
  }
  static ovpn::Allow For(std::chrono::seconds duration) {
    ovpn::Allow allow;
    allow.limits.max_duration = duration;
    return allow;
  }

  // Its uid is "INSTANCE-CID".
  ovpn::Session Session(uint64_t cid, const std::string& common_name, const std::string& instance,
                        ovpn::SessionState state) {
    ovpn::Session session;
    session.client = {instance, ovpn::Epoch{1}, ovpn::Cid{cid}};
    session.uid = absl::StrCat(instance, "-", cid);
    session.state = state;
    session.identity = test::ClientNamed(common_name);
    session.create_time = create_time_;
    return session;
  }
  ovpn::AuthRequest Request(uint64_t cid, const std::string& common_name,
                            const std::string& instance) {
    ovpn::AuthRequest request;
    request.session = Session(cid, common_name, instance, ovpn::SessionState::kPending);
    request.key = {request.session.client, ovpn::Kid{1}};
    return request;
  }
  void Report(uint64_t cid, const std::string& common_name, ovpn::SessionState state,
              const std::string& instance = "office") {
    admission_.OnSessionChanged(Session(cid, common_name, instance, state));
  }
  // What the engine does with an answer that the instance takes.
  void Settle(const ovpn::AuthRequest& request, const Admission::Result& result) {
    if (const auto* admitted = std::get_if<Admission::Admitted>(&result)) {
      admission_.Commit(request, *admitted);
    }
  }
  // A client connects and is allowed so; it is in when the result says so.
  Admission::Result Connect(uint64_t cid, const std::string& common_name, const ovpn::Allow& allow,
                            const std::string& instance = "office") {
    const ovpn::AuthRequest request = Request(cid, common_name, instance);
    Admission::Result result = admission_.Admit(request, allow);
    if (std::holds_alternative<Admission::Admitted>(result)) {
      Report(cid, common_name, ovpn::SessionState::kAuthorized, instance);
    }
    Settle(request, result);
    return result;
  }

  // The IPv4 address that an admitted client gets, "" when it gets none, "?" when it is not in.
  static std::string Address(const Admission::Result& result) {
    const auto* admitted = std::get_if<Admission::Admitted>(&result);
    if (admitted == nullptr) return "?";
    const auto& push = admitted->allow.config.ifconfig_push;
    return push.has_value() ? push->local.ToString() : "";
  }
  static std::vector<std::string> Fields(const Admission::Result& result) {
    std::vector<std::string> fields;
    if (const auto* violations = std::get_if<std::vector<ovpn::FieldViolation>>(&result)) {
      for (const ovpn::FieldViolation& violation : *violations) fields.push_back(violation.field);
    }
    return fields;
  }

  test::ManualClock clock_;
  test::RecordingLogger logger_;
  const ovpn::WallTime create_time_ = clock_.WallNow();
  std::vector<ovpn::SessionUid> ended_;
  absl::Status end_status_;
  Admission admission_{clock_,
                       logger_,
                       {test::Pool("staff", "10.8.0.10-10.8.0.11")},
                       [this](const ovpn::ClientRef&, const ovpn::SessionUid& uid,
                              const std::string&, std::function<void(absl::Status)> done) {
                         ended_.push_back(uid);
                         done(end_status_);
                       }};
};

}  // namespace ovpnbroker::policy
