// SPDX-License-Identifier: Apache-2.0
// The fixture of the kernel tests: an own cgroup, the real programs attached to it, and the losses
// asserted at the end of each test. What is counted is only what this process (and its children)
// does with listeners made after SetUp: an accepted socket belongs to its listener's cgroup.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "agent/kernel/kernel_source.h"
#include "tests/support/counts.h"
#include "tests/support/frames.h"
#include "tests/support/heads.h"
#include "tests/support/own_cgroup.h"
#include "tests/support/tcp.h"

namespace fanfare::test {

class KernelTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // From here on the programs run. A test about sockets older than the agent calls it late. A frame
  // budget below the length of a response head reads no head.
  void attach(const Knobs& knobs = {.sockets = 1024});
  Snapshot read();
  // As if so much more time had passed, for what the agent does seldom.
  Snapshot read_after(std::chrono::seconds later);

  // The record of a socket; fails the test where there is none. By socket: when all that has been
  // written to it has left.
  fanfare_flow flow(std::uint64_t cookie);
  fanfare_flow flow(const Fd& socket);
  std::optional<fanfare_flow> find_flow(std::uint64_t cookie);
  // Events that have left through this socket.
  std::uint64_t events_out(const Fd& socket);

  // Records that wait for packets on a port, as the programs see it.
  std::uint32_t watched_port(std::uint16_t port) const;

  // The whole test expects this many, and no other loss.
  void expect_loss(fanfare_loss reason, std::uint64_t count) { expected_[reason] = count; }
  // A loss that chance decides about: named, but not counted here.
  void allow_loss(fanfare_loss reason) { allowed_[reason] = true; }
  std::uint64_t loss(fanfare_loss reason) { return read().losses[reason]; }

  // `write` sends the stream's bytes through the pair's server socket; meanwhile the client reads
  // them. Bytes, the client's own reading of them and the kernel's counts must agree with `stream`.
  void expect_counted(const Pair& pair, const StreamBuilder& stream,
                      const std::function<void()>& write);

  std::unique_ptr<OwnCgroup> cgroup_;
  std::unique_ptr<KernelSource> source_;

 private:
  std::map<fanfare_loss, std::uint64_t> expected_;
  std::map<fanfare_loss, bool> allowed_;
};

// Head of the response and after it nothing yet.
StreamBuilder upgraded_stream();
// `count` text messages of `size` bytes, one send() each.
void send_messages(const Fd& socket, std::size_t count, std::size_t size);
// An upgraded connection: the 101 has been sent and received.
Pair upgraded_pair(const Fd& listener, const Endpoint& endpoint);
Pair upgraded_pair(const Fd& listener);

void expect_same_bytes(const std::string& received, const std::string& sent);

}  // namespace fanfare::test
