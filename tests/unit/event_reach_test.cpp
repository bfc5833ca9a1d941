// SPDX-License-Identifier: Apache-2.0
// What a replay follows of single events, as bpf/reach.bpf.h and bpf/events.bpf.h do.
#include "agent/replay/event_reach.h"

#include <gmock/gmock.h>

namespace fanfare {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct EventReachTest : ::testing::Test {
  static Knobs knobs(bool replicates) {
    Knobs knobs{.identities = 4};
    knobs.shards = {{.identity = {Identity::Kind::json_key, "id"},
                     .room = {Room::Kind::json_key, "cid"},
                     .client_ports = {80}}};
    if (replicates) knobs.shards[0].replication_ports = {7000};
    return knobs;
  }
  static EventSight sight(std::uint64_t identity, std::uint64_t cookie, bool inbound,
                          Monotonic at = 10s) {
    return {.shard = 0,
            .identity = identity,
            .room = 100 + identity,
            .cookie = cookie,
            .inbound = inbound,
            .at = at};
  }
  static std::vector<ToldEvent> told(EventReach& reach, Monotonic now) {
    Snapshot snapshot;
    reach.turn(now, snapshot);
    return snapshot.events;
  }
};

TEST_F(EventReachTest, TellsOfWhatClientsPublishedAndWhoGotIt) {
  EventReach reach(knobs(false));
  EXPECT_TRUE(reach.note(sight(1, 7, true)));
  for (const std::uint64_t cookie : {7, 8, 9, 8}) reach.note(sight(1, cookie, false, 12s));
  EXPECT_TRUE(reach.note(sight(2, 8, false)));  // nobody here published it
  EXPECT_THAT(told(reach, 14s), IsEmpty());
  const auto events = told(reach, 15s);
  ASSERT_THAT(events, SizeIs(1));
  const auto& event = events[0].event;
  EXPECT_EQ(event.room, 101u);
  EXPECT_EQ(event.publisher, 7u);
  EXPECT_EQ(event.copies, 3u) << "8 got two";
  EXPECT_THAT(event.to, ElementsAre(8, 9, 0, 0));
  EXPECT_EQ(event.first_copy_ns - event.due_ns, 2'000'000'000u);
  EXPECT_EQ(reach.totals().at(0).reached_local, 1u);
  EXPECT_EQ(reach.totals().at(0).own_copies, 1u);
}

TEST_F(EventReachTest, WithReplicationEntriesAreDueOnce) {
  EventReach reach(knobs(true));
  reach.note(sight(1, 7, true));
  for (int follower = 0; follower < 2; ++follower)
    for (const std::uint64_t index : {1, 2})
      EXPECT_TRUE(reach.note_entry(sight(index, 0, false), index));
  EXPECT_TRUE(reach.note_entry(sight(0, 0, false), 3)) << "no identity, no event";
  const auto events = told(reach, 15s);
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_EQ(events[0].event.publisher, 7u);
  EXPECT_EQ(events[1].event.publisher, 0u);
  EXPECT_EQ(reach.totals().at(0).unidentified, 0u);
}

TEST_F(EventReachTest, AFullMapRefuses) {
  EventReach reach(knobs(false));
  for (std::uint64_t id = 1; id <= 4; ++id) EXPECT_TRUE(reach.note(sight(id, 7, true)));
  EXPECT_FALSE(reach.note(sight(5, 7, true)));
  EXPECT_TRUE(reach.note(sight(4, 8, false)));
  EXPECT_THAT(told(reach, 15s), SizeIs(4));
}

}  // namespace
}  // namespace fanfare
