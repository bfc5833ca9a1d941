// SPDX-License-Identifier: Apache-2.0
// What the verifier said of a program that it refused, out of libbpf's warnings. Who else refuses
// (a security module, seccomp, a missing capability) says nothing there: that is how they are told
// apart, since the verifier's errno is EACCES and EPERM as well.
#pragma once

#include <string>

namespace fanfare {

struct VerifierWords {
  std::string program;  // "on_egress"
  std::string last;     // its last lines: the reason stands at the end, below all instructions
  bool spoke() const { return !last.empty(); }
};

VerifierWords verifier_words(const std::string& libbpf_log);

}  // namespace fanfare
