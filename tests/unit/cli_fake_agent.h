// SPDX-License-Identifier: Apache-2.0
// A unix socket that answers as a test says, also what no agent would. Knows no fanfare: it hands
// over the request's target and sends back the bytes it is given.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace fanfare::cli_test {

inline std::string http_answer(const std::string& body, const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = std::filesystem::temp_directory_path() / "fanfare-cli-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = name;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string file(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// Target of the request -> bytes of the answer; nothing: never answer.
using Answerer = std::function<std::optional<std::string>(const std::string& target)>;

class FakeAgent {
 public:
  explicit FakeAgent(Answerer answerer)
      : answerer_(std::move(answerer)), listener_(context_, path()), thread_([this] { serve(); }) {}
  FakeAgent(const FakeAgent&) = delete;
  FakeAgent& operator=(const FakeAgent&) = delete;
  ~FakeAgent() {
    shutdown(listener_.native_handle(), SHUT_RDWR);  // wakes accept
    thread_.join();
  }

  std::string path() const { return directory_.file("admin.sock"); }

 private:
  using Local = boost::asio::local::stream_protocol;

  void serve() {
    while (true) {
      boost::system::error_code error;
      Local::socket peer(context_);
      listener_.accept(peer, error);
      if (error) return;
      std::string request;
      boost::asio::read_until(peer, boost::asio::dynamic_buffer(request), "\r\n\r\n", error);
      const std::size_t from = request.find(' ') + 1;
      const auto answer = answerer_(request.substr(from, request.find(' ', from) - from));
      if (answer) {
        boost::asio::write(peer, boost::asio::buffer(*answer), error);
      } else {
        unanswered_.push_back(std::move(peer));
      }
    }
  }

  TemporaryDirectory directory_;
  Answerer answerer_;
  boost::asio::io_context context_;
  Local::acceptor listener_;
  std::vector<Local::socket> unanswered_;
  std::thread thread_;
};

}  // namespace fanfare::cli_test
