// SPDX-License-Identifier: Apache-2.0
#include "agent/alerts/rules.h"

#include <algorithm>
#include <array>

#include "agent/alerts/delivery_rules.h"
#include "agent/ratios/coverage.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;

struct Rule {
  std::string_view name;
  Patience patience;
};

// A fault that comes and goes within a minute is one episode.
constexpr Patience of_loss{.well = 60s};

// Loss needs no hold of its own: `lost` is two judged ticks in a row over the threshold. Of the
// loss of entries a stall is the cause more often than not and is known after 10 s: it goes first.
constexpr std::array<Rule, 15> rules{{
    {alert_reach_loss, of_loss},
    {alert_copies_loss, of_loss},
    {alert_replication_loss, {.hold = stalled_after, .well = 60s}},
    {alert_replication_stalled, of_loss},
    {alert_blind, {.hold = 60s, .well = 60s}},
    {alert_ack_loss, {.hold = 60s}},
    {alert_lost_at_close, {.hold = 60s}},
    {alert_silent_sockets, {.hold = 120s}},
    {alert_clients_stuck, {.hold = 120s}},
    {alert_no_accepted, {}},  // two minutes are part of what is judged
    {alert_socket_collapse, {.hold = 120s}},
    {alert_lag, {.hold = 10s}},
    {alert_server_absent, {.hold = 120s, .lapse = 30s}},
    {alert_not_counting, {}},
    {alert_bookkeeping, {}},
}};

// Where rooms are judged, fewer copies alone cannot be told from batches or from another mix of
// rooms: whoever gets nothing is found by its room.
Severity severity_of(const Judgement& judgement, const Signal& signal) {
  if (signal.name == signal_copies && judgement.rooms.judged)
    return signal.loss_estimate >= loss_warning ? Severity::warning : Severity::info;
  if (is_too_small(judgement, signal)) return Severity::info;
  if (signal.loss_estimate >= loss_critical && !is_unproven(judgement, signal))
    return Severity::critical;
  return signal.loss_estimate >= loss_warning ? Severity::warning : Severity::info;
}

bool too_many_losses(const Judgement& judgement) {
  if (judgement.due == 0) return judgement.relevant_losses > losses_borne_idle;
  return static_cast<double>(judgement.relevant_losses) >
         losses_borne * static_cast<double>(judgement.due);
}

bool too_little_coverage(const Judgement& judgement) {
  return judgement.coverage && *judgement.coverage < coverage_needed;
}

// The shard goes on, and this node sends nothing to anybody: another node leads, and its agent
// judges the ways to its peers. What this node said of its own ways has no subject any more.
bool another_leads(const Judgement& judgement) {
  return judgement.due > 0 && judgement.losses.replication == 0 &&
         std::ranges::all_of(judgement.signals, [](const Signal& signal) {
           return signal.name != signal_replication || signal.ratio.denominator <= 0;
         });
}

Verdict verdict_on_peer(const Judgement& judgement, const Signal& signal) {
  if (!signal.lost && another_leads(judgement)) return Verdict::well;
  return verdict_on(signal, false);  // its ratio is unknown where something of its own was lost
}

const Stall* stall_of(const Judgement& judgement, const std::string& peer) {
  const auto stall = std::ranges::find_if(judgement.stalls, [&](const Stall& each) {
    return each.peer == peer && each.behind > 0 && judgement.at - each.since >= stalled_after;
  });
  return stall == judgement.stalls.end() ? nullptr : &*stall;
}

void add_stalled(const Judgement& judgement, const std::string& peer, const Signal* signal,
                 std::vector<Symptom>& found) {
  Symptom stalled{{alert_replication_stalled, judgement.shard, peer}, {}, signal};
  if (const Stall* stall = stall_of(judgement, peer)) {
    stalled.stall = stall;
    stalled.seen = {Verdict::ill, Severity::critical, static_cast<double>(stall->behind)};
  } else if (signal) {
    stalled.seen.verdict = verdict_on_peer(judgement, *signal);
    // Entries arrive again, not all of them: the loss of entries says so once the stall is over.
    if (signal->lost) stalled.seen.verdict = Verdict::unknown;
  }
  found.push_back(std::move(stalled));
}

void add_peer(const Judgement& judgement, const Signal& signal, std::vector<Symptom>& found) {
  add_stalled(judgement, signal.peer, &signal, found);
  found.push_back(
      {{alert_replication_loss, judgement.shard, signal.peer},
       {verdict_on_peer(judgement, signal), severity_of(judgement, signal), signal.loss_estimate},
       &signal});
}

Verdict verdict_on_absence(Absence absence) {
  if (absence == Absence::unsure) return Verdict::unknown;
  return absence == Absence::yes ? Verdict::ill : Verdict::well;
}

// Critical: whoever waits for a message has it too late, and those that come after it too.
Symptom lag(const Judgement& judgement) {
  Symptom symptom{{alert_lag, judgement.shard, {}}, {}};
  if (judgement.lag.came == 0) return symptom;
  symptom.seen = {judgement.lag.is_late ? Verdict::ill : Verdict::well, Severity::critical,
                  judgement.lag.late / judgement.lag.came};
  return symptom;
}

bool has_signal(const Judgement& judgement, const std::string& peer) {
  return std::ranges::any_of(judgement.signals, [&](const Signal& signal) {
    return signal.name == signal_replication && signal.peer == peer;
  });
}

// Where nothing is due nobody misses a judgement, but it could not be made.
Severity severity_of_sight(const Judgement& judgement) {
  if (hides_shard(judgement)) return Severity::critical;
  const bool poor = judgement.coverage && *judgement.coverage < coverage_judged;
  return poor ? Severity::warning : Severity::info;
}

}  // namespace

Verdict verdict_on(const Signal& signal, bool doubtful) {
  if (signal.lost) return Verdict::ill;
  return signal.ratio.value && !doubtful ? Verdict::well : Verdict::unknown;
}

std::string_view signal_of(std::string_view alert_name) {
  if (alert_name == alert_reach_loss) return signal_reach;
  if (alert_name == alert_copies_loss) return signal_copies;
  if (alert_name == alert_replication_loss || alert_name == alert_replication_stalled)
    return signal_replication;
  return signal_of_delivery(alert_name);
}

std::optional<Patience> patience_of(std::string_view alert_name) {
  const auto rule = std::ranges::find(rules, alert_name, &Rule::name);
  return rule == rules.end() ? std::nullopt : std::optional(rule->patience);
}

namespace {

bool is_by_share(const Judgement& judgement, const Signal& signal) {
  return signal.name == signal_reach && !judgement.rooms.judged;
}

}  // namespace

bool is_too_small(const Judgement& judgement, const Signal& signal) {
  return is_by_share(judgement, signal) && judgement.sockets < clients_judged_by_share;
}

bool is_unproven(const Judgement& judgement, const Signal& signal) {
  const bool weak =
      signal.loss_estimate < reach_young_critical || signal.evidence < reach_young_evidence;
  if (is_by_share(judgement, signal) && judgement.sockets < clients_judged_well) return weak;
  if (signal.name != signal_reach || !signal.learned) return false;
  const auto lost_for = signal.lost ? judgement.at - signal.lost_since : std::chrono::nanoseconds{};
  if (*signal.learned + lost_for >= reach_young_for) return false;
  return weak;
}

bool is_blind(const Judgement& judgement) {
  return too_little_coverage(judgement) || too_many_losses(judgement);
}

bool hides_shard(const Judgement& judgement) {
  if (judgement.due == 0) return false;
  return (judgement.coverage && *judgement.coverage < coverage_judged) ||
         judgement.hidden >= losses_judged * static_cast<double>(judgement.due);
}

bool can_commit(const Judgement& judgement) {
  std::size_t peers = 0;
  std::size_t ill = 0;
  for (const Signal& signal : judgement.signals) {
    if (signal.name != signal_replication) continue;
    ++peers;
    ill += signal.lost || stall_of(judgement, signal.peer) ? 1 : 0;
  }
  return ill == 0 || peers - ill >= (peers + 1) / 2;
}

std::vector<Symptom> symptoms(const Judgement& judgement) {
  std::vector<Symptom> found;
  const bool blind = is_blind(judgement);
  const bool hidden = hides_shard(judgement);
  for (const Signal& signal : judgement.signals) {
    if (signal.name == signal_replication) {
      add_peer(judgement, signal, found);
      continue;
    }
    if (signal.name != signal_reach && signal.name != signal_copies) continue;
    const char* name = signal.name == signal_reach ? alert_reach_loss : alert_copies_loss;
    found.push_back(
        {{name, judgement.shard, {}},
         {verdict_on(signal, hidden), severity_of(judgement, signal), signal.loss_estimate},
         &signal});
  }
  for (const Stall& stall : judgement.stalls)
    if (!has_signal(judgement, stall.peer)) add_stalled(judgement, stall.peer, nullptr, found);
  const double figure = too_little_coverage(judgement)
                            ? judgement.coverage.value_or(0)
                            : static_cast<double>(judgement.relevant_losses);
  found.push_back({{alert_blind, judgement.shard, {}},
                   {blind ? Verdict::ill : Verdict::well, severity_of_sight(judgement), figure}});
  found.push_back({{alert_server_absent, judgement.shard, {}},
                   {verdict_on_absence(judgement.absence), Severity::critical,
                    judgement.absence == Absence::yes ? 1.0 : 0.0}});
  found.push_back(lag(judgement));
  add_delivery_symptoms(judgement, found);
  return found;
}

}  // namespace fanfare
