// SPDX-License-Identifier: Apache-2.0
// What exports say of who names the pods: status, findings, metrics.
#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "agent/exports/findings.h"
#include "agent/exports/json.h"
#include "agent/exports/metrics.h"
#include "tests/support/snapshots.h"
#include "tests/unit/sample_view.h"

namespace fanfare {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

View watched() {
  View view = sample::view();
  view.pod_names = {
      .on = true, .server = "https://10.0.0.1:443", .listed = true, .reachable = true};
  view.pod_names.pods = 12;
  ShardRule rule{.name = "chat", .match = {}};
  rule.match.pod_labels = {{"app", "chat"}};
  rule.replication = Replication{.ports = {7000}, .peers = {}};
  view.rules = std::make_shared<std::vector<ShardRule>>(std::vector<ShardRule>{rule});
  return view;
}

std::string found(const View& view) {
  for (const auto& finding : findings(view, sample::now))
    if (finding.code == "FF-PODS") return finding.text;
  return "none";
}

View away(double seconds) {
  View view = watched();
  view.pod_names.reachable = false;
  view.pod_names.away_seconds = seconds;
  view.pod_names.error = "HTTP 401: Unauthorized";
  return view;
}

TEST(PodExports, AnApiServerThatStaysAwayIsAFinding) {
  EXPECT_EQ(found(watched()), "none");
  EXPECT_EQ(found(away(59)), "none") << "it restarts now and then";
  EXPECT_EQ(found(away(61)),
            "The API server https://10.0.0.1:443 has not named the pods of this node for 61 s; the "
            "last known names are used, new pods have none: HTTP 401: Unauthorized.");
  View never = away(61);
  never.pod_names.listed = false;
  EXPECT_THAT(found(never), Not(HasSubstr("last known")));
  never.rules = std::make_shared<std::vector<ShardRule>>();
  EXPECT_EQ(found(never), "none") << "nothing hangs on it";
}

TEST(PodExports, ARuleThatNobodyCanTellIsAFinding) {
  View view = watched();
  view.pod_names = {.on = false, .server = "the agent runs in no pod"};
  EXPECT_THAT(found(view), HasSubstr("no API server is asked, since the agent runs in no pod."));
  view.rules = std::make_shared<std::vector<ShardRule>>();
  EXPECT_EQ(found(view), "none");
}

TEST(PodExports, ANodeWithoutPodsHasTheWrongName) {
  View view = watched();
  view.pod_names.pods = 0;
  EXPECT_THAT(found(view), HasSubstr("knows no pod on this node"));
}

TEST(PodExports, StatusAndMetricsSayHowItGoes) {
  const auto text = metrics_text(away(5));
  EXPECT_THAT(text, HasSubstr("fanfare_kubernetes_up{cluster=\"test\",node=\"host-a\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("fanfare_kubernetes_pods{cluster=\"test\",node=\"host-a\"} 12\n"));
  EXPECT_THAT(metrics_text(watched()),
              HasSubstr("fanfare_kubernetes_up{cluster=\"test\",node=\"host-a\"} 1"));
  EXPECT_THAT(metrics_text(sample::view()), Not(HasSubstr("fanfare_kubernetes")));
  const auto status = boost::json::parse(status_json(away(5), sample::now));
  EXPECT_EQ(boost::json::serialize(status.at("kubernetes")),
            R"({"server":"https://10.0.0.1:443","reachable":false,"listed":true,"pods":12,)"
            R"("error":"HTTP 401: Unauthorized","away_seconds":5})");
}

TEST(PodExports, AddressesOfAShardsPodsAreThoseOfTheirNode) {
  const auto addresses = [](const View& view) {
    std::vector<std::string> lines;
    std::istringstream text(metrics_text(view));
    for (std::string line; std::getline(text, line);)
      if (line.starts_with("fanfare_address_info{"))
        lines.push_back(line.substr(line.find("address=")));
    return lines;
  };
  std::map<std::string, Pod> pods;
  const auto pod = [&](const std::string& uid, const std::string& app,
                       const std::string& ip) -> Pod& {
    pods[uid] = {.uid = uid, .name_space = "n", .name = uid, .node = "host-a"};
    pods[uid].labels = {{"app", app}};
    pods[uid].addresses = {ip};
    return pods[uid];
  };
  pod("a", "chat", "10.1.0.1").addresses.push_back("fd00::1");
  pod("b", "chat", "10.1.0.2").host_network = true;
  pod("c", "chat", "10.1.0.3").ended = true;
  pod("d", "mail", "10.1.0.4");
  pod("e", "chat", "no address");
  View view = watched();
  auto snapshot = std::make_shared<Snapshot>(*view.snapshot);
  snapshot->pods = std::make_shared<PodTable>(pods);
  view.snapshot = snapshot;
  EXPECT_THAT(addresses(view),
              ::testing::UnorderedElementsAre("address=\"10.1.0.1\"} 1", "address=\"fd00::1\"} 1"));
  view.pod_names.reachable = false;
  EXPECT_TRUE(addresses(view).empty()) << "an address may be another node's by now";
}

}  // namespace
}  // namespace fanfare
