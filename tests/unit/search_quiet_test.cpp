// SPDX-License-Identifier: Apache-2.0
// The two ways into step for a flow that is older than the agent, told by hand: six headers in a
// row, and the quiet rule (a segment after 50 ms of silence that begins and ends with a frame).
// Also what a lock on probation takes back.
#include <gmock/gmock.h>

#include <iostream>
#include <string>

#include "tests/support/frames.h"
#include "tests/support/stream_feeder.h"

namespace fanfare::test {
namespace {

constexpr std::uint64_t quiet = FANFARE_QUIET_NS;

std::string times(int count, const std::string& what) {
  std::string out;
  for (int i = 0; i < count; ++i) out += what;
  return out;
}

const std::string six_bytes = wire({text, "{\"a\"}!"});

TEST(Search, LocksAtTheSixthHeaderAndCountsFromTheSeventhFrame) {
  Feeder feeder(older());
  feeder.segment(times(5, six_bytes));
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_SEARCH);
  feeder.segment(six_bytes);
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_FRAMES);
  EXPECT_EQ(feeder.counted(), Counts{});
  feeder.segment(times(3, six_bytes));
  EXPECT_EQ(feeder.counted(), (Counts{3, 3, 18, 0, 0}));
  EXPECT_EQ(feeder.lost_in_all(), 0U);
}

TEST(Search, GoesOnAtTheNextByteOfAFailedCandidate) {
  Feeder feeder(older());
  feeder.segment("\x81" + times(7, six_bytes));
  EXPECT_EQ(feeder.counted(), (Counts{1, 1, 6, 0, 0}));
}

// The failed candidate (text of 0x8206 bytes, but no UTF-8) held two bytes of the true header.
TEST(Search, FindsAHeaderInTheCarryOfAFailedCandidate) {
  const std::string bytes = "\x81\x7e" + times(7, wire({binary, "\x80more"}));
  for (std::size_t cut = 1; cut < 8; ++cut) {
    SCOPED_TRACE(cut);
    Feeder feeder(older());
    feeder.segment(std::string_view(bytes).substr(0, cut));
    feeder.segment(std::string_view(bytes).substr(cut));
    EXPECT_EQ(feeder.counted(), (Counts{1, 1, 5, 0, 0}));
  }
}

TEST(Search, KnowsAnOpenMessageWhenItLocks) {
  StreamBuilder stream;
  stream.message(std::string(40, 'x'), {.fragment = 10});
  Feeder feeder(older());
  feeder.segment(times(5, six_bytes) + stream.bytes());  // the sixth header opens the message
  EXPECT_EQ(feeder.counted().frames, 3U);
  EXPECT_EQ(feeder.counted().events, 1U);
  EXPECT_EQ(feeder.lost_in_all(), 0U);
}

// Headers that are legal, but that no server writes.
TEST(Search, BelievesNoHeaderThatIsOnlyLegal) {
  for (const std::string& frame :
       {std::string("\x81\x7e\0\x05hello", 9), std::string(2, '\0'), std::string("\x02\0", 2),
        std::string("\x88\x01\x03", 3), wire({text, "\x80\x81"}), wire({text, "\xf5\x81"})}) {
    SCOPED_TRACE(testing::PrintToString(frame));
    Feeder feeder(older());
    feeder.segment(times(40, frame));
    EXPECT_EQ(feeder.stage(), FANFARE_STAGE_SEARCH);
    EXPECT_EQ(feeder.counted(), Counts{});
  }
}

TEST(Search, TakesMiddleFragmentsForNoEvidence) {
  const std::string fragment = wire({continuation, "middle", false});
  Feeder feeder(older());
  feeder.segment(times(40, fragment));
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_SEARCH);
  feeder.segment(wire({continuation, "end"}) + times(5, six_bytes));
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_FRAMES);
}

TEST(Search, OfClientsWantsMaskedFrames) {
  const std::string masked = wire({.payload = "hello", .masked = true});
  Feeder client(older(FANFARE_MASKED));
  client.segment(times(8, masked));
  EXPECT_EQ(client.counted(), (Counts{2, 2, 10, 0, 0}));
  Feeder server(older());
  server.segment(times(8, masked));
  EXPECT_EQ(server.stage(), FANFARE_STAGE_SEARCH);
}

TEST(Search, SpentBudgetStartsAnewWithTheNextSegment) {
  Feeder feeder(older(), {.frames = 65536, .search = 10});
  feeder.segment(std::string(50, '\xff') + times(9, six_bytes));
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_SEARCH);
  EXPECT_EQ(feeder.lost_in_all(), 0U) << "nothing was counted, so nothing is lost";
  feeder.segment(times(7, six_bytes));
  EXPECT_EQ(feeder.counted(), (Counts{1, 1, 6, 0, 0}));
}

TEST(Search, RemembersHowMuchItHasSeen) {
  Feeder feeder(older());
  for (int i = 0; i < 10; ++i) feeder.segment(std::string(1000, '\xff'));
  EXPECT_EQ(feeder.direction().searched, 10000U);
  feeder.segment(times(6, six_bytes));
  EXPECT_EQ(feeder.direction().searched, 0U);
}

TEST(Quiet, ASegmentOfWholeFramesLocksAndIsCounted) {
  Feeder feeder(older());
  feeder.segment("the end of something");
  feeder.wait(quiet);
  feeder.segment(six_bytes + wire({ping, "p"}));
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_FRAMES);
  EXPECT_EQ(feeder.counted(), (Counts{2, 1, 6, 1, 1}));
  feeder.segment(six_bytes);
  EXPECT_EQ(feeder.counted(), (Counts{3, 2, 12, 1, 1}));
  EXPECT_EQ(feeder.lost_in_all(), 0U);
}

TEST(Quiet, LessSilenceIsNoSign) {
  Feeder feeder(older());
  feeder.segment("the end of something");
  feeder.wait(quiet - 1);
  feeder.segment(six_bytes);
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_SEARCH);
  EXPECT_EQ(feeder.counted(), Counts{});
}

TEST(Quiet, ASegmentThatDoesNotFitDoesNotLock) {
  for (const std::string& segment :
       {six_bytes + "x", six_bytes.substr(0, 7), "x" + six_bytes, std::string("\x81"),
        std::string("\x81\x02hi\x00\x05hello", 11), wire({continuation, "middle", false})}) {
    SCOPED_TRACE(testing::PrintToString(segment));
    Feeder feeder(older());
    feeder.wait(quiet);
    feeder.segment(segment);
    EXPECT_EQ(feeder.stage(), FANFARE_STAGE_SEARCH);
    EXPECT_EQ(feeder.counted(), Counts{});
  }
}

// More than a segment holds: six headers are enough, and the frames before the lock count too.
TEST(Quiet, SixFramesLockThoughTheLastOneGoesOn) {
  const std::string cut = wire({text, std::string(100, 'x')});
  Feeder feeder(older());
  feeder.wait(quiet);
  feeder.segment(times(5, six_bytes) + cut.substr(0, 30));
  EXPECT_EQ(feeder.counted(), (Counts{5, 5, 30, 0, 0}));
  feeder.segment(std::string_view(cut).substr(30));
  EXPECT_EQ(feeder.counted(), (Counts{6, 6, 130, 0, 0}));
}

TEST(Quiet, TheEndOfALongMessageMayComeFirst) {
  Feeder feeder(older());
  feeder.wait(quiet);
  feeder.segment(wire({continuation, "end"}) + six_bytes);
  EXPECT_EQ(feeder.counted(), (Counts{2, 2, 9, 0, 0}));
}

TEST(Quiet, BeginsBehindTheOldBytesOfASegment) {
  Feeder feeder(older());
  feeder.segment("the end of something");
  feeder.wait(quiet);
  const std::string late = "something" + six_bytes;
  feeder.segment_at(feeder.seq() - 9, late);
  EXPECT_EQ(feeder.counted(), (Counts{1, 1, 6, 0, 0}));
}

// The clock of another CPU may lag behind.
TEST(Quiet, ATimeThatRunsBackwardsIsNoSilence) {
  fanfare_direction direction = older();
  direction.last_ns = 2 * quiet;
  feed(direction, {0, six_bytes, quiet});
  EXPECT_EQ(direction.stage, FANFARE_STAGE_SEARCH);
}

// Traffic of another protocol in small segments, each after silence: the weakest spot of the rule.
// One in some thousands fits by chance; the next segment takes it back.
TEST(Quiet, RandomSegmentsLockRarelyAndKeepNothing) {
  Dice dice(1);
  Feeder feeder(older());
  std::size_t locks = 0;
  for (int i = 0; i < 60000; ++i) {
    const unsigned before = feeder.stage();
    feeder.wait(quiet);
    feeder.segment(dice.bytes(dice.between(2, 125)));
    locks += before == FANFARE_STAGE_SEARCH && feeder.stage() == FANFARE_STAGE_FRAMES;
  }
  feeder.segment("\xff\xff");
  std::cout << "  random segments after silence: " << locks << " locks in 60000, voided "
            << feeder.lost(FANFARE_LOSS_FALSE_LOCK) << " messages\n";
  EXPECT_GT(locks, 0U) << "enough segments to be a test";
  EXPECT_LT(locks, 60U);
  EXPECT_EQ(feeder.counted(), Counts{});
}

TEST(Probation, TakesBackWhatAWrongLockCounted) {
  Feeder wrong(older());
  wrong.segment(times(6 + 8, six_bytes) + wire({ping, "p"}));
  EXPECT_EQ(wrong.counted(), (Counts{9, 8, 48, 1, 1}));
  wrong.segment("\xff\xff");
  EXPECT_EQ(wrong.counted(), Counts{});
  EXPECT_EQ(wrong.lost(FANFARE_LOSS_FALSE_LOCK), 9U);
  EXPECT_EQ(wrong.lost_in_all(), 9U);
  EXPECT_EQ(wrong.direction().lost_by, FANFARE_LOSS_FALSE_LOCK);
}

TEST(Probation, EndsWithTheTenthFrame) {
  Feeder feeder(older());
  feeder.segment(times(6 + 10, six_bytes) + "\xff\xff");
  EXPECT_EQ(feeder.counted(), (Counts{10, 10, 60, 0, 0}));
  EXPECT_EQ(feeder.lost(FANFARE_LOSS_BAD_FRAME), 1U);
  EXPECT_EQ(feeder.lost_in_all(), 1U);
}

TEST(Probation, TakesBackAQuietLock) {
  Feeder feeder(older());
  feeder.wait(quiet);
  feeder.segment(times(3, six_bytes));
  EXPECT_EQ(feeder.counted(), (Counts{3, 3, 18, 0, 0}));
  feeder.segment("no frame");
  EXPECT_EQ(feeder.counted(), Counts{});
  EXPECT_EQ(feeder.lost(FANFARE_LOSS_FALSE_LOCK), 3U);
}

TEST(Probation, KeepsWhatWasCountedBeforeIt) {
  Feeder feeder(in_step());
  feeder.segment(times(4, six_bytes) + "\xff\xff");
  feeder.segment(times(6 + 3, six_bytes));
  EXPECT_EQ(feeder.counted(), (Counts{7, 7, 42, 0, 0}));
  feeder.segment("\xff\xff");
  EXPECT_EQ(feeder.counted(), (Counts{4, 4, 24, 0, 0}));
  EXPECT_EQ(feeder.lost(FANFARE_LOSS_FALSE_LOCK), 3U);
}

// One walk reports one reason; messages taken back must not vanish behind a later bad frame.
TEST(Probation, IsReportedBeforeALaterLossOfTheSameSegment) {
  Feeder feeder(older());
  feeder.segment(times(6 + 2, six_bytes) + "\xff\xff" + times(6, six_bytes) + "\xff\xff");
  EXPECT_EQ(feeder.counted(), Counts{});
  EXPECT_EQ(feeder.lost(FANFARE_LOSS_FALSE_LOCK), 2U);
  EXPECT_EQ(feeder.lost_in_all(), 2U);
}

// Fragments count as frames and are taken back as such, though no message was complete.
TEST(Probation, TakesBackFramesWithoutMessages) {
  Feeder feeder(older());
  feeder.segment(times(6, six_bytes) + wire({text, "begun", false}) + "\xff\xff");
  EXPECT_EQ(feeder.counted(), Counts{});
  EXPECT_EQ(feeder.direction().lost_by, FANFARE_LOSS_FALSE_LOCK);
}

}  // namespace
}  // namespace fanfare::test
