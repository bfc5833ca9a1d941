// SPDX-License-Identifier: Apache-2.0
#include "agent/pods/pod_client.h"

#include <spdlog/spdlog.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>

#include "agent/pods/pod_request.h"

namespace fanfare {
namespace {

namespace net = boost::asio;
using namespace std::chrono_literals;

// A watch ends by the server's clock; past that nobody waits for it.
constexpr auto late_end = 30s;

PodWatch::Time now() { return std::chrono::steady_clock::now().time_since_epoch(); }

}  // namespace

// Outlives the client by what is still on its way.
struct PodClient::Session {
  Session(net::io_context& context, PodApi api, const PodClientOptions& options)
      : way(std::make_shared<PodApiWay>(PodApiWay{std::move(api), options.timeout})),
        watch(way->api.node, now(), options.watch),
        timer(context),
        // The watch's own time is longer by up to a half, see PodWatchOptions.
        stream_timeout(options.watch.watch * 3 / 2 + late_end) {}

  // To the log what has changed, once.
  void tell() {
    const auto view = watch.view(now());
    if (view.reachable && !told_reachable)
      spdlog::info("pods of node {} named by {}", way->api.node, way->api.shown);
    if (!view.reachable && (told_reachable || !told_away))
      spdlog::warn("pods of node {} are not named by {}: {}{}", way->api.node, way->api.shown,
                   view.error, view.listed ? "; the last known names are kept" : "");
    told_reachable = view.reachable;
    told_away = !view.reachable;
  }

  void settle(const PodReply& reply, bool streamed) {
    if (reply.unwanted) return;
    if (reply.too_long)
      watch.take_too_long(now());
    else if (!reply.error.empty())
      watch.take_error(reply.error, now());
    else if (reply.status != 200)
      watch.take_refusal(reply.status, reply.body, now());
    else if (streamed)
      watch.take_end(now());
    else
      watch.take_page(reply.body, now());
  }

  std::shared_ptr<PodApiWay> way;
  PodWatch watch;
  net::steady_timer timer;
  std::chrono::milliseconds stream_timeout;
  bool stopped = false;
  bool told_reachable = false;
  bool told_away = false;

  static net::awaitable<void> run(std::shared_ptr<Session> self);
};

net::awaitable<void> PodClient::Session::run(std::shared_ptr<Session> self) {
  const auto lines = std::make_shared<const LineTaker>(
      LineTaker{.begun =
                    [&self] {
                      self->watch.take_stream(now());
                      self->tell();
                    },
                .line =
                    [&self](std::string_view line) {
                      return !self->stopped && self->watch.take_line(line, now());
                    },
                .timeout = self->stream_timeout});
  while (!self->stopped) {
    self->timer.expires_at(net::steady_timer::time_point(
        std::chrono::duration_cast<net::steady_timer::duration>(self->watch.not_before())));
    co_await self->timer.async_wait(net::as_tuple(net::use_awaitable));
    if (self->stopped) break;
    const bool streams = self->watch.streams();
    // Named: GCC 12 destroys temporaries of a condition in a co_await twice.
    std::string target = self->watch.target();
    std::shared_ptr<const LineTaker> taker;
    if (streams) taker = lines;
    const PodReply reply = co_await ask_pod_api(self->way, target, taker);
    if (self->stopped) break;
    self->settle(reply, streams);
    self->tell();
  }
}

PodClient::PodClient(net::io_context& context, PodApi api, const PodClientOptions& options)
    : session_(std::make_shared<Session>(context, std::move(api), options)) {
  net::co_spawn(context, Session::run(session_), [](const std::exception_ptr& failed) {
    if (failed) spdlog::error("the pods of this node are no longer watched: no memory");
  });
}

PodClient::~PodClient() {
  session_->stopped = true;
  session_->timer.cancel();
  if (session_->way->connection) session_->way->connection->close();
}

std::shared_ptr<const PodTable> PodClient::table() { return session_->watch.table(); }

PodWatchView PodClient::view() const {
  auto view = session_->watch.view(now());
  view.server = session_->way->api.shown;
  return view;
}

std::string try_pod_api(const PodApi& api, std::chrono::milliseconds timeout) {
  net::io_context context{1};
  PodWatch watch(api.node, now(), {.first_pause = 1s, .last_pause = 1s, .watch = 1s});
  const auto way = std::make_shared<PodApiWay>(PodApiWay{api, timeout});
  const auto lines =
      std::make_shared<const LineTaker>(LineTaker{.begun = [&] { watch.take_stream(now()); },
                                                  .line = [](std::string_view) { return false; },
                                                  .timeout = timeout});
  const auto ask = [&](bool streams) {
    PodReply reply;
    const auto target = watch.target();
    net::co_spawn(context, ask_pod_api(way, target, streams ? lines : nullptr),
                  [&](const std::exception_ptr&, PodReply got) { reply = std::move(got); });
    context.restart();
    context.run();
    return reply;
  };
  auto reply = ask(false);
  if (reply.error.empty() && reply.status == 200)
    watch.take_page(reply.body, now());
  else if (reply.error.empty())
    watch.take_refusal(reply.status, reply.body, now());
  else
    return reply.error;
  if (!watch.streams()) return watch.view(now()).error;
  reply = ask(true);
  if (reply.status == 200) return {};
  if (!reply.error.empty()) return reply.error;
  watch.take_refusal(reply.status, reply.body, now());
  return watch.view(now()).error;
}

}  // namespace fanfare
