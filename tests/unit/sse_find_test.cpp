// SPDX-License-Identifier: Apache-2.0
// Streams of events that are under way when we come: read from the first chunk, or line, on that
// comes after silence. Nothing else is taken for one.
#include <gtest/gtest.h>

#include <string>

#include "agent/replay/walk.h"

namespace fanfare::test {
namespace {

constexpr std::uint64_t quiet = FANFARE_QUIET_NS, short_time = FANFARE_QUIET_NS / 2;

// One direction of a connection older than the agent, on a port where clients read events.
class SseFind : public testing::Test {
 protected:
  explicit SseFind(std::uint8_t wanted = FANFARE_WANT_EVENT_STREAMS) {
    x_.wanted = wanted;
    out_.flags = FANFARE_OLD;
    out_.stage = FANFARE_STAGE_SEARCH;
    fanfare_direction in{};
    http1_open_old(&out_, &in, wanted);
    out_.last_ns = now_;
  }

  void respond(std::uint64_t after, std::string_view bytes) {
    now_ += after;
    const Loss loss =
        feed(out_, {seq_, bytes, now_, FANFARE_LOSS_EGRESS_HOLE}, {}, {.http = {&x_, &set_, true}});
    losses_ += loss.count;
    seq_ += static_cast<std::uint32_t>(bytes.size());
  }
  std::uint64_t messages(fanfare_class kind) const { return out_.tally.by_class[kind].messages; }
  std::uint64_t events() const { return messages(FANFARE_EVENT); }

  fanfare_exchanges x_{};
  fanfare_publish_set set_{};
  fanfare_direction out_{};
  std::uint64_t now_ = 1000, losses_ = 0;
  std::uint32_t seq_ = 7;
};

TEST_F(SseFind, FromTheFirstChunkAfterSilence) {
  respond(short_time, "9\r\ndata: 1\n\n\r\n");
  EXPECT_EQ(events(), 0U) << "may be in the middle of anything";
  respond(quiet, "9\r\ndata: 2\n\n\r\n");
  EXPECT_EQ(out_.stage, FANFARE_STAGE_EVENT_STREAM);
  respond(short_time, "9\r\ndata: 3\n\n\r\n9\r\ndata: 4\n\n\r\n3\r\n:\n\n\r\n");
  EXPECT_EQ(events(), 3U);
  EXPECT_EQ(messages(FANFARE_HEARTBEAT), 1U);
  EXPECT_EQ(x_.streams, 1U);
  EXPECT_EQ(losses_, 0U);
}

TEST_F(SseFind, FromTheFirstLineWhereThereAreNoChunks) {
  respond(quiet, "event: message\ndata: 1\n\n");
  respond(short_time, "id: 2\ndata: 2\n\n");
  EXPECT_EQ(events(), 2U);
}

TEST_F(SseFind, EachFieldMayBeginAndTheLastLineEndMayComeLate) {
  for (const std::string line : {"data: x\n\n", "event: x\ndata:\n\n", "id: 7\ndata:\n\n",
                                 "retry: 7\ndata:\n\n", ":ping\ndata:\n\n"}) {
    for (const std::string before : {"", "\r\n"}) {
      fanfare_direction& out = out_ = {};
      out.stage = FANFARE_STAGE_HTTP_WAIT;
      out.flags = FANFARE_OLD;
      out.last_ns = now_;
      std::string size(1, "0123456789abcdefghijklmn"[line.size() & 15]);
      if (line.size() > 15) size = "1" + size;
      respond(quiet, before + size + "\r\n" + line);
      EXPECT_EQ(events(), 1U) << before << line;
    }
  }
}

TEST_F(SseFind, NothingElseIsTakenForEvents) {
  for (const std::string bytes :
       {"5\r\nhello\r\n", "{\"data: x\"}", "data\n\n", "12345678\r\ndata: x\n\n", "\r\ndata: x\n\n",
        "9\r\n", "", "9 data: x\n\n", "HTTP/1.1 200 OK\r\n\r\n", "\x81\x05hello"}) {
    respond(quiet, bytes);
    EXPECT_NE(out_.stage, FANFARE_STAGE_EVENT_STREAM) << bytes;
  }
  EXPECT_EQ(events(), 0U);
}

TEST_F(SseFind, IsLostAndFoundAgain) {
  respond(quiet, "9\r\ndata: 1\n\n\r\n");
  seq_ += 3;
  respond(short_time, "9\r\ndata: 2\n\n\r\n");
  EXPECT_EQ(out_.stage, FANFARE_STAGE_HTTP_WAIT);
  EXPECT_EQ(losses_, 1U);
  respond(short_time, "9\r\ndata: 3\n\n\r\n");
  respond(quiet, "9\r\ndata: 4\n\n\r\n");
  respond(short_time, "9\r\ndata: 5\n\n\r\n");
  EXPECT_EQ(events(), 3U);
  respond(short_time, "0\r\n\r\n");
  EXPECT_EQ(out_.stage, FANFARE_STAGE_HTTP_WAIT) << "what follows has no request";
  respond(short_time, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(losses_, 1U);
}

TEST_F(SseFind, NotWhereNobodyReadsEvents) {
  x_.wanted = FANFARE_WANT_PUBLISHES;
  out_.stage = FANFARE_STAGE_SEARCH;
  respond(quiet, "9\r\ndata: 1\n\n\r\n");
  EXPECT_EQ(events(), 0U);
}

// A port of events and of publishes: its old connections are searched for frames besides.
class SseFindBesidePublishes : public SseFind {
 protected:
  SseFindBesidePublishes() : SseFind(FANFARE_WANT_EVENT_STREAMS | FANFARE_WANT_PUBLISHES) {}
};

TEST_F(SseFindBesidePublishes, FromTheFirstChunkAfterSilence) {
  EXPECT_EQ(out_.stage, FANFARE_STAGE_SEARCH);
  respond(quiet, "9\r\ndata: 1\n\n\r\n");
  respond(short_time, "9\r\ndata: 2\n\n\r\n");
  EXPECT_EQ(events(), 2U);
}

}  // namespace
}  // namespace fanfare::test
