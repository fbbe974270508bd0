#include "ovpn/management/status_text.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace ovpnbroker::ovpn {
namespace {

constexpr absl::string_view kLineEnd = "\r\n";
constexpr absl::string_view kQueueLength = "Max bcast/mcast queue length";

using Fields = std::vector<absl::string_view>;

// The columns of format 1, by their names in the headers of format 3.
struct Table {
  absl::string_view name;   // in format 3
  absl::string_view title;  // in format 1
  std::vector<absl::string_view> columns;
};

const std::array<Table, 2>& Tables() {
  static const std::array<Table, 2>& tables = *new std::array<Table, 2>{{
      {"CLIENT_LIST",
       "",
       {"Common Name", "Real Address", "Bytes Received", "Bytes Sent", "Connected Since"}},
      {"ROUTING_TABLE",
       "ROUTING TABLE",
       {"Virtual Address", "Common Name", "Real Address", "Last Ref"}},
  }};
  return tables;
}

// Format 1, line by line.
class OldFormat {
 public:
  std::string Convert(absl::Span<const std::string> lines) {
    Add({"OpenVPN CLIENT LIST"});
    for (const std::string& line : lines) AddLine(absl::StrSplit(line, '\t'));
    Add({"END"});
    return std::move(text_);
  }

 private:
  void AddLine(const Fields& fields) {
    if (fields[0] == "TIME" && fields.size() > 1) return Add({"Updated", fields[1]});
    if (fields[0] == "GLOBAL_STATS") return AddStatistic(fields);
    const bool header = fields[0] == "HEADER" && fields.size() > 1;
    for (const Table& table : Tables()) {
      if (table.name == fields[header ? 1 : 0]) {
        return header ? AddHeader(table, fields) : AddRow(table, fields);
      }
    }
  }

  // Columns are found by the header, so new ones do no harm.
  void AddHeader(const Table& table, const Fields& fields) {
    std::vector<size_t>& places = places_[table.name];
    for (const absl::string_view column : table.columns) {
      const auto found = std::find(fields.begin() + 2, fields.end(), column);
      // A row has no word HEADER before its table's name.
      places.push_back(static_cast<size_t>(found - fields.begin()) - 1);
    }
    if (!table.title.empty()) Add({table.title});
    Add(table.columns);
  }

  void AddRow(const Table& table, const Fields& fields) {
    std::vector<absl::string_view> values;
    for (const size_t place : places_[table.name]) {
      values.push_back(place < fields.size() ? fields[place] : "");
    }
    Add(values);
  }

  void AddStatistic(const Fields& fields) {
    if (fields.size() < 3 || fields[1] != kQueueLength) return;
    Add({"GLOBAL STATS"});
    Add({fields[1], fields[2]});
  }

  void Add(const Fields& values) {
    absl::string_view separator;
    for (const absl::string_view value : values) {
      absl::StrAppend(&text_, separator, value);
      separator = ",";
    }
    text_.append(kLineEnd.data(), kLineEnd.size());
  }

  std::string text_;
  std::map<absl::string_view, std::vector<size_t>> places_;
};

}  // namespace

std::string StatusText(absl::Span<const std::string> lines, int format) {
  if (format == 1) return OldFormat().Convert(lines);
  std::string text;
  for (const std::string& line : lines) absl::StrAppend(&text, line, kLineEnd);
  if (format == 2) std::replace(text.begin(), text.end(), '\t', ',');
  absl::StrAppend(&text, "END", kLineEnd);
  return text;
}

}  // namespace ovpnbroker::ovpn
