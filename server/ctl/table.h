// Aligned columns on standard output, coloured on a terminal. Cells may hold any bytes.
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

class Table {
 public:
  enum class Align { kLeft, kRight };

  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // One cell a column. An empty cell is shown as "-".
  void AddRow(std::vector<Cell> row);
  void Print(std::ostream& out, bool colors) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace ovpnbroker::ctl
