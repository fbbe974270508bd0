#include "server/admin/session_list.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/admin/page.h"
#include "server/admin/rpc_error.h"
#include "server/admin/session_filter.h"
#include "server/admin/session_order.h"
#include "server/admin/session_view.h"

namespace ovpnbroker::server {
namespace {

namespace v1 = admin::v1;

struct SortPlace {
  std::string key;
  std::string uid;
};

// Between a place's key and its uid in a token; an escaped key has none.
constexpr char kPlaceSeparator = ' ';

std::string PlaceText(const SortPlace& place) {
  return absl::StrCat(absl::CHexEscape(absl::StrCat("=", place.key)),
                      std::string(1, kPlaceSeparator), place.uid);
}

std::optional<SortPlace> ParsePlace(const std::string& text) {
  const size_t separator = text.rfind(kPlaceSeparator);
  SortPlace place;
  if (separator == std::string::npos ||
      !absl::CUnescape(absl::string_view(text).substr(0, separator), &place.key) ||
      place.key.empty()) {
    return std::nullopt;
  }
  place.key.erase(0, 1);
  place.uid = text.substr(separator + 1);
  return place;
}

// By uid, as the broker visits them: a page costs its own length.
void TakeByUid(const BrokerControl& broker, const SessionFilter& filter, const PageRequest& page,
               const std::string& scope, v1::ListSessionsResponse& response) {
  broker.VisitSessions(page.after, [&](const ovpn::Session& session) {
    if (!filter.Matches(session)) return true;
    const auto count = static_cast<size_t>(response.sessions_size());
    if (count == page.size) {  // there is one more: the page has a successor
      response.set_next_page_token(MakePageToken(response.sessions().rbegin()->uid(), scope));
      return false;
    }
    *response.add_sessions() = SessionToAdminProto(session);
    return true;
  });
}

// By another key: all sessions are looked at, and no more than a page of them is kept.
void TakeSorted(const BrokerControl& broker, const SessionFilter& filter, const SessionOrder& order,
                size_t size, const std::optional<SortPlace>& after, const std::string& scope,
                v1::ListSessionsResponse& response) {
  const auto before = [&order](const SortPlace& a, const SortPlace& b) {
    return order.Before(a.key, a.uid, b.key, b.uid);
  };
  std::vector<SortPlace> first;  // a heap: the last of them on top
  broker.VisitSessions("", [&](const ovpn::Session& session) {
    if (!filter.Matches(session)) return true;
    SortPlace place{order.KeyOf(session), session.uid};
    if (after.has_value() && !before(*after, place)) return true;
    if (first.size() > size) {
      if (!before(place, first.front())) return true;
      std::pop_heap(first.begin(), first.end(), before);
      first.pop_back();
    }
    first.push_back(std::move(place));
    std::push_heap(first.begin(), first.end(), before);
    return true;
  });
  std::sort_heap(first.begin(), first.end(), before);
  if (first.size() > size) {  // there is one more: the page has a successor
    first.pop_back();
    response.set_next_page_token(MakePageToken(PlaceText(first.back()), scope));
  }
  for (const SortPlace& place : first) {
    *response.add_sessions() = SessionToAdminProto(*broker.FindSession(place.uid));
  }
}

}  // namespace

grpc::Status ListSessionsPage(const BrokerControl& broker, const v1::ListSessionsRequest& request,
                              v1::ListSessionsResponse& response) {
  const auto filter = SessionFilter::Parse(request.filter());
  if (!filter.ok()) return InvalidField("filter", "FILTER_INVALID", filter.status().message());
  const auto order = SessionOrder::Parse(request.order_by());
  if (!order.ok()) return InvalidField("order_by", "ORDER_INVALID", order.status().message());
  const std::string scope = absl::StrCat(request.order_by(), "\n", request.filter());
  PageRequest page;
  grpc::Status status = ParsePageRequest(request.page_size(), request.page_token(), scope, page);
  if (!status.ok()) return status;
  if (order->by_uid() && !order->descending()) {
    TakeByUid(broker, *filter, page, scope, response);
    return grpc::Status::OK;
  }
  std::optional<SortPlace> after;
  if (!page.after.empty()) {
    after = ParsePlace(page.after);
    if (!after.has_value()) {
      return InvalidField("page_token", "PAGE_TOKEN_INVALID", "is not from this list");
    }
  }
  TakeSorted(broker, *filter, *order, page.size, after, scope, response);
  return grpc::Status::OK;
}

}  // namespace ovpnbroker::server
