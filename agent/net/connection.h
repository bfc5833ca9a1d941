// SPDX-License-Identifier: Apache-2.0
// A connection to a server, over TCP or TLS. The templates of Asio's streams end here: they cost
// half a minute of compilation for each unit that has them.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace fanfare {

struct TlsPeer {
  std::string host;     // a name or an address, which its certificate must be for
  std::string ca_file;  // who vouches for it; empty: whom the system trusts. Read anew each time.
};

struct Secured {
  boost::system::error_code error{};
  bool bad_ca_file = false;
  std::string verdict{};  // of the certificate, where that is why
};

struct Moved {
  boost::system::error_code error{};
  std::size_t bytes = 0;
};

// Of one operation at a time; held by a shared_ptr for as long as one runs. No call throws.
class Connection {
 public:
  explicit Connection(const boost::asio::any_io_executor& executor);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // From now on, for all operations together; past it they end with beast::error::timeout.
  void expires_after(std::chrono::milliseconds time);
  // Ends what is under way.
  void close();

  boost::asio::awaitable<boost::system::error_code> connect(
      std::vector<boost::asio::ip::tcp::endpoint> endpoints);
  // What is read and written after it goes through TLS.
  boost::asio::awaitable<Secured> secure(TlsPeer peer);
  boost::asio::awaitable<Moved> read(boost::asio::mutable_buffer into);
  boost::asio::awaitable<Moved> write(boost::asio::const_buffer from);  // some of it
  int native_handle();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace fanfare
