// SPDX-License-Identifier: Apache-2.0
// Any bytes as HTTP/1.1, cut anywhere, end in the same state as fed whole. Requests are held
// against Boost.Beast's parser where both find them legal, streams of events against a decoder by
// lines. The first byte chooses which, the next eight decide the cuts.
#include <boost/beast/http.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "tests/support/http.h"
#include "tests/support/invariants.h"

namespace {

using namespace fanfare;
using namespace fanfare::test;

const std::vector<fanfare_publish> publishes{publish_of(FANFARE_METHOD_POST, "/a"),
                                             publish_of(FANFARE_METHOD_PUT, "/messages/")};
constexpr std::string_view stream_head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
constexpr std::string_view get = "GET / HTTP/1.1\r\n\r\n";

// Blocks by class, as HTML section 9.2 reads a whole stream at once.
struct Blocks {
  std::uint64_t events = 0, heartbeats = 0, other = 0;
  bool operator==(const Blocks&) const = default;
};

Blocks blocks_of(std::string_view stream) {
  Blocks blocks;
  bool data = false, comment = false, rest = false;
  if (stream.starts_with("\xef\xbb\xbf")) stream.remove_prefix(3);
  for (std::size_t end; (end = stream.find_first_of("\r\n")) != std::string_view::npos;) {
    const std::string_view line = stream.substr(0, end);
    const bool both = stream.substr(end, 2) == "\r\n";
    stream.remove_prefix(end + (both ? 2 : 1));
    if (line.empty()) {
      if (data)
        ++blocks.events;
      else if (rest)
        ++blocks.other;
      else if (comment)
        ++blocks.heartbeats;
      data = comment = rest = false;
    } else if (line.front() == ':') {
      comment = true;
    } else if (line.substr(0, line.find(':')) == "data") {
      data = true;
    } else {
      rest = true;
    }
  }
  return blocks;
}

Blocks blocks_of(const fanfare_direction& direction) {
  const auto& by_class = direction.tally.by_class;
  return {by_class[FANFARE_EVENT].messages, by_class[FANFARE_HEARTBEAT].messages,
          by_class[FANFARE_OTHER].messages};
}

// Complete heads by Beast; -1 where it refuses the stream, or would: it knows no line that ends
// with a line feed alone.
int heads_of(std::string_view stream) {
  namespace http = boost::beast::http;
  for (std::size_t i = 0; i < stream.size(); ++i)
    if (stream[i] == '\n' && (i == 0 || stream[i - 1] != '\r')) return -1;
  int heads = 0;
  while (!stream.empty()) {
    http::request_parser<http::dynamic_body> parser;  // reserves nothing for a length that is told
    parser.body_limit(boost::none);
    parser.header_limit(FANFARE_HEAD_MAX + 4096);
    parser.eager(true);
    while (!parser.is_done()) {
      boost::system::error_code error;
      const auto used = parser.put(boost::asio::buffer(stream.data(), stream.size()), error);
      stream.remove_prefix(used);
      if (error == http::error::need_more || (!error && stream.empty())) {
        return heads + parser.is_header_done();
      }
      if (error) return -1;
    }
    ++heads;
  }
  return heads;
}

void check_same(const HttpConnection& whole, const HttpConnection& split) {
  demand(std::memcmp(&whole.exchanges(), &split.exchanges(), sizeof(fanfare_exchanges)) == 0,
         "the same exchanges");
  // What was refused is still looked at for a WebSocket, which begins with a segment.
  if (whole.exchanges().out_stopped) return;
  for (const auto& [a, b] : {std::pair{&whole.out(), &split.out()}, {&whole.in(), &split.in()}}) {
    demand(a->stage == b->stage && a->skip == b->skip && a->lost_by == b->lost_by,
           "the same place");
    demand(std::memcmp(&a->tally, &b->tally, sizeof a->tally) == 0, "the same tallies");
    demand(a->off <= a->end && a->ncarry <= 7 && !a->fault, "the walk stays inside its segment");
  }
  for (unsigned reason = 0; reason < FANFARE_LOSS_COUNT; ++reason)
    demand(whole.lost(static_cast<fanfare_loss>(reason)) ==
               split.lost(static_cast<fanfare_loss>(reason)),
           "the same losses");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 10) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 9, size - 9);
  const Pieces cuts = [data, cut = std::size_t{0}](std::size_t) mutable {
    return std::size_t{1} + data[1 + cut++ % 8];
  };
  HttpConnection whole(FANFARE_WANT_PUBLISHES | FANFARE_WANT_EVENT_STREAMS, publishes);
  HttpConnection split(FANFARE_WANT_PUBLISHES | FANFARE_WANT_EVENT_STREAMS, publishes, cuts);
  for (HttpConnection* connection : {&whole, &split}) {
    if (data[0] % 3 == 0) {
      connection->request(stream);
      continue;
    }
    for (int i = 0; i < 40; ++i) connection->request(i % 7 == 6 ? "HEAD / HTTP/1.1\r\n\r\n" : get);
    if (data[0] % 3 == 2) connection->respond(stream_head);
    connection->respond(stream);
  }
  check_same(whole, split);
  if (data[0] % 3 == 2) demand(blocks_of(whole.out()) == blocks_of(stream), "a second decoder");
  if (data[0] % 3 == 0 && whole.lost_in_all() == 0) {
    const int heads = heads_of(stream);
    if (heads >= 0) demand(whole.exchanges().requests == heads, "Beast's heads");
  }
  return 0;
}
