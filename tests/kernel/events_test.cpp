// SPDX-License-Identifier: Apache-2.0
// Events one by one with the real programs: the room of each, who published it, how many copies
// left, to whom, and when; from frames, from publishes and from log entries.
#include <algorithm>
#include <set>

#include "tests/kernel/kernel_test.h"
#include "tests/kernel/on_threads.h"
#include "tests/support/identities.h"
#include "tests/support/raft.h"
#include "tests/support/stream_feeder.h"

namespace fanfare::test {
namespace {

using namespace std::chrono_literals;

const Identity by_payload{.kind = Identity::Kind::payload, .key = {}};
const Identity by_id{.kind = Identity::Kind::json_key, .key = "id"};
const Room by_cid{.kind = Room::Kind::json_key, .key = "cid"};
constexpr std::uint8_t first_rule = FANFARE_RULE_IDENTITY;  // of the first shard that has one

std::string event(std::size_t id, const std::string& room) {
  return R"({"type":"message.new","id":")" + std::to_string(id) + R"(","cid":")" + room +
         R"(","text":"hello"})";
}

struct Hashes {
  std::uint64_t identity, room;
};

Hashes hashes_of(const std::string& payload, bool payload_identity = false) {
  auto how = identities_and_rooms(payload_identity ? by_payload_rule() : by_key_rule("id"), "cid");
  auto direction = in_step();
  direction.client_rule = first_rule;
  Feeder feeder(direction);
  feeder.read_into(how);
  feeder.segment(wire({text, payload}));
  return {how.hashes.at(0), how.rooms.at(0)};
}

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

// What an event is expected to be told as.
struct Truth {
  std::uint64_t room = 0, publisher = 0;
  std::uint32_t copies = 0;
  std::set<std::uint64_t> to;  // all that got one
};

class EventsTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped()) return;
    listener_ = listen_on();
    nodes_ = listen_on();
  }

  Knobs knobs(std::uint32_t identities = 4096, const Identity& identity = by_id) const {
    return {
        .sockets = 1024,
        .identities = identities,
        .shards = {{.identity = identity, .room = by_cid, .client_ports = {port_of(listener_)}}}};
  }
  Knobs replicated(std::uint32_t identities = 4096) const {
    auto with = knobs(identities);
    with.shards[0].replication_ports = {port_of(nodes_)};
    return with;
  }

  std::vector<Pair> clients(std::size_t count) {
    std::vector<Pair> pairs;
    for (std::size_t i = 0; i < count; ++i) pairs.push_back(upgraded_pair(listener_));
    return pairs;
  }

  // As if so much more time had passed.
  std::vector<ToldEvent> told_after(std::chrono::seconds later) { return read_after(later).events; }

  static void expect_told(const std::vector<ToldEvent>& told,
                          const std::map<std::uint64_t, Truth>& truth) {
    EXPECT_EQ(told.size(), truth.size());
    std::set<std::uint64_t> seen;
    for (const auto& [event, late] : told) {
      ASSERT_TRUE(truth.contains(event.identity));
      EXPECT_TRUE(seen.insert(event.identity).second) << "told once";
      const Truth& expected = truth.at(event.identity);
      EXPECT_FALSE(late);
      EXPECT_EQ(event.shard, 0U);
      EXPECT_EQ(event.room, expected.room);
      EXPECT_EQ(event.publisher, expected.publisher);
      EXPECT_EQ(event.copies, expected.copies);
      EXPECT_NE(event.due_ns, 0U);
      EXPECT_EQ(event.first_copy_ns != 0, expected.copies > 0);
      std::set<std::uint64_t> to(std::begin(event.to), std::end(event.to));
      to.erase(0);
      EXPECT_EQ(to.size(), std::min<std::size_t>(expected.to.size(), FANFARE_EVENT_RECEIVERS));
      EXPECT_TRUE(std::ranges::includes(expected.to, to));
    }
  }

  Fd listener_, nodes_;
};

class EventsByTest : public EventsTest, public testing::WithParamInterface<Identity> {};

TEST_P(EventsByTest, each_has_its_room_publisher_and_receivers) {
  attach(knobs(4096, GetParam()));
  const auto pairs = clients(12);
  std::map<std::uint64_t, Truth> truth;
  for (std::size_t id = 0; id < 200; ++id) {
    const std::size_t room = id % 5, size = 2 + room;  // of up to six members
    const auto payload = event(id, "messaging:" + std::to_string(room));
    const auto hashes = hashes_of(payload, GetParam().kind == Identity::Kind::payload);
    Truth expected{hashes.room, cookie_of(pairs[id % 12].server), 0, {}};
    publish(pairs[id % 12], payload);
    for (std::size_t member = room; member < room + size; ++member) {
      deliver(pairs[member], payload);
      if (member == id % 12) continue;
      ++expected.copies;
      expected.to.insert(cookie_of(pairs[member].server));
    }
    truth[hashes.identity] = expected;
  }
  EXPECT_TRUE(read().events.empty()) << "not settled";
  const auto told = told_after(6s);
  expect_told(told, truth);
  for (const auto& [event, late] : told)
    EXPECT_TRUE(event.copies == 0 || event.first_copy_ns > event.due_ns);
  EXPECT_TRUE(told_after(7s).empty());
}

INSTANTIATE_TEST_SUITE_P(Kinds, EventsByTest, testing::Values(by_id, by_payload),
                         [](const auto& identity) {
                           return identity.param.kind == Identity::Kind::payload ? "payload"
                                                                                 : "key";
                         });

TEST_F(EventsTest, what_nobody_gets_has_a_room_and_its_first_copy_is_late) {
  attach(knobs());
  const auto pairs = clients(3);
  const std::string read_by_none = event(1, "a"), echoed = event(2, "b"), unroomed = R"({"id":3})";
  for (const auto& payload : {read_by_none, echoed, unroomed}) publish(pairs[0], payload);
  deliver(pairs[0], echoed);
  const auto publisher = cookie_of(pairs[0].server);
  const auto first = hashes_of(read_by_none), second = hashes_of(echoed);
  expect_told(told_after(6s), {{first.identity, {first.room, publisher, 0, {}}},
                               {second.identity, {second.room, publisher, 0, {}}},
                               {hashes_of(unroomed).identity, {0, publisher, 0, {}}}});
  deliver(pairs[1], read_by_none);
  const auto late = told_after(7s);
  ASSERT_EQ(late.size(), 1U);
  EXPECT_TRUE(late[0].late);
  EXPECT_EQ(late[0].event.room, first.room);
  EXPECT_EQ(late[0].event.to[0], cookie_of(pairs[1].server));
  EXPECT_GT(late[0].event.first_copy_ns, late[0].event.due_ns);
}

// Published on another node, where nobody replicates, or made by the server.
TEST_F(EventsTest, what_nobody_here_published_is_not_due) {
  attach(knobs());
  const auto pairs = clients(2);
  for (const auto& pair : pairs) deliver(pair, event(1, "a"));
  EXPECT_TRUE(told_after(6s).empty());
  EXPECT_TRUE(told_after(40s).empty());
}

TEST_F(EventsTest, in_fragments_pieces_and_several_in_a_segment) {
  attach(knobs());
  const auto pairs = clients(2);
  StreamBuilder in, out;
  std::map<std::uint64_t, Truth> truth;
  const auto from = cookie_of(pairs[0].server), to = cookie_of(pairs[1].server);
  for (std::size_t id = 0; id < 50; ++id) {
    const auto payload = event(id, std::to_string(id % 7));
    const auto hashes = hashes_of(payload);
    in.message(payload, {.fragment = 1 + id, .masked = true, .pings_between = true});
    out.message(payload, {.fragment = 1 + id * 2 % 7, .empty_end = id % 2 == 0});
    truth[hashes.identity] = {hashes.room, from, 1, {to}};
  }
  for (std::size_t at = 0; at < in.bytes().size(); at += 11)
    send_all(pairs[0].client, in.bytes().substr(at, 11));
  receive(pairs[0].server, in.bytes().size());
  send_all(pairs[1].server, out.bytes());
  receive(pairs[1].client, out.bytes().size());
  expect_told(told_after(6s), truth);
}

TEST_F(EventsTest, two_cpus_meet_the_same_events) {
  constexpr std::size_t events = 100000, batch = 100;
  attach(knobs(events));
  const auto pairs = clients(4);
  on_threads(2, [&](std::size_t thread) {
    for (std::size_t id = 0; id < events; id += batch) {
      std::string in, out;
      for (std::size_t i = id; i < id + batch; ++i) {
        const auto payload = event(i, std::to_string(i % 97));
        if (i % 2 == thread) in += wire({.payload = payload, .masked = true});
        out += wire({text, payload});
      }
      send_all(pairs[thread].client, in);
      receive(pairs[thread].server, in.size());
      for (const std::size_t to : {thread, thread + 2}) {
        send_all(pairs[to].server, out);
        receive(pairs[to].client, out.size());
      }
    }
  });
  // Of the four sockets three are others than the publisher's, also where his copy ran ahead.
  std::map<std::uint64_t, Truth> truth;
  std::set<std::uint64_t> all;
  for (const auto& pair : pairs) all.insert(cookie_of(pair.server));
  for (std::size_t id = 0; id < events; ++id) {
    const auto hashes = hashes_of(event(id, std::to_string(id % 97)));
    const auto publisher = cookie_of(pairs[id % 2].server);
    auto others = all;
    others.erase(publisher);
    truth[hashes.identity] = {hashes.room, publisher, 3, others};
  }
  expect_told(told_after(6s), truth);
}

TEST_F(EventsTest, a_full_map_is_named_and_those_within_are_followed) {
  attach(knobs(16));
  const auto pairs = clients(2);
  std::map<std::uint64_t, Truth> truth;
  for (std::size_t id = 0; id < 200; ++id) {
    const auto payload = event(id, "a");
    publish(pairs[0], payload);
    deliver(pairs[1], payload);
    if (id < 16)
      truth[hashes_of(payload).identity] = {
          hashes_of(payload).room, cookie_of(pairs[0].server), 1, {cookie_of(pairs[1].server)}};
  }
  expect_loss(FANFARE_LOSS_IDENTITIES_FULL, 2 * 184);
  expect_told(told_after(6s), truth);
  for (const auto later : {17s, 28s}) read_after(later);  // the maps turn, and turn again
  publish(pairs[0], event(1000, "a"));
  EXPECT_EQ(told_after(34s).size(), 1U) << "there is room again";
}

TEST_F(EventsTest, nothing_where_no_shard_has_rooms) {
  auto without = knobs();
  without.shards[0].room = {};
  attach(without);
  const auto pairs = clients(2);
  publish(pairs[0], event(1, "a"));
  deliver(pairs[1], event(1, "a"));
  const auto snapshot = read_after(6s);
  EXPECT_TRUE(snapshot.events.empty());
  EXPECT_EQ(snapshot.reach.at(0).reached_local, 1U);
  EXPECT_EQ(std::ranges::count(snapshot.maps, "events", &MapFill::map), 0);
}

// A shard with rooms makes none for one without.
TEST_F(EventsTest, shards_are_apart) {
  const auto second = listen_on(), third = listen_on();
  auto three = knobs();
  three.shards.push_back({.identity = by_id, .client_ports = {port_of(second)}});
  three.shards.push_back({.identity = by_id, .room = by_cid, .client_ports = {port_of(third)}});
  attach(three);
  for (const Fd* listener : {static_cast<const Fd*>(&listener_), &second, &third}) {
    const Pair from = upgraded_pair(*listener), to = upgraded_pair(*listener);
    publish(from, event(1, "a"));
    deliver(to, event(1, "a"));
  }
  const auto snapshot = read_after(6s);
  ASSERT_EQ(snapshot.events.size(), 2U);
  EXPECT_EQ(snapshot.events[0].event.shard, 0U);
  EXPECT_EQ(snapshot.events[1].event.shard, 2U);
  EXPECT_NE(snapshot.events[0].event.room, snapshot.events[1].event.room);
  for (const auto& reach : snapshot.reach) EXPECT_EQ(reach.reached_local, 1U);
}

std::string entries(std::uint64_t first, std::size_t count, const std::string& room) {
  std::vector<LogEntry> all;
  for (std::uint64_t index = first; index < first + count; ++index)
    all.push_back({index, 0, event(index, room)});
  return append_request(all);
}

void replicate(const Pair& nodes, const std::string& rpc) {
  std::thread sending([&] { send_all(nodes.client, rpc); });
  receive(nodes.server, rpc.size());
  sending.join();
}

// Both ends of the log's connection are on this host.
TEST_F(EventsTest, entries_are_due_and_publishes_are_not) {
  attach(replicated());
  const auto pairs = clients(3);
  const Pair log = connect_pair(nodes_);
  publish(pairs[0], event(1, "a"));
  publish(pairs[0], event(100, "lost before the log"));
  replicate(log, entries(1, 3, "a"));
  for (const std::size_t id : {1, 2})
    for (const auto& pair : pairs) deliver(pair, event(id, "a"));
  const auto cookie = [&](std::size_t i) { return cookie_of(pairs[i].server); };
  const auto room = hashes_of(event(1, "a")).room;
  const auto told = told_after(6s);
  expect_told(told,
              {{hashes_of(event(1, "a")).identity, {room, cookie(0), 2, {cookie(1), cookie(2)}}},
               {hashes_of(event(2, "a")).identity, {room, 0, 3, {cookie(0), cookie(1), cookie(2)}}},
               {hashes_of(event(3, "a")).identity, {room, 0, 0, {}}}});
}

TEST_F(EventsTest, entries_count_once_for_all_followers_and_old_ones_do_not) {
  attach(replicated());
  const Pair a = connect_pair(nodes_), b = connect_pair(nodes_), returned = connect_pair(nodes_);
  replicate(a, entries(1001, 64, "a"));
  replicate(b, entries(1001, 64, "a"));
  replicate(b, entries(1065, 10, "a"));
  replicate(a, entries(1065, 10, "a"));
  EXPECT_EQ(told_after(6s).size(), 74U);
  // A follower that was away catches up; then the log goes on.
  replicate(returned, entries(1, 500, "a"));
  replicate(returned, entries(501, 574, "a"));
  replicate(a, entries(1075, 1, "a"));
  EXPECT_EQ(told_after(12s).size(), 1U);
  EXPECT_TRUE(told_after(60s).empty());
}

// Configuration and no-op entries are no events; nor is what has no identity.
TEST_F(EventsTest, of_commands_with_an_identity) {
  attach(replicated());
  const Pair log = connect_pair(nodes_);
  replicate(log, append_request({{{1, 1, ""},
                                  {2, 0, event(2, "a")},
                                  {3, 5, event(3, "a")},
                                  {4, 0, "opaque"},
                                  {5, 0, "\x01" + event(5, "b") + "\x02"}}}));
  const auto a = hashes_of(event(2, "a")), b = hashes_of(event(5, "b"));
  expect_told(told_after(6s), {{a.identity, {a.room, 0, 0, {}}}, {b.identity, {b.room, 0, 0, {}}}});
}

// Entries in segments that are cut anywhere.
TEST_F(EventsTest, entries_in_pieces) {
  attach(replicated());
  const Pair log = connect_pair(nodes_);
  const std::string stream = entries(1, 200, "a") + entries(201, 200, "b");
  std::thread sending([&] {
    for (std::size_t at = 0; at < stream.size(); at += 137)
      send_all(log.client, stream.substr(at, 137));
  });
  receive(log.server, stream.size());
  sending.join();
  std::map<std::uint64_t, Truth> truth;
  for (std::size_t id = 1; id <= 400; ++id) {
    const auto hashes = hashes_of(event(id, id <= 200 ? "a" : "b"));
    truth[hashes.identity] = {hashes.room, 0, 0, {}};
  }
  expect_told(told_after(6s), truth);
}

}  // namespace
}  // namespace fanfare::test
