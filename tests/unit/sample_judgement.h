// SPDX-License-Identifier: Apache-2.0
// Judgements of a shard of three nodes at 20 events/s, shared by the tests of the alerts.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "agent/kernel/snapshot.h"
#include "agent/ratios/judgement.h"

namespace fanfare::sample {

using namespace std::chrono_literals;

inline constexpr Monotonic start = 1000s;
inline const Wall start_wall{std::chrono::seconds(1700000000)};

inline Signal signal(const char* name, double numerator, double denominator, double normal) {
  Signal signal;
  signal.name = name;
  signal.ratio.value = numerator / denominator;
  signal.ratio.numerator = numerator;
  signal.ratio.denominator = denominator;
  signal.ratio.coverage = 1.0;
  signal.normal = normal;
  signal.threshold = 20.16;
  return signal;
}

inline Signal healthy_reach() { return signal(signal_reach, 197, 198, 0.99); }

inline Signal lost(Signal signal, double numerator, double loss_estimate) {
  signal.ratio.numerator = numerator;
  signal.ratio.value = numerator / signal.ratio.denominator;
  signal.evidence = 24.06;
  signal.loss_estimate = loss_estimate;
  signal.lost = true;
  return signal;
}

inline Signal unknown(Signal signal, const std::string& why) {
  signal.ratio.value.reset();
  signal.ratio.unknown = why;
  return signal;
}

inline Signal peer(const std::string& name) {
  Signal replication = signal(signal_replication, 198, 198, 0.999);
  replication.peer = name;
  return replication;
}

inline Judgement judgement(Monotonic at = start) {
  Judgement judgement;
  judgement.shard = "chat-1";
  judgement.at = at;
  judgement.coverage = 1.0;
  judgement.due = 198;
  judgement.sockets = 40;
  return judgement;
}

inline Judgement judgement(Signal signal, Monotonic at = start) {
  Judgement one = judgement(at);
  one.signals.push_back(std::move(signal));
  return one;
}

}  // namespace fanfare::sample
