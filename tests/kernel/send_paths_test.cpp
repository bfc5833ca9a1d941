// SPDX-License-Identifier: Apache-2.0
// The ways by which bytes reach a socket: the hook lies below all of them, and payloads of most are
// in pages of somebody else. The shapes of streams are in writes_test.cpp.
#include <fcntl.h>
#include <liburing.h>
#include <linux/errqueue.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "tests/kernel/kernel_test.h"

namespace fanfare::test {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

class SendPathsTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped()) return;
    attach();
    listener_ = listen_on();
    pair_ = connect_pair(listener_);
    for (int i = 0; i < 3000; ++i) stream_.message(std::string(i % 700, 's'));
  }

  Fd listener_;
  Pair pair_;
  StreamBuilder stream_ = upgraded_stream();
};

// The stream in a file without name.
Fd file_of(std::string_view bytes) {
  Fd file(::memfd_create("stream", MFD_CLOEXEC));
  if (!file ||
      ::write(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
    fail("memfd");
  return file;
}

TEST_F(SendPathsTest, sendfile) {
  const Fd file = file_of(stream_.bytes());
  expect_counted(pair_, stream_, [&] {
    off_t at = 0;
    while (at < static_cast<off_t>(stream_.bytes().size()))
      if (::sendfile(pair_.server.get(), file.get(), &at, 10007) <= 0) fail("sendfile");
  });
}

TEST_F(SendPathsTest, splice) {
  const Fd file = file_of(stream_.bytes());
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail("pipe");
  const Fd reading(ends[0]), writing(ends[1]);
  expect_counted(pair_, stream_, [&] {
    off_t at = 0;
    while (at < static_cast<off_t>(stream_.bytes().size())) {
      auto inside = ::splice(file.get(), &at, writing.get(), nullptr, 9001, 0);
      if (inside <= 0) fail("splice into the pipe");
      while (inside > 0) {
        const auto out = ::splice(reading.get(), nullptr, pair_.server.get(), nullptr,
                                  static_cast<std::size_t>(inside), 0);
        if (out <= 0) fail("splice into the socket");
        inside -= out;
      }
    }
  });
}

// Header and payload from different places, as most servers send them.
TEST_F(SendPathsTest, writev) {
  const std::string payload(400, 'v');
  StreamBuilder stream = upgraded_stream();
  for (int i = 0; i < 5000; ++i) stream.message(payload);
  expect_counted(pair_, stream, [&] {
    send_all(pair_.server, upgrade_head());
    std::string start = header({text}, payload.size());
    for (int i = 0; i < 5000; ++i) {
      iovec parts[] = {{start.data(), start.size()},
                       {const_cast<char*>(payload.data()), payload.size()}};
      if (::writev(pair_.server.get(), parts, 2) !=
          static_cast<ssize_t>(start.size() + payload.size()))
        fail("writev");
    }
  });
}

TEST_F(SendPathsTest, zerocopy) {
  set_option(pair_.server, SOL_SOCKET, SO_ZEROCOPY, 1);
  expect_counted(pair_, stream_, [&] {
    for (std::size_t at = 0; at < stream_.bytes().size(); at += 20011)
      send_all(pair_.server.get(), std::string_view(stream_.bytes()).substr(at, 20011),
               MSG_ZEROCOPY);
  });
  // At least one completion proves that the way was taken at all.
  msghdr message{};
  char control[256];
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  EXPECT_GE(::recvmsg(pair_.server.get(), &message, MSG_ERRQUEUE), 0) << std::strerror(errno);
}

class Ring {
 public:
  Ring() : error_(::io_uring_queue_init(8, &ring_, 0)) {}
  ~Ring() {
    if (!error_) ::io_uring_queue_exit(&ring_);
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  int error() const { return error_; }

  bool can(int operation) {
    io_uring_probe* probe = ::io_uring_get_probe_ring(&ring_);
    const bool able = probe && ::io_uring_opcode_supported(probe, operation);
    ::io_uring_free_probe(probe);
    return able;
  }

  enum class Way { copy, zero_copy };

  // One send and its completions. Returns bytes sent or -errno.
  int send(int socket, std::string_view bytes, Way way) {
    io_uring_sqe* entry = ::io_uring_get_sqe(&ring_);
    if (way == Way::copy)
      ::io_uring_prep_send(entry, socket, bytes.data(), bytes.size(), MSG_WAITALL);
    else
      ::io_uring_prep_send_zc(entry, socket, bytes.data(), bytes.size(), MSG_WAITALL, 0);
    ::io_uring_submit(&ring_);
    int result = 0;
    for (bool more = true; more;) {
      io_uring_cqe* done = nullptr;
      if (const int error = ::io_uring_wait_cqe(&ring_, &done)) return error;
      if (!(done->flags & IORING_CQE_F_NOTIF)) result = done->res;
      more = done->flags & IORING_CQE_F_MORE;
      ::io_uring_cqe_seen(&ring_, done);
    }
    return result;
  }

 private:
  io_uring ring_{};
  int error_;
};

void send_by_ring(Ring& ring, const Fd& socket, std::string_view bytes, Ring::Way way) {
  while (!bytes.empty()) {
    const int sent = ring.send(socket.get(), bytes.substr(0, 7919), way);
    if (sent <= 0) throw std::system_error(-sent, std::generic_category(), "io_uring send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

TEST_F(SendPathsTest, io_uring_send) {
  Ring ring;
  if (ring.error()) GTEST_SKIP() << "io_uring is refused here: " << std::strerror(-ring.error());
  expect_counted(pair_, stream_,
                 [&] { send_by_ring(ring, pair_.server, stream_.bytes(), Ring::Way::copy); });
}

TEST_F(SendPathsTest, io_uring_send_zc) {
  Ring ring;
  if (ring.error()) GTEST_SKIP() << "io_uring is refused here: " << std::strerror(-ring.error());
  if (!ring.can(IORING_OP_SEND_ZC)) GTEST_SKIP() << "this kernel has no IORING_OP_SEND_ZC";
  // Bounded: each send waits until its pages are free again, that is until they are acknowledged.
  expect_counted(pair_, stream_,
                 [&] { send_by_ring(ring, pair_.server, stream_.bytes(), Ring::Way::zero_copy); });
}

}  // namespace
}  // namespace fanfare::test
