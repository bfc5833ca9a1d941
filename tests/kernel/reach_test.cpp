// SPDX-License-Identifier: Apache-2.0
// Reach with the real programs: which events were published, which got a copy to somebody else,
// each counted once whatever sockets, CPUs and turns of the maps it passes.
#include <algorithm>
#include <atomic>

#include "agent/config/start_error.h"
#include "agent/kernel/probes.h"
#include "tests/kernel/kernel_test.h"
#include "tests/kernel/on_threads.h"

namespace fanfare::test {
namespace {

using namespace std::chrono_literals;

const Identity by_payload{.kind = Identity::Kind::payload, .key = {}};
const Identity by_id{.kind = Identity::Kind::json_key, .key = "id"};

bool same(const fanfare_reach& a, const fanfare_reach& b) {
  return a.accepted == b.accepted && a.reached == b.reached && a.copies == b.copies &&
         a.own_copies == b.own_copies && a.unidentified == b.unidentified &&
         a.reached_local == b.reached_local;
}

class ReachTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (!IsSkipped()) listener_ = listen_on();
  }

  Knobs knobs(const Identity& identity, std::uint32_t identities = 4096) const {
    return {.sockets = 1024,
            .identities = identities,
            .shards = {{.identity = identity, .client_ports = {port_of(listener_)}}}};
  }

  void start(const Identity& identity) {
    attach(knobs(identity));
    read();
  }

  std::vector<Pair> clients(std::size_t count) {
    std::vector<Pair> pairs;
    for (std::size_t i = 0; i < count; ++i) pairs.push_back(upgraded_pair(listener_));
    return pairs;
  }

  void expect_reach(const fanfare_reach& expected) {
    const auto all = read().reach;
    ASSERT_EQ(all.size(), 1U);
    const auto& counted = all.at(0);
    EXPECT_TRUE(same(counted, expected))
        << counted.accepted << " accepted, " << counted.reached << " reached, " << counted.copies
        << " copies, " << counted.own_copies << " own, " << counted.unidentified
        << " unidentified, " << counted.reached_local << " reached of those published here";
  }

  Fd listener_;
};

std::string event(std::size_t id) {
  return R"({"type":"message.new","id":")" + std::to_string(id) + R"(","text":"hello"})";
}

// By the server to the client; what it holds differs for each recipient but for the id.
void deliver(const Pair& pair, const std::string& payload) {
  const auto bytes = wire({text, payload});
  send_all(pair.server, bytes);
  receive(pair.client, bytes.size());
}

void publish(const Pair& pair, const std::string& payload) {
  const auto bytes = wire({.payload = payload, .masked = true});
  send_all(pair.client, bytes);
  receive(pair.server, bytes.size());
}

TEST_F(ReachTest, a_publisher_and_three_receivers) {
  start(by_id);
  const auto pairs = clients(4);
  for (std::size_t id = 1; id <= 10; ++id) {
    publish(pairs[0], event(id));
    for (const auto& pair : pairs) deliver(pair, event(id));
  }
  expect_reach({.accepted = 10,
                .reached = 10,
                .copies = 30,
                .own_copies = 10,
                .unidentified = 0,
                .reached_local = 10});
}

TEST_F(ReachTest, by_payload_too) {
  start(by_payload);
  const auto pairs = clients(4);
  for (std::size_t id = 1; id <= 10; ++id) {
    publish(pairs[0], event(id));
    for (const auto& pair : pairs) deliver(pair, event(id) + std::string(1000, ' '));
    publish(pairs[1], event(id) + std::string(1000, ' '));
  }
  expect_reach({.accepted = 20,
                .reached = 10,
                .copies = 40,
                .own_copies = 0,
                .unidentified = 0,
                .reached_local = 10});
}

TEST_F(ReachTest, an_echo_to_its_sender_reaches_nobody) {
  start(by_id);
  const auto pairs = clients(3);
  for (std::size_t id = 0; id < 5; ++id) {
    publish(pairs[1], event(id));
    deliver(pairs[1], event(id));
  }
  expect_reach({.accepted = 5,
                .reached = 0,
                .copies = 0,
                .own_copies = 5,
                .unidentified = 0,
                .reached_local = 0});
}

// Two nodes share a bus: what was published on the other is no part of what was accepted here.
TEST_F(ReachTest, events_of_other_nodes_are_apart) {
  start(by_id);
  const auto pairs = clients(3);
  for (std::size_t id = 1; id <= 10; ++id) publish(pairs[0], event(id));
  for (std::size_t id = 1; id <= 4; ++id) deliver(pairs[1], event(id));
  for (std::size_t id = 101; id <= 130; ++id)
    for (const auto& pair : pairs) deliver(pair, event(id));
  expect_reach({.accepted = 10,
                .reached = 34,
                .copies = 94,
                .own_copies = 0,
                .unidentified = 0,
                .reached_local = 4});
}

// Published by REST, or on another node: nothing came in here.
TEST_F(ReachTest, what_came_another_way_is_reached_and_not_accepted) {
  start(by_id);
  const auto pairs = clients(3);
  for (const auto& pair : pairs) deliver(pair, event(1));
  deliver(pairs[0], event(2));
  expect_reach({.accepted = 0,
                .reached = 2,
                .copies = 4,
                .own_copies = 0,
                .unidentified = 0,
                .reached_local = 0});
}

// One WebSocket says an event that has gone out already: accepted, and reached before.
TEST_F(ReachTest, a_copy_that_ran_ahead) {
  start(by_id);
  const auto pairs = clients(3);
  deliver(pairs[1], event(1));
  publish(pairs[0], event(1));
  publish(pairs[0], event(1));  // sent again: the same event
  deliver(pairs[0], event(1));
  deliver(pairs[2], event(1));
  expect_reach({.accepted = 1,
                .reached = 1,
                .copies = 2,
                .own_copies = 1,
                .unidentified = 0,
                .reached_local = 1});
}

TEST_F(ReachTest, what_cannot_be_read_is_unidentified) {
  start(by_id);
  const auto pairs = clients(2);
  publish(pairs[0], R"({"type":"health.check"})");
  deliver(pairs[1], R"({"type":"health.check"})");
  deliver(pairs[1], R"({"id":null})");
  deliver(pairs[1], event(1));
  expect_reach({.accepted = 0,
                .reached = 1,
                .copies = 1,
                .own_copies = 0,
                .unidentified = 3,
                .reached_local = 0});
}

TEST_F(ReachTest, in_fragments_pieces_and_several_in_a_segment) {
  start(by_id);
  const auto pairs = clients(2);
  StreamBuilder in, out;
  for (std::size_t id = 0; id < 50; ++id) {
    in.message(event(id), {.fragment = 1 + id, .masked = true, .pings_between = true});
    out.message(event(id), {.fragment = 1 + id * 2 % 7, .empty_end = id % 2 == 0});
  }
  for (std::size_t at = 0; at < in.bytes().size(); at += 11)
    send_all(pairs[0].client, in.bytes().substr(at, 11));
  receive(pairs[0].server, in.bytes().size());
  send_all(pairs[1].server, out.bytes());
  receive(pairs[1].client, out.bytes().size());
  expect_reach({.accepted = 50,
                .reached = 50,
                .copies = 50,
                .own_copies = 0,
                .unidentified = 0,
                .reached_local = 50});
}

TEST_F(ReachTest, two_cpus_write_the_same_events) {
  constexpr std::size_t events = 100000;
  attach(knobs(by_id, 2 * events));
  const auto pairs = clients(8);
  // Each thread has half of the sockets and sends every event to all of them: the CPUs race.
  on_threads(2, [&](std::size_t thread) {
    for (std::size_t id = 0; id < events; id += 100) {
      std::string bytes;
      for (std::size_t i = id; i < id + 100; ++i) bytes += wire({text, event(i)});
      for (std::size_t i = thread; i < pairs.size(); i += 2) {
        send_all(pairs[i].server, bytes);
        receive(pairs[i].client, bytes.size());
      }
    }
  });
  expect_reach({.accepted = 0,
                .reached = events,
                .copies = events * pairs.size(),
                .own_copies = 0,
                .unidentified = 0,
                .reached_local = 0});
}

// A segment each, so that the CPUs meet at one event and not at a hundred.
TEST_F(ReachTest, publishers_and_copies_on_two_cpus) {
  constexpr std::size_t events = 20000;
  attach(knobs(by_id, 2 * events));
  const auto pairs = clients(4);
  on_threads(2, [&](std::size_t thread) {
    for (std::size_t id = 0; id < events; ++id) {
      if (id % 2 == thread) publish(pairs[thread], event(id));
      deliver(pairs[thread], event(id));
      deliver(pairs[thread + 2], event(id));
    }
  });
  const auto reach = read().reach.at(0);
  EXPECT_EQ(reach.accepted, events);
  EXPECT_EQ(reach.reached, events);
  EXPECT_EQ(reach.reached_local, events) << "whichever of the two CPUs came first";
  // Where a thread ran ahead, its copy to the later publisher's own socket could not be known.
  EXPECT_EQ(reach.copies + reach.own_copies, 4 * events);
  EXPECT_GE(reach.own_copies, events);
}

TEST_F(ReachTest, a_full_map_is_named) {
  attach(knobs(by_id, 16));
  const auto pairs = clients(2);
  for (std::size_t id = 0; id < 20; ++id)
    for (const auto& pair : pairs) deliver(pair, event(id));
  const auto reach = read().reach.at(0);
  EXPECT_EQ(reach.copies, 40U);
  EXPECT_EQ(reach.reached, 16U);
  expect_loss(FANFARE_LOSS_IDENTITIES_FULL, 8);
}

TEST_F(ReachTest, an_event_is_known_over_the_turn_of_the_maps) {
  start(by_id);
  const auto pairs = clients(3);
  publish(pairs[0], event(1));
  deliver(pairs[1], event(1));
  read_after(11s);
  deliver(pairs[2], event(1));
  deliver(pairs[0], event(1));
  deliver(pairs[1], event(2));
  expect_reach({.accepted = 1,
                .reached = 2,
                .copies = 3,
                .own_copies = 1,
                .unidentified = 0,
                .reached_local = 1});
  read_after(15s);  // not due
  deliver(pairs[2], event(1));
  expect_reach({.accepted = 1,
                .reached = 2,
                .copies = 4,
                .own_copies = 1,
                .unidentified = 0,
                .reached_local = 1});
  const auto turned = read_after(22s);
  const auto fill = std::ranges::find(turned.maps, "identities", &MapFill::map);
  ASSERT_NE(fill, turned.maps.end());
  EXPECT_EQ(fill->entries, 1U) << "of the first turn";
  EXPECT_EQ(fill->capacity, 4096U);
  deliver(pairs[2], event(2));
  deliver(pairs[2], event(1));  // forgotten
  expect_reach({.accepted = 1,
                .reached = 3,
                .copies = 6,
                .own_copies = 1,
                .unidentified = 0,
                .reached_local = 1});
}

// No insert is lost while the maps turn under load.
TEST_F(ReachTest, turns_under_load) {
  constexpr std::size_t events = 30000;
  attach(knobs(by_id, 65536));
  const auto pairs = clients(2);
  std::atomic<bool> over = false;
  std::atomic<std::size_t> whole = 0;  // events that every client has
  on_threads(2, [&](std::size_t thread) {
    if (thread == 0) {
      for (std::size_t id = 0; id < events; ++id) {
        for (const auto& pair : pairs) deliver(pair, event(id));
        whole = id + 1;
      }
      over = true;
    }
    // At most every 50 ms and only after an event more, that none is met by a client in one turn
    // and by the other in the next but one.
    for (int turn = 1; thread == 1 && !over; ++turn) {
      read_after(std::chrono::seconds(11 * turn));
      const auto before = whole.load();
      do std::this_thread::sleep_for(50ms);
      while (whole == before && !over);
    }
  });
  expect_reach({.accepted = 0,
                .reached = events,
                .copies = 2 * events,
                .own_copies = 0,
                .unidentified = 0,
                .reached_local = 0});
}

TEST_F(ReachTest, shards_are_apart_and_others_have_none) {
  const auto second = listen_on();
  const auto other = listen_on();
  attach({.sockets = 64,
          .shards = {{.identity = by_id, .client_ports = {port_of(listener_)}},
                     {},
                     {.identity = by_payload, .client_ports = {port_of(second)}}}});
  deliver(upgraded_pair(listener_), event(1));
  deliver(upgraded_pair(second), event(1));
  deliver(upgraded_pair(second), event(1));
  deliver(upgraded_pair(other), event(1));
  const auto all = read().reach;
  ASSERT_EQ(all.size(), 3U);
  EXPECT_TRUE(same(all[0], {0, 1, 1, 0, 0, 0}));
  EXPECT_TRUE(same(all[1], {}));
  EXPECT_TRUE(same(all[2], {0, 1, 2, 0, 0, 0}));
}

TEST_F(ReachTest, nothing_where_no_shard_has_it) {
  attach({.sockets = 64, .shards = {{.client_ports = {port_of(listener_)}}}});
  deliver(upgraded_pair(listener_), event(1));
  const auto snapshot = read();
  EXPECT_TRUE(snapshot.reach.empty());
  EXPECT_EQ(std::ranges::count(snapshot.maps, "identities", &MapFill::map), 0);
}

// What a lock on probation shows may be no message.
TEST_F(ReachTest, of_older_sockets_when_their_lock_is_proven) {
  const auto pairs = clients(1);
  start(by_id);
  constexpr std::size_t events = 40;
  for (std::size_t id = 0; id < events; ++id) deliver(pairs[0], event(id));
  const auto counted = flow(pairs[0].server).out.tally.by_class[FANFARE_EVENT].messages;
  ASSERT_GT(counted, FANFARE_PROOF_FRAMES);
  // The frame that ends the probation is proven with it.
  const auto proven = counted - (FANFARE_PROOF_FRAMES - 1);
  expect_reach({.accepted = 0,
                .reached = proven,
                .copies = proven,
                .own_copies = 0,
                .unidentified = 0,
                .reached_local = 0});
}

TEST_F(ReachTest, more_rules_than_there_is_room_for_and_a_long_key_are_refused) {
  std::vector<ShardKnobs> shards(FANFARE_CLIENT_RULES_MAX + 1, {.identity = by_id});
  EXPECT_THROW(Probes(cgroup_->target(), {.sockets = 64, .shards = shards}), StartError);
  const Identity long_key{.kind = Identity::Kind::json_key, .key = std::string(33, 'k')};
  EXPECT_THROW(Probes(cgroup_->target(), {.sockets = 64, .shards = {{.identity = long_key}}}),
               StartError);
}

}  // namespace
}  // namespace fanfare::test
