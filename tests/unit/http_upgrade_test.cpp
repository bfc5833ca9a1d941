// SPDX-License-Identifier: Apache-2.0
// The response head: what is an upgrade, what is HTTP of another kind, what is no HTTP at all; and
// that payloads which look like heads change nothing.
#include <gmock/gmock.h>

#include <string>

#include "tests/support/frames.h"
#include "tests/support/heads.h"
#include "tests/support/stream_feeder.h"

namespace fanfare::test {
namespace {

constexpr std::string_view switching = "HTTP/1.1 101 Switching Protocols";

// Fed byte by byte and whole; the two must agree.
fanfare_direction after(std::string_view bytes) {
  Feeder whole(fresh_server());
  whole.segment(bytes);
  Feeder bytewise(fresh_server());
  bytewise.bytewise(bytes);
  EXPECT_EQ(whole.stage(), bytewise.stage());
  EXPECT_EQ(whole.direction().flags, bytewise.direction().flags);
  return whole.direction();
}

bool upgrades(std::string_view bytes) {
  const fanfare_direction direction = after(bytes);
  EXPECT_EQ(direction.stage == FANFARE_STAGE_FRAMES, (direction.flags & FANFARE_UPGRADED) != 0);
  return direction.stage == FANFARE_STAGE_FRAMES;
}

bool deflates(std::string_view extensions) {
  const fanfare_direction direction = after(head(switching, {"Upgrade: websocket", extensions}));
  EXPECT_EQ(direction.stage, FANFARE_STAGE_FRAMES);
  return direction.flags & FANFARE_DEFLATE;
}

TEST(HttpHash, ConstantsAreWhatTheirNamesSay) {
  const auto hash = [](std::string_view token) {
    std::uint32_t value = 2166136261U;  // FNV-1a, 32 bits
    for (const char byte : token) value = (value ^ static_cast<unsigned char>(byte)) * 16777619U;
    return value;
  };
  EXPECT_EQ(HTTP_HASH_101, hash("101"));
  EXPECT_EQ(HTTP_HASH_UPGRADE, hash("upgrade"));
  EXPECT_EQ(HTTP_HASH_WEBSOCKET, hash("websocket"));
  EXPECT_EQ(HTTP_HASH_EXTENSIONS, hash("sec-websocket-extensions"));
  EXPECT_EQ(HTTP_HASH_DEFLATE, hash("permessage-deflate"));
  EXPECT_EQ(HTTP_VERSION_TEXT, word_of("HTTP/1.1"));
}

TEST(HttpUpgrade, KnowsTheFieldInAnyCaseAndSpacing) {
  EXPECT_TRUE(upgrades(head(switching, {"Upgrade: websocket"})));
  EXPECT_TRUE(upgrades(head(switching, {"UPGRADE: WebSocket"})));
  EXPECT_TRUE(upgrades(head(switching, {"upgrade:websocket"})));
  EXPECT_TRUE(upgrades(head(switching, {"Upgrade: \t websocket \t"})));
  EXPECT_TRUE(upgrades(head(switching, {"Upgrade:\twebsocket\t"})));
  EXPECT_TRUE(upgrades(head("HTTP/1.1 101", {"Upgrade: websocket"})));
  EXPECT_TRUE(upgrades(head("HTTP/1.1 101 ", {"Upgrade: websocket"})));
}

TEST(HttpUpgrade, FindsTheTokenInAList) {
  EXPECT_TRUE(upgrades(head(switching, {"Connection: keep-alive, Upgrade", "Upgrade: websocket"})));
  EXPECT_TRUE(upgrades(head(switching, {"Upgrade: h2c, websocket"})));
  EXPECT_TRUE(upgrades(head(switching, {"Upgrade: websocket,h2c"})));
}

TEST(HttpUpgrade, TakesNothingElseForTheField) {
  EXPECT_FALSE(upgrades(head(switching, {"Upgrade: h2c"})));
  EXPECT_FALSE(upgrades(head(switching, {"Connection: websocket"})));
  EXPECT_FALSE(upgrades(head(switching, {"X-Upgrade: websocket"})));
  EXPECT_FALSE(upgrades(head(switching, {"Upgraded: websocket"})));
  EXPECT_FALSE(upgrades(head(switching, {"Upgrade: xwebsocket"})));
  EXPECT_FALSE(upgrades(head(switching, {"Upgrade: websocket2"})));
  EXPECT_FALSE(upgrades(head(switching, {"Server: Upgrade: websocket"})));
  EXPECT_FALSE(upgrades(head("HTTP/1.1 101 Upgrade: websocket", {"Server: x"})));
  EXPECT_FALSE(upgrades(head(switching, {"Sec-WebSocket-Protocol: websocket"})));
  EXPECT_EQ(after(head(switching, {"Upgrade: h2c"})).stage, FANFARE_STAGE_HTTP);
}

TEST(HttpUpgrade, KnowsCompressionAmongExtensions) {
  EXPECT_TRUE(deflates("Sec-WebSocket-Extensions: permessage-deflate"));
  EXPECT_TRUE(deflates("sec-websocket-extensions:PERMESSAGE-DEFLATE;server_max_window_bits=10"));
  EXPECT_TRUE(deflates("Sec-WebSocket-Extensions: x-foo; a=1, permessage-deflate; b"));
  EXPECT_FALSE(deflates("Sec-WebSocket-Extensions: x-permessage-deflate"));
  EXPECT_FALSE(deflates("Sec-WebSocket-Extensions: permessage-deflate2"));
  EXPECT_FALSE(deflates("Sec-WebSocket-Protocol: permessage-deflate"));
  EXPECT_FALSE(deflates("Server: permessage-deflate"));
}

TEST(HttpUpgrade, OtherAnswersAreHttpAndStayWatched) {
  for (const std::string_view line :
       {"HTTP/1.1 200 OK", "HTTP/1.1 426 Upgrade Required", "HTTP/1.1 1011 x", "HTTP/1.1 10 x",
        "HTTP/1.1 1", "HTTP/1.0 101 Switching Protocols", "HTTP/1.0 200 OK"}) {
    SCOPED_TRACE(line);
    EXPECT_EQ(after(head(line, {"Upgrade: websocket"})).stage, FANFARE_STAGE_HTTP);
  }
}

const std::string interim_heads[] = {
    head("HTTP/1.1 100 Continue", {}),
    head("HTTP/1.1 100", {}),
    head("HTTP/1.1 102 Processing", {"Server: x"}),
    head("HTTP/1.1 103 Early Hints", {"Link: </a.css>; rel=preload", "Upgrade: websocket"}),
    head("HTTP/1.1 100 Continue", {}) + head("HTTP/1.1 103 Early Hints", {"Link: </a>"}),
};

// A server may write both heads at once, and the frames behind them.
TEST(HttpUpgrade, StandsBehindAnInterimHeadWhereverTheyAreCut) {
  for (const auto& interim : interim_heads) {
    SCOPED_TRACE(interim);
    const std::string bytes = interim + upgrade_head() + wire({text, "hi"});
    EXPECT_TRUE(upgrades(bytes));
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
      Feeder feeder(fresh_server());
      feeder.segment(bytes.substr(0, cut));
      feeder.segment(bytes.substr(cut));
      EXPECT_EQ(feeder.counted(), (Counts{1, 1, 2, 0, 0})) << cut;
      EXPECT_EQ(feeder.lost_in_all(), 0U) << cut;
    }
  }
}

TEST(HttpUpgrade, StandsBehindAnInterimHeadOnAKeptAliveConnectionAndOnAnOldOne) {
  for (const auto& interim : interim_heads) {
    SCOPED_TRACE(interim);
    Feeder kept(fresh_server()), old(older());
    kept.segment(head("HTTP/1.1 200 OK", {"Content-Length: 5"}) + "hello");
    for (Feeder* feeder : {&kept, &old}) {
      feeder->segment(interim + upgrade_head() + wire({text, "hi"}));
      EXPECT_EQ(feeder->stage(), FANFARE_STAGE_FRAMES);
      EXPECT_EQ(feeder->counted(), (Counts{1, 1, 2, 0, 0}));
    }
  }
}

TEST(HttpUpgrade, AnInterimHeadIsNoneAndNeitherIsWhatElseStandsBehindIt) {
  for (const auto& interim : interim_heads) {
    SCOPED_TRACE(interim);
    EXPECT_EQ(after(interim).stage, FANFARE_STAGE_HEAD) << "the answer is still to come";
    EXPECT_EQ(after(interim + head("HTTP/1.1 200 OK", {"Upgrade: websocket"})).stage,
              FANFARE_STAGE_HTTP);
    EXPECT_EQ(after(interim + head(switching, {"Upgrade: h2c"})).stage, FANFARE_STAGE_HTTP);
    EXPECT_EQ(after(interim + "no head").stage, FANFARE_STAGE_DISMISSED);
  }
}

// Each is as long as a head may be.
TEST(HttpUpgrade, ReadsLongInterimHeads) {
  const std::string around = head("HTTP/1.1 103 Early Hints", {"Link: "});
  const std::string filler(FANFARE_HEAD_MAX - around.size(), 'x');
  const std::string hints = head("HTTP/1.1 103 Early Hints", {"Link: " + filler});
  EXPECT_TRUE(upgrades(hints + hints + upgrade_head()));
}

TEST(HttpUpgrade, NamesAHeadThatIsBeyondTheBudget) {
  Feeder feeder(fresh_server(), {.frames = 20});
  feeder.segment(upgrade_head());
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_DISMISSED);
  EXPECT_EQ(feeder.lost(FANFARE_LOSS_HEAD_TOO_LONG), 1U);
}

TEST(HttpUpgrade, DismissesWhatIsNotHttp) {
  for (const std::string_view bytes :
       {"\x16\x03\x01\x02", "SSH-2.0-x\r\n", "h", "HTTQ", "HTTP/2.0 101 x", "HTTP/1.1101 x"}) {
    SCOPED_TRACE(bytes);
    EXPECT_EQ(after(bytes).stage, FANFARE_STAGE_DISMISSED);
  }
}

// Bodies may hold anything; a later head is only looked for where a segment starts.
TEST(HttpUpgrade, FindsTheUpgradeOnAKeptAliveConnection) {
  Feeder feeder(fresh_server());
  feeder.segment(head("HTTP/1.1 200 OK", {"Content-Length: 5"}) + "hello");
  feeder.segment("more of a body");
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_HTTP);
  feeder.segment(upgrade_head() + wire({text, "hi"}));
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_FRAMES);
  feeder.segment(wire({text, "there"}));
  EXPECT_EQ(feeder.counted(), (Counts{2, 2, 7, 0, 0}));
  EXPECT_EQ(feeder.lost_in_all(), 0U);
}

TEST(HttpUpgrade, FindsALaterHeadThatComesByteByByte) {
  Feeder feeder(fresh_server());
  feeder.segment(head("HTTP/1.1 200 OK", {"Content-Length: 0"}));
  feeder.bytewise(upgrade_head() + wire({text, "hi"}));
  EXPECT_EQ(feeder.counted(), (Counts{1, 1, 2, 0, 0}));
}

TEST(HttpUpgrade, IgnoresAHeadInTheMiddleOfABody) {
  Feeder feeder(fresh_server());
  const std::string fake = upgrade_head() + wire({text, "never sent as a frame"});
  feeder.segment(head("HTTP/1.1 200 OK", {"Content-Length: 300"}) + "documentation: " + fake);
  feeder.segment("as above: " + fake);
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_HTTP);
  EXPECT_EQ(feeder.counted(), Counts{});
  EXPECT_FALSE(feeder.direction().flags & FANFARE_UPGRADED);
}

TEST(HttpUpgrade, NamesAHeadThatIsTooLong) {
  const std::string filler = "X-Long: " + std::string(FANFARE_HEAD_MAX, 'x');
  const std::string bytes = head(switching, {filler, "Upgrade: websocket"});
  Feeder feeder(fresh_server());
  feeder.random_pieces(bytes, 1448, 1);
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_DISMISSED);
  EXPECT_EQ(feeder.lost(FANFARE_LOSS_HEAD_TOO_LONG), 1U);
  EXPECT_EQ(feeder.lost_in_all(), 1U);
}

TEST(HttpUpgrade, ReadsAHeadOfTheGreatestLength) {
  const std::string around = head(switching, {"X: ", "Upgrade: websocket"});
  const std::string filler(FANFARE_HEAD_MAX - around.size(), 'x');
  EXPECT_TRUE(upgrades(head(switching, {"X: " + filler, "Upgrade: websocket"})));
  EXPECT_FALSE(upgrades(head(switching, {"X: " + filler + "x", "Upgrade: websocket", "Y: z"})));
}

TEST(HttpUpgrade, OfAnOldFlowIsFoundWhereASegmentStarts) {
  Feeder feeder(older());
  feeder.segment("the rest of a body that began before us");
  feeder.segment(upgrade_head() + wire({text, "hi"}));
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_FRAMES);
  EXPECT_EQ(feeder.counted(), (Counts{1, 1, 2, 0, 0}));
  EXPECT_TRUE(feeder.direction().flags & FANFARE_UPGRADED);
}

// Text that a client wrote can stand where a segment starts. For an old flow it is believed only
// once frames have borne it out, and what it had counted is taken back by name.
TEST(HttpUpgrade, OfAnOldFlowIsOnProbation) {
  Feeder feeder(older());
  feeder.segment(upgrade_head() + wire({text, "one"}) + wire({text, "two"}) + "and then prose");
  EXPECT_EQ(feeder.counted(), Counts{});
  EXPECT_EQ(feeder.lost(FANFARE_LOSS_FALSE_LOCK), 2U);
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_SEARCH);
}

// A connection that is kept alive for plain HTTP is no client that cannot be read.
TEST(HttpUpgrade, OfAnOldFlowThatIsNoneMakesItPlainHttp) {
  Feeder feeder(older());
  feeder.segment(head("HTTP/1.1 200 OK", {"Content-Length: 5"}) + "hello");
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_HTTP);
  feeder.segment(upgrade_head() + wire({text, "hi"}));
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_FRAMES);
  EXPECT_EQ(feeder.counted(), (Counts{1, 1, 2, 0, 0}));
}

// A payload can look like a response where a segment starts; a short frame sends it back.
TEST(HttpUpgrade, OfAnOldFlowThatWasAPayloadGoesBackToTheSearch) {
  Feeder feeder(older());
  feeder.segment(head("HTTP/1.1 200 OK", {"Content-Length: 5"}) + "hello");
  feeder.segment(wire({text, "hi"}));
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_SEARCH);
}

TEST(HttpUpgrade, OfAnOldFlowThatIsTooLongGoesBackToTheSearch) {
  Feeder feeder(older());
  feeder.segment(head(switching, {"X: " + std::string(FANFARE_HEAD_MAX, 'x')}));
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_SEARCH) << "too long";
  EXPECT_EQ(feeder.lost(FANFARE_LOSS_HEAD_TOO_LONG), 1U);
}

// A WebSocket never becomes HTTP again: a head in a payload is a payload.
TEST(HttpUpgrade, IsNotLookedForTwice) {
  Feeder feeder(fresh_server());
  feeder.segment(upgrade_head() + wire({text, "hi"}));
  feeder.segment("\xff\xff");
  ASSERT_EQ(feeder.stage(), FANFARE_STAGE_SEARCH);
  feeder.segment(upgrade_head() + wire({text, "fake"}));
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_SEARCH);
  EXPECT_EQ(feeder.counted(), (Counts{1, 1, 2, 0, 0}));
}

}  // namespace
}  // namespace fanfare::test
