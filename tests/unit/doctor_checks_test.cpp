// SPDX-License-Identifier: Apache-2.0
// Facts to checks: each thing that can lack, with its cause, its remedy and the exit it leads to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <set>

#include "tests/unit/doctor_facts.h"

namespace fanfare::cli_test {
namespace {

using testing::HasSubstr;
using testing::Not;

Diagnosis verdict(const DoctorFacts& facts) { return diagnosis(judge(facts)); }

std::set<std::string> codes_with(const DoctorFacts& facts, Result result) {
  std::set<std::string> codes;
  for (const Check& check : judge(facts))
    if (check.result == result) codes.emplace(check.code->code);
  return codes;
}

TEST(DoctorChecks, NamesOfPodsMatterWhereAShardHangsOnThem) {
  DoctorFacts facts = good_host();
  EXPECT_EQ(check_of(facts, "FF-505").result, Result::skipped);
  facts.pods.wanted = true;
  EXPECT_EQ(check_of(facts, "FF-505").result, Result::miss);
  EXPECT_THAT(check_of(facts, "FF-505").cause, HasSubstr("runs in no pod"));
  EXPECT_EQ(diagnosis(judge(facts)), Diagnosis::finding);
  facts.pods.server = "https://10.0.0.1:443";
  facts.pods.node = "node-a";
  facts.pods.refusal = "HTTP 403: forbidden";
  EXPECT_EQ(check_of(facts, "FF-505").cause, "https://10.0.0.1:443: HTTP 403: forbidden");
  EXPECT_THAT(check_of(facts, "FF-505").remedy, HasSubstr("kubectl auth can-i watch pods"));
  facts.pods.refusal = "connecting: Connection refused";
  EXPECT_THAT(check_of(facts, "FF-505").remedy, HasSubstr("curl -sk https://10.0.0.1:443/readyz"));
  facts.pods.refusal = "TLS: the server's certificate is not good";
  EXPECT_THAT(check_of(facts, "FF-505").remedy, HasSubstr("compare kubernetes.ca_file"));
  facts.pods.wanted = false;
  EXPECT_EQ(check_of(facts, "FF-505").result, Result::warning);
  facts.pods.refusal.clear();
  EXPECT_EQ(check_of(facts, "FF-505").seen,
            "https://10.0.0.1:443 lists and watches those of node-a");
}

TEST(DoctorChecks, AGoodHostIsFineAndEachCodeIsCheckedOnceInOrder) {
  const auto checks = judge(good_host());
  ASSERT_EQ(checks.size(), doctor_codes().size());
  for (std::size_t i = 0; i < checks.size(); ++i)
    EXPECT_EQ(checks[i].code->code, doctor_codes()[i].code);
  EXPECT_EQ(codes_with(good_host(), Result::skipped),
            (std::set<std::string>{"FF-206", "FF-207", "FF-504", "FF-505"}));
  EXPECT_EQ(diagnosis(checks), Diagnosis::fine);
}

TEST(DoctorChecks, AMissHasCauseConsequenceAndRemedyInWords) {
  DoctorFacts bad = good_host();
  bad.host.capabilities = {
      {"CAP_BPF", false, false}, {"CAP_PERFMON", false, true}, {"CAP_NET_ADMIN", false, false}};
  bad.trial.btf = failed(ENOENT, "/sys/kernel/btf/vmlinux");
  bad.config = {"f.yaml", false, "f.yaml:3: clustr: no such key", ""};
  forget_programs(bad);
  int misses = 0;
  for (const Check& check : judge(bad)) {
    const bool explained = check.result == Result::miss || check.result == Result::warning;
    misses += check.result == Result::miss ? 1 : 0;
    EXPECT_EQ(!check.cause.empty(), explained) << check.code->code;
    EXPECT_EQ(!check.consequence.empty(), explained) << check.code->code;
    EXPECT_EQ(!check.remedy.empty(), explained) << check.code->code;
    EXPECT_EQ(check.seen.empty(), explained) << check.code->code;
  }
  EXPECT_EQ(misses, 5);
}

// One cause is one miss: what depends on it is skipped and says on what.
TEST(DoctorChecks, ACapabilityThatLacks) {
  DoctorFacts facts = good_host();
  forget_programs(facts);
  facts.host.capabilities[1] = {"CAP_PERFMON", false, false};
  EXPECT_EQ(codes_with(facts, Result::miss), std::set<std::string>{"FF-202"});
  EXPECT_EQ(verdict(facts), Diagnosis::cannot_run);
  EXPECT_THAT(check_of(facts, "FF-302").seen, HasSubstr("needs CAP_PERFMON (FF-202)"));
  EXPECT_THAT(check_of(facts, "FF-202").cause, HasSubstr("not in the bounding set"));

  facts.host.capabilities[1] = {"CAP_PERFMON", false, true};
  facts.host.user = 1000;
  EXPECT_THAT(check_of(facts, "FF-202").cause, HasSubstr("user 1000 does not have it"));
  EXPECT_EQ(check_of(facts, "FF-202").remedy, "sudo fanfare doctor");
}

TEST(DoctorChecks, TheCapabilityToReadExecutablesIsAskedForOnlyWhereAShardMatchesByThem) {
  DoctorFacts facts = good_host();
  facts.host.tracing = {"CAP_SYS_PTRACE", false, false};
  EXPECT_EQ(check_of(facts, "FF-207").result, Result::skipped);
  EXPECT_EQ(verdict(facts), Diagnosis::fine);

  facts.matches_exe = true;
  facts.host.launcher = Launcher::kubernetes;
  EXPECT_EQ(codes_with(facts, Result::miss), std::set<std::string>{"FF-207"});
  EXPECT_EQ(check_of(facts, "FF-207").remedy, "add SYS_PTRACE to securityContext.capabilities.add");
  EXPECT_EQ(verdict(facts), Diagnosis::finding);

  facts.host.tracing = {"CAP_SYS_PTRACE", true, true};
  EXPECT_EQ(check_of(facts, "FF-207").result, Result::ok);
}

TEST(DoctorChecks, TheRemedySpeaksToWhatStartedTheProcess) {
  DoctorFacts facts = good_host();
  facts.host.capabilities[0] = {"CAP_BPF", false, false};
  const auto remedy = [&](Launcher launcher) {
    facts.host.launcher = launcher;
    return check_of(facts, "FF-201").remedy;
  };
  EXPECT_EQ(remedy(Launcher::container), "docker run --cap-add BPF");
  EXPECT_EQ(remedy(Launcher::kubernetes), "add BPF to securityContext.capabilities.add");
  EXPECT_THAT(remedy(Launcher::systemd), HasSubstr("CapabilityBoundingSet="));
  EXPECT_THAT(remedy(Launcher::shell), HasSubstr("capsh --print"));
}

// One errno, many causes.
TEST(DoctorChecks, EpermOfTheCallIsTakenApart) {
  DoctorFacts facts = good_host();
  facts.trial.bpf_call = failed(EPERM, "bpf(2)");
  facts.trial.map = {};
  forget_programs(facts);
  facts.host.security_modules = "capability,selinux,bpf";
  EXPECT_THAT(check_of(facts, "FF-205").cause, HasSubstr("security module"));
  EXPECT_THAT(check_of(facts, "FF-205").cause, HasSubstr("selinux"));
  EXPECT_EQ(codes_with(facts, Result::miss), std::set<std::string>{"FF-205"});

  facts.host.seccomp_filter = true;
  EXPECT_THAT(check_of(facts, "FF-205").cause, HasSubstr("a seccomp filter refuses it"));

  facts.host.capabilities[0].effective = false;
  EXPECT_EQ(check_of(facts, "FF-205").result, Result::skipped);
  EXPECT_THAT(check_of(facts, "FF-205").seen, HasSubstr("a seccomp filter is on"));

  facts.host.seccomp_filter = false;
  facts.host.unprivileged_bpf_disabled = 2;
  EXPECT_THAT(check_of(facts, "FF-205").seen, HasSubstr("unprivileged_bpf_disabled"));
  EXPECT_EQ(codes_with(facts, Result::miss), std::set<std::string>{"FF-201"});
}

TEST(DoctorChecks, ASeccompFilterMayAlsoKillOrSayEnosys) {
  DoctorFacts facts = good_host();
  facts.trial.bpf_call = failed(0, "");
  facts.trial.bpf_signal = SIGSYS;
  EXPECT_THAT(check_of(facts, "FF-205").cause, HasSubstr("kills the process"));
  facts.trial.bpf_signal = 0;
  facts.trial.bpf_call = failed(ENOSYS, "bpf(2)");
  EXPECT_THAT(check_of(facts, "FF-205").cause, HasSubstr("CONFIG_BPF_SYSCALL"));
  facts.host.seccomp_filter = true;
  EXPECT_THAT(check_of(facts, "FF-205").cause, HasSubstr("a seccomp filter refuses it"));
}

TEST(DoctorChecks, EpermOfTheProgramsIsTakenApart) {
  DoctorFacts facts = good_host();
  forget_programs(facts);
  facts.trial.load = failed(EPERM, "the kernel refused the programs");
  EXPECT_THAT(check_of(facts, "FF-302").cause, HasSubstr("a security module refuses it"));
  facts.host.seccomp_filter = true;
  EXPECT_THAT(check_of(facts, "FF-302").cause, HasSubstr("a seccomp filter is on"));
  facts.host.lockdown = "confidentiality";
  EXPECT_THAT(check_of(facts, "FF-302").cause, HasSubstr("lockdown (FF-105)"));
  EXPECT_EQ(codes_with(facts, Result::miss), (std::set<std::string>{"FF-105", "FF-302"}));
  facts.host.lockdown = "none";
  facts.host.initial_user_namespace = false;
  EXPECT_EQ(codes_with(facts, Result::miss), std::set<std::string>{"FF-204"});
}

TEST(DoctorChecks, AnotherProgramMayHoldTheHook) {
  DoctorFacts facts = good_host();
  facts.trial.attach = failed(EPERM, "attaching to the cgroup's egress");
  EXPECT_THAT(check_of(facts, "FF-303").cause, HasSubstr("another program holds this hook"));
  EXPECT_EQ(check_of(facts, "FF-303").remedy, "bpftool cgroup tree");
}

// Distributions backport: what is there counts, and not the version.
TEST(DoctorChecks, AKernelBelowTheFloorIsJudgedByWhatItHas) {
  DoctorFacts facts = good_host();
  facts.host.major = 5;
  facts.host.minor = 14;
  facts.host.release = "5.14.0-362.el9";
  EXPECT_EQ(check_of(facts, "FF-101").result, Result::warning);
  EXPECT_EQ(verdict(facts), Diagnosis::fine);
  facts.host.minor = 15;
  EXPECT_EQ(check_of(facts, "FF-101").result, Result::warning);
  facts.trial.missing = {"bpf_loop() (5.17)"};
  forget_programs(facts);
  EXPECT_EQ(check_of(facts, "FF-101").cause,
            "Linux 5.14.0-362.el9 has no bpf_loop() (5.17): fanfare needs Linux 6.1 or newer");
  facts.host.minor = 10;  // locked memory would matter
  EXPECT_EQ(codes_with(facts, Result::miss), std::set<std::string>{"FF-101"});
  EXPECT_EQ(check_of(facts, "FF-302").seen, "this kernel is too old (FF-101)");
  EXPECT_EQ(verdict(facts), Diagnosis::cannot_run);
  facts = good_host();
  EXPECT_EQ(check_of(facts, "FF-101").result, Result::ok);
}

// EACCES is its ordinary word; the reason tells it from a security module, which gives none.
TEST(DoctorChecks, TheVerifiersRefusalIsToldFromASecurityModules) {
  DoctorFacts facts = good_host();
  forget_programs(facts);
  facts.trial.load = failed(EACCES, "the kernel's verifier refused the program on_ingress");
  facts.trial.verifier = {"on_ingress", "combined stack size of 6 calls is 544. Too large"};
  const Check check = check_of(facts, "FF-302");
  EXPECT_THAT(check.cause, HasSubstr("verifier refuses on_ingress: combined stack size of 6"));
  EXPECT_THAT(check.cause, Not(HasSubstr("security module")));
  EXPECT_THAT(check.remedy, HasSubstr("6.1 or newer"));
  facts.host.seccomp_filter = true;
  EXPECT_THAT(check_of(facts, "FF-302").cause, Not(HasSubstr("seccomp")));
  facts.host.lockdown = "confidentiality";
  EXPECT_THAT(check_of(facts, "FF-302").cause, HasSubstr("lockdown, FF-105"));
}

TEST(DoctorChecks, LockedMemoryMattersBefore511Only) {
  DoctorFacts facts = good_host();
  forget_programs(facts);
  facts.host.memlock_bytes = 65536;
  EXPECT_EQ(check_of(facts, "FF-206").result, Result::skipped);
  facts.host.major = 5;
  facts.host.minor = 10;
  EXPECT_EQ(check_of(facts, "FF-206").result, Result::miss);
  facts.host.memlock_bytes = UINT64_MAX;
  EXPECT_EQ(check_of(facts, "FF-206").result, Result::ok);
}

// Over its limit a process is killed without a word: so they are said before.
TEST(DoctorChecks, TheMemoryLimitIsHeldAgainstWhatTheMapsAndTheAgentTake) {
  DoctorFacts facts = good_host();
  EXPECT_THAT(check_of(facts, "FF-208").seen, HasSubstr("155 MB at the start"));
  facts.memory_limit = 600'000'000;
  EXPECT_EQ(check_of(facts, "FF-208").result, Result::ok);
  facts.memory_limit = 256'000'000;
  EXPECT_EQ(check_of(facts, "FF-208").result, Result::warning);
  EXPECT_THAT(check_of(facts, "FF-208").remedy, HasSubstr("limits.sockets: 61440"));
  EXPECT_EQ(verdict(facts), Diagnosis::fine);
  facts.memory_limit = 128'000'000;
  EXPECT_THAT(check_of(facts, "FF-208").cause, HasSubstr("its memory limit is 128 MB"));
  EXPECT_EQ(verdict(facts), Diagnosis::cannot_run);
}

TEST(DoctorChecks, TypeInformationThatLacksIsTheOneCause) {
  DoctorFacts facts = good_host();
  facts.trial.btf = failed(EINVAL, "/sys/kernel/btf/vmlinux");
  EXPECT_EQ(check_of(facts, "FF-102").result, Result::warning)
      << "the programs loaded all the same";
  forget_programs(facts);
  facts.trial.load = failed(ESRCH, "the kernel refused the programs");
  EXPECT_EQ(codes_with(facts, Result::miss), std::set<std::string>{"FF-102"});
  EXPECT_THAT(check_of(facts, "FF-102").cause, HasSubstr("is no type information"));
  EXPECT_THAT(check_of(facts, "FF-302").seen, HasSubstr("FF-102"));
}

TEST(DoctorChecks, WhereInTheCgroupTree) {
  DoctorFacts facts = good_host();
  facts.cgroup->subtree = true;
  EXPECT_EQ(check_of(facts, "FF-104").result, Result::warning);
  facts.cgroup.reset();
  forget_programs(facts);
  facts.cgroup_code = "FF-104";
  facts.cgroup_refusal = "in a private cgroup namespace";
  EXPECT_EQ(codes_with(facts, Result::miss), std::set<std::string>{"FF-104"});
  facts.cgroup_code = "FF-103";
  EXPECT_EQ(codes_with(facts, Result::miss), std::set<std::string>{"FF-103"});
  EXPECT_THAT(check_of(facts, "FF-302").seen, HasSubstr("FF-103"));
}

TEST(DoctorChecks, SightMayLackWhileTheAgentRuns) {
  DoctorFacts facts = good_host();
  facts.trial.scope->result = ScopeResult::refuted;
  EXPECT_EQ(verdict(facts), Diagnosis::finding);
  facts.trial.scope->result = ScopeResult::netns_only;
  EXPECT_EQ(verdict(facts), Diagnosis::fine);
  facts.trial.scope->result = ScopeResult::unproven;
  EXPECT_EQ(check_of(facts, "FF-401").result, Result::warning);
  EXPECT_EQ(verdict(facts), Diagnosis::fine);

  facts = good_host();
  facts.trial.owner_pid = 4712;
  EXPECT_THAT(check_of(facts, "FF-402").cause, HasSubstr("calls this process 4712"));
  facts.host.initial_pid_namespace = false;
  EXPECT_THAT(check_of(facts, "FF-402").cause, HasSubstr("pid namespace of its own"));
  EXPECT_EQ(verdict(facts), Diagnosis::finding);
}

// Read-only, as the chart mounts it, no cgroup can be made below it. Below the root of the tree is
// every socket all the same, and no remedy is named that the chart does not have.
TEST(DoctorChecks, TheRootOfTheTreeIsScopeEnoughWhereNoCgroupCanBeMade) {
  DoctorFacts facts = good_host();
  facts.host.launcher = Launcher::kubernetes;
  facts.trial.scope->result = ScopeResult::netns_only;
  EXPECT_EQ(check_of(facts, "FF-401").result, Result::ok);
  EXPECT_THAT(check_of(facts, "FF-401").seen, HasSubstr("the root of the whole tree"));
  facts.cgroup->subtree = true;
  EXPECT_EQ(check_of(facts, "FF-401").result, Result::warning);
  EXPECT_THAT(check_of(facts, "FF-401").remedy, Not(HasSubstr("readOnly")));
}

TEST(DoctorChecks, TheListenAddressAndWhoHasIt) {
  DoctorFacts facts = good_host();
  facts.listen = {"127.0.0.1:9477", false, "127.0.0.1:9477 is in use (by another agent?)", "r"};
  EXPECT_THAT(check_of(facts, "FF-502").cause, HasSubstr("by whom is not shown"));
  facts.listen_holder = holder("node");
  EXPECT_THAT(check_of(facts, "FF-502").cause, HasSubstr("by node, pid 17"));
  EXPECT_EQ(verdict(facts), Diagnosis::cannot_run);
  facts.listen_holder->comm = "fanfare";
  EXPECT_EQ(check_of(facts, "FF-502").result, Result::warning);
  EXPECT_THAT(check_of(facts, "FF-502").cause, HasSubstr("by a fanfare agent"));
  facts.agent = {.answers = true, .ready = true, .version = "version 1", .first_finding = ""};
  EXPECT_EQ(check_of(facts, "FF-502").result, Result::ok);
  facts.listen_holder->comm = "node";
  EXPECT_EQ(check_of(facts, "FF-502").result, Result::miss) << "the agent listens elsewhere";
  facts.listen.refusal = "10.2.3.4:9477 is not an address of this host";
  EXPECT_EQ(check_of(facts, "FF-502").cause, facts.listen.refusal);
}

TEST(DoctorChecks, ConfigurationAdminSocketAndAgent) {
  DoctorFacts facts = good_host();
  facts.config = {"f.yaml", false, "f.yaml:3: clustr: no such key", ""};
  EXPECT_EQ(check_of(facts, "FF-501").remedy, "fanfare config check f.yaml");
  EXPECT_EQ(verdict(facts), Diagnosis::cannot_run);
  facts = good_host();
  facts.admin = {"/a", false, "cannot listen on /a: Permission denied", "run as root"};
  EXPECT_EQ(check_of(facts, "FF-503").remedy, "run as root");
  EXPECT_EQ(verdict(facts), Diagnosis::cannot_run);
  facts.agent = {.answers = true, .ready = false, .version = "v", .first_finding = "It is stale."};
  EXPECT_EQ(check_of(facts, "FF-503").result, Result::ok);
  EXPECT_EQ(check_of(facts, "FF-504").cause, "it is not ready: It is stale.");
  EXPECT_EQ(verdict(facts), Diagnosis::finding);
}

}  // namespace
}  // namespace fanfare::cli_test
