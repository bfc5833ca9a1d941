// SPDX-License-Identifier: Apache-2.0
// The admin socket as a file: made with 0660, taken over from a dead agent, never from a live one,
// removed at the end. And who may speak to it. No protocol here.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <string>
#include <vector>

namespace fanfare {

// Owns the file, not the acceptor. Removes it only while it is still the one that was made here.
class AdminSocketFile {
 public:
  explicit AdminSocketFile(std::string path);  // remembers the socket at `path`
  ~AdminSocketFile();
  AdminSocketFile(const AdminSocketFile&) = delete;
  AdminSocketFile& operator=(const AdminSocketFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

// Makes the parent directory (0755) and the socket (0660), and listens; StartError if something
// stands in the way.
boost::asio::local::stream_protocol::acceptor listen_on_file(boost::asio::io_context& context,
                                                             const std::string& path);

struct PeerCredentials {
  uid_t uid = 0;
  std::vector<gid_t> groups;  // effective and supplementary
};

// Who is at the other end of a connected unix socket, as the kernel says.
PeerCredentials peer_of(int connected_fd);

// Root, the agent's own user, and the group that owns the socket file.
bool may_speak(const PeerCredentials& peer, uid_t own, gid_t file_group);

// May the other end of `connected_fd` speak? The group is read afresh: it may be changed while the
// agent runs.
bool peer_may_speak(int connected_fd, const std::string& path);

}  // namespace fanfare
