// SPDX-License-Identifier: Apache-2.0
// From what the kernel side tells of single events to what the judge is given by shard: rooms,
// receivers, lag, sockets that have closed; and the same from a recording.
#include <gmock/gmock.h>

#include <cstring>

#include "agent/model/deltas.h"
#include "agent/model/ledger.h"
#include "agent/replay/recording_codec.h"
#include "tests/support/snapshots.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

ShardRule shard(const std::string& name, std::uint16_t port, bool rooms) {
  ShardRule rule{.name = name, .match = {.listen_ports = {port}, .cgroup = {}, .exe = {}}};
  rule.identity = {Identity::Kind::json_key, "id"};
  if (rooms) rule.room = {Room::Kind::json_key, "cid"};
  rule.expected = true;
  return rule;
}

fanfare_event event(std::uint32_t place, std::uint64_t room) {
  fanfare_event event{};
  event.shard = place;
  event.room = room;
  event.due_ns = 10'000'000'000;
  return event;
}

struct EventOutcomesTest : ::testing::Test {
  Ledger ledger{{shard("plain", 80, false), shard("rooms", 81, true)}, 10};
  Deltas deltas;
  Monotonic now{100s};

  // Of shard "rooms", which stands behind "plain".
  ShardDelta tick(const Snapshot& snapshot) {
    auto all = deltas.advance(snapshot, ledger.advance(snapshot));
    EXPECT_THAT(all, SizeIs(2));
    EXPECT_FALSE(all.at(0).has_rooms);
    EXPECT_THAT(all.at(0).events.settled, IsEmpty());
    EXPECT_THAT(all.at(0).events.gone, IsEmpty());
    EXPECT_TRUE(all.at(1).has_rooms);
    return all.at(1);
  }
  Snapshot snapshot(fanfare_life life = FANFARE_LIVE) {
    now += 1s;
    return fanfare::testing::SnapshotBuilder()
        .at(now)
        .listener(80, "chatd")
        .listener(81, "chatd")
        .flow({.cookie = 1, .port = 80, .life = life})
        .flow({.cookie = 2, .port = 81, .life = life})
        .flow({.cookie = 3, .port = 81})
        .build();
  }
  void begin() {
    const auto first = snapshot();
    deltas.advance(first, ledger.advance(first));
  }
};

TEST_F(EventOutcomesTest, OfTheShardAtTheEventsPlace) {
  begin();
  auto told = snapshot();
  auto reached = event(1, 7), missed = event(1, 8), other = event(0, 9);
  reached.publisher = 2;
  reached.copies = 5;
  reached.first_copy_ns = 10'250'000'000;
  reached.to[0] = 3;
  reached.to[1] = 4;
  told.events = {{reached, false}, {missed, false}, {other, false}, {reached, true}};
  const auto delta = tick(told);
  ASSERT_THAT(delta.events.settled, SizeIs(2));
  const auto& first = delta.events.settled[0];
  EXPECT_EQ(first.room, 7u);
  EXPECT_TRUE(first.local);
  EXPECT_EQ(first.publisher, 2u);
  EXPECT_EQ(first.copies, 5u);
  EXPECT_DOUBLE_EQ(first.lag_seconds, 0.25);
  EXPECT_THAT(first.to, ElementsAre(3, 4, 0, 0));
  const auto& second = delta.events.settled[1];
  EXPECT_EQ(second.room, 8u);
  EXPECT_FALSE(second.local);
  EXPECT_EQ(second.copies, 0u);
  EXPECT_LT(second.lag_seconds, 0);
  ASSERT_THAT(delta.events.late, SizeIs(1));
  EXPECT_EQ(delta.events.late[0].room, 7u);
  EXPECT_DOUBLE_EQ(delta.events.late[0].lag_seconds, 0.25);
  EXPECT_THAT(tick(snapshot()).events.settled, IsEmpty()) << "of one tick";
}

TEST_F(EventOutcomesTest, ACopyThatRanAheadCameAtOnce) {
  begin();
  auto told = snapshot();
  auto ahead = event(1, 7);
  ahead.copies = 1;
  ahead.first_copy_ns = ahead.due_ns - 1000;
  told.events = {{ahead, false}};
  EXPECT_EQ(tick(told).events.settled.at(0).lag_seconds, 0);
}

TEST_F(EventOutcomesTest, SocketsThatHaveClosedAreToldOnce) {
  begin();
  EXPECT_THAT(tick(snapshot(FANFARE_CLOSED)).events.gone, ElementsAre(2));
  EXPECT_THAT(tick(snapshot(FANFARE_CLOSED)).events.gone, IsEmpty());
}

TEST_F(EventOutcomesTest, APlaceThatNoRuleHasIsNobodys) {
  begin();
  auto told = snapshot();
  told.events = {{event(2, 7), false}};
  EXPECT_THAT(tick(told).events.settled, IsEmpty());
}

TEST_F(EventOutcomesTest, ARecordingHasThem) {
  auto told = snapshot();
  auto reached = event(1, 7);
  reached.copies = 3;
  reached.to[3] = 9;
  told.events = {{reached, false}, {event(1, 8), true}};
  SnapshotEncoder encoder;
  SnapshotDecoder decoder;
  const auto read = decoder.decode(encoder.encode(told));
  ASSERT_THAT(read.events, SizeIs(2));
  EXPECT_EQ(std::memcmp(&read.events[0].event, &reached, sizeof reached), 0);
  EXPECT_FALSE(read.events[0].late);
  EXPECT_EQ(read.events[1].event.room, 8u);
  EXPECT_TRUE(read.events[1].late);
  EXPECT_THAT(decoder.decode(encoder.encode(snapshot())).events, IsEmpty());
}

}  // namespace
}  // namespace fanfare
