// SPDX-License-Identifier: Apache-2.0
// What the verifier and the compiler in the kernel make of the programs: effort far from the limit
// of a million instructions, and no call where a loop should stand.
#include <bpf/bpf.h>

#include <algorithm>
#include <iostream>
#include <vector>

#include "agent/kernel/probes.h"
#include "tests/kernel/kernel_test.h"

namespace fanfare::test {
namespace {

constexpr std::uint32_t effort_limit = 100000;  // instructions; the kernel's own is 1,000,000

class VerifierTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (!IsSkipped()) probes_ = std::make_unique<Probes>(cgroup_->target(), Knobs{.sockets = 64});
  }

  std::vector<const bpf_program*> programs() const {
    const auto& all = (*probes_)->progs;
    return {all.on_egress, all.on_ingress, all.on_set_state, all.on_task_file};
  }

  std::unique_ptr<Probes> probes_;
};

bpf_prog_info info_of(const bpf_program* program, std::vector<bpf_insn>& code) {
  bpf_prog_info info{};
  std::uint32_t size = sizeof info;
  EXPECT_EQ(bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size), 0);
  code.resize(info.xlated_prog_len / sizeof(bpf_insn));
  bpf_prog_info wanted{};
  wanted.xlated_prog_len = info.xlated_prog_len;
  wanted.xlated_prog_insns = reinterpret_cast<std::uint64_t>(code.data());
  size = sizeof wanted;
  EXPECT_EQ(bpf_obj_get_info_by_fd(bpf_program__fd(program), &wanted, &size), 0);
  return info;
}

TEST_F(VerifierTest, effort_is_bounded) {
  for (const auto* program : programs()) {
    std::vector<bpf_insn> code;
    const auto info = info_of(program, code);
    std::cout << bpf_program__name(program) << ": " << info.verified_insns << " verified, "
              << code.size() << " translated, " << info.jited_prog_len << " B of machine code\n";
    EXPECT_GT(info.verified_insns, 0U);
    EXPECT_LT(info.verified_insns, effort_limit) << bpf_program__name(program);
  }
}

// The kernel replaces bpf_loop() by a plain loop only where flags and callback are known constants;
// each step would cost an indirect call otherwise. A plain loop calls its body inside the program;
// where it was not replaced, the body's address is taken and nothing calls it.
TEST_F(VerifierTest, loops_are_inlined) {
  for (const auto* program : {(*probes_)->progs.on_egress, (*probes_)->progs.on_ingress}) {
    std::vector<bpf_insn> code;
    info_of(program, code);
    const auto addresses = std::count_if(code.begin(), code.end(), [](const bpf_insn& insn) {
      return insn.code == (BPF_LD | BPF_IMM | BPF_DW) && insn.src_reg == BPF_PSEUDO_FUNC;
    });
    const auto calls = std::count_if(code.begin(), code.end(), [](const bpf_insn& insn) {
      return insn.code == (BPF_JMP | BPF_CALL) && insn.src_reg == BPF_PSEUDO_CALL;
    });
    EXPECT_GE(addresses, 1) << "no loop at all in " << bpf_program__name(program);
    EXPECT_EQ(calls, addresses) << bpf_program__name(program);
  }
}

}  // namespace
}  // namespace fanfare::test
