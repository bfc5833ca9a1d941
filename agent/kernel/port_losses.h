// SPDX-License-Identifier: Apache-2.0
// Losses of ports where nobody listens any more: nobody will ask whose they were, and the kernel's
// table of them is small. Pure.
#pragma once

#include <vector>

#include "agent/kernel/snapshot.h"

namespace fanfare {

// Of Snapshot::port_losses, those of a port where nobody listens or has lately, and nothing is
// open.
std::vector<fanfare_port_loss> losses_of_nobody(const Snapshot& snapshot);

}  // namespace fanfare
