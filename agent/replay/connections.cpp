// SPDX-License-Identifier: Apache-2.0
#include "agent/replay/connections.h"

#include <arpa/inet.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace fanfare {
namespace {

constexpr std::uint64_t only_cgroup = 1;  // a capture knows no cgroups
constexpr int sights_of_closed = 2;       // as the reader of the kernel's map

std::string host_text(const __u8 (&address)[16]) {
  constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (std::equal(mapped.begin(), mapped.end(), address))
    return ::inet_ntop(AF_INET, address + mapped.size(), text.data(), text.size());
  return std::string("[") + ::inet_ntop(AF_INET6, address, text.data(), text.size()) + "]";
}

}  // namespace

std::size_t Connections::Hash::operator()(const Key& key) const {
  std::size_t hash = 0;
  for (const Endpoint& end : key.ends) {
    const std::string_view bytes(reinterpret_cast<const char*>(end.address.data()),
                                 end.address.size());
    hash = hash * 1000003 + std::hash<std::string_view>{}(bytes);
    hash = hash * 1000003 + end.port;
  }
  return hash;
}

Connections::Connections(const Knobs& knobs) : capacity_(knobs.sockets), capture_(knobs) {}

void Connections::take(const TcpSegment& segment, Monotonic now) {
  const bool swap = segment.to < segment.from;
  const Key key{swap ? Connection::Ends{segment.to, segment.from}
                     : Connection::Ends{segment.from, segment.to}};
  const int from = swap;
  const auto known = entries_.find(key);
  if (known == entries_.end() && (segment.rst || (!segment.syn && segment.length == 0))) return;
  Entry& entry = known == entries_.end() ? entries_[key] : known->second;
  if (segment.syn && !segment.has_ack) {
    on_syn(entry, from, segment);
    return;
  }
  if (!entry.live && !(entry.refused && !segment.syn)) open(entry, key, from, segment, now);
  if (!entry.live) return;
  entry.live->take(from, segment, now);
  if (entry.live->is_over() || entry.live->is_dismissed()) end(entry);
}

// A SYN with another first number than the one before: the ports are used again.
void Connections::on_syn(Entry& entry, int from, const TcpSegment& segment) {
  if (entry.client == from && entry.client_first == segment.seq) return;
  if (entry.live) {
    entry.live->flush();
    end(entry);
  }
  entry.client = from;
  entry.client_first = segment.seq;
  entry.refused = false;
}

// With a SYN|ACK, or with the client's answer to it, both first numbers are known.
void Connections::open(Entry& entry, const Key& key, int from, const TcpSegment& segment,
                       Monotonic now) {
  const bool accepts = segment.syn && segment.has_ack;
  const bool answers = entry.client == from && segment.has_ack && segment.seq == entry.client_first;
  if (!accepts && !answers && segment.length == 0) return;
  if (live_ >= capacity_) {
    capture_.lose(FANFARE_LOSS_FLOW_MAP_FULL, 1);
    entry.refused = true;
    return;
  }
  const auto cookie = 2 * ++opened_;  // and one more for the other end
  ++live_;
  if (accepts || answers) {
    std::array<std::uint32_t, 2> first{};
    first[from] = segment.seq;
    first[!from] = segment.ack;
    const int server = accepts ? from : !from;
    entry.live = std::make_unique<Connection>(capture_, key.ends, cookie, server, first, now);
  } else {
    entry.live = std::make_unique<Connection>(capture_, key.ends, cookie, now);
  }
}

void Connections::end(Entry& entry) {
  --live_;
  entry.refused = true;
  over_.push_back({std::move(entry.live), 0});
}

void Connections::flush() {
  for (auto& [key, entry] : entries_)
    if (entry.live) entry.live->flush();
}

// Each host of the capture counts as a network namespace, so that equal ports of two hosts are two
// listeners.
std::uint32_t Connections::netns_of(const fanfare_flow& flow) {
  std::array<std::uint8_t, 16> address{};
  std::copy(std::begin(flow.local), std::end(flow.local), address.begin());
  return hosts_.try_emplace(address, static_cast<std::uint32_t>(hosts_.size()) + 1).first->second;
}

void Connections::show(Snapshot& snapshot, const Connection& connection) {
  for (auto& [cookie, flow] : connection.flows()) {
    auto& shown = snapshot.flows.emplace_back(flow);
    shown.netns = netns_of(flow);
    shown.cgroup_id = only_cgroup;
    snapshot.cookies.push_back(cookie);
  }
}

// A listener is named by its address, since its process is not in the capture.
void Connections::name_listeners(Snapshot& snapshot) {
  std::shared_ptr<Owners> grown;
  for (const fanfare_flow& flow : snapshot.flows) {
    const ListenerKey key{flow.netns, flow.local_port};
    if (flow.dialled || (grown ? *grown : *owners_).listeners.contains(key)) continue;
    if (!grown) grown = std::make_shared<Owners>(*owners_);
    grown->listeners[key].comm = host_text(flow.local);
    grown->cgroup_paths[only_cgroup] = "/";
  }
  if (grown) owners_ = std::move(grown);
  snapshot.owners = owners_;
}

void Connections::fill(Snapshot& snapshot, Monotonic now) {
  std::erase_if(over_, [](const Over& over) { return over.sights >= sights_of_closed; });
  for (auto& [key, entry] : entries_) {
    if (!entry.live) continue;
    entry.live->expire(now);
    show(snapshot, *entry.live);
  }
  for (auto& [connection, sights] : over_) {
    ++sights;
    show(snapshot, *connection);
  }
  name_listeners(snapshot);
  snapshot.losses = capture_.losses;
  capture_.reach.turn(now, snapshot);
  snapshot.reach = capture_.reach.totals();
  snapshot.maps.push_back({"flows", snapshot.flows.size(), capacity_});
}

}  // namespace fanfare
