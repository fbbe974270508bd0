// What a benchmark found, beside its budget: a line for people, and a row in the table that
// tests/bench/run.sh prints at the end. A missed budget is reported, never an error: machines
// differ.
#pragma once

#include <string>
#include <vector>

namespace ovpnbroker::bench {

struct Ratio {
  enum class Bound { kAtLeast, kAtMost };

  std::string name;
  double measured = 0;
  Bound bound = Bound::kAtMost;
  double budget = 0;
  std::string rival;  // what it is measured against
  std::string unit;   // of both numbers; "x" for a plain ratio
};

// Prints the ratio, and appends it to the file that OVPNBROKER_BENCH_RESULTS names, if it does:
// name, measured, budget, rival and verdict, separated by tabs.
void Report(const Ratio& ratio);

// Prints a number that has no budget.
void Inform(const std::string& what, double value, const std::string& unit);

// The value in the middle; of an even count the upper one. `values` is not empty.
double Median(std::vector<double> values);
// The smallest value that `share` (0 to 1) of the values do not exceed. `values` is not empty.
double Percentile(std::vector<double> values, double share);

}  // namespace ovpnbroker::bench
