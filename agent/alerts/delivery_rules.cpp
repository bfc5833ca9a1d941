// SPDX-License-Identifier: Apache-2.0
#include "agent/alerts/delivery_rules.h"

#include <algorithm>
#include <array>
#include <utility>

namespace fanfare {
namespace {

// A warning whatever the estimate: only messages lost for good wake somebody up, and a total stop
// of what comes in.
constexpr std::array<std::pair<const char*, const char*>, 5> alert_of_signal{{
    {signal_ack_fate, alert_ack_loss},
    {signal_close_loss, alert_lost_at_close},
    {signal_silence, alert_silent_sockets},
    {signal_stuck, alert_clients_stuck},
    {signal_accepted, alert_no_accepted},
}};

// A stop twice as long as it takes to believe one, while the clients are all there: a night or the
// end of an event takes them along.
bool is_proven_stop(const Judgement& judgement, const Signal& signal) {
  constexpr double all_there = 0.8;
  const auto& figures = judgement.delivery;
  return signal.name == signal_accepted && signal.lost && signal.evidence >= 2 * signal.threshold &&
         figures.sockets_usual >= collapse_least &&
         static_cast<double>(figures.sockets) >= all_there * figures.sockets_usual;
}

Severity severity_of(const Judgement& judgement, const Signal& signal) {
  if (is_proven_stop(judgement, signal)) return Severity::critical;
  if (signal.name != signal_ack_fate) return Severity::warning;
  if (signal.loss_estimate >= loss_critical) return Severity::critical;
  return signal.loss_estimate >= loss_warning ? Severity::warning : Severity::info;
}

// Counts that do not fit cannot prove that all is well again.
bool are_figures_void(const Judgement& judgement) {
  return judgement.delivery.bookkeeping_error > 0;
}

Symptom collapse(const Judgement& judgement) {
  const auto& figures = judgement.delivery;
  Symptom symptom{{alert_socket_collapse, judgement.shard, {}}, {}};
  if (figures.sockets_usual <= 0) return symptom;
  symptom.seen = {is_collapsed(figures) ? Verdict::ill : Verdict::well, Severity::warning,
                  1 - std::min(1.0, static_cast<double>(figures.sockets) / figures.sockets_usual)};
  return symptom;
}

}  // namespace

bool is_of_delivery(std::string_view alert_name) {
  return alert_name == alert_socket_collapse || alert_name == alert_bookkeeping ||
         std::ranges::any_of(alert_of_signal,
                             [&](const auto& pair) { return pair.second == alert_name; });
}

std::string_view signal_of_delivery(std::string_view alert_name) {
  if (alert_name == alert_socket_collapse) return "sockets";
  const auto known = std::ranges::find_if(
      alert_of_signal, [&](const auto& pair) { return pair.second == alert_name; });
  return known == alert_of_signal.end() ? std::string_view{} : known->first;
}

void add_delivery_symptoms(const Judgement& judgement, std::vector<Symptom>& found) {
  const bool doubtful = hides_shard(judgement) || are_figures_void(judgement);
  for (const Signal& signal : judgement.signals) {
    const auto known = std::ranges::find_if(
        alert_of_signal, [&](const auto& pair) { return pair.first == signal.name; });
    if (known == alert_of_signal.end()) continue;
    found.push_back(
        {{known->second, judgement.shard, {}},
         {verdict_on(signal, doubtful), severity_of(judgement, signal), signal.loss_estimate},
         &signal});
  }
  found.push_back(collapse(judgement));
  const auto errors = judgement.delivery.bookkeeping_error;
  found.push_back({{alert_bookkeeping, judgement.shard, {}},
                   {errors > 0 ? Verdict::ill : Verdict::well, Severity::warning,
                    static_cast<double>(errors)}});
}

}  // namespace fanfare
