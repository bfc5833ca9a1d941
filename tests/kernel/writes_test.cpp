// SPDX-License-Identifier: Apache-2.0
// Every shape of stream and every size of write: the count does not depend on how bytes are cut.
// The ways into the kernel other than send() are in send_paths_test.cpp.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "tests/kernel/kernel_test.h"
#include "tests/support/dice.h"

namespace fanfare::test {
namespace {

class WritesTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (!IsSkipped()) attach();
  }

  // Sends the stream in pieces of `size` bytes and demands the truth.
  void expect_counted_in_pieces(const StreamBuilder& stream, std::size_t size) {
    const Fd listener = listen_on();
    const Pair pair = connect_pair(listener);
    expect_counted(pair, stream, [&] {
      for (std::size_t at = 0; at < stream.bytes().size(); at += size)
        send_all(pair.server, std::string_view(stream.bytes()).substr(at, size));
    });
  }
};

// Lengths around every border of the header's forms, fragments, control frames between them.
StreamBuilder mixed_stream() {
  StreamBuilder stream = upgraded_stream();
  for (const std::size_t size : {0, 1, 2, 6, 125, 126, 127, 300})
    stream.message(std::string(size, 'x'));
  stream.message(std::string(1000, 'f'), {.fragment = 100, .pings_between = true});
  stream.message(std::string(50, 'e'), {.opcode = binary, .fragment = 7, .empty_end = true});
  stream.frame({pong, "beat"});
  stream.message("last");
  stream.frame({close, "\x03\xe8"});
  return stream;
}

TEST_F(WritesTest, one_byte_a_write) { expect_counted_in_pieces(mixed_stream(), 1); }
TEST_F(WritesTest, three_bytes_a_write) { expect_counted_in_pieces(mixed_stream(), 3); }
TEST_F(WritesTest, head_and_frames_in_one_write) {
  expect_counted_in_pieces(mixed_stream(), SIZE_MAX / 2);
}

TEST_F(WritesTest, random_pieces) {
  Dice dice(1);
  const Fd listener = listen_on();
  for (int round = 0; round < 50; ++round) {
    const StreamBuilder stream = mixed_stream();
    const Pair pair = connect_pair(listener);
    expect_counted(pair, stream, [&] {
      for (std::size_t at = 0; at < stream.bytes().size();) {
        const std::size_t size = dice.between(1, 400);
        send_all(pair.server, std::string_view(stream.bytes()).substr(at, size));
        at += size;
      }
    });
  }
}

TEST_F(WritesTest, tiny_frames_in_writes_of_64_KiB) {
  StreamBuilder stream = upgraded_stream();
  for (int i = 0; i < 5 * 32768; ++i) stream.message("");
  expect_counted_in_pieces(stream, 65536);
}

TEST_F(WritesTest, message_of_70000_bytes) {
  StreamBuilder stream = upgraded_stream();
  for (int i = 0; i < 20; ++i) {
    stream.message(std::string(70000, 'l'));
    stream.message("short");
  }
  expect_counted_in_pieces(stream, 65536);
}

TEST_F(WritesTest, frame_of_1_MiB) {
  StreamBuilder stream = upgraded_stream();
  for (int i = 0; i < 8; ++i) stream.message(std::string(1024 * 1024, 'M'), {.opcode = binary});
  expect_counted_in_pieces(stream, 100000);
}

// A payload that looks like headers must be skipped by length, never read.
TEST_F(WritesTest, payload_made_of_headers) {
  StreamBuilder stream = upgraded_stream();
  std::string inner;
  for (int i = 0; i < 5000; ++i) inner += wire({text, "x"});
  for (int i = 0; i < 20; ++i) stream.message(inner, {.opcode = binary, .fragment = 3001});
  expect_counted_in_pieces(stream, 997);
}

TEST_F(WritesTest, hundred_thousand_small_messages) {
  StreamBuilder stream = upgraded_stream();
  for (int i = 0; i < 100000; ++i) stream.message(std::to_string(i));
  expect_counted_in_pieces(stream, 1400);
}

TEST_F(WritesTest, hundred_thousand_sends) {
  const Fd listener = listen_on();
  const Pair pair = connect_pair(listener);
  StreamBuilder stream = upgraded_stream();
  for (int i = 0; i < 100000; ++i) stream.message("a message of its own");
  expect_counted(pair, stream, [&] {
    send_all(pair.server, upgrade_head());
    send_messages(pair.server, 0, 0);
    for (int i = 0; i < 100000; ++i) send_all(pair.server, wire({text, "a message of its own"}));
  });
}

// Frames of a client are masked, and their keys contain anything.
TEST_F(WritesTest, inbound_is_counted_too) {
  const Fd listener = listen_on();
  const Pair pair = upgraded_pair(listener);
  StreamBuilder stream;
  Dice dice(2);
  for (int i = 0; i < 2000; ++i)
    stream.frame(
        {text, dice.bytes(dice.below(300)), true, 0, true, LengthForm::minimal, dice.bytes(4)});
  stream.message(std::string(90000, 'i'),
                 {.fragment = 1000, .masked = true, .pings_between = true});
  for (std::size_t at = 0; at < stream.bytes().size(); at += 777) {
    const auto piece = std::string_view(stream.bytes()).substr(at, 777);
    send_all(pair.client, piece);
    receive(pair.server, piece.size());
  }
  EXPECT_EQ(counts(flow(pair.server).in), stream.truth());
  EXPECT_EQ(counts(flow(pair.server).out), Counts{});
}

TEST_F(WritesTest, deflate_needs_to_be_negotiated) {
  const Fd listener = listen_on();
  const Pair pair = connect_pair(listener);
  StreamBuilder stream;
  stream.raw(deflate_head());
  for (int i = 0; i < 100; ++i) stream.message(std::string(200, 'z'), {.fragment = 90, .rsv = 4});
  expect_counted(pair, stream, [&] { send_all(pair.server, stream.bytes()); });
}

TEST_F(WritesTest, more_and_cork) {
  const Fd listener = listen_on();
  const Pair pair = connect_pair(listener);
  const std::string message = wire({text, std::string(500, 'c')});
  StreamBuilder stream = upgraded_stream();
  for (int i = 0; i < 2000; ++i) stream.message(std::string(500, 'c'));
  expect_counted(pair, stream, [&] {
    send_all(pair.server, upgrade_head());
    for (int i = 0; i < 1000; ++i) {
      send_all(pair.server.get(), message.substr(0, 4), MSG_MORE);
      send_all(pair.server.get(), message.substr(4), i % 10 == 9 ? 0 : MSG_MORE);
    }
    for (int i = 0; i < 1000; ++i) {
      if (i % 10 == 0) set_option(pair.server, IPPROTO_TCP, TCP_CORK, 1);
      send_all(pair.server, message);
      if (i % 10 == 9) set_option(pair.server, IPPROTO_TCP, TCP_CORK, 0);
    }
  });
}

}  // namespace
}  // namespace fanfare::test
