// SPDX-License-Identifier: Apache-2.0
// Pods in a recording: a replay tells shards by their labels as the agent did.
#include <gtest/gtest.h>

#include "agent/replay/recording_codec.h"
#include "tests/support/snapshots.h"

namespace fanfare {
namespace {

TEST(PodRecording, PodsComeBackAsTheyWere) {
  Pod pod{.uid = "u", .name_space = "chat", .name = "chat-0", .node = "node-a"};
  pod.labels = {{"app", "chat"}, {"tier", ""}};
  pod.containers = {{std::string(64, 'a'), "chatd"}};
  pod.addresses = {"10.1.2.3", "fd00::3"};
  pod.host_network = true;
  pod.ended = true;
  pod.leaving = true;
  pod.manifest = "hash";
  auto snapshot = testing::SnapshotBuilder().listener(8080, "chatd").build();
  auto owners = std::make_shared<Owners>(*snapshot.owners);
  owners->listeners.at({1, 8080}).v1_path = "/docker/x";
  snapshot.owners = owners;
  snapshot.pods = std::make_shared<PodTable>(std::map<std::string, Pod>{{"u", pod}, {"v", {}}});

  SnapshotEncoder encoder;
  SnapshotDecoder decoder;
  const auto first = decoder.decode(encoder.encode(snapshot));
  EXPECT_EQ(first.pods->pods().at("u"), pod);
  EXPECT_EQ(first.owners->listeners.at({1, 8080}).v1_path, "/docker/x");
  const auto bytes = encoder.encode(snapshot);
  EXPECT_EQ(decoder.decode(bytes).pods->pods().at("u"), pod) << "kept while nothing changes";
  snapshot.pods = std::make_shared<PodTable>();
  EXPECT_TRUE(decoder.decode(encoder.encode(snapshot)).pods->pods().empty());
}

}  // namespace
}  // namespace fanfare
