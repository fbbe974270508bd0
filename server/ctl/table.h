// Aligned columns on standard output, coloured and fitted to the terminal. Cells may hold any
// bytes.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace ovpnbroker::ctl {

enum class Color { kNone, kGood, kWarning, kBad };

struct Cell {
  // Implicit: most cells are plain text.
  Cell(const std::string& cell_text, Color cell_color = Color::kNone);  // NOLINT

  std::string text;  // escaped
  Color color;
};

// Whether to colour standard output: it is a terminal, and NO_COLOR is not set.
bool ColorsWanted();

// Columns of text that fit: COLUMNS if it is a number above 0, else what the terminal on standard
// output says, else 0, which stands for any.
size_t TerminalWidth();

// At most `width` columns of escaped text; "…" stands for what is cut off.
std::string Shorten(const std::string& escaped, size_t width);

class Table {
 public:
  enum class Align { kLeft, kRight };

  // How long a column is kept when the terminal is too narrow for all of them.
  enum class Keep {
    kAlways,  // shortened at last
    kLong,    // dropped after the others
    kShort,   // dropped first, the rightmost of them before the others
    kWide,    // shown with `-o wide` only
  };

  struct Column {
    std::string title;
    Align align = Align::kLeft;
    Keep keep = Keep::kAlways;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // One cell a column. An empty cell is shown as "-".
  void AddRow(std::vector<Cell> row);

  // Fits the table into `width` columns as well as it goes; 0: as wide as it is. `wide` shows all
  // columns in full.
  void Print(std::ostream& out, bool colors, size_t width = 0, bool wide = false) const;

 private:
  // Indices of the columns that are shown, and how wide each is. Empty widths cannot be.
  struct Layout {
    std::vector<size_t> columns;
    std::vector<size_t> widths;
  };
  Layout Fit(size_t width, bool wide) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace ovpnbroker::ctl
