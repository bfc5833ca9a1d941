// SPDX-License-Identifier: Apache-2.0
// Serves respond() on a TCP address and on a unix socket, from the agent's one io_context. Bounded
// in everything a client can ask for: header 8 KiB, body 4 KiB, time, number of connections. Not
// thread-safe; destroy it before the io_context.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "agent/exports/clear_alert.h"
#include "agent/exports/respond.h"
#include "agent/exports/view.h"

namespace boost::asio {
class io_context;
}

namespace fanfare {

struct ServerOptions {
  std::string listen;  // "ADDR:PORT"; empty: no TCP surface
  std::string admin;   // path; empty: no unix socket
  // Of silence before a request, and again for the answer to leave.
  std::chrono::milliseconds timeout{10000};
  // On each surface: over it the oldest that has asked nothing, or is being answered, gives way.
  std::size_t connections = 256;
  std::size_t listeners = 16;                  // of events, on both surfaces; more are answered 503
  std::chrono::milliseconds heartbeat{15000};  // of silence on an event stream
  std::chrono::milliseconds head_timeout{3000};  // for a request to come whole once it has begun
  std::size_t connections_of_a_peer = 32;        // of one address
};

struct ServerHooks {
  std::function<std::shared_ptr<const View>()> view;  // null before the first tick
  // /metrics was served on the listen surface, to whom: "10.0.0.9 (Prometheus/2.42.0)".
  std::function<void(std::string by)> scraped;
  ClearAlert clear_alert{};  // asked for on the admin socket; none: the path is not there
};

class Server {
 public:
  // Binds both surfaces and begins to accept once `context` runs; StartError if one cannot be had.
  Server(boost::asio::io_context& context, const ServerOptions& options, const ServerHooks& hooks);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // There is a new view: whoever listens to events is told.
  void publish();

  // Closes everything, open connections too, and removes the socket file. May be called twice.
  void stop();

  std::string listen_address() const;  // with the port that the kernel chose
  std::size_t open(Surface surface) const;
  std::size_t listening() const;                   // to events
  std::uint64_t displaced(Surface surface) const;  // by newer ones, since the start

 private:
  struct Doors;
  std::unique_ptr<Doors> doors_;
};

}  // namespace fanfare
