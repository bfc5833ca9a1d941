// SPDX-License-Identifier: Apache-2.0
// What may stand in the way of the server at its start, and who may speak on the admin socket.
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "agent/config/start_error.h"
#include "agent/exports/admin_socket.h"
#include "agent/exports/listen_address.h"
#include "agent/exports/server.h"
#include "tests/unit/loopback_server.h"

namespace fanfare {
namespace {

namespace net = boost::asio;
using namespace std::chrono_literals;
using namespace loopback;

// What constructing a server throws.
StartError start_error(const std::string& listen, const std::string& admin) {
  net::io_context context(1);
  try {
    const Server server(context, {listen, admin, 1s, 1}, {[] { return nullptr; }, {}});
  } catch (const StartError& error) {
    return error;
  }
  ADD_FAILURE() << "started at \"" << listen << "\" and \"" << admin << "\"";
  return {"", "", 0};
}

TEST(ServerStart, APortInUse) {
  Running first;
  const StartError error = start_error(first.address(), "");
  EXPECT_EQ(error.what(), first.address() + " is in use (by another agent?)");
  EXPECT_EQ(error.remedy, "give --listen ADDR:PORT");
  EXPECT_EQ(error.exit_code, 2);
}

TEST(ServerStart, ListenAddressesThatAreNone) {
  for (const char* text : {"9477", "localhost:9477", "127.0.0.1:", "127.0.0.1:70000", "::1:9477",
                           "[127.0.0.1]:9477", "127.0.0.1:94x", "127.0.0.1:-1", ":9477", ":"}) {
    const StartError error = start_error(text, "");
    EXPECT_EQ(error.exit_code, 2) << text;
    EXPECT_TRUE(has(error.what(), text)) << error.what();
    EXPECT_TRUE(has(error.remedy, "--listen")) << error.remedy;
  }
  EXPECT_EQ(start_error("203.0.113.1:0", "").what(),
            std::string("203.0.113.1:0 is not an address of this host"));
  EXPECT_EQ(parse_listen_address("[::1]:9477").port(), 9477);
  EXPECT_TRUE(parse_listen_address("[::1]:9477").address().is_v6());
}

TEST(ServerStart, AnotherAgentAnswersAtTheSocket) {
  Running first;
  const StartError error = start_error("", first.admin());
  EXPECT_EQ(error.what(), "another fanfare agent answers at " + first.admin());
  EXPECT_EQ(error.remedy, "stop it or give --admin PATH");
  EXPECT_EQ(error.exit_code, 2);
  const Client still = first.unix_socket();
  still.send(get("/livez"));
  EXPECT_TRUE(still.read_answer().starts_with("HTTP/1.1 200 "));
}

TEST(ServerStart, TheSocketOfADeadAgentIsReplaced) {
  const Directory directory;
  const std::string path = directory.file("admin.sock");
  {
    net::io_context context(1);
    const auto dead = listen_on_file(context, path);
  }  // closed, but nobody removed the file
  ASSERT_TRUE(std::filesystem::exists(path));
  net::io_context context(1);
  const Server server(context, {"", path, 1s, 1}, {[] { return nullptr; }, {}});
  struct stat made {};
  ASSERT_EQ(::lstat(path.c_str(), &made), 0);
  EXPECT_TRUE(S_ISSOCK(made.st_mode));
  EXPECT_EQ(made.st_mode & 07777, 0660U);
}

TEST(ServerStart, TheDirectoryIsMadeForAllToEnter) {
  const Directory directory;
  net::io_context context(1);
  const Server server(context, {"", directory.file("new/admin.sock"), 1s, 1},
                      {[] { return nullptr; }, {}});
  struct stat made {};
  ASSERT_EQ(::stat(directory.file("new").c_str(), &made), 0);
  EXPECT_EQ(made.st_mode & 07777, 0755U);
}

TEST(ServerStart, WhatIsNoSocketIsLeftAlone) {
  const Directory directory;
  const std::string path = directory.file("precious");
  std::ofstream(path) << "data";
  const StartError error = start_error("", path);
  EXPECT_EQ(error.what(), path + " exists and is not a socket");
  EXPECT_EQ(error.exit_code, 2);
  EXPECT_EQ(std::filesystem::file_size(path), 4U);

  std::filesystem::create_symlink(path, directory.file("link"));
  EXPECT_TRUE(has(start_error("", directory.file("link")).what(), "is not a socket"));
  EXPECT_TRUE(has(start_error("", directory.file(std::string(120, 'x'))).what(), "bytes"));
  EXPECT_TRUE(has(start_error("", directory.file("a/b/c")).what(), "cannot make the directory"));
}

TEST(ServerStart, TheFileOfASuccessorIsNotRemoved) {
  const Directory directory;
  const std::string path = directory.file("admin.sock");
  net::io_context context(1);
  auto first = std::make_optional<Server>(context, ServerOptions{"", path, 1s, 1},
                                          ServerHooks{[] { return nullptr; }, {}});
  ::unlink(path.c_str());
  const auto successor = listen_on_file(context, path);
  first.reset();
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST(AdminSocket, WhoMaySpeak) {
  EXPECT_TRUE(may_speak({0, {}}, 500, 600));
  EXPECT_TRUE(may_speak({500, {}}, 500, 600));
  EXPECT_TRUE(may_speak({7, {8, 600}}, 500, 600));
  EXPECT_FALSE(may_speak({7, {8, 500}}, 500, 600));
  EXPECT_FALSE(may_speak({7, {}}, 500, 600));
}

// A child that asks as `user` in the supplementary group `group`; true if it was answered 200.
bool answered_as(const std::string& path, uid_t user, gid_t group) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setgroups(1, &group) != 0 || ::setgid(user) != 0 || ::setuid(user) != 0) {
      ::_exit(2);
    }
    const Client client(Client::Path{path});
    client.send(get("/api/v1/sockets"));
    ::_exit(client.read_answer().starts_with("HTTP/1.1 200 ") ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) != 2);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(AdminSocket, AStrangerIsRefusedEvenIfTheFileLetsHimIn) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs root, to ask as another user";
  }
  Running server;
  constexpr uid_t stranger = 65534;
  constexpr gid_t operators = 54321;
  // The test's own directory is 0700.
  std::filesystem::path above = server.admin();
  above = above.parent_path().parent_path();
  ASSERT_EQ(::chmod(above.c_str(), 0755), 0);
  ASSERT_EQ(::chmod(server.admin().c_str(), 0666), 0);
  EXPECT_FALSE(answered_as(server.admin(), stranger, operators));
  ASSERT_EQ(::chown(server.admin().c_str(), 0, operators), 0);
  EXPECT_TRUE(answered_as(server.admin(), stranger, operators));
  EXPECT_FALSE(answered_as(server.admin(), stranger, operators + 1));
}

}  // namespace
}  // namespace fanfare
