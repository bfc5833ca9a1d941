// SPDX-License-Identifier: Apache-2.0
#include "agent/exports/explain_links.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>

#include "agent/exports/explain_place.h"
#include "agent/exports/findings.h"
#include "agent/exports/propagation.h"
#include "agent/model/shard_names.h"

namespace fanfare {
namespace {

constexpr double quiet = 60;  // s without an event: then it is worth a word

// Client sockets on the subject's ports, by what their outbound direction is doing.
struct Sockets {
  std::size_t open = 0;
  std::size_t http = 0;      // no upgrade so far
  std::size_t synced = 0;    // counted
  std::size_t searched = 0;  // older than the agent, or out of step
  std::size_t mqtt = 0;      // on ports where the configuration says so
  std::size_t streams = 0;   // of events, whose head was seen
  Monotonic last_event{};    // CLOCK_MONOTONIC; 0: none
  // Beside `open`: not followed, by enum fanfare_dark_reason; and those that have shown a 101.
  std::array<std::uint64_t, FANFARE_DARK_REASONS> dark_by_reason{};
  std::size_t dark_upgraded = 0;
  std::size_t dark() const {
    return std::accumulate(dark_by_reason.begin(), dark_by_reason.end(), std::size_t{0});
  }
};

bool concerns(const Subject& subject, const ListenerKey& at) {
  if (std::ranges::find(subject.ports, at.port) == subject.ports.end()) return false;
  return subject.kind != "pid" ||
         std::ranges::find(subject.listeners, at) != subject.listeners.end();
}

// Connections that are no client's yet.
std::uint64_t awaited_on(const View& view, const Subject& subject) {
  std::uint64_t sum = 0;
  if (!view.snapshot) return sum;
  for (const auto port : subject.ports) {
    const auto found = view.snapshot->awaited.find(port);
    if (found != view.snapshot->awaited.end()) sum += found->second;
  }
  return sum;
}

void add_dark(const View& view, const Subject& subject, Sockets& sockets) {
  const auto& dark = view.snapshot->dark;
  for (std::size_t i = 0; i < dark.size() && i < view.dark_shard_of.size(); ++i) {
    const auto& socket = dark[i].socket;
    const auto shard = view.dark_shard_of[i];
    if (shard >= view.shards.size() || view.shards[shard].shard.name != subject.shard) continue;
    if (fanfare_protocol_replicates(socket.protocol) ||
        !concerns(subject, {socket.netns, socket.local_port}))
      continue;
    ++sockets.dark_by_reason[std::min<std::size_t>(socket.reason, FANFARE_DARK_REASONS - 1)];
    sockets.dark_upgraded += socket.spoke == FANFARE_IS_CLIENTS;
  }
}

Sockets sockets_of(const View& view, const Subject& subject) {
  Sockets sockets;
  if (!view.snapshot) return sockets;
  sockets.open = sockets.http = awaited_on(view, subject);
  const auto& flows = view.snapshot->flows;
  for (std::size_t i = 0; i < flows.size(); ++i) {
    const auto& out = flows[i].out;
    if (fanfare_protocol_replicates(flows[i].protocol) || flows[i].life != FANFARE_LIVE) continue;
    if (out.stage == FANFARE_STAGE_DISMISSED ||
        !concerns(subject, {flows[i].netns, flows[i].local_port}))
      continue;
    ++sockets.open;
    sockets.http += out.stage == FANFARE_STAGE_HEAD || out.stage == FANFARE_STAGE_HTTP ||
                    (out.stage == FANFARE_STAGE_RESPONSE && flows[i].exchanges.streams == 0);
    sockets.synced += fanfare_is_synced(&flows[i]);
    sockets.searched += fanfare_seeks_messages(out.stage);
    sockets.mqtt += flows[i].protocol == FANFARE_MQTT;
    sockets.streams += flows[i].exchanges.streams;
    sockets.last_event = std::max(sockets.last_event, Monotonic(out.last_event_ns));
  }
  add_dark(view, subject, sockets);
  return sockets;
}

const ShardRule* rule_named(const View& view, const std::string& name) {
  const auto rule = std::ranges::find(*view.rules, name, &ShardRule::name);
  return rule == view.rules->end() ? nullptr : &*rule;
}

const Owner& owner_of(const View& view, const ListenerKey& key) {
  return view.snapshot->owners->listeners.at(key);
}

double seconds_since(Monotonic then, Monotonic now) {
  return std::max(0.0, std::chrono::duration<double>(now - then).count());
}

std::string port_list(const Subject& subject) {
  return fmt::format("port{} {}", subject.ports.size() == 1 ? "" : "s",
                     fmt::join(subject.ports, ", "));
}

Link agent_link(const View& view, Monotonic now) {
  const auto reasons = unready(view, now);
  if (!reasons.empty())
    return {"agent", LinkState::broken, reasons.front().text, reasons.front().remedy};
  return {"agent",
          view.health.subtree ? LinkState::note : LinkState::whole,
          fmt::format("attached to {}{}, reads every second", view.health.cgroup,
                      view.health.subtree ? ", a subtree: only what runs below it is seen" : ""),
          {}};
}

Link process_link(const View& view, const Subject& subject, Monotonic now) {
  if (subject.ports.empty() && subject.shard.empty())
    return {"process", LinkState::broken, "no shard is known: no server of WebSocket was seen yet",
            "Ask for the server's port: `fanfare explain :PORT`."};
  if (subject.ports.empty())
    if (const auto* rule = rule_named(view, subject.shard);
        rule && view.snapshot && !rule->match.pod_labels.empty())
      return pods_link(view, rule->match.pod_labels);
  if (subject.ports.empty())
    return {"process", LinkState::unknown, "the shard's rule names no port, and it has no socket",
            "Say which process it is with match.listen_ports, match.cgroup or match.exe."};
  if (subject.listeners.empty())
    return {"process", LinkState::broken,
            fmt::format("nobody on this host listens on {} (looked {:.0f} s ago)",
                        port_list(subject), seconds_since(view.snapshot->owners->scanned, now)),
            "Start the server, or correct match.listen_ports. A server in another pid namespace is "
            "seen only where the agent runs in the host's."};
  std::vector<std::string> texts;
  for (const auto& key : subject.listeners) {
    const Owner& owner = owner_of(view, key);
    texts.push_back(fmt::format("{} (pid {}) listens on port {}{}", owner.comm, owner.pid, key.port,
                                place_text(view, key)));
  }
  return {"process", LinkState::whole, fmt::format("{}", fmt::join(texts, "; ")), {}};
}

// A rule that names the port but not this listener: what differs.
std::optional<Link> mismatch(const View& view, const Subject& subject, const ShardRule& rule) {
  for (const auto& key : subject.listeners) {
    const Owner& owner = owner_of(view, key);
    if (auto other = other_labels(view, key, rule)) return other;
    if (rule.match.exe.empty() || owner.exe.empty() || owner.exe == rule.match.exe) continue;
    return Link{"mapped", LinkState::broken,
                fmt::format("{} on port {} runs {}, and shard {} asks for match.exe {}", owner.comm,
                            key.port, owner.exe, rule.name, rule.match.exe),
                "Correct match.exe, then `systemctl reload fanfare` or send SIGHUP to the agent."};
  }
  return std::nullopt;
}

Link socket_link(const View& view, const Subject& subject, const Sockets& sockets) {
  const auto open = sockets.open + sockets.dark();
  if (sockets.open > 0)
    return {
        "socket",
        LinkState::whole,
        fmt::format("{} open connection{} to {}", open, open == 1 ? "" : "s", port_list(subject)),
        {}};
  if (open > 0)
    return {"socket", LinkState::broken,
            fmt::format("no connection to {} is followed; {}", port_list(subject),
                        dark_text(sockets.dark_by_reason)),
            "`fanfare sockets` lists them."};
  return {
      "socket", LinkState::broken,
      fmt::format("no connection to {} is followed: nobody is connected, or what is connected "
                  "does not speak WebSocket (or what the configuration says) in the clear{}",
                  port_list(subject),
                  view.health.subtree ? ", or the server runs outside of the counted subtree" : ""),
      "Connect a client and look again. TLS that ends inside the server, HTTP/2 and other "
      "protocols cannot be read: end TLS in a proxy on this host and name the port behind it."};
}

Link mqtt_link(const Sockets& sockets) {
  if (sockets.synced > 0)
    return {"protocol", LinkState::whole, "MQTT, as the configuration says", {}};
  return {
      "protocol", LinkState::unknown,
      "the configuration says MQTT, and no packets of it were found yet",
      "If the connections are older than the agent: wait for traffic, or let one client connect "
      "again. TLS cannot be read: name the port behind the proxy that ends it."};
}

Link protocol_link(const Sockets& sockets) {
  if (sockets.mqtt > 0) return mqtt_link(sockets);
  if (sockets.streams > 0 && sockets.synced > 0)
    return {"protocol",
            LinkState::whole,
            "server-sent events: the heads of " + std::to_string(sockets.streams) +
                " streams were seen",
            {}};
  if (sockets.synced + sockets.dark_upgraded > 0)
    return {"protocol", LinkState::whole, "WebSocket: an upgrade or proven frames were seen", {}};
  if (sockets.http == sockets.open && sockets.dark() == 0)
    return {"protocol", LinkState::broken,
            "plain HTTP so far: no connection has been upgraded to WebSocket",
            "Look whether clients get a 101 answer. Server-sent events are counted where "
            "clients.protocol says sse; long polling is not."};
  return {"protocol", LinkState::unknown,
          "the connections are older than the agent, and no WebSocket frames were found yet",
          "Wait for traffic, or let one client connect again."};
}

Link readable_link(const Sockets& sockets, const ShardView* shard) {
  const auto upgraded = sockets.open - sockets.http;
  const std::string dark = dark_text(sockets.dark_by_reason);
  const std::string text = fmt::format("{} of {} {} connections are counted exactly{}{}",
                                       sockets.synced, upgraded + sockets.dark(),
                                       sockets.mqtt > 0      ? "MQTT"
                                       : sockets.streams > 0 ? "event stream"
                                                             : "WebSocket",
                                       dark.empty() ? "" : "; ", dark);
  if (sockets.synced == 0 && sockets.searched > 0)
    return {"readable", LinkState::broken, text,
            "They are older than the agent or lost step: `fanfare sockets` names the reason of "
            "each. They are read again as soon as they are quiet for 50 ms or connect again."};
  if (shard && shard->coverage && *shard->coverage < coverage_wanted)
    return {"readable", LinkState::broken,
            fmt::format("{}; coverage {:.1f} %, {:.0f} % are wanted", text, *shard->coverage * 100,
                        coverage_wanted * 100),
            "`fanfare sockets` names the reason of each that is unsynced or dark."};
  return {"readable", LinkState::whole, text, {}};
}

std::string condition_text(const ShardMatch& match) {
  std::vector<std::string> conditions;
  if (!match.listen_ports.empty())
    conditions.push_back(fmt::format("listen_ports {}", fmt::join(match.listen_ports, ", ")));
  if (!match.cgroup.empty()) conditions.push_back("cgroup " + match.cgroup);
  if (!match.exe.empty()) conditions.push_back("exe " + match.exe);
  if (!match.pod_labels.empty()) conditions.push_back("pod_labels " + label_list(match.pod_labels));
  return fmt::format("{}", fmt::join(conditions, " and "));
}

Link mapped_link(const View& view, const Subject& subject) {
  if (subject.shard.empty() || !find_shard(view, subject.shard))
    return {"mapped", LinkState::broken, "no shard has these sockets",
            "A shard appears with its first WebSocket upgrade; if clients are connected, name the "
            "shard in the configuration and look at `fanfare shards`."};
  if (const auto* rule = rule_named(view, subject.shard))
    return {"mapped",
            LinkState::whole,
            fmt::format(
                "shard {}, by the rule {} of {}", subject.shard, condition_text(rule->match),
                view.health.config_file.empty() ? "the configuration" : view.health.config_file),
            {}};
  if (subject.shard == overflow_shard)
    return {"mapped", LinkState::broken, "shard other: there are more shards than limits.shards",
            "Raise limits.shards, or join listeners into one shard by a rule."};
  return {"mapped", LinkState::note,
          fmt::format("shard {}, named after process and port: no rule fits", subject.shard),
          "A rule in the configuration gives it a name of its own, replication and identity."};
}

Link counted_link(const ShardView& shard, const Sockets& sockets, Monotonic now) {
  const auto& out = shard.shard.out.messages;
  const std::string text = fmt::format("{} events out, {} in; {:.1f} out and {:.1f} in a second",
                                       out[FANFARE_EVENT], shard.shard.in.messages[FANFARE_EVENT],
                                       shard.events_out_per_second, shard.events_in_per_second);
  if (out[FANFARE_EVENT] == 0)
    return {
        "counted", LinkState::broken,
        fmt::format("{}: no event has left; {} heartbeats, {} control frames, {} others have", text,
                    out[FANFARE_HEARTBEAT], out[FANFARE_CONTROL], out[FANFARE_OTHER]),
        "Publish something. If others leave, look at clients.events: it says what an event is."};
  const double age = seconds_since(sockets.last_event, now);
  if (sockets.last_event.count() > 0 && age > quiet)
    return {"counted", LinkState::note, fmt::format("{}; the last {:.0f} s ago", text, age), {}};
  return {"counted", LinkState::whole, text, {}};
}

// Its own: a bad frame elsewhere is no break of this way, and what a client sends none of what
// left.
std::optional<Link> losses_link(const ShardView& shard) {
  const LossDelta& lost = shard.recent_losses;
  if (lost == LossDelta{}) return std::nullopt;
  const bool hides = lost.out + lost.replication > 0;
  return Link{"losses", hides ? LinkState::broken : LinkState::note,
              fmt::format("{} in the last {} s", losses_text(shard), recent_losses.count()),
              hides ? loss_remedy(shard) : ""};
}

std::string strangers_text(const Shard& shard) {
  if (shard.strangers == 0) return {};
  return fmt::format("; {} connections to its ports were no peer's", shard.strangers);
}

Link replicated_link(const ShardView& shard) {
  if (!shard.shard.replicates)
    return {"replicated", LinkState::note,
            "no replication is configured: due is what this node's own clients publish",
            "Name shards[].replication, so that what other nodes accept is due here too."};
  if (shard.shard.peers.empty())
    return {"replicated", LinkState::broken,
            fmt::format("no connection to another node was seen{}", strangers_text(shard.shard)),
            "Compare replication.ports with what the nodes listen on; TLS is not readable."};
  std::vector<std::string> peers;
  peers.reserve(shard.shard.peers.size());
  for (const auto& peer : shard.shard.peers)
    peers.push_back(
        fmt::format("{} ({} entries out, {} in)", peer.name, peer.out.entries, peer.in.entries));
  const bool any = std::ranges::any_of(shard.shard.peers,
                                       [](const Peer& peer) { return peer.sockets_synced > 0; });
  return {
      "replicated", any ? LinkState::whole : LinkState::broken,
      fmt::format("with {}; {} commands were due", fmt::join(peers, ", "), shard.shard.commands),
      any ? "" : "No replication connection is in step: `fanfare peers` and `fanfare sockets`."};
}

}  // namespace

const ShardView* find_shard(const View& view, const std::string& name) {
  const auto shard = std::ranges::find_if(
      view.shards, [&](const ShardView& each) { return each.shard.name == name; });
  return shard == view.shards.end() ? nullptr : &*shard;
}

std::vector<Link> capture_links(const View& view, const Subject& subject, Monotonic now) {
  std::vector<Link> links{agent_link(view, now), process_link(view, subject, now)};
  const auto* rule = rule_named(view, subject.shard);
  const auto differs = rule ? mismatch(view, subject, *rule) : std::nullopt;
  if (subject.ports.empty()) return links;
  const auto sockets = sockets_of(view, subject);
  if (sockets.open > 0 || !subject.listeners.empty())
    links.push_back(socket_link(view, subject, sockets));
  if (sockets.open == 0) {
    if (differs) links.push_back(*differs);
    return links;
  }
  const auto* shard = find_shard(view, subject.shard);
  links.push_back(protocol_link(sockets));
  if (sockets.http < sockets.open || sockets.dark() > 0)
    links.push_back(readable_link(sockets, shard));
  links.push_back(!shard && differs ? *differs : mapped_link(view, subject));
  if (!shard) return links;
  links.push_back(counted_link(*shard, sockets, now));
  if (auto lost = losses_link(*shard)) links.push_back(std::move(*lost));
  links.push_back(replicated_link(*shard));
  return links;
}

}  // namespace fanfare
