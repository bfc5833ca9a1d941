// SPDX-License-Identifier: Apache-2.0
// The metrics as a scraper sees them: exact lines, zeros from the first scrape, safe labels, and
// what promtool says of them.
#include "agent/exports/metrics.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "agent/exports/label_text.h"
#include "agent/exports/metrics_catalogue.h"
#include "tests/unit/sample_outage.h"

namespace fanfare {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

// Samples (no comments) whose name is exactly `metric`.
std::vector<std::string> samples(const std::string& text, const std::string& metric) {
  std::vector<std::string> found;
  for (const std::string& line : lines_of(text)) {
    if (line.starts_with(metric + "{")) {
      found.push_back(line);
    }
  }
  return found;
}

std::size_t count_of(const std::string& text, const std::string& line) {
  return std::ranges::count(lines_of(text), line);
}

TEST(Metrics, TheProtocolIsThatOfTheShard) {
  View view = sample::view();
  view.shards.at(0).shard.protocol = FANFARE_MQTT;
  const std::string text = metrics_text(view);
  EXPECT_EQ(count_of(text,
                     "fanfare_messages_total"
                     R"({cluster="test",node="host-a",shard="chat",role="client",)"
                     R"(protocol="mqtt",direction="out",class="other"} 1)"),
            1U);
  EXPECT_EQ(text.find(R"(protocol="websocket")"), std::string::npos);
}

TEST(Metrics, ExactLines) {
  const std::string text = metrics_text(sample::view());
  const std::string node = R"({cluster="test",node="host-a")";
  const std::string in_shard = node + R"(,shard="chat",role="client")";
  const std::string way = in_shard + R"(,protocol="websocket",direction=)";
  for (const std::string& line : std::vector<std::string>{
           "fanfare_sockets" + in_shard + R"(,state="synced"} 1)",
           "fanfare_sockets" + in_shard + R"(,state="unsynced"} 0)",
           "fanfare_sockets" + in_shard + R"(,state="dark"} 0)",
           "fanfare_sockets_opened_total" + in_shard + "} 5",
           "fanfare_sockets_closed_total" + in_shard + R"(,by="peer"} 2)",
           "fanfare_sockets_closed_total" + in_shard + R"(,by="local"} 1)",
           "fanfare_sockets_closed_total" + in_shard + R"(,by="timeout"} 1)",
           "fanfare_coverage_ratio" + node + R"(,shard="chat"} 1)",
           "fanfare_messages_total" + way + R"("out",class="event"} 7)",
           "fanfare_messages_total" + way + R"("out",class="heartbeat"} 0)",
           "fanfare_messages_total" + way + R"("out",class="control"} 2)",
           "fanfare_messages_total" + way + R"("out",class="other"} 1)",
           "fanfare_messages_total" + way + R"("in",class="event"} 2)",
           "fanfare_message_bytes_total" + way + R"("out",class="event"} 1400)",
           "fanfare_message_bytes_total" + way + R"("in",class="control"} 4)",
           "fanfare_frames_total" + way + R"("out"} 12)",
           "fanfare_frames_total" + way + R"("in"} 3)",
           "fanfare_capture_losses_total" + node + R"(,reason="bad_frame"} 0)",
           "fanfare_shard_losses_total" + node + R"(,shard="chat",direction="out"} 0)",
           "fanfare_shard_losses_total" + node + R"(,shard="chat",direction="in"} 0)",
           "fanfare_shards_over_limit" + node + "} 0",
           "fanfare_bpf_runs_total" + node + R"(,program="on_egress"} 20)",
           "fanfare_bpf_run_seconds_total" + node + R"(,program="on_egress"} 3e-06)",
           "fanfare_tick_seconds" + node + "} 0.0042",
           "fanfare_map_entries" + node + R"(,map="flows"} 1)",
           "fanfare_map_capacity" + node + R"(,map="flows"} 131072)",
           "fanfare_config_last_reload_successful" + node + "} 1",
           "fanfare_build_info" + node + R"(,version="0.1.0"} 1)",
           "fanfare_start_time_seconds" + node + "} 1700000000",
       }) {
    EXPECT_EQ(count_of(text, line), 1U) << line << "\nin\n" << text;
  }
}

TEST(Metrics, EveryKindOfAlertIsThereWithZero) {
  const auto firing = samples(metrics_text(sample::view()), "fanfare_alerts_firing");
  EXPECT_EQ(firing.size(), 21U);
  for (const std::string& line : firing) EXPECT_TRUE(line.ends_with("} 0")) << line;
}

TEST(Metrics, OnlyExpectedShardsAreSaidToBeExpected) {
  View view = sample::view();
  EXPECT_TRUE(samples(metrics_text(view), "fanfare_shard_expected").empty());
  view.shards[0].shard.expected = true;
  EXPECT_EQ(samples(metrics_text(view), "fanfare_shard_expected").size(), 1U);
}

TEST(Metrics, EverySeriesOfAnEmptyShardIsThereWithZero) {
  View view = sample::view();
  view.shards = {ShardView{}};
  view.shards[0].shard.name = "quiet";
  view.losses.clear();
  const std::string text = metrics_text(view);
  EXPECT_EQ(samples(text, "fanfare_messages_total").size(), 2U * FANFARE_CLASS_COUNT);
  EXPECT_EQ(samples(text, "fanfare_message_bytes_total").size(), 2U * FANFARE_CLASS_COUNT);
  EXPECT_EQ(samples(text, "fanfare_frames_total").size(), 2U);
  EXPECT_EQ(samples(text, "fanfare_sockets_closed_total").size(), 3U);
  EXPECT_EQ(samples(text, "fanfare_capture_losses_total").size(), FANFARE_LOSS_COUNT - 1U);
  for (const char* metric :
       {"fanfare_messages_total", "fanfare_capture_losses_total", "fanfare_events_accepted_total",
        "fanfare_event_copies_total", "fanfare_events_due_total"}) {
    EXPECT_FALSE(samples(text, metric).empty()) << metric;
    for (const std::string& line : samples(text, metric)) {
      EXPECT_TRUE(line.ends_with("} 0")) << line;
    }
  }
}

TEST(Metrics, LossesAreExportedByReason) {
  View view = sample::view();
  std::ranges::find(view.losses, "egress_hole", &LossView::reason)->count = 9;
  const std::string text = metrics_text(view);
  EXPECT_EQ(count_of(text, R"(fanfare_capture_losses_total{cluster="test",node="host-a",)"
                           R"(reason="egress_hole"} 9)"),
            1U);
  EXPECT_EQ(text.find("reason=\"none\""), std::string::npos);
}

TEST(Metrics, UnknownCoverageIsAbsent) {
  View view = sample::view();
  view.shards[0].coverage.reset();
  EXPECT_EQ(metrics_text(view).find("fanfare_coverage_ratio"), std::string::npos);
}

TEST(Metrics, AHostWithoutShardsHasNoShardSeries) {
  View view = sample::view();
  view.shards.clear();
  const std::string text = metrics_text(view);
  EXPECT_EQ(text.find(",shard="), std::string::npos);
  EXPECT_EQ(samples(text, "fanfare_build_info").size(), 1U);
}

TEST(Metrics, CountsAreExactUpTo2To53) {
  View view = sample::view();
  view.shards[0].shard.out.frames = 9007199254740991;
  const auto frames = samples(metrics_text(view), "fanfare_frames_total");
  EXPECT_EQ(std::ranges::count_if(
                frames, [](const auto& line) { return line.ends_with("} 9007199254740991"); }),
            1);
}

TEST(Metrics, LabelValuesAreEscaped) {
  View view = sample::view();
  view.shards[0].shard.name = "a\"b\nc\\d";
  const auto opened = samples(metrics_text(view), "fanfare_sockets_opened_total");
  ASSERT_EQ(opened.size(), 1U);
  EXPECT_EQ(opened[0], R"(fanfare_sockets_opened_total{cluster="test",node="host-a",)"
                       R"(shard="a\"b\nc\\d",role="client"} 5)");
}

TEST(Metrics, LabelValuesAreUtf8AndStayDistinct) {
  EXPECT_EQ(label_text("z\xC3\xBCrich \xE6\xB1\x89 \xF0\x9F\x98\x80"),
            "z\xC3\xBCrich \xE6\xB1\x89 \xF0\x9F\x98\x80");
  EXPECT_EQ(label_text("a\xFF"),
            "a\xEF\xBF\xBD"
            "ff");
  EXPECT_EQ(label_text("a\xC3"),
            "a\xEF\xBF\xBD"
            "c3");  // cut
  EXPECT_EQ(label_text("\xC0\xAF"),
            "\xEF\xBF\xBD"
            "c0\xEF\xBF\xBD"
            "af");                                        // overlong
  EXPECT_EQ(label_text("\xED\xA0\x80").size(), 15U);      // surrogate
  EXPECT_EQ(label_text("\xF4\x90\x80\x80").size(), 20U);  // above U+10FFFF
  EXPECT_NE(label_text("a\xFF"), label_text("a\xEF\xBF\xBD"
                                            "ff"));
}

TEST(Metrics, EverySampleHasTheLabelsOfTheCatalogue) {
  std::set<std::string> seen;
  View view = sample::outage();
  view.pod_names.on = true;
  view.shards[0].shard.expected = true;
  for (const auto& family : collect(view)) {
    const auto entry =
        std::ranges::find(metrics_catalogue(), std::string_view(family.name), &MetricEntry::name);
    ASSERT_NE(entry, metrics_catalogue().end()) << family.name;
    seen.insert(family.name);
    const std::string own(entry->labels);
    const std::string expected = "cluster,node" + (own.empty() ? "" : "," + own);
    for (const auto& metric : family.metric) {
      std::string labels;
      for (const auto& label : metric.label) {
        labels += (labels.empty() ? "" : ",") + label.name;
      }
      EXPECT_EQ(labels, expected) << family.name;
    }
  }
  EXPECT_EQ(seen.size(), metrics_catalogue().size());
}

TEST(Metrics, ReferenceNamesEachMetricOnce) {
  const std::string reference = metrics_reference();
  for (const MetricEntry& entry : metrics_catalogue()) {
    const std::string cell = "| `" + std::string(entry.name) + "` |";
    const auto first = reference.find(cell);
    ASSERT_NE(first, std::string::npos) << entry.name;
    EXPECT_EQ(reference.find(cell, first + 1), std::string::npos) << entry.name;
    EXPECT_TRUE(entry.help.ends_with('.')) << entry.help;
  }
}

TEST(Metrics, PromtoolHasNothingToSay) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "promtool is not installed (Debian package prometheus)";
  }
  View view = sample::outage();
  view.shards.push_back(sample::shard("a\"b\nc\\d \xFF z\xC3\xBCrich"));
  const std::string path = testing::TempDir() + "fanfare_metrics_" + std::to_string(::getpid());
  std::ofstream(path) << metrics_text(view);
  FILE* pipe = ::popen(("promtool check metrics <" + path + " 2>&1").c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string said;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) {
    said += static_cast<char>(c);
  }
  const int status = ::pclose(pipe);
  ::unlink(path.c_str());
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << said;
  EXPECT_EQ(said, "");
}

}  // namespace
}  // namespace fanfare
