// SPDX-License-Identifier: Apache-2.0
// A board that ticks once a second, and judgements of peers; shared by the tests of the board.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "agent/alerts/board.h"
#include "tests/unit/sample_judgement.h"

namespace fanfare::sample {

struct Clocked {
  std::vector<Alert> tick(std::vector<Judgement> judgements) {
    now += 1s;
    for (Judgement& one : judgements) one.at = now;
    return alerts = board.advance(now, start_wall + (now - start), judgements);
  }
  std::vector<Alert> tick(int times, const std::vector<Judgement>& judgements) {
    for (int i = 0; i < times; ++i) tick(judgements);
    return alerts;
  }
  // "FanfareReachLoss firing critical", with the peer behind it
  std::vector<std::string> list() const {
    std::vector<std::string> lines;
    for (const Alert& alert : alerts)
      lines.push_back(alert.name + ' ' + std::string(state_name(alert.state)) + ' ' +
                      std::string(severity_name(alert.severity)) +
                      (alert.peer.empty() ? "" : ' ' + alert.peer));
    return lines;
  }
  Board board;
  Monotonic now = start;
  std::vector<Alert> alerts;
};

inline Judgement with_peers(std::vector<Signal> peers) {
  Judgement one = judgement();
  one.signals = std::move(peers);
  return one;
}
inline Signal slow_peer(const std::string& name) { return lost(peer(name), 103, 0.48); }
inline Judgement stalled(Monotonic since, std::vector<Signal> peers) {
  Judgement one = with_peers(std::move(peers));
  one.stalls.push_back({.peer = "n3", .behind = 280, .since = since});
  return one;
}

}  // namespace fanfare::sample
