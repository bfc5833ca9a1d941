// SPDX-License-Identifier: Apache-2.0
// A real Alertmanager (Debian's package) on loopback, in a directory of its own; it dies with us.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace fanfare::peers {

namespace net = boost::asio;
namespace http = boost::beast::http;

// The body of GET `target`; throws where nobody answers 200.
inline std::string fetch(std::uint16_t port, const std::string& target) {
  net::io_context context;
  net::ip::tcp::socket socket(context);
  socket.connect({net::ip::address_v4::loopback(), port});
  http::request<http::string_body> request(http::verb::get, target, 11);
  request.set(http::field::host, "127.0.0.1");
  http::write(socket, request);
  boost::beast::flat_buffer buffer;
  http::response<http::string_body> response;
  http::read(socket, buffer, response);
  if (response.result() != http::status::ok) throw std::runtime_error(response.body());
  return response.body();
}

inline std::uint16_t free_port() {
  net::io_context context;
  return net::ip::tcp::acceptor(context, {net::ip::address_v4::loopback(), 0})
      .local_endpoint()
      .port();
}

class RealAlertmanager {
 public:
  // Notifies `hook` at once of everything, and of its end.
  explicit RealAlertmanager(const std::string& hook) {
    std::string name = std::filesystem::temp_directory_path() / "fanfare_XXXXXX";
    directory_ = ::mkdtemp(name.data());
    std::ofstream(directory_ / "config.yml")
        << "route: {receiver: hook, group_by: ['...'], group_wait: 0s, group_interval: 1s}\n"
        << "receivers: [{name: hook, webhook_configs: [{url: '" << hook << "'}]}]\n";
    pid_ = ::fork();
    if (pid_ == 0) run();
  }
  ~RealAlertmanager() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
    std::filesystem::remove_all(directory_);
  }
  RealAlertmanager(const RealAlertmanager&) = delete;
  RealAlertmanager& operator=(const RealAlertmanager&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  bool has_ended() { return ::waitpid(pid_, nullptr, WNOHANG) != 0; }
  std::string log() const {
    std::ifstream in(directory_ / "log");
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  [[noreturn]] void run() const {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int log = ::open((directory_ / "log").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    std::vector<std::string> words{
        "prometheus-alertmanager", "--config.file=" + (directory_ / "config.yml").string(),
        "--storage.path=" + (directory_ / "data").string(),
        "--web.listen-address=127.0.0.1:" + std::to_string(port_), "--cluster.listen-address="};
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }

  std::filesystem::path directory_;
  std::uint16_t port_ = free_port();
  pid_t pid_ = -1;
};

}  // namespace fanfare::peers
