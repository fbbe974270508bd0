#include "tests/bench/ratio.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "absl/strings/str_format.h"

namespace ovpnbroker::bench {

void Report(const Ratio& ratio) {
  const bool at_least = ratio.bound == Ratio::Bound::kAtLeast;
  const bool within = at_least ? ratio.measured >= ratio.budget : ratio.measured <= ratio.budget;
  const std::string measured = absl::StrFormat("%.2f %s", ratio.measured, ratio.unit);
  const std::string budget =
      absl::StrFormat("%s %.2f %s", at_least ? ">=" : "<=", ratio.budget, ratio.unit);
  const char* verdict = within ? "within" : "over";
  std::cout << absl::StrFormat("  %s: %s (budget %s): %s", ratio.name, measured, budget, verdict)
            << std::endl;
  const char* results = std::getenv("OVPNBROKER_BENCH_RESULTS");
  if (results == nullptr) return;
  std::ofstream(results, std::ios::app) << ratio.name << '\t' << measured << '\t' << budget << '\t'
                                        << ratio.rival << '\t' << verdict << '\n';
}

void Inform(const std::string& what, double value, const std::string& unit) {
  std::cout << absl::StrFormat("  %s: %.4g %s", what, value, unit) << std::endl;
}

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double Percentile(std::vector<double> values, double share) {
  const double rank = std::ceil(share * static_cast<double>(values.size()));
  const auto index = std::max<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(rank) - 1, 0);
  std::nth_element(values.begin(), values.begin() + index, values.end());
  return values[static_cast<size_t>(index)];
}

}  // namespace ovpnbroker::bench
