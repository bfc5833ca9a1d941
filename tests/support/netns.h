// SPDX-License-Identifier: Apache-2.0
// Network namespaces that live as long as the value: they have no name, so nothing stays behind. A
// socket made inside may be used from anywhere.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "agent/kernel/fd.h"

namespace fanfare::test {

class Netns {
 public:
  // With `lo` up. Throws std::system_error.
  Netns();

  // Runs `work` inside, on a thread of its own, and returns when it is done. Throws what it throws.
  void run(const std::function<void()>& work) const;

  // A shell command line inside. Throws std::runtime_error where it fails.
  void shell(const std::string& command) const;

  std::uint32_t inode() const;
  // For `ip link ... netns PATH`.
  std::string path() const;

 private:
  Fd fd_;
};

// A veth pair between the two: `left` has 10.99.0.1 and fd99::1, `right` 10.99.0.2 and fd99::2. The
// devices are called veth0.
void connect_netns(const Netns& left, const Netns& right);

void shell(const std::string& command);

}  // namespace fanfare::test
