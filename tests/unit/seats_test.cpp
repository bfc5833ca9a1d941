// SPDX-License-Identifier: Apache-2.0
// Who gives way where all seats are taken.
#include "agent/exports/seats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace fanfare {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SeatsTest : public ::testing::Test {
 protected:
  Seats::Key take(const std::string& name, const std::string& peer) {
    return seats.take(peer, [this, name] { gone.push_back(name); });
  }
  Seats seats{{.all = 5, .of_a_peer = 3}};
  std::vector<std::string> gone;
};

TEST_F(SeatsTest, TheNewestComesInForTheOldestOfItsOwn) {
  const auto scrape = take("scrape", "10.0.0.9");
  for (const char* name : {"a", "b", "c", "d", "e"}) take(name, "10.0.0.1");
  EXPECT_THAT(gone, ElementsAre("a", "b"));
  EXPECT_EQ(seats.taken(), 4U);
  EXPECT_EQ(seats.displaced(), 2U);
  EXPECT_FALSE(scrape->left);
}

TEST_F(SeatsTest, WhoeverHasMostPaysForWhoeverComes) {
  for (const char* name : {"a", "b", "c"}) take(name, "10.0.0.1");
  take("x", "10.0.0.2");
  take("y", "10.0.0.3");
  take("probe", "10.0.0.4");
  EXPECT_THAT(gone, ElementsAre("a"));
  EXPECT_EQ(seats.taken(), 5U);
}

TEST_F(SeatsTest, WhoIsBeingAnsweredGivesWayLast) {
  const auto a = take("a", "10.0.0.1");
  const auto b = take("b", "10.0.0.1");
  take("c", "10.0.0.1");
  seats.answering(a);
  seats.answering(b);
  take("d", "10.0.0.1");
  EXPECT_THAT(gone, ElementsAre("c"));
  seats.reading(a);  // has got its answer, and is silent since: but not for as long as d
  take("e", "10.0.0.1");
  EXPECT_THAT(gone, ElementsAre("c", "d"));
  seats.answering(a);
  take("f", "10.0.0.1");
  EXPECT_THAT(gone, ElementsAre("c", "d", "e"));
}

TEST_F(SeatsTest, WhereAllAreBeingAnsweredTheOldestIsTheSlowest) {
  for (const char* name : {"a", "b", "c"}) seats.answering(take(name, "10.0.0.1"));
  take("probe", "10.0.0.1");
  EXPECT_THAT(gone, ElementsAre("a"));
}

TEST_F(SeatsTest, ASeatIsGivenBackOnce) {
  const auto a = take("a", "10.0.0.1");
  for (const char* name : {"b", "c", "d"}) take(name, "10.0.0.1");
  EXPECT_TRUE(a->left);
  seats.answering(a);  // its session has not noticed yet
  seats.give_back(a);
  seats.give_back(a);
  EXPECT_EQ(seats.taken(), 3U);
  EXPECT_THAT(gone, ElementsAre("a"));
}

TEST_F(SeatsTest, NobodyIsDisplacedWhileThereIsRoom) {
  for (int round = 0; round < 20; ++round) seats.give_back(take("a", "10.0.0.1"));
  EXPECT_THAT(gone, IsEmpty());
  EXPECT_EQ(seats.taken(), 0U);
}

}  // namespace
}  // namespace fanfare
