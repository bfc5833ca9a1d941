// SPDX-License-Identifier: Apache-2.0
// Events judged against their own rooms.
#include <gtest/gtest.h>

#include "tests/unit/room_story.h"

namespace fanfare {
namespace {

TEST(RoomJudge, RoomsThatGetTheirEventsAreWell) {
  RoomStory story;
  story.add_rooms(20, 5);
  story.talk(600);
  EXPECT_EQ(story.reach().evidence, 0);
  EXPECT_EQ(story.reach().ratio.value, 1);
  EXPECT_EQ(story.last().rooms.rooms, 20u);
  EXPECT_EQ(story.last().rooms.witnesses, 80u);
  EXPECT_EQ(story.last().rooms.with_room, 1);
}

// One event in three is lost: 20 a second.
TEST(RoomJudge, ALossIsFoundWithinTicks) {
  RoomStory story;
  story.add_rooms(20, 5);
  story.talk(60);
  const auto found = story.until_lost(20, 3);
  ASSERT_TRUE(found);
  EXPECT_LE(*found, 3);
  EXPECT_EQ(story.reach().origin, "all");
  EXPECT_EQ(story.last().rooms.rooms_missed, 4u);
  story.talk(30, 3);
  EXPECT_NEAR(story.reach().loss_estimate, 1 / 3.0, 0.03);
}

// The floors: nothing well has ever been seen.
TEST(RoomJudge, ANodeThatWasBadFromTheStartIsFound) {
  RoomStory story;
  story.add_rooms(21, 12);
  const auto found = story.until_lost(60, 2);
  ASSERT_TRUE(found);
  EXPECT_LE(*found, 20);
}

TEST(RoomJudge, RoomsThatNobodyReadsAreNoTrial) {
  RoomStory story;
  story.add_rooms(20, 3);
  story.talk(60);
  for (int i = 0; i < 600; ++i) {
    std::vector<SettledEvent> events;
    for (RoomId room = 0; room < 100; ++room) events.push_back({.room = 100000 + room});
    for (std::size_t room = 0; room < 20; ++room) events.push_back(story.event(room, true));
    story.second(std::move(events));
  }
  EXPECT_EQ(story.reach().evidence, 0);
  EXPECT_EQ(story.reach().ratio.denominator, 200);
}

// All readers of a small room have closed: nobody is left to miss anything.
TEST(RoomJudge, RoomsWhoseReadersHaveClosedAreNoTrial) {
  RoomStory story;
  story.add_rooms(20, 3);
  story.talk(60);
  for (int i = 0; i < 60; ++i) {
    std::vector<SettledEvent> events;
    for (std::size_t room = 0; room < 20; ++room) events.push_back(story.event(room, false));
    story.second(std::move(events), [&](ShardDelta& delta) {
      if (i > 0) return;
      for (const auto& room : story.rooms)
        delta.events.gone.insert(delta.events.gone.end(), room.readers.begin(), room.readers.end());
    });
  }
  EXPECT_EQ(story.reach().evidence, 0);
  EXPECT_EQ(story.reach().ratio.denominator, 0);
  EXPECT_EQ(story.reach().ratio.unknown, "no room that has a reader had an event");
}

// What left before the close is told of after it: the socket is no reader again by it.
TEST(RoomJudge, ACopyToASocketThatHasClosedMakesNoReader) {
  RoomStory story;
  story.add_rooms(8, 1);
  story.talk(10);
  story.second({}, [&](ShardDelta& delta) {
    for (const auto& room : story.rooms) delta.events.gone.push_back(room.readers.front());
  });
  story.talk(1);
  EXPECT_EQ(story.last().rooms.witnesses, 0u);
}

TEST(RoomJudge, ASocketThatLeavesARoomIsNoWitnessOfIt) {
  RoomStory story;
  story.add_rooms(8, 1);
  story.talk(10);
  story.second({}, [&](ShardDelta& delta) {
    for (const auto& room : story.rooms)
      delta.events.left.push_back({.socket = room.readers.front(), .room = room.id});
  });
  for (int i = 0; i < 60; ++i) {
    std::vector<SettledEvent> events;
    for (std::size_t room = 0; room < 8; ++room) events.push_back(story.event(room, false));
    story.second(std::move(events));
  }
  EXPECT_EQ(story.reach().evidence, 0);
  EXPECT_EQ(story.reach().ratio.denominator, 0);
}

TEST(RoomJudge, AnEventThatOnlyItsPublisherReadsIsNoTrial) {
  RoomStory story;
  story.add_rooms(8, 1);
  story.talk(10);
  for (int i = 0; i < 60; ++i) {
    std::vector<SettledEvent> events;
    for (std::size_t room = 0; room < 8; ++room) {
      auto event = story.event(room, false, true);
      event.publisher = story.rooms[room].readers.front();
      events.push_back(event);
    }
    story.second(std::move(events));
  }
  EXPECT_EQ(story.reach().evidence, 0);
}

// One room, or one client in many rooms, never pages.
TEST(RoomJudge, OneRoomAloneIsNotBelieved) {
  RoomStory story;
  story.add_rooms(20, 5);
  story.talk(60);
  for (int i = 0; i < 3600; ++i) {
    std::vector<SettledEvent> events;
    for (std::size_t room = 0; room < 20; ++room) events.push_back(story.event(room, room != 3));
    story.second(std::move(events));
    ASSERT_FALSE(story.reach().lost) << i;
  }
}

TEST(RoomJudge, OneClientThatHangsIsNotBelieved) {
  RoomStory story;
  story.add_rooms(20, 5);
  for (int i = 0; i < 20; ++i) story.rooms.push_back({.id = 500u + i, .readers = {77}});
  story.talk(60);
  for (int i = 0; i < 3600; ++i) {
    std::vector<SettledEvent> events;
    for (std::size_t room = 0; room < 40; ++room) events.push_back(story.event(room, room < 20));
    story.second(std::move(events));
    ASSERT_FALSE(story.reach().lost) << i;
  }
}

// Three clients that move from room to room, and come back as other sockets, are not a shard.
TEST(RoomJudge, ThreeClientsCannotBeJudged) {
  RoomStory story;
  story.sockets = 3;
  story.add_rooms(8, 1);
  story.talk(60);
  EXPECT_FALSE(story.until_lost(600, 1));
  EXPECT_EQ(story.reach().ratio.unknown,
            "fewer than four clients or four rooms cannot be judged from counts");
  EXPECT_EQ(story.reach().detectable_loss, 1);
  story.sockets = 10;
  EXPECT_TRUE(story.until_lost(600, 1));
}

TEST(RoomJudge, WhatOnlyOthersPublishedIsFoundByItsOrigin) {
  RoomStory story;
  story.add_rooms(20, 5);
  for (int i = 0; i < 60; ++i) {
    story.talk(1, 0, true);
    story.talk(1, 0, false);
  }
  bool remote = false;
  for (int i = 0; i < 40 && !story.reach().lost; ++i) {
    story.talk(4, 0, true);
    story.talk(1, 7, false);
    remote = remote || story.reach().origin == "remote";
  }
  EXPECT_TRUE(story.reach().lost);
  EXPECT_TRUE(remote);
}

TEST(RoomJudge, ItEndsOnceRecoveryIsProvenAMinuteLaterAtTheEarliest) {
  RoomStory story;
  story.add_rooms(20, 5);
  story.talk(60);
  ASSERT_TRUE(story.until_lost(20, 3));
  story.talk(50);
  EXPECT_TRUE(story.reach().lost);
  story.talk(20);
  EXPECT_FALSE(story.reach().lost);
  EXPECT_EQ(story.reach().evidence, 0);
}

// Two thirds lost for a day: it stays lost, whatever is learned by then.
TEST(RoomJudge, ADayOfOutageStaysLost) {
  RoomStory story;
  story.add_rooms(7, 5);
  story.talk(60);
  ASSERT_TRUE(story.until_lost(60, 2));
  for (int hour = 0; hour < 24; ++hour) {
    story.talk(3600, 2);
    ASSERT_TRUE(story.reach().lost) << hour;
  }
}

// Everything comes 30 s late: each event is a miss when it settles, and renews its room later.
TEST(RoomJudge, WhatIsLateStaysLostAndIsToldAsLate) {
  RoomStory story;
  story.add_rooms(20, 5);
  story.talk(60);
  for (int i = 0; i < 3600; ++i) {
    std::vector<SettledEvent> events;
    for (std::size_t room = 0; room < 20; ++room) events.push_back(story.event(room, false));
    story.second(std::move(events), [&](ShardDelta& delta) {
      if (i < 25) return;
      for (const auto& room : story.rooms)
        delta.events.late.push_back({.room = room.id, .lag_seconds = 30});
    });
    ASSERT_TRUE(story.reach().lost || i <= 10) << i;
    ASSERT_TRUE(story.last().lag.is_late || i <= 45) << i;
  }
  story.talk(40);  // a third of what came within the minute was late
  EXPECT_TRUE(story.last().lag.is_late);
  EXPECT_TRUE(story.reach().lost);
  story.talk(15);
  EXPECT_FALSE(story.last().lag.is_late);
  EXPECT_FALSE(story.reach().lost);
}

// Capture losses take away from what is certain, and not the verdict.
TEST(RoomJudge, CaptureLossesWidenTheBound) {
  RoomStory story;
  story.add_rooms(20, 5);
  story.talk(300);
  story.losses.out = 1;
  story.talk(60);
  EXPECT_FALSE(story.reach().lost);
  EXPECT_TRUE(story.until_lost(10, 3));
}

TEST(RoomJudge, AStateThatWasSavedGoesOnAndFiresOn) {
  RoomStory story;
  story.add_rooms(20, 5);
  story.talk(60);
  ASSERT_TRUE(story.until_lost(20, 3));
  const auto loss = story.reach().loss_estimate;
  RoomStory after;
  after.add_rooms(20, 5);
  ASSERT_TRUE(after.judge().restore(story.judge().save()));
  after.talk(1, 1);
  EXPECT_TRUE(after.reach().lost);
  EXPECT_NEAR(after.reach().loss_estimate, loss, 1e-9);
  after.judge().clear("chat", "", signal_reach);
  after.talk(1);
  EXPECT_FALSE(after.reach().lost);
}

// A start into a total stop: no room has ever had a copy.
TEST(RoomJudge, NothingEverLeavesAndManyRoomsHaveEvents) {
  RoomStory story;
  story.sockets = 500;
  int seconds = 0;
  for (RoomId room = 1; seconds < 300; ++seconds) {
    std::vector<SettledEvent> events;
    for (int i = 0; i < 10; ++i) events.push_back({.room = room++});
    story.second(std::move(events));
    if (story.reach().lost) break;
  }
  EXPECT_EQ(seconds, 39);  // 393 rooms are 20.16 nats at one in twenty
}

}  // namespace
}  // namespace fanfare
