// SPDX-License-Identifier: Apache-2.0
// What may stand between the headers of IPv6 and TCP: read, however much it is, or named.
#include <netinet/in.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "tests/kernel/kernel_test.h"
#include "tests/support/netns.h"
#include "tests/support/relay.h"

namespace fanfare::test {
namespace {

constexpr std::size_t ip_bytes = 40;
constexpr char tcp = 6, fragment = 44, destination_options = 60;

// An extension header of `bytes` that has to be skipped by who does not know it.
std::string options(std::size_t bytes, char next = 0) {
  std::string header(bytes, '\0');
  header[0] = next;
  header[1] = static_cast<char>(bytes / 8 - 1);
  std::size_t at = 2;
  while (at < bytes) {
    const auto rest = std::min<std::size_t>(bytes - at, 257);
    header[at] = 0x1e;  // for experiments, RFC 4727
    header[at + 1] = static_cast<char>(rest - 2);
    at += rest;
  }
  return header;
}

// The packet with `headers` behind its IPv6 header, the last of which is for TCP.
std::string with_headers(const std::string& packet, char first, const std::string& headers) {
  std::string made = packet.substr(0, ip_bytes) + headers + packet.substr(ip_bytes);
  made[6] = first;
  const auto length = made.size() - ip_bytes;
  made[4] = static_cast<char>(length >> 8);
  made[5] = static_cast<char>(length);
  return made;
}

bool is_tcp_over_v6(const std::string& packet) {
  return packet.size() > ip_bytes && static_cast<unsigned char>(packet[0]) >> 4 == 6 &&
         packet[6] == tcp;
}

std::string chain(int count, std::size_t bytes) {
  std::string headers;
  for (int i = 0; i < count; ++i)
    headers += options(bytes, i + 1 < count ? destination_options : tcp);
  return headers;
}

class Ipv6Test : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (!IsSkipped()) attach();
  }

  // All that goes to the server has these headers.
  Pair pair_behind(char first, const std::string& headers) {
    relay_.emplace(servers_, clients_, Faults{});
    relay_->rewrite([=](const std::string& packet) {
      return is_tcp_over_v6(packet) ? with_headers(packet, first, headers) : packet;
    });
    servers_.shell("ip -6 addr add fd99::1/64 dev tun0 nodad");
    clients_.shell("ip -6 addr add fd99::2/64 dev tun0 nodad");
    Pair pair;
    servers_.run([&] { listener_ = listen_on({.ip = "fd99::1"}); });
    clients_.run([&] { pair = upgraded_pair(listener_, {"fd99::1", port_of(listener_)}); });
    return pair;
  }

  static void talk(const Pair& pair) {
    for (int i = 0; i < 50; ++i) {
      send_all(pair.server, wire({text, std::string(100, 'x')}));
      receive(pair.client, 102);
      send_all(pair.client, wire({text, std::string(100, 'x'), true, 0, true}));
      receive(pair.server, 106);
    }
  }

  void expect_all_counted(const Pair& pair) {
    talk(pair);
    EXPECT_EQ(events_out(pair.server), 50U);
    EXPECT_EQ(flow(pair.server).in.tally.by_class[FANFARE_EVENT].messages, 50U);
    for (int i = 0; i < 500 && flow(pair.server).acks.acked[FANFARE_FATE_EVENT] < 50; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(flow(pair.server).acks.acked[FANFARE_FATE_EVENT], 50U);
  }

  Netns servers_, clients_;
  std::optional<Relay> relay_;
  Fd listener_;
};

TEST_F(Ipv6Test, long_destination_options_of_both_ends) {
  for (const std::size_t bytes : {8, 160, 1000}) {
    const Fd listener = listen_on({.ip = "::1"});
    const Pair pair = upgraded_pair(listener, {.ip = "::1", .port = port_of(listener)});
    const auto header = options(bytes);
    for (const Fd* end : {&pair.server, &pair.client})
      ASSERT_EQ(::setsockopt(end->get(), IPPROTO_IPV6, IPV6_DSTOPTS, header.data(),
                             static_cast<socklen_t>(header.size())),
                0)
          << std::strerror(errno);
    expect_all_counted(pair);
  }
}

TEST_F(Ipv6Test, many_headers) {
  if (!can_relay()) GTEST_SKIP() << no_relay;
  expect_all_counted(pair_behind(destination_options, chain(12, 16)));
}

TEST_F(Ipv6Test, the_header_of_a_fragment_that_is_none) {
  if (!can_relay()) GTEST_SKIP() << no_relay;
  expect_all_counted(pair_behind(fragment, std::string("\6\0\0\0abcd", 8)));
}

TEST_F(Ipv6Test, more_headers_than_are_read_are_named) {
  if (!can_relay()) GTEST_SKIP() << no_relay;
  const Pair pair = pair_behind(destination_options, chain(30, 8));
  talk(pair);
  EXPECT_EQ(events_out(pair.server), 50U);
  EXPECT_GE(loss(FANFARE_LOSS_HEADER), 50U);
  allow_loss(FANFARE_LOSS_HEADER);
  allow_loss(FANFARE_LOSS_INGRESS_HOLE);
}

}  // namespace
}  // namespace fanfare::test
