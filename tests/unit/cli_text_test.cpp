// SPDX-License-Identifier: Apache-2.0
// Escaping, display width and figures of the command line.
#include <gtest/gtest.h>

#include <cmath>

#include "agent/cli/escape.h"
#include "agent/cli/numbers.h"

namespace fanfare {
namespace {

TEST(CliEscape, PlainTextStays) {
  EXPECT_EQ(terminal_safe("node:8080/chat.slice"), "node:8080/chat.slice");
  EXPECT_EQ(terminal_safe("Grüße 東京 👍"), "Grüße 東京 👍");
  EXPECT_EQ(terminal_safe("system-foo\\x2dbar.slice"), "system-foo\\x2dbar.slice");
  EXPECT_EQ(terminal_safe(""), "");
}

TEST(CliEscape, WhatATerminalActsOnIsSpelledOut) {
  EXPECT_EQ(terminal_safe("\x1b[2J"), "\\x1b[2J");
  EXPECT_EQ(terminal_safe("a\nb\r\t\x7f"), "a\\x0ab\\x0d\\x09\\x7f");
  EXPECT_EQ(terminal_safe("\xc2\x9b"), "\\xc2\\x9b");           // C1 CSI
  EXPECT_EQ(terminal_safe("\xe2\x80\xae"), "\\xe2\\x80\\xae");  // right-to-left override
  EXPECT_EQ(terminal_safe(std::string("a\0b", 3)), "a\\x00b");
}

TEST(CliEscape, BytesThatAreNotUtf8) {
  EXPECT_EQ(terminal_safe("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(terminal_safe("a\xc3"), "a\\xc3");
  EXPECT_EQ(terminal_safe("\xc0\x9b"), "\\xc0\\x9b");           // overlong ESC-like form
  EXPECT_EQ(terminal_safe("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // surrogate
}

TEST(CliWidth, CellsNotBytes) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("Grüße"), 5U);
  EXPECT_EQ(display_width("東京"), 4U);
  EXPECT_EQ(display_width("e\xcc\x81"), 1U);  // e and a combining acute accent
  EXPECT_EQ(display_width(""), 0U);
}

TEST(CliWidth, ShortenedTextFits) {
  EXPECT_EQ(shortened("abcdef", 6), "abcdef");
  EXPECT_EQ(shortened("abcdef", 5), "abcd…");
  EXPECT_EQ(shortened("東京都", 4), "東…");  // half a wide character is not shown
  EXPECT_EQ(shortened("abc", 1), "…");
  EXPECT_EQ(shortened("abc", 0), "");
}

TEST(CliNumbers, CountsAreExactAndGrouped) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(1234567), "1,234,567");
  EXPECT_EQ(grouped(UINT64_MAX), "18,446,744,073,709,551,615");
}

TEST(CliNumbers, UnknownIsADash) {
  EXPECT_EQ(rate_text({}), "-");
  EXPECT_EQ(ratio_text({}), "-");
  EXPECT_EQ(age_text({}), "-");
  EXPECT_EQ(rate_text(std::nan("")), "-");
}

TEST(CliNumbers, Rates) {
  EXPECT_EQ(rate_text(0), "0.0");
  EXPECT_EQ(rate_text(1234.56), "1,234.6");
  EXPECT_EQ(rate_text(999.96), "1,000.0");
}

TEST(CliNumbers, ARatioReadsAsWholeOnlyWhenItIs) {
  EXPECT_EQ(ratio_text(1), "100.00 %");
  EXPECT_EQ(ratio_text(0.99999), "99.99 %");
  EXPECT_EQ(ratio_text(0.29), "29.00 %");  // 28.999... in binary
  EXPECT_EQ(ratio_text(0), "0.00 %");
}

TEST(CliNumbers, Ages) {
  EXPECT_EQ(age_text(0.42), "0.4 s");
  EXPECT_EQ(age_text(9.97), "10 s");
  EXPECT_EQ(age_text(99), "99 s");
  EXPECT_EQ(age_text(100), "1 min");
  EXPECT_EQ(age_text(11520), "3 h 12 min");
  EXPECT_EQ(age_text(60.0 * 60 * 24 * 30), "30 d 0 h");
  EXPECT_EQ(age_text(-3), "-3.0 s");
}

}  // namespace
}  // namespace fanfare
