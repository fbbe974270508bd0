// A program's manual page, made from its command line: the descriptions, options and footers that
// --help shows. Printed by `PROGRAM __man`, at build time. Pure.
#pragma once

#include <iosfwd>
#include <string>

namespace CLI {
class App;
}

namespace ovpnbroker::server {

inline constexpr char kManWord[] = "__man";

struct ManPageInfo {
  std::string section;      // "1", "8"
  std::string summary;      // one line, without a full stop
  std::string description;  // paragraphs, separated by empty lines; under the summary
  std::string files;        // "PATH  what it is", one a line; may be empty
  std::string see_also;     // "ovpn-brokerd(8), ..."
};

// In roff with the man macros.
void WriteManPage(const CLI::App& app, const ManPageInfo& info, std::ostream& out);

// `text` so that roff shows it as it is.
std::string RoffText(const std::string& text);

}  // namespace ovpnbroker::server
