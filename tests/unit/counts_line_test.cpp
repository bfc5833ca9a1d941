// SPDX-License-Identifier: Apache-2.0
// The lines that `fanfare judge` reads.
#include "agent/backtest/counts_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/replay/bad_file.h"

namespace fanfare {
namespace {

using ::testing::HasSubstr;

std::string refusal(std::string_view line) {
  try {
    CountsReader().read(line, "f:7");
  } catch (const BadFile& error) {
    return error.what();
  }
  return "taken";
}

TEST(CountsLine, CountsOfAReplicatedShard) {
  CountsReader reader;
  const auto line = reader.read(
      R"({"t":12,"span":2,"shard":"chat","due":{"local":3,"remote":17},"reached":{"local":2,
          "remote":16},"copies":90,"own_copies":3,"accepted":4,"unidentified":1,
          "sockets":{"synced":40,"unsynced":2,"dark":1,"opened":5,"closed":4,"stuck":6,
          "silent":[0,1,2,3],"judged":[0,10,20,30]},"acked":80,"lost":2,
          "losses":{"out":7,"in":8},"lag":{"p50":6.5},
          "peers":[{"name":"b","sent":20,"confirmed":19,"answers":5}]})",
      "f:1");
  const auto& delta = line.delta;
  EXPECT_EQ(line.t, 12);
  EXPECT_EQ(delta.span, std::chrono::seconds(2));
  EXPECT_TRUE(delta.replicates && delta.identifies && !delta.has_rooms);
  EXPECT_EQ(delta.commands, 20u);
  EXPECT_EQ(delta.reached, 18u);
  EXPECT_EQ(delta.reached_local, 2u);
  EXPECT_EQ(delta.copies, 90u);
  EXPECT_EQ(delta.own_copies, 3u);
  EXPECT_EQ(delta.accepted, 4u);
  EXPECT_EQ(delta.unidentified, 1u);
  EXPECT_EQ(delta.sockets_synced, 40u);
  EXPECT_EQ(delta.sockets_unsynced, 2u);
  EXPECT_EQ(delta.sockets_dark, 1u);
  EXPECT_EQ(delta.sockets_opened, 5u);
  EXPECT_EQ(delta.delivery.ended, 4u);
  EXPECT_EQ(delta.delivery.stuck, 6u);
  EXPECT_EQ(delta.delivery.silent[3], 3u);
  EXPECT_EQ(delta.delivery.judged[1], 10u);
  EXPECT_EQ(delta.delivery.fates[FANFARE_FATE_EVENT].acked, 80u);
  EXPECT_EQ(delta.losses.out, 7u);
  EXPECT_EQ(delta.losses.in, 8u);
  EXPECT_EQ(delta.lag_median_seconds, 6.5);
  ASSERT_EQ(delta.peers.size(), 1u);
  EXPECT_EQ(delta.peers[0].sent_index - delta.peers[0].confirmed_index, 1u);
}

TEST(CountsLine, EventsStandForWhatWasDueAndReached) {
  CountsReader reader;
  const auto line = reader.read(
      R"({"t":1,"shard":"chat","events":[
          {"room":"a","origin":"local","copies":2,"lag":0.5,"publisher":9,"to":[4,"x",5,6,7]},
          {"room":"b","origin":"remote","copies":0,"lag":null,"publisher":null,"to":[]},
          {"room":null,"origin":"remote","copies":1}],
          "gone":[4],"left":[[5,"a"]],"late":[{"room":"b","lag":7}]})",
      "f:1");
  const auto& delta = line.delta;
  EXPECT_TRUE(delta.replicates && delta.identifies && delta.has_rooms);
  EXPECT_EQ(delta.commands, 3u);
  EXPECT_EQ(delta.reached, 2u);
  EXPECT_EQ(delta.reached_local, 1u);
  EXPECT_EQ(delta.copies, 3u);
  const auto& events = delta.events;
  ASSERT_EQ(events.settled.size(), 3u);
  EXPECT_TRUE(events.settled[0].local);
  EXPECT_EQ(events.settled[0].lag_seconds, 0.5);
  EXPECT_LT(events.settled[1].lag_seconds, 0);
  EXPECT_EQ(events.settled[2].room, 0u);
  EXPECT_EQ(events.settled[0].to[0], events.gone.at(0));
  EXPECT_EQ(events.settled[0].to[2], events.left.at(0).socket);
  EXPECT_EQ(events.settled[0].room, events.left.at(0).room);
  EXPECT_EQ(events.settled[1].room, events.late.at(0).room);
  EXPECT_EQ(events.late.at(0).lag_seconds, 7);
}

TEST(CountsLine, WhatIsAbsentIsUnknown) {
  CountsReader reader;
  reader.read(R"({"t":1,"shard":"chat","sockets":{"synced":40},"due":{"remote":1}})", "f:1");
  const auto line = reader.read(R"({"t":2,"shard":"chat"})", "f:2");
  EXPECT_EQ(line.delta.sockets_synced, 40u) << "as it was last said";
  EXPECT_TRUE(line.delta.replicates);
  EXPECT_FALSE(line.delta.identifies);
  EXPECT_FALSE(line.delta.lag_median_seconds);
}

TEST(CountsLine, ALogGrowsFromLineToLine) {
  CountsReader reader;
  const char* text = R"({"t":1,"shard":"s","peers":[{"name":"b","sent":5,"confirmed":4}]})";
  reader.read(text, "f:1");
  const auto line = reader.read(text, "f:2");
  EXPECT_EQ(line.delta.peers.at(0).sent_index, 11u);
  EXPECT_EQ(line.delta.peers.at(0).confirmed_index, 9u);
}

TEST(CountsLine, RestartsOfTheAgent) {
  EXPECT_EQ(CountsReader().read(R"({"t":1,"restart":"state kept"})", "f:1").kind,
            CountsLine::Kind::state_kept);
  EXPECT_EQ(CountsReader().read(R"({"t":1,"restart":"state lost"})", "f:1").kind,
            CountsLine::Kind::state_lost);
}

TEST(CountsLine, RefusalsSayWhereAndWhatIsAllowed) {
  EXPECT_THAT(refusal("{"), HasSubstr("f:7: no JSON object: "));
  EXPECT_EQ(refusal("[]"), "f:7: the line must be an object");
  EXPECT_EQ(refusal(R"({"shard":"a"})"), "f:7: t must be the time in seconds");
  EXPECT_EQ(refusal(R"({"t":-1})"), "f:7: t must be a number from 0 to 1e+09");
  EXPECT_EQ(refusal(R"({"t":1})"), "f:7: shard must be the shard's name");
  EXPECT_EQ(refusal(R"({"t":1,"shard":""})"), "f:7: shard must be a text");
  EXPECT_EQ(refusal(R"({"t":1,"restart":"now"})"),
            "f:7: restart must be \"state kept\" or \"state lost\"");
  EXPECT_EQ(refusal(R"({"t":1,"shard":"a","copies":1.5})"), "f:7: copies must be a whole number");
  EXPECT_EQ(refusal(R"({"t":1,"shard":"a","due":3})"), "f:7: due. must be an object");
  EXPECT_EQ(refusal(R"({"t":1,"shard":"a","events":[{"origin":"here"}]})"),
            "f:7: events[0].origin must be \"local\" or \"remote\"");
  EXPECT_EQ(refusal(R"({"t":1,"shard":"a","sockets":{"silent":[1]}})"),
            "f:7: sockets.silent must be an array of four counts, by age");
  EXPECT_EQ(refusal(R"({"t":1,"shard":"a","left":[[1]]})"),
            "f:7: left must be an array of [socket, room]");
  EXPECT_EQ(refusal(R"({"t":1,"shard":"a","peers":[{}]})"),
            "f:7: peers[0].name must be the peer's name");
}

}  // namespace
}  // namespace fanfare
