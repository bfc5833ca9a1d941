// SPDX-License-Identifier: Apache-2.0
// The Boost.Beast peer: an asynchronous chat server in the shape of Beast's own examples, with a
// queue for each client and its own counts. Beast fragments messages over its 4096-byte buffer by
// default, so messages and frames differ here. It knows nothing of fanfare.
// usage: beast ADDRESS
#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <boost/json/src.hpp>
#include <chrono>
#include <deque>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace net = boost::asio;
namespace beast = boost::beast;
namespace json = boost::json;
namespace websocket = beast::websocket;
using net::ip::tcp;

namespace {

constexpr std::size_t fragment_bytes = 4096;  // Beast's default, stated because frames count by it

std::string repeated(const std::string& text) {
  std::string all;
  while (all.size() < 70000) all += text;
  return all;
}

std::string noise() {
  std::string all(70000, '\0');
  for (unsigned i = 0; i < all.size(); ++i) all[i] = static_cast<char>(i * i * 11 + i);
  return all;
}

const std::string text = repeated(R"({"type":"message.new","text":"god morgen"} )");
const std::string binary = noise();

// What a client's queue holds, in order.
struct Job {
  enum Kind { message, ping, close } kind;
  std::size_t index = 0;
  std::size_t size = 0;
};

// One connection with the server's own count. Pending operations keep it alive, the room also
// later.
class Client : public std::enable_shared_from_this<Client> {
 public:
  explicit Client(tcp::socket socket) : stream_(std::move(socket)) {
    const auto remote = stream_.next_layer().remote_endpoint();
    peer_ = remote.address().to_string() + ":" + std::to_string(remote.port());
    stream_.write_buffer_bytes(fragment_bytes);
    stream_.auto_fragment(true);
  }

  void start() {
    stream_.async_accept([self = shared_from_this()](beast::error_code error) {
      if (error) return;
      self->open_ = true;
      self->enqueue({Job::message, 0, 200});
      self->read();
    });
  }

  void enqueue(Job job) {
    jobs_.push_back(job);
    if (jobs_.size() == 1) work();
  }

  bool is_open() const { return open_; }

  json::object counts() const {
    return {{"peer", peer_},         {"via", ""},       {"open", open_},    {"sent", sent_},
            {"received", received_}, {"pings", pings_}, {"frames", frames_}};
  }

 private:
  void read() {
    stream_.async_read(inbox_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (error) {
        self->open_ = false;
        return;
      }
      self->inbox_.clear();
      ++self->received_;
      self->read();
    });
  }

  void work() {
    const Job job = jobs_.front();
    auto done = [self = shared_from_this(), job](beast::error_code error, std::size_t = 0) {
      if (error) return;  // the connection is over: the rest of the queue never leaves
      self->count(job);
      self->jobs_.pop_front();
      if (!self->jobs_.empty()) self->work();
    };
    if (job.kind == Job::ping) return stream_.async_ping("anyone?", done);
    if (job.kind == Job::close) return stream_.async_close(websocket::close_code::normal, done);
    const bool is_binary = job.index % 2 == 1;
    stream_.binary(is_binary);
    stream_.async_write(net::buffer((is_binary ? binary : text).data(), job.size), done);
  }

  void count(const Job& job) {
    if (job.kind == Job::ping) ++pings_;
    if (job.kind != Job::message) return;
    ++sent_;
    frames_ += std::max<std::size_t>(1, (job.size + fragment_bytes - 1) / fragment_bytes);
  }

  websocket::stream<tcp::socket> stream_;
  beast::flat_buffer inbox_;
  std::deque<Job> jobs_;
  std::string peer_;
  bool open_ = false;
  std::uint64_t sent_ = 0, received_ = 0, pings_ = 0, frames_ = 0;
};

// Takes clients in, and commands from stdin, one line each.
class Room {
 public:
  Room(net::io_context& io, const std::string& address)
      : acceptor_(io, {net::ip::make_address(address), 0}),
        commands_(io, ::dup(STDIN_FILENO)),
        pause_(io) {}

  void start() {
    std::cout << "{\"port\": " << acceptor_.local_endpoint().port() << "}" << std::endl;
    accept();
    next_command();
  }

 private:
  void accept() {
    acceptor_.async_accept([this](beast::error_code error, tcp::socket socket) {
      if (!error) {
        clients_.push_back(std::make_shared<Client>(std::move(socket)));
        clients_.back()->start();
      }
      accept();
    });
  }

  void next_command() {
    net::async_read_until(commands_, net::dynamic_buffer(line_), '\n',
                          [this](beast::error_code error, std::size_t size) {
                            if (error) std::exit(0);  // stdin has ended
                            const json::value command = json::parse(line_.substr(0, size));
                            line_.erase(0, size);
                            obey(command.as_object());
                          });
  }

  void obey(const json::object& command) {
    const auto& what = command.at("do").as_string();
    if (what == "quit") std::exit(0);
    if (what == "broadcast") {
      sizes_ = json::value_to<std::vector<std::size_t>>(command.at("sizes"));
      pause_ms_ = command.at("pause_ms").to_number<int>();
      return broadcast(0);
    }
    if (what == "ping") to_open({Job::ping}, clients_.size());
    if (what == "close") to_open({Job::close}, command.at("count").to_number<std::size_t>());
    answer(what == "report" ? report() : json::object{});
  }

  void broadcast(std::size_t index) {
    for (; index < sizes_.size(); ++index) {
      to_open({Job::message, index, sizes_[index]}, clients_.size());
      if (pause_ms_ == 0) continue;
      pause_.expires_after(std::chrono::milliseconds(pause_ms_));
      return pause_.async_wait([this, index](beast::error_code) { broadcast(index + 1); });
    }
    answer({});
  }

  void to_open(Job job, std::size_t count) {
    for (const auto& client : clients_) {
      if (count == 0) return;
      if (!client->is_open()) continue;
      client->enqueue(job);
      --count;
    }
  }

  json::object report() const {
    json::array all;
    for (const auto& client : clients_) all.push_back(client->counts());
    return {{"clients", all}};
  }

  void answer(const json::object& line) {
    std::cout << line << std::endl;
    next_command();
  }

  tcp::acceptor acceptor_;
  net::posix::stream_descriptor commands_;
  net::steady_timer pause_;
  std::string line_;
  std::vector<std::size_t> sizes_;  // of the broadcast in progress
  int pause_ms_ = 0;
  std::vector<std::shared_ptr<Client>> clients_;  // every one that ever came, in order
};

}  // namespace

int main(int, char** argv) {
  net::io_context io(1);
  Room room(io, argv[1]);
  room.start();
  io.run();
}
