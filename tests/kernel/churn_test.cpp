// SPDX-License-Identifier: Apache-2.0
// Connections that come and go on all CPUs at once: each is followed, and each is given back.
#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "tests/kernel/kernel_test.h"

namespace fanfare::test {
namespace {

class ChurnTest : public KernelTest {};

// The client waits for the server's end of the stream, and its own end arrives while the server is
// at work on the next connection, inside of a program at times.
TEST_F(ChurnTest, every_birth_and_every_death_is_seen) {
  constexpr std::size_t servers = 8, connections = 15000;
  attach({.sockets = servers * connections + 16});
  std::vector<Fd> listeners(servers);
  std::generate(listeners.begin(), listeners.end(), [] { return listen_on(); });
  std::vector<std::jthread> threads;
  for (const Fd& listener : listeners) {
    threads.emplace_back([&] {
      for (std::size_t i = 0; i < connections; ++i) receive(accept_from(listener), 1);
    });
    threads.emplace_back([&] {
      for (std::size_t i = 0; i < connections; ++i) {
        const Fd client = connect_to({.port = port_of(listener)});
        send_all(client, "x");
        receive_rest(client);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(read().flows.size(), servers * connections) << "not every birth was seen";
  // The last packets of some are still on their way.
  for (int tries = 0; tries < 50 && !read().flows.empty(); ++tries)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(read().flows.size(), 0U) << "not every death was seen";

  const Fd client = connect_to({.port = port_of(listeners[0])});
  const Fd server = accept_from(listeners[0]);
  const Snapshot one = read();
  ASSERT_EQ(one.flows.size(), 1U) << "after a storm few places are in use";
  EXPECT_EQ(one.cookies[0], cookie_of(server));
  EXPECT_EQ(one.flows[0].local_port, port_of(listeners[0]));
}

}  // namespace
}  // namespace fanfare::test
