// What can stand next on the command line: the shells' completions ask with `ovpn-brokerctl
// __complete WORDS...`, so that they know every option and every name that the broker has.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace ovpnbroker::ctl {

inline constexpr char kCompleteWord[] = "__complete";

struct Candidate {
  std::string word;
  std::string description;
};

// Stands for file names, which the shell knows best.
inline constexpr char kFilesWord[] = ":files";

// `words` are those after the program's name; the last one, perhaps empty, is to be completed.
// Names of instances, sessions and users come from the broker that the words before choose; without
// an answer there are none.
std::vector<Candidate> Complete(const CLI::App& app, const std::vector<std::string>& words);

}  // namespace ovpnbroker::ctl
