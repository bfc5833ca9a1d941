// SPDX-License-Identifier: Apache-2.0
#include "agent/alerts/texts.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "agent/alerts/delivery_rules.h"
#include "agent/alerts/delivery_texts.h"
#include "agent/config/text.h"

namespace fanfare {
namespace {

std::string percent(double share) { return fmt::format("{:.1f} %", share * 100); }

std::string loss_percent(double share) {
  return share >= 0.1 ? fmt::format("{:.0f} %", share * 100) : percent(share);
}

std::string normally(const std::optional<double>& normal, bool as_share) {
  if (!normal) return "what is normal is not learned yet";
  return "normally " + (as_share ? percent(*normal) : fmt::format("{:.2f}", *normal));
}

// "62 of 198 in the last 10 s"
std::string counts(const Ratio& ratio) {
  return fmt::format("{:.0f} of {:.0f} in the last {} s", ratio.numerator, ratio.denominator,
                     ratio.window.count());
}

std::string ratio_sentence(const Signal& signal) {
  const Ratio& ratio = signal.ratio;
  if (!ratio.value)
    return fmt::format("The ratio is unknown at present: {}.",
                       ratio.unknown.empty() ? "there is nothing to judge by" : ratio.unknown);
  if (signal.name == signal_reach && !signal.origin.empty())
    return fmt::format("{} of the events whose room had readers here reached one of them, {}: {}.",
                       percent(*ratio.value), normally(signal.normal, true), counts(ratio));
  if (signal.name == signal_reach)
    return fmt::format(
        "{} of the events that were due on this node reached a client besides their publisher, "
        "{}: {}.",
        percent(*ratio.value), normally(signal.normal, true), counts(ratio));
  if (signal.name == signal_copies)
    return fmt::format(
        "{:.2f} copies of each event that was due left for clients of this node, {}: {:.0f} copies "
        "of {:.0f} events in the last {} s.",
        *ratio.value, normally(signal.normal, false), ratio.numerator, ratio.denominator,
        ratio.window.count());
  return fmt::format("{} of the new log entries were confirmed by {} (this node -> {}), {}: {}.",
                     percent(*ratio.value), escaped(signal.peer), escaped(signal.peer),
                     normally(signal.normal, true), counts(ratio));
}

std::string evidence_sentence(const Signal& signal, const Judgement& judgement) {
  std::string text =
      fmt::format("Evidence {:.1f} nats ({:.1f} needed).", signal.evidence, signal.threshold);
  if (signal.lost) text += fmt::format(" Estimated loss {}.", loss_percent(signal.loss_estimate));
  if (signal.lost && is_too_small(judgement, signal))
    text +=
        fmt::format(" Fewer than {} clients cannot be judged from counts: clients.room would tell.",
                    clients_judged_by_share);
  if (!signal.lost || !is_unproven(judgement, signal)) return text;
  if (!judgement.rooms.judged && judgement.sockets < clients_judged_well)
    text += fmt::format(
        " Of fewer than {} clients, without rooms, under {:.0f} % or {:.0f} nats this does not "
        "page.",
        clients_judged_well, reach_young_critical * 100, reach_young_evidence);
  else
    text += fmt::format(
        " What is normal has been learned for {} s only: under {:.0f} % or {:.0f} nats this is "
        "critical only once it has lasted or been learned for {} min.",
        signal.learned->count(), reach_young_critical * 100, reach_young_evidence,
        reach_young_for.count());
  return text;
}

std::string losses_text(const Judgement& judgement) {
  const LossDelta& losses = judgement.losses;
  if (losses == LossDelta{}) return "0 capture losses";
  return fmt::format("{} capture losses outbound, {} inbound, {} of its peers", losses.out,
                     losses.in, losses.replication);
}

std::string sight_sentence(const Judgement& judgement) {
  return fmt::format("Coverage {}, {}.",
                     judgement.coverage ? fmt::format("{:.0f} %", *judgement.coverage * 100)
                                        : std::string("unknown"),
                     losses_text(judgement));
}

// The peer that has confirmed the largest share of entries; null where none is known.
const Signal* best_peer(const Judgement& judgement) {
  const Signal* best = nullptr;
  for (const Signal& signal : judgement.signals) {
    if (signal.name != signal_replication || !signal.ratio.value) continue;
    if (!best || signal.ratio.value > best->ratio.value) best = &signal;
  }
  return best;
}

std::string break_sentence(const Judgement& judgement) {
  const Signal* best = best_peer(judgement);
  const std::string confirmed =
      best ? fmt::format("{:.0f} of {:.0f} confirmed by {}", best->ratio.numerator,
                         best->ratio.denominator, escaped(best->peer))
           : std::string("none confirmed by any peer");
  if (!can_commit(judgement))
    return fmt::format(
        "Too few peers get the entries to commit them ({} at best), so the break is "
        "in the replication.",
        confirmed);
  if (best)
    return fmt::format(
        "Entries are replicated ({}), so the break is between the applied log and "
        "the client sockets on this node.",
        confirmed);
  return fmt::format(
      "The events are known on this node ({} due in the last 10 s), so the break is "
      "between its log and its client sockets.",
      judgement.due);
}

Texts describe_clients(const Symptom& symptom, const Judgement& judgement) {
  const Signal& signal = *symptom.signal;
  const bool all = signal.name == signal_reach;
  const bool broadcast = can_commit(judgement);
  Texts texts;
  texts.step = broadcast ? "broadcast" : "replication";
  texts.summary = fmt::format("{} of shard {} on this node miss messages until they reload.",
                              all ? "Clients" : "Some clients", escaped(judgement.shard));
  texts.why = fmt::format("{} {} {}", ratio_sentence(signal), evidence_sentence(signal, judgement),
                          sight_sentence(judgement));
  if (symptom.seen.verdict == Verdict::ill) texts.why += ' ' + break_sentence(judgement);
  texts.next =
      broadcast
          ? "Roll back the build on this node or drain it; users see messages after a reload."
          : "Restore the replication first: look at the peers, the network and the last rollout.";
  return texts;
}

std::string stall_sentence(const Stall& stall, const Judgement& judgement) {
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(judgement.at - stall.since);
  return fmt::format(
      "{} answers, but has confirmed no new log entry for {} s and is {} entries behind (this node "
      "-> {}; {} s are needed).",
      escaped(stall.peer), age.count(), stall.behind, escaped(stall.peer), stalled_after.count());
}

Texts describe_peer(const Symptom& symptom, const Judgement& judgement) {
  const std::string peer = escaped(symptom.key.peer);
  const bool stalled = symptom.key.name == alert_replication_stalled;
  Texts texts;
  texts.step = "replication";
  texts.summary = fmt::format("Log entries of shard {} {} arrive at {}; its clients miss messages.",
                              escaped(judgement.shard), stalled ? "no longer" : "do not all", peer);
  if (symptom.stall) texts.why = stall_sentence(*symptom.stall, judgement);
  if (symptom.signal && !symptom.stall)
    texts.why = fmt::format("{} {} {}.", ratio_sentence(*symptom.signal),
                            evidence_sentence(*symptom.signal, judgement), losses_text(judgement));
  if (symptom.seen.verdict == Verdict::replaced)
    texts.why = fmt::format("{} says the same of {}.", alert_replication_stalled, peer);
  texts.next = fmt::format(
      "Look at {}: its log, its disk and the network from this node; roll "
      "back its build or restart it, or drain it.",
      peer);
  return texts;
}

Texts describe_sight(const Judgement& judgement) {
  Texts texts;
  texts.step = "capture";
  texts.summary =
      fmt::format("fanfare sees {} of shard {} on this node: a loss {} go unnoticed.",
                  hides_shard(judgement) ? "too little" : "not all", escaped(judgement.shard),
                  hides_shard(judgement) ? "would" : "of the rest may");
  texts.why =
      fmt::format("{} {} at {} events due in the last 10 s ({} borne).",
                  judgement.coverage
                      ? fmt::format("{} of the open client sockets are readable ({:.0f} % needed).",
                                    percent(*judgement.coverage), coverage_needed * 100)
                      : std::string("No client socket is open."),
                  losses_text(judgement), judgement.due,
                  judgement.due > 0 ? percent(losses_borne) : std::to_string(losses_borne_idle));
  texts.next = "Run `fanfare status` on this node: it names what is not counted, and the remedy.";
  return texts;
}

Texts describe_absence(const Judgement& judgement) {
  const std::string shard = escaped(judgement.shard);
  Texts texts;
  texts.step = "accept";
  texts.summary = fmt::format("Nobody serves shard {} on this node.", shard);
  texts.why =
      judgement.absence == Absence::yes
          ? "The configuration expects it (expected: true). Nobody on this host listens for it, "
            "and "
            "neither a client nor a peer is connected: a deploy that fails before its process "
            "starts looks like this."
          : "Somebody listens for it again or is connected, or it is no longer expected here.";
  texts.next = fmt::format(
      "Run `fanfare explain {}`, then `systemctl status` and `journalctl -u` of its unit, or "
      "`kubectl describe pod`; roll the last deploy back.",
      shard);
  return texts;
}

Texts describe_lag(const Judgement& judgement) {
  const LagFigures& lag = judgement.lag;
  Texts texts;
  texts.step = "broadcast";
  texts.summary = fmt::format("Messages of shard {} reach clients of this node late.",
                              escaped(judgement.shard));
  texts.why = fmt::format(
      "{:.0f} of the {:.0f} events that got their first copy in the last 60 s got it later than "
      "{:.0f} s after they came due on this node.",
      lag.late, lag.came, lag.limit_seconds);
  texts.next =
      "Look for a queue that grows: CPU and event loop of the server, the bus, the log that is "
      "applied. Take load away, or drain this node.";
  return texts;
}

}  // namespace

Texts describe(const Symptom& symptom, const Judgement& judgement) {
  if (symptom.key.name == alert_blind) return describe_sight(judgement);
  if (symptom.key.name == alert_server_absent) return describe_absence(judgement);
  if (symptom.key.name == alert_lag) return describe_lag(judgement);
  if (is_of_delivery(symptom.key.name)) return describe_delivery(symptom, judgement);
  return symptom.key.peer.empty() ? describe_clients(symptom, judgement)
                                  : describe_peer(symptom, judgement);
}

}  // namespace fanfare
