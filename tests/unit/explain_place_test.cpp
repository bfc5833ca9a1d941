// SPDX-License-Identifier: Apache-2.0
// What `explain` says of where a listener runs.
#include "agent/exports/explain_place.h"

#include <gmock/gmock.h>

#include "tests/support/snapshots.h"
#include "tests/unit/sample_view.h"

namespace fanfare {
namespace {

using ::testing::HasSubstr;
using testing::pod_cgroup;
using testing::SnapshotBuilder;

const ListenerKey key{1, 8080};

View view_of(SnapshotBuilder builder) {
  View view = sample::view();
  view.snapshot = std::make_shared<Snapshot>(builder.listener(8080, "chatd").build());
  return view;
}

SnapshotBuilder with_flow(const std::string& path) {
  return SnapshotBuilder().cgroup(1, path).flow({.cookie = 1});
}

TEST(ExplainPlace, NamesPodContainerAndUnit) {
  EXPECT_EQ(place_text(view_of(with_flow("/system.slice/chatd.service")), key),
            ", unit chatd.service");
  EXPECT_EQ(place_text(view_of(with_flow("/docker/" + std::string(64, 'b'))), key),
            ", container bbbbbbbbbbbb");
  EXPECT_EQ(place_text(view_of(with_flow(pod_cgroup()).pod("chat-0", {})), key),
            ", in pod chat/chat-0, container aaaaaaaaaaaa");
  EXPECT_EQ(place_text(view_of(with_flow(pod_cgroup())), key),
            ", in pod " + testing::pod_uid + " (its name is not known), container aaaaaaaaaaaa");
  EXPECT_EQ(place_text(view_of(with_flow("/")), key), "");
  EXPECT_EQ(place_text(view_of(SnapshotBuilder()), key), "") << "no socket to tell by";
}

TEST(ExplainPlace, CountsThePodsOfAShardWithoutSockets) {
  const auto view = view_of(SnapshotBuilder().pod("chat-0", {{"app", "chat"}}));
  EXPECT_EQ(pods_link(view, {{"app", "chat"}}).text,
            "1 of this node's pods have app=chat, and none has a socket that is counted");
  const auto none = pods_link(view, {{"app", "mail"}});
  EXPECT_EQ(none.state, LinkState::broken);
  EXPECT_EQ(none.text, "none of the 1 pods of this node that are known has app=mail");
}

TEST(ExplainPlace, SaysWhichLabelsDiffer) {
  ShardRule rule{.name = "chat", .match = {}};
  const auto chat = view_of(with_flow(pod_cgroup()).pod("mail-0", {{"app", "mail"}}));
  EXPECT_FALSE(other_labels(chat, key, rule)) << "no labels are asked for";
  rule.match.pod_labels = {{"app", "chat"}};
  const auto other = other_labels(chat, key, rule);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->text,
            "pod chat/mail-0 has the labels app=mail, and shard chat asks for app=chat");
  EXPECT_FALSE(
      other_labels(view_of(with_flow(pod_cgroup()).pod("chat-0", {{"app", "chat"}})), key, rule));
  EXPECT_THAT(other_labels(view_of(with_flow(pod_cgroup())), key, rule)->text,
              HasSubstr("the API server has not named the pod " + testing::pod_uid));
  EXPECT_THAT(other_labels(view_of(with_flow("/")), key, rule)->text,
              HasSubstr("the process is in no pod"));
}

}  // namespace
}  // namespace fanfare
