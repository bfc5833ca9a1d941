// SPDX-License-Identifier: Apache-2.0
// What frames carry in the trials: texts and binaries as chat systems send them, and payloads made
// to look like headers. Everything comes from the dice that are handed in.
#pragma once

#include <zlib.h>

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>

#include "tests/support/dice.h"
#include "tests/support/frames.h"

namespace fanfare::test {

template <std::size_t Count>
std::string words(Dice& dice, const std::array<std::string_view, Count>& from, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i)
    out += std::string(from[dice.below(Count)]) + (i + 1 < count ? " " : "");
  return out;
}

inline std::string json(Dice& dice, std::string_view text) {
  return R"({"type":"message.new","id":)" + std::to_string(dice.below(1000000)) +
         R"(,"cid":"messaging:general","text":")" + std::string(text) + "\"}";
}

inline std::string ascii_json(Dice& dice) {
  static constexpr std::array<std::string_view, 8> from{"hello", "Are", "you",   "there?",
                                                        "A",     "BB",  "lunch", "at 12:30"};
  return json(dice, words(dice, from, dice.between(1, 120)));
}

inline std::string multilingual_json(Dice& dice) {
  static constexpr std::array<std::string_view, 10> from{"привет", "как дела", "сообщение",  "你好",
                                                         "世界",   "消息",     "こんにちは", "😀🎉",
                                                         "👍🏽",   "ok"};
  return json(dice, words(dice, from, dice.between(1, 60)));
}

// Text that is nothing but such characters: a server that sends bare strings.
inline std::string multilingual_text(Dice& dice) {
  static constexpr std::array<std::string_view, 6> from{"Ё", "Ђ", "Ѐ", "あ", "亁", "𐂁"};
  return words(dice, from, dice.between(1, 200));
}

inline std::string random_binary(Dice& dice) { return dice.bytes(dice.between(20, 1200)); }

// Records of small little-endian integers with zero bytes between: protobuf-like, msgpack-like.
inline std::string small_integers(Dice& dice) {
  std::string out;
  for (std::size_t i = dice.between(5, 200); i > 0; --i)
    out += std::string{static_cast<char>(dice.below(8)), '\0', '\0', '\0'};
  return out;
}

inline std::string zero_padded(Dice& dice) {
  return dice.bytes(dice.between(1, 30)) + std::string(dice.between(1, 400), '\0');
}

// Raw DEFLATE without its tail, as RFC 7692 sends it.
inline std::string deflated(std::string_view plain) {
  z_stream stream{};
  if (deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("deflateInit2");
  std::string out(deflateBound(&stream, plain.size()) + 16, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_SYNC_FLUSH);
  out.resize(stream.total_out - 4);
  deflateEnd(&stream);
  return out;
}

// 81 05 81 05 ...: every second byte is a plausible text header.
inline std::string endless_headers(Dice& dice) {
  std::string out;
  for (std::size_t i = dice.between(20, 400); i > 0; --i) out += "\x81\x05";
  return out;
}

// A valid sequence of frames inside a payload, with text on both sides so that it does not end
// where the outer frame does.
inline std::string nested_frames(Dice& dice, std::size_t frames) {
  std::string out = ascii_json(dice).substr(0, dice.between(10, 60));
  for (std::size_t i = 0; i < frames; ++i)
    out += wire({text, std::string(dice.between(1, 20), 'x')});
  return out + ascii_json(dice).substr(0, dice.between(10, 60));
}

}  // namespace fanfare::test
