#include "server/ctl/table.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ostream>
#include <utility>

#include "server/ctl/escape.h"

namespace ovpnbroker::ctl {
namespace {

constexpr size_t kGap = 2;

const char* ColorCode(Color color) {
  switch (color) {
    case Color::kGood:
      return "\033[32m";
    case Color::kWarning:
      return "\033[33m";
    case Color::kBad:
      return "\033[31m";
    case Color::kNone:
      break;
  }
  return "";
}

void PrintCell(std::ostream& out, const Cell& cell, bool colors) {
  const bool colored = colors && cell.color != Color::kNone;
  if (colored) out << ColorCode(cell.color);
  out << cell.text;
  if (colored) out << "\033[0m";
}

}  // namespace

Cell::Cell(const std::string& cell_text, Color cell_color)
    : text(cell_text.empty() ? "-" : Escape(cell_text)), color(cell_color) {}

bool ColorsWanted() { return isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr; }

void Table::AddRow(std::vector<Cell> row) { rows_.push_back(std::move(row)); }

void Table::Print(std::ostream& out, bool colors) const {
  std::vector<Cell> titles;
  titles.reserve(columns_.size());
  for (const Column& column : columns_) titles.emplace_back(column.title);
  std::vector<const std::vector<Cell>*> lines = {&titles};
  lines.reserve(rows_.size() + 1);
  for (const auto& row : rows_) lines.push_back(&row);

  std::vector<size_t> widths(columns_.size());
  for (const auto* line : lines) {
    for (size_t i = 0; i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], DisplayWidth((*line)[i].text));
    }
  }
  for (const auto* line : lines) {
    for (size_t i = 0; i < widths.size(); ++i) {
      const bool is_right = columns_[i].align == Align::kRight;
      const bool is_last = i + 1 == widths.size();
      const std::string padding(widths[i] - DisplayWidth((*line)[i].text), ' ');
      if (is_right) out << padding;
      PrintCell(out, (*line)[i], colors);
      if (!is_right && !is_last) out << padding;
      if (!is_last) out << std::string(kGap, ' ');
    }
    out << "\n";
  }
}

}  // namespace ovpnbroker::ctl
