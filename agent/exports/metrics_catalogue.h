// SPDX-License-Identifier: Apache-2.0
// Every metric that fanfare exports: name, type, labels and help in one table. The exporter and the
// reference in the README both come from here; values do not (metrics.h).
#pragma once

#include <prometheus/metric_type.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace fanfare {

enum class Metric : std::size_t {
  sockets,
  sockets_opened,
  sockets_closed,
  coverage,
  shard_expected,
  messages,
  message_bytes,
  frames,
  messages_acked,
  messages_in_flight,
  messages_lost,
  ack_seconds,
  unsent_bytes,
  unsent_bytes_lost,
  oldest_unsent,
  oldest_unacked,
  sockets_behind,
  sockets_silent,
  sockets_judged,
  sockets_by_hop,
  bookkeeping_error,
  events_accepted,
  event_copies,
  events_reached,
  events_due,
  propagation_lag,
  replication_rpcs,
  replication_entries,
  propagation,
  normal,
  evidence,
  loss_estimate,
  detectable_loss,
  alerts_firing,
  alert_posts,
  capture_losses,
  attached,
  self_check,
  shard_losses,
  shards_over_limit,
  bpf_runs,
  bpf_run_seconds,
  tick_seconds,
  map_entries,
  map_capacity,
  config_reload_ok,
  address_info,
  kubernetes_up,
  kubernetes_pods,
  build_info,
  start_time,
  count,
};

struct MetricEntry {
  Metric metric;
  std::string_view name;
  prometheus::MetricType type;
  std::string_view labels;  // beside cluster and node, comma-separated, in the order of export
  std::string_view help;
};

// Indexed by enum Metric.
const std::array<MetricEntry, static_cast<std::size_t>(Metric::count)>& metrics_catalogue();

// "counter", "gauge" or "histogram", as the text format says it.
std::string_view type_text(prometheus::MetricType type);

// The catalogue as a Markdown table.
std::string metrics_reference();

}  // namespace fanfare
