// SPDX-License-Identifier: Apache-2.0
// Classes by the operator's own word: the value of a JSON key, a prefix, heartbeats beside both.
#include <gtest/gtest.h>

#include "tests/support/classes.h"

namespace fanfare::test {
namespace {

const Telling by_type{{.events = Subprotocol::match,
                       .prefix = {},
                       .event_key = {"type", {"message.new", "7"}},
                       .heartbeats = {"type", {"health.check"}}}};
const Telling by_prefix{{.events = Subprotocol::match,
                         .prefix = "{\"type\":\"message.",
                         .event_key = {},
                         .heartbeats = {"type", {"health.check", "message.x"}}}};
const Telling all_but_heartbeats{
    {.events = Subprotocol::all, .prefix = {}, .event_key = {}, .heartbeats = {"op", {"1", "11"}}}};

TEST(ClassesByKey, ValuesAreTold) {
  for (const char* event :
       {R"({"type":"message.new"})", R"({"type" : "message.new","x":1})", R"({"type":7})",
        R"({"type":"7"})", R"({"cid":"a","type":"message.new"})", R"([{"type":"message.new"}])",
        R"({"type":null,"deep":{"type":"message.new"}})", R"({"a":"\"type","type":"message.new"})"})
    EXPECT_EQ(class_of(by_type, event), FANFARE_EVENT) << event;
  EXPECT_EQ(class_of(by_type, R"({"type":"health.check"})"), FANFARE_HEARTBEAT);
  for (const char* other :
       {R"({"type":"message.ne"})", R"({"type":"message.new2"})", R"({"type":77})", R"({"Type":7})",
        R"({"type":"message.new)", R"({"type":7)", R"({"type":"a\"message.new"})", "{}", "",
        R"({"type":"typing","x":{"type":"message.new"}})", R"({"types":"message.new"})"})
    EXPECT_EQ(class_of(by_type, other), FANFARE_OTHER) << other;
}

// The value must end within the first 128 bytes.
TEST(ClassesByKey, AtTheEdgeOfWhatIsLookedAt) {
  const std::string tail = R"(","type":"message.new"})";
  const auto ending_at = [&](std::size_t end) {
    return R"({"x":")" + std::string(end - 6 - (tail.size() - 1), 'x') + tail;
  };
  EXPECT_EQ(class_of(by_type, ending_at(128)), FANFARE_EVENT);
  EXPECT_EQ(class_of(by_type, ending_at(129)), FANFARE_OTHER);
}

TEST(ClassesByPrefix, DecidesBeforeTheKey) {
  EXPECT_EQ(class_of(by_prefix, R"({"type":"message.new"})"), FANFARE_EVENT);
  EXPECT_EQ(class_of(by_prefix, R"({"type":"message.x"})"), FANFARE_EVENT);
  EXPECT_EQ(class_of(by_prefix, R"({"type":"health.check"})"), FANFARE_HEARTBEAT);
  EXPECT_EQ(class_of(by_prefix, R"({"type":"message")"), FANFARE_OTHER);
  EXPECT_EQ(class_of(by_prefix, R"( {"type":"message.new"})"), FANFARE_OTHER);
}

TEST(ClassesByPrefix, OfEveryLength) {
  const std::string longest = "abcdefghijklmnopqrstuvwxyz012345";
  for (std::size_t length = 1; length <= longest.size(); ++length) {
    const std::string prefix = longest.substr(0, length);
    const Telling telling{
        {.events = Subprotocol::match, .prefix = prefix, .event_key = {}, .heartbeats = {}}};
    EXPECT_EQ(class_of(telling, prefix), FANFARE_EVENT) << length;
    EXPECT_EQ(class_of(telling, prefix + "more"), FANFARE_EVENT) << length;
    EXPECT_EQ(class_of(telling, longest.substr(0, length - 1)), FANFARE_OTHER) << length;
    EXPECT_EQ(class_of(telling, longest.substr(0, length - 1) + "~"), FANFARE_OTHER) << length;
  }
}

TEST(Heartbeats, BesideAllEvents) {
  EXPECT_EQ(class_of(all_but_heartbeats, R"({"op":1})"), FANFARE_HEARTBEAT);
  EXPECT_EQ(class_of(all_but_heartbeats, R"({"t":null,"s":null,"op":11,"d":null})"),
            FANFARE_HEARTBEAT);
  EXPECT_EQ(class_of(all_but_heartbeats, R"({"t":"MESSAGE_CREATE","op":0})"), FANFARE_EVENT);
  EXPECT_EQ(class_of(all_but_heartbeats, "anything"), FANFARE_EVENT);
}

TEST(ClassesByKey, AnyPiecesGiveTheSame) {
  const std::vector<Said> said{
      {text, R"({"type":"message.new","id":1})"},
      {text, R"({"id":"x","type":"health.check"})"},
      {binary, R"({"type" : 7})"},
      {text, R"({"type":"typing"})"},
      {text, "{\"x\":\"" + std::string(300, 'x') + "\"}"},
      {text, ""},
      {text, R"({"type":"message.new","text":")" + std::string(70000, 'y') + "\"}"}};
  expect_same_in_any_pieces(by_type, said);
  expect_same_in_any_pieces(by_prefix, said);
  expect_same_in_any_pieces(all_but_heartbeats, said);
}

}  // namespace
}  // namespace fanfare::test
