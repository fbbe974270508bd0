#include "policy/rules/glob.h"

#include <algorithm>

#include "absl/strings/match.h"

namespace ovpnbroker::policy {

absl::StatusOr<Glob> Glob::Compile(absl::string_view pattern) {
  Glob glob;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '*') {
      // Two runs in a row mean the same as one.
      if (glob.tokens_.empty() || glob.tokens_.back().type != Token::Type::kAnyRun) {
        glob.tokens_.push_back({Token::Type::kAnyRun, '\0'});
      }
    } else if (pattern[i] == '?') {
      glob.tokens_.push_back({Token::Type::kAnyByte, '\0'});
    } else {
      if (pattern[i] == '\\') {
        ++i;
        if (i == pattern.size()) {
          return absl::InvalidArgumentError("a pattern cannot end with a single '\\'");
        }
      }
      glob.tokens_.push_back({Token::Type::kByte, pattern[i]});
    }
  }
  glob.Simplify();
  return glob;
}

// Most patterns are a plain name, or one with a `*` at one end; those need no backtracking.
void Glob::Simplify() {
  const auto is_run = [](const Token& token) { return token.type == Token::Type::kAnyRun; };
  auto begin = tokens_.begin();
  auto end = tokens_.end();
  Kind kind = Kind::kLiteral;
  if (begin != end && is_run(*(end - 1))) {
    kind = Kind::kPrefix;
    --end;
  } else if (begin != end && is_run(*begin)) {
    kind = Kind::kSuffix;
    ++begin;
  }
  if (!std::all_of(begin, end, [](const Token& token) { return token.type == Token::Type::kByte; }))
    return;

  kind_ = kind;
  for (auto token = begin; token != end; ++token) literal_.push_back(token->byte);
  tokens_.clear();
}

bool Glob::MatchesByKind(absl::string_view text) const {
  switch (kind_) {
    case Kind::kLiteral:
      return text == literal_;
    case Kind::kPrefix:
      return absl::StartsWith(text, literal_);
    case Kind::kSuffix:
      return absl::EndsWith(text, literal_);
    case Kind::kGeneral:
      return MatchesGeneral(text);
  }
  return false;
}

// Greedy with one point to go back to: the last run swallows one byte more at each failure, which
// is enough because an earlier run never needs to.
bool Glob::MatchesGeneral(absl::string_view text) const {
  size_t token = 0;
  size_t position = 0;
  size_t run_token = tokens_.size();  // the last run seen; none yet
  size_t run_position = 0;
  while (position < text.size()) {
    if (token < tokens_.size() && tokens_[token].type == Token::Type::kAnyRun) {
      run_token = token++;
      run_position = position;
    } else if (token < tokens_.size() && (tokens_[token].type == Token::Type::kAnyByte ||
                                          tokens_[token].byte == text[position])) {
      ++token;
      ++position;
    } else if (run_token < tokens_.size()) {
      token = run_token + 1;
      position = ++run_position;
    } else {
      return false;
    }
  }
  while (token < tokens_.size() && tokens_[token].type == Token::Type::kAnyRun) ++token;
  return token == tokens_.size();
}

}  // namespace ovpnbroker::policy
