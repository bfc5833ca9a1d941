// SPDX-License-Identifier: Apache-2.0
// Checks as text and JSON, the codes' table, and `help CODE`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <cerrno>
#include <set>
#include <sstream>

#include "agent/cli/doctor_report.h"
#include "agent/cli/escape.h"
#include "agent/cli/help_code.h"
#include "agent/exports/json_text.h"
#include "tests/unit/cli_run.h"
#include "tests/unit/doctor_facts.h"

namespace fanfare::cli_test {
namespace {

using testing::HasSubstr;
using testing::Not;

DoctorFacts host_without_capability() {
  DoctorFacts facts = good_host();
  facts.host.capabilities[2] = {"CAP_NET_ADMIN", false, false};
  facts.host.launcher = Launcher::container;
  forget_programs(facts);
  return facts;
}

TEST(DoctorReport, AMissAsAPersonReadsIt) {
  const std::string text =
      doctor_text("head", judge(host_without_capability()), {.columns = 0, .utf8 = true});
  EXPECT_THAT(text, HasSubstr("\npermissions\n √  FF-201  CAP_BPF: there\n"));
  EXPECT_THAT(
      text,
      HasSubstr(" ×  FF-203  CAP_NET_ADMIN\n"
                "              cause: it is not in the bounding set: whatever started this process "
                "took it away, and not even root gets it back\n"
                "              consequence: the agent does not start\n"
                "              what to do: docker run --cap-add NET_ADMIN\n"));
  EXPECT_THAT(text, HasSubstr(" -  FF-302  programs are loaded - skipped: needs CAP_NET_ADMIN "
                              "(FF-203)\n"));
  EXPECT_THAT(text, HasSubstr("\nAn agent could not run here. 14 ok, 0 warnings, 1 miss, 9 "
                              "skipped.\nMore: fanfare help FF-203\n"));
}

TEST(DoctorReport, EightyColumnsAndAscii) {
  DoctorFacts facts = host_without_capability();
  facts.cgroup->subtree = true;
  const std::string text = doctor_text("head", judge(facts), {.columns = 80, .utf8 = false});
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80U) << line;
  EXPECT_TRUE(std::ranges::all_of(text, [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }))
      << text;
  EXPECT_THAT(text, HasSubstr("\n ok FF-201  CAP_BPF: there\n"));
  EXPECT_THAT(text, HasSubstr("\n !  FF-104  "));
  EXPECT_THAT(text, HasSubstr("\n X  FF-203  "));
}

TEST(DoctorReport, ColourIsOnlyOnTheMarksAndHeads) {
  const std::string text =
      doctor_text("head", judge(host_without_capability()), {.columns = 80, .color = true});
  EXPECT_THAT(text, HasSubstr("\x1b["));
  EXPECT_THAT(doctor_text("head", judge(host_without_capability()), {.columns = 80}),
              Not(HasSubstr("\x1b[")));
}

TEST(DoctorReport, WhatTheKernelSaidIsEscaped) {
  DoctorFacts facts = good_host();
  facts.trial.load = failed(EINVAL, "refused: \x1b[31m\nline two");
  const std::string text = doctor_text("head", judge(facts), {});
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, HasSubstr("refused: \\x1b[31m line two"));
}

TEST(DoctorReport, Json) {
  const DoctorFacts facts = host_without_capability();
  const auto report = doctor_json(facts, judge(facts), "1.2");
  EXPECT_EQ(report.at("verdict"), "cannot_run");
  EXPECT_EQ(report.at("node"), "chat-1");
  const auto& checks = report.at("checks").as_array();
  ASSERT_EQ(checks.size(), doctor_codes().size());
  EXPECT_EQ(json_text(checks[7]),
            R"({"code":"FF-203","name":"CAP_NET_ADMIN","result":"miss","seen":null,)"
            R"("cause":"it is not in the bounding set: whatever started this process took it away,)"
            R"( and not even root gets it back","consequence":"the agent does not start",)"
            R"("remedy":"docker run --cap-add NET_ADMIN"})");
  EXPECT_EQ(checks[0].at("result"), "ok");
  EXPECT_EQ(checks[14].at("result"), "skipped");
  EXPECT_EQ(doctor_json(good_host(), judge(good_host()), "1").at("verdict"), "fine");
}

TEST(DoctorCodes, AreUniqueOrderedAndComplete) {
  std::set<std::string_view> seen;
  std::string_view before;
  for (const DoctorCode& code : doctor_codes()) {
    EXPECT_TRUE(seen.insert(code.code).second) << code.code;
    EXPECT_LT(before, code.code);
    before = code.code;
    for (const auto text : {code.name, code.meaning, code.consequence, code.remedy})
      EXPECT_FALSE(text.empty()) << code.code;
    EXPECT_TRUE(code.meaning.ends_with(".")) << code.code;
  }
  // What was given once stays given: add to the end of a group, never change one of these.
  EXPECT_EQ(find_doctor_code("FF-102")->name, "type information (BTF)");
  EXPECT_EQ(find_doctor_code("FF-205")->name, "bpf(2) system call");
  EXPECT_EQ(find_doctor_code("FF-402")->name, "owners of sockets");
  EXPECT_EQ(find_doctor_code("FF-999"), nullptr);
}

TEST(HelpCode, ExplainsWhateverHasAName) {
  for (const std::string& name : explained_names()) {
    const Outcome told = run({"help", name});
    EXPECT_EQ(told.code, 0) << name << told.err;
    EXPECT_THAT(told.out, HasSubstr(name));
    EXPECT_GT(std::ranges::count(told.out, '\n'), 2) << name;
  }
  EXPECT_THAT(run({"help", "ff-102"}).out, HasSubstr("CONFIG_DEBUG_INFO_BTF=y"));
  EXPECT_THAT(run({"help", "fanfareblind"}).out, HasSubstr("95 %"));
  EXPECT_THAT(run({"help", "FF-LOSS-BAD_RPC"}).out, HasSubstr("replication.protocol"));
  EXPECT_THAT(run({"help", "bad_rpc"}).out, HasSubstr("replication.protocol"));
  EXPECT_THAT(run({"help", "exit", "4"}).out, HasSubstr("fanfare doctor"));
  EXPECT_EQ(run({"help", "exit", "4"}).out, run({"help", "4"}).out);
}

TEST(HelpCode, RefusesTheUnknownWithWhatIsNear) {
  const auto refused = [](const Words& words) {
    const Outcome told = run(words);
    EXPECT_EQ(told.code, 2);
    EXPECT_EQ(told.out, "");
    return told.err;
  };
  EXPECT_EQ(refused({"help", "FF-10"}),
            "fanfare: nothing is known as \"FF-10\"; did you mean "
            "FF-101, FF-102, FF-103, FF-104, FF-105?\n");
  EXPECT_EQ(refused({"help", "flow_map_ful"}),
            "fanfare: nothing is known as \"flow_map_ful\"; did "
            "you mean flow_map_full?\n");
  EXPECT_EQ(refused({"help", "FanfareReachLos5"}),
            "fanfare: nothing is known as \"FanfareReachLos5\"; did you mean FanfareReachLoss?\n");
  EXPECT_THAT(refused({"help", "x\x1b[0m"}), HasSubstr("\"x\\x1b[0m\"; codes are such as FF-102"));
  EXPECT_THAT(refused({"help", "statsu"}), HasSubstr("did you mean status?"));
}

TEST(HelpCode, HelpOfACommandIsStillThat) {
  EXPECT_EQ(run({"help", "doctor"}).out, run({"doctor", "--help"}).out);
}

}  // namespace
}  // namespace fanfare::cli_test
