// SPDX-License-Identifier: Apache-2.0
// The reasons of enum fanfare_loss in words: the label value of capture_losses_total{reason}, what
// is counted, and what a person can do. Only text; the counting is in bpf/.
#pragma once

#include <array>
#include <string_view>

#include "bpf/abi.h"

namespace fanfare {

struct LossText {
  fanfare_loss loss = FANFARE_LOSS_NONE;
  std::string_view name;  // the enumerator's suffix in lower case
  std::string_view unit;  // what one count stands for: "sockets", "segments", "times", "messages"
  std::string_view sentence;  // cause and remedy
};

// Indexed by enum fanfare_loss; entry 0 ("none") is never exported.
const std::array<LossText, FANFARE_LOSS_COUNT>& loss_texts();

// A value outside of the enum (a newer kernel side) is "none".
const LossText& loss_text(unsigned loss);

}  // namespace fanfare
