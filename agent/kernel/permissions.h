// SPDX-License-Identifier: Apache-2.0
// Which of the capabilities that loading and attaching need this process lacks.
#pragma once

#include <string>
#include <vector>

namespace fanfare {

// Names as in capabilities(7). CAP_SYS_ADMIN stands for CAP_BPF and CAP_PERFMON, as in the kernel.
std::vector<std::string> missing_capabilities(const std::string& status = "/proc/self/status");

}  // namespace fanfare
