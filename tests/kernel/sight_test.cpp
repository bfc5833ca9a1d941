// SPDX-License-Identifier: Apache-2.0
// Programs that somebody detaches, cgroups that are made anew, hosts that forbid the proof: the
// agent's word on its own sight is true at each tick, and it mends what can be mended.
#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "agent/kernel/flow_table.h"
#include "agent/kernel/probes.h"
#include "agent/kernel/self_check.h"
#include "tests/kernel/kernel_test.h"

namespace fanfare::test {
namespace {

using namespace std::chrono_literals;

// As `bpftool link detach` does it, for every link on the cgroup.
std::size_t detach_all(std::uint64_t cgroup, std::uint32_t type) {
  std::size_t detached = 0;
  for (std::uint32_t id = 0; bpf_link_get_next_id(id, &id) == 0;) {
    const Fd link(bpf_link_get_fd_by_id(id));
    bpf_link_info info{};
    std::uint32_t size = sizeof info;
    if (!link || bpf_obj_get_info_by_fd(link.get(), &info, &size) != 0) continue;
    if (info.type != BPF_LINK_TYPE_CGROUP || info.cgroup.cgroup_id != cgroup) continue;
    if (info.cgroup.attach_type != type) continue;
    detached += bpf_link_detach(link.get()) == 0;
  }
  return detached;
}

class SightTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    now_ = std::chrono::steady_clock::now().time_since_epoch();
  }
  // The next tick.
  const Sight& tick() { return source_->check(now_ += 1s); }
  // Ticks until the agent has its sight again; how many that took.
  int ticks_until_sighted() {
    for (int ticks = 1; ticks <= 200; ++ticks) {
      if (!tick().blind) return ticks;
      ::usleep(20000);  // a child may have to make sockets
    }
    ADD_FAILURE() << "still blind: " << tick().attached_text << "; " << tick().self_check_text;
    return 0;
  }
  Monotonic now_{};
};

TEST_F(SightTest, what_it_says_to_itself_is_counted_and_seen_by_nobody) {
  attach();
  for (int i = 0; i < 70; ++i) {
    const Sight& sight = tick();
    ASSERT_TRUE(sight.attached);
    ASSERT_FALSE(sight.blind) << sight.self_check_text;
    ASSERT_EQ(sight.self_check, SelfCheckResult::counted) << sight.self_check_text;
    const auto snapshot = read();
    ASSERT_TRUE(snapshot.flows.empty());
    ASSERT_LE(snapshot.tests.size(), 2U) << "one connection, and one that ends";
  }
}

TEST_F(SightTest, links_that_were_detached_are_attached_again) {
  for (const auto type : {BPF_CGROUP_INET_EGRESS, BPF_CGROUP_INET_INGRESS}) {
    attach();
    const Fd listener = listen_on();
    const Pair old = upgraded_pair(listener);
    send_messages(old.server, 5, 10);
    EXPECT_EQ(events_out(old.server), 5U);
    ASSERT_FALSE(tick().blind);
    const auto named = loss(FANFARE_LOSS_UNATTACHED);

    ASSERT_EQ(detach_all(cgroup_->target().id, type), 1U);
    const Sight& sight = tick();
    EXPECT_FALSE(sight.attached);
    EXPECT_TRUE(sight.blind);
    EXPECT_NE(sight.attached_text.find(type == BPF_CGROUP_INET_EGRESS ? "egress" : "ingress"),
              std::string::npos)
        << sight.attached_text;
    ticks_until_sighted();
    EXPECT_EQ(tick().blind_for, 0s);
    EXPECT_GT(loss(FANFARE_LOSS_UNATTACHED), named);

    const Pair fresh = upgraded_pair(listener);
    send_messages(fresh.server, 7, 10);
    EXPECT_EQ(events_out(fresh.server), 7U);
    send_messages(old.server, 1, 10);  // nothing of it was missed
    EXPECT_EQ(events_out(old.server), 6U);
    allow_loss(FANFARE_LOSS_UNATTACHED);
  }
}

TEST_F(SightTest, sockets_that_were_accepted_meanwhile_are_found) {
  attach();
  const Fd listener = listen_on();
  detach_all(cgroup_->target().id, BPF_CGROUP_INET_EGRESS);
  const Pair pair = upgraded_pair(listener);  // its 101 is in no counter
  send_messages(pair.server, 3, 10);
  EXPECT_TRUE(tick().blind);
  ticks_until_sighted();
  ::usleep(60000);  // what follows a silence begins a message
  for (int i = 0; i < 40; ++i) send_messages(pair.server, 1, 10);
  EXPECT_TRUE(fanfare_counts_messages(flow(pair.server).out.stage));
  allow_loss(FANFARE_LOSS_EGRESS_HOLE);
  allow_loss(FANFARE_LOSS_UNATTACHED);
}

TEST_F(SightTest, a_cgroup_that_is_made_anew_is_attached_to) {
  const std::string path = cgroup_->path() + "/again";
  ASSERT_EQ(::mkdir(path.c_str(), 0755), 0);
  source_ = std::make_unique<KernelSource>(find_cgroup(path), Knobs{.sockets = 64});
  ASSERT_FALSE(tick().blind);
  ASSERT_EQ(::rmdir(path.c_str()), 0) << "the agent's own test stands in the way";
  EXPECT_TRUE(tick().blind);
  EXPECT_NE(tick().attached_text.find("gone"), std::string::npos);

  ASSERT_EQ(::mkdir(path.c_str(), 0755), 0);
  EXPECT_TRUE(tick().blind);
  ticks_until_sighted();
  EXPECT_EQ(source_->scope().result, ScopeResult::proven) << source_->scope().text;
  {
    enter_cgroup(path);
    const Fd listener = listen_on();
    enter_cgroup(cgroup_->path());
    const Pair pair = upgraded_pair(listener);
    send_messages(pair.server, 50, 10);
    EXPECT_EQ(events_out(pair.server), 50U);
  }
  allow_loss(FANFARE_LOSS_UNATTACHED);
  source_->read({}, {});
  ::rmdir(path.c_str());
}

TEST_F(SightTest, what_is_not_counted_is_told_even_where_all_is_attached) {
  const std::string beside = cgroup_->path() + "-beside";
  ASSERT_EQ(::mkdir(beside.c_str(), 0755), 0);
  const Probes probes(cgroup_->target(), {.sockets = 64});
  const FlowTable flows(probes);
  SelfCheck check(flows);
  check.begin(find_cgroup(beside), {});
  EXPECT_EQ(check.result(), SelfCheckResult::missed);
  for (int i = 0; i < 12; ++i) check.advance(now_ += 1s, find_cgroup(beside));
  EXPECT_EQ(check.result(), SelfCheckResult::missed);
  EXPECT_EQ(check.scope().result, ScopeResult::refuted);
  EXPECT_EQ(::rmdir(beside.c_str()), 0);
}

// Nothing is known then, and nothing is said: a full table is a finding of its own.
TEST_F(SightTest, a_full_table_proves_nothing) {
  attach({.sockets = 64});
  const Fd listener = listen_on();
  for (int i = 0; i < 3; ++i) read();
  std::vector<Pair> pairs;
  for (int i = 0; i < 80; ++i) pairs.push_back(upgraded_pair(listener));
  for (int i = 0; i < 12; ++i) EXPECT_FALSE(tick().blind);
  EXPECT_EQ(tick().self_check, SelfCheckResult::not_made);
  pairs.clear();
  for (int i = 0; i < 3; ++i) read();
  for (int i = 0; i < 12; ++i) EXPECT_FALSE(tick().blind);
  EXPECT_EQ(tick().self_check, SelfCheckResult::counted);
  allow_loss(FANFARE_LOSS_FLOW_MAP_FULL);
}

// Talos, and other hardened hosts: no new network namespace by any way.
void forbid_unshare() {
  std::array<sock_filter, 4> code{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog filter{code.size(), code.data()};
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) ::_exit(99);
}

TEST_F(SightTest, without_namespaces_it_is_unproven_and_counts) {
  const auto target = cgroup_->target();
  const pid_t child = ::fork();
  if (child == 0) {
    forbid_unshare();
    KernelSource source(target, {.sockets = 64});
    if (source.scope().result != ScopeResult::unproven) ::_exit(1);
    if (source.scope().text.find("no other network namespace") == std::string::npos) ::_exit(2);
    for (int i = 0; i < 8; ++i) {
      const Sight& sight = source.check(now_ += 1s);
      if (sight.blind || sight.self_check != SelfCheckResult::counted) ::_exit(3);
    }
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace fanfare::test
