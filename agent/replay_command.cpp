// SPDX-License-Identifier: Apache-2.0
#include "agent/replay_command.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <filesystem>
#include <map>
#include <memory>
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
#include "agent/replay/recording_source.h"

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
    std::map<Key, std::pair<std::string_view, Severity>> seen;
    View one;
    one.taken = view.taken;
    for (const Alert& alert : view.alerts) {
      if (alert.state == AlertState::pending) continue;
      const Key key{alert.name, alert.shard, alert.peer};
      const std::pair state{state_name(alert), alert.severity};
      seen.emplace(key, state);
      const auto before = noted_.find(key);
      if (before != noted_.end() && before->second == state) continue;
      one.alerts = {alert};
      json::object told{{"at_seconds", since_1970(view.taken)}, {"at", time_text(view.taken)}};
      const json::array alerts = alert_array(one, now);
      for (const auto& member : alerts.at(0).as_object()) told.insert(member);
      changes_.push_back(std::move(told));
    }
    noted_ = std::move(seen);
  }

  json::array changes() && { return std::move(changes_); }

 private:
  using Key = std::tuple<std::string, std::string, std::string>;  // name, shard, peer
  std::map<Key, std::pair<std::string_view, Severity>> noted_;
  json::array changes_;
};

json::array flow_array(const View& all, Monotonic now) {
  json::array flows = json::parse(sockets_json(all, now, {.shard = {}, .closed = true})).as_array();
  for (std::size_t i = 0; i < flows.size(); ++i) {
    json::object& flow = flows[i].as_object();
    flow["src"] = flow.at("local");
    flow["dst"] = flow.at("remote");
    // Behind those with a record stand the dark ones, which are open as long as they are there.
    const auto& known = all.snapshot->flows;
    flow["open"] = i >= known.size() || known[i].life == FANFARE_LIVE;
  }
  return flows;
}

json::object loss_object(const View& view) {
  json::object losses;
  for (const LossView& loss : view.losses)
    if (loss.count) losses[loss.reason] = loss.count;
  return losses;
}

bool is_recorded(const std::string& file) {
  return std::filesystem::is_directory(file) || is_recording(file);
}

// The pipeline that a source is ticked through; a new one for each run of a recorded agent.
class Replay {
 public:
  Replay(Replayed& source, const std::optional<Config>& config, bool rules)
      : source_(source), given_(config), rules_(rules) {
    health_.attached = true;
  }

  void run() {
    for (auto at = source_.next(); at; at = source_.next()) {
      if (auto beginning = source_.beginning())
        begin(*beginning, *at);
      else if (!pipeline_)
        begin({}, *at);
      now_ = at->monotonic;
      last_ = pipeline_->tick(now_, at->wall, health_, -1);
      book_.note(*last_);
      if (rules_) story_.note(*last_, now_);
    }
  }

  json::object result() && {
    json::object result{{"flows", json::array{}}, {"losses", json::object{}}};
    if (last_) {
      result["flows"] = flow_array(book_.complete(*last_), now_);
      result["losses"] = loss_object(*last_);
      result["shards"] = json::parse(shards_json(*last_));
    }
    if (rules_) result["alerts"] = std::move(story_).changes();
    json::array notes;
    for (const std::string& note : source_.notes()) notes.emplace_back(note);
    result["notes"] = std::move(notes);
    return result;
  }

 private:
  void begin(const Replayed::Beginning& beginning, const Replayed::Instant& at) {
    const Config& config = given_ ? *given_ : beginning.config;
    if (!beginning.anew) {
      pipeline_->reload(config);
      return;
    }
    pipeline_ = std::make_unique<Pipeline>(source_, config, "", at.wall);
    if (!beginning.state.empty()) pipeline_->restore(beginning.state, at.monotonic, at.wall);
    book_ = FlowBook();
  }

  Replayed& source_;
  std::optional<Config> given_;
  bool rules_;
  Health health_;
  std::unique_ptr<Pipeline> pipeline_;
  FlowBook book_;
  AlertStory story_;
  std::shared_ptr<const View> last_;
  Monotonic now_{};
};

}  // namespace

Config config_for_capture(Config config) {
  for (ShardRule& rule : config.shards) {
    if (rule.match.listen_ports.empty() && !rule.replication) continue;
    rule.match.cgroup.clear();
    rule.match.exe.clear();
  }
  return config;
}

json::object replay(Replayed& source, const std::optional<Config>& config, bool rules) {
  Replay replaying(source, config, rules);
  replaying.run();
  return std::move(replaying).result();
}

int run_replay(const ReplayCommand& command, const Look& look, std::ostream& out,
               std::ostream& err) {
  std::optional<Config> config;
  if (command.config) config = load_config_file(*command.config);
  std::unique_ptr<Replayed> source;
  if (is_recorded(command.file)) {
    source = std::make_unique<RecordingSource>(command.file);
  } else {
    config = config_for_capture(config.value_or(Config{}));
    source = std::make_unique<PacketSource>(CaptureFile(command.file), knobs_of(*config));
  }
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
