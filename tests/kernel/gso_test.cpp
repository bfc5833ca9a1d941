// SPDX-License-Identifier: Apache-2.0
// Super-segments: far more than 64 KiB in one run of the program, and what happens when they hold
// more headers than one run may walk.
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <bpf/bpf.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "tests/kernel/kernel_test.h"
#include "tests/support/netns.h"

namespace fanfare::test {
namespace {

using namespace std::chrono_literals;

constexpr unsigned big = 200000;  // bytes; BIG TCP is all over 65,536

// iproute2 6.1 does not know IFLA_GSO_IPV4_MAX_SIZE and IFLA_GRO_IPV4_MAX_SIZE (63, 64;
// kernel 6.3). Returns 0 or an errno. To be called inside the namespace.
int set_v4_max(unsigned size) {
  struct {
    nlmsghdr header;
    ifinfomsg link;
    struct {
      rtattr attribute;
      unsigned value;
    } sizes[2];
  } request{};
  request.header = {sizeof request, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, 1, 0};
  request.link.ifi_index = static_cast<int>(::if_nametoindex("lo"));
  for (unsigned short i = 0; i < 2; ++i)
    request.sizes[i] = {{sizeof request.sizes[i], static_cast<unsigned short>(63 + i)}, size};
  const Fd netlink(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (::send(netlink.get(), &request, sizeof request, 0) < 0) return errno;
  struct {
    nlmsghdr header;
    nlmsgerr error;
    char rest[256];
  } answer{};
  if (::recv(netlink.get(), &answer, sizeof answer, 0) < 0) return errno;
  return -answer.error.error;
}

class GsoTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped()) return;
    statistics_ = Fd(bpf_enable_stats(BPF_STATS_RUN_TIME));
    ASSERT_TRUE(statistics_) << std::strerror(errno);
  }

  std::uint64_t egress_runs() {
    for (const auto& program : read().programs)
      if (program.program == "on_egress") return program.runs;
    return 0;
  }

  // Both ends inside a namespace whose lo passes BIG TCP.
  Pair big_pair(const std::string& ip) {
    Pair pair;
    big_.shell("ip link set lo gso_max_size 200000 gro_max_size 200000");
    big_.run([&] {
      if (ip.find(':') == std::string::npos) v4_error_ = set_v4_max(big);
      const Fd listener = listen_on({.ip = ip});
      pair = connect_pair(listener, {.ip = ip, .port = port_of(listener)});
    });
    return pair;
  }

  // Pieces so large that the mean run carries more than 64 KiB prove that one run did.
  void expect_big_runs(const Pair& pair, const StreamBuilder& stream) {
    const auto before = egress_runs();
    expect_counted(pair, stream, [&] { send_all(pair.server, stream.bytes()); });
    const auto runs = egress_runs() - before;
    EXPECT_GT(stream.bytes().size() / runs, 65536U) << runs << " runs, acknowledgements included";
  }

  Netns big_;
  int v4_error_ = 0;

 private:
  Fd statistics_;
};

StreamBuilder long_stream() {
  StreamBuilder stream = upgraded_stream();
  for (int i = 0; i < 4000000; ++i) stream.message("12345678");
  return stream;
}

TEST_F(GsoTest, big_tcp_v6_with_its_jumbo_header) {
  attach();
  expect_big_runs(big_pair("::1"), long_stream());
}

TEST_F(GsoTest, big_tcp_v4) {
  attach();
  const Pair pair = big_pair("127.0.0.1");
  if (v4_error_)
    GTEST_SKIP() << "this kernel has no BIG TCP for IPv4: " << std::strerror(v4_error_);
  expect_big_runs(pair, long_stream());
}

// Over the budget the socket is out of step, by name; what was counted stays, and after a silence
// it is counted again from the next frame on.
TEST_F(GsoTest, over_the_frame_budget) {
  attach({.sockets = 64, .frame_budget = 1000});
  const Fd listener = listen_on();
  const Pair pair = upgraded_pair(listener);
  std::string frames;
  for (int i = 0; i < 1500; ++i) frames += wire({text, "abc"});
  send_all(pair.server, frames);
  receive(pair.client, frames.size());
  EXPECT_EQ(flow(pair.server).out.stage, FANFARE_STAGE_SEARCH);
  EXPECT_EQ(flow(pair.server).out.lost_by, FANFARE_LOSS_FRAME_BUDGET);
  EXPECT_EQ(events_out(pair.server), 1000U);
  std::this_thread::sleep_for(100ms);
  send_messages(pair.server, 20, 5);
  EXPECT_EQ(flow(pair.server).out.stage, FANFARE_STAGE_FRAMES);
  EXPECT_EQ(events_out(pair.server), 1020U);
  expect_loss(FANFARE_LOSS_FRAME_BUDGET, 1);
}

TEST_F(GsoTest, exactly_the_frame_budget) {
  attach({.sockets = 64, .frame_budget = 1000});
  const Fd listener = listen_on();
  const Pair pair = upgraded_pair(listener);
  std::string frames;
  for (int i = 0; i < 1000; ++i) frames += wire({text, "abc"});
  for (int i = 0; i < 10; ++i) {
    send_all(pair.server, frames);
    receive(pair.client, frames.size());
  }
  EXPECT_EQ(events_out(pair.server), 10000U);
}

}  // namespace
}  // namespace fanfare::test
