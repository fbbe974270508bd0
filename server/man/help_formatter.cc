#include "server/man/help_formatter.h"

#include <sstream>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace ovpnbroker::server {
namespace {

// Options of a group are indented by two columns more.
constexpr size_t kGroupIndent = 2;

std::string Beside(const std::string& text, size_t column) {
  return WrapText(text, kHelpWidth - kGroupIndent - column);
}

}  // namespace

std::string WrapText(absl::string_view text, size_t width) {
  std::string wrapped;
  size_t used = 0;  // of the line
  for (const absl::string_view word :
       absl::StrSplit(text, absl::ByAnyChar(" \n"), absl::SkipEmpty())) {
    const bool fits = used + 1 + word.size() <= width;
    if (used > 0) absl::StrAppend(&wrapped, fits ? " " : "\n");
    used = used > 0 && fits ? used + 1 + word.size() : word.size();
    absl::StrAppend(&wrapped, word);
  }
  return wrapped;
}

std::string FillParagraphs(absl::string_view text, size_t width) {
  std::vector<std::string> lines;
  std::string paragraph;
  const auto end_paragraph = [&] {
    if (!paragraph.empty()) lines.push_back(WrapText(paragraph, width));
    paragraph.clear();
  };
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!line.empty() && !absl::StartsWith(line, " ")) {
      absl::StrAppend(&paragraph, line, "\n");
      continue;
    }
    end_paragraph();
    lines.emplace_back(line);
  }
  end_paragraph();
  return absl::StrJoin(lines, "\n");
}

std::string HelpFormatter::make_option_desc(const CLI::Option* option) const {
  return Beside(CLI::Formatter::make_option_desc(option), get_column_width());
}

std::string HelpFormatter::make_subcommand(const CLI::App* command) const {
  std::ostringstream out;
  CLI::detail::format_help(out, command->get_display_name(true),
                           Beside(command->get_description(), get_column_width()),
                           get_column_width());
  return out.str();
}

std::string HelpFormatter::make_description(const CLI::App* app) const {
  return FillParagraphs(CLI::Formatter::make_description(app), kHelpWidth);
}

std::string HelpFormatter::make_footer(const CLI::App* app) const {
  return FillParagraphs(CLI::Formatter::make_footer(app), kHelpWidth);
}

}  // namespace ovpnbroker::server
