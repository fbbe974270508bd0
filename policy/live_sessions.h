// Sessions that are in, or about to be: who they are, for limits and for telling a reconnect from a
// second session. Follows what the instances report, so that adopted sessions are in it as well.
// Owned by Admission; loop thread only.
#pragma once

#include <string>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "ovpn/base/ids.h"
#include "ovpn/types/session.h"

namespace ovpnbroker::policy {

// By what OpenVPN replaces a client's old session when a new one gets in.
enum class ReplaceBy {
  kCommonName,
  kUsername,  // username-as-common-name
  kNothing,   // duplicate-cn
};

struct LiveSession {
  ovpn::ClientRef client;
  ovpn::WallTime create_time;
  std::string user;        // UserOfSession
  std::string replace_by;  // empty: OpenVPN never replaces it
  bool ending = false;     // killed or denied; it is there until DISCONNECT
};

// Whose session counts for whose limit: the user name, the common name where there is none.
std::string UserOfSession(const ovpn::ClientIdentity& identity);

class LiveSessions {
 public:
  // Of instances that are not named here nothing is replaced.
  void SetReplaceBy(const std::string& instance, ReplaceBy by) { replace_by_[instance] = by; }

  // Takes `session` in, changes or forgets it.
  void Update(const ovpn::Session& session);
  // A kill of it is under way, or has failed.
  void SetEnding(const ovpn::SessionUid& uid, bool ending);

  const LiveSession* Find(const ovpn::SessionUid& uid) const;
  // OpenVPN ends `other` by itself when `session` gets in.
  bool IsReplacedBy(const ovpn::SessionUid& other, const ovpn::Session& session) const;
  // Sessions of `user` over all instances, the oldest first.
  std::vector<ovpn::SessionUid> OfUser(const std::string& user) const;
  size_t size() const { return sessions_.size(); }

 private:
  std::string ReplaceKey(const ovpn::Session& session) const;
  void Forget(const ovpn::SessionUid& uid);

  absl::flat_hash_map<std::string, ReplaceBy> replace_by_;  // by instance
  absl::flat_hash_map<ovpn::SessionUid, LiveSession> sessions_;
  // uids sort by the time of the session's CONNECT.
  absl::flat_hash_map<std::string, absl::btree_set<ovpn::SessionUid>> by_user_;
};

}  // namespace ovpnbroker::policy
