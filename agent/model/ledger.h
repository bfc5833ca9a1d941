// SPDX-License-Identifier: Apache-2.0
// From cumulative counters of sockets to cumulative totals of shards: the one place where deltas
// are taken, and where births, deaths and counts that were taken back are settled.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "agent/config/config.h"
#include "agent/kernel/snapshot.h"
#include "agent/model/own_addresses.h"
#include "agent/model/reach.h"
#include "agent/model/replication.h"
#include "agent/model/shard_names.h"
#include "agent/model/shards.h"
#include "agent/model/socket_delivery.h"

namespace fanfare {

class Ledger {
 public:
  Ledger(std::vector<ShardRule> rules, const Limits& limits);
  // With the limit of shards alone.
  Ledger(std::vector<ShardRule> rules, std::uint32_t max_shards)
      : Ledger(std::move(rules), Limits{.shards = max_shards}) {}

  // Snapshots in the order of their times. A shard appears when its port is known to speak
  // WebSocket (by a 101 seen on it, or by a proven lock) or MQTT; or with its first stream of
  // events, its first publish accepted, or its first replication socket. An expected one is there
  // from the first tick on.
  Model advance(const Snapshot& snapshot);

  // After a reload: what is counted from now on goes to the shards of the new rules.
  void set_rules(std::vector<ShardRule> rules, const Limits& limits);
  void set_rules(std::vector<ShardRule> rules, std::uint32_t max_shards) {
    set_rules(std::move(rules), Limits{.shards = max_shards});
  }

 private:
  // Totals as they stand (they can fall when a false lock is voided) and as they are shown: a
  // counter never falls, it waits until what was taken back has been counted again.
  struct PortKey {
    std::uint64_t cgroup_id;
    std::uint32_t netns;
    std::uint16_t port;
    auto operator<=>(const PortKey&) const = default;
  };
  struct Slot {
    Shard shown;
    DirectionTotals out, in;
    Delivery edge, inner;  // by hop
    Monotonic emitted{};   // the last tick with an event out, 0: none yet
    bool used = true;      // else its place waits for another
    // Named before all was known of the listener that alone it is of: all moves when it is.
    std::optional<PortKey> waits_for{};
    bool has_listener = false;  // as of the latest owners
    Monotonic last_socket{};    // the last tick with one; at first when it was made
    Wall last_socket_wall{};
  };
  struct Tracked {
    fanfare_tally out{}, in{};
    SocketDelivery delivery;
    SocketLosses losses;
    std::uint64_t accepted = 0;
    std::uint64_t generation = 0;
    std::uint32_t slot = no_shard;
    std::uint8_t ticks_unnamed = 0;
    bool named_for_good = false;  // its naming was complete
    bool opened = false, closed = false;
  };
  struct Naming {
    std::string name;
    bool complete = false;       // listener, cgroup and, in a pod, the pod are known
    bool worth_waiting = false;  // a name without what is missing would be of no use
  };

  void note_chat_ports(const Snapshot& snapshot);
  void begin_tick(const Snapshot& snapshot);
  std::uint32_t settle_flow(const Snapshot& snapshot, std::size_t index);
  void settle_delivery(const Snapshot& snapshot, std::size_t index, Tracked& tracked, bool is_new);
  void name_flow(const Snapshot& snapshot, std::uint64_t cookie, const fanfare_flow& flow,
                 Tracked& tracked);
  const Naming& naming_of(const Snapshot& snapshot, std::uint64_t cookie, const fanfare_flow& flow);
  const Naming& naming_of(const Snapshot& snapshot, const PortKey& key);
  Naming naming_by(const ListenerFacts& facts, std::uint16_t port) const;
  void settle_dark(const Snapshot& snapshot);
  std::uint32_t settle_dark_socket(const Snapshot& snapshot, const DarkSocket& dark);
  std::uint32_t slot_named(const std::string& name);
  std::uint32_t slot_waiting(const std::string& name, const PortKey& key);
  std::uint32_t add_slot(const std::string& name);
  bool has_room(const std::string& name) const;
  void name_what_waits(const Snapshot& snapshot);
  void merge(std::uint32_t from, std::uint32_t into);
  void look_for_listeners(const Snapshot& snapshot);
  void note_socket(std::uint32_t slot, const Snapshot& snapshot);
  void end_idle();
  void end(std::uint32_t slot, std::uint32_t goes_on_in);
  void free_slot(std::uint32_t slot);
  void forget_presence_but_of(const std::vector<ShardRule>& rules);
  void look_for_expected(const Snapshot& snapshot);
  void settle_port_losses(const Snapshot& snapshot);
  void settle_replication(const Snapshot& snapshot, std::vector<std::uint32_t>& slot_of_flow);
  void settle_events(const Snapshot& snapshot);
  void forget_gone(const Snapshot& snapshot);
  void forget_ports(const Snapshot& snapshot);
  Shard published(const Slot& slot) const;
  Model publish(std::vector<std::uint32_t> slot_of_flow) const;

  std::vector<ShardRule> rules_;
  bool needs_pods_ = false;
  std::unordered_map<std::string, const ShardRule*> rule_by_name_;
  Limits limits_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::vector<EndedShard> ended_;  // at this tick
  std::map<std::string, std::uint32_t> slot_by_name_;
  // Of expected shards, by the latest scan and pods.
  std::map<std::string, PresenceWatch> presence_;
  bool rules_are_new_ = true;        // presence_ is not of them yet
  std::map<PortKey, Naming> names_;  // of the latest owner scan and pods
  std::shared_ptr<const Owners> named_by_;
  std::shared_ptr<const PodTable> pods_;
  bool scan_is_new_ = false;  // at this tick
  Monotonic scanned_{};
  std::set<ListenerKey> chat_ports_;
  PortLosses port_losses_;
  std::array<std::uint64_t, FANFARE_LOSS_COUNT> lost_from_clients_{};  // see Model
  std::map<ListenerKey, std::uint32_t> slot_of_port_;  // of the last socket that was named
  OwnAddresses own_addresses_;
  ReplicationLedger replication_;
  std::map<std::string, std::uint32_t> slot_of_replicated_;  // shard "other" where over the limit
  ReachLedger reach_;
  Monotonic taken_{};  // of this tick
  boost::unordered_flat_map<std::uint64_t, Tracked> tracked_;
  std::vector<std::pair<std::uint32_t, SocketId>> closed_;  // at this tick, by slot
  std::map<std::string, EventOutcomes> events_;             // of this tick, by shard
  std::vector<SocketState> states_;          // of this tick, parallel to the snapshot's flows
  std::vector<std::uint32_t> slot_of_dark_;  // same, to its `dark`
  std::uint64_t generation_ = 0;
  std::set<std::string> beyond_;  // names that shard "other" stands for
};

}  // namespace fanfare
