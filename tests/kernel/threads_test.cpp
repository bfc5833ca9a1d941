// SPDX-License-Identifier: Apache-2.0
// Several CPUs at once: on one socket, and on many sockets. Exact in both directions.
#include <mutex>

#include "tests/kernel/kernel_test.h"
#include "tests/kernel/on_threads.h"

namespace fanfare::test {
namespace {

class ThreadsTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped()) return;
    attach();
    listener_ = listen_on();
  }

  Fd listener_;
};

TEST_F(ThreadsTest, one_socket_four_writers) {
  constexpr std::size_t each = 20000;
  const Pair pair = upgraded_pair(listener_);
  std::mutex one_message_at_a_time;
  const std::string message = wire({text, std::string(77, 't')});
  on_threads(5, [&](std::size_t i) {
    if (i == 4) {
      receive(pair.client, 4 * each * message.size());
      return;
    }
    for (std::size_t n = 0; n < each; ++n) {
      const std::lock_guard held(one_message_at_a_time);
      send_all(pair.server, message);
    }
  });
  EXPECT_EQ(events_out(pair.server), 4 * each);
}

TEST_F(ThreadsTest, many_sockets_several_writers_both_ways) {
  constexpr std::size_t sockets = 200, rounds = 100;
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < sockets; ++i) pairs.push_back(upgraded_pair(listener_));
  const std::string out = wire({text, std::string(200, 'o')});
  const std::string in = wire({text, std::string(50, 'i'), true, 0, true});
  on_threads(4, [&](std::size_t thread) {
    for (std::size_t round = 0; round < rounds; ++round)
      for (std::size_t i = thread; i < sockets; i += 4) {
        send_all(pairs[i].server, out);
        send_all(pairs[i].client, in);
        receive(pairs[i].client, out.size());
        receive(pairs[i].server, in.size());
      }
  });
  for (const auto& pair : pairs) {
    const auto record = flow(pair.server);
    ASSERT_EQ(record.out.tally.by_class[FANFARE_EVENT].messages, rounds);
    ASSERT_EQ(record.in.tally.by_class[FANFARE_EVENT].messages, rounds);
  }
}

// Read while it is written: the reader disturbs nothing, and no read is ahead of what was sent.
TEST_F(ThreadsTest, read_meanwhile) {
  constexpr std::size_t count = 50000;
  const Pair pair = upgraded_pair(listener_);
  const auto cookie = cookie_of(pair.server);
  const std::string message = wire({text, std::string(20, 'r')});
  std::uint64_t last = 0;
  on_threads(3, [&](std::size_t i) {
    if (i == 0)
      for (std::size_t n = 0; n < count; ++n) send_all(pair.server, message);
    if (i == 1) receive(pair.client, count * message.size());
    if (i == 2)
      while (last < count) {
        const auto now = flow(cookie).out.tally.by_class[FANFARE_EVENT].messages;
        if (now < last || now > count) throw std::runtime_error("a count fell or ran ahead");
        last = now;
      }
  });
  EXPECT_EQ(last, count);
}

}  // namespace
}  // namespace fanfare::test
