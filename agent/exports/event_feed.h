// SPDX-License-Identifier: Apache-2.0
// Who listens to /api/v1/events, and what they are told: the body of /api/v1/status once a tick, as
// server-sent events. How the bytes leave is event_stream.h. Not thread-safe.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "agent/exports/view.h"

namespace fanfare {

class EventFeed {
 public:
  explicit EventFeed(std::size_t seats) : seats_(seats) {}

  // A listener's place among the bounded number of them, for as long as it lives.
  class Seat {
   public:
    Seat(std::shared_ptr<EventFeed> feed, const boost::asio::any_io_executor& executor);
    ~Seat();
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;

    EventFeed& feed() { return *feed_; }
    boost::asio::steady_timer& timer() { return timer_; }  // its wait ends with each publish()

   private:
    std::shared_ptr<EventFeed> feed_;
    boost::asio::steady_timer timer_;
  };

  bool full() const { return seated_.size() >= seats_; }
  std::size_t seated() const { return seated_.size(); }

  // There is a new view.
  void publish();
  // Nobody is told anything any more.
  void stop();
  bool stopped() const { return stopped_; }

  // The event of this view, made once for all listeners. `now` is CLOCK_MONOTONIC.
  std::shared_ptr<const std::string> event(const View& view, Monotonic now);

 private:
  std::size_t seats_;
  std::set<Seat*> seated_;
  bool stopped_ = false;
  std::optional<std::uint64_t> tick_;  // that event_ is of
  std::shared_ptr<const std::string> event_;
};

}  // namespace fanfare
