// SPDX-License-Identifier: Apache-2.0
// `expected: true`: a listener is seen before anybody connects, in the cgroup that it is in.
#include "agent/model/presence.h"

#include "tests/kernel/kernel_test.h"

namespace fanfare::test {
namespace {

using namespace std::chrono_literals;

class PresenceTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (!IsSkipped()) attach();
  }

  // After `seconds`, long enough for another owner scan.
  Presence presence_after(std::chrono::seconds seconds, std::uint16_t port,
                          const std::string& cgroup = "", const std::string& exe = "") {
    const auto snapshot = read_after(seconds);
    ShardRule rule{"chat", {{port}, cgroup, exe}};
    rule.expected = true;
    const std::vector<ShardRule> rules{rule};
    return presence_of(rules[0], rules, *snapshot.owners, *snapshot.pods);
  }
};

TEST_F(PresenceTest, a_listener_without_a_client) {
  Fd listener = listen_on();
  const auto port = port_of(listener);
  EXPECT_EQ(presence_after(40s, port), (Presence{.expected = true, .listeners = 1}));
  const auto snapshot = read_after(80s);
  const auto& paths = snapshot.owners->cgroup_paths;
  const auto own = paths.find(cgroup_->target().id);
  ASSERT_NE(own, paths.end());
  EXPECT_EQ(presence_after(120s, port, own->second).listeners, 1U) << own->second;
  EXPECT_EQ(presence_after(160s, port, own->second + "/below").listeners, 0U);
  EXPECT_EQ(presence_after(200s, port, own->second, "/bin/other").listeners, 0U);
  listener = Fd();
  EXPECT_EQ(presence_after(240s, port), (Presence{.expected = true, .listeners = 0}));
}

}  // namespace
}  // namespace fanfare::test
