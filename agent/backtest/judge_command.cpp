// SPDX-License-Identifier: Apache-2.0
#include "agent/backtest/judge_command.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "agent/backtest/back_test.h"
#include "agent/backtest/prometheus_range.h"
#include "agent/cli/escape.h"
#include "agent/cli/text_wrap.h"
#include "agent/config/config_file.h"
#include "agent/exports/json_figures.h"
#include "agent/exports/json_text.h"
#include "agent/replay/bad_file.h"

namespace fanfare {
namespace {

namespace json = boost::json;

json::object change_object(const AlertChange& change) {
  const Alert& alert = change.alert;
  return {{"t", change.t},
          {"alert", alert.name},
          {"shard", text_or_null(alert.shard)},
          {"peer", text_or_null(alert.peer)},
          {"severity", std::string(severity_name(alert.severity))},
          {"state", std::string(state_name(alert))},
          {"why", label_text(alert.ended_by.empty() ? alert.why : alert.ended_by)}};
}

std::string signal_key(const Signal& signal) {
  return signal.peer.empty() ? signal.name : signal.name + ":" + signal.peer;
}

json::object end_object(const BackTest& test) {
  json::object shards;
  for (const auto& [name, judgement] : test.judgements()) {
    json::object signals;
    for (const Signal& signal : judgement.signals)
      signals[signal_key(signal)] = {{"ratio", number_or_null(signal.ratio.value)},
                                     {"normal", number_or_null(signal.normal)},
                                     {"evidence", thousandths(signal.evidence)},
                                     {"unknown", text_or_null(signal.ratio.unknown)}};
    shards[name] = std::move(signals);
  }
  return {{"end", true}, {"t", test.t()}, {"shards", std::move(shards)}};
}

void write_line(std::ostream& out, const json::object& object) { out << json_text(object) << '\n'; }

class Report {
 public:
  Report(std::ostream& out, Output output, std::size_t columns)
      : out_(out), output_(output), columns_(columns) {}

  void tell(const AlertChange& change) {
    fired_ = fired_ || change.alert.state == AlertState::firing;
    if (output_ == Output::json) return write_line(out_, change_object(change));
    const Alert& alert = change.alert;
    out_ << fmt::format("{:>10.0f} s  {:8} {:8} {}{}{}\n", change.t, state_name(alert),
                        severity_name(alert.severity), alert.name,
                        alert.shard.empty() ? "" : " of " + terminal_safe(alert.shard),
                        alert.peer.empty() ? "" : " to " + terminal_safe(alert.peer));
    const auto& why = alert.ended_by.empty() ? alert.why : alert.ended_by;
    out_ << wrapped(terminal_safe(why), 14, columns_);
  }

  void end(const BackTest& test) {
    if (output_ == Output::json) return write_line(out_, end_object(test));
    if (!fired_) out_ << fmt::format("Nothing would have fired until {:.0f} s.\n", test.t());
  }

  bool fired() const { return fired_; }

 private:
  std::ostream& out_;
  Output output_;
  std::size_t columns_;
  bool fired_ = false;
};

void read_prometheus(std::istream& input, const std::string& name, CountsReader& reader,
                     BackTest& test) {
  const std::string answer(std::istreambuf_iterator<char>(input), {});
  for (const auto& line : lines_from_prometheus(answer, name))
    test.take(reader.read(line, name), name);
}

void read_all(std::istream& input, const std::string& name, const Config& config,
              const std::string& from, BackTest& test) {
  CountsReader reader;
  for (const ShardRule& rule : config.shards) reader.set_lag_limit(rule.name, rule.late_seconds);
  if (from == "prometheus") {
    read_prometheus(input, name, reader, test);
    return test.end();
  }
  std::string line;
  for (std::size_t number = 1; std::getline(input, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const auto where = fmt::format("{}:{}", name, number);
    test.take(reader.read(line, where), where);
  }
  if (input.bad()) throw BadFile(fmt::format("{}: cannot be read: {}", name, std::strerror(errno)));
  test.end();
}

}  // namespace

int run_judge(const JudgeCommand& command, const Look& look, std::istream& standard_input,
              std::ostream& out) {
  const Config config = command.config ? load_config_file(*command.config) : Config{};
  Report report(out, command.output, look.columns);
  BackTest test(config, [&](const AlertChange& change) { report.tell(change); });
  const bool standard = command.file == "-";
  std::ifstream file;
  if (!standard) {
    file.open(command.file);
    if (!file)
      throw BadFile(fmt::format("{}: cannot be opened: {}", command.file, std::strerror(errno)));
  }
  read_all(standard ? standard_input : file, standard ? "standard input" : command.file, config,
           command.from, test);
  report.end(test);
  if (!out.flush()) throw std::runtime_error("cannot write the output: is the disk full?");
  return report.fired() ? exit_finding : exit_fine;
}

}  // namespace fanfare
