// SPDX-License-Identifier: Apache-2.0
#include "agent/replay/recording_codec.h"

#include <array>
#include <utility>
#include <vector>

#include "agent/replay/byte_stream.h"

namespace fanfare {
namespace {

static_assert(sizeof(fanfare_flow) % 8 == 0);
constexpr std::size_t flow_words = sizeof(fanfare_flow) / 8;
using FlowWords = std::array<std::uint64_t, flow_words>;
using Changed = std::array<std::uint64_t, (flow_words + 63) / 64>;  // a bit for each word

FlowWords words_of(const fanfare_flow& flow) {
  FlowWords words;
  std::memcpy(words.data(), &flow, sizeof flow);
  return words;
}

// Which words differ, and then these words as differences: few, and small where counters grow.
void put_difference(ByteWriter& out, const fanfare_flow& flow, const fanfare_flow& before) {
  const auto now = words_of(flow), then = words_of(before);
  Changed changed{};
  for (std::size_t i = 0; i < flow_words; ++i)
    changed[i / 64] |= std::uint64_t{now[i] != then[i]} << i % 64;
  out.put(changed);
  for (std::size_t i = 0; i < flow_words; ++i)
    if (now[i] != then[i]) out.put(now[i] - then[i]);
}

void get_difference(ByteReader& in, fanfare_flow& flow) {
  auto words = words_of(flow);
  const auto changed = in.get<Changed>();
  for (std::size_t i = 0; i < flow_words; ++i)
    if (changed[i / 64] >> i % 64 & 1) words[i] += in.get<std::uint64_t>();
  std::memcpy(&flow, words.data(), sizeof flow);
}

bool same(const fanfare_flow& a, const fanfare_flow& b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

void put_owner(ByteWriter& out, const Owner& owner) {
  out.put(owner.pid);
  out.put(owner.fd);
  out.put(owner.srtt_us);
  out.put(owner.unsent_bytes);
  out.put(owner.cgroup_id);
  out.text(owner.comm);
  out.text(owner.exe);
  out.text(owner.v1_path);
  out.text(owner.program);
  out.put(owner.certain);
}

void put_listeners(ByteWriter& out, const std::map<ListenerKey, Owner>& listeners) {
  out.put<std::uint64_t>(listeners.size());
  for (const auto& [key, owner] : listeners) {
    out.put(key.netns);
    out.put(key.port);
    put_owner(out, owner);
  }
}

Owner get_owner(ByteReader& in) {
  Owner owner;
  owner.pid = in.get<std::uint32_t>();
  owner.fd = in.get<std::uint32_t>();
  owner.srtt_us = in.get<std::uint32_t>();
  owner.unsent_bytes = in.get<std::uint32_t>();
  owner.cgroup_id = in.get<std::uint64_t>();
  owner.comm = in.text();
  owner.exe = in.text();
  owner.v1_path = in.text();
  owner.program = in.text();
  owner.certain = in.get<std::uint8_t>() != 0;
  return owner;
}

constexpr std::size_t least_owner_bytes = 41;

std::map<ListenerKey, Owner> get_listeners(ByteReader& in) {
  std::map<ListenerKey, Owner> listeners;
  for (auto left = in.count(6 + least_owner_bytes); left > 0; --left) {
    const auto netns = in.get<std::uint32_t>();
    const auto port = in.get<std::uint16_t>();
    listeners[{netns, port}] = get_owner(in);
  }
  return listeners;
}

void put_owners(ByteWriter& out, const Owners& owners) {
  out.put(owners.scanned.count());
  out.put(owners.same_scan);
  out.put(owners.all_processes);
  out.put<std::uint64_t>(owners.by_cookie.size());
  for (const auto& [cookie, owner] : owners.by_cookie) {
    out.put(cookie);
    put_owner(out, owner);
  }
  put_listeners(out, owners.listeners);
  put_listeners(out, owners.ended);
  out.put<std::uint64_t>(owners.cgroup_paths.size());
  for (const auto& [id, path] : owners.cgroup_paths) {
    out.put(id);
    out.text(path);
  }
  out.put<std::uint64_t>(owners.addresses.size());
  for (const auto& address : owners.addresses) out.put(address);
}

Owners get_owners(ByteReader& in) {
  Owners owners;
  owners.scanned = Monotonic(in.get<Monotonic::rep>());
  owners.same_scan = in.get<std::uint8_t>() != 0;
  owners.all_processes = in.get<std::uint8_t>() != 0;
  for (auto left = in.count(8 + least_owner_bytes); left > 0; --left) {
    const auto cookie = in.get<std::uint64_t>();
    owners.by_cookie[cookie] = get_owner(in);
  }
  owners.listeners = get_listeners(in);
  owners.ended = get_listeners(in);
  for (auto left = in.count(12); left > 0; --left) {
    const auto id = in.get<std::uint64_t>();
    owners.cgroup_paths[id] = in.text();
  }
  for (auto left = in.count(16); left > 0; --left)
    owners.addresses.push_back(in.get<std::array<std::uint8_t, 16>>());
  return owners;
}

void put_pods(ByteWriter& out, const PodTable& table) {
  out.put<std::uint64_t>(table.pods().size());
  for (const auto& [uid, pod] : table.pods()) {
    for (const auto* text : {&pod.uid, &pod.name_space, &pod.name, &pod.node, &pod.manifest})
      out.text(*text);
    out.put(pod.host_network);
    out.put(pod.ended);
    out.put(pod.leaving);
    out.put<std::uint64_t>(pod.labels.size());
    for (const auto& [key, value] : pod.labels) {
      out.text(key);
      out.text(value);
    }
    out.put<std::uint64_t>(pod.containers.size());
    for (const auto& container : pod.containers) {
      out.text(container.id);
      out.text(container.name);
    }
    out.put<std::uint64_t>(pod.addresses.size());
    for (const auto& address : pod.addresses) out.text(address);
  }
}

PodTable get_pods(ByteReader& in) {
  constexpr std::size_t least_text_bytes = 4, least_pod_bytes = 5 * least_text_bytes + 27;
  std::map<std::string, Pod> pods;
  for (auto left = in.count(least_pod_bytes); left > 0; --left) {
    Pod pod;
    for (auto* text : {&pod.uid, &pod.name_space, &pod.name, &pod.node, &pod.manifest})
      *text = in.text();
    pod.host_network = in.get<std::uint8_t>() != 0;
    pod.ended = in.get<std::uint8_t>() != 0;
    pod.leaving = in.get<std::uint8_t>() != 0;
    for (auto labels = in.count(2 * least_text_bytes); labels > 0; --labels) {
      const auto key = in.text();
      pod.labels[key] = in.text();
    }
    for (auto containers = in.count(2 * least_text_bytes); containers > 0; --containers) {
      auto& container = pod.containers.emplace_back();
      container.id = in.text();
      container.name = in.text();
    }
    for (auto addresses = in.count(least_text_bytes); addresses > 0; --addresses)
      pod.addresses.push_back(in.text());
    const auto uid = pod.uid;
    pods[uid] = std::move(pod);
  }
  return pods.empty() ? PodTable() : PodTable(pods);  // none: as a rule not listed yet
}

void put_dark(ByteWriter& out, const Snapshot& snapshot) {
  out.put<std::uint64_t>(snapshot.dark.size());
  for (const auto& dark : snapshot.dark) {
    out.put(dark.cookie);
    out.put(dark.socket);
  }
}

void get_dark(ByteReader& in, Snapshot& snapshot) {
  for (auto left = in.count(8 + sizeof(fanfare_dark)); left > 0; --left) {
    auto& dark = snapshot.dark.emplace_back();
    dark.cookie = in.get<std::uint64_t>();
    dark.socket = in.get<fanfare_dark>();
  }
}

void put_events(ByteWriter& out, const Snapshot& snapshot) {
  out.put<std::uint64_t>(snapshot.events.size());
  for (const auto& told : snapshot.events) {
    out.put(told.event);
    out.put(told.late);
  }
}

void get_events(ByteReader& in, Snapshot& snapshot) {
  for (auto left = in.count(sizeof(fanfare_event) + 1); left > 0; --left) {
    auto& told = snapshot.events.emplace_back();
    told.event = in.get<fanfare_event>();
    told.late = in.get<std::uint8_t>() != 0;
  }
}

void put_gauges(ByteWriter& out, const Snapshot& snapshot) {
  out.put(snapshot.taken.count());
  out.put(snapshot.wall.time_since_epoch().count());
  out.put(snapshot.losses);
  out.put<std::uint64_t>(snapshot.port_losses.size());
  for (const auto& loss : snapshot.port_losses) {
    out.put(loss.of);
    out.put(loss.count);
  }
  out.put<std::uint64_t>(snapshot.reach.size());
  for (const auto& reach : snapshot.reach) out.put(reach);
  out.put<std::uint64_t>(snapshot.maps.size());
  for (const auto& map : snapshot.maps) {
    out.text(map.map);
    out.put(map.entries);
    out.put(map.capacity);
  }
  out.put<std::uint64_t>(snapshot.programs.size());
  for (const auto& program : snapshot.programs) {
    out.text(program.program);
    out.put(program.runs);
    out.put(program.run_time.count());
  }
}

void get_gauges(ByteReader& in, Snapshot& snapshot) {
  snapshot.taken = Monotonic(in.get<Monotonic::rep>());
  snapshot.wall = Wall(Wall::duration(in.get<Wall::rep>()));
  snapshot.losses = in.get<decltype(snapshot.losses)>();
  for (auto left = in.count(sizeof(fanfare_port_loss) + sizeof(PortLoss::count)); left > 0;
       --left) {
    auto& loss = snapshot.port_losses.emplace_back();
    loss.of = in.get<fanfare_port_loss>();
    loss.count = in.get<std::uint64_t>();
  }
  for (auto left = in.count(sizeof(fanfare_reach)); left > 0; --left)
    snapshot.reach.push_back(in.get<fanfare_reach>());
  for (auto left = in.count(20); left > 0; --left) {
    auto& map = snapshot.maps.emplace_back();
    map.map = in.text();
    map.entries = in.get<std::uint64_t>();
    map.capacity = in.get<std::uint64_t>();
  }
  for (auto left = in.count(20); left > 0; --left) {
    auto& program = snapshot.programs.emplace_back();
    program.program = in.text();
    program.runs = in.get<std::uint64_t>();
    program.run_time = std::chrono::nanoseconds(in.get<std::chrono::nanoseconds::rep>());
  }
}

}  // namespace

std::string SnapshotEncoder::encode(const Snapshot& snapshot) {
  ByteWriter out;
  put_gauges(out, snapshot);
  put_dark(out, snapshot);
  put_events(out, snapshot);
  const bool owners_changed = owners_ != snapshot.owners;
  out.put(owners_changed);
  if (owners_changed) put_owners(out, *snapshot.owners);
  owners_ = snapshot.owners;
  const bool pods_changed = pods_ != snapshot.pods;
  out.put(pods_changed);
  if (pods_changed) put_pods(out, *snapshot.pods);
  pods_ = snapshot.pods;

  ++generation_;
  std::vector<std::uint64_t> changed;
  ByteWriter differences;
  for (std::size_t i = 0; i < snapshot.flows.size(); ++i) {
    auto [known, fresh] = known_.try_emplace(snapshot.cookies[i]);
    const auto& flow = snapshot.flows[i];
    if (fresh || !same(known->second.flow, flow)) {
      changed.push_back(snapshot.cookies[i]);
      put_difference(differences, flow, known->second.flow);
      known->second.flow = flow;
    }
    known->second.generation = generation_;
  }
  std::vector<std::uint64_t> gone;
  for (const auto& [cookie, known] : known_)
    if (known.generation != generation_) gone.push_back(cookie);
  for (const auto cookie : gone) known_.erase(cookie);

  out.put<std::uint64_t>(gone.size());
  for (const auto cookie : gone) out.put(cookie);
  out.put<std::uint64_t>(changed.size());
  for (const auto cookie : changed) out.put(cookie);
  out.append(std::move(differences).take());
  return std::move(out).take();
}

Snapshot SnapshotDecoder::decode(std::string_view bytes) {
  ByteReader in(bytes);
  Snapshot snapshot;
  get_gauges(in, snapshot);
  get_dark(in, snapshot);
  get_events(in, snapshot);
  if (in.get<std::uint8_t>()) owners_ = std::make_shared<Owners>(get_owners(in));
  if (in.get<std::uint8_t>()) pods_ = std::make_shared<PodTable>(get_pods(in));
  for (auto left = in.count(8); left > 0; --left) {
    const auto found = place_.find(in.get<std::uint64_t>());
    if (found == place_.end()) throw BadFile("a recorded flow ends that has not begun");
    const auto place = found->second;
    place_.erase(found);
    if (place + 1 != flows_.size()) {
      cookies_[place] = cookies_.back();
      flows_[place] = flows_.back();
      place_[cookies_[place]] = place;
    }
    cookies_.pop_back();
    flows_.pop_back();
  }
  std::vector<std::uint64_t> changed(in.count(8 + sizeof(Changed)));
  for (auto& cookie : changed) cookie = in.get<std::uint64_t>();
  for (const auto cookie : changed) {
    const auto [place, fresh] = place_.try_emplace(cookie, flows_.size());
    if (fresh) {
      cookies_.push_back(cookie);
      flows_.emplace_back();
    }
    get_difference(in, flows_[place->second]);
  }
  in.end();
  snapshot.cookies = cookies_;
  snapshot.flows = flows_;
  snapshot.owners = owners_;
  snapshot.pods = pods_;
  return snapshot;
}

}  // namespace fanfare
