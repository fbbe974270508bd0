#include "server/metrics/metric_catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "absl/strings/match.h"

namespace ovpnbroker::server {
namespace {

TEST(MetricCatalogue, EachMetric_StandsAtItsPlaceAndHasAName) {
  size_t place = 0;
  std::set<std::string> names;
  for (const MetricSpec& spec : MetricCatalogue()) {
    EXPECT_EQ(static_cast<size_t>(spec.metric), place++) << spec.name;
    EXPECT_TRUE(names.emplace(spec.name).second) << spec.name;
    EXPECT_TRUE(absl::StartsWith(spec.name, "ovpnbroker_")) << spec.name;
    EXPECT_EQ(absl::EndsWith(spec.name, "_total"), spec.type == MetricType::kCounter) << spec.name;
    EXPECT_TRUE(absl::EndsWith(spec.help, ".")) << spec.name;
  }
  EXPECT_EQ(place, static_cast<size_t>(Metric::kAuditFailures) + 1);
}

TEST(MetricCatalogue, Labels_AreThoseThatNoClientChooses) {
  const std::set<absl::string_view> allowed = {
      "version", "ovpn_instance", "state",  "name",  "change",  "direction", "policy", "outcome",
      "cause",   "stage",         "result", "basis", "replica", "pool",      "family", "kind"};
  for (const MetricSpec& spec : MetricCatalogue()) {
    for (const absl::string_view label : spec.labels) {
      EXPECT_TRUE(allowed.contains(label)) << spec.name << " " << label;
    }
  }
}

TEST(MetricsPage, InDocs_IsCurrent) {
  std::ifstream file(METRICS_PAGE);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), MetricsPage()) << "run docs/reference/metrics.sh";
}

}  // namespace
}  // namespace ovpnbroker::server
