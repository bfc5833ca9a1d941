// SPDX-License-Identifier: Apache-2.0
// What the verifier and the compiler in the kernel make of the programs: effort far from the limit
// of a million instructions, and no call where a loop should stand.
#include <bpf/bpf.h>
#include <time.h>

#include <iostream>
#include <iterator>
#include <map>
#include <vector>

#include "agent/kernel/probes.h"
#include "tests/kernel/kernel_test.h"

namespace fanfare::test {
namespace {

// Instructions; the kernel's own is 1,000,000. With rooms and all else on_ingress takes 138,000 on
// 6.18 and 211,000 on 6.1, whose verifier sees fewer states as equal.
constexpr std::uint32_t effort_limit = 250000;

// What a configuration switches on. Nothing; then all that there is.
struct Configured {
  const char* name;
  std::vector<ShardKnobs> shards;
};

void PrintTo(const Configured& configured, std::ostream* out) { *out << configured.name; }

class VerifierTest : public KernelTest, public testing::WithParamInterface<Configured> {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped()) return;
    const Knobs knobs{.sockets = 64, .shards = GetParam().shards};
    probes_ = std::make_unique<Probes>(cgroup_->target(), knobs);
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);  // as bpf_prog_info.load_time
    loaded_ns_ = static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
                 static_cast<std::uint64_t>(now.tv_nsec);
  }

  std::vector<const bpf_program*> programs() const {
    const auto& all = (*probes_)->progs;
    return {all.on_egress,    all.on_ingress,         all.on_drain,    all.on_fast_open,
            all.on_set_state, all.on_set_state_again, all.on_task_file};
  }

  std::unique_ptr<Probes> probes_;
  std::uint64_t loaded_ns_ = 0;
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

// How long the kernel took for each program, in seconds by when it began: they are loaded one after
// the other. A figure for tests/vm, and no test.
std::map<std::uint64_t, double> seconds_by_begin(const std::vector<const bpf_program*>& programs,
                                                 std::uint64_t end_ns) {
  std::vector<bpf_insn> code;
  std::map<std::uint64_t, double> seconds;
  for (const auto* program : programs) seconds[info_of(program, code).load_time] = 0;
  for (auto one = seconds.begin(); one != seconds.end(); ++one) {
    const auto next = std::next(one);
    one->second =
        static_cast<double>((next == seconds.end() ? end_ns : next->first) - one->first) / 1e9;
  }
  return seconds;
}

TEST_P(VerifierTest, effort_is_bounded) {
  const auto seconds = seconds_by_begin(programs(), loaded_ns_);
  for (const auto* program : programs()) {
    std::vector<bpf_insn> code;
    const auto info = info_of(program, code);
    std::cout << bpf_program__name(program) << ": " << info.verified_insns << " verified, "
              << code.size() << " translated, " << info.jited_prog_len << " B of machine code, "
              << seconds.at(info.load_time) << " s\n";
    EXPECT_GT(info.verified_insns, 0U);
    EXPECT_LT(info.verified_insns, effort_limit) << bpf_program__name(program);
  }
}

// The kernel replaces bpf_loop() by a plain loop only where flags and callback are known constants;
// each step would cost an indirect call otherwise. A plain loop calls its body inside the program;
// where it was not replaced, the body's address is taken and nothing calls it.
TEST_P(VerifierTest, loops_are_inlined) {
  const auto& all = (*probes_)->progs;
  for (const auto* program : {all.on_egress, all.on_ingress, all.on_drain}) {
    std::vector<bpf_insn> code;
    info_of(program, code);
    // By number of the function inside the program: as a dump shows it, an address has it in its
    // second half.
    std::map<int, int> addresses, calls;
    for (std::size_t i = 0; i + 1 < code.size(); ++i) {
      if (code[i].code == (BPF_LD | BPF_IMM | BPF_DW) && code[i].src_reg == BPF_PSEUDO_FUNC)
        ++addresses[code[i + 1].imm];
      if (code[i].code == (BPF_JMP | BPF_CALL) && code[i].src_reg == BPF_PSEUDO_CALL)
        ++calls[code[i].imm];
    }
    EXPECT_GE(addresses.size(), 1U) << "no loop at all in " << bpf_program__name(program);
    for (const auto& [body, loops] : addresses)
      EXPECT_EQ(calls[body], loops) << bpf_program__name(program) << ", function " << body;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Programs, VerifierTest,
    testing::Values(
        Configured{"nothing", {}},
        Configured{"replication",
                   {{.identity = {}, .classes = {}, .client_ports = {}, .replication_ports = {7}}}},
        Configured{"classes",
                   {{.identity = {},
                     .classes = {.events = Subprotocol::socketio,
                                 .prefix = {},
                                 .event_key = {},
                                 .heartbeats = {}},
                     .client_ports = {8},
                     .replication_ports = {}}}},
        Configured{"mqtt",
                   {{.identity = {}, .protocol = ClientProtocol::mqtt, .protocol_ports = {9}}}},
        Configured{"http",
                   {{.protocol = ClientProtocol::sse,
                     .publishes = {{Publish::Method::post, "/send"}},
                     .protocol_ports = {8}}}},
        Configured{"rooms",
                   {{.identity = {.kind = Identity::Kind::json_key, .key = "id"},
                     .room = {.kind = Room::Kind::json_key, .key = "cid"},
                     .client_ports = {8},
                     .replication_ports = {7}}}},
        Configured{
            "all",
            {{.identity = {.kind = Identity::Kind::json_key, .key = "id"},
              .room = {.kind = Room::Kind::json_key, .key = "cid"},
              .classes =
                  {.events = Subprotocol::match, .prefix = "42", .event_key = {}, .heartbeats = {}},
              .client_ports = {8},
              .replication_ports = {7},
              .protocol = ClientProtocol::sse,
              .publishes = {{Publish::Method::post, "/send"}},
              .protocol_ports = {8}},
             {.identity = {}, .protocol = ClientProtocol::mqtt, .protocol_ports = {9}}}}),
    [](const auto& parameter) { return parameter.param.name; });

}  // namespace
}  // namespace fanfare::test
