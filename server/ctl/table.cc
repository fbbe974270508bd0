#include "server/ctl/table.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ostream>
#include <utility>

#include "absl/strings/numbers.h"
#include "server/ctl/escape.h"

namespace ovpnbroker::ctl {
namespace {

constexpr size_t kGap = 2;
constexpr size_t kMinShortened = 6;
constexpr char kEllipsis[] = "\xe2\x80\xa6";

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

void PrintText(std::ostream& out, const std::string& text, Color color, bool colors) {
  const bool colored = colors && color != Color::kNone;
  if (colored) out << ColorCode(color);
  out << text;
  if (colored) out << "\033[0m";
}

size_t TotalWidth(const std::vector<size_t>& widths) {
  size_t total = widths.empty() ? 0 : kGap * (widths.size() - 1);
  for (const size_t width : widths) total += width;
  return total;
}

}  // namespace

Cell::Cell(const std::string& cell_text, Color cell_color)
    : text(cell_text.empty() ? "-" : Escape(cell_text)), color(cell_color) {}

bool ColorsWanted() { return isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr; }

size_t TerminalWidth() {
  const char* columns = std::getenv("COLUMNS");
  int width = 0;
  if (columns != nullptr && absl::SimpleAtoi(columns, &width) && width > 0) {
    return static_cast<size_t>(width);
  }
  winsize size = {};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

std::string Shorten(const std::string& escaped, size_t width) {
  if (DisplayWidth(escaped) <= width) return escaped;
  size_t size = 0;
  size_t used = 0;
  while (size < escaped.size()) {
    size_t next = size + 1;
    while (next < escaped.size() && (static_cast<unsigned char>(escaped[next]) & 0xc0U) == 0x80U) {
      ++next;
    }
    const size_t columns = DisplayWidth(absl::string_view(escaped).substr(size, next - size));
    if (used + columns + 1 > width) break;
    used += columns;
    size = next;
  }
  return escaped.substr(0, size) + kEllipsis;
}

void Table::AddRow(std::vector<Cell> row) { rows_.push_back(std::move(row)); }

Table::Layout Table::Fit(size_t width, bool wide) const {
  Layout layout;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].keep == Keep::kWide && !wide) continue;
    size_t widest = DisplayWidth(columns_[i].title);
    for (const auto& row : rows_) widest = std::max(widest, DisplayWidth(row[i].text));
    layout.columns.push_back(i);
    layout.widths.push_back(widest);
  }
  if (width == 0 || wide) return layout;

  for (const Keep keep : {Keep::kShort, Keep::kLong}) {
    for (size_t i = layout.columns.size(); i-- > 0 && TotalWidth(layout.widths) > width;) {
      if (columns_[layout.columns[i]].keep != keep) continue;
      layout.columns.erase(layout.columns.begin() + static_cast<std::ptrdiff_t>(i));
      layout.widths.erase(layout.widths.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  // The first column names the row: it stays whole.
  while (TotalWidth(layout.widths) > width && layout.widths.size() > 1) {
    const auto widest = std::max_element(layout.widths.begin() + 1, layout.widths.end());
    if (*widest <= kMinShortened) break;
    --*widest;
  }
  return layout;
}

void Table::Print(std::ostream& out, bool colors, size_t width, bool wide) const {
  const Layout layout = Fit(width, wide);
  std::vector<Cell> titles;
  titles.reserve(columns_.size());
  for (const Column& column : columns_) titles.emplace_back(column.title);
  std::vector<const std::vector<Cell>*> lines = {&titles};
  lines.reserve(rows_.size() + 1);
  for (const auto& row : rows_) lines.push_back(&row);

  for (const auto* line : lines) {
    for (size_t i = 0; i < layout.columns.size(); ++i) {
      const size_t column = layout.columns[i];
      const bool is_right = columns_[column].align == Align::kRight;
      const bool is_last = i + 1 == layout.columns.size();
      const std::string text = Shorten((*line)[column].text, layout.widths[i]);
      const std::string padding(layout.widths[i] - std::min(layout.widths[i], DisplayWidth(text)),
                                ' ');
      if (is_right) out << padding;
      PrintText(out, text, (*line)[column].color, colors);
      if (!is_right && !is_last) out << padding;
      if (!is_last) out << std::string(kGap, ' ');
    }
    out << "\n";
  }
}

}  // namespace ovpnbroker::ctl
