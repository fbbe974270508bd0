// What --help prints, no wider than a terminal of 80 columns: descriptions are wrapped beside their
// column, paragraphs at the margin are filled. Indented lines of a footer, such as examples, stay
// as they are. Immutable; any thread.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "absl/strings/string_view.h"

namespace ovpnbroker::server {

inline constexpr size_t kHelpWidth = 80;

// `text` in lines of at most `width` columns, broken at blanks. Words that are longer stay whole.
std::string WrapText(absl::string_view text, size_t width);
// Each run of lines that begin at the margin, as one paragraph; the other lines as they are.
std::string FillParagraphs(absl::string_view text, size_t width);

class HelpFormatter final : public CLI::Formatter {
 public:
  std::string make_option_desc(const CLI::Option* option) const override;
  std::string make_subcommand(const CLI::App* command) const override;
  std::string make_description(const CLI::App* app) const override;
  std::string make_footer(const CLI::App* app) const override;
};

}  // namespace ovpnbroker::server
