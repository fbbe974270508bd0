#include "ovpn/management/status_report.h"

#include <array>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "ovpn/base/status_macros.h"
#include "ovpn/management/decimal.h"

namespace ovpnbroker::ovpn {
namespace {

constexpr absl::string_view kClientList = "CLIENT_LIST";
constexpr absl::string_view kUndefined = "UNDEF";

enum Column : size_t {
  kCommonName,
  kRealAddress,
  kVirtualAddress,
  kVirtualIpv6Address,
  kBytesReceived,
  kBytesSent,
  kConnectedSince,
  kUsername,
  kClientId,
  kColumnCount,
};

// As the HEADER row names them.
constexpr std::array<absl::string_view, kColumnCount> kColumnNames = {
    "Common Name",    "Real Address", "Virtual Address",          "Virtual IPv6 Address",
    "Bytes Received", "Bytes Sent",   "Connected Since (time_t)", "Username",
    "Client ID"};

// Where each column is in a row; the row's tag is field 0.
using ColumnIndexes = std::array<size_t, kColumnCount>;
using Fields = std::vector<absl::string_view>;

absl::Status ErrorAt(size_t line, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("status report, line ", line, ": ", what));
}

// `header` is "HEADER", "CLIENT_LIST", names: one field more than the rows have.
absl::StatusOr<ColumnIndexes> FindColumns(const Fields& header, size_t line) {
  ColumnIndexes indexes = {};
  for (size_t column = 0; column < kColumnCount; ++column) {
    for (size_t i = 2; i < header.size(); ++i) {
      if (header[i] == kColumnNames[column]) indexes[column] = i - 1;
    }
    if (indexes[column] == 0) {
      return ErrorAt(line, absl::StrCat("the column \"", kColumnNames[column], "\" is missing"));
    }
  }
  return indexes;
}

class Row {
 public:
  Row(const Fields& fields, const ColumnIndexes& indexes, size_t line)
      : fields_(fields), indexes_(indexes), line_(line) {}

  std::string Text(Column column) const { return std::string(fields_[indexes_[column]]); }

  std::optional<std::string> TextUnlessUndefined(Column column) const {
    if (fields_[indexes_[column]] == kUndefined) return std::nullopt;
    return Text(column);
  }

  template <typename Number>
  absl::Status Read(Column column, Number& number) const {
    const std::optional<Number> parsed = ParseDecimal<Number>(fields_[indexes_[column]]);
    if (!parsed) {
      return ErrorAt(line_, absl::StrCat("\"", kColumnNames[column], "\" is not a number"));
    }
    number = *parsed;
    return absl::OkStatus();
  }

 private:
  const Fields& fields_;
  const ColumnIndexes& indexes_;
  size_t line_;
};

absl::StatusOr<StatusReport::Client> ParseClient(const Fields& fields, const ColumnIndexes& indexes,
                                                 size_t line) {
  for (size_t column = 0; column < kColumnCount; ++column) {
    if (indexes[column] >= fields.size()) {
      return ErrorAt(line, absl::StrCat("no value for \"", kColumnNames[column], "\""));
    }
  }
  const Row row(fields, indexes, line);
  StatusReport::Client client;
  client.common_name = row.TextUnlessUndefined(kCommonName);
  client.real_address = row.Text(kRealAddress);
  client.virtual_address = row.Text(kVirtualAddress);
  client.virtual_ipv6_address = row.Text(kVirtualIpv6Address);
  client.username = row.TextUnlessUndefined(kUsername);
  RETURN_IF_ERROR(row.Read(kBytesReceived, client.received_bytes));
  RETURN_IF_ERROR(row.Read(kBytesSent, client.sent_bytes));
  RETURN_IF_ERROR(row.Read(kConnectedSince, client.connected_since));
  RETURN_IF_ERROR(row.Read(kClientId, client.cid.value));
  return client;
}

}  // namespace

absl::StatusOr<StatusReport> StatusReport::Parse(absl::Span<const std::string> lines) {
  StatusReport report;
  std::optional<ColumnIndexes> columns;
  for (size_t i = 0; i < lines.size(); ++i) {
    const size_t line = i + 1;
    const Fields fields = absl::StrSplit(lines[i], '\t');
    const absl::string_view tag = fields[0];
    if (tag == "HEADER" && fields.size() > 1 && fields[1] == kClientList) {
      ASSIGN_OR_RETURN(columns, FindColumns(fields, line));
    } else if (tag == kClientList) {
      if (!columns) return ErrorAt(line, "a client before the HEADER of the client list");
      ASSIGN_OR_RETURN(Client client, ParseClient(fields, *columns, line));
      report.clients.push_back(std::move(client));
    } else if (tag == "TITLE" && fields.size() > 1) {
      report.title = std::string(fields[1]);
    } else if (tag == "TIME") {
      const auto time = ParseDecimal<int64_t>(fields.back());
      if (!time) return ErrorAt(line, "TIME is not a number");
      report.unix_time = *time;
    }
  }
  if (!columns) return absl::InvalidArgumentError("status report: no HEADER of a client list");
  return report;
}

}  // namespace ovpnbroker::ovpn
