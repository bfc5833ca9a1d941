// SPDX-License-Identifier: Apache-2.0
// The table of metrics. Names are public contract: add, do not rename.
#include "agent/exports/metrics_catalogue.h"

#include <fmt/format.h>

namespace fanfare {
namespace {

using prometheus::MetricType;

constexpr std::array<MetricEntry, static_cast<std::size_t>(Metric::count)> catalogue{{
    {Metric::sockets, "fanfare_sockets", MetricType::Gauge, "shard,role,state",
     "Open WebSocket sockets of the shard on this node; only those in state synced are counted."},
    {Metric::sockets_opened, "fanfare_sockets_opened_total", MetricType::Counter, "shard,role",
     "Sockets that became part of the shard since the agent started, older ones included once."},
    {Metric::sockets_closed, "fanfare_sockets_closed_total", MetricType::Counter, "shard,role,by",
     "Sockets of the shard that closed, by who ended them: peer, local, or a TCP timeout."},
    {Metric::coverage, "fanfare_coverage_ratio", MetricType::Gauge, "shard",
     "Readable client sockets over open client sockets on the shard's ports, 0 to 1; absent while "
     "there are no sockets to judge by."},
    {Metric::messages, "fanfare_messages_total", MetricType::Counter,
     "shard,role,protocol,direction,class",
     "Application messages, each counted once when its last byte has passed; fragments are in "
     "fanfare_frames_total. Control frames are class control."},
    {Metric::message_bytes, "fanfare_message_bytes_total", MetricType::Counter,
     "shard,role,protocol,direction,class",
     "Payload bytes of the messages in fanfare_messages_total, as on the wire: compressed if they "
     "are, without frame headers."},
    {Metric::frames, "fanfare_frames_total", MetricType::Counter, "shard,role,protocol,direction",
     "Complete frames of any kind, fragments and control frames included."},
    {Metric::capture_losses, "fanfare_capture_losses_total", MetricType::Counter, "reason",
     "What was not counted, by reason, in the unit of the reason (sockets, segments, messages or "
     "times); 0 means that nothing was lost."},
    {Metric::shards_over_limit, "fanfare_shards_over_limit", MetricType::Gauge, "",
     "Listeners that share the label shard=\"other\" because limits.shards is reached."},
    {Metric::bpf_runs, "fanfare_bpf_runs_total", MetricType::Counter, "program",
     "Runs of a kernel program; stays 0 while kernel.bpf_stats_enabled is off."},
    {Metric::bpf_run_seconds, "fanfare_bpf_run_seconds_total", MetricType::Counter, "program",
     "Seconds of CPU time spent in a kernel program; stays 0 while kernel.bpf_stats_enabled is "
     "off."},
    {Metric::tick_seconds, "fanfare_tick_seconds", MetricType::Gauge, "",
     "Seconds of CPU time that the agent's last reading of the kernel took."},
    {Metric::map_entries, "fanfare_map_entries", MetricType::Gauge, "map",
     "Entries in use in a kernel map."},
    {Metric::map_capacity, "fanfare_map_capacity", MetricType::Gauge, "map",
     "Entries that a kernel map can hold; past it sockets are not counted."},
    {Metric::config_reload_ok, "fanfare_config_last_reload_successful", MetricType::Gauge, "",
     "1 if the last reading of the configuration succeeded, 0 if the one before is still in use."},
    {Metric::build_info, "fanfare_build_info", MetricType::Gauge, "version",
     "Always 1; the version of the agent is in the label."},
    {Metric::start_time, "fanfare_start_time_seconds", MetricType::Gauge, "",
     "Start of the agent in seconds since 1970-01-01 UTC."},
}};

constexpr bool each_at_its_index() {
  for (std::size_t i = 0; i < catalogue.size(); ++i) {
    if (static_cast<std::size_t>(catalogue[i].metric) != i || catalogue[i].name.empty()) {
      return false;
    }
  }
  return true;
}
static_assert(each_at_its_index(), "a value of enum Metric has no entry or stands elsewhere");

}  // namespace

const std::array<MetricEntry, static_cast<std::size_t>(Metric::count)>& metrics_catalogue() {
  return catalogue;
}

std::string_view type_text(MetricType type) {
  return type == MetricType::Counter ? "counter" : "gauge";
}

std::string metrics_reference() {
  std::string text =
      "All metrics carry the labels `cluster` and `node`; the further labels stand beside each.\n\n"
      "| metric | type | further labels | meaning |\n|---|---|---|---|\n";
  for (const MetricEntry& entry : catalogue) {
    text += fmt::format("| `{}` | {} | {} | {} |\n", entry.name, type_text(entry.type),
                        entry.labels, entry.help);
  }
  return text;
}

}  // namespace fanfare
