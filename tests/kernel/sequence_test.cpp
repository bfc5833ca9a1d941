// SPDX-License-Identifier: Apache-2.0
// Sequence numbers that wrap. The kernel draws the first one at random for each connection, so of
// some thousand connections a few begin near 2^32; those are used.
#include <functional>
#include <stdexcept>
#include <vector>

#include "tests/kernel/kernel_test.h"
#include "tests/support/decode.h"

namespace fanfare::test {
namespace {

constexpr std::uint32_t near = 16 * 1024 * 1024;  // bytes before the wrap; 1 of 256 connections

class SequenceTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped()) return;
    attach({.sockets = 4096});
    listener_ = listen_on();
  }

  // An upgraded connection of which one direction is about to wrap.
  Pair find_near(const std::function<std::uint32_t(const fanfare_flow&)>& next_seq) {
    for (int round = 0; round < 20; ++round) {
      std::vector<Pair> pairs;
      for (int i = 0; i < 300; ++i) pairs.push_back(upgraded_pair(listener_));
      for (auto& pair : close_others(pairs, next_seq)) return std::move(pair);
    }
    throw std::runtime_error("6,000 connections, and none begins near 2^32");
  }

  Fd listener_;

 private:
  std::vector<Pair> close_others(std::vector<Pair>& pairs,
                                 const std::function<std::uint32_t(const fanfare_flow&)>& next) {
    const auto snapshot = read();
    std::map<std::uint64_t, std::uint32_t> next_seq;
    for (std::size_t i = 0; i < snapshot.cookies.size(); ++i)
      next_seq[snapshot.cookies[i]] = next(snapshot.flows[i]);
    std::vector<Pair> found;
    for (auto& pair : pairs) {
      if (found.empty() && next_seq.at(cookie_of(pair.server)) > UINT32_MAX - near)
        found.push_back(std::move(pair));
      else
        close_by_reset(std::move(pair.client));
    }
    return found;
  }
};

TEST_F(SequenceTest, outbound_wraps) {
  const Pair pair = find_near([](const fanfare_flow& flow) { return flow.out.next_seq; });
  const auto before = flow(pair.server).out.next_seq;
  StreamBuilder stream;
  while (stream.bytes().size() < near + 100000) stream.message(std::string(4321, 'o'));
  expect_counted(pair, stream, [&] { send_all(pair.server, stream.bytes()); });
  EXPECT_LT(flow(pair.server).out.next_seq, before) << "it did not wrap";
}

TEST_F(SequenceTest, inbound_wraps) {
  const Pair pair = find_near([](const fanfare_flow& flow) { return flow.in.next_seq; });
  const auto before = flow(pair.server).in.next_seq;
  const std::string message = wire({text, std::string(60000, 'i'), true, 0, true});
  std::uint64_t count = 0;
  for (std::size_t sent = 0; sent < near + 100000; sent += message.size(), ++count) {
    send_all(pair.client, message);
    receive(pair.server, message.size());
  }
  EXPECT_EQ(flow(pair.server).in.tally.by_class[FANFARE_EVENT].messages, count);
  EXPECT_LT(flow(pair.server).in.next_seq, before) << "it did not wrap";
}

}  // namespace
}  // namespace fanfare::test
