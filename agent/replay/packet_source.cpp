// SPDX-License-Identifier: Apache-2.0
#include "agent/replay/packet_source.h"

#include <algorithm>
#include <utility>

namespace fanfare {
namespace {

using namespace std::chrono_literals;

constexpr auto period = 1s;
// A longer silence is passed over: somebody has joined captures, or a clock was set.
constexpr auto gap_max = 1h;

std::string count_text(std::uint64_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

}  // namespace

PacketSource::PacketSource(CaptureFile file, const Knobs& knobs)
    : file_(std::move(file)), connections_(knobs) {
  advance();
  due_ = clock_ + period;
}

// Time 0 would mean "not known" to the rooms behind.
void PacketSource::advance() {
  has_packet_ = file_.read(packet_);
  if (!has_packet_) return;
  ++packets_;
  const Monotonic at = std::max<Monotonic>(packet_.at, 1ns);
  if (at < clock_) ++backwards_;
  clock_ = std::max(clock_, at);
}

std::optional<Replayed::Instant> PacketSource::next() {
  if (done_) return std::nullopt;
  if (has_packet_ && clock_ - due_ > gap_max) {
    ++skipped_gaps_;
    due_ = clock_ + period;
  }
  return Instant{due_, Wall(std::chrono::duration_cast<Wall::duration>(due_))};
}

void PacketSource::take() {
  const auto [kind, segment] = decode_packet(file_.link(), packet_.bytes, packet_.wire_length);
  ++kinds_.at(static_cast<std::size_t>(kind));
  if (kind == Decoded::cut || kind == Decoded::fragment) connections_.lose(FANFARE_LOSS_HEADER);
  if (kind != Decoded::tcp) return;
  if (segment.payload.size() < segment.length) ++cut_segments_;
  connections_.take(segment, clock_);
}

Snapshot PacketSource::read(Monotonic now, Wall wall, Snapshot spent) {
  Snapshot snapshot;
  snapshot.cookies = std::move(spent.cookies);
  snapshot.flows = std::move(spent.flows);
  snapshot.cookies.clear();
  snapshot.flows.clear();
  snapshot.taken = now;
  snapshot.wall = wall;
  for (; has_packet_ && clock_ < now; advance()) take();
  if (!has_packet_) {
    connections_.flush();
    done_ = true;
  }
  connections_.fill(snapshot, now);
  due_ = now + period;
  return snapshot;
}

std::vector<std::string> PacketSource::notes() const {
  const auto kind = [this](Decoded one) { return kinds_.at(static_cast<std::size_t>(one)); };
  std::vector<std::string> notes{count_text(packets_, "packet, ", "packets, ") +
                                 std::to_string(kind(Decoded::tcp)) + " of them TCP, " +
                                 count_text(connections_.opened(), "connection", "connections")};
  if (cut_segments_)
    notes.push_back(count_text(cut_segments_, "segment is", "segments are") +
                    " cut by the capture's snap length; payloads do not matter, frame headers do: "
                    "capture with tcpdump -s 0");
  if (kind(Decoded::cut))
    notes.push_back(count_text(kind(Decoded::cut), "packet has", "packets have") +
                    " no readable TCP header");
  if (kind(Decoded::fragment))
    notes.push_back(count_text(kind(Decoded::fragment), "packet is an IP fragment",
                               "packets are IP fragments") +
                    ", which are not put together");
  if (backwards_)
    notes.push_back(count_text(backwards_, "packet is", "packets are") +
                    " dated before the one in front");
  if (skipped_gaps_)
    notes.push_back(count_text(skipped_gaps_, "silence", "silences") +
                    " of more than an hour passed over");
  return notes;
}

}  // namespace fanfare
