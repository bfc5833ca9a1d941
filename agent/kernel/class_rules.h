// SPDX-License-Identifier: Apache-2.0
// The configuration of classes as the framers read it; the same for the kernel and for a capture.
#pragma once

#include "agent/config/config.h"
#include "bpf/abi.h"

namespace fanfare {

// Precondition: tells(classes), and the texts are within the rules of the configuration; longer
// ones throw StartError.
fanfare_class_rule class_rule_of(const Classes& classes);

}  // namespace fanfare
