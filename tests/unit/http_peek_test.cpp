// SPDX-License-Identifier: Apache-2.0
// What the first bytes of an answer say about a connection that nobody follows yet.
#include <gtest/gtest.h>

#include <string>

#include "agent/replay/walk.h"
#include "bpf/framers/http_peek.h"
#include "tests/support/heads.h"

namespace fanfare::test {
namespace {

http_answer peek(const std::string& bytes) {
  return http_peek(word_of(bytes), bytes.size() > 8 ? word_of(bytes.substr(8)) : 0,
                   static_cast<std::uint32_t>(bytes.size()));
}

TEST(HttpPeek, EveryBeginningOfAnUpgradeMayBeOne) {
  const std::string head = upgrade_head();
  for (std::size_t n = 1; n <= head.size(); ++n)
    EXPECT_EQ(peek(head.substr(0, n)), HTTP_ANSWER_MAY_UPGRADE) << n;
}

TEST(HttpPeek, OtherResponsesUpgradeNothing) {
  for (const std::string head : {"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 204", "HTTP/1.1 4",
                                 "HTTP/1.0 101 Nothing\r\n\r\n", "HTTP/1.0 "})
    EXPECT_EQ(peek(head), HTTP_ANSWER_PLAIN) << head;
}

// A 101 may stand behind it in the same segment, where there is room for one.
TEST(HttpPeek, AnInterimAnswerAloneUpgradesNothing) {
  EXPECT_EQ(peek("HTTP/1.1 100 Continue\r\n\r\n"), HTTP_ANSWER_PLAIN);
  EXPECT_EQ(peek("HTTP/1.1 100 Continue\r\n\r\n" + upgrade_head()), HTTP_ANSWER_MAY_UPGRADE);
}

TEST(HttpPeek, AllElseIsNoHttp) {
  for (const std::string bytes :
       {"220 mail", "\x16\x03\x03", "S", "HTTQ", "HTTP/2.0 200", "GET / HTTP/1.1\r\n",
        "\x81\x05hello", "http/1.1 101 Switching", "HTTP/1.", "HTTP/1"})
    EXPECT_EQ(peek(bytes),
              bytes.starts_with("HTTP/1") ? HTTP_ANSWER_MAY_UPGRADE : HTTP_ANSWER_OTHER)
        << bytes;
  EXPECT_EQ(peek(std::string(3, '\0')), HTTP_ANSWER_OTHER);
}

}  // namespace
}  // namespace fanfare::test
