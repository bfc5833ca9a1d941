// SPDX-License-Identifier: Apache-2.0
// Coroutines that accept, read, respond and write; that of the events is in event_stream.h. What is
// answered stands in respond.cpp. Errors of a connection end that connection and nothing else.
#include "agent/exports/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <optional>
#include <set>
#include <string_view>
#include <type_traits>
#include <utility>

#include "agent/exports/admin_socket.h"
#include "agent/exports/event_feed.h"
#include "agent/exports/event_stream.h"
#include "agent/exports/last_word.h"
#include "agent/exports/listen_address.h"
#include "agent/exports/request_limits.h"
#include "agent/exports/seats.h"

namespace fanfare {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::chrono::milliseconds accept_pause{100};  // after EMFILE and the like

// Results as a tuple that begins with the error: an ended connection is no exception.
constexpr auto quietly = net::as_tuple(net::use_awaitable);

template <class Protocol>
using Stream = beast::basic_stream<Protocol>;

// One surface. Shared by its coroutines, which may outlive the Server until the io_context ends.
template <class Protocol>
struct Door {
  Surface surface;
  typename Protocol::acceptor acceptor;
  ServerOptions options;
  ServerHooks hooks;
  std::shared_ptr<EventFeed> feed;
  std::set<std::shared_ptr<Stream<Protocol>>> open{};
  Seats seats{SeatRoom{options.connections, std::is_same_v<Protocol, net::local::stream_protocol>
                                                ? options.connections
                                                : options.connections_of_a_peer}};
};

using Tcp = net::ip::tcp;
using Unix = net::local::stream_protocol;

// Of the admin socket all are one peer: who may speak there is known.
std::string address_of(const Unix::socket&) { return {}; }
std::string address_of(const Tcp::socket& socket) {
  error_code unknown;
  const auto end = socket.remote_endpoint(unknown);
  return unknown ? "?" : end.address().to_string();
}

// The stream stands among the open ones for as long as its session runs, however that ends.
template <class Protocol>
class Session {
 public:
  Session(std::shared_ptr<Door<Protocol>> at, std::shared_ptr<Stream<Protocol>> through)
      : door(std::move(at)), stream(std::move(through)) {
    door->open.insert(stream);
    seat = door->seats.take(address_of(stream->socket()), [held = std::weak_ptr(stream)] {
      if (const auto open = held.lock()) open->close();
    });
  }
  Session(Session&&) noexcept = default;
  Session& operator=(Session&&) = delete;
  ~Session() {
    if (door) {
      door->open.erase(stream);
      door->seats.give_back(seat);
    }
  }

  std::shared_ptr<Door<Protocol>> door;
  std::shared_ptr<Stream<Protocol>> stream;
  Seats::Key seat;
};

Monotonic monotonic_now() {
  return std::chrono::duration_cast<Monotonic>(std::chrono::steady_clock::now().time_since_epoch());
}

template <class Protocol>
bool permitted(const Door<Protocol>& door, Stream<Protocol>& stream) {
  if constexpr (std::is_same_v<Protocol, Unix>) {
    return peer_may_speak(stream.socket().native_handle(), door.options.admin);
  }
  return true;
}

// Who asks, as the kernel says, and on the admin socket only.
template <class Protocol>
std::optional<Response> change(const Door<Protocol>& door, Stream<Protocol>& stream,
                               const Request& request) {
  if constexpr (std::is_same_v<Protocol, Unix>) {
    if (door.hooks.clear_alert)
      return respond_to_clear(request, door.hooks.clear_alert,
                              peer_of(stream.socket().native_handle()).uid);
  }
  return std::nullopt;
}

template <class Protocol>
Response answer_to(const Door<Protocol>& door, Stream<Protocol>& stream, const Request& request) {
  if (auto changed = change(door, stream, request)) return std::move(*changed);
  const std::shared_ptr<const View> view = door.hooks.view();
  return view ? respond(*view, request, door.surface, monotonic_now()) : respond_starting(request);
}

constexpr std::size_t longest_agent_name = 80;  // of a User-Agent that is shown to people

std::string scraper(const Tcp::socket& socket, const Request& request) {
  const auto agent = request[http::field::user_agent];
  return fmt::format(
      "{} ({})", address_of(socket),
      agent.empty() ? "says no name" : std::string(agent.substr(0, longest_agent_name)));
}
std::string scraper(const Unix::socket&, const Request&) { return "the admin socket"; }

template <class Protocol>
void note_scrape(const Door<Protocol>& door, const Stream<Protocol>& stream, const Request& request,
                 const Response& response) {
  const std::string_view target(request.target().data(), request.target().size());
  const bool metrics = target == "/metrics" || target.starts_with("/metrics?");
  if (door.surface == Surface::listen && metrics && request.method() == http::verb::get &&
      response.result() == http::status::ok && door.hooks.scraped) {
    door.hooks.scraped(scraper(stream.socket(), request));
  }
}

template <class Protocol>
net::awaitable<void> tell_events(Session<Protocol>& session, Response head) {
  const Door<Protocol>& door = *session.door;
  if (door.feed->full()) {
    co_await say_and_close(
        *session.stream, door.options.timeout,
        refuse(http::status::service_unavailable,
               fmt::format("{} pages listen already, which is the bound: close one, or ask "
                           "/api/v1/status",
                           door.feed->seated())));
    co_return;
  }
  EventFeed::Seat seat(door.feed, session.stream->get_executor());
  co_await stream_events(*session.stream, std::move(head), seat, door.hooks.view,
                         {door.options.timeout, door.options.heartbeat});
}

enum class Next { another_request, close };

// The first bytes of a request; false where there are none in time. From here on it must hurry.
template <class Protocol>
net::awaitable<bool> has_begun(Stream<Protocol>& stream, beast::flat_buffer& buffer,
                               std::chrono::milliseconds patience) {
  constexpr std::size_t some = 1024;
  stream.expires_after(patience);
  const auto [ended, got] = co_await stream.async_read_some(buffer.prepare(some), quietly);
  if (!ended) buffer.commit(got);
  co_return !ended;
}

template <class Protocol>
net::awaitable<Next> serve_one(Session<Protocol>& session, beast::flat_buffer& buffer) {
  Stream<Protocol>& stream = *session.stream;
  http::request_parser<http::string_body> parser;
  parser.header_limit(header_limit);
  parser.body_limit(body_limit);
  const ServerOptions& options = session.door->options;
  if (buffer.size() == 0 && !co_await has_begun(stream, buffer, options.timeout)) {
    co_return Next::close;
  }
  stream.expires_after(std::min(options.head_timeout, options.timeout));
  const auto [unread, got] = co_await http::async_read(stream, buffer, parser, quietly);
  session.door->seats.answering(session.seat);
  if (unread) {
    if (std::optional<Response> last_word = refusal(unread)) {
      co_await say_and_close(stream, session.door->options.timeout, std::move(*last_word));
    }
    co_return Next::close;
  }
  const Request request = parser.release();
  Response response = answer_to(*session.door, stream, request);
  if (begins_events(request, response)) {
    co_await tell_events(session, std::move(response));
    co_return Next::close;
  }
  stream.expires_after(session.door->options.timeout);
  const auto [unsent, put] = co_await http::async_write(stream, response, quietly);
  if (unsent) {
    co_return Next::close;
  }
  session.door->seats.reading(session.seat);
  note_scrape(*session.door, stream, request, response);
  co_return response.keep_alive() ? Next::another_request : Next::close;
}

template <class Protocol>
net::awaitable<void> serve(Session<Protocol> session) {
  if (!permitted(*session.door, *session.stream)) {
    co_await say_and_close(
        *session.stream, session.door->options.timeout,
        refuse(http::status::forbidden,
               "only root, the agent's user and the socket file's group may ask"));
    co_return;
  }
  beast::flat_buffer buffer(header_limit + body_limit);
  while (co_await serve_one(session, buffer) == Next::another_request) {
  }
  error_code ignored;
  session.stream->socket().shutdown(net::socket_base::shutdown_send, ignored);
}

template <class Protocol>
void admit(const std::shared_ptr<Door<Protocol>>& door, typename Protocol::socket socket) {
  auto stream = std::make_shared<Stream<Protocol>>(std::move(socket));
  const auto executor = stream->get_executor();
  net::co_spawn(executor, serve(Session<Protocol>(door, std::move(stream))), net::detached);
}

template <class Protocol>
net::awaitable<void> accept_all(std::shared_ptr<Door<Protocol>> door) {
  net::steady_timer pause(door->acceptor.get_executor());
  while (door->acceptor.is_open()) {
    auto [error, socket] = co_await door->acceptor.async_accept(quietly);
    if (!error) {
      admit(door, std::move(socket));
    } else if (door->acceptor.is_open()) {
      pause.expires_after(accept_pause);
      co_await pause.async_wait(quietly);
    }
  }
}

template <class Protocol>
void close_all(Door<Protocol>& door) {
  error_code ignored;
  door.acceptor.close(ignored);
  for (const auto& stream : door.open) {
    stream->close();  // its session resumes with an error and ends
  }
}

template <class Protocol>
std::shared_ptr<Door<Protocol>> open_door(Surface surface, typename Protocol::acceptor acceptor,
                                          const ServerOptions& options, const ServerHooks& hooks,
                                          std::shared_ptr<EventFeed> feed) {
  auto door = std::make_shared<Door<Protocol>>(
      Door<Protocol>{surface, std::move(acceptor), options, hooks, std::move(feed)});
  net::co_spawn(door->acceptor.get_executor(), accept_all(door), net::detached);
  return door;
}

}  // namespace

struct Server::Doors {
  std::shared_ptr<Door<Tcp>> tcp;
  std::shared_ptr<Door<Unix>> admin;
  std::unique_ptr<AdminSocketFile> file;
  std::shared_ptr<EventFeed> feed;
};

Server::Server(net::io_context& context, const ServerOptions& options, const ServerHooks& hooks)
    : doors_(std::make_unique<Doors>()) {
  doors_->feed = std::make_shared<EventFeed>(options.listeners);
  // TCP first: of two agents that start at once the second fails here and leaves the file alone.
  if (!options.listen.empty()) {
    doors_->tcp = open_door<Tcp>(Surface::listen, listen_on(context, options.listen), options,
                                 hooks, doors_->feed);
  }
  if (!options.admin.empty()) {
    auto acceptor = listen_on_file(context, options.admin);
    doors_->file = std::make_unique<AdminSocketFile>(options.admin);
    doors_->admin =
        open_door<Unix>(Surface::admin, std::move(acceptor), options, hooks, doors_->feed);
  }
}

Server::~Server() { stop(); }

void Server::publish() { doors_->feed->publish(); }

void Server::stop() {
  doors_->feed->stop();
  if (doors_->tcp) {
    close_all(*doors_->tcp);
  }
  if (doors_->admin) {
    close_all(*doors_->admin);
  }
  doors_->file.reset();
}

std::string Server::listen_address() const {
  if (!doors_->tcp) {
    return {};
  }
  error_code ignored;
  const Tcp::endpoint endpoint = doors_->tcp->acceptor.local_endpoint(ignored);
  const std::string host = endpoint.address().to_string();
  return endpoint.address().is_v6() ? fmt::format("[{}]:{}", host, endpoint.port())
                                    : fmt::format("{}:{}", host, endpoint.port());
}

std::size_t Server::open(Surface surface) const {
  const std::size_t tcp = doors_->tcp ? doors_->tcp->open.size() : 0;
  const std::size_t admin = doors_->admin ? doors_->admin->open.size() : 0;
  return surface == Surface::listen ? tcp : admin;
}

std::size_t Server::listening() const { return doors_->feed->seated(); }

std::uint64_t Server::displaced(Surface surface) const {
  const std::uint64_t tcp = doors_->tcp ? doors_->tcp->seats.displaced() : 0;
  const std::uint64_t admin = doors_->admin ? doors_->admin->seats.displaced() : 0;
  return surface == Surface::listen ? tcp : admin;
}

}  // namespace fanfare
