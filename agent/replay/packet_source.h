// SPDX-License-Identifier: Apache-2.0
// A capture as snapshots, one for each second of its time: the doorway of this room for packets.
#pragma once

#include <array>

#include "agent/replay/capture_file.h"
#include "agent/replay/connections.h"
#include "agent/replay/replayed.h"

namespace fanfare {

class PacketSource : public Replayed {
 public:
  PacketSource(CaptureFile file, const Knobs& knobs);

  std::optional<Instant> next() override;
  Snapshot read(Monotonic now, Wall wall, Snapshot spent = {}) override;
  std::vector<std::string> notes() const override;
  std::string fault() const override { return file_.fault(); }

 private:
  void advance();
  void take();

  CaptureFile file_;
  Connections connections_;
  CapturedPacket packet_;
  bool has_packet_ = false;
  bool done_ = false;
  Monotonic clock_{};  // of the packets; never goes back
  Monotonic due_{};
  std::uint64_t packets_ = 0;
  std::array<std::uint64_t, 4> kinds_{};  // by enum Decoded
  std::uint64_t cut_segments_ = 0;
  std::uint64_t backwards_ = 0;
  std::uint64_t skipped_gaps_ = 0;
};

}  // namespace fanfare
