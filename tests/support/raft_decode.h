// SPDX-License-Identifier: Apache-2.0
// What a node of hashicorp/raft makes of the bytes that it received: a second reading, by recursion
// over whole values, apart from the framer and from the writer in raft.h.
#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string_view>

#include "bpf/framers/hashicorp_raft.h"
#include "tests/support/rpcs.h"

namespace fanfare::test {

// Takes RPCs (or answers) off the front of `bytes`, up to the first that is cut or refused.
class RaftDecoder {
 public:
  RaftDecoder(std::string_view bytes, bool answers) : rest_(bytes), answers_(answers) {}

  Rpcs complete() {
    try {
      while (!rest_.empty()) one();
    } catch (const std::out_of_range&) {
      cut_ = true;
    } catch (const std::runtime_error&) {
      refused_ = true;
    }
    return done_;
  }
  bool cut() const { return cut_; }
  bool refused() const { return refused_; }

 private:
  enum class Type { integer, text, opaque, array, map, nil };
  struct Head {
    Type type = Type::opaque;
    std::uint64_t value = 0;  // number, bytes, elements or pairs
  };
  using Pair = std::function<void(std::string_view key, const Head& value)>;

  std::uint64_t number(std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value = value << 8 | byte();
    return value;
  }
  std::uint8_t byte() {
    const auto value = static_cast<std::uint8_t>(rest_.at(0));
    rest_.remove_prefix(1);
    return value;
  }
  std::string_view take(std::uint64_t size) {
    if (size > rest_.size()) throw std::out_of_range("cut");
    const auto bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }

  Head signed_integer(std::size_t size) {
    const auto value = number(size);
    return value >> (8 * size - 1) ? Head{} : Head{Type::integer, value};
  }
  Head opaque(std::uint64_t size) { return {Type::opaque, size}; }

  Head head() {
    const unsigned first = byte();
    if (first < 0x80) return {Type::integer, first};
    if (first < 0x90) return {Type::map, first - 0x80U};
    if (first < 0xa0) return {Type::array, first - 0x90U};
    if (first < 0xc0) return {Type::text, first - 0xa0U};
    if (first >= 0xe0) return opaque(0);
    switch (first) {
      case 0xc0:
        return {Type::nil, 0};
      case 0xc2:
      case 0xc3:
        return opaque(0);
      case 0xc4:
      case 0xd9:
        return {Type::text, number(1)};
      case 0xc5:
      case 0xda:
        return {Type::text, number(2)};
      case 0xc6:
      case 0xdb:
        return {Type::text, number(4)};
      case 0xc7:
        return opaque(number(1) + 1);
      case 0xc8:
        return opaque(number(2) + 1);
      case 0xc9:
        return opaque(number(4) + 1);
      case 0xca:
        return opaque(4);
      case 0xcb:
        return opaque(8);
      case 0xcc:
        return {Type::integer, number(1)};
      case 0xcd:
        return {Type::integer, number(2)};
      case 0xce:
        return {Type::integer, number(4)};
      case 0xcf:
      case 0xd3:
        return {Type::integer, number(8)};
      case 0xd0:
        return signed_integer(1);
      case 0xd1:
        return signed_integer(2);
      case 0xd2:
        return signed_integer(4);
      case 0xd4:
        return opaque(2);
      case 0xd5:
        return opaque(3);
      case 0xd6:
        return opaque(5);
      case 0xd7:
        return opaque(9);
      case 0xd8:
        return opaque(17);
      case 0xdc:
        return {Type::array, number(2)};
      case 0xdd:
        return {Type::array, number(4)};
      case 0xde:
        return {Type::map, number(2)};
      case 0xdf:
        return {Type::map, number(4)};
      default:
        throw std::runtime_error("a byte that msgpack never uses");
    }
  }

  // The rest of a value whose head has been read.
  void pass(const Head& head) {
    if (head.type == Type::text || head.type == Type::opaque) take(head.value);
    const auto values = head.type == Type::map     ? 2 * head.value
                        : head.type == Type::array ? head.value
                                                   : 0;
    if (values > HASHICORP_RAFT_NESTED_MAX) throw std::runtime_error("an absurd container");
    for (std::uint64_t i = 0; i < values; ++i) pass(this->head());
  }

  void each_pair(const Head& map, const Pair& pair) {
    if (map.type != Type::map || map.value > HASHICORP_RAFT_PAIRS_MAX)
      throw std::runtime_error("not a map of a few pairs");
    for (std::uint64_t i = 0; i < map.value; ++i) {
      // No encoder writes the name of a field in a longer form than it needs.
      const bool is_short = static_cast<std::uint8_t>(rest_.at(0)) < 0xc0;
      const Head key = head();
      if (key.type != Type::text) throw std::runtime_error("a key that is no text");
      const auto text = take(key.value);
      pair(is_short ? text : std::string_view(), head());
    }
  }

  void entry(Rpcs& rpc) {
    each_pair(head(), [&](std::string_view key, const Head& value) {
      if (key == "Index" && value.type == Type::integer)
        rpc.last_index = std::max(rpc.last_index, value.value);
      if (key == "Type" && value.type == Type::integer && value.value == 0) ++rpc.commands;
      pass(value);
    });
  }

  void entries(const Head& value, Rpcs& rpc) {
    if (value.type == Type::nil) {
      rpc.heartbeat = 1;
      return;
    }
    if (value.type != Type::array || value.value > HASHICORP_RAFT_ENTRIES_MAX)
      throw std::runtime_error("entries that are none");
    (value.value ? rpc.append : rpc.append_empty) = 1;
    rpc.entries = value.value;
    for (std::uint64_t i = 0; i < value.value; ++i) entry(rpc);
    rpc.commands = std::min(rpc.commands, rpc.entries);
  }

  void request(Rpcs& rpc) {
    const unsigned type = byte();
    if (type > 4) throw std::runtime_error("no such RPC");
    const Head map = head_of_map();
    bool told = type != 0;
    std::uint64_t size = 0;
    each_pair(map, [&](std::string_view key, const Head& value) {
      if (key == "Entries" && !told) {
        told = true;
        return entries(value, rpc);
      }
      if (key == "Size" && type == 2 && value.type == Type::integer) size = value.value;
      if (size >> 62) throw std::runtime_error("an absurd size");
      pass(value);
    });
    if (type == 1 || type == 4) rpc.vote = 1;
    if (type == 2) {
      rpc.snapshot = 1;
      take(size);
    }
    if (type == 3 || !told) rpc.other = 1;
  }

  // One byte, and never empty.
  Head head_of_map() {
    const unsigned first = byte();
    if (first <= 0x80 || first > 0x8f) throw std::runtime_error("not the map of an RPC");
    return {Type::map, first - 0x80U};
  }

  void answer(Rpcs& rpc) {
    const Head error = head();
    if (error.type != Type::text || error.value > HASHICORP_RAFT_ERROR_MAX)
      throw std::runtime_error("no error text");
    take(error.value);
    const Head value = head();
    if (value.type == Type::nil) return;
    if (value.type == Type::map && value.value == 0) throw std::runtime_error("an empty answer");
    each_pair(value, [&](std::string_view key, const Head& field) {
      if (key == "LastLog" && field.type == Type::integer)
        rpc.last_index = std::max(rpc.last_index, field.value);
      pass(field);
    });
  }

  void one() {
    Rpcs rpc;
    if (answers_)
      answer(rpc);
    else
      request(rpc);
    ++done_.frames;
    done_.append += rpc.append;
    done_.append_empty += rpc.append_empty;
    done_.heartbeat += rpc.heartbeat;
    done_.vote += rpc.vote;
    done_.snapshot += rpc.snapshot;
    done_.other += rpc.other;
    if (rpc.append) {
      done_.entries += rpc.entries;
      done_.commands += rpc.commands;
      if (!done_.first_index && rpc.last_index >= rpc.entries)
        done_.first_index = rpc.last_index - rpc.entries + 1;
    }
    done_.last_index = std::max(done_.last_index, rpc.last_index);
  }

  std::string_view rest_;
  bool answers_;
  Rpcs done_;
  bool cut_ = false;
  bool refused_ = false;
};

}  // namespace fanfare::test
