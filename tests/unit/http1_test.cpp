// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 publishes: which requests publish, which answers accept them, where the next one begins,
// and what is refused by name. Each case is fed whole, byte by byte and in random pieces.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tests/support/frames.h"
#include "tests/support/heads.h"
#include "tests/support/http.h"

namespace fanfare::test {
namespace {

const std::vector<fanfare_publish> send{publish_of(FANFARE_METHOD_POST, "/api/send"),
                                        publish_of(FANFARE_METHOD_PUT, "/api/messages/"),
                                        publish_of(FANFARE_METHOD_POST, "/x")};

std::string request(const std::string& line, const std::vector<std::string>& fields = {},
                    const std::string& body = "") {
  std::string text = line + " HTTP/1.1\r\nHost: chat\r\n";
  for (const auto& field : fields) text += field + "\r\n";
  return text + "\r\n" + body;
}

std::string post(const std::string& path, const std::string& body = "hi") {
  return request("POST " + path, {"Content-Length: " + std::to_string(body.size())}, body);
}

std::string answer(const std::string& status, const std::string& body = "") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

// What passes, in turn: a request, or where it begins with "HTTP/" a response.
using Traffic = std::vector<std::string>;

class Http1 : public testing::TestWithParam<int> {
 protected:
  HttpConnection after(const Traffic& traffic, unsigned wanted = FANFARE_WANT_PUBLISHES) const {
    HttpConnection connection(wanted, send, pieces());
    for (const auto& bytes : traffic)
      bytes.starts_with("HTTP/") ? connection.respond(bytes) : connection.request(bytes);
    return connection;
  }

  std::uint64_t accepted(const Traffic& traffic) const {
    const auto connection = after(traffic);
    EXPECT_EQ(connection.lost_in_all(), 0U);
    EXPECT_EQ(connection.outstanding(), 0U);
    EXPECT_EQ(connection.out().stage, FANFARE_STAGE_RESPONSE);
    EXPECT_EQ(connection.in().stage, FANFARE_STAGE_REQUEST);
    return connection.accepted();
  }

  // The requests are refused; the connection counts nothing any more.
  void expect_refused(const std::string& bytes, fanfare_loss reason = FANFARE_LOSS_BAD_HTTP) const {
    SCOPED_TRACE(bytes.substr(0, 120));
    auto connection = after({bytes});
    EXPECT_EQ(connection.lost(reason), 1U);
    EXPECT_EQ(connection.lost_in_all(), 1U);
    EXPECT_EQ(connection.in().stage, FANFARE_STAGE_IDLE);
    const auto whole_heads = connection.outstanding();
    connection.request(post("/api/send"));
    connection.respond(answer("200 OK"));
    connection.respond(answer("200 OK"));
    EXPECT_EQ(connection.accepted(), whole_heads);
    EXPECT_EQ(connection.lost_in_all(), 1U);
  }

  // The response to a publish is refused.
  void expect_response_refused(const std::string& bytes,
                               fanfare_loss reason = FANFARE_LOSS_BAD_HTTP) const {
    SCOPED_TRACE(bytes.substr(0, 120));
    HttpConnection connection(FANFARE_WANT_PUBLISHES, send, pieces());
    connection.request(post("/api/send"));
    connection.respond(bytes);
    EXPECT_EQ(connection.lost(reason), 1U);
    EXPECT_EQ(connection.lost_in_all(), 1U);
    EXPECT_EQ(connection.out().stage, FANFARE_STAGE_HTTP);
    EXPECT_EQ(connection.exchanges().out_stopped, 1U);
  }

  Pieces pieces() const {
    if (GetParam() == 0) return whole();
    if (GetParam() == 1) return bytewise();
    return random_pieces(static_cast<std::uint64_t>(GetParam()), 40);
  }
};

INSTANTIATE_TEST_SUITE_P(Pieces, Http1, testing::Range(0, 8));

TEST_P(Http1, PublishesAnswered2xxAreAccepted) {
  EXPECT_EQ(accepted({post("/api/send"), answer("200 OK")}), 1U);
  EXPECT_EQ(accepted({post("/api/send"), answer("201 Created", "made")}), 1U);
  EXPECT_EQ(accepted({post("/api/send?room=7"), answer("202 Accepted")}), 1U);
  EXPECT_EQ(accepted({post("/api/sendmore"), answer("200 OK")}), 1U) << "a prefix";
  EXPECT_EQ(accepted({post("/x"), "HTTP/1.1 204 No Content\r\n\r\n"}), 1U);
  EXPECT_EQ(accepted({request("PUT /api/messages/71"), answer("200 OK")}), 1U);
}

TEST_P(Http1, NothingElseIs) {
  EXPECT_EQ(accepted({post("/api/sen"), answer("200 OK")}), 0U);
  EXPECT_EQ(accepted({post("/api/senX"), answer("200 OK")}), 0U);
  EXPECT_EQ(accepted({post("/"), answer("200 OK")}), 0U);
  EXPECT_EQ(accepted({post("/v1/api/send"), answer("200 OK")}), 0U);
  EXPECT_EQ(accepted({request("GET /api/send"), answer("200 OK")}), 0U);
  EXPECT_EQ(accepted({request("PUT /api/send"), answer("200 OK")}), 0U);
  EXPECT_EQ(accepted({request("PROPFIND /api/send"), answer("200 OK")}), 0U);
  EXPECT_EQ(accepted({request("VERSION-CONTROL /api/send"), answer("200 OK")}), 0U);
  for (const char* status : {"300 Multiple Choices", "400 Bad Request", "503 Service Unavailable"})
    EXPECT_EQ(accepted({post("/api/send"), answer(status, "no")}), 0U) << status;
}

TEST_P(Http1, BodiesAreSkippedHoweverTheyAreMeasured) {
  const std::string decoy = post("/api/send");
  EXPECT_EQ(accepted({post("/other", decoy), answer("200 OK", answer("200 OK"))}), 0U);
  const std::string chunks = "5\r\nhello\r\n1f;name=\"v\"\r\n" + std::string(31, 'P') +
                             "\r\n00A \r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n";
  EXPECT_EQ(accepted({request("POST /x", {"Transfer-Encoding: chunked"}, chunks),
                      "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n" + chunks, post("/x"),
                      answer("200 OK")}),
            2U);
  EXPECT_EQ(accepted({request("POST /x", {"Transfer-Encoding: gzip, chunked"}, "0\r\n\r\n"),
                      answer("200 OK")}),
            1U);
}

TEST_P(Http1, AnswersWithoutBodyWhateverTheySay) {
  const std::string head_answer = "HTTP/1.1 200 OK\r\nContent-Length: 612\r\n\r\n";
  EXPECT_EQ(accepted({request("HEAD /x"), head_answer, post("/x"), answer("200 OK")}), 1U);
  EXPECT_EQ(accepted({request("GET /x"), "HTTP/1.1 304 Not Modified\r\nContent-Length: 612\r\n\r\n",
                      post("/x"), answer("200 OK")}),
            1U);
}

TEST_P(Http1, InterimAnswersAreNone) {
  const std::string expects = request("POST /x", {"Content-Length: 3", "Expect: 100-continue"});
  EXPECT_EQ(accepted({expects, "HTTP/1.1 100 Continue\r\n\r\n", "abc", answer("200 OK"), post("/x"),
                      answer("200 OK")}),
            2U);
  EXPECT_EQ(
      accepted({post("/x"), "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + answer("200 OK")}),
      1U);
}

TEST_P(Http1, PipelinedAnswersBelongToTheirRequests) {
  std::string requests, answers;
  for (int i = 0; i < 60; ++i) {
    requests += i % 3 ? post("/other") : i % 2 ? request("HEAD /x") : post("/api/send");
    answers += i % 3 == 0 && i % 2 ? "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"
                                   : answer(i % 4 == 0 ? "200 OK" : "500 x", "body");
  }
  // i = 0, 12, 24, 36, 48
  EXPECT_EQ(accepted({requests, answers}), 5U);
  std::string many, ok;
  for (int i = 0; i < FANFARE_REQUESTS_MAX; ++i) {
    many += post("/x");
    ok += answer("200 OK");
  }
  EXPECT_EQ(accepted({many, ok, many, ok, many, ok}), 3U * FANFARE_REQUESTS_MAX);
}

TEST_P(Http1, MoreUnansweredThanAreKeptApartAreRefused) {
  std::string many, ok;
  for (int i = 0; i < FANFARE_REQUESTS_MAX + 1; ++i) {
    many += post("/x");
    ok += answer("200 OK");
  }
  const auto connection = after({many, ok});
  EXPECT_EQ(connection.lost(FANFARE_LOSS_HTTP_PIPELINE), 1U);
  EXPECT_EQ(connection.lost_in_all(), 1U);
  EXPECT_EQ(connection.accepted(), std::uint64_t{FANFARE_REQUESTS_MAX}) << "those that were seen";
}

TEST_P(Http1, LineEndsAndEmptyLinesThatReadersForgive) {
  EXPECT_EQ(accepted({"POST /x HTTP/1.1\nHost: a\nContent-Length: 2\n\nhi", answer("200 OK")}), 1U);
  EXPECT_EQ(accepted({"\r\n\r\n" + post("/x"), "HTTP/1.1 200 OK\ncontent-length:0\n\n"}), 1U);
  EXPECT_EQ(accepted({"POST /x HTTP/1.0\r\nContent-Length: \t2 \r\n\r\nhi", answer("200")}), 1U);
  EXPECT_EQ(accepted({request("POST /x", {"X-Folded: a\r\n  b", "Content-Length: 0"}),
                      "HTTP/1.1 200 OK\r\nServer: a\r\n\tb\r\nContent-Length: 1\r\n\r\nx"}),
            1U);
}

TEST_P(Http1, ABodyToTheCloseIsTheLast) {
  const auto connection = after(
      {post("/x"), "HTTP/1.0 200 OK\r\n\r\nall that follows", "HTTP/1.1 200 OK is part of it"});
  EXPECT_EQ(connection.accepted(), 1U);
  EXPECT_EQ(connection.lost_in_all(), 0U);
}

TEST_P(Http1, AnUpgradeGoesOnAsWebSocket) {
  HttpConnection connection(FANFARE_WANT_PUBLISHES, send, pieces());
  connection.request(post("/x"));
  connection.respond(answer("200 OK"));
  connection.request(request("GET /ws", {"Connection: Upgrade", "Upgrade: websocket"}));
  connection.respond(head("HTTP/1.1 101 Switching Protocols", {"Upgrade: websocket"}) +
                     wire({text, "first"}) + wire({text, "second"}));
  EXPECT_EQ(connection.out().stage, FANFARE_STAGE_FRAMES);
  EXPECT_EQ(connection.out().probation, 0);
  EXPECT_TRUE(connection.out().flags & FANFARE_UPGRADED);
  EXPECT_EQ(connection.out().tally.by_class[FANFARE_EVENT].messages, 2U);
  EXPECT_EQ(connection.accepted(), 1U);
  EXPECT_EQ(connection.lost_in_all(), 0U);
}

TEST_P(Http1, WhatTwoReadersMayReadDifferentlyIsRefused) {
  expect_refused(request("POST /x", {"Content-Length: 2", "Transfer-Encoding: chunked"}));
  expect_refused(request("POST /x", {"Transfer-Encoding: chunked", "Content-Length: 2"}));
  expect_refused(request("POST /x", {"Content-Length: 2", "Content-Length: 2"}));
  expect_refused(request("POST /x", {"Content-Length: 2, 2"}));
  expect_refused(request("POST /x", {"Content-Length: 2 2"}));
  expect_refused(request("POST /x", {"Content-Length: +2"}));
  expect_refused(request("POST /x", {"Content-Length: "}));
  expect_refused(request("POST /x", {"Content-Length: 99999999999999999999"}));
  expect_refused(request("POST /x", {"Content-Length : 2"}));
  expect_refused(request("POST /x", {"Content-Length: 2\r\n 3"}));
  expect_refused(request("POST /x", {"Transfer-Encoding: gzip"}));
  expect_refused(request("POST /x", {"Transfer-Encoding: chunked, gzip"}));
  expect_refused(request("POST /x", {"Transfer-Encoding: chunked", "Transfer-Encoding: chunked"}));
  expect_refused("POST /x HTTP/1.1\r\n Folded: at once\r\n\r\n");
}

TEST_P(Http1, WhatIsNoRequestIsRefused) {
  expect_refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  expect_refused("\x16\x03\x01\x02 client hello");
  expect_refused("CONNECT chat:443 HTTP/1.1\r\n\r\n");
  expect_refused("GET /x\r\n");
  expect_refused("GET /x y HTTP/1.1\r\n\r\n");
  expect_refused("GET /x HTTP/2.0\r\n\r\n");
  expect_refused("GET /x HTTP/1.1 \r\n\r\n");
  expect_refused("get /x HTTP/1.1\r\n\r\n");
  expect_refused(" GET /x HTTP/1.1\r\n\r\n");
  expect_refused("GET /x HTTP/1.1\rHost: a\r\n\r\n");
  expect_refused("GET /x HTTP/1.1\r\nHost: a\r\n\rX");
  expect_refused(request("POST /x", {"Transfer-Encoding: chunked"}, "\r\n"));
  expect_refused(request("POST /x", {"Transfer-Encoding: chunked"}, "g\r\n"));
  expect_refused(request("POST /x", {"Transfer-Encoding: chunked"}, "1\r\nab\r\n"));
  expect_refused(request("POST /x", {"Transfer-Encoding: chunked"}, "1111111111111111\r\n"));
  expect_refused(request("GET /x", {"Cookie: " + std::string(FANFARE_HEAD_MAX, 'c')}),
                 FANFARE_LOSS_HEAD_TOO_LONG);
  expect_refused(request("GET /x", {"Cookie: " + std::string(1 << 16, 'c')}),
                 FANFARE_LOSS_HEAD_TOO_LONG);
}

TEST_P(Http1, WhatIsNoResponseIsRefused) {
  expect_response_refused("HTTP/2.0 200 OK\r\n\r\n");
  expect_response_refused("220 mail ESMTP\r\n");
  expect_response_refused("HTTP/1.1 999 x\r\n\r\n");
  expect_response_refused("HTTP/1.1  200 OK\r\n\r\n");
  expect_response_refused("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n");
  expect_response_refused("HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n");
  expect_response_refused("HTTP/1.1 200 OK\r\nX: " + std::string(FANFARE_HEAD_MAX, 'x') + "\r\n",
                          FANFARE_LOSS_HEAD_TOO_LONG);
}

TEST_P(Http1, AHeadOfJustTheLimitIsRead) {
  const std::string start = "POST /x HTTP/1.1\r\nX: ", end = "\r\n\r\n";
  const std::string longest = start + std::string(FANFARE_HEAD_MAX - start.size() - 4, 'x') + end;
  EXPECT_EQ(accepted({longest, answer("200 OK")}), 1U);
  expect_refused(longest.substr(0, longest.size() - 4) + "x" + end, FANFARE_LOSS_HEAD_TOO_LONG);
}

TEST_P(Http1, AResponseWithoutRequestIsRefusedUnlessItGivesUp) {
  const auto unpaired = after({answer("200 OK")});
  EXPECT_EQ(unpaired.lost(FANFARE_LOSS_HTTP_UNPAIRED), 1U);
  const auto timeout = after({"POST /x HT", answer("408 Request Timeout")});
  EXPECT_EQ(timeout.lost_in_all(), 0U);
  EXPECT_EQ(timeout.out().stage, FANFARE_STAGE_HTTP);
}

TEST_P(Http1, HolesInBodiesDoNoHarmAndHolesInHeadsAreNamed) {
  HttpConnection connection(FANFARE_WANT_PUBLISHES, send, pieces());
  connection.request(request("POST /x", {"Content-Length: 100"}, std::string(30, 'a')));
  connection.request_hole(60);
  connection.request(std::string(10, 'b') + post("/x"));
  connection.respond("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n");
  connection.response_hole(50);
  connection.respond(answer("200 OK"));
  EXPECT_EQ(connection.accepted(), 2U);
  EXPECT_EQ(connection.lost_in_all(), 0U);
  connection.request_hole(1);
  connection.request(post("/x"));
  EXPECT_EQ(connection.lost(FANFARE_LOSS_INGRESS_HOLE), 1U);
  connection.respond(answer("200 OK"));
  EXPECT_EQ(connection.accepted(), 2U);
  EXPECT_EQ(connection.lost_in_all(), 1U) << "the answer to what was not seen is no second loss";
}

TEST(Http1Old, BeginsWithASegmentThatBeginsARequest) {
  for (const auto stage : {FANFARE_STAGE_SEARCH, FANFARE_STAGE_HTTP_WAIT}) {
    HttpConnection connection(FANFARE_WANT_PUBLISHES, send);
    connection.forget(stage);
    connection.request("the rest of a body");
    connection.respond(answer("200 OK"));
    EXPECT_EQ(connection.exchanges().requests, 0U);
    connection.request(post("/x"));
    connection.respond(answer("200 OK"));
    EXPECT_EQ(connection.accepted(), 1U);
    connection.request(post("/x"));
    connection.respond(answer("200 OK"));
    EXPECT_EQ(connection.accepted(), 2U);
    EXPECT_EQ(connection.lost_in_all(), 0U);
  }
}

TEST(Http1Hash, ConstantsAreWhatTheirNamesSay) {
  const auto hash = [](std::string_view token) {
    std::uint32_t value = 2166136261U;  // FNV-1a, 32 bits
    for (const char byte : token) value = (value ^ static_cast<unsigned char>(byte)) * 16777619U;
    return value;
  };
  EXPECT_EQ(HTTP1_HASH_LENGTH, hash("content-length"));
  EXPECT_EQ(HTTP1_HASH_TRANSFER, hash("transfer-encoding"));
  EXPECT_EQ(HTTP1_HASH_TYPE, hash("content-type"));
  EXPECT_EQ(HTTP1_HASH_ENCODING, hash("content-encoding"));
  EXPECT_EQ(HTTP1_HASH_CHUNKED, hash("chunked"));
  EXPECT_EQ(HTTP1_HASH_EVENT_STREAM, hash("text/event-stream"));
  EXPECT_EQ(HTTP1_HASH_IDENTITY, hash("identity"));
}

// The first stop is exact whatever stands behind it.
TEST(Http1Before, FindsTheFirst) {
  Dice dice(7);
  for (int i = 0; i < 20000; ++i) {
    std::string bytes;
    for (int j = 0; j < 8; ++j)
      bytes += std::string("\n \r\x0b\x09\x8a\x00zA", 9)[dice.between(0, 8)];
    const auto n = static_cast<std::uint32_t>(dice.between(1, 8));
    const auto found = std::min(bytes.find_first_of("\n "), std::size_t{n});
    ASSERT_EQ(http1_before(word_of(bytes), n, ' ', '\n'), found) << i;
  }
}

}  // namespace
}  // namespace fanfare::test
