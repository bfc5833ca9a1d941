// SPDX-License-Identifier: Apache-2.0
// Files, modes and peer credentials of the admin socket.
#include "agent/exports/admin_socket.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "agent/config/codes.h"
#include "agent/config/start_error.h"

namespace fanfare {
namespace {

namespace net = boost::asio;
using local = net::local::stream_protocol;

constexpr const char* choose_another = "give --admin PATH";

std::string error_text(int error) { return std::generic_category().message(error); }

[[noreturn]] void refuse_errno(const std::string& text, int error) {
  const bool permission = error == EACCES || error == EPERM || error == EROFS;
  throw StartError(fmt::format("{}: {}", text, error_text(error)),
                   permission ? "run as root, or give --admin PATH in a directory you may write to"
                              : choose_another,
                   permission ? exit_kernel : exit_usage, code::admin);
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    throw StartError(fmt::format("the admin socket's path \"{}\" has {} bytes; the kernel takes 1 "
                                 "to {}",
                                 path, path.size(), sizeof(address.sun_path) - 1),
                     "give --admin PATH with a shorter path", exit_usage, code::admin);
  }
  std::copy(path.begin(), path.end(), address.sun_path);
  return address;
}

// errno of a connect to `path`, 0 if somebody answers. Not blocking: a hung agent whose backlog is
// full (EAGAIN) is alive too.
int try_connect(const std::string& path) {
  const sockaddr_un address = address_of(path);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) {
    return errno;
  }
  const int result =
      ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 ? 0 : errno;
  ::close(fd);
  return result == EAGAIN ? 0 : result;
}

// After this nothing stands at `path`, or a StartError was thrown.
void clear_the_way(const std::string& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) {
    if (errno != ENOENT) {
      refuse_errno("cannot look at " + path, errno);
    }
    return;
  }
  if (!S_ISSOCK(found.st_mode)) {
    throw StartError(path + " exists and is not a socket",
                     "move it away if it is not needed, or give --admin PATH", exit_usage,
                     code::admin);
  }
  switch (const int error = try_connect(path)) {
    case 0:
      throw StartError(fmt::format("another fanfare agent answers at {}", path),
                       "stop it or give --admin PATH", exit_usage, code::admin);
    case ECONNREFUSED:  // nobody listens: left behind by a dead agent
      break;
    case ENOENT:  // gone meanwhile
      return;
    default:
      refuse_errno(fmt::format("{} is a socket that cannot be asked whether an agent lives", path),
                   error);
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    refuse_errno("cannot remove the socket of a dead agent at " + path, errno);
  }
}

void make_parent(const std::string& path) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  if (parent.empty() || ::mkdir(parent.c_str(), 0755) == 0 || errno == EEXIST) {
    return;
  }
  refuse_errno(fmt::format("cannot make the directory {}", parent.string()), errno);
}

// For the moment of bind(), so that the file never exists with a wider mode.
class Umask {
 public:
  explicit Umask(mode_t mask) : before_(::umask(mask)) {}
  ~Umask() { ::umask(before_); }
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;

 private:
  mode_t before_;
};

}  // namespace

AdminSocketFile::AdminSocketFile(std::string path) : path_(std::move(path)) {
  struct stat made {};
  if (::lstat(path_.c_str(), &made) == 0) {
    device_ = made.st_dev;
    inode_ = made.st_ino;
  }
}

AdminSocketFile::~AdminSocketFile() {
  struct stat found {};
  const bool ours = ::lstat(path_.c_str(), &found) == 0 && S_ISSOCK(found.st_mode) &&
                    found.st_dev == device_ && found.st_ino == inode_;
  if (ours) {
    ::unlink(path_.c_str());
  }
}

local::acceptor listen_on_file(net::io_context& context, const std::string& path) {
  address_of(path);  // refuses a path that no socket can have
  make_parent(path);
  clear_the_way(path);
  local::acceptor acceptor(context);
  boost::system::error_code error;
  acceptor.open(local(), error);
  if (!error) {
    const Umask only_owner_and_group(0117);
    acceptor.bind(local::endpoint(path), error);
  }
  if (!error) {
    acceptor.listen(net::socket_base::max_listen_connections, error);
  }
  if (error) {
    refuse_errno("cannot listen on " + path, error.value());
  }
  return acceptor;
}

PeerCredentials peer_of(int connected_fd) {
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  if (::getsockopt(connected_fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    throw std::system_error(errno, std::generic_category(), "SO_PEERCRED");
  }
  PeerCredentials peer{credentials.uid, {}};
  socklen_t bytes = 0;
  if (::getsockopt(connected_fd, SOL_SOCKET, SO_PEERGROUPS, nullptr, &bytes) != 0 &&
      errno == ERANGE) {
    peer.groups.resize(bytes / sizeof(gid_t));
    if (::getsockopt(connected_fd, SOL_SOCKET, SO_PEERGROUPS, peer.groups.data(), &bytes) != 0) {
      peer.groups.clear();
    }
  }
  peer.groups.push_back(credentials.gid);
  return peer;
}

bool may_speak(const PeerCredentials& peer, uid_t own, gid_t file_group) {
  return peer.uid == 0 || peer.uid == own ||
         std::ranges::find(peer.groups, file_group) != peer.groups.end();
}

bool peer_may_speak(int connected_fd, const std::string& path) {
  struct stat file {};
  // Without a file there is no group: -1 is the id that no group can have.
  const gid_t group = ::stat(path.c_str(), &file) == 0 ? file.st_gid : static_cast<gid_t>(-1);
  return may_speak(peer_of(connected_fd), ::geteuid(), group);
}

}  // namespace fanfare
