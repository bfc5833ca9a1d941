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

void Families::add(Metric metric, Labels labels, double value) {
  prometheus::MetricFamily& family = families_[static_cast<std::size_t>(metric)];
  prometheus::ClientMetric sample;
  sample.label = {{"cluster", cluster_}, {"node", node_}};
  for (const auto& [name, text] : labels) {
    sample.label.push_back({std::string(name), std::string(text)});
  }
  (family.type == prometheus::MetricType::Counter ? sample.counter.value : sample.gauge.value) =
      value;
  family.metric.push_back(std::move(sample));
}

void Families::add(Metric metric, Labels labels, std::uint64_t value) {
  add(metric, labels, static_cast<double>(value));
}

std::vector<prometheus::MetricFamily> Families::take() && {
  std::erase_if(families_, [](const auto& family) { return family.metric.empty(); });
  return std::move(families_);
}

}  // namespace fanfare
