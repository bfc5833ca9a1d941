// SPDX-License-Identifier: Apache-2.0
// `expected: true`: a listener is seen before anybody connects, in the cgroup that it is in.
#include "agent/model/presence.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <thread>

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
    return presences_of(rules, *snapshot.owners, *snapshot.pods).at(0);
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

// A process that holds a copy of a descriptor and does nothing, of an executable that is removed
// as soon as it runs, as an upgrade of its package does.
class ReplacedServer {
 public:
  ReplacedServer(const std::string& path, int held) {
    std::filesystem::copy_file("/bin/sleep", path);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup(held);  // without close-on-exec
      ::execl(path.c_str(), path.c_str(), "600", nullptr);
      ::_exit(127);
    }
    const auto link = "/proc/" + std::to_string(pid_) + "/exe";
    std::error_code ignored;
    for (int i = 0; i < 1000 && std::filesystem::read_symlink(link, ignored) != path; ++i)
      std::this_thread::sleep_for(10ms);
    std::filesystem::remove(path);
  }
  ~ReplacedServer() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ReplacedServer(const ReplacedServer&) = delete;
  ReplacedServer& operator=(const ReplacedServer&) = delete;

 private:
  pid_t pid_ = 0;
};

TEST_F(PresenceTest, an_executable_that_was_replaced_under_its_process) {
  const Fd listener = listen_on();
  const auto path =
      (std::filesystem::temp_directory_path() / ("fanfare-replaced-" + std::to_string(::getpid())))
          .string();
  const ReplacedServer server(path, listener.get());
  EXPECT_EQ(presence_after(40s, port_of(listener), "", path).listeners, 1U);
}

}  // namespace
}  // namespace fanfare::test
