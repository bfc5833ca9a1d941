// SPDX-License-Identifier: Apache-2.0
#include "agent/pods/pod_watch.h"

#include <gmock/gmock.h>

#include "tests/unit/sample_pods.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string listed = "/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-a&limit=";

std::vector<std::string> names(PodWatch& watch) {
  std::vector<std::string> found;
  for (const auto& [uid, pod] : watch.table()->pods()) found.push_back(pod.name);
  return found;
}

std::string pod(const std::string& uid, const std::string& name) {
  return sample::pod_object({.pod_uid = uid, .name = name});
}

class PodWatchTest : public testing::Test {
 protected:
  void list() { watch.take_page(sample::pod_list("100", {pod("u1", "one")}), now); }
  void stream() {
    list();
    watch.take_stream(now);
  }
  PodWatch::Time now = 1000s;
  PodWatch watch{"node-a", now};
};

TEST_F(PodWatchTest, AsksForThePodsOfItsNodeAndThenWatchesThem) {
  EXPECT_FALSE(watch.streams());
  EXPECT_EQ(watch.target(), listed + "500&resourceVersion=0") << "any recent state will do";
  EXPECT_EQ(watch.not_before(), now);
  EXPECT_FALSE(watch.view(now).listed);
  list();
  EXPECT_TRUE(watch.streams());
  EXPECT_THAT(watch.target(), HasSubstr("fieldSelector=spec.nodeName%3Dnode-a&watch=1"));
  EXPECT_THAT(watch.target(), HasSubstr("&allowWatchBookmarks=true&resourceVersion=100&"));
  EXPECT_EQ(watch.not_before(), now);
  EXPECT_TRUE(watch.view(now).listed);
  EXPECT_TRUE(watch.view(now).reachable);
  EXPECT_THAT(names(watch), ElementsAre("one"));
}

TEST_F(PodWatchTest, FollowsWhatChanges) {
  stream();
  EXPECT_TRUE(watch.take_line(
      sample::event("ADDED", {.version = "101", .pod_uid = "u2", .name = "two"}), now));
  EXPECT_THAT(names(watch), ElementsAre("one", "two"));
  const auto before = watch.table();
  EXPECT_TRUE(watch.take_line(
      R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"150"}}})", now));
  EXPECT_EQ(watch.table(), before) << "nothing has changed";
  EXPECT_THAT(watch.target(), HasSubstr("resourceVersion=150&"));
  watch.take_line(sample::event("MODIFIED", {.pod_uid = "u2", .name = "two", .app = "mail"}), now);
  EXPECT_EQ(watch.table()->pods().at("u2").labels.at("app"), "mail");
  watch.take_line(sample::event("DELETED", {.version = "160", .pod_uid = "u1", .name = "one"}),
                  now);
  EXPECT_THAT(names(watch), ElementsAre("two"));
  EXPECT_EQ(watch.view(now).pods, 1U);
  watch.take_end(now + 300s);
  EXPECT_THAT(watch.target(), HasSubstr("resourceVersion=160&")) << "goes on where it was";
  EXPECT_EQ(watch.not_before(), now + 300s);
  EXPECT_TRUE(watch.view(now + 300s).reachable);
}

TEST_F(PodWatchTest, ReadsAListInParts) {
  watch.take_page(sample::pod_list("100", {pod("u1", "one")}, "a b=="), now);
  EXPECT_EQ(watch.target(), listed + "500&continue=a%20b%3D%3D");
  EXPECT_THAT(names(watch), IsEmpty()) << "not half of a list";
  watch.take_page(sample::pod_list("100", {pod("u2", "two")}), now);
  EXPECT_THAT(names(watch), ElementsAre("one", "two"));
}

TEST_F(PodWatchTest, ListsAnewWhatTheServerHasForgotten) {
  stream();
  EXPECT_FALSE(watch.take_line(sample::expired, now));
  EXPECT_EQ(watch.target(), listed + "500") << "the latest, and not the same old state again";
  EXPECT_EQ(watch.not_before(), now) << "at once";
  EXPECT_TRUE(watch.view(now).reachable);
  EXPECT_THAT(names(watch), ElementsAre("one")) << "known until the list is there";
  watch.take_page(sample::pod_list("200", {pod("u3", "three")}), now);
  EXPECT_THAT(names(watch), ElementsAre("three"));
  watch.take_refusal(410, "", now);
  EXPECT_FALSE(watch.streams());
  EXPECT_GE(watch.not_before(), now + 1s) << "but not again and again at once";
}

TEST_F(PodWatchTest, BeginsAListAnewWhoseSecondPartIsTooOld) {
  watch.take_page(sample::pod_list("100", {pod("u1", "one")}, "more"), now);
  watch.take_refusal(410, "", now);
  EXPECT_EQ(watch.target(), listed + "500");
  watch.take_page(sample::pod_list("101", {pod("u2", "two")}), now);
  EXPECT_THAT(names(watch), ElementsAre("two"));
}

TEST_F(PodWatchTest, KeepsTheLastNamesWhileTheServerIsAway) {
  stream();
  watch.take_error("connecting: Connection refused", now + 10s);
  EXPECT_THAT(names(watch), ElementsAre("one"));
  const auto view = watch.view(now + 70s);
  EXPECT_FALSE(view.reachable);
  EXPECT_TRUE(view.listed);
  EXPECT_EQ(view.away_seconds, 60);
  EXPECT_EQ(view.error, "connecting: Connection refused");
  EXPECT_EQ(view.pods, 1U);
  EXPECT_TRUE(watch.streams()) << "goes on where it was";
  watch.take_stream(now + 80s);
  EXPECT_TRUE(watch.view(now + 80s).reachable);
  EXPECT_EQ(watch.view(now + 80s).error, "");
}

TEST_F(PodWatchTest, WaitsLongerFromFailureToFailureUpToABound) {
  std::vector<std::int64_t> pauses;
  for (int i = 0; i < 8; ++i) {
    watch.take_error("no answer", now);
    pauses.push_back(
        std::chrono::duration_cast<std::chrono::seconds>(watch.not_before() - now).count());
  }
  EXPECT_GE(pauses[0], 1);
  EXPECT_LE(pauses[0], 2);
  EXPECT_GE(pauses[2], 4);
  EXPECT_LE(pauses[2], 6);
  EXPECT_GE(pauses[7], 30);
  EXPECT_LE(pauses[7], 45);
  EXPECT_EQ(pauses[6], pauses[7]);
}

TEST(PodWatchSpread, NodesDoNotAskInTheSameMoment) {
  PodWatch one("node-a", 0s), other("node-b", 0s);
  one.take_error("no answer", 0s);
  other.take_error("no answer", 0s);
  EXPECT_NE(one.not_before(), other.not_before());
}

TEST_F(PodWatchTest, SaysWhatAnExpiredTokenOrAMissingRoleIs) {
  stream();
  watch.take_refusal(401, R"({"kind":"Status","message":"Unauthorized","code":401})", now);
  EXPECT_THAT(watch.view(now).error, testing::StartsWith("HTTP 401: Unauthorized (the token"));
  EXPECT_TRUE(watch.streams()) << "the token will be read again, the place is still good";
  watch.take_refusal(403, sample::forbidden, now);
  EXPECT_THAT(watch.view(now).error, HasSubstr("needs list and watch on pods"));
  EXPECT_THAT(names(watch), ElementsAre("one"));
}

TEST_F(PodWatchTest, AWatchThatIsRefusedForItselfBeginsWithAList) {
  stream();
  watch.take_refusal(400, "", now);
  EXPECT_FALSE(watch.streams());
  EXPECT_FALSE(watch.view(now).reachable);
  list();
  watch.take_refusal(500, "", now);
  EXPECT_TRUE(watch.streams());
}

TEST_F(PodWatchTest, AfterGarbageNothingIsTakenForKnown) {
  stream();
  EXPECT_FALSE(watch.take_line("<html>", now));
  EXPECT_FALSE(watch.streams());
  EXPECT_FALSE(watch.view(now).reachable);
  EXPECT_GT(watch.not_before(), now);
  EXPECT_THAT(names(watch), ElementsAre("one"));
  watch.take_page("{}", now);
  EXPECT_THAT(watch.view(now).error, HasSubstr("no list of pods"));
  EXPECT_THAT(names(watch), ElementsAre("one"));
}

TEST_F(PodWatchTest, AsksForLessWhereAnAnswerIsTooLong) {
  watch.take_too_long(now);
  EXPECT_EQ(watch.target(), listed + "20");
  EXPECT_FALSE(watch.view(now).reachable);
}

TEST_F(PodWatchTest, AStreamThatEndsAtOnceIsNotBegunAgainAtOnce) {
  stream();
  watch.take_end(now + 1ms);
  EXPECT_EQ(watch.not_before(), now + 1001ms);
}

TEST_F(PodWatchTest, HoldsNoMorePodsThanItsBound) {
  std::vector<std::string> many;
  for (std::size_t i = 0; i <= most_pods; ++i) many.push_back(pod("u" + std::to_string(i), "x"));
  watch.take_page(sample::pod_list("1", many), now);
  watch.take_stream(now);
  EXPECT_EQ(watch.table()->pods().size(), most_pods);
  watch.take_line(sample::event("ADDED", {.pod_uid = "one more"}), now);
  EXPECT_EQ(watch.table()->pods().size(), most_pods);
}

}  // namespace
}  // namespace fanfare
