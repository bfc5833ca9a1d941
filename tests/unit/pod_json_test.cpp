// SPDX-License-Identifier: Apache-2.0
// The texts are written after the shapes that Kubernetes documents for core/v1 and for watches.
#include "agent/pods/pod_json.h"

#include <gmock/gmock.h>

#include "tests/unit/sample_pods.h"

namespace fanfare {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(PodJson, ReadsOfAPodWhatIsNeeded) {
  const auto page = parse_pod_page(sample::pod_list("4711", {sample::pod_object({})}));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->resource_version, "4711");
  EXPECT_EQ(page->next, "");
  ASSERT_EQ(page->pods.size(), 1U);
  const Pod& pod = page->pods[0];
  EXPECT_EQ(pod.uid, sample::uid);
  EXPECT_EQ(pod.name_space, "chat");
  EXPECT_EQ(pod.name, "chat-0");
  EXPECT_EQ(pod.node, "node-a");
  EXPECT_THAT(pod.labels, ElementsAre(Pair("app", "chat"), Pair("shard", "eu")));
  EXPECT_THAT(pod.containers, ElementsAre(PodContainer{std::string(64, 'a'), "chatd"},
                                          PodContainer{std::string(64, 'c'), "proxy"},
                                          PodContainer{std::string(64, 'b'), "migrate"}))
      << "those that were started, of init containers too";
  EXPECT_THAT(pod.addresses, ElementsAre("10.1.2.3", "fd00::3"));
  EXPECT_FALSE(pod.host_network);
  EXPECT_EQ(pod.manifest, "");
}

TEST(PodJson, ReadsStaticPodsOfTheHostsNetwork) {
  const auto page = parse_pod_page(
      sample::pod_list("1", {R"({"metadata":{"uid":"u","name":"etcd","namespace":"kube-system",
               "annotations":{"kubernetes.io/config.hash":"3c1b8d5a9e7f40526b1a0c9d8e7f6a5b"}},
               "spec":{"nodeName":"n","hostNetwork":true},"status":{"phase":"Pending"}})"}));
  ASSERT_TRUE(page);
  ASSERT_EQ(page->pods.size(), 1U);
  EXPECT_TRUE(page->pods[0].host_network);
  EXPECT_EQ(page->pods[0].manifest, "3c1b8d5a9e7f40526b1a0c9d8e7f6a5b");
  EXPECT_THAT(page->pods[0].containers, IsEmpty());
}

TEST(PodJson, ReadsWhetherItIsAskedToGo) {
  for (const bool leaving : {false, true}) {
    const std::string asked = R"("deletionTimestamp":"2026-01-02T03:04:05Z",)";
    const auto page = parse_pod_page(
        sample::pod_list("1", {R"({"metadata":{)" + (leaving ? asked : "") +
                               R"("uid":"u","name":"a"},"status":{"phase":"Running"}})"}));
    ASSERT_TRUE(page);
    ASSERT_EQ(page->pods.size(), 1U);
    EXPECT_EQ(page->pods[0].leaving, leaving);
  }
}

TEST(PodJson, ReadsAPartOfAList) {
  const auto page = parse_pod_page(
      R"({"kind":"PodList","metadata":{"resourceVersion":"7","continue":"more=="},"items":null})");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->next, "more==");
  EXPECT_THAT(page->pods, IsEmpty());
}

TEST(PodJson, LeavesOutWhatIsNoPod) {
  const auto page = parse_pod_page(sample::pod_list(
      "1", {"{}", "7", "null", R"({"metadata":{"name":"nameless"}})", sample::pod_object({})}));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->pods.size(), 1U);
}

TEST(PodJson, RefusesWhatIsNoList) {
  for (const char* text :
       {"", "{", "[]", "null", R"({"kind":"ServiceList"})", R"({"kind":"PodList"})",
        R"({"kind":"PodList","metadata":{"resourceVersion":7}})", "<html>login</html>"})
    EXPECT_FALSE(parse_pod_page(text)) << text;
}

TEST(PodJson, ReadsTheLinesOfAWatch) {
  const auto changed = parse_pod_event(sample::event("MODIFIED", {.version = "12"}));
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->kind, PodEvent::Kind::changed);
  EXPECT_EQ(changed->resource_version, "12");
  EXPECT_EQ(changed->pod.name, "chat-0");
  const auto deleted = parse_pod_event(sample::event("DELETED", {.version = "13"}));
  ASSERT_TRUE(deleted);
  EXPECT_EQ(deleted->kind, PodEvent::Kind::deleted);
  const auto bookmark = parse_pod_event(
      R"({"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"99"}}})");
  ASSERT_TRUE(bookmark);
  EXPECT_EQ(bookmark->kind, PodEvent::Kind::bookmark);
  EXPECT_EQ(bookmark->resource_version, "99");
}

TEST(PodJson, ReadsWhyAWatchEnds) {
  const auto error = parse_pod_event(sample::expired);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, PodEvent::Kind::error);
  EXPECT_EQ(error->code, 410U);
  EXPECT_EQ(error->message, "too old resource version: 5 (4711)");
}

TEST(PodJson, RefusesLinesThatAreNoEvents) {
  for (const char* line :
       {"", "{}", "7", R"({"type":"ADDED"})", R"({"type":"ADDED","object":{}})",
        R"({"type":"JUMPED","object":{"metadata":{"uid":"u","name":"n"}}})", R"({"object":{}})"})
    EXPECT_FALSE(parse_pod_event(line)) << line;
}

TEST(PodJson, HoldsNoMoreThanItsBounds) {
  std::string labels;
  for (int i = 0; i < 1000; ++i) labels += (i ? ",\"" : "\"") + std::to_string(i) + "\":\"x\"";
  const auto page = parse_pod_page(
      sample::pod_list("1", {R"({"metadata":{"uid":"u","name":"n","labels":{)" + labels +
                             R"(},"namespace":")" + std::string(5000, 'x') + R"("}})"}));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->pods.at(0).labels.size(), 256U);
  EXPECT_EQ(page->pods.at(0).name_space, "") << "no namespace is that long";
}

TEST(PodJson, ReadsWhyItIsRefused) {
  EXPECT_EQ(parse_status_message(sample::forbidden),
            "pods is forbidden: User \"system:serviceaccount:fanfare:fanfare\" cannot list "
            "resource \"pods\" in API group \"\" at the cluster scope");
  EXPECT_EQ(parse_status_message("<html>"), "");
}

TEST(PodTable, FindsThePodOfACgroup) {
  Pod pod{.uid = "u1", .name_space = "chat", .name = "chat-0", .node = "n"};
  pod.labels = {{"app", "chat"}, {"shard", "eu"}};
  pod.containers = {{"id1", "chatd"}};
  pod.manifest = "hash1";
  const PodTable table({{"u1", pod}});
  const auto found = [&](const std::string& uid, const std::string& container) {
    return table.find({.unit = {}, .runtime = {}, .container = container, .pod_uid = uid});
  };
  ASSERT_NE(found("u1", ""), nullptr);
  EXPECT_EQ(*found("u1", ""), pod);
  EXPECT_NE(found("hash1", "other"), nullptr) << "a static pod";
  EXPECT_NE(found("", "id1"), nullptr) << "docker's layout of old names no pod";
  EXPECT_EQ(found("u2", "id2"), nullptr);
  EXPECT_EQ(found("", ""), nullptr);
  EXPECT_EQ(container_name(pod, {.unit = {}, .runtime = {}, .container = "id1", .pod_uid = {}}),
            "chatd");
  EXPECT_EQ(container_name(pod, {}), "");
  EXPECT_TRUE(has_labels(pod, {{"app", "chat"}}));
  EXPECT_TRUE(has_labels(pod, {{"app", "chat"}, {"shard", "eu"}}));
  EXPECT_FALSE(has_labels(pod, {{"app", "chat"}, {"shard", "us"}}));
  EXPECT_FALSE(has_labels(pod, {{"tier", "chat"}}));
}

}  // namespace
}  // namespace fanfare
