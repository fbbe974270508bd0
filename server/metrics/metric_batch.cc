#include "server/metrics/metric_batch.h"

#include <chrono>
#include <cstdlib>
#include <string>
#include <utility>

#include "ovpn/base/utf8.h"

namespace ovpnbroker::server {
namespace {

prometheus::MetricType ToPrometheus(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return prometheus::MetricType::Counter;
    case MetricType::kGauge:
      return prometheus::MetricType::Gauge;
    case MetricType::kHistogram:
      return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

double Seconds(ovpn::Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

MetricBatch::MetricBatch() {
  for (const MetricSpec& spec : MetricCatalogue()) {
    families_.push_back(
        {std::string(spec.name), std::string(spec.help), ToPrometheus(spec.type), {}});
  }
}

prometheus::ClientMetric& MetricBatch::Add(Metric metric, LabelValues labels) {
  const MetricSpec& spec = SpecOf(metric);
  if (labels.size() != spec.labels.size()) std::abort();  // the caller's mistake in every run
  prometheus::ClientMetric& added = families_[static_cast<size_t>(metric)].metric.emplace_back();
  for (size_t i = 0; i < labels.size(); ++i) {
    added.label.push_back(
        {std::string(spec.labels[i]), ovpn::ReplaceInvalidUtf8(labels.begin()[i])});
  }
  return added;
}

void MetricBatch::Set(Metric metric, LabelValues labels, double value) {
  prometheus::ClientMetric& added = Add(metric, labels);
  if (SpecOf(metric).type == MetricType::kCounter) {
    added.counter.value = value;
  } else {
    added.gauge.value = value;
  }
}

void MetricBatch::Set(Metric metric, LabelValues labels,
                      const policy::LatencyHistogram& histogram) {
  prometheus::ClientMetric::Histogram& out = Add(metric, labels).histogram;
  out.sample_count = histogram.count();
  out.sample_sum = Seconds(histogram.sum());
  uint64_t cumulative = 0;
  for (size_t i = 0; i < policy::LatencyHistogram::kBounds.size(); ++i) {
    cumulative += histogram.buckets()[i];
    out.bucket.push_back({cumulative, Seconds(policy::LatencyHistogram::kBounds[i])});
  }
}

std::vector<prometheus::MetricFamily> MetricBatch::Take() && {
  std::erase_if(families_,
                [](const prometheus::MetricFamily& family) { return family.metric.empty(); });
  return std::move(families_);
}

}  // namespace ovpnbroker::server
