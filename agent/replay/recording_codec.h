// SPDX-License-Identifier: Apache-2.0
// Snapshots as bytes, each as what changed since the one before: flows that stand still cost
// nothing, and what moves differs in few bytes. No payload is in them; client addresses are.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "agent/kernel/snapshot.h"

namespace fanfare {

class SnapshotEncoder {
 public:
  // After the first, only what has changed. A decoder must see them all, in order.
  std::string encode(const Snapshot& snapshot);

 private:
  struct Known {
    fanfare_flow flow{};
    std::uint64_t generation = 0;
  };
  std::unordered_map<std::uint64_t, Known> known_;
  std::shared_ptr<const Owners> owners_;
  std::shared_ptr<const PodTable> pods_;
  std::uint64_t generation_ = 0;
};

class SnapshotDecoder {
 public:
  // Throws BadFile where the bytes are none that encode() wrote after those before.
  Snapshot decode(std::string_view bytes);

 private:
  std::vector<std::uint64_t> cookies_;
  std::vector<fanfare_flow> flows_;
  std::unordered_map<std::uint64_t, std::size_t> place_;
  std::shared_ptr<const Owners> owners_ = std::make_shared<Owners>();
  std::shared_ptr<const PodTable> pods_ = std::make_shared<PodTable>();
};

}  // namespace fanfare
