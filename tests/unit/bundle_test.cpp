// SPDX-License-Identifier: Apache-2.0
// The support bundle: what is in it, what never is, and the file.
#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <map>
#include <memory>

#include "agent/cli/agent_client.h"
#include "agent/cli/bundle.h"
#include "tests/unit/cli_canned_answers.h"
#include "tests/unit/cli_fake_agent.h"
#include "tests/unit/doctor_facts.h"

namespace fanfare::cli_test {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string answer(const std::string& target) {
  if (target == "/api/v1/sockets") return canned_sockets;
  if (target == "/api/v1/shards") return canned_shards;
  if (target == "/api/v1/status")
    return R"({"ready":true,"losses":{"header":{"count":7,"recent":0}},)"
           R"("alertmanagers":[{"url":"http://ops:hunter2@am:9093"}]})";
  return "[]";
}

std::map<std::string, std::string> contents(const Config& config, bool addresses,
                                            const AskAgent& ask = answer) {
  const DoctorFacts facts = good_host();
  const auto files = bundle_files({facts, R"({"verdict":"fine"})", "1.2", config, addresses}, ask);
  return {files.begin(), files.end()};
}

Config with_password() {
  Config config;
  config.alertmanagers = {"https://ops:hunter2@alerts.example:9093/base"};
  return config;
}

TEST(Bundle, HoldsTheReportTheHostTheConfigurationAndTheAnswers) {
  const auto files = contents({}, false);
  std::vector<std::string> names;
  for (const auto& [name, text] : files) names.push_back(name);
  EXPECT_THAT(names,
              testing::ElementsAre("agent/alerts.json", "agent/losses.json", "agent/metrics.txt",
                                   "agent/peers.json", "agent/shards.json", "agent/sockets.json",
                                   "agent/status.json", "config.yaml", "doctor.json", "host.json",
                                   "version.txt"));
  EXPECT_EQ(files.at("agent/losses.json"), "{\"header\":{\"count\":7,\"recent\":0}}\n");
  EXPECT_THAT(files.at("host.json"), HasSubstr("\"kernel\":\"6.1.0-18-amd64\""));
}

TEST(Bundle, HoldsNoPasswordWhereverItStood) {
  for (const auto& [name, text] : contents(with_password(), true))
    EXPECT_THAT(text, Not(HasSubstr("hunter2"))) << name;
  EXPECT_THAT(contents(with_password(), true).at("config.yaml"), HasSubstr("alerts.example:9093"));
  EXPECT_EQ(without_secrets("a http://u:p@h/x b://:q@h c@d"), "a http://***@h/x b://***@h c@d");
}

TEST(Bundle, HoldsClientsAddressesOnlyWhenAsked) {
  ASSERT_THAT(canned_sockets, HasSubstr("203.0.113.7"));
  for (const auto& [name, text] : contents({}, false))
    EXPECT_THAT(text, Not(HasSubstr("203.0.113.7"))) << name;
  EXPECT_THAT(contents({}, false).at("agent/sockets.json"), HasSubstr("\"cookie\":4711"));
  EXPECT_THAT(contents({}, true).at("agent/sockets.json"), HasSubstr("203.0.113.7"));
}

TEST(Bundle, WithoutAnAgentALineSaysWhy) {
  const auto files = contents({}, false, [](const std::string&) -> std::string {
    throw AgentUnreachable("no agent at /run/x: is it running?");
  });
  EXPECT_EQ(files.at("agent/why-not.txt"), "no agent at /run/x: is it running?\n");
  EXPECT_FALSE(files.contains("agent/status.json"));
  EXPECT_TRUE(contents({}, false, [](const std::string&) {
                return "rubbish";
              }).contains("agent/why-not.txt"));
}

std::map<std::string, std::string> unpacked(const std::string& path) {
  std::map<std::string, std::string> files;
  const std::unique_ptr<archive, decltype(&archive_read_free)> tar(archive_read_new(),
                                                                   &archive_read_free);
  archive_read_support_filter_gzip(tar.get());
  archive_read_support_format_tar(tar.get());
  EXPECT_EQ(archive_read_open_filename(tar.get(), path.c_str(), 10240), ARCHIVE_OK);
  for (archive_entry* entry = nullptr; archive_read_next_header(tar.get(), &entry) == ARCHIVE_OK;) {
    std::string text(static_cast<std::size_t>(archive_entry_size(entry)), '\0');
    archive_read_data(tar.get(), text.data(), text.size());
    files[archive_entry_pathname(entry)] = text;
  }
  return files;
}

TEST(BundleFile, IsATarThatOnlyItsOwnerReads) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("b.tar.gz");
  BundleFile(path).write({{"a.json", "{}\n"}, {"agent/b.txt", std::string(100000, 'x')}}, 1000);
  const auto files = unpacked(path);
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files.at("fanfare-bundle/a.json"), "{}\n");
  EXPECT_EQ(files.at("fanfare-bundle/agent/b.txt"), std::string(100000, 'x'));
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

std::string refusal(const std::string& path) {
  try {
    const BundleFile file(path);
  } catch (const BundleError& error) {
    return error.what();
  }
  return "not refused";
}

TEST(BundleFile, OverwritesNothingAndLeavesNoHalf) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("b.tar.gz");
  EXPECT_EQ(refusal(path), "not refused");
  EXPECT_FALSE(std::filesystem::exists(path)) << "an unfinished bundle is left behind";
  std::ofstream(path) << "mine";
  EXPECT_THAT(refusal(path), HasSubstr("exists and is not overwritten"));
  EXPECT_EQ(std::filesystem::file_size(path), 4U);
  EXPECT_THAT(refusal(directory.file("none/b")), HasSubstr("No such file or directory"));
}

}  // namespace
}  // namespace fanfare::cli_test
