// SPDX-License-Identifier: Apache-2.0
#include "agent/pods/pod_watch.h"

#include <algorithm>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <utility>

#include "agent/pods/pod_json.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;

constexpr unsigned gone = 410;
constexpr unsigned unauthorized = 401;
constexpr unsigned forbidden = 403;
constexpr unsigned too_many_requests = 429;
// A server that answers from memory takes no heed of it; one that reads its store does.
constexpr int pods_in_page = 500;
constexpr int pods_in_small_page = 20;
constexpr std::size_t shown_message = 300;  // bytes

std::string encoded(const std::string& text) {
  return boost::urls::encode(text, boost::urls::unreserved_chars);
}

// The same for a node's name whenever it is asked: FNV-1a.
double spread_of(const std::string& node) {
  std::uint32_t hash = 2166136261U;
  for (const char c : node) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash / 4294967296.0 / 2;
}

std::string refusal_text(unsigned status, std::string_view body) {
  std::string text = "HTTP " + std::to_string(status);
  if (const auto said = parse_status_message(body); !said.empty())
    text += ": " + said.substr(0, shown_message);
  if (status == unauthorized)
    text += " (the token is not taken: it has expired or is of another cluster)";
  if (status == forbidden) text += " (the service account needs list and watch on pods)";
  return text;
}

}  // namespace

PodWatch::PodWatch(std::string node, Time now, const PodWatchOptions& options)
    : node_(std::move(node)),
      options_(options),
      spread_(spread_of(node_)),
      not_before_(now),
      away_since_(now) {}

std::string PodWatch::target() const {
  std::string target = "/api/v1/pods?fieldSelector=spec.nodeName%3D" + encoded(node_);
  if (watching_) {
    const auto whole = options_.watch.count();
    const auto more = static_cast<std::int64_t>(static_cast<double>(whole) * spread_);
    return target +
           "&watch=1&allowWatchBookmarks=true&resourceVersion=" + encoded(resource_version_) +
           "&timeoutSeconds=" + std::to_string(whole + more);
  }
  target += "&limit=" + std::to_string(small_pages_ ? pods_in_small_page : pods_in_page);
  if (!next_.empty()) return target + "&continue=" + encoded(next_);
  return from_cache_ && !small_pages_ ? target + "&resourceVersion=0" : target;
}

PodWatch::Time PodWatch::paused(Time now) const {
  const auto longer = static_cast<std::int64_t>(static_cast<double>(pause_.count()) * spread_);
  return now + pause_ + std::chrono::milliseconds(longer);
}

void PodWatch::succeed() {
  reachable_ = true;
  error_.clear();
}

void PodWatch::fail(std::string error, Time now) {
  if (std::exchange(reachable_, false)) away_since_ = now;
  error_ = std::move(error);
  pause_ = std::clamp(pause_ * 2, options_.first_pause, options_.last_pause);
  not_before_ = paused(now);
  if (!watching_) begin_list();  // one that was cut short
}

void PodWatch::begin_list() {
  watching_ = false;
  next_.clear();
  fresh_.clear();
}

// Once at once; a server that says so again and again is not asked faster than a dead one.
void PodWatch::list_anew(Time now) {
  begin_list();
  from_cache_ = false;
  not_before_ = paused(now);
  pause_ = std::clamp(pause_ * 2, options_.first_pause, options_.last_pause);
}

void PodWatch::take_page(std::string_view body, Time now) {
  auto page = parse_pod_page(body);
  if (!page) return fail("the answer is no list of pods; is kubernetes.api an API server?", now);
  succeed();
  for (auto& pod : page->pods)
    if (fresh_.size() < most_pods) fresh_[pod.uid] = std::move(pod);
  not_before_ = now;
  const bool more = !page->next.empty() && page->next != next_ && fresh_.size() < most_pods;
  next_ = more ? std::move(page->next) : std::string();
  if (more) return;
  pods_ = std::exchange(fresh_, {});
  changed_ = true;
  listed_ = true;
  resource_version_ = std::move(page->resource_version);
  watching_ = true;
  from_cache_ = true;
  not_before_ = paused(now);
}

void PodWatch::take_refusal(unsigned status, std::string_view body, Time now) {
  if (status == gone) return list_anew(now);
  const bool may_pass =
      status >= 500 || status == unauthorized || status == forbidden || status == too_many_requests;
  if (!may_pass) begin_list();
  fail(refusal_text(status, body), now);
}

void PodWatch::take_error(std::string error, Time now) { fail(std::move(error), now); }

void PodWatch::take_too_long(Time now) {
  if (!watching_) small_pages_ = true;
  begin_list();
  fail("the answer is too long; asking for less at a time", now);
}

void PodWatch::take_stream(Time now) {
  succeed();
  began_ = now;
}

// A stream that ends as soon as it has begun is not begun again at once.
void PodWatch::take_end(Time now) {
  const bool lasted = now - began_ >= options_.first_pause;
  if (lasted) pause_ = 0ms;
  not_before_ = lasted ? now : now + options_.first_pause;
}

bool PodWatch::take_line(std::string_view line, Time now) {
  auto event = parse_pod_event(line);
  if (!event) {
    begin_list();  // what it told is not known
    fail("a line of the watch is no event of a pod", now);
    return false;
  }
  if (event->kind == PodEvent::Kind::error) {
    if (event->code == gone) {
      list_anew(now);
    } else {
      begin_list();
      fail("the watch was ended: " + event->message.substr(0, shown_message), now);
    }
    return false;
  }
  pause_ = 0ms;
  if (!event->resource_version.empty()) resource_version_ = event->resource_version;
  if (event->kind == PodEvent::Kind::bookmark) return true;
  changed_ = true;
  if (event->kind == PodEvent::Kind::deleted)
    pods_.erase(event->pod.uid);
  else if (pods_.size() < most_pods || pods_.contains(event->pod.uid))
    pods_[event->pod.uid] = std::move(event->pod);
  return true;
}

std::shared_ptr<const PodTable> PodWatch::table() {
  if (std::exchange(changed_, false)) table_ = std::make_shared<PodTable>(pods_);
  return table_;
}

PodWatchView PodWatch::view(Time now) const {
  return {.on = true,
          .listed = listed_,
          .reachable = reachable_,
          .error = error_,
          .away_seconds = reachable_ ? 0 : std::chrono::duration<double>(now - away_since_).count(),
          .pods = pods_.size()};
}

}  // namespace fanfare
