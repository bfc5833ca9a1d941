// SPDX-License-Identifier: Apache-2.0
// Turns flow records and their owners into JSON, one socket at a time: at 50,000 sockets a tree of
// the whole answer would take more memory than the agent itself.
#include "agent/exports/sockets_json.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <chrono>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

#include "agent/exports/address_text.h"
#include "agent/exports/json_figures.h"
#include "agent/exports/json_text.h"
#include "agent/exports/label_text.h"
#include "agent/exports/names.h"
#include "agent/kernel/loss_text.h"
#include "agent/model/dark.h"
#include "agent/model/own_addresses.h"
#include "agent/model/shard_names.h"

namespace fanfare {
namespace {

namespace json = boost::json;

constexpr std::size_t bytes_of_one = 800;  // of the golden text, and some

// Who runs in a cgroup, as it is shown.
struct Place {
  json::value cgroup, unit, name_space, pod, container;
};

// What several sockets of one answer share.
struct Context {
  const View& view;
  Monotonic now;
  OwnAddresses own_addresses;
  std::vector<std::string> shards;                                  // shown names, by index
  std::map<std::pair<std::uint64_t, ListenerKey>, Place> places{};  // by cgroup and listener
};

Context context_of(const View& view, Monotonic now) {
  Context context{view, now, {}, {}};
  context.own_addresses.learn(*view.snapshot);
  for (const ShardView& shard : view.shards) {
    context.shards.push_back(label_text(shard.shard.name));
  }
  return context;
}

// Age to the millisecond. A snapshot is read while sockets still move: never below 0.
json::value age(Monotonic now, std::uint64_t since_ns) {
  const double seconds =
      std::chrono::duration<double>(now - std::chrono::nanoseconds(since_ns)).count();
  return std::max(0.0, std::round(seconds * 1000) / 1000);
}

json::value last_event(const fanfare_direction& out, Monotonic now) {
  return out.last_event_ns == 0 ? json::value(nullptr) : age(now, out.last_event_ns);
}

bool replicates(const fanfare_flow& flow) {
  return fanfare_protocol_replicates(flow.protocol) != 0;
}

// The direction that is read for its own sake: messages to the client, or the RPCs and not the
// answers to them.
const fanfare_direction& leading(const fanfare_flow& flow) {
  return replicates(flow) && flow.dialled == 0 ? flow.in : flow.out;
}

// Publishes by HTTP and has not become anything else.
bool publishes(const fanfare_flow& flow) {
  return flow.exchanges.accepted > 0 && flow.exchanges.streams == 0 &&
         (flow.out.flags & FANFARE_UPGRADED) == 0 && !fanfare_counts_messages(flow.out.stage);
}

bool synced(const fanfare_flow& flow) {
  if (replicates(flow)) return leading(flow).stage == FANFARE_STAGE_RPC;
  return fanfare_is_synced(&flow) || (publishes(flow) && flow.out.stage == FANFARE_STAGE_RESPONSE);
}

std::string_view role_name(const fanfare_flow& flow) {
  if (replicates(flow)) return role_replication;
  return publishes(flow) ? role_publisher : role_client;
}

std::string_view protocol_name(const fanfare_flow& flow) {
  if (publishes(flow)) return "http";
  const bool known = flow.protocol != FANFARE_WEBSOCKET || synced(flow) ||
                     (flow.out.flags & FANFARE_UPGRADED) != 0 || flow.out.tally.frames > 0;
  return known && flow.protocol < protocol_names.size() ? protocol_names[flow.protocol] : "unknown";
}

json::value reason(const fanfare_flow& flow) {
  const unsigned lost_by = leading(flow).lost_by;
  if (synced(flow)) return nullptr;
  if (lost_by == FANFARE_LOSS_NONE)
    return flow.opened_ns == 0 ? json::value("older") : json::value(nullptr);
  return json::value(json::string_view(loss_text(lost_by).name));
}

Place place_of(const Snapshot& snapshot, std::uint64_t cookie, const fanfare_flow& flow) {
  const auto facts = listener_facts(*snapshot.owners, *snapshot.pods, cookie, flow);
  return {.cgroup = facts.cgroup_path ? json::value(label_text(*facts.cgroup_path)) : nullptr,
          .unit = text_or_null(facts.place.unit),
          .name_space = text_or_null(facts.pod ? facts.pod->name_space : ""),
          .pod = text_or_null(facts.pod ? facts.pod->name : ""),
          .container = text_or_null(container_text(facts))};
}

void add_place(json::object& object, Context& context, std::uint64_t cookie,
               const fanfare_flow& flow) {
  const std::pair key(flow.cgroup_id, ListenerKey{flow.netns, flow.local_port});
  auto [place, is_new] = context.places.try_emplace(key);
  if (is_new) place->second = place_of(*context.view.snapshot, cookie, flow);
  object["cgroup"] = place->second.cgroup;
  object["unit"] = place->second.unit;
  object["namespace"] = place->second.name_space;
  object["pod"] = place->second.pod;
  object["container"] = place->second.container;
}

void add_identity(json::object& object, const Context& context, const fanfare_flow& flow) {
  const IpAddress remote = ip_address(flow.remote);
  const bool inner = context.own_addresses.has(flow.remote);
  object["role"] = role_name(flow);
  object["hop"] = inner ? "inner" : "edge";
  object["protocol"] = protocol_name(flow);
  object["local"] = endpoint_text(ip_address(flow.local), flow.local_port);
  object["remote"] = endpoint_text(remote, flow.remote_port);
  object["netns"] = flow.netns;
}

void add_owner(json::object& object, const Owner* owner) {
  object["pid"] = owner ? json::value(owner->pid) : json::value(nullptr);
  object["comm"] = owner ? json::value(label_text(owner->comm)) : json::value(nullptr);
  object["unsent_bytes"] = owner ? json::value(owner->unsent_bytes) : json::value(nullptr);
  object["srtt_us"] = owner ? json::value(owner->srtt_us) : json::value(nullptr);
}

// A count that this role has, null for the other.
json::value count_if(bool has, std::uint64_t count) {
  return has ? json::value(count) : json::value(nullptr);
}

json::value rpcs(bool has, const fanfare_tally& tally) {
  if (!has) return nullptr;
  return {{"append", tally.rpcs.append},       {"append_empty", tally.rpcs.append_empty},
          {"heartbeat", tally.rpcs.heartbeat}, {"vote", tally.rpcs.vote},
          {"snapshot", tally.rpcs.snapshot},   {"other", tally.rpcs.other}};
}

void add_counts(json::object& object, const Context& context, const fanfare_flow& flow) {
  const fanfare_tally& out = flow.out.tally;
  const fanfare_tally& in = flow.in.tally;
  const bool peer = replicates(flow);
  const bool client = !peer;
  object["state"] = synced(flow) ? "synced" : "unsynced";
  object["reason"] = reason(flow);
  object["opened_seconds"] =
      flow.opened_ns == 0 ? json::value(nullptr) : age(context.now, flow.opened_ns);
  object["last_event_seconds"] = client ? last_event(flow.out, context.now) : json::value(nullptr);
  object["events_out"] = count_if(client, out.by_class[FANFARE_EVENT].messages);
  object["heartbeats_out"] = count_if(client, out.by_class[FANFARE_HEARTBEAT].messages);
  object["control_out"] = count_if(client, out.by_class[FANFARE_CONTROL].messages);
  object["other_out"] = count_if(client, out.by_class[FANFARE_OTHER].messages);
  object["frames_out"] = out.frames;
  object["bytes_out"] = fanfare_bytes_passed(&flow.out);
  object["events_in"] = count_if(client, in.by_class[FANFARE_EVENT].messages);
  object["publishes_accepted"] = count_if(client, flow.exchanges.accepted);
  object["heartbeats_in"] = count_if(client, in.by_class[FANFARE_HEARTBEAT].messages);
  object["control_in"] = count_if(client, in.by_class[FANFARE_CONTROL].messages);
  object["other_in"] = count_if(client, in.by_class[FANFARE_OTHER].messages);
  object["frames_in"] = in.frames;
  object["bytes_in"] = fanfare_bytes_passed(&flow.in);
  object["losses_out"] = flow.out.losses;
  object["losses_in"] = flow.in.losses;
  object["rpcs_out"] = rpcs(peer, out);
  object["rpcs_in"] = rpcs(peer, in);
  object["entries_out"] = count_if(peer, out.rpcs.entries);
  object["entries_in"] = count_if(peer, in.rpcs.entries);
}

// Of events. A socket that is over has lost what it had in flight.
void add_fate(json::object& object, const fanfare_flow& flow) {
  const bool client = !replicates(flow);
  const bool over = flow.life == FANFARE_CLOSED;
  const Ending ending = over ? ending_of(flow) : Ending{};
  const Fate& late = ending.fates[FANFARE_FATE_EVENT];
  object["acked"] = count_if(client, flow.acks.acked[FANFARE_FATE_EVENT] + late.acked);
  object["in_flight"] = count_if(client, over ? 0 : in_flight(flow.acks)[FANFARE_FATE_EVENT]);
  object["lost"] = count_if(client, std::reduce(late.lost.begin(), late.lost.end()));
  object["unknown"] = count_if(client, late.unknown);
}

json::value seconds(float age) { return std::round(static_cast<double>(age) * 1000) / 1000; }

// `state`: nullptr for a replication socket.
void add_state(json::object& object, const SocketState* state) {
  const auto known = [state](json::value value) {
    return state ? std::move(value) : json::value(nullptr);
  };
  const SocketState of = state ? *state : SocketState{};
  object["unsent_seconds"] = known(seconds(of.unsent_seconds));
  object["unacked_seconds"] = known(seconds(of.unacked_seconds));
  object["pace"] = known(json::string_view(pace_names[static_cast<std::size_t>(of.pace)]));
  object["silent"] = known(of.silent);
}

std::string socket_text(Context& context, std::uint64_t cookie, const fanfare_flow& flow,
                        const SocketState& state, const std::string& shard) {
  const auto& owners = context.view.snapshot->owners->by_cookie;
  const auto owner = owners.find(cookie);
  json::object object;
  object.reserve(54);
  object["cookie"] = cookie;
  object["shard"] = shard;
  add_identity(object, context, flow);
  add_place(object, context, cookie, flow);
  add_owner(object, owner == owners.end() ? nullptr : &owner->second);
  add_counts(object, context, flow);
  add_fate(object, flow);
  if (owner == owners.end() && state.unsent_bytes > 0) object["unsent_bytes"] = state.unsent_bytes;
  add_state(object, replicates(flow) ? nullptr : &state);
  return json_text(std::move(object));
}

void add_row(std::string& text, const std::string& row) {
  text += text.size() > 1 ? ",\n" : "\n";
  text += row;
}

// Listed only for who asks for them: what they count must be seen, and belongs to nobody.
void add_tests(std::string& text, Context& context, bool closed) {
  const Snapshot& snapshot = *context.view.snapshot;
  const auto add = [&](std::uint64_t cookie, const fanfare_flow& flow) {
    if (closed || flow.life == FANFARE_LIVE)
      add_row(text, socket_text(context, cookie, flow, {}, selftest_shard));
  };
  for (const fanfare_flow& flow : snapshot.tests) add(flow.cookie, flow);
  for (std::size_t i = 0; i < snapshot.flows.size() && i < context.view.shard_of.size(); ++i)
    if (context.view.shard_of[i] == tests_shard) add(snapshot.cookies[i], snapshot.flows[i]);
}

// What is not known is null.
std::string dark_text(Context& context, const DarkSocket& dark, const std::string& shard) {
  const Snapshot& snapshot = *context.view.snapshot;
  const auto owner = snapshot.owners->by_cookie.find(dark.cookie);
  const fanfare_flow flow = stand_in(dark.socket);
  json::object object, unknown;
  object.reserve(52);
  object["cookie"] = dark.cookie;
  object["shard"] = shard;
  add_identity(object, context, flow);
  add_place(object, context, dark.cookie, flow);
  add_owner(object, owner == snapshot.owners->by_cookie.end() ? nullptr : &owner->second);
  add_counts(unknown, context, flow);
  add_fate(unknown, flow);
  add_state(unknown, nullptr);
  for (const auto& figure : unknown) object[figure.key()] = nullptr;
  object["state"] = "dark";
  const std::size_t reason = dark.socket.reason;
  if (reason < dark_reason_names.size()) object["reason"] = dark_reason_names[reason];
  return json_text(std::move(object));
}

}  // namespace

std::string sockets_json(const View& view, Monotonic now, const SocketFilter& filter) {
  if (!view.snapshot) {
    return "[]\n";
  }
  Context context = context_of(view, now);
  const auto& flows = view.snapshot->flows;
  std::string text = "[";
  if (!filter.shard) {
    text.reserve(flows.size() * bytes_of_one);  // growing would hold up to three copies
  }
  for (std::size_t i = 0; i < flows.size() && i < view.shard_of.size(); ++i) {
    const std::uint32_t shard = view.shard_of[i];
    const bool listed =
        (filter.closed || flows[i].life == FANFARE_LIVE) && shard < context.shards.size();
    if (!listed || (filter.shard && *filter.shard != context.shards[shard])) {
      continue;
    }
    const auto& states = view.states;
    add_row(text,
            socket_text(context, view.snapshot->cookies[i], flows[i],
                        i < states.size() ? states[i] : SocketState{}, context.shards[shard]));
  }
  for (std::size_t i = 0; i < view.dark_shard_of.size(); ++i) {
    const std::uint32_t shard = view.dark_shard_of[i];
    if (shard >= context.shards.size() ||
        (filter.shard && *filter.shard != context.shards[shard])) {
      continue;
    }
    add_row(text, dark_text(context, view.snapshot->dark[i], context.shards[shard]));
  }
  if (filter.shard == selftest_shard) add_tests(text, context, filter.closed);
  text += "\n]\n";
  return text;
}

}  // namespace fanfare
