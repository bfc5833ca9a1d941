// SPDX-License-Identifier: Apache-2.0
// The links behind the counts: ratio, evidence, alert, and who hears of it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "agent/exports/explain_links.h"
#include "agent/exports/propagation.h"

namespace fanfare {
namespace {

constexpr double scrape_wanted = 120;  // s; two intervals of a slow Prometheus

std::string signal_text(const Signal& signal) {
  std::string text = signal.name;
  if (!signal.peer.empty()) text += " to " + signal.peer;
  if (!signal.ratio.value) {
    const std::string& why = signal.ratio.unknown;
    return text + " unknown (" + (why.empty() ? "nothing was due" : why) + ")";
  }
  text += fmt::format(" {:.3f}", *signal.ratio.value);
  text += signal.normal ? fmt::format(", normally {:.3f}", *signal.normal)
                        : std::string(", what is normal is being learned");
  return text + fmt::format(" ({:.0f} of {:.0f} in {} s)", signal.ratio.numerator,
                            signal.ratio.denominator, signal.ratio.window.count());
}

Link ratio_link(const ShardView& shard) {
  const auto& signals = shard.judgement.signals;
  if (signals.empty())
    return {"ratio", LinkState::unknown, "nothing was due yet", "Publish something and wait 10 s."};
  std::vector<std::string> texts;
  texts.reserve(signals.size());
  for (const auto& signal : signals) texts.push_back(signal_text(signal));
  const std::string text = fmt::format("{}", fmt::join(texts, "; "));
  if (std::ranges::any_of(signals, &Signal::lost))
    return {"ratio", LinkState::broken, text,
            "Events get lost here: `fanfare alerts` says which step and what to do first."};
  const bool known = std::ranges::any_of(
      signals, [](const Signal& signal) { return signal.ratio.value.has_value(); });
  if (!known)
    return {"ratio", LinkState::unknown, text,
            "Without traffic nothing can be judged; the canary publishes by itself."};
  return {"ratio", LinkState::whole, text, {}};
}

// Of a step of the propagation: that silence could be proven says nothing of lost events.
double provable_loss(const Signal& signal) {
  const bool is_step = !more_is_worse(signal.name) && signal.name != signal_accepted;
  return is_step ? signal.detectable_loss : 1;
}

Link evidence_link(const ShardView& shard) {
  const auto& signals = shard.judgement.signals;
  const auto most = std::ranges::max_element(signals, {}, &Signal::evidence);
  const auto finest = std::ranges::min_element(signals, {}, provable_loss);
  const std::string text = fmt::format(
      "{:.1f} nats against \"nothing is lost\" ({}), {:.1f} are believed; five minutes of this "
      "traffic would prove a loss of {:.1f} % ({})",
      most->evidence, most->name, most->threshold, provable_loss(*finest) * 100, finest->name);
  if (provable_loss(*finest) >= 1)
    return {"evidence", LinkState::note, text, "There is too little traffic to prove a loss."};
  return {"evidence", LinkState::whole, text, {}};
}

// What reach is judged by, and what would be better.
Link rooms_link(const ShardView& shard) {
  const RoomFigures& rooms = shard.judgement.rooms;
  if (!shard.shard.has_rooms)
    return {
        "rooms", LinkState::note,
        "not read: reach is the share of all events, which rises and falls with the rooms that "
        "have readers here",
        "Name `clients.room` where a JSON key of the event holds it: then each event is judged "
        "against its own room, losses are proven in seconds instead of minutes, and a node that "
        "was bad from the start is found."};
  if (!rooms.judged)
    return {
        "rooms", LinkState::note,
        fmt::format("{:.0f} % of the last minute's events have a room that could be read (80 % "
                    "are needed): reach is the share of all events",
                    100 * rooms.with_room),
        "Is `clients.room.json_key` in the log entries and publishes too, within the bytes that "
        "are read?"};
  return {"rooms",
          LinkState::whole,
          fmt::format("{} known by {} of their readers, {:.0f} events in rooms with readers in the "
                      "last minute, {:.1f} % of these rooms get nothing",
                      rooms.rooms, rooms.witnesses, rooms.trials_per_minute, 100 * rooms.dark),
          {}};
}

Link alert_link(const View& view, const Subject& subject) {
  std::vector<std::string> firing, others;
  std::string next;
  for (const auto& alert : view.alerts) {
    if (alert.shard != subject.shard) continue;
    if (!subject.alert.empty() && alert.name != subject.alert) continue;
    if (alert.state != AlertState::firing) {
      others.push_back(fmt::format("{} is {}", alert.name, state_name(alert.state)));
      continue;
    }
    firing.push_back(fmt::format("{} {} ({}, step {}): {}", alert.name,
                                 alert.stale ? "fires, stale" : "fires",
                                 severity_name(alert.severity), alert.step, alert.why));
    if (next.empty()) next = alert.next;
  }
  if (!firing.empty())
    return {"alert", LinkState::broken, fmt::format("{}", fmt::join(firing, " | ")), next};
  if (!others.empty())
    return {"alert", LinkState::note, fmt::format("{}", fmt::join(others, ", ")), {}};
  return {"alert",
          LinkState::whole,
          subject.alert.empty() ? "none" : subject.alert + " does not fire",
          {}};
}

bool is_scraped(const View& view) {
  return view.last_scrape_seconds >= 0 && view.last_scrape_seconds <= scrape_wanted;
}

Link posted_link(const View& view) {
  if (view.alertmanagers.empty())
    return {"posted", is_scraped(view) ? LinkState::note : LinkState::broken,
            "no Alertmanager is configured: the agent itself pages nobody",
            "Name them under `alertmanagers:`, or have Prometheus alert on fanfare_alerts_firing."};
  std::vector<std::string> texts;
  bool heard = false;
  for (const auto& target : view.alertmanagers) {
    heard = heard || target.reachable;
    texts.push_back(target.reachable
                        ? fmt::format("{} takes alerts ({} posts)", target.url, target.posts)
                        : fmt::format("{} does not take alerts: {}", target.url, target.error));
  }
  return {"posted", heard ? LinkState::whole : LinkState::broken,
          fmt::format("{}", fmt::join(texts, "; ")),
          heard ? "" : "Try `curl URL/-/ready` from this host; the agent goes on trying."};
}

Link scraped_link(const View& view) {
  if (view.last_scrape_seconds < 0)
    return {"scraped", view.alertmanagers.empty() ? LinkState::broken : LinkState::note,
            "nobody has asked for /metrics since the agent started",
            "Give Prometheus this host's listen address as a target; on Kubernetes look at the "
            "labels that its operator selects PodMonitors by."};
  const std::string text = fmt::format("{:.0f} s ago by {}", view.last_scrape_seconds,
                                       view.last_scraper.empty() ? "somebody" : view.last_scraper);
  if (!is_scraped(view))
    return {"scraped", LinkState::broken, text,
            "Look at the target in Prometheus (Status, Targets): it has stopped asking."};
  return {"scraped", LinkState::whole, text, {}};
}

}  // namespace

std::vector<Link> judgement_links(const View& view, const Subject& subject, Monotonic) {
  const auto& shard = *find_shard(view, subject.shard);
  std::vector<Link> links{ratio_link(shard)};
  if (shard.shard.identifies) links.push_back(rooms_link(shard));
  if (!shard.judgement.signals.empty()) links.push_back(evidence_link(shard));
  links.push_back(alert_link(view, subject));
  return links;
}

std::vector<Link> hearing_links(const View& view, const Subject&) {
  return {posted_link(view), scraped_link(view)};
}

}  // namespace fanfare
