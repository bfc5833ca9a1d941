// SPDX-License-Identifier: Apache-2.0
// Where a server can stand: any port, IPv6, dual-stack, several listeners on a port, another
// network namespace, a port that was used before.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>

#include <algorithm>

#include "tests/kernel/kernel_test.h"
#include "tests/support/netns.h"

namespace fanfare::test {
namespace {

std::string printed(const std::uint8_t (&address)[16]) {
  char text[INET6_ADDRSTRLEN];
  return ::inet_ntop(AF_INET6, address, text, sizeof text);
}

class AddressTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (!IsSkipped()) attach();
  }

  void expect_all_counted(const Pair& pair) {
    send_messages(pair.server, 50, 100);
    receive(pair.client, 50 * 102);
    EXPECT_EQ(events_out(pair.server), 50U);
  }
};

TEST_F(AddressTest, v4) {
  const Fd listener = listen_on();
  const Pair pair = upgraded_pair(listener);
  expect_all_counted(pair);
  const auto record = flow(pair.server);
  EXPECT_EQ(printed(record.local), "::ffff:127.0.0.1");
  EXPECT_EQ(printed(record.remote), "::ffff:127.0.0.1");
  EXPECT_EQ(record.local_port, port_of(listener));
  EXPECT_EQ(record.remote_port, port_of(pair.client));
  EXPECT_EQ(record.cgroup_id, cgroup_->target().id);
}

TEST_F(AddressTest, v6) {
  const Fd listener = listen_on({.ip = "::1"});
  const Pair pair = upgraded_pair(listener, {.ip = "::1", .port = port_of(listener)});
  expect_all_counted(pair);
  EXPECT_EQ(printed(flow(pair.server).local), "::1");
  EXPECT_EQ(printed(flow(pair.server).remote), "::1");
}

TEST_F(AddressTest, dual_stack_listener_with_a_v4_client) {
  const Fd listener = listen_on({.ip = "::"});
  const Pair pair = upgraded_pair(listener);
  expect_all_counted(pair);
  EXPECT_EQ(printed(flow(pair.server).local), "::ffff:127.0.0.1");
  EXPECT_EQ(printed(flow(pair.server).remote), "::ffff:127.0.0.1");
}

TEST_F(AddressTest, several_listeners_on_one_port) {
  std::vector<Fd> listeners;
  listeners.push_back(listen_on({.reuse_port = true}));
  const Endpoint endpoint{.port = port_of(listeners[0]), .reuse_port = true};
  for (int i = 1; i < 4; ++i) listeners.push_back(listen_on(endpoint));
  std::vector<int> served(listeners.size());
  for (int i = 0; i < 100; ++i) {
    Pair pair;
    pair.client = connect_to(endpoint);
    std::vector<pollfd> ready;
    for (const auto& listener : listeners) ready.push_back({listener.get(), POLLIN, 0});
    ASSERT_GT(::poll(ready.data(), ready.size(), 5000), 0);
    const auto which = static_cast<std::size_t>(
        std::find_if(ready.begin(), ready.end(), [](auto& one) { return one.revents; }) -
        ready.begin());
    ++served[which];
    pair.server = accept_from(listeners[which]);
    send_all(pair.server, upgrade_head());
    receive(pair.client, upgrade_head().size());
    expect_all_counted(pair);
  }
  EXPECT_GE(std::count_if(served.begin(), served.end(), [](int n) { return n > 0; }), 2);
}

TEST_F(AddressTest, foreign_network_namespace) {
  Netns netns;
  Pair pair;
  Fd listener;
  netns.run([&] {
    listener = listen_on();
    pair = upgraded_pair(listener);
  });
  expect_all_counted(pair);
  EXPECT_EQ(flow(pair.server).netns, netns.inode());
}

TEST_F(AddressTest, same_port_in_two_namespaces) {
  Netns netns;
  Pair inside, outside;
  const Fd listener = listen_on();
  Fd other;
  netns.run([&] {
    other = listen_on({.port = port_of(listener)});
    inside = upgraded_pair(other);
  });
  outside = upgraded_pair(listener);
  send_messages(inside.server, 10, 10);
  expect_all_counted(outside);
  EXPECT_EQ(events_out(inside.server), 10U);
  EXPECT_NE(flow(inside.server).netns, flow(outside.server).netns);
}

// The same four-tuple again and again: each connection is a record of its own. In a namespace of
// its own, where nobody else takes the client's port meanwhile.
TEST_F(AddressTest, port_reuse) {
  Netns netns;
  Fd listener;
  netns.run([&] { listener = listen_on(); });
  std::uint16_t from = 0;
  std::uint64_t last = 0;
  for (int i = 0; i < 50; ++i) {
    Pair pair;
    netns.run([&] { pair.client = connect_to({.port = port_of(listener)}, from); });
    from = port_of(pair.client);
    pair.server = accept_from(listener);
    send_all(pair.server, upgrade_head());
    receive(pair.client, upgrade_head().size());
    expect_all_counted(pair);
    EXPECT_NE(cookie_of(pair.server), std::exchange(last, cookie_of(pair.server)));
    EXPECT_EQ(flow(pair.server).remote_port, from);
    close_by_reset(std::move(pair.client));
  }
}

TEST_F(AddressTest, any_port) {
  for (const std::uint16_t port : {1, 80, 443, 1023, 50123, 65535}) {
    Netns netns;
    Pair pair;
    netns.run([&] { pair = upgraded_pair(listen_on({.port = port}), {.port = port}); });
    expect_all_counted(pair);
    EXPECT_EQ(flow(pair.server).local_port, port);
  }
}

}  // namespace
}  // namespace fanfare::test
