// SPDX-License-Identifier: Apache-2.0
// The reason of a refusal, out of what libbpf prints; the texts are those of the kernels named.
#include "agent/kernel/verifier_words.h"

#include <gtest/gtest.h>

namespace fanfare::test {
namespace {

std::string refused(const std::string& log) {
  return "libbpf: prog 'on_egress': BPF program load failed: Permission denied\n"
         "libbpf: prog 'on_egress': -- BEGIN PROG LOAD LOG --\n" +
         log +
         "-- END PROG LOAD LOG --\n"
         "libbpf: prog 'on_egress': failed to load: -13\n"
         "libbpf: failed to load object 'fanfare_bpf'\n";
}

TEST(VerifierWords, AreTheLastOnesAndNotTheFigures) {
  const auto words = verifier_words(refused(
      "28: (07) r3 += 20 ; R3_w=pkt(off=20,r=0,imm=0)\n"
      "29: (2d) if r3 > r2 goto pc+90\n"
      "30: (71) r9 = *(u8 *)(r1 +0)\n"
      "combined stack size of 6 calls is 544. Too large\n"
      "verification time 206174 usec\n"
      "stack depth 120+0+0+40\n"
      "processed 15825 insns (limit 1000000) max_states_per_insn 9 total_states 804\n"));  // 6.1
  EXPECT_TRUE(words.spoke());
  EXPECT_EQ(words.program, "on_egress");
  EXPECT_EQ(words.last,
            "29: (2d) if r3 > r2 goto pc+90\n30: (71) r9 = *(u8 *)(r1 +0)\n"
            "combined stack size of 6 calls is 544. Too large");
}

TEST(VerifierWords, StandWhereTheLogWasCutAtItsBeginning) {
  const auto whole = refused("1: r0 = 0\nmap 'flows' doesn't have 'struct bpf_spin_lock'\n");
  const auto words = verifier_words(whole.substr(whole.find("1: r0")));
  EXPECT_EQ(words.last, "1: r0 = 0\nmap 'flows' doesn't have 'struct bpf_spin_lock'");
}

TEST(VerifierWords, AreShort) {
  const auto words = verifier_words(refused(std::string(100000, 'x') + "\n"));
  EXPECT_LT(words.last.size(), 200U);
}

// A security module and seccomp leave no log, or one with figures alone.
TEST(VerifierWords, AreNoneWhereSomebodyElseRefused) {
  EXPECT_FALSE(verifier_words("libbpf: prog 'on_egress': failed to load: -1\n").spoke());
  EXPECT_FALSE(verifier_words(refused("")).spoke());
  EXPECT_FALSE(verifier_words(refused("processed 0 insns (limit 1000000)\n")).spoke());
}

}  // namespace
}  // namespace fanfare::test
