#include "ovpn/instance/session_log.h"

#include "absl/strings/str_join.h"

namespace ovpnbroker::ovpn {

std::vector<LogField> SessionFields(const Session& session) {
  return {{"instance", session.client.instance},
          {"session", session.uid},
          {"cid", session.client.cid.value},
          {"common_name", session.identity->common_name},
          {"username", session.identity->username},
          {"real_address", session.identity->real_address},
          {"virtual_addresses", absl::StrJoin(session.virtual_addresses, " ")},
          {"end_reason", session.end_reason}};
}

}  // namespace ovpnbroker::ovpn
