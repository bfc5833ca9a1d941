// SPDX-License-Identifier: Apache-2.0
// Who listens is known from the moment on that it does, also of servers that are gone before
// anybody looks.
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "agent/model/ledger.h"
#include "tests/kernel/kernel_test.h"

namespace fanfare::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::StartsWith;

constexpr int mptcp = 262;  // IPPROTO_MPTCP, which headers of glibc 2.36 lack

// Serves one client with 20 messages and ends.
constexpr const char* script = R"(
import socket, sys
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
with open(sys.argv[1] + ".part", "w") as out:
    out.write(str(listener.getsockname()[1]))
import os
os.rename(sys.argv[1] + ".part", sys.argv[1])
connection, _ = listener.accept()
listener.close()
connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                   b"Connection: Upgrade\r\n\r\n")
for _ in range(20):
    connection.sendall(b"\x81\x02hi")
connection.shutdown(socket.SHUT_WR)
connection.recv(1)
)";

class ListenersTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped()) return;
    std::string room = std::filesystem::temp_directory_path() / "fanfare-listeners-XXXXXX";
    ASSERT_NE(::mkdtemp(room.data()), nullptr);
    room_ = room;
    std::ofstream(room_ / "chat.py") << script;
  }
  void TearDown() override {
    KernelTest::TearDown();
    if (!room_.empty()) std::filesystem::remove_all(room_);
  }

  // From its first listen() to its end; returns its port, 0 where there is no python3.
  std::uint16_t short_life(int number) {
    const auto told = room_ / ("port-" + std::to_string(number));
    const auto path = room_ / "chat.py";
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::alarm(patience_seconds);
      ::execlp("python3", "python3", path.c_str(), told.c_str(), "--token=secret", nullptr);
      ::_exit(127);
    }
    int status = 0;
    while (!std::filesystem::exists(told)) {
      if (::waitpid(pid, &status, WNOHANG) != 0) return 0;
      std::this_thread::sleep_for(5ms);
    }
    std::uint16_t port = 0;
    std::ifstream(told) >> port;
    Fd client = connect_to({.port = port});
    const auto received = receive_rest(client);
    EXPECT_EQ(received.size(), std::string(received, 0, received.find("\r\n\r\n") + 4).size() + 80);
    client = Fd();
    ::waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0);
    return port;
  }

  std::filesystem::path room_;
};

std::vector<std::string> names(const Model& model) {
  std::vector<std::string> found;
  for (const auto& shard : model.shards) found.push_back(shard.name);
  return found;
}

TEST_F(ListenersTest, a_server_that_is_gone_before_anybody_looks_has_its_name_and_its_figures) {
  attach();
  Ledger ledger({}, 100);
  ledger.advance(read());
  const auto port = short_life(1);
  if (port == 0) GTEST_SKIP() << "needs python3";
  const auto snapshot = read();
  const auto model = ledger.advance(snapshot);
  ASSERT_EQ(model.shards.size(), 1U);
  const auto& shard = model.shards[0];
  EXPECT_THAT(shard.name, StartsWith("python chat.py:" + std::to_string(port)));
  EXPECT_EQ(shard.name.find("secret"), std::string::npos);
  EXPECT_EQ(shard.out.messages[FANFARE_EVENT], 20U);
  EXPECT_EQ(shard.sockets_opened, 1U);
}

// Those that listen and those that did; by the configuration's conditions too.
TEST_F(ListenersTest, a_rule_finds_a_server_at_its_first_socket) {
  attach();
  const auto exe = std::filesystem::canonical("/proc/self/exe").string();
  ShardRule rule{"own", {{}, "", exe}};
  Ledger ledger({rule}, 100);
  ledger.advance(read());
  const Fd listener = listen_on();
  const Pair pair = upgraded_pair(listener);
  send_messages(pair.server, 20, 30);
  wait_until_sent(pair.server);
  const auto model = ledger.advance(read());
  EXPECT_THAT(names(model), ElementsAre("own"));
  EXPECT_EQ(model.shards.at(0).out.messages[FANFARE_EVENT], 20U);
}

TEST_F(ListenersTest, an_mptcp_listener_is_known_at_birth) {
  attach();
  read();
  const Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, mptcp));
  if (!listener) GTEST_SKIP() << "this kernel has no MPTCP: " << std::strerror(errno);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&any), sizeof any), 0);
  ASSERT_EQ(::listen(listener.get(), 16), 0);
  bool found = false;
  for (const auto& [key, owner] : read().owners->listeners)
    found = found ||
            (key.port == port_of(listener) && owner.pid == static_cast<std::uint32_t>(::getpid()));
  EXPECT_TRUE(found);
}

TEST_F(ListenersTest, who_has_ceased_to_listen_is_not_listening) {
  attach();
  Fd listener = listen_on();
  const auto port = port_of(listener);
  const auto listening = [&](const std::map<ListenerKey, Owner>& among) {
    return std::count_if(among.begin(), among.end(),
                         [&](const auto& entry) { return entry.first.port == port; });
  };
  EXPECT_EQ(listening(read().owners->listeners), 1);
  listener = Fd();
  const auto owners = read().owners;
  EXPECT_EQ(listening(owners->listeners), 0);
  EXPECT_EQ(listening(owners->ended), 1);
}

}  // namespace
}  // namespace fanfare::test
