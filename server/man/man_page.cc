#include "server/man/man_page.h"

#include <CLI/CLI.hpp>
#include <ostream>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace ovpnbroker::server {
namespace {

using CLI::App;
using CLI::Option;

bool IsShown(const Option* option) { return !option->get_group().empty(); }

// "-o, --output FORMAT", in bold and italics.
std::string OptionSyntax(const Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back(absl::StrCat("-", name));
  for (const std::string& name : option.get_lnames()) names.push_back(absl::StrCat("--", name));
  if (names.empty()) return absl::StrCat("\\fI", RoffText(option.get_name(true)), "\\fR");
  std::string names_text = absl::StrCat(
      "\\fB",
      absl::StrJoin(
          names, "\\fR, \\fB",
          [](std::string* out, const std::string& name) { absl::StrAppend(out, RoffText(name)); }),
      "\\fR");
  const bool takes_value = option.get_items_expected_max() > 0;
  if (!takes_value) return names_text;
  const std::string type = option.get_type_name().empty() ? "VALUE" : option.get_type_name();
  return absl::StrCat(names_text, " \\fI", RoffText(type), "\\fR");
}

void WriteOption(const Option& option, std::ostream& out) {
  out << ".TP\n" << OptionSyntax(option) << "\n" << RoffText(option.get_description());
  if (!option.get_default_str().empty()) {
    out << " [" << RoffText(option.get_default_str()) << "]";
  }
  out << "\n";
}

void WriteOptions(const App& app, std::ostream& out) {
  for (const Option* option : app.get_options(IsShown)) WriteOption(*option, out);
  // Groups of options are apps without a name.
  for (const App* group :
       app.get_subcommands([](const App* one) { return one->get_name().empty(); })) {
    for (const Option* option : group->get_options(IsShown)) WriteOption(*option, out);
  }
}

// A footer's parts begin with a line that ends in a colon at the margin; what stands before the
// first one is prose.
void WriteFooter(const std::string& footer, const char* heading, std::ostream& out) {
  bool is_verbatim = false;
  const auto end_verbatim = [&] {
    if (is_verbatim) out << ".EE\n";
    is_verbatim = false;
  };
  for (absl::string_view line : absl::StrSplit(absl::StripAsciiWhitespace(footer), '\n')) {
    const bool is_indented = absl::StartsWith(line, " ");
    if (!is_indented) end_verbatim();
    if (line.empty()) {
      out << ".PP\n";
    } else if (is_indented) {
      if (!is_verbatim) out << ".EX\n";
      is_verbatim = true;
      out << RoffText(std::string(line)) << "\n";
    } else if (absl::ConsumeSuffix(&line, ":")) {
      const bool is_section = absl::string_view(heading) == ".SH";
      const std::string words = is_section ? absl::AsciiStrToUpper(line) : std::string(line);
      out << heading << " \"" << RoffText(words) << "\"\n";
    } else {
      out << RoffText(std::string(line)) << "\n";
    }
  }
  end_verbatim();
}

// " ADDRESS [FILE]", each in italics.
std::string Positionals(const App& app) {
  std::string words;
  for (const Option* option : app.get_options(IsShown)) {
    if (!option->get_positional()) continue;
    const std::string word = absl::StrCat("\\fI", RoffText(option->get_name(true)), "\\fR");
    absl::StrAppend(&words, " ", option->get_required() ? word : absl::StrCat("[", word, "]"));
  }
  return words;
}

void WriteCommand(const App& app, const std::string& before, std::ostream& out) {
  const std::string name = absl::StrCat(before, app.get_name());
  out << ".SS \"" << RoffText(name) << "\"\n"
      << "\\fB" << RoffText(name) << "\\fR" << Positionals(app) << "\n.PP\n"
      << RoffText(app.get_description()) << ".\n";
  WriteOptions(app, out);
  if (!app.get_footer().empty()) {
    out << ".PP\n";
    WriteFooter(app.get_footer(), ".PP\n.B", out);
  }
  for (const App* command : app.get_subcommands({})) {
    if (!command->get_name().empty()) WriteCommand(*command, absl::StrCat(name, " "), out);
  }
}

}  // namespace

std::string RoffText(const std::string& text) {
  std::string escaped = absl::StrReplaceAll(
      text, {{"\\", "\\e"}, {"-", "\\-"}, {"\n.", "\n\\&."}, {"\n'", "\n\\&'"}, {"\"", "\\(dq"}});
  const bool is_request = absl::StartsWith(escaped, ".") || absl::StartsWith(escaped, "'");
  return is_request ? absl::StrCat("\\&", escaped) : escaped;
}

void WriteManPage(const App& app, const ManPageInfo& info, std::ostream& out) {
  const std::string& name = app.get_name();
  out << ".\\\" Made from the program's own help.\n.TH " << RoffText(absl::AsciiStrToUpper(name))
      << " " << info.section << " \"\" \"ovpn\\-broker " OVPNBROKER_VERSION "\" \"ovpn\\-broker\"\n"
      << ".SH NAME\n"
      << RoffText(name) << " \\- " << RoffText(info.summary) << "\n"
      << ".SH SYNOPSIS\n.B " << RoffText(name) << "\n";
  const bool has_commands = !app.get_subcommands({}).empty();
  out << "[\\fIOPTION\\fR]..."
      << (has_commands ? " \\fICOMMAND\\fR [\\fIARGUMENT\\fR]..." : Positionals(app)) << "\n"
      << ".SH DESCRIPTION\n"
      << RoffText(app.get_description()) << "\n";
  for (const absl::string_view paragraph : absl::StrSplit(info.description, "\n\n")) {
    out << ".PP\n" << RoffText(std::string(paragraph)) << "\n";
  }
  out << ".SH OPTIONS\n";
  WriteOptions(app, out);
  if (has_commands) {
    out << ".SH COMMANDS\n";
    for (const App* command : app.get_subcommands({})) WriteCommand(*command, "", out);
  }
  out << ".PP\n";
  WriteFooter(app.get_footer(), ".SH", out);
  if (!info.files.empty()) out << ".SH FILES\n";
  for (const absl::string_view line : absl::StrSplit(info.files, '\n', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(line, absl::MaxSplits("  ", 1));
    out << ".TP\n.I " << RoffText(parts.first) << "\n" << RoffText(parts.second) << "\n";
  }
  out << ".SH \"SEE ALSO\"\n" << RoffText(info.see_also) << "\n";
}

}  // namespace ovpnbroker::server
