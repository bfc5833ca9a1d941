// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/agent_client.h"

#include <fmt/format.h>
#include <sys/un.h>

#include <string_view>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include "agent/cli/escape.h"

namespace fanfare {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

constexpr std::size_t longest_path = sizeof(sockaddr_un::sun_path) - 1;

std::string connect_failure(const AgentAddress& agent, const error_code& error) {
  const std::string path = terminal_safe(agent.path);
  if (error == boost::system::errc::no_such_file_or_directory) {
    return fmt::format(
        "no agent at {}: is it running? start it with \"fanfare agent\", or say where its admin "
        "socket is with --admin PATH",
        path);
  }
  if (error == boost::system::errc::permission_denied) {
    return fmt::format(
        "no permission to ask the agent at {}: root and members of the socket's group may; run "
        "this with sudo, or join the group (ls -l {})",
        path, path);
  }
  if (error == boost::system::errc::connection_refused) {
    return fmt::format(
        "nobody listens at {}: the file was left by an agent that is gone, or is no socket; start "
        "the agent again with \"fanfare agent\"",
        path);
  }
  if (error == beast::error::timeout) {
    return fmt::format(
        "the agent at {} did not take the connection within {} s: is it stopped or "
        "overloaded?",
        path, static_cast<double>(agent.timeout.count()) / 1000);
  }
  return fmt::format("cannot connect to the agent at {}: {}; is --admin PATH right?", path,
                     error.message());
}

std::string exchange_failure(const AgentAddress& agent, const error_code& error) {
  const std::string path = terminal_safe(agent.path);
  if (error == beast::error::timeout) {
    return fmt::format("the agent at {} did not answer within {} s: is it stopped or overloaded?",
                       path, static_cast<double>(agent.timeout.count()) / 1000);
  }
  if (error == http::error::body_limit) {
    return fmt::format(
        "the answer of the agent at {} is longer than {} bytes; ask for less with --shard NAME",
        path, agent.longest_answer);
  }
  if (error == http::error::end_of_stream || error == asio::error::connection_reset ||
      error == asio::error::broken_pipe || error == asio::error::not_connected) {
    return fmt::format(
        "the agent at {} closed the connection without an answer: root and members of the "
        "socket's group may ask; the agent's log has the reason",
        path);
  }
  return fmt::format("what listens at {} gave no HTTP answer ({}): is it a fanfare agent?", path,
                     error.message());
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

// One exchange, step by step: each step runs the context until its operation has ended. Beast
// cancels at the deadline; a blocking read of Asio's could not be given one.
class Exchange {
  // Completion handler of every step; declared first, for its type is deduced.
  auto keep() {
    return [this](error_code error, auto...) { result_ = error; };
  }

 public:
  explicit Exchange(const AgentAddress& agent) : agent_(agent), stream_(context_) {
    stream_.expires_after(agent.timeout);
  }

  void connect() {
    if (agent_.path.empty() || agent_.path.size() > longest_path) {
      throw AgentUnreachable(fmt::format(
          "a path of {} bytes cannot be a unix socket (1 to {} are allowed): give another --admin "
          "PATH",
          agent_.path.size(), longest_path));
    }
    stream_.async_connect(asio::local::stream_protocol::endpoint(agent_.path), keep());
    if (const error_code error = run()) throw AgentUnreachable(connect_failure(agent_, error));
  }

  http::response<http::string_body> ask(http::verb verb, const std::string& target) {
    http::request<http::empty_body> request(verb, target, 11);
    if (verb == http::verb::post) request.content_length(0);
    request.set(http::field::host, "fanfare");
    request.set(http::field::connection, "close");
    http::async_write(stream_, request, keep());
    // An agent that refuses may close at once: its answer still counts more than our broken pipe.
    const error_code written = run();
    if (written == beast::error::timeout) fail(written);

    http::response_parser<http::string_body> parser;
    parser.body_limit(agent_.longest_answer);
    http::async_read(stream_, buffer_, parser, keep());
    if (const error_code read = run()) fail(read);
    return parser.release();
  }

 private:
  error_code run() {
    context_.restart();
    context_.run();
    return result_;
  }

  [[noreturn]] void fail(const error_code& error) const {
    throw AgentUnreachable(exchange_failure(agent_, error));
  }

  const AgentAddress& agent_;
  asio::io_context context_;
  beast::basic_stream<asio::local::stream_protocol> stream_;
  beast::flat_buffer buffer_;
  error_code result_;
};

std::string answer_of(const AgentAddress& agent, http::verb verb, const std::string& target) {
  Exchange exchange(agent);
  exchange.connect();
  http::response<http::string_body> answer = exchange.ask(verb, target);
  if (answer.result() == http::status::ok) return std::move(answer.body());
  if (answer.result() == http::status::forbidden) {
    throw AgentUnreachable(
        fmt::format("the agent at {} refuses to answer: root and members of the socket's group may "
                    "ask; run this with sudo, or join the group",
                    terminal_safe(agent.path)));
  }
  const std::string said = shortened(terminal_safe(first_line(answer.body())), 200);
  if (answer.result() == http::status::service_unavailable) {
    throw AgentUnreachable(
        fmt::format("the agent at {} cannot answer yet ({}): try again in a second",
                    terminal_safe(agent.path), said));
  }
  throw AgentUnreachable(fmt::format(
      "the agent at {} answered {} to {} ({}): is it of another version? (fanfare version)",
      terminal_safe(agent.path), answer.result_int(), target, said));
}

}  // namespace

std::string ask_agent(const AgentAddress& agent, const std::string& target) {
  return answer_of(agent, http::verb::get, target);
}

std::string tell_agent(const AgentAddress& agent, const std::string& target) {
  return answer_of(agent, http::verb::post, target);
}

std::string url_encoded(const std::string& value) {
  return boost::urls::encode(value, boost::urls::unreserved_chars);
}

}  // namespace fanfare
