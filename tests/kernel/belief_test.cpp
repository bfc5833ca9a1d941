// SPDX-License-Identifier: Apache-2.0
// The hook stands before TCP's own checks: what TCP does not believe is not counted. Segments that
// the client has not sent are put into its connection, by a relay.
#include <thread>

#include "tests/kernel/kernel_test.h"
#include "tests/support/netns.h"
#include "tests/support/relay.h"
#include "tests/support/tcp_packet.h"

namespace fanfare::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t payload_bytes = 100, message_bytes = 102;
constexpr std::uint32_t far = 1U << 30;  // no window is so wide

class BeliefTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped()) return;
    if (!can_relay()) GTEST_SKIP() << no_relay;
    attach();
    relay_.emplace(servers_, clients_, Faults{});
    servers_.run([&] { listener_ = listen_on({.ip = "10.99.0.1"}); });
    clients_.run([&] { pair_ = upgraded_pair(listener_, {"10.99.0.1", port_of(listener_)}); });
  }

  std::uint64_t acked() { return flow(cookie_of(pair_.server)).acks.acked[FANFARE_FATE_EVENT]; }
  std::uint64_t events_in() {
    return flow(cookie_of(pair_.server)).in.tally.by_class[FANFARE_EVENT].messages;
  }
  void expect_acked(std::uint64_t count) {
    for (int i = 0; i < 500 && acked() < count; ++i) std::this_thread::sleep_for(20ms);
    EXPECT_EQ(acked(), count);
  }

  // As the client's last segment, which had all of what it has sent behind it.
  TcpPacket forged() const { return TcpPacket(relay_->last()); }

  Netns servers_, clients_;
  std::optional<Relay> relay_;
  Fd listener_;
  Pair pair_;
};

// What the client's TCP says waits in the relay meanwhile.
TEST_F(BeliefTest, an_acknowledgement_outside_of_the_window_acknowledges_nothing) {
  send_all(pair_.client, wire({ping, "", true, 0, true}));
  receive(pair_.server, 6);
  relay_->stop();
  const auto ours = forged().payload("").seq() + 6;
  send_messages(pair_.server, 6, payload_bytes);
  const auto end = flow(pair_.server).out.next_seq;
  for (const auto seq : {ours + far, ours - far, ours - 1})
    relay_->inject(forged().payload("").seq(seq).ack(end).good());
  relay_->inject(forged().payload("").seq(ours).ack(end + 2).good());
  EXPECT_EQ(acked(), 0U);
  relay_->inject(forged().payload("").seq(ours).ack(end - 3 * message_bytes).good());
  expect_acked(3);
  relay_->go_on();
  receive(pair_.client, 6 * message_bytes);
  expect_acked(6);
  // TCP has been asked about `ours`, and need not be again; of any other number it has to be.
  relay_->stop();
  send_messages(pair_.server, 6, payload_bytes);
  const auto later = flow(pair_.server).out.next_seq;
  for (const auto seq : {ours + far, ours - far, ours - 1})
    relay_->inject(forged().payload("").seq(seq).ack(later).good());
  EXPECT_EQ(acked(), 6U);
  relay_->inject(forged().payload("").seq(ours).ack(later - 2 * message_bytes).good());
  expect_acked(10);
}

// Seven of them, then the client sends the one that there is: the server reads one.
TEST_F(BeliefTest, payload_with_a_bad_checksum_is_not_counted) {
  const auto frame = wire({text, std::string(payload_bytes, 'x'), true, 0, true});
  send_all(pair_.client, frame);
  receive(pair_.server, frame.size());
  const auto next = forged().seq() + static_cast<std::uint32_t>(frame.size());
  for (std::uint32_t i = 0; i < 7; ++i)
    relay_->inject(forged().payload(frame).seq(next + i * frame.size()).bad());
  EXPECT_EQ(events_in(), 1U);
  send_all(pair_.client, frame);
  receive(pair_.server, frame.size());
  EXPECT_EQ(events_in(), 2U);
}

// RFC 5961 5.2: blind injection has to know this number too.
TEST_F(BeliefTest, payload_that_acknowledges_what_cannot_be_is_not_counted) {
  const auto frame = wire({text, std::string(payload_bytes, 'x'), true, 0, true});
  send_all(pair_.client, frame);
  receive(pair_.server, frame.size());
  const auto next = forged().seq() + static_cast<std::uint32_t>(frame.size());
  const auto end = flow(pair_.server).out.next_seq;
  for (const auto ack : {end + 2, end + far, end - far})
    relay_->inject(forged().payload(frame).seq(next).ack(ack).good());
  relay_->inject(forged().payload(frame).seq(next).without_ack().good());
  EXPECT_EQ(events_in(), 1U);
  relay_->inject(forged().payload(frame).seq(next).good());
  receive(pair_.server, frame.size());
  EXPECT_EQ(events_in(), 2U) << "what TCP believes, the hook does";
}

// A TUN device has no offload: the sums are added up by the program, whatever the length.
TEST_F(BeliefTest, good_checksums_of_any_length_are_right) {
  for (const bool v6 : {false, true}) {
    if (v6) {
      servers_.shell("ip -6 addr add fd99::1/64 dev tun0 nodad");
      clients_.shell("ip -6 addr add fd99::2/64 dev tun0 nodad");
      servers_.run([&] { listener_ = listen_on({.ip = "fd99::1"}); });
      clients_.run([&] { pair_ = upgraded_pair(listener_, {"fd99::1", port_of(listener_)}); });
    }
    for (std::size_t size = 0; size < 1300; size += 3) {
      const auto frame = wire({text, std::string(size, static_cast<char>(size)), true, 0, true});
      send_all(pair_.client, frame);
      receive(pair_.server, frame.size());
    }
    EXPECT_EQ(events_in(), (1300U + 2) / 3);
  }
}

}  // namespace
}  // namespace fanfare::test
