// SPDX-License-Identifier: Apache-2.0
#include "agent/exports/delivery_metrics.h"

#include <limits>

#include "agent/exports/names.h"

namespace fanfare {
namespace {

// Upper bound of bucket i in seconds; the last one has none. See FANFARE_ACK_BUCKET_0.
double bound_of(std::size_t i) {
  if (i + 1 == FANFARE_ACK_BUCKETS) return std::numeric_limits<double>::infinity();
  constexpr double seconds_of_tick = FANFARE_ACK_TICK_NS * 1e-9;
  return seconds_of_tick * static_cast<double>(std::uint64_t{1} << (i + FANFARE_ACK_BUCKET_0));
}

void add_fate(Families& families, LabelPair shard, std::size_t kind, const Fate& fate) {
  const LabelPair of{"class", fate_names[kind]};
  families.add(Metric::messages_acked, {shard, of}, fate.acked);
  families.add(Metric::messages_in_flight, {shard, of}, fate.in_flight);
  for (std::size_t i = 0; i < end_reasons; ++i)
    families.add(Metric::messages_lost, {shard, of, {"reason", end_reason_names[i]}}, fate.lost[i]);
  families.add(Metric::messages_lost, {shard, of, {"reason", "unknown"}}, fate.unknown);
}

}  // namespace

void add_delivery(Families& families, std::string_view name, const Delivery& delivery) {
  const LabelPair shard{"shard", name};
  for (std::size_t kind = 0; kind < delivery.fates.size(); ++kind)
    add_fate(families, shard, kind, delivery.fates[kind]);
  Histogram times{.sum = delivery.ack_seconds, .buckets = {}};
  for (std::size_t i = 0; i < delivery.ack_times.size(); ++i)
    times.buckets.emplace_back(bound_of(i), delivery.ack_times[i]);
  families.add(Metric::ack_seconds, {shard}, times);
  families.add(Metric::unsent_bytes, {shard}, delivery.unsent_bytes);
  for (std::size_t i = 0; i < end_reasons; ++i)
    families.add(Metric::unsent_bytes_lost, {shard, {"reason", end_reason_names[i]}},
                 delivery.unsent_lost[i]);
  families.add(Metric::oldest_unsent, {shard}, delivery.oldest_unsent_seconds);
  families.add(Metric::oldest_unacked, {shard}, delivery.oldest_unacked_seconds);
  families.add(Metric::sockets_behind, {shard, {"pace", "slow"}}, delivery.slow);
  families.add(Metric::sockets_behind, {shard, {"pace", "stuck"}}, delivery.stuck);
  // Nobody is judged in the first minute.
  for (std::size_t i = 1; i < age_classes; ++i) {
    families.add(Metric::sockets_silent, {shard, {"age", age_names[i]}}, delivery.silent[i]);
    families.add(Metric::sockets_judged, {shard, {"age", age_names[i]}}, delivery.judged[i]);
  }
  families.add(Metric::sockets_by_hop, {shard, {"hop", "edge"}}, delivery.edge);
  families.add(Metric::sockets_by_hop, {shard, {"hop", "inner"}}, delivery.inner);
  families.add(Metric::bookkeeping_error, {shard}, delivery.bookkeeping_error);
}

}  // namespace fanfare
