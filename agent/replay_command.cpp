// SPDX-License-Identifier: Apache-2.0
#include "agent/replay_command.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <map>
#include <tuple>
#include <utility>

#include "agent/cli/replay_report.h"
#include "agent/config/config_file.h"
#include "agent/exports/json.h"
#include "agent/exports/json_text.h"
#include "agent/exports/judgement_json.h"
#include "agent/exports/sockets_json.h"
#include "agent/flow_book.h"
#include "agent/pipeline.h"
#include "agent/replay/bad_file.h"
#include "agent/replay/packet_source.h"

namespace fanfare {
namespace {

namespace json = boost::json;

std::string time_text(Wall at) {
  const auto millis = std::chrono::floor<std::chrono::milliseconds>(at);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", millis);
}

double since_1970(Wall at) { return std::chrono::duration<double>(at.time_since_epoch()).count(); }

// What the board says, where it says something new.
class AlertStory {
 public:
  void note(const View& view, Monotonic now) {
    std::map<Key, std::pair<AlertState, Severity>> seen;
    View one;
    one.taken = view.taken;
    for (const Alert& alert : view.alerts) {
      if (alert.state == AlertState::pending) continue;
      const Key key{alert.name, alert.shard, alert.peer};
      const std::pair state{alert.state, alert.severity};
      seen.emplace(key, state);
      const auto before = noted_.find(key);
      if (before != noted_.end() && before->second == state) continue;
      one.alerts = {alert};
      json::object told{{"at_seconds", since_1970(view.taken)}, {"at", time_text(view.taken)}};
      for (const auto& member : alert_array(one, now).at(0).as_object()) told.insert(member);
      changes_.push_back(std::move(told));
    }
    noted_ = std::move(seen);
  }

  json::array changes() && { return std::move(changes_); }

 private:
  using Key = std::tuple<std::string, std::string, std::string>;  // name, shard, peer
  std::map<Key, std::pair<AlertState, Severity>> noted_;
  json::array changes_;
};

json::array flow_array(const View& all, Monotonic now) {
  json::array flows = json::parse(sockets_json(all, now, {.shard = {}, .closed = true})).as_array();
  for (std::size_t i = 0; i < flows.size(); ++i) {
    json::object& flow = flows[i].as_object();
    flow["src"] = flow.at("local");
    flow["dst"] = flow.at("remote");
    flow["open"] = all.snapshot->flows.at(i).life == FANFARE_LIVE;
  }
  return flows;
}

json::object loss_object(const View& view) {
  json::object losses;
  for (const LossView& loss : view.losses)
    if (loss.count) losses[loss.reason] = loss.count;
  return losses;
}

std::unique_ptr<Replayed> open_source(const std::string& file, const Config& config) {
  return std::make_unique<PacketSource>(CaptureFile(file), knobs_of(config));
}

}  // namespace

Config config_for_capture(Config config) {
  for (ShardRule& rule : config.shards) {
    if (rule.match.listen_ports.empty() && !rule.replication) continue;
    rule.match.cgroup.clear();
    rule.match.exe.clear();
  }
  return config;
}

json::object replay(Replayed& source, const Config& config, bool rules) {
  const auto first = source.next();
  Pipeline pipeline(source, config, "", first ? first->wall : Wall{});
  Health health;
  health.attached = true;
  FlowBook book;
  AlertStory story;
  std::shared_ptr<const View> last;
  Monotonic now{};
  for (auto at = first; at; at = source.next()) {
    now = at->monotonic;
    last = pipeline.tick(now, at->wall, health, -1);
    book.note(*last);
    if (rules) story.note(*last, now);
  }
  json::object result{{"flows", json::array{}}, {"losses", json::object{}}};
  if (last) {
    result["flows"] = flow_array(book.complete(*last), now);
    result["losses"] = loss_object(*last);
    result["shards"] = json::parse(shards_json(*last));
  }
  if (rules) result["alerts"] = std::move(story).changes();
  json::array notes;
  for (const std::string& note : source.notes()) notes.emplace_back(note);
  result["notes"] = std::move(notes);
  return result;
}

int run_replay(const ReplayCommand& command, const Look& look, std::ostream& out,
               std::ostream& err) {
  const Config config =
      config_for_capture(command.config ? load_config_file(*command.config) : Config{});
  const auto source = open_source(command.file, config);
  const json::object result = replay(*source, config, command.rules);
  if (command.output == Output::json)
    out << json_text(result) << '\n';
  else
    out << replay_report(result, look);
  if (!out.flush()) throw std::runtime_error("cannot write the output: is the disk full?");
  if (const auto fault = source->fault(); !fault.empty()) {
    err << "fanfare: " << fault << "\n  the figures are of what stands before it\n";
    return exit_usage;
  }
  return command.rules && any_fired(result) ? exit_finding : exit_fine;
}

}  // namespace fanfare
