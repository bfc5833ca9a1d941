// SPDX-License-Identifier: Apache-2.0
// The comparisons of config_rules.h.
#include "agent/config/config_rules.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>

#include "agent/config/config_error.h"
#include "agent/config/config_values.h"
#include "agent/config/text.h"

namespace fanfare {
namespace {

std::size_t cgroup_depth(const std::string& path) {
  if (path.empty() || path == "/") return 0;
  return static_cast<std::size_t>(std::count(path.begin(), path.end(), '/'));
}

bool is_same_or_below(std::string_view path, std::string_view above) {
  if (above == "/") return true;
  return path.starts_with(above) && (path.size() == above.size() || path[above.size()] == '/');
}

bool can_share_cgroup(const std::string& a, const std::string& b) {
  return a.empty() || b.empty() || is_same_or_below(a, b) || is_same_or_below(b, a);
}

// A pod has one value for each key.
bool can_share_pod(const std::map<std::string, std::string>& a,
                   const std::map<std::string, std::string>& b) {
  return std::ranges::none_of(a, [&](const auto& label) {
    const auto other = b.find(label.first);
    return other != b.end() && other->second != label.second;
  });
}

// The first port in both lists, 0 where there is none. Both sorted: thousands of shards with
// hundreds of ports are compared pair by pair.
std::uint16_t common_port(const std::vector<std::uint16_t>& a,
                          const std::vector<std::uint16_t>& b) {
  auto in_a = a.begin();
  auto in_b = b.begin();
  while (in_a != a.end() && in_b != b.end()) {
    if (*in_a == *in_b) return *in_a;
    *in_a < *in_b ? ++in_a : ++in_b;
  }
  return 0;
}

bool can_share_port(const ShardMatch& a, const ShardMatch& b) {
  return a.listen_ports.empty() || b.listen_ports.empty() ||
         common_port(a.listen_ports, b.listen_ports) != 0;
}

using Lines = std::vector<ShardLines>;

std::string key_of(std::size_t shard, const std::string& key) {
  return "shards[" + std::to_string(shard) + "]." + key;
}

std::string place_of(std::size_t shard, const Lines& lines) {
  return "shards[" + std::to_string(shard) + "] (line " + std::to_string(lines[shard].shard) + ")";
}

void check_names(const Config& config, const Lines& lines, const std::string& file) {
  std::map<std::string_view, std::size_t> seen;
  for (std::size_t i = 0; i < config.shards.size(); ++i) {
    const auto [first, is_new] = seen.emplace(config.shards[i].name, i);
    if (is_new) continue;
    refuse({.file = file, .line = lines[i].shard, .key = key_of(i, "name")},
           quoted(config.shards[i].name) + " is already the name of " +
               place_of(first->second, lines) + "; allowed: a name of its own");
  }
}

bool is_contested(const ShardMatch& a, const ShardMatch& b) {
  return !is_stricter(a, b) && !is_stricter(b, a) && can_overlap(a, b);
}

bool identifies(const ShardRule& shard) { return shard.identity.kind != Identity::Kind::none; }

bool has_rooms(const ShardRule& shard) { return shard.room.kind != Room::Kind::none; }

// A shard and one that stands before it in the file; sentences are made only for a refusal.
class Pair {
 public:
  Pair(const Config& config, const Lines& lines, const std::string& file, std::size_t late,
       std::size_t early)
      : late_(config.shards[late]),
        early_(config.shards[early]),
        lines_(lines),
        file_(file),
        late_index_(late),
        early_index_(early) {}

  void check_clients() const {
    if (is_contested(late_.match, early_.match))
      fail(lines_[late_index_].shard, "match",
           quoted(late_.name) + " can claim the same sockets as " + the_early() +
               ", and neither is stricter; allowed: ports, cgroups, executables or pod labels that "
               "exclude each other, or a further condition for one of them");
    check_protocols();
    check_publishes();
    if (tells(late_.classes) || tells(early_.classes)) check_classes();
    if (!identifies(late_) && !identifies(early_)) return;
    if (const auto port = common_port(late_.match.listen_ports, early_.match.listen_ports))
      fail(lines_[late_index_].identity, "clients.identity",
           "identities are read by port, and " + std::to_string(port) +
               " is also one of match.listen_ports of " + the_early() +
               "; allowed: ports of its own, or identity: none for both");
  }

  void check_nodes() const {
    check_apart(late_, early_, lines_[late_index_].replication_ports, "replication.ports",
                "match.listen_ports");
    check_apart(early_, late_, lines_[late_index_].shard, "match.listen_ports",
                "replication.ports");
    check_entries();
    if (late_.replication && early_.replication &&
        common_port(late_.replication->ports, early_.replication->ports) != 0 &&
        is_contested(replication_match(late_), replication_match(early_)))
      fail(lines_[late_index_].replication_ports, "replication.ports",
           quoted(late_.name) + " can claim the same replication sockets as " + the_early() +
               ", and neither is stricter; allowed: ports of its own, or match.cgroup or match.exe "
               "that exclude each other");
  }

 private:
  void check_protocols() const {
    if (late_.protocol == early_.protocol) return;
    if (const auto port = common_port(late_.match.listen_ports, early_.match.listen_ports))
      fail(lines_[late_index_].protocol, "clients.protocol",
           "what clients speak is told by port, and " + std::to_string(port) +
               " is also one of match.listen_ports of " + the_early() +
               "; allowed: ports of its own, or the same protocol for both");
  }

  void check_publishes() const {
    if (late_.publishes == early_.publishes && late_.publishes.empty()) return;
    if (const auto port = common_port(late_.match.listen_ports, early_.match.listen_ports))
      fail(lines_[late_index_].publishes, "clients.publishes",
           "publishes are told by port, and " + std::to_string(port) +
               " is also one of match.listen_ports of " + the_early() +
               "; allowed: ports of its own, or no publishes for both");
  }

  void check_classes() const {
    const auto port = common_port(late_.match.listen_ports, early_.match.listen_ports);
    if (port == 0) return;
    const bool by_events = late_.classes.events != Subprotocol::all || !tells(late_.classes);
    const ShardLines& lines = lines_[late_index_];
    fail(by_events ? lines.events : lines.heartbeats,
         by_events ? "clients.events" : "clients.heartbeats",
         "classes are told by port, and " + std::to_string(port) +
             " is also one of match.listen_ports of " + the_early() +
             "; allowed: ports of its own, or events: all without heartbeats for both");
  }

  // The kernel programs tell the sockets between nodes from those of clients by the port alone.
  void check_apart(const ShardRule& nodes, const ShardRule& clients, int line, const char* key,
                   const char* early_key) const {
    if (!nodes.replication) return;
    if (const auto port = common_port(nodes.replication->ports, clients.match.listen_ports))
      fail(line, key,
           std::to_string(port) + " is also one of " + early_key + " of " + the_early() +
               "; allowed: clients and nodes on ports of their own");
  }

  // Identity and room of log entries are read as those of the shard's clients.
  void check_entries() const {
    if (!late_.replication || !early_.replication || !(has_rooms(late_) || has_rooms(early_)))
      return;
    if (const auto port = common_port(late_.replication->ports, early_.replication->ports))
      fail(has_rooms(late_) ? lines_[late_index_].room : lines_[late_index_].replication_ports,
           has_rooms(late_) ? "clients.room" : "replication.ports",
           "the rooms of log entries are read by port, and " + std::to_string(port) +
               " is one of replication.ports of this shard and of " + the_early() +
               "; allowed: replication ports of its own, or room: none for both");
  }

  [[noreturn]] void fail(int line, const std::string& key, const std::string& complaint) const {
    refuse({file_, line, key_of(late_index_, key)}, complaint);
  }

  std::string the_early() const {
    return quoted(early_.name) + ", " + place_of(early_index_, lines_);
  }

  const ShardRule& late_;
  const ShardRule& early_;
  const Lines& lines_;
  const std::string& file_;
  std::size_t late_index_, early_index_;
};

// What the keys of `events` and `heartbeats` cannot be refused for one by one.
class ClassRules {
 public:
  ClassRules(const ShardRule& shard, std::size_t i, const ShardLines& lines,
             const std::string& file)
      : shard_(shard), classes_(shard.classes), index_(i), lines_(lines), file_(file) {}

  void check() const {
    if (!tells(classes_)) return;
    if (classes_.events == Subprotocol::match) check_match();
    if (!classes_.heartbeats.in.empty()) check_heartbeats();
    if (holds_several(classes_.events) && shard_.identity.kind != Identity::Kind::none)
      refuse({file_, lines_.identity, key_of(index_, "clients.identity")},
             "a message of WebSocket may hold several events of " +
                 std::string(name_of(classes_.events)) +
                 ", so they have no identity; allowed: identity: none");
    if (shard_.match.listen_ports.empty())
      classes_.events == Subprotocol::all ? fail_heartbeats(no_ports) : fail_events(no_ports);
  }

 private:
  static constexpr const char* no_ports =
      "classes are told by port, and this shard has no match.listen_ports; allowed: events: all "
      "without heartbeats, or listen_ports beside it";

  void check_match() const {
    const bool key = !classes_.event_key.json_key.empty();
    const bool values = !classes_.event_key.in.empty();
    if (!classes_.prefix.empty() && (key || values))
      fail_events("prefix stands beside json_key; allowed: one of them");
    if (key != values)
      fail_events(std::string(key ? "json_key without in" : "in without json_key") +
                  "; allowed: both, such as {json_key: type, in: [message.new]}");
  }

  void check_heartbeats() const {
    const KeyValues& events = classes_.event_key;
    const KeyValues& heartbeats = classes_.heartbeats;
    if (classes_.events != Subprotocol::all && classes_.events != Subprotocol::match)
      fail_heartbeats(std::string(name_of(classes_.events)) +
                      " has heartbeats of its own; allowed: leave heartbeats out");
    if (!events.json_key.empty() && events.json_key != heartbeats.json_key)
      fail_heartbeats("the key is " + quoted(heartbeats.json_key) + ", and that of events is " +
                      quoted(events.json_key) + "; allowed: the same json_key");
    for (const std::string& value : heartbeats.in)
      if (std::find(events.in.begin(), events.in.end(), value) != events.in.end())
        fail_heartbeats(quoted(value) + " is also in events.in; allowed: in one of them");
  }

  [[noreturn]] void fail_events(const std::string& complaint) const {
    refuse({file_, lines_.events, key_of(index_, "clients.events")}, complaint);
  }
  [[noreturn]] void fail_heartbeats(const std::string& complaint) const {
    refuse({file_, lines_.heartbeats, key_of(index_, "clients.heartbeats")}, complaint);
  }

  const ShardRule& shard_;
  const Classes& classes_;
  std::size_t index_;
  const ShardLines& lines_;
  const std::string& file_;
};

// MQTT's own packet types say what is an event and what a heartbeat.
void check_mqtt(const ShardRule& shard, std::size_t i, const ShardLines& lines,
                const std::string& file) {
  if (shard.protocol != ClientProtocol::mqtt) return;
  const auto fail = [&](int line, const char* key, const std::string& complaint) {
    refuse({file, line, key_of(i, key)}, complaint);
  };
  if (shard.match.listen_ports.empty())
    fail(lines.protocol, "clients.protocol",
         "MQTT is read by port, and this shard has no match.listen_ports; allowed: listen_ports "
         "beside it, or auto");
  if (shard.classes.events != Subprotocol::all)
    fail(lines.events, "clients.events",
         "the packets of MQTT say what an event is; allowed: leave events out (events: mqtt "
         "without protocol: mqtt is for MQTT inside of WebSocket)");
  if (!shard.classes.heartbeats.in.empty())
    fail(lines.heartbeats, "clients.heartbeats",
         "MQTT has heartbeats of its own; allowed: leave heartbeats out");
}

// A stream of events says by itself what is an event and what a heartbeat.
void check_http(const ShardRule& shard, std::size_t i, const ShardLines& lines,
                const std::string& file) {
  const auto fail = [&](int line, const char* key, const std::string& complaint) {
    refuse({file, line, key_of(i, key)}, complaint);
  };
  if (!shard.publishes.empty() && shard.match.listen_ports.empty())
    fail(lines.publishes, "clients.publishes",
         "HTTP is read by port, and this shard has no match.listen_ports; allowed: listen_ports "
         "beside it, or no publishes");
  if (!shard.publishes.empty() && shard.protocol == ClientProtocol::mqtt)
    fail(lines.publishes, "clients.publishes",
         "the ports of MQTT speak no HTTP; allowed: a shard of its own for the ports with HTTP");
  if (shard.protocol != ClientProtocol::sse) return;
  if (shard.match.listen_ports.empty())
    fail(lines.protocol, "clients.protocol",
         "streams of events are read by port, and this shard has no match.listen_ports; allowed: "
         "listen_ports beside it, or auto");
  if (shard.classes.events != Subprotocol::all)
    fail(lines.events, "clients.events",
         "of a stream each block with data is an event; allowed: leave events out");
  if (!shard.classes.heartbeats.in.empty())
    fail(lines.heartbeats, "clients.heartbeats",
         "of a stream the comments are heartbeats; allowed: leave heartbeats out");
  if (identifies(shard))
    fail(lines.identity, "clients.identity",
         "no identity is read from streams of events in this version; allowed: identity: none");
}

void check_pods(const Config& config, std::size_t i, const Lines& lines, const std::string& file) {
  if (config.shards[i].match.pod_labels.empty() || config.kubernetes.api != "off") return;
  refuse({file, lines[i].shard, key_of(i, "match.pod_labels")},
         "an API server tells labels, and kubernetes.api is off; allowed: kubernetes.api auto or a "
         "URL, or no pod_labels");
}

void check_room(const ShardRule& shard, std::size_t i, const ShardLines& lines,
                const std::string& file) {
  if (!has_rooms(shard)) return;
  const auto fail = [&](const std::string& complaint) {
    refuse({file, lines.room, key_of(i, "clients.room")}, complaint);
  };
  if (!identifies(shard))
    fail(
        "an event without an identity is followed to no room; allowed: room: none, or identity "
        "beside it");
  if (shard.identity.kind == Identity::Kind::json_key && shard.identity.key == shard.room.key)
    fail(quoted(shard.room.key) +
         " is also the json_key of clients.identity, so each event would have a room of its own; "
         "allowed: another key, or room: none");
}

void check_alone(const ShardRule& shard, std::size_t i, const ShardLines& lines,
                 const std::string& file) {
  check_mqtt(shard, i, lines, file);
  check_http(shard, i, lines, file);
  ClassRules(shard, i, lines, file).check();
  if (identifies(shard) && shard.match.listen_ports.empty())
    refuse({file, lines.identity, key_of(i, "clients.identity")},
           "identities are read by port, and this shard has no match.listen_ports; allowed: "
           "identity: none, or listen_ports beside it");
  check_room(shard, i, lines, file);
  if (!shard.replication) return;
  if (const auto port = common_port(shard.replication->ports, shard.match.listen_ports))
    refuse({file, lines.replication_ports, key_of(i, "replication.ports")},
           std::to_string(port) +
               " is also one of this shard's match.listen_ports; allowed: clients and nodes on "
               "ports of their own");
}

}  // namespace

bool is_stricter(const ShardMatch& a, const ShardMatch& b) {
  const bool a_ports = !a.listen_ports.empty();
  const bool b_ports = !b.listen_ports.empty();
  const bool a_exe = !a.exe.empty();
  const bool b_exe = !b.exe.empty();
  const std::size_t a_depth = cgroup_depth(a.cgroup);
  const std::size_t b_depth = cgroup_depth(b.cgroup);
  const bool as_much = a_ports >= b_ports && a_depth >= b_depth && a_exe >= b_exe &&
                       std::ranges::includes(a.pod_labels, b.pod_labels);
  const bool more = a_ports > b_ports || a_depth > b_depth || a_exe > b_exe ||
                    a.pod_labels.size() > b.pod_labels.size();
  return as_much && more;
}

bool can_overlap(const ShardMatch& a, const ShardMatch& b) {
  const bool can_share_exe = a.exe.empty() || b.exe.empty() || a.exe == b.exe;
  return can_share_exe && can_share_cgroup(a.cgroup, b.cgroup) && can_share_port(a, b) &&
         can_share_pod(a.pod_labels, b.pod_labels);
}

ShardMatch replication_match(const ShardRule& shard) {
  ShardMatch match = shard.match;
  match.listen_ports = shard.replication.value_or(Replication{}).ports;
  return match;
}

void check_shards(const Config& config, const Lines& lines, std::string_view file_name) {
  const std::string file(file_name);
  check_names(config, lines, file);
  for (std::size_t i = 0; i < config.shards.size(); ++i) {
    check_alone(config.shards[i], i, lines[i], file);
    check_pods(config, i, lines, file);
    for (std::size_t j = 0; j < i; ++j) {
      const Pair pair(config, lines, file, i, j);
      pair.check_clients();
      pair.check_nodes();
    }
  }
}

}  // namespace fanfare
