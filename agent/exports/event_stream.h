// SPDX-License-Identifier: Apache-2.0
// One listener of /api/v1/events on its connection, to the end of either. A view that comes while
// the last is still being written is skipped; a reader that does not take one in time is dropped.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/exports/event_feed.h"
#include "agent/exports/respond.h"

namespace fanfare {

struct EventPace {
  std::chrono::milliseconds timeout;    // for one event to leave
  std::chrono::milliseconds heartbeat;  // of silence, before a comment shows that somebody is there
};

// `stream` is a beast::basic_stream, `head` the answer that begins the stream.
template <class Stream>
boost::asio::awaitable<void> stream_events(Stream& stream, Response head, EventFeed::Seat& seat,
                                           std::function<std::shared_ptr<const View>()> view,
                                           EventPace pace) {
  constexpr auto quietly = boost::asio::as_tuple(boost::asio::use_awaitable);
  static const auto heartbeat = std::make_shared<const std::string>(": still here\n\n");
  boost::beast::http::response_serializer<Response::body_type> serializer(head);
  stream.expires_after(pace.timeout);
  const auto [failed, put] =
      co_await boost::beast::http::async_write_header(stream, serializer, quietly);
  bool open = !failed;
  std::optional<std::uint64_t> told;  // the tick of the last event
  while (open && !seat.feed().stopped()) {
    std::shared_ptr<const std::string> text;
    // The view is not held while bytes leave: its snapshot serves the tick after next.
    if (const auto latest = view(); latest && told != latest->ticks) {
      told = latest->ticks;
      text = seat.feed().event(*latest, std::chrono::steady_clock::now().time_since_epoch());
    } else {
      seat.timer().expires_after(pace.heartbeat);
      const auto [woken] = co_await seat.timer().async_wait(quietly);
      if (woken) continue;  // by publish() or stop()
      text = heartbeat;
    }
    stream.expires_after(pace.timeout);
    const auto [unsent, count] =
        co_await boost::asio::async_write(stream, boost::asio::buffer(*text), quietly);
    open = !unsent;
  }
}

}  // namespace fanfare
