// SPDX-License-Identifier: Apache-2.0
// One family for each entry of the catalogue, with cluster and node on every sample. Shared by the
// files that fill it, each from one part of a view.
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/exports/metrics_catalogue.h"
#include "agent/exports/view.h"

namespace fanfare {

using LabelPair = std::pair<std::string_view, std::string_view>;
using Labels = std::initializer_list<LabelPair>;

struct Histogram {
  double sum = 0;
  // Upper bound, and how many are at or below it and above the bound before; the last is infinite.
  std::vector<std::pair<double, std::uint64_t>> buckets;
};

class Families {
 public:
  explicit Families(const View& view);

  // `labels` in the order of the catalogue; values are label_text already.
  void add(Metric metric, Labels labels, double value);
  void add(Metric metric, Labels labels, std::uint64_t value);
  void add(Metric metric, Labels labels, const Histogram& value);

  // Those that have a sample.
  std::vector<prometheus::MetricFamily> take() &&;

 private:
  prometheus::ClientMetric& sample(Metric metric, Labels labels);

  std::string cluster_;
  std::string node_;
  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace fanfare
