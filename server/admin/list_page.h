// One page of a list of named values: instances, policies. Loop thread.
#pragma once

#include <algorithm>
#include <vector>

#include "server/admin/page.h"
#include "server/admin/rpc_error.h"

namespace ovpnbroker::server {

// Adds one page of `items` (values with a unique `name`, in a fixed order) to the response.
template <typename Item, typename Request, typename Response, typename Add>
grpc::Status AnswerPage(const std::vector<Item>& items, const Request& request, Response& response,
                        Add add) {
  PageRequest page;
  grpc::Status status =
      ParsePageRequest(request.page_size(), request.page_token(), /*scope=*/"", page);
  if (!status.ok()) return status;
  auto next = items.begin();
  if (!page.after.empty()) {
    next = std::find_if(items.begin(), items.end(),
                        [&page](const Item& item) { return item.name == page.after; });
    // A reload took the item away: the rest of the list has no beginning any more.
    if (next == items.end()) {
      return InvalidField("page_token", "PAGE_TOKEN_INVALID", "the configuration has changed");
    }
    ++next;
  }
  for (size_t count = 0; next != items.end() && count < page.size; ++count) add(*next++);
  if (next != items.end()) response.set_next_page_token(MakePageToken((next - 1)->name, ""));
  return grpc::Status::OK;
}

}  // namespace ovpnbroker::server
