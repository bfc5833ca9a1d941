// SPDX-License-Identifier: Apache-2.0
// Fills the families of the catalogue from a view.
#include "agent/exports/metrics.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>

#include "agent/exports/delivery_metrics.h"
#include "agent/exports/label_text.h"
#include "agent/exports/metric_families.h"
#include "agent/exports/metrics_catalogue.h"
#include "agent/exports/names.h"
#include "agent/exports/propagation_metrics.h"
#include "agent/exports/replication_metrics.h"
#include "agent/kernel/loss_text.h"

namespace fanfare {
namespace {

void add_direction(Families& families, std::string_view name, const Shard& shard,
                   std::string_view direction, const DirectionTotals& totals) {
  const LabelPair in_shard{"shard", name};
  const LabelPair role{"role", role_client};
  const LabelPair protocol{"protocol", protocol_names.at(shard.protocol)};
  const LabelPair way{"direction", direction};
  families.add(Metric::frames, {in_shard, role, protocol, way}, totals.frames);
  for (std::size_t i = 0; i < class_names.size(); ++i) {
    const LabelPair kind{"class", class_names[i]};
    families.add(Metric::messages, {in_shard, role, protocol, way, kind}, totals.messages[i]);
    families.add(Metric::message_bytes, {in_shard, role, protocol, way, kind}, totals.bytes[i]);
  }
}

void add_shard(Families& families, const ShardView& view) {
  const Shard& shard = view.shard;
  const std::string name = label_text(shard.name);
  const LabelPair in_shard{"shard", name};
  const LabelPair role{"role", role_client};
  families.add(Metric::sockets, {in_shard, role, {"state", "synced"}}, shard.sockets_synced);
  families.add(Metric::sockets, {in_shard, role, {"state", "unsynced"}}, shard.sockets_unsynced);
  families.add(Metric::sockets, {in_shard, role, {"state", "dark"}}, sockets_dark(shard));
  families.add(Metric::sockets_opened, {in_shard, role}, shard.sockets_opened);
  families.add(Metric::sockets_closed, {in_shard, role, {"by", "peer"}}, shard.closed_by_peer);
  families.add(Metric::sockets_closed, {in_shard, role, {"by", "local"}}, shard.closed_by_local);
  families.add(Metric::sockets_closed, {in_shard, role, {"by", "timeout"}},
               shard.closed_by_timeout);
  if (view.coverage) {
    families.add(Metric::coverage, {in_shard}, *view.coverage);
  }
  if (shard.expected) families.add(Metric::shard_expected, {in_shard}, 1.0);
  add_direction(families, name, shard, "out", shard.out);
  add_direction(families, name, shard, "in", shard.in);
  add_delivery(families, name, shard.delivery);
  const Losses& peers = shard.replication_losses;
  families.add(Metric::shard_losses, {in_shard, {"direction", "out"}},
               shard.losses.out + peers.out);
  families.add(Metric::shard_losses, {in_shard, {"direction", "in"}}, shard.losses.in + peers.in);
}

void add_losses(Families& families, const View& view) {
  // By the table and not by the view, so that every reason is there from the first scrape.
  for (const LossText& text : loss_texts()) {
    if (text.loss == FANFARE_LOSS_NONE) {
      continue;
    }
    const auto found = std::ranges::find(view.losses, text.name, &LossView::reason);
    families.add(Metric::capture_losses, {{"reason", text.name}},
                 found == view.losses.end() ? std::uint64_t{0} : found->count);
  }
}

void add_agent(Families& families, const View& view) {
  using Seconds = std::chrono::duration<double>;
  for (const ProgramRuns& program : view.programs) {
    const LabelPair label{"program", program.program};
    families.add(Metric::bpf_runs, {label}, program.runs);
    families.add(Metric::bpf_run_seconds, {label}, Seconds(program.run_time).count());
  }
  for (const MapFill& map : view.maps) {
    families.add(Metric::map_entries, {{"map", map.map}}, map.entries);
    families.add(Metric::map_capacity, {{"map", map.map}}, map.capacity);
  }
  families.add(Metric::attached, {}, view.health.attached ? 1.0 : 0.0);
  families.add(Metric::self_check, {},
               view.health.self_check == SelfCheckResult::counted ? 1.0 : 0.0);
  families.add(Metric::shards_over_limit, {}, view.shards_over_limit);
  families.add(Metric::tick_seconds, {}, view.tick_seconds);
  families.add(Metric::config_reload_ok, {}, view.health.config_reload_ok ? 1.0 : 0.0);
  if (view.pod_names.on) {
    families.add(Metric::kubernetes_up, {}, view.pod_names.reachable ? 1.0 : 0.0);
    families.add(Metric::kubernetes_pods, {}, static_cast<std::uint64_t>(view.pod_names.pods));
  }
  families.add(Metric::build_info, {{"version", view.version}}, 1.0);
  families.add(Metric::start_time, {}, Seconds(view.started.time_since_epoch()).count());
}

}  // namespace

std::vector<prometheus::MetricFamily> collect(const View& view) {
  Families families(view);
  for (const ShardView& shard : view.shards) {
    add_shard(families, shard);
    add_propagation(families, shard);
    add_replication(families, view.node, shard.shard);
  }
  add_alerts(families, view);
  add_addresses(families, view);
  add_losses(families, view);
  add_agent(families, view);
  return std::move(families).take();
}

std::string metrics_text(const View& view) {
  return prometheus::TextSerializer().Serialize(collect(view));
}

}  // namespace fanfare
