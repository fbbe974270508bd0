#include "server/admin/log_filter.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace ovpnbroker::server {
namespace {

bool IsAbout(const LogEntry& entry, const std::string& instance) {
  return std::any_of(entry.fields.begin(), entry.fields.end(), [&](const auto& field) {
    return field.first == "instance" && field.second == instance;
  });
}

}  // namespace

LogFilter::LogFilter(ovpn::LogLevel minimum_level, std::string instance, const std::string& text)
    : minimum_level_(minimum_level),
      instance_(std::move(instance)),
      text_(absl::AsciiStrToLower(text)) {}

bool LogFilter::Wants(const LogEntry& entry) const {
  if (entry.level < minimum_level_) return false;
  if (!instance_.empty() && !IsAbout(entry, instance_)) return false;
  if (text_.empty() || Contains(entry.id) || Contains(entry.message)) return true;
  return std::any_of(entry.fields.begin(), entry.fields.end(), [this](const auto& field) {
    return Contains(absl::StrCat(field.first, "=", field.second));
  });
}

bool LogFilter::Contains(const std::string& where) const {
  return std::search(where.begin(), where.end(), text_.begin(), text_.end(),
                     [](char have, char wanted) {
                       return absl::ascii_tolower(static_cast<unsigned char>(have)) == wanted;
                     }) != where.end();
}

}  // namespace ovpnbroker::server
