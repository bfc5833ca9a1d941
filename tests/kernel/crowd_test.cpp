// SPDX-License-Identifier: Apache-2.0
// A host as they are: a hundred thousand connections of plain HTTP beside twenty thousand clients,
// and a table that has room for the clients alone.
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <vector>

#include "tests/kernel/kernel_test.h"

namespace fanfare::test {
namespace {

constexpr std::size_t messages = 3;

// Both ends of a connection are this process's.
std::size_t pairs_of_a_process() {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  return (std::min<rlim_t>(files.rlim_max, 40'000) - 200) / 2;
}

Pair plain_pair(const Fd& listener) {
  static const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  Pair pair = connect_pair(listener);
  send_all(pair.server, answer);
  receive(pair.client, answer.size());
  return pair;
}

// A process that holds connections, and says a byte at each step.
class Holder {
 public:
  // `open` makes one of `count` connections; each sends `messages` when it is told to go on.
  Holder(Pair (*open)(const Fd& listener), std::size_t count, std::size_t sends) {
    int to_child[2], to_parent[2];
    if (::pipe(to_child) != 0 || ::pipe(to_parent) != 0) throw std::runtime_error("pipe");
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(to_child[1]);
      hold(open, count, sends, to_child[0], to_parent[1]);
    }
    go_on_ = Fd(to_child[1]);
    said_ = Fd(to_parent[0]);
    ::close(to_child[0]);
    ::close(to_parent[1]);
  }
  ~Holder() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Holder(const Holder&) = delete;

  bool has_done_a_step() const {
    char byte = 0;
    return ::read(said_.get(), &byte, 1) == 1;
  }
  void go_on() const { EXPECT_EQ(::write(go_on_.get(), "g", 1), 1); }

 private:
  [[noreturn]] static void hold(Pair (*open)(const Fd&), std::size_t count, std::size_t sends,
                                int told, int say) {
    try {
      pairs_of_a_process();
      const Fd listener = listen_on();
      std::vector<Pair> pairs(count);
      std::ranges::generate(pairs, [&] { return open(listener); });
      char byte = 0;
      if (::write(say, "r", 1) == 1 && ::read(told, &byte, 1) == 1) {
        for (const Pair& pair : pairs) send_messages(pair.server, sends, 20);
        for (const Pair& pair : pairs) wait_until_sent(pair.server);
        if (::write(say, "d", 1) == 1) [[maybe_unused]]
          const auto end = ::read(told, &byte, 1);
      }
    } catch (const std::exception& error) {
      std::cerr << "a holder of connections: " << error.what() << std::endl;
      ::_exit(1);
    }
    ::_exit(0);
  }

  pid_t pid_ = -1;
  Fd go_on_, said_;
};

using Holders = std::vector<std::unique_ptr<Holder>>;

Holders hold(std::size_t count, Pair (*open)(const Fd&), std::size_t sends) {
  Holders holders;
  const auto each = pairs_of_a_process();
  for (std::size_t left = count; left > 0; left -= std::min(left, each))
    holders.push_back(std::make_unique<Holder>(open, std::min(left, each), sends));
  return holders;
}

void expect_step(const Holders& holders) {
  for (const auto& holder : holders) ASSERT_TRUE(holder->has_done_a_step());
}

std::string resident_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS")) return line;
  return "VmRSS: unknown";
}

class CrowdTest : public KernelTest {
 public:
  // All `clients` are counted beside so many connections of plain HTTP.
  void expect_all_counted(std::size_t plain, std::size_t clients) {
    const auto others = hold(plain, plain_pair, 0);
    expect_step(others);
    const auto chat = hold(clients, upgraded_pair, messages);
    expect_step(chat);
    for (const auto& holder : chat) holder->go_on();
    expect_step(chat);
    for (int i = 0; i < 3; ++i) read();  // the record of the proof of scope is given back
    const auto snapshot = read();
    EXPECT_EQ(snapshot.flows.size(), clients);
    EXPECT_EQ(snapshot.dark.size(), 0U);
    const auto exact = std::ranges::count_if(snapshot.flows, [](const fanfare_flow& flow) {
      return fanfare_is_synced(&flow) &&
             flow.out.tally.by_class[FANFARE_EVENT].messages == messages;
    });
    EXPECT_EQ(static_cast<std::size_t>(exact), clients);
    std::cout << resident_memory() << " with " << clients << " records beside " << plain
              << " connections of plain HTTP" << std::endl;
  }
};

TEST_F(CrowdTest, clients_beside_plain_http) {
  attach({.sockets = 20'480});
  expect_all_counted(100'000, 20'000);
}

// Whatever cookies they have: the marks of plain HTTP fill each slot of the index and all that they
// may have of the hash beside it.
TEST_F(CrowdTest, clients_beside_more_plain_http_than_there_is_room_for_marks) {
  attach({.sockets = 512});
  expect_all_counted(100'000, 500);
}

}  // namespace
}  // namespace fanfare::test
