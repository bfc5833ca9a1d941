// SPDX-License-Identifier: Apache-2.0
// The rules behind each finding code.
#include "agent/exports/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "agent/exports/label_text.h"
#include "agent/exports/names.h"
#include "agent/kernel/loss_text.h"
#include "agent/model/shard_names.h"

namespace fanfare {
namespace {

using Findings = std::vector<Finding>;
using Seconds = std::chrono::duration<double>;

std::string sentence(const std::string& words) {
  if (words.empty()) return {};
  std::string text = words;
  text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
  return text.ends_with('.') ? text : text + '.';
}

std::string since(const Health& health) {
  return health.blind_seconds > 0 ? fmt::format(" for {:.0f} s", health.blind_seconds) : "";
}

void check_attached(const View& view, Findings& found) {
  const Health& health = view.health;
  const std::string detail =
      health.attached_text.empty() ? "" : " " + label_text(sentence(health.attached_text));
  if (!health.attached) {
    found.push_back(
        {"FF-ATTACH",
         fmt::format("The kernel programs are not attached{}; nothing is counted.{}", since(health),
                     detail),
         "The agent tries again each second. Find out who detaches programs (bpftool, another "
         "agent) or removes the cgroup; see `bpftool cgroup tree` and the agent's log."});
  } else if (health.self_check == SelfCheckResult::missed) {
    found.push_back(
        {"FF-SELFCHECK",
         fmt::format("The agent's own message is not in its counters{}; what else is not counted "
                     "is not known. {}",
                     since(health), label_text(sentence(health.self_check_text))),
         "Run `fanfare doctor` as the agent's user; restart the agent if this stays."});
  } else if (health.blind) {
    found.push_back({"FF-SELFCHECK",
                     "The programs have been attached again, and it is not proven yet that they "
                     "count." +
                         detail,
                     "Wait for a few seconds."});
  }
}

void check_fresh(const View& view, Monotonic now, Findings& found) {
  const auto age = snapshot_age(view, now);
  const std::string remedy = "Look at the agent's CPU time and log; restart it if this stays.";
  if (!age) {
    found.push_back({"FF-STALE", "The kernel's counters have not been read yet.", remedy});
  } else if (*age > stale_after) {
    found.push_back({"FF-STALE",
                     fmt::format("The figures are {:.1f} s old; they should be at most {} s.",
                                 Seconds(*age).count(), stale_after.count()),
                     remedy});
  }
}

void check_refuted(const View& view, Findings& found) {
  if (view.health.scope != Scope::refuted) return;
  found.push_back({"FF-SCOPE",
                   "A test socket outside of the agent's namespaces was not counted. " +
                       label_text(sentence(view.health.scope_text)),
                   "Give the agent the host's cgroup v2 root with --cgroup."});
}

// No reason not to be ready: a host that forbids the test is counted as exactly as any other.
void check_unproven(const View& view, Findings& found) {
  if (view.health.scope != Scope::unproven) return;
  found.push_back({"FF-SCOPE",
                   "It is not proven that the agent sees the whole host. " +
                       label_text(sentence(view.health.scope_text)),
                   "Where new network namespaces are forbidden (no CAP_SYS_ADMIN, and no user "
                   "namespaces: sysctl user.max_user_namespaces) grant CAP_SYS_ADMIN, or compare "
                   "`fanfare shards` with what runs here."});
}

void check_config(const View& view, Findings& found) {
  if (!view.health.config_reload_ok) {
    found.push_back(
        {"FF-CONFIG",
         "The last reload of the configuration was refused; the one before is in use. " +
             label_text(view.health.config_reload_error),
         "Mend the file, try it with `fanfare config check FILE`, then reload again."});
  }
}

void check_losses(const View& view, Findings& found) {
  for (const LossView& loss : view.losses) {
    // A client's own bad bytes, or somebody who is no peer, are named among the losses; nothing
    // that anybody is owed is missing by them.
    if (loss.recent <= loss.recent_from_clients ||
        loss.reason == loss_text(FANFARE_LOSS_NOT_A_PEER).name)
      continue;
    const auto text = std::ranges::find(loss_texts(), loss.reason, &LossText::name);
    const bool known = text != loss_texts().end();
    std::string code = "FF-LOSS-" + loss.reason;
    std::ranges::transform(code, code.begin(), [](unsigned char c) { return std::toupper(c); });
    found.push_back(
        {code,
         fmt::format("{}: {} {} in the last {} s.", loss.reason, loss.recent,
                     known ? text->unit : "times", recent_losses.count()),
         known ? std::string(text->sentence) : "Update the agent: it has no text yet."});
  }
}

// What left, or is due, and could not be counted hides a fault of this shard. What only one
// client's own bytes are missing of does not.
void check_shard_losses(const View& view, Findings& found) {
  for (const ShardView& shard : view.shards) {
    const LossDelta& lost = shard.recent_losses;
    if (lost.out + lost.replication == 0) continue;
    found.push_back({"FF-SHARD-LOSSES",
                     fmt::format("Shard {}: {} in the last {} s.", label_text(shard.shard.name),
                                 losses_text(shard), recent_losses.count()),
                     loss_remedy(shard)});
  }
}

void check_contradictions(const View& view, Findings& found) {
  for (const ShardView& shard : view.shards) {
    const std::string name = label_text(shard.shard.name);
    for (const Signal& signal : shard.judgement.signals)
      if (signal.ratio.contradiction)
        found.push_back({"FF-CONTRADICTION",
                         fmt::format("Shard {}: {}; its {} is unknown.", name, signal.ratio.unknown,
                                     signal.name),
                         "Compare clients.identity with what the server sends: the identity must "
                         "be the same for every client. Events that no node of the shard accepts, "
                         "or that replication does not bring, are due nowhere."});
    for (const Fate& fate : shard.shard.delivery.fates)
      if (fate.acked > fate.written)
        found.push_back({"FF-CONTRADICTION",
                         fmt::format("Shard {}: {} messages acknowledged, {} written.", name,
                                     fate.acked, fate.written),
                         "A defect of fanfare: run `fanfare doctor --bundle FILE` and report it."});
  }
}

void check_coverage(const View& view, Findings& found) {
  for (const ShardView& shard : view.shards) {
    const std::string dark = dark_text(shard.shard.dark_by_reason);
    const bool low = shard.coverage && *shard.coverage < coverage_wanted;
    if (!low && sockets_dark(shard.shard) == shard.shard.dark_silent) continue;
    found.push_back({"FF-COVERAGE",
                     fmt::format("Shard {}: {:.1f} % of the client sockets are readable{}{}.",
                                 label_text(shard.shard.name), shard.coverage.value_or(0) * 100,
                                 dark.empty() ? "" : "; ", dark),
                     "See `fanfare sockets` for what is unsynced or dark and why; TLS inside the "
                     "server and sockets older than the agent are the usual causes."});
  }
}

void check_maps(const View& view, Findings& found) {
  for (const MapFill& map : view.maps) {
    const auto entries = static_cast<double>(map.entries);
    const auto capacity = static_cast<double>(map.capacity);
    if (entries > capacity * map_fill_wanted) {
      found.push_back(
          {"FF-MAP",
           fmt::format("Kernel map {} holds {} of {} entries.", map.map, map.entries, map.capacity),
           map.map.starts_with("held_")
               ? "Segments towards this host get lost or out of order on many sockets at once; "
                 "look at packet loss before it is full."
           : map.map == "listeners"
               ? "Nearly all ports of this host are listened on; a server beyond them is named "
                 "by a scan, some seconds later."
               : "Raise limits.sockets and restart the agent before it is full."});
    }
  }
}

void check_shards(const View& view, Findings& found) {
  if (view.shards_over_limit == 0) return;
  found.push_back(
      {"FF-SHARDS",
       fmt::format("There are more servers than limits.shards: {} {} counted together as shard "
                   "\"other\".",
                   view.shards_over_limit,
                   view.shards_over_limit == 1 ? "server is" : "servers are"),
       "Join what belongs together by a rule under shards, or raise limits.shards. Shards of the "
       "configuration have their place in any case."});
}

void check_alertmanagers(const View& view, Findings& found) {
  for (const AlertmanagerView& target : view.alertmanagers) {
    if (target.reachable) continue;
    found.push_back({"FF-ALERTMANAGER",
                     fmt::format("Alertmanager {} has not taken the last post of alerts: {}.",
                                 label_text(target.url), label_text(target.error)),
                     "Alerts through it are not heard: try `curl URL/-/ready` from this host; the "
                     "agent goes on trying."});
  }
}

// An API server that restarts is none; and where no shard hangs on it nobody has to act.
void check_pods(const View& view, Findings& found) {
  constexpr double patience = 60;  // s
  const PodWatchView& pods = view.pod_names;
  if (!needs_pods(*view.rules)) return;
  const std::string remedy =
      "Try `fanfare doctor` with the agent's permissions; see Kubernetes in the README.";
  if (!pods.on) {
    found.push_back(
        {"FF-PODS",
         "Shards with match.pod_labels have no sockets: no API server is asked, since " +
             label_text(pods.server) + ".",
         "Run the agent in a pod with a service account, or set kubernetes.api."});
  } else if (!pods.reachable && pods.away_seconds > patience) {
    found.push_back(
        {"FF-PODS",
         fmt::format("The API server {} has not named the pods of this node for {:.0f} s{}: {}.",
                     label_text(pods.server), pods.away_seconds,
                     pods.listed ? "; the last known names are used, new pods have none" : "",
                     label_text(pods.error)),
         remedy});
  } else if (pods.reachable && pods.listed && pods.pods == 0) {
    found.push_back(
        {"FF-PODS",
         fmt::format("The API server {} knows no pod on this node.", label_text(pods.server)),
         "Set kubernetes.node (or the variable NODE_NAME) to what `kubectl get nodes` "
         "calls this node."});
  }
}

}  // namespace

std::string losses_text(const ShardView& shard) {
  const LossDelta& lost = shard.recent_losses;
  const Losses &clients = shard.shard.losses, &peers = shard.shard.replication_losses;
  const auto last = clients.last != FANFARE_LOSS_NONE ? clients.last : peers.last;
  std::string text = fmt::format("{} losses outbound, {} inbound, {} of its peers", lost.out,
                                 lost.in, lost.replication);
  return last == FANFARE_LOSS_NONE ? text
                                   : fmt::format("{}, the last {}", text, loss_text(last).name);
}

std::string loss_remedy(const ShardView& shard) {
  const Losses &clients = shard.shard.losses, &peers = shard.shard.replication_losses;
  const auto last = clients.last != FANFARE_LOSS_NONE ? clients.last : peers.last;
  if (last != FANFARE_LOSS_NONE) return std::string(loss_text(last).sentence);
  return "See `fanfare sockets --sort losses_out`, and the reasons in `fanfare status`.";
}

std::string dark_text(const std::array<std::uint64_t, FANFARE_DARK_REASONS>& by_reason) {
  std::string text;
  for (std::size_t reason = 0; reason < dark_reason_texts.size(); ++reason)
    if (by_reason[reason] > 0)
      text += fmt::format("{}{} {}", text.empty() ? "dark: " : ", ", by_reason[reason],
                          dark_reason_texts[reason]);
  return text;
}

std::optional<std::chrono::nanoseconds> snapshot_age(const View& view, Monotonic now) {
  if (!view.snapshot) {
    return std::nullopt;
  }
  return std::max(now - view.snapshot->taken, std::chrono::nanoseconds{0});
}

Findings unready(const View& view, Monotonic now) {
  Findings found;
  check_attached(view, found);
  check_fresh(view, now, found);
  check_refuted(view, found);
  return found;
}

Findings findings(const View& view, Monotonic now) {
  Findings found = unready(view, now);
  check_unproven(view, found);
  check_config(view, found);
  check_alertmanagers(view, found);
  check_pods(view, found);
  check_losses(view, found);
  check_shard_losses(view, found);
  check_contradictions(view, found);
  check_coverage(view, found);
  check_maps(view, found);
  check_shards(view, found);
  return found;
}

}  // namespace fanfare
