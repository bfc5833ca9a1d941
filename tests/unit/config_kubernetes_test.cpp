// SPDX-License-Identifier: Apache-2.0
// match.pod_labels and kubernetes: what is accepted, and which of two shards is stricter.
#include <gtest/gtest.h>

#include <string>

#include "agent/config/config_file.h"
#include "agent/config/config_rules.h"

namespace fanfare {
namespace {

std::string refusal(const std::string& yaml) {
  try {
    parse_config(yaml, "f");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

std::string labelled(const std::string& labels) {
  return "shards:\n  - name: a\n    match: {pod_labels: " + labels + "}\n";
}

TEST(ConfigKubernetes, ReadsLabelsBesideOtherConditions) {
  const auto config = parse_config(
      "shards: [{name: a, match: {listen_ports: [80], pod_labels: {app: chat, "
      "app.kubernetes.io/part-of: '', version: 2}}}]",
      "f");
  const auto& match = config.shards.at(0).match;
  EXPECT_EQ(match.pod_labels,
            (std::map<std::string, std::string>{
                {"app", "chat"}, {"app.kubernetes.io/part-of", ""}, {"version", "2"}}));
  EXPECT_EQ(match.listen_ports, std::vector<std::uint16_t>{80});
}

TEST(ConfigKubernetes, RefusesWhatIsNoLabel) {
  const std::string key = "f:3: shards[0].match.pod_labels";
  EXPECT_EQ(refusal(labelled("{}")), key + ": empty; allowed: at least 1 entry");
  EXPECT_EQ(refusal(labelled("")).substr(0, key.size() + 17), key + ": found nothing; ");
  EXPECT_NE(refusal(labelled("{'a b': c}")).find("'a b' is not a label's key; allowed: "),
            std::string::npos);
  for (const char* bad : {"{-a: b}", "{a: -b}", "{'/a': b}", "{a/: b}", "{A/a: b}", "{a: b c}",
                          "{a/b/c: d}", "{a: [b]}", "[a]", "app"})
    EXPECT_NE(refusal(labelled(bad)), "accepted") << bad;
  EXPECT_NE(refusal(labelled("{a: " + std::string(64, 'x') + "}")), "accepted");
  EXPECT_EQ(refusal(labelled("{a: " + std::string(63, 'x') + "}")), "accepted");
}

TEST(ConfigKubernetes, ReadsWhoIsAsked) {
  EXPECT_EQ(parse_config("", "f").kubernetes, Kubernetes{});
  const auto config = parse_config(
      "kubernetes: {api: 'https://10.0.0.1:6443', node: n, token_file: /t, ca_file: /c}", "f");
  EXPECT_EQ(config.kubernetes, (Kubernetes{"https://10.0.0.1:6443", "n", "/t", "/c"}));
  EXPECT_EQ(parse_config("kubernetes: {api: off}", "f").kubernetes.api, "off");
  const auto bad = refusal("kubernetes: {api: 'https://user:secret@h'}");
  EXPECT_EQ(bad.find("secret"), std::string::npos) << bad;
  for (const char* api : {"on", "10.0.0.1", "ftp://a", "https://h?x", "''"})
    EXPECT_NE(refusal(std::string("kubernetes: {api: ") + api + "}"), "accepted") << api;
}

TEST(ConfigKubernetes, LabelsNeedSomebodyWhoTellsThem) {
  EXPECT_EQ(refusal(labelled("{app: chat}") + "kubernetes: {api: off}\n"),
            "f:2: shards[0].match.pod_labels: an API server tells labels, and kubernetes.api is "
            "off; allowed: kubernetes.api auto or a URL, or no pod_labels");
}

TEST(ConfigKubernetes, MoreLabelsAreStricter) {
  const auto match = [](std::map<std::string, std::string> labels) {
    ShardMatch made;
    made.pod_labels = std::move(labels);
    return made;
  };
  const auto app = match({{"app", "chat"}});
  const auto both = match({{"app", "chat"}, {"tier", "eu"}});
  const auto tier = match({{"tier", "eu"}});
  const auto other = match({{"app", "mail"}});
  ShardMatch port;
  port.listen_ports = {80};
  auto port_and_app = app;
  port_and_app.listen_ports = {80};
  EXPECT_TRUE(is_stricter(both, app));
  EXPECT_FALSE(is_stricter(app, both));
  EXPECT_FALSE(is_stricter(app, tier) || is_stricter(tier, app));
  EXPECT_TRUE(can_overlap(app, tier));
  EXPECT_FALSE(can_overlap(app, other)) << "a pod has one value for a key";
  EXPECT_TRUE(is_stricter(port_and_app, port));
  EXPECT_TRUE(is_stricter(port_and_app, app));
  EXPECT_FALSE(is_stricter(app, port) || is_stricter(port, app));
  EXPECT_EQ(refusal("shards: [{name: a, match: {pod_labels: {app: chat}}}, "
                    "{name: b, match: {pod_labels: {tier: eu}}}]")
                .substr(0, 26),
            "f:1: shards[1].match: 'b' ");
}

}  // namespace
}  // namespace fanfare
