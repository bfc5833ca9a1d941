// SPDX-License-Identifier: Apache-2.0
#include "agent/exports/replication_metrics.h"

#include <algorithm>
#include <set>

#include "agent/exports/address_text.h"
#include "agent/exports/label_text.h"
#include "agent/exports/names.h"
#include "agent/model/shard_names.h"

namespace fanfare {
namespace {

struct Way {
  std::string_view shard, protocol, direction, src, dst;
};

void add_way(Families& families, const Way& way, const RpcTotals& totals) {
  const LabelPair shard{"shard", way.shard};
  const LabelPair protocol{"protocol", way.protocol};
  const LabelPair direction{"direction", way.direction};
  const LabelPair src{"src", way.src};
  const LabelPair dst{"dst", way.dst};
  families.add(Metric::replication_entries, {shard, protocol, direction, src, dst}, totals.entries);
  for (const RpcKind& kind : rpc_kinds) {
    families.add(Metric::replication_rpcs,
                 {shard, protocol, direction, src, dst, {"kind", kind.name}}, totals.*kind.count);
  }
}

// Known before the first socket is; those of the host's network are the host's.
void add_pods(const std::vector<ShardRule>& rules, const PodTable& table,
              std::set<IpAddress>& addresses) {
  const auto replicates = [&](const Pod& pod) {
    return std::ranges::any_of(rules, [&](const ShardRule& rule) {
      const auto& labels = rule.match.pod_labels;
      return rule.replication && !labels.empty() && has_labels(pod, labels);
    });
  };
  if (!needs_pods(rules)) return;
  for (const auto& [uid, pod] : table.pods()) {
    if (pod.host_network || pod.ended || !replicates(pod)) continue;
    for (const auto& text : pod.addresses)
      if (const auto address = parse_address(text)) addresses.insert(*address);
  }
}

}  // namespace

void add_replication(Families& families, const std::string& node, const Shard& shard) {
  if (!shard.replicates) return;
  const std::string name = label_text(shard.name);
  const std::string own = label_text(node);
  std::uint64_t synced = 0;
  std::uint64_t unsynced = 0;
  for (const Peer& peer : shard.peers) {
    const std::string other = label_text(peer.name);
    add_way(families, {name, peer.protocol, "out", own, other}, peer.out);
    add_way(families, {name, peer.protocol, "in", other, own}, peer.in);
    synced += peer.sockets_synced;
    unsynced += peer.sockets_unsynced;
  }
  const LabelPair in_shard{"shard", name};
  const LabelPair role{"role", role_replication};
  families.add(Metric::sockets, {in_shard, role, {"state", "synced"}}, synced);
  families.add(Metric::sockets, {in_shard, role, {"state", "unsynced"}}, unsynced);
  families.add(Metric::sockets, {in_shard, role, {"state", "dark"}}, shard.replication_dark);
}

void add_addresses(Families& families, const View& view) {
  if (!view.snapshot) return;
  std::set<IpAddress> addresses;
  for (const fanfare_flow& flow : view.snapshot->flows) {
    if (fanfare_protocol_replicates(flow.protocol)) addresses.insert(ip_address(flow.local));
  }
  // An address that has gone to another node meanwhile would stand for both.
  if (view.pod_names.reachable) add_pods(*view.rules, *view.snapshot->pods, addresses);
  std::size_t left = most_addresses;
  for (const IpAddress& address : addresses) {
    if (left-- == 0) return;
    const std::string text = address_text(address);
    families.add(Metric::address_info, {{"address", text}}, 1.0);
  }
}

}  // namespace fanfare
