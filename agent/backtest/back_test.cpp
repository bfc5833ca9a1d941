// SPDX-License-Identifier: Apache-2.0
#include "agent/backtest/back_test.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "agent/replay/bad_file.h"

namespace fanfare {
namespace {

// CLOCK_MONOTONIC of the input's start: some time after a boot, so that no age is negative.
constexpr std::chrono::hours boot{24};

Monotonic monotonic(double t) {
  return boot + std::chrono::nanoseconds(static_cast<std::int64_t>(std::llround(t * 1e9)));
}

Wall wall(double t) {
  return Wall(std::chrono::duration_cast<Wall::duration>(std::chrono::duration<double>(t)));
}

}  // namespace

BackTest::BackTest(const Config& config, Tell tell) : config_(config), tell_(std::move(tell)) {
  restart(false);
}

void BackTest::restart(bool state_kept) {
  auto judge = std::make_unique<Judge>();
  auto board = std::make_unique<Board>();
  board->set_patience(std::chrono::seconds(config_.limits.shard_idle_seconds));
  if (state_kept && judge_) {
    judge->restore(judge_->save());
    board->restore(board_->save(), monotonic(t_), wall(t_));
  } else {
    told_.clear();
  }
  judge_ = std::move(judge);
  board_ = std::move(board);
}

void BackTest::take(CountsLine line, const std::string& where) {
  if (began_ && line.t < t_)
    throw BadFile(
        fmt::format("{}: t goes back from {} to {}: sort the lines by time", where, t_, line.t));
  if (line.t != t_ || line.kind != CountsLine::Kind::shard) tick();
  began_ = true;
  t_ = line.t;
  if (line.kind != CountsLine::Kind::shard)
    return restart(line.kind == CountsLine::Kind::state_kept);
  const bool twice = std::ranges::any_of(
      deltas_, [&](const ShardDelta& delta) { return delta.shard == line.delta.shard; });
  if (twice)
    throw BadFile(
        fmt::format("{}: shard {} stands twice at t {}", where, line.delta.shard, line.t));
  line.delta.at = monotonic(line.t);
  deltas_.push_back(std::move(line.delta));
}

void BackTest::tick() {
  if (deltas_.empty()) return;
  const auto judgements = judge_->advance(deltas_);
  deltas_.clear();
  std::map<AlertKey, Told> seen;
  for (const Alert& alert : board_->advance(monotonic(t_), wall(t_), judgements)) {
    if (alert.state == AlertState::pending) continue;
    const AlertKey key{alert.name, alert.shard, alert.peer};
    const Told now{state_name(alert), alert.severity};
    const auto before = told_.find(key);
    const bool known = before != told_.end() && before->second.state == now.state &&
                       before->second.severity == now.severity;
    if (!known) tell_({t_, alert});
    seen.emplace(key, now);
  }
  told_ = std::move(seen);
  for (const auto& judgement : judgements) last_[judgement.shard] = judgement;
}

void BackTest::end() { tick(); }

}  // namespace fanfare
