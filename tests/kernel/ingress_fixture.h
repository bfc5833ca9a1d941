// SPDX-License-Identifier: Apache-2.0
// The fixture of the tests of inbound exactness: a server and its clients with a relay between them
// that loses, doubles and delays what comes in. The truth is what the receiving program read.
#pragma once

#include <sys/socket.h>

#include <future>
#include <optional>
#include <ostream>
#include <string>

#include "tests/kernel/kernel_test.h"
#include "tests/support/dice.h"
#include "tests/support/netns.h"
#include "tests/support/relay.h"

namespace fanfare::test {

inline void PrintTo(const Faults& faults, std::ostream* out) {
  *out << faults.drop_percent << " % dropped, " << faults.twice_percent << " % twice, "
       << faults.late_percent << " % late, seed " << faults.seed << ", " << faults.cpus << " CPUs";
}

class IngressTest : public KernelTest, public testing::WithParamInterface<Faults> {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped()) return;
    if (!can_relay()) GTEST_SKIP() << no_relay;
    relay_.emplace(servers_, clients_, GetParam());
    servers_.run([&] { listener_ = listen_on({.ip = "10.99.0.1"}); });
    // A hole may stay for long (its retransmission is lost too): no more than 1 MB is held past it.
    set_option(listener_, SOL_SOCKET, SO_RCVBUF, 400000);
  }

  Endpoint server() const { return {"10.99.0.1", port_of(listener_)}; }
  Pair chat() {
    Pair pair;
    clients_.run([&] { pair = upgraded_pair(listener_, server()); });
    return pair;
  }

  // The client sends `bytes` in writes of up to `write` bytes while the server reads them.
  static void send_inbound(const Pair& pair, const std::string& bytes, std::size_t write) {
    auto reading =
        std::async(std::launch::async, [&] { return receive(pair.server, bytes.size()); });
    for (std::size_t at = 0; at < bytes.size(); at += write)
      send_all(pair.client, std::string_view(bytes).substr(at, write));
    expect_same_bytes(reading.get(), bytes);
  }

  void expect_faults() const {
    const Faults& faults = GetParam();
    EXPECT_EQ(relay_->dropped() > 0, faults.drop_percent > 0) << "the test provoked nothing";
    EXPECT_EQ(relay_->twice() > 0, faults.twice_percent > 0) << "the test provoked nothing";
    EXPECT_EQ(relay_->late() > 0, faults.late_percent > 0) << "the test provoked nothing";
  }

  Netns servers_, clients_;
  std::optional<Relay> relay_;
  Fd listener_;
};

inline std::string random_text(Dice& dice) {
  const std::size_t most = dice.one_in(200) ? 70000 : dice.one_in(20) ? 5000 : 300;
  return dice.bytes(dice.between(0, most));
}

constexpr Faults bad(std::uint64_t seed, unsigned cpus) {
  return {.drop_percent = 2, .twice_percent = 2, .late_percent = 3, .seed = seed, .cpus = cpus};
}

inline std::string name_of(const testing::TestParamInfo<Faults>& tested) {
  const Faults& faults = tested.param;
  return std::string(faults.drop_percent ? "bad" : "good") + "_seed" + std::to_string(faults.seed) +
         "_cpus" + std::to_string(faults.cpus);
}

}  // namespace fanfare::test
