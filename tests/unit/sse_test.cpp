// SPDX-License-Identifier: Apache-2.0
// Server-sent events over HTTP/1.1: what is an event, a heartbeat and other; chunks that begin and
// end anywhere; compressed streams. Each case is fed whole, byte by byte and in random pieces.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tests/support/http.h"

namespace fanfare::test {
namespace {

const std::string get = "GET /events HTTP/1.1\r\nHost: chat\r\n\r\n";
const std::string stream_head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";

// Messages by class, in the order of enum fanfare_class.
using Classes = std::array<std::uint64_t, FANFARE_CLASS_COUNT>;

Classes messages(const HttpConnection& connection) {
  Classes found{};
  for (int i = 0; i < FANFARE_CLASS_COUNT; ++i)
    found[i] = connection.out().tally.by_class[i].messages;
  return found;
}

std::uint64_t bytes(const HttpConnection& connection, fanfare_class kind) {
  return connection.out().tally.by_class[kind].bytes;
}

std::string chunk(std::string_view data) {
  std::string size;
  for (std::size_t left = data.size(); left; left >>= 4)
    size.insert(0, 1, "0123456789abcdef"[left & 15]);
  return size + "\r\n" + std::string(data) + "\r\n";
}

// The stream in chunks of so many bytes at most.
std::string chunked(std::string_view stream, std::size_t longest, std::uint64_t seed) {
  Dice dice(seed);
  std::string wire;
  while (!stream.empty()) {
    const auto piece = stream.substr(0, dice.between(1, longest));
    wire += chunk(piece);
    stream.remove_prefix(piece.size());
  }
  return wire;
}

class Sse : public testing::TestWithParam<int> {
 protected:
  HttpConnection opened(const std::string& fields) const {
    HttpConnection connection(FANFARE_WANT_EVENT_STREAMS, {}, pieces());
    connection.request(get);
    connection.respond(stream_head + fields + "\r\n");
    EXPECT_EQ(connection.exchanges().streams, 1U);
    return connection;
  }

  // The stream by each way that a body can end, and in chunks of many sizes: all must agree.
  HttpConnection read(const std::string& stream) const {
    auto to_close = opened("");
    to_close.respond(stream);
    auto by_length = opened("Content-Length: " + std::to_string(stream.size()) + "\r\n");
    by_length.respond(stream);
    EXPECT_EQ(by_length.out().stage, FANFARE_STAGE_RESPONSE);
    EXPECT_EQ(messages(by_length), messages(to_close));
    for (const std::size_t longest : {1U, 3U, 9U, 200U, 5000U}) {
      auto in_chunks = opened("Transfer-Encoding: chunked\r\n");
      in_chunks.respond(chunked(stream, longest, longest));
      EXPECT_EQ(in_chunks.out().stage, FANFARE_STAGE_EVENT_STREAM);
      EXPECT_EQ(messages(in_chunks), messages(to_close)) << longest;
      for (int i = 0; i < FANFARE_CLASS_COUNT; ++i)
        EXPECT_EQ(bytes(in_chunks, static_cast<fanfare_class>(i)),
                  bytes(to_close, static_cast<fanfare_class>(i)));
      EXPECT_EQ(in_chunks.lost_in_all(), 0U);
    }
    EXPECT_EQ(to_close.lost_in_all(), 0U);
    return to_close;
  }

  Classes classes(const std::string& stream) const { return messages(read(stream)); }

  Pieces pieces() const {
    if (GetParam() == 0) return whole();
    if (GetParam() == 1) return bytewise();
    return random_pieces(static_cast<std::uint64_t>(GetParam()), 30);
  }
};

INSTANTIATE_TEST_SUITE_P(Pieces, Sse, testing::Range(0, 6));

TEST_P(Sse, BlocksWithDataAreEvents) {
  EXPECT_EQ(classes("data: one\n\ndata: two\n\n"), (Classes{2}));
  EXPECT_EQ(classes("id: 7\nevent: message\ndata: one\ndata: more\nretry: 5\n\n"), (Classes{1}));
  EXPECT_EQ(classes("data\n\n"), (Classes{1})) << "a name without colon";
  EXPECT_EQ(classes("data:\n\n"), (Classes{1}));
  EXPECT_EQ(classes(": comment\ndata:x\n\n"), (Classes{1}));
}

TEST_P(Sse, CommentsAloneAreHeartbeats) {
  EXPECT_EQ(classes(": ping\n\n:\n\n::\n: two\n\n"), (Classes{0, 3}));
}

TEST_P(Sse, OtherBlocksAreOther) {
  EXPECT_EQ(classes("retry: 3000\n\nid: 1\n\nevent: ping\n\n"), (Classes{0, 0, 0, 3}));
  EXPECT_EQ(classes(": ping\nid: 1\n\n"), (Classes{0, 0, 0, 1}));
  EXPECT_EQ(classes("dat: x\n\ndatas: x\n\nDATA: x\n\n data: x\n\ndat\n\nd\n\n"),
            (Classes{0, 0, 0, 6}));
}

TEST_P(Sse, EmptyLinesAloneAreNothing) {
  EXPECT_EQ(classes("\n\n\r\n\rdata: x\n\n\n\n\n"), (Classes{1}));
}

TEST_P(Sse, TheLastBlockNeedsItsEmptyLine) {
  EXPECT_EQ(classes("data: one\n\ndata: two\n"), (Classes{1}));
}

TEST_P(Sse, LinesEndByAnyOfThree) {
  for (const std::string end : {"\n", "\r", "\r\n"}) {
    const auto read_back = read("data: one" + end + "id: 4" + end + end + ": ping" + end + end +
                                "data" + end + end + "retry: 1" + end + end);
    EXPECT_EQ(messages(read_back), (Classes{2, 1, 0, 1}));
    EXPECT_EQ(bytes(read_back, FANFARE_EVENT), 18 + 3 * end.size());
    EXPECT_EQ(bytes(read_back, FANFARE_HEARTBEAT), 6 + end.size());
    EXPECT_EQ(bytes(read_back, FANFARE_OTHER), 8 + end.size());
    EXPECT_EQ(read_back.out().tally.frames, 4U);
  }
  EXPECT_EQ(classes("data: mixed\r\n\ndata: x\n\r\ndata: y\r\r\ndata: z\r\n\r"), (Classes{4}));
}

TEST_P(Sse, AByteOrderMarkIsPassedOver) {
  EXPECT_EQ(classes("\xef\xbb\xbf"
                    "data: x\n\n"),
            (Classes{1}));
  EXPECT_EQ(classes("\xef\xbb"
                    "data: x\n\n"),
            (Classes{0, 0, 0, 1}));
  EXPECT_EQ(classes("\xef\n\ndata: x\n\n"), (Classes{1, 0, 0, 1}));
  EXPECT_EQ(classes("data: x\n\n\xef\xbb\xbf"
                    "data: x\n\n"),
            (Classes{1, 0, 0, 1}));
}

TEST_P(Sse, AnyBytesGiveTheSameInAnyPieces) {
  Dice dice(static_cast<std::uint64_t>(GetParam()) + 100);
  for (int round = 0; round < 20; ++round) {
    std::string stream;
    while (stream.size() < 400) {
      const char* parts[] = {"data", ":",   "\n", "\r",   "\r\n",
                             " x",   "dat", "id", "\n\n", "\xef\xbb\xbf"};
      stream += parts[dice.below(10)];
      if (dice.one_in(9)) stream += std::string(dice.below(300), 'y');
    }
    read(stream);
  }
}

TEST_P(Sse, AfterTheStreamComesTheNextRequest) {
  auto connection = opened("Transfer-Encoding: chunked\r\n");
  connection.respond(chunk("data: x\n\n") + "0\r\n\r\n");
  EXPECT_EQ(connection.out().stage, FANFARE_STAGE_RESPONSE);
  connection.request("HEAD /events HTTP/1.1\r\n\r\n" + get);
  connection.respond(stream_head + "\r\n");
  connection.respond(stream_head + "Transfer-Encoding: chunked\r\n\r\n" + chunk("data: y\n\n"));
  EXPECT_EQ(messages(connection), (Classes{2}));
  EXPECT_EQ(connection.lost_in_all(), 0U);
}

TEST_P(Sse, TheTypeMayHaveParametersAndAnyCase) {
  HttpConnection connection(FANFARE_WANT_EVENT_STREAMS, {}, pieces());
  connection.request(get);
  connection.respond("HTTP/1.1 200 OK\r\ncontent-type:Text/Event-Stream; charset=utf-8\r\n\r\n");
  connection.respond("data: x\n\n");
  EXPECT_EQ(messages(connection), (Classes{1}));
}

TEST_P(Sse, OtherTypesAreNoStreams) {
  HttpConnection connection(FANFARE_WANT_EVENT_STREAMS, {}, pieces());
  connection.request(get + get);
  connection.respond(
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\n"
      "data: x\n\n");
  connection.respond(
      "HTTP/1.1 404 x\r\nContent-Type: text/event-stream\r\nContent-Length: 9\r\n\r\n"
      "data: x\n\n");
  EXPECT_EQ(messages(connection), Classes{});
  EXPECT_EQ(connection.exchanges().streams, 0U);
  EXPECT_EQ(connection.lost_in_all(), 0U);
}

TEST_P(Sse, OfCompressedStreamsTheChunksAreCounted) {
  auto connection = opened("Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n");
  for (int i = 1; i <= 5; ++i) connection.respond(chunk(std::string(100, '\n')));
  connection.respond("0\r\n\r\n");
  EXPECT_EQ(messages(connection), (Classes{0, 0, 0, 5}));
  EXPECT_EQ(bytes(connection, FANFARE_OTHER), 500U);
  EXPECT_EQ(connection.lost(FANFARE_LOSS_COMPRESSED), 5U);
  EXPECT_EQ(connection.out().stage, FANFARE_STAGE_RESPONSE);
  auto without_chunks = opened("Content-Encoding: br\r\n");
  EXPECT_EQ(without_chunks.lost(FANFARE_LOSS_COMPRESSED), 1U);
  EXPECT_EQ(without_chunks.out().stage, FANFARE_STAGE_HTTP_WAIT);
  auto identity = opened("Content-Encoding: identity\r\n");
  identity.respond("data: x\n\n");
  EXPECT_EQ(messages(identity), (Classes{1}));
}

TEST_P(Sse, AHoleIsNamedAndEndsTheCount) {
  auto connection = opened("Transfer-Encoding: chunked\r\n");
  connection.respond(chunk("data: x\n\n"));
  connection.response_hole(3);
  connection.respond(chunk("data: x\n\n"));
  EXPECT_EQ(messages(connection), (Classes{1}));
  EXPECT_EQ(connection.lost(FANFARE_LOSS_EGRESS_HOLE), 1U);
  EXPECT_EQ(connection.out().stage, FANFARE_STAGE_HTTP_WAIT);
  connection.request(get);
  connection.respond(stream_head + "\r\ndata: x\n\n");
  EXPECT_EQ(messages(connection), (Classes{1})) << "not even with the next response";
  EXPECT_EQ(connection.lost_in_all(), 1U);
}

}  // namespace
}  // namespace fanfare::test
