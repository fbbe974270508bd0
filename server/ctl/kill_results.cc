#include "server/ctl/kill_results.h"

#include "server/ctl/enum_text.h"
#include "server/ctl/output.h"
#include "server/ctl/table.h"

namespace ovpnbroker::ctl {

void PrintKillResults(const GlobalOptions& global,
                      const google::protobuf::RepeatedPtrField<admin::v1::KillResult>& results) {
  Table table({{"UID"}, {"INSTANCE"}, {"COMMON NAME"}, {"USERNAME"}, {"RESULT"}, {"MESSAGE"}});
  for (const admin::v1::KillResult& result : results) {
    const type::v1::Session& session = result.session();
    table.AddRow({session.uid(), session.instance(), session.common_name(), session.username(),
                  OutcomeCell(result.outcome()), result.message()});
  }
  PrintTable(global, table);
}

}  // namespace ovpnbroker::ctl
