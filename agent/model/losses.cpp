// SPDX-License-Identifier: Apache-2.0
#include "agent/model/losses.h"

#include <bit>
#include <utility>

namespace fanfare {
namespace {

std::uint64_t grown(std::uint64_t now, std::uint64_t before) {
  return now > before ? now - before : 0;
}

std::uint16_t step(std::uint16_t now, std::uint16_t& before) {
  return static_cast<std::uint16_t>(now - std::exchange(before, now));
}

}  // namespace

Losses& Losses::operator+=(const Losses& more) {
  out += more.out;
  in += more.in;
  if (more.last != FANFARE_LOSS_NONE) last = more.last;
  return *this;
}

Losses growth(const Losses& now, const Losses& before) {
  return {grown(now.out, before.out), grown(now.in, before.in), now.last};
}

Losses SocketLosses::take(const fanfare_flow& flow) {
  Losses lost{.out = step(flow.out.losses, out_), .in = step(flow.in.losses, in_)};
  if (lost.in > 0) lost.last = flow.in.lost_by;
  if (lost.out > 0 && flow.out.lost_by != FANFARE_LOSS_NONE) lost.last = flow.out.lost_by;
  return lost;
}

void PortLosses::forget_gone(const Snapshot& snapshot) {
  const auto known = snapshot.port_losses.size();
  if (std::exchange(known_, known) <= known) return;
  std::map<std::uint64_t, std::uint64_t> kept;
  for (const PortLoss& loss : snapshot.port_losses)
    if (const auto taken = taken_.find(std::bit_cast<std::uint64_t>(loss.of));
        taken != taken_.end())
      kept.insert(*taken);
  taken_ = std::move(kept);
}

Losses PortLosses::take(const Snapshot& snapshot, const ListenerKey& port) {
  Losses lost;
  for (const PortLoss& loss : snapshot.port_losses) {
    if (loss.of.netns != port.netns || loss.of.port != port.port) continue;
    auto& taken = taken_[std::bit_cast<std::uint64_t>(loss.of)];
    if (loss.count < taken) taken = 0;  // forgotten, and there again
    const auto more = grown(loss.count, std::exchange(taken, loss.count));
    (loss.of.way == FANFARE_WAY_OUT ? lost.out : lost.in) += more;
    if (more > 0) lost.last = loss.of.reason;
  }
  return lost;
}

LossDelta RecentLosses::advance(Monotonic now, const Losses& clients, const Losses& replication) {
  if (samples_.back().clients != clients || samples_.back().replication != replication)
    samples_.push_back({now, clients, replication});
  while (samples_.size() > 1 && now - samples_[1].at >= std::chrono::minutes(1))
    samples_.pop_front();
  const Losses mine = growth(clients, samples_.front().clients);
  const Losses peers = growth(replication, samples_.front().replication);
  return {.out = mine.out, .in = mine.in, .replication = peers.out + peers.in};
}

}  // namespace fanfare
