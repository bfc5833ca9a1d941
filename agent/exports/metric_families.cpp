// SPDX-License-Identifier: Apache-2.0
#include "agent/exports/metric_families.h"

#include "agent/exports/label_text.h"

namespace fanfare {

Families::Families(const View& view)
    : cluster_(label_text(view.cluster)), node_(label_text(view.node)) {
  for (const MetricEntry& entry : metrics_catalogue()) {
    families_.push_back({std::string(entry.name), std::string(entry.help), entry.type, {}});
  }
}

prometheus::ClientMetric& Families::sample(Metric metric, Labels labels) {
  auto& sample = families_[static_cast<std::size_t>(metric)].metric.emplace_back();
  sample.label = {{"cluster", cluster_}, {"node", node_}};
  for (const auto& [name, text] : labels) {
    sample.label.push_back({std::string(name), std::string(text)});
  }
  return sample;
}

void Families::add(Metric metric, Labels labels, double value) {
  const auto type = metrics_catalogue()[static_cast<std::size_t>(metric)].type;
  prometheus::ClientMetric& of = sample(metric, labels);
  (type == prometheus::MetricType::Counter ? of.counter.value : of.gauge.value) = value;
}

void Families::add(Metric metric, Labels labels, const Histogram& value) {
  auto& histogram = sample(metric, labels).histogram;
  histogram.sample_sum = value.sum;
  for (const auto& [bound, count] : value.buckets) {
    histogram.sample_count += count;
    histogram.bucket.push_back({histogram.sample_count, bound});
  }
}

void Families::add(Metric metric, Labels labels, std::uint64_t value) {
  add(metric, labels, static_cast<double>(value));
}

std::vector<prometheus::MetricFamily> Families::take() && {
  std::erase_if(families_, [](const auto& family) { return family.metric.empty(); });
  return std::move(families_);
}

}  // namespace fanfare
