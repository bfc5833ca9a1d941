// SPDX-License-Identifier: Apache-2.0
// A server on a thread of its own and blocking clients for it, shared by the tests of the server.
// All on loopback and in a temporary directory.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "agent/exports/server.h"
#include "tests/unit/sample_view.h"

namespace fanfare::loopback {

namespace net = boost::asio;
using Clock = std::chrono::steady_clock;

// A directory that goes away with the test.
class Directory {
 public:
  Directory() {
    std::string name = testing::TempDir() + "fanfare_XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// How long anything is waited for before it is a failure: no measure of the machine's speed.
inline constexpr std::chrono::seconds patience{30};

// A blocking socket that gives up in the end, so that a hang is a failure and not a hang.
class Client {
 public:
  explicit Client(const std::string& tcp_address) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(std::stoi(tcp_address.substr(tcp_address.rfind(':') + 1)));
    connect(reinterpret_cast<sockaddr*>(&address), sizeof(address));
  }
  struct Path {
    std::string path;
  };
  explicit Client(const Path& at) : fd_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    at.path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    connect(reinterpret_cast<sockaddr*>(&address), sizeof(address));
  }
  Client(Client&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~Client() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }
  Client& operator=(Client&&) = delete;

  void send(const std::string& bytes) const {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      const ssize_t n = ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) {
        return;  // the server has closed; the test looks at what it said
      }
      sent += n;
    }
  }

  // Up to the end of the stream (or a reset).
  std::string read_all() const {
    std::string text;
    char bytes[4096];
    for (ssize_t n = 1; n > 0;) {
      n = ::recv(fd_, bytes, sizeof(bytes), 0);
      text.append(bytes, n > 0 ? n : 0);
      EXPECT_FALSE(n < 0 && errno == EAGAIN) << "the server neither answered nor closed";
    }
    return text;
  }

  // Has the server closed? Takes what it has said, and waits for nothing.
  bool closed() const {
    char bytes[4096];
    ssize_t n = 1;
    while (n > 0) n = ::recv(fd_, bytes, sizeof(bytes), MSG_DONTWAIT);
    return n == 0 || errno != EAGAIN;
  }

  // What has come so far, or its beginning; it stays there.
  std::string peek() const {
    char bytes[4096];
    const ssize_t n = ::recv(fd_, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_PEEK);
    return std::string(bytes, n > 0 ? n : 0);
  }

  // Up to and with `end`; less where the stream ends before.
  std::string read_to(const std::string& end) const {
    std::string text;
    char byte = 0;
    while (!text.ends_with(end) && ::recv(fd_, &byte, 1, 0) == 1) {
      text += byte;
    }
    return text;
  }

  // One answer with a Content-Length, its body included.
  std::string read_answer() const {
    std::string text;
    char byte = 0;
    while (!text.ends_with("\r\n\r\n") && ::recv(fd_, &byte, 1, 0) == 1) {
      text += byte;
    }
    const std::size_t at = text.find("Content-Length: ");
    std::size_t body = at == std::string::npos ? 0 : std::stoul(text.substr(at + 16));
    while (body > 0 && ::recv(fd_, &byte, 1, 0) == 1) {
      text += byte;
      --body;
    }
    return text;
  }

 private:
  void connect(const sockaddr* address, socklen_t size) const {
    const timeval limit{patience.count(), 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    EXPECT_EQ(::connect(fd_, address, size), 0) << std::strerror(errno);
  }

  int fd_;
};

// A server on a thread of its own, on both surfaces.
class Running {
 public:
  explicit Running(std::chrono::milliseconds timeout = std::chrono::seconds(5),
                   std::size_t connections = 64,
                   std::chrono::milliseconds heartbeat = std::chrono::seconds(15)) {
    ServerHooks hooks{[this] { return view.load(); },
                      [this](const std::string& by) {
                        ++scrapes;
                        last_scraper = by;
                      }};
    server_.emplace(context_,
                    ServerOptions{.listen = "127.0.0.1:0",
                                  .admin = admin(),
                                  .timeout = timeout,
                                  .connections = connections,
                                  .heartbeat = heartbeat},
                    hooks);
    address_ = server_->listen_address();
    thread_ = std::thread([this] { context_.run(); });
  }
  ~Running() {
    if (thread_.joinable()) {
      stop();
    }
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  // Returns once nothing is left to run: a session that does not end would hang here.
  void stop() {
    net::post(context_, [this] { server_->stop(); });
    thread_.join();
  }

  template <class Question>
  auto ask(Question question) {
    std::promise<decltype(question(*server_))> promise;
    net::post(context_, [&] { promise.set_value(question(*server_)); });
    return promise.get_future().get();
  }
  // A tick: its number is what tells one view from the next.
  void publish(std::uint64_t tick) {
    View next = *view.load();
    next.ticks = tick;
    view.store(std::make_shared<const View>(std::move(next)));
    net::post(context_, [this] { server_->publish(); });
  }
  std::size_t listening() {
    return ask([](const Server& server) { return server.listening(); });
  }
  std::size_t open(Surface surface) {
    return ask([&](const Server& server) { return server.open(surface); });
  }
  std::uint64_t displaced(Surface surface) {
    return ask([&](const Server& server) { return server.displaced(surface); });
  }

  Client tcp() const { return Client(address_); }
  Client unix_socket() const { return Client(Client::Path{admin()}); }
  std::string admin() const { return directory_.file("run/admin.sock"); }
  const std::string& address() const { return address_; }

  std::atomic<std::shared_ptr<const View>> view{std::make_shared<const View>(sample::view())};
  std::atomic<int> scrapes = 0;
  std::string last_scraper;  // to be read when stopped

 private:
  Directory directory_;
  net::io_context context_{1};
  std::optional<Server> server_;
  std::string address_;
  std::thread thread_;
};

template <class Condition>
bool soon(Condition condition) {
  for (const auto end = Clock::now() + patience; Clock::now() < end;) {
    if (condition()) {
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

// The same in a context that nobody else runs.
template <class Condition>
bool soon(net::io_context& context, Condition condition) {
  for (const auto end = Clock::now() + patience; Clock::now() < end;) {
    if (condition()) {
      return true;
    }
    context.restart();
    context.run_one_for(std::chrono::milliseconds(5));
  }
  return false;
}

inline std::string get(const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n";
}

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace fanfare::loopback
