// SPDX-License-Identifier: Apache-2.0
// Starting: where to attach, what is refused and with which words and exit code, and the proof of
// scope. What changes the process for good happens in a child.
#include <bpf/bpf.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "agent/config/start_error.h"
#include "agent/kernel/flow_table.h"
#include "agent/kernel/probes.h"
#include "tests/kernel/kernel_test.h"

namespace fanfare::test {
namespace {

struct Refusal {
  int exit_code = 0;  // 0: not refused
  std::string text;   // what and remedy
};

Refusal refusal_of(const std::function<void()>& start) {
  try {
    start();
  } catch (const StartError& error) {
    return {error.exit_code, std::string(error.what()) + "; " + error.remedy};
  }
  return {};
}

Refusal refusal_of(const std::string& cgroup) {
  return refusal_of([&] { find_cgroup(cgroup); });
}

// Does `start` in a child and brings home how it was refused. 100 and above: the child itself
// failed.
Refusal refusal_in_child(const std::function<Refusal()>& start) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {100, "pipe"};
  const Fd reading(ends[0]);
  Fd writing(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    Refusal refusal{101, "an exception"};
    try {
      refusal = start();
    } catch (const std::exception& error) {
      refusal.text = error.what();
    }
    const auto written = ::write(writing.get(), refusal.text.data(), refusal.text.size());
    ::_exit(written >= 0 ? refusal.exit_code : 102);
  }
  writing = Fd();
  Refusal refusal;
  std::array<char, 4096> buffer{};
  for (ssize_t got; (got = ::read(reading.get(), buffer.data(), buffer.size())) > 0;)
    refusal.text.append(buffer.data(), static_cast<std::size_t>(got));
  int status = 0;
  ::waitpid(child, &status, 0);
  refusal.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 103;
  return refusal;
}

bool says(const Refusal& refusal, const std::string& word) {
  return refusal.text.find(word) != std::string::npos;
}

class StartTest : public KernelTest {};

TEST_F(StartTest, path_that_does_not_exist) {
  const auto refusal = refusal_of("/sys/fs/cgroup/no-such-cgroup");
  EXPECT_EQ(refusal.exit_code, exit_usage);
  EXPECT_TRUE(says(refusal, "/sys/fs/cgroup/no-such-cgroup")) << refusal.text;
  EXPECT_TRUE(says(refusal, std::strerror(ENOENT))) << refusal.text;
}

TEST_F(StartTest, path_of_a_file) {
  EXPECT_EQ(refusal_of(cgroup_->path() + "/cgroup.procs").exit_code, exit_usage);
  EXPECT_EQ(refusal_of("/proc/self/status").exit_code, exit_usage);
}

TEST_F(StartTest, directory_outside_of_the_tree) {
  const auto refusal = refusal_of("/tmp");
  EXPECT_EQ(refusal.exit_code, exit_usage);
  EXPECT_TRUE(says(refusal, "cgroup v2")) << refusal.text;
}

TEST_F(StartTest, subtree_is_legal_and_auto_is_the_root) {
  const auto subtree = find_cgroup(cgroup_->path());
  EXPECT_TRUE(subtree.subtree);
  EXPECT_NE(subtree.id, 1U);
  const auto root = find_cgroup("auto");
  EXPECT_FALSE(root.subtree);
  EXPECT_EQ(root.id, 1U);
  EXPECT_FALSE(find_cgroup(root.path).subtree);
}

// As in a container: a cgroup namespace of its own, and only its own view of the tree mounted.
void enter_private_cgroup_namespace(const std::string& mount_point) {
  const auto must = [](int result, const char* what) {
    if (result != 0) throw std::system_error(errno, std::generic_category(), what);
  };
  must(::unshare(CLONE_NEWNS | CLONE_NEWCGROUP), "unshare");
  must(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "private mounts");
  for (;;) {
    const auto seen = refusal_of("auto");
    if (seen.exit_code) break;
    must(::umount2(find_cgroup("auto").path.c_str(), MNT_DETACH), "umount");
  }
  must(::mount("none", mount_point.c_str(), "cgroup2", 0, nullptr), "mount cgroup2");
}

// For a mount; each test's own, since they run beside each other.
std::filesystem::path mount_point(const char* name) {
  const auto directory = std::filesystem::temp_directory_path() /
                         ("fanfare-kernel-test-" + std::to_string(::getpid()) + name);
  std::filesystem::create_directories(directory);
  return directory;
}

TEST_F(StartTest, auto_in_a_private_cgroup_namespace_is_refused) {
  const auto directory = mount_point("refused");
  const auto refusal = refusal_in_child([&] {
    enter_private_cgroup_namespace(directory);
    auto refused = refusal_of("auto");
    const auto subtree = find_cgroup(directory);  // named explicitly it is legal
    refused.text += subtree.subtree ? "; named: subtree" : "; named: root";
    return refused;
  });
  EXPECT_EQ(refusal.exit_code, exit_kernel) << refusal.text;
  EXPECT_TRUE(says(refusal, "private cgroup namespace")) << refusal.text;
  EXPECT_TRUE(says(refusal, "--cgroup")) << refusal.text;
  EXPECT_TRUE(says(refusal, "named: subtree")) << refusal.text;
  std::filesystem::remove(directory);
}

// An explicit subtree inside a private cgroup namespace: counts what stands below it.
TEST_F(StartTest, subtree_in_a_private_cgroup_namespace_works) {
  const auto directory = mount_point("works");
  const auto result = refusal_in_child([&]() -> Refusal {
    enter_private_cgroup_namespace(directory);
    KernelSource source(find_cgroup(directory), {.sockets = 64});
    if (source.scope().result != ScopeResult::proven) return {5, source.scope().text};
    const Fd listener = listen_on();
    const Pair pair = upgraded_pair(listener);
    send_messages(pair.server, 7, 10);
    wait_until_sent(pair.server);
    const auto snapshot = source.read({}, {});
    if (snapshot.flows.size() != 1) return {6, "not one record"};
    return {0, std::to_string(snapshot.flows[0].out.tally.by_class[FANFARE_EVENT].messages)};
  });
  EXPECT_EQ(result.exit_code, 0) << result.text;
  EXPECT_EQ(result.text, "7");
  std::filesystem::remove(directory);
}

TEST_F(StartTest, without_permission) {
  const auto target = cgroup_->target();
  const auto refusal = refusal_in_child([&] {
    if (::setresuid(65534, 65534, 65534) != 0) return Refusal{104, "setresuid"};
    return refusal_of([&] { KernelSource(target, {.sockets = 64}); });
  });
  EXPECT_EQ(refusal.exit_code, exit_kernel) << refusal.text;
  EXPECT_TRUE(says(refusal, ": CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN missing")) << refusal.text;
}

// Nothing of a refused or ended start stays attached.
TEST_F(StartTest, ends_without_trace) {
  attach();
  source_.reset();
  const Fd directory(::open(cgroup_->path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (const auto type : {BPF_CGROUP_INET_EGRESS, BPF_CGROUP_INET_INGRESS}) {
    std::uint32_t count = 0;
    ASSERT_EQ(bpf_prog_query(directory.get(), type, 0, nullptr, nullptr, &count), 0);
    EXPECT_EQ(count, 0U);
  }
  for (const auto& entry : std::filesystem::directory_iterator(cgroup_->path()))
    EXPECT_FALSE(entry.is_directory()) << entry.path();
}

// Two agents at once disturb neither each other nor the traffic.
TEST_F(StartTest, two_at_once) {
  attach();
  KernelSource other(cgroup_->target(), {.sockets = 64});
  const Fd listener = listen_on();
  const Pair pair = upgraded_pair(listener);
  send_messages(pair.server, 9, 10);
  EXPECT_EQ(events_out(pair.server), 9U);
  const auto seen = other.read({}, {});
  std::uint64_t events = 0;
  for (const auto& record : seen.flows)
    if (record.local_port == port_of(listener))
      events += record.out.tally.by_class[FANFARE_EVENT].messages;
  EXPECT_EQ(events, 9U);
}

TEST_F(StartTest, scope_is_proven_and_leaves_no_socket_in_the_listing) {
  attach();
  const auto snapshot = read();
  EXPECT_EQ(snapshot.cookies.size(), 0U);
  EXPECT_NE(source_->scope().cookie, 0U);
}

// Attached to one subtree, tested in its neighbour: that is what an agent in a pod would see.
TEST_F(StartTest, scope_is_refuted_beside_the_subtree) {
  const std::string beside = cgroup_->path() + "-beside";
  ASSERT_EQ(::mkdir(beside.c_str(), 0755), 0);
  const Probes probes(cgroup_->target(), {.sockets = 64});
  const FlowTable flows(probes);
  EXPECT_EQ(prove_scope(find_cgroup(beside), flows).result, ScopeResult::refuted);
  EXPECT_EQ(prove_scope(cgroup_->target(), flows).result, ScopeResult::proven);
  EXPECT_EQ(::rmdir(beside.c_str()), 0) << "the proof left something behind";
}

}  // namespace
}  // namespace fanfare::test
