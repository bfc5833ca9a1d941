// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/libbpf_version.h"

#include <bpf/libbpf.h>

namespace fanfare {

std::string libbpf_version() {
  return std::to_string(::libbpf_major_version()) + "." + std::to_string(::libbpf_minor_version());
}

}  // namespace fanfare
