// SPDX-License-Identifier: Apache-2.0
// What `fanfare top` shows, as plain values read from the agent's answers. A text is as the agent
// gave it: it is escaped where it is laid out.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace fanfare::top {

// A ratio beside what it is when all is well.
struct Propagation {
  std::string signal;
  std::string peer;
  double ratio = 0;
  std::optional<double> normal;
  double relative = 0;  // 1: all is well
};

struct Evidence {
  double nats = 0;
  double threshold = 0;  // nats at which it is believed
};

struct PeerSignal {
  std::string peer;
  std::optional<double> ratio;
  std::optional<double> normal;
  Evidence evidence;
};

struct Shard {
  std::string name;
  std::uint64_t synced = 0;
  std::uint64_t unsynced = 0, dark = 0;
  std::optional<double> coverage;  // 0..1
  std::uint64_t events_out = 0;
  std::uint64_t events_in = 0;
  double out_per_second = 0;
  double in_per_second = 0;
  std::optional<Propagation> worst;
  Evidence evidence;  // of the signal that has most
  std::vector<PeerSignal> peers;
  std::uint32_t firing = 0;  // alerts
  bool critical = false;     // one of them
};

struct Socket {
  std::uint64_t cookie = 0;
  std::string role, state, local, remote;
  std::string pace;          // "ok", "slow", "stuck"; empty: not a client
  std::string comm, reason;  // empty: unknown, none
  // "chat/chat-0" of a pod, else its container or unit; empty: in none
  std::string place{};
  std::optional<std::uint64_t> pid, unsent_bytes, srtt_us;
  std::uint64_t out = 0;  // events; log entries where the role is replication
  std::uint64_t in = 0;
  std::optional<double> last_event_seconds;
  // Per second, since the look before; empty at the first.
  std::optional<double> out_per_second, in_per_second;
};

struct Peer {
  std::string name, address;
  std::uint64_t synced = 0, unsynced = 0;  // sockets
  std::uint64_t entries_out = 0, entries_in = 0;
  std::optional<std::uint64_t> behind{};  // log entries
  std::optional<double> stalled_seconds{};
  std::optional<double> out_per_second{}, in_per_second{};  // entries, as for sockets
};

// An alert, or what is wrong with the agent's own sight (severity "finding").
struct Alert {
  std::string name, severity, state, shard, peer, step, summary, why, next;
  bool fires() const { return state == "firing" || state == "stale"; }
  std::optional<double> since_seconds;
};

// A point of the past; see /api/v1/history.
struct Bar {
  std::int64_t at = 0;  // unix seconds
  std::optional<double> events_out;
  std::uint32_t firing = 0;
};

struct Past {
  std::int64_t now = 0;  // unix seconds
  std::int64_t step_seconds = 5;
  std::map<std::string, std::vector<Bar>> shards{};
};

// Unix seconds of the newest step of any shard; 0 without.
std::int64_t newest(const Past& past);

struct Answer {
  double asked = 0;         // seconds of the asker's monotonic clock
  double cost_seconds = 0;  // that asking took
  std::string node, version;
  bool ready = false;
  std::optional<double> snapshot_age_seconds, last_scrape_seconds;
  std::vector<Shard> shards;
  std::vector<Alert> alerts;  // as the agent orders them: worst first; findings last
  std::string opened;         // the shard that sockets and peers are of; empty: none was asked for
  std::vector<Socket> sockets;
  std::vector<Peer> peers;
  std::optional<Past> past;  // empty: not asked for this time
};

// The bodies of the agent's answers; sockets and peers are empty where no shard is open.
struct Bodies {
  std::string status, past, sockets, peers;
};

// Throws BadAnswer where a body is not what the agent of this version gives.
Answer read_answer(const Bodies& bodies, const std::string& opened);

std::uint32_t firing(const Answer& answer);  // alerts, findings not counted

}  // namespace fanfare::top
