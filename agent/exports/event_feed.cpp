// SPDX-License-Identifier: Apache-2.0
#include "agent/exports/event_feed.h"

#include <utility>

#include "agent/exports/json.h"

namespace fanfare {

EventFeed::Seat::Seat(std::shared_ptr<EventFeed> feed, const boost::asio::any_io_executor& executor)
    : feed_(std::move(feed)), timer_(executor) {
  feed_->seated_.insert(this);
}

EventFeed::Seat::~Seat() { feed_->seated_.erase(this); }

void EventFeed::publish() {
  for (Seat* seat : seated_) seat->timer().cancel();
}

void EventFeed::stop() {
  stopped_ = true;
  publish();
}

std::shared_ptr<const std::string> EventFeed::event(const View& view, Monotonic now) {
  if (tick_ != view.ticks) {
    // One line of JSON, which ends with its newline; the empty line ends the event.
    event_ = std::make_shared<const std::string>("data: " + status_json(view, now) + "\n");
    tick_ = view.ticks;
  }
  return event_;
}

}  // namespace fanfare
