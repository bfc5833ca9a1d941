// SPDX-License-Identifier: Apache-2.0
#include "tests/support/relay.h"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <system_error>

#include "tests/support/dice.h"

namespace fanfare::test {
namespace {

Fd open_tun(const Netns& netns, const std::string& address) {
  Fd tun;
  netns.run([&] {
    tun = Fd(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
    ifreq request{};
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    std::strcpy(request.ifr_name, "tun0");
    if (!tun || ::ioctl(tun.get(), TUNSETIFF, &request) != 0)
      throw std::system_error(errno, std::generic_category(), "making a TUN device");
  });
  netns.shell("ip addr add " + address + "/24 dev tun0; ip link set tun0 txqueuelen 10000 up");
  return tun;
}

// The next packet, or nothing within `patience`.
std::optional<std::string> next_packet(const Fd& tun, std::chrono::milliseconds patience) {
  pollfd waiting{tun.get(), POLLIN, 0};
  if (::poll(&waiting, 1, static_cast<int>(patience.count())) <= 0) return std::nullopt;
  std::array<char, 65536> buffer{};
  const auto size = ::read(tun.get(), buffer.data(), buffer.size());
  if (size <= 0) return std::nullopt;
  return std::string(buffer.data(), static_cast<std::size_t>(size));
}

void write_packet(const Fd& tun, const std::string& packet) {
  // A device that is gone, or full: the network may lose what it likes.
  [[maybe_unused]] const auto written = ::write(tun.get(), packet.data(), packet.size());
}

bool has_tcp_payload(const std::string& packet) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(packet.at(at)); };
  if (packet.size() < 40 || byte(0) >> 4 != 4 || byte(9) != 6) return false;
  const std::size_t header = (byte(0) & 15U) * 4U;
  return packet.size() > header + (byte(header + 12) >> 4) * 4U;
}

}  // namespace

bool can_relay() { return static_cast<bool>(Fd(::open("/dev/net/tun", O_RDWR | O_CLOEXEC))); }

// A thread on one CPU that hands packets to the receiver's device: they are received there.
class Relay::Deliverer {
 public:
  Deliverer(unsigned cpu, const Fd& tun) : tun_(tun), thread_([this, cpu] { run(cpu); }) {}
  ~Deliverer() {
    push({});
    thread_.join();
  }

  void push(const std::string& packet) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return packets_.size() < packets_max; });
    packets_.push_back(packet);
    changed_.notify_all();
  }

 private:
  void run(unsigned cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    ::sched_setaffinity(0, sizeof set, &set);
    for (;;) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return !packets_.empty(); });
      std::deque<std::string> packets;
      packets.swap(packets_);
      changed_.notify_all();
      lock.unlock();
      for (const auto& packet : packets) {
        if (packet.empty()) return;
        write_packet(tun_, packet);
      }
    }
  }

  // One CPU gets no further behind the other than this, twice.
  static constexpr std::size_t packets_max = 32;

  const Fd& tun_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> packets_;  // an empty one: the end
  std::thread thread_;
};

Relay::Relay(const Netns& receiver, const Netns& sender, const Faults& faults)
    : faults_(faults),
      receiver_(open_tun(receiver, "10.99.0.1")),
      sender_(open_tun(sender, "10.99.0.2")) {
  for (unsigned cpu = 0; cpu < faults.cpus; ++cpu)
    deliverers_.push_back(std::make_unique<Deliverer>(cpu, receiver_));
  forward_ = std::thread([this] { forward(); });
  backward_ = std::thread([this] { backward(); });
}

Relay::~Relay() {
  over_ = true;
  forward_.join();
  backward_.join();
}

std::string Relay::last() const {
  const std::lock_guard lock(last_mutex_);
  return last_;
}

void Relay::inject(const std::string& packet) { write_packet(receiver_, packet); }

void Relay::forward() {
  struct Late {
    std::size_t behind;  // so many later packets pass first
    std::string packet;
  };
  Dice dice(faults_.seed);
  std::deque<Late> late;
  const auto percent = [&](unsigned share) { return dice.below(100) < share; };
  const auto deliver = [&](const std::string& packet) {
    deliverers_[dice.below(deliverers_.size())]->push(change_ ? change_(packet) : packet);
  };
  while (!over_) {
    if (stopped_) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      continue;
    }
    const auto packet = next_packet(sender_, std::chrono::milliseconds(3));
    for (auto& one : late) one.behind -= packet ? 1 : one.behind;
    if (packet) {
      {
        const std::lock_guard lock(last_mutex_);
        last_ = *packet;
      }
      const bool faulty = !healed_ && has_tcp_payload(*packet);
      const bool lost =
          faulty && !lost_text_.empty() && packet->find(lost_text_) != std::string::npos;
      if (lost || (faulty && percent(faults_.drop_percent))) {
        ++dropped_;
      } else if (faulty && percent(faults_.late_percent)) {
        ++late_;
        late.push_back({dice.between(1, 8), *packet});
        continue;
      } else {
        deliver(*packet);
        if (faulty && percent(faults_.twice_percent)) {
          ++twice_;
          deliver(*packet);
        }
      }
    }
    std::erase_if(late, [&](const Late& one) {
      if (one.behind) return false;
      deliver(one.packet);
      return true;
    });
  }
}

void Relay::backward() {
  while (!over_)
    if (const auto packet = next_packet(receiver_, std::chrono::milliseconds(3)); packet)
      write_packet(sender_, *packet);
}

}  // namespace fanfare::test
