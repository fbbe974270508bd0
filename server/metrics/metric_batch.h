// The values of one scrape, in the form that prometheus-cpp writes out. Takes only metrics of the
// catalogue, with as many label values as it says. Belongs to its maker; one thread at a time.
#pragma once

#include <prometheus/metric_family.h>

#include <initializer_list>
#include <vector>

#include "absl/strings/string_view.h"
#include "policy/engine_stats.h"
#include "server/metrics/metric_catalogue.h"

namespace ovpnbroker::server {

class MetricBatch {
 public:
  using LabelValues = std::initializer_list<absl::string_view>;

  MetricBatch();

  // A counter or a gauge. Label values are in the order of the catalogue.
  void Set(Metric metric, LabelValues labels, double value);
  // The same for counts, which are exact up to 2^53.
  void Set(Metric metric, LabelValues labels, uint64_t value) {
    Set(metric, labels, static_cast<double>(value));
  }
  void Set(Metric metric, LabelValues labels, const policy::LatencyHistogram& histogram);

  // The families that have values, in the order of the catalogue.
  std::vector<prometheus::MetricFamily> Take() &&;

 private:
  prometheus::ClientMetric& Add(Metric metric, LabelValues labels);

  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace ovpnbroker::server
