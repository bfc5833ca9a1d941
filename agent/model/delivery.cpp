// SPDX-License-Identifier: Apache-2.0
#include "agent/model/delivery.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <numeric>

namespace fanfare {
namespace {

template <typename T, std::size_t n, typename Step>
std::array<T, n> each(const std::array<T, n>& a, const std::array<T, n>& b, Step step) {
  std::array<T, n> result{};
  std::transform(a.begin(), a.end(), b.begin(), result.begin(), step);
  return result;
}

Fate sum(const Fate& a, const Fate& b) {
  return {.written = a.written + b.written,
          .acked = a.acked + b.acked,
          .lost = each(a.lost, b.lost, std::plus<>()),
          .unknown = a.unknown + b.unknown,
          .in_flight = a.in_flight + b.in_flight};
}

constexpr auto grown = [](std::uint64_t now, std::uint64_t before) {
  return now > before ? now - before : 0;
};

Fate growth(const Fate& now, const Fate& before) {
  return {.written = grown(now.written, before.written),
          .acked = grown(now.acked, before.acked),
          .lost = each(now.lost, before.lost, grown),
          .unknown = grown(now.unknown, before.unknown),
          .in_flight = now.in_flight};
}

}  // namespace

Delivery sum(const Delivery& a, const Delivery& b) {
  constexpr auto plus = std::plus<>();
  Delivery both{
      .ack_times = each(a.ack_times, b.ack_times, plus),
      .ack_seconds = a.ack_seconds + b.ack_seconds,
      .unsent_lost = each(a.unsent_lost, b.unsent_lost, plus),
      .ended = a.ended + b.ended,
      .unsent_bytes = a.unsent_bytes + b.unsent_bytes,
      .oldest_unsent_seconds = std::max(a.oldest_unsent_seconds, b.oldest_unsent_seconds),
      .oldest_unacked_seconds = std::max(a.oldest_unacked_seconds, b.oldest_unacked_seconds),
      .slow = a.slow + b.slow,
      .stuck = a.stuck + b.stuck,
      .silent = each(a.silent, b.silent, plus),
      .judged = each(a.judged, b.judged, plus),
      .edge = a.edge + b.edge,
      .inner = a.inner + b.inner,
      .bookkeeping_error = a.bookkeeping_error + b.bookkeeping_error};
  for (std::size_t kind = 0; kind < both.fates.size(); ++kind)
    both.fates[kind] = sum(a.fates[kind], b.fates[kind]);
  return both;
}

Delivery growth(const Delivery& now, const Delivery& before) {
  Delivery delta = now;
  for (std::size_t kind = 0; kind < delta.fates.size(); ++kind)
    delta.fates[kind] = growth(now.fates[kind], before.fates[kind]);
  delta.ack_times = each(now.ack_times, before.ack_times, grown);
  delta.ack_seconds = std::max(0.0, now.ack_seconds - before.ack_seconds);
  delta.unsent_lost = each(now.unsent_lost, before.unsent_lost, grown);
  delta.ended = grown(now.ended, before.ended);
  delta.bookkeeping_error = grown(now.bookkeeping_error, before.bookkeeping_error);
  return delta;
}

void clear_gauges(Delivery& delivery) {
  for (auto& fate : delivery.fates) fate.in_flight = 0;
  delivery.unsent_bytes = delivery.slow = delivery.stuck = 0;
  delivery.oldest_unsent_seconds = delivery.oldest_unacked_seconds = 0;
  delivery.silent = delivery.judged = {};
  delivery.edge = delivery.inner = 0;
}

std::uint64_t imbalance(const Delivery& delivery) {
  std::uint64_t total = 0;
  for (const Fate& fate : delivery.fates) {
    const auto lost = std::accumulate(fate.lost.begin(), fate.lost.end(), fate.unknown);
    const auto off = static_cast<std::int64_t>(fate.written - fate.acked - lost - fate.in_flight);
    total += static_cast<std::uint64_t>(std::abs(off));
  }
  return total;
}

}  // namespace fanfare
