// SPDX-License-Identifier: Apache-2.0
// How the payloads of clients are read, on which ports: what the programs are told before they are
// loaded. Included only inside this room.
#pragma once

#include "agent/kernel/knobs.h"
#include "agent/kernel/probes.h"

namespace fanfare {

// Throws StartError: too many rules, a key too long.
void set_client_rules(fanfare_bpf& skeleton, const Knobs& knobs);

}  // namespace fanfare
