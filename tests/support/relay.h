// SPDX-License-Identifier: Apache-2.0
// A network between two namespaces whose packets go through this process, by TUN devices: towards
// the receiver some are dropped, sent twice or come late, by dice. There is no offload, so each
// packet is a segment of at most 1,460 bytes; and two threads, one on each CPU, may deliver.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "agent/kernel/fd.h"
#include "tests/support/netns.h"

namespace fanfare::test {

// Of the packets with payload towards the receiver; each by its own throw of the dice.
struct Faults {
  unsigned drop_percent = 0;
  unsigned twice_percent = 0;
  unsigned late_percent = 0;  // comes behind up to eight later ones, or after 3 ms
  std::uint64_t seed = 1;
  unsigned cpus = 1;  // that deliver to the receiver, each packet on one of them
};

// Whether this host has TUN devices; else a test skips with `no_relay`.
bool can_relay();
inline constexpr std::string_view no_relay =
    "no /dev/net/tun that this process may open: needs root and the kernel module tun";

class Relay {
 public:
  // `receiver` gets 10.99.0.1, `sender` 10.99.0.2, on devices called tun0. Throws
  // std::system_error.
  Relay(const Netns& receiver, const Netns& sender, const Faults& faults);
  ~Relay();  // ends the network
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // What it has done so far.
  std::uint64_t dropped() const { return dropped_; }
  std::uint64_t twice() const { return twice_; }
  std::uint64_t late() const { return late_; }

  // Each packet towards the receiver that has this text in it is lost. To be said before traffic.
  void lose_packets_with(std::string_view text) { lost_text_ = text; }
  // Each packet towards the receiver goes as this makes it. To be said before traffic.
  void rewrite(std::function<std::string(const std::string&)> change) {
    change_ = std::move(change);
  }
  // The last packet from the sender, and one towards the receiver that the sender has not sent; it
  // has been received when this returns.
  std::string last() const;
  void inject(const std::string& packet);
  // From here on all packets pass.
  void heal() { healed_ = true; }
  // Until go_on() what is sent to the receiver waits, and nothing is lost for it.
  void stop() { stopped_ = true; }
  void go_on() { stopped_ = false; }

 private:
  class Deliverer;

  void forward();
  void backward();

  Faults faults_;
  Fd receiver_, sender_;
  std::vector<std::unique_ptr<Deliverer>> deliverers_;
  std::string lost_text_;
  std::function<std::string(const std::string&)> change_;
  mutable std::mutex last_mutex_;
  std::string last_;
  std::atomic<bool> over_ = false, healed_ = false, stopped_ = false;
  std::atomic<std::uint64_t> dropped_ = 0, twice_ = 0, late_ = 0;
  std::thread forward_, backward_;
};

}  // namespace fanfare::test
