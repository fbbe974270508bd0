// What is wrong with a configuration, told in one form wherever it was found: where (file, line,
// column, field path) and what to do. Plain values; any thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace ovpnbroker::server {

struct Place {
  std::string file;
  int line = 0;    // from 1; 0: the file as a whole
  int column = 0;  // from 1, in characters; 0: the line as a whole
  bool operator==(const Place&) const = default;
};

struct Finding {
  enum class Severity {
    kError,    // the configuration is not used
    kWarning,  // it works, perhaps not as meant
  };
  Severity severity = Severity::kError;
  Place place;
  std::string path;  // "instances[1].decision.timeout"; empty: about the file
  std::string message;

  // "broker.yaml:12:14: error: instances[1].decision.timeout: ..."
  std::string ToString() const;
};

bool HasErrors(absl::Span<const Finding> findings);

// In the order of their places.
void SortFindings(std::vector<Finding>& findings);

// One a line, and a last line that counts them; "" without findings.
std::string FormatFindings(absl::Span<const Finding> findings);

// Where each written field stands, by path.
class ConfigPlaces {
 public:
  explicit ConfigPlaces(std::string file = {}) : file_(std::move(file)) {}

  void Add(std::string path, int line, int column) { marks_[std::move(path)] = {line, column}; }
  // The place of `path`; of the nearest field around it that was written, when it was not.
  Place Find(absl::string_view path) const;
  bool Contains(const std::string& path) const { return marks_.count(path) != 0; }

 private:
  struct Mark {
    int line = 0;
    int column = 0;
  };

  std::string file_;
  std::map<std::string, Mark> marks_;
};

}  // namespace ovpnbroker::server
