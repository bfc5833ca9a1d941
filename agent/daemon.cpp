// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>

#include "agent/alert_log.h"
#include "agent/config/config_file.h"
#include "agent/config/start_error.h"
#include "agent/exports/alertmanager.h"
#include "agent/exports/server.h"
#include "agent/kernel/kernel_source.h"
#include "agent/pipeline.h"
#include "agent/pods/pod_client.h"
#include "agent/reload.h"
#include "agent/replay/recorder.h"
#include "agent/state_file.h"

namespace fanfare {
namespace {

namespace net = boost::asio;
using namespace std::chrono_literals;

constexpr auto tick_period = 1s;
constexpr auto record_patience = 60s;  // after a failure
constexpr auto state_period = 10s;     // a lost agent forgets no more than that

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

Config effective_config(const std::optional<std::string>& file, const Overrides& overrides) {
  auto config = with_overrides(file ? load_config_file(*file) : Config{}, overrides);
  if (config.node == "auto") config.node = host_name();
  return config;
}

Scope scope_of(ScopeResult result) {
  switch (result) {
    case ScopeResult::proven:
      return Scope::proven;
    case ScopeResult::netns_only:
      return Scope::netns_only;
    case ScopeResult::refuted:
      return Scope::refuted;
    case ScopeResult::unproven:
      break;
  }
  return Scope::unproven;
}

class Daemon {
 public:
  Daemon(const std::optional<std::string>& config_file, const Overrides& overrides,
         const std::optional<std::string>& record_to, const std::string& version)
      : config_file_(config_file),
        overrides_(overrides),
        config_(effective_config(config_file, overrides)),
        server_(
            context_, {.listen = config_.listen, .admin = config_.admin},
            {.view = [this] { return view_; },
             .scraped =
                 [this](std::string by) {
                   scraped_ = now();
                   scraper_ = std::move(by);
                 },
             .clear_alert = [this](const std::string& name, const std::string& shard,
                                   unsigned int uid) { return clear_alert(name, shard, uid); }}),
        cgroup_(find_cgroup(config_.cgroup)),
        source_(cgroup_, knobs_of(config_)),
        pipeline_(source_, config_, version, std::chrono::system_clock::now()),
        state_(config_.admin + ".state") {
    if (record_to) recorder_.emplace(*record_to);
    health_.measured = true;
    health_.attached = true;
    health_.cgroup = cgroup_.path;
    health_.subtree = cgroup_.subtree;
    health_.scope = scope_of(source_.scope().result);
    health_.scope_text = source_.scope().text;
    health_.config_file = config_file.value_or("");
    spdlog::info("attached to {}{}; {}", cgroup_.path, cgroup_.subtree ? " (a subtree)" : "",
                 health_.scope_text);
    spdlog::info("metrics on http://{}/metrics, admin socket {}", server_.listen_address(),
                 config_.admin);
  }

  int run() {
    restore_state();
    watch_pods();
    wait_for_signals();
    tell_absence();
    tick();
    ::sd_notify(0, "READY=1");
    context_.run();
    return 0;
  }

 private:
  static Monotonic now() { return std::chrono::steady_clock::now().time_since_epoch(); }

  void tick() {
    try {
      const double scrape_age =
          scraped_.count() ? std::chrono::duration<double>(now() - scraped_).count() : -1;
      begin_recording();
      look_at_sight();
      if (pods_ && pods_->view().listed) pipeline_.set_pods(pods_->table());
      auto view = pipeline_.tick(now(), std::chrono::system_clock::now(), health_, scrape_age);
      if (recorder_) record([&] { recorder_->append(*view->snapshot); });
      view->last_scraper = scraper_;
      view->pod_names = pods_ ? pods_->view() : PodWatchView{.server = no_pods_};
      tell(*view);
      view_ = std::move(view);
      server_.publish();
      ::sd_notify(0, "WATCHDOG=1");
      if (std::exchange(tick_failed_, false)) spdlog::info("reading the kernel works again");
    } catch (const std::exception& error) {
      // The view goes stale, and /readyz says so.
      if (!std::exchange(tick_failed_, true)) spdlog::error("tick failed: {}", error.what());
    }
    timer_.expires_at(
        std::max(timer_.expiry() + tick_period, net::steady_timer::clock_type::now()));
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) tick();
    });
  }

  void look_at_sight() {
    const Sight& sight = source_.check(now());
    if (sight.blind && !health_.blind)
      spdlog::error("nothing is counted: {}",
                    sight.attached ? sight.self_check_text : sight.attached_text);
    if (!sight.blind && health_.blind)
      spdlog::info("attached again and counting, after {:.0f} s", health_.blind_seconds);
    health_.attached = sight.attached;
    health_.attached_text = sight.attached_text;
    health_.self_check = sight.self_check;
    health_.self_check_text = sight.self_check_text;
    health_.blind = sight.blind;
    health_.blind_seconds = std::chrono::duration<double>(sight.blind_for).count();
    health_.scope = scope_of(sight.scope.result);
    health_.scope_text = sight.scope.text;
  }

  // To the log, to every Alertmanager, and to the state that outlives us.
  void tell(View& view) {
    const bool changed = alert_log_.note(view.alerts);
    poster_.post(view.alerts, {.cluster = view.cluster, .node = view.node}, now(), view.taken);
    view.alertmanagers = poster_.views(now());
    if (!changed && now() - state_stored_ < state_period) return;
    state_stored_ = now();
    store_state();
  }

  // Told to everybody at the next tick, by the log and by the Alertmanagers.
  std::size_t clear_alert(const std::string& name, const std::string& shard, unsigned int uid) {
    const auto wall = std::chrono::system_clock::now();
    return pipeline_.clear_alert(
        name, shard, "cleared by hand, by uid " + std::to_string(uid) + ".", now(), wall);
  }

  // A recording that fails must not stop the counting.
  template <typename Step>
  void record(Step step) {
    try {
      step();
      if (std::exchange(record_failed_, false)) spdlog::info("recording works again");
    } catch (const std::exception& error) {
      recorder_->renew();
      record_again_ = now() + record_patience;
      if (!std::exchange(record_failed_, true)) spdlog::error("not recorded: {}", error.what());
    }
  }

  void begin_recording() {
    if (!recorder_ || !recorder_->wants_file() || now() < record_again_) return;
    record(
        [this] { recorder_->begin(config_, pipeline_.save(), std::chrono::system_clock::now()); });
  }

  void store_state() {
    try {
      state_.store(pipeline_.save());
      state_failed_ = false;
    } catch (const std::exception& error) {
      if (!std::exchange(state_failed_, true))
        spdlog::error("what is normal would not outlive a restart: {}", error.what());
    }
  }

  void restore_state() {
    try {
      const auto text = state_.load();
      if (text.empty()) return;
      if (pipeline_.restore(text, now(), std::chrono::system_clock::now()))
        spdlog::info("went on from {}", state_.path());
      else
        spdlog::warn("{} is not a state of this version; starting without", state_.path());
    } catch (const std::exception& error) {
      spdlog::warn("starting without the state of the last run: {}", error.what());
    }
  }

  // A loss that is there from the first tick on: no finding for a minute, since nobody need act.
  void tell_absence() {
    const auto& absence = pipeline_.absence();
    if (absence.time.count() == 0) return;
    source_.note_absence(absence.time);
    spdlog::warn(
        "no agent ran for {:.1f} s: what left meanwhile for the {} client sockets of {} shards "
        "that "
        "the last one knew is in no figure (loss agent_absent)",
        std::chrono::duration<double>(absence.time).count(), absence.sockets, absence.shards);
  }

  // Names that are known stay known until others are.
  void watch_pods() {
    auto choice = choose_pod_api(config_);
    no_pods_ = choice.why_not;
    if (choice.api == pod_api_) return;
    pod_api_ = choice.api;
    pods_.reset();
    if (pod_api_) pods_.emplace(context_, *pod_api_);
  }

  void wait_for_signals() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      if (signal == SIGHUP) {
        reload();
        wait_for_signals();
      } else {
        spdlog::info("stopping on {}", signal == SIGTERM ? "SIGTERM" : "SIGINT");
        ::sd_notify(0, "STOPPING=1");
        store_state();
        server_.stop();
        timer_.cancel();
        context_.stop();
      }
    });
  }

  void reload() {
    ::sd_notify(0, "RELOADING=1");
    try {
      const auto fresh = effective_config(config_file_, overrides_);
      if (const auto key = fixed_key_changed(config_, fresh); !key.empty())
        throw std::runtime_error(key + " cannot change while the agent runs: restart it");
      config_ = fresh;
      source_.set_shards(knobs_of(config_).shards);
      pipeline_.reload(config_);
      if (recorder_) recorder_->renew();
      poster_.set_targets(config_.alertmanagers);
      watch_pods();
      health_.config_reload_ok = true;
      health_.config_reload_error.clear();
      spdlog::info("configuration reloaded");
    } catch (const std::exception& error) {
      health_.config_reload_ok = false;
      health_.config_reload_error = error.what();
      spdlog::error("configuration not reloaded, the old one stays: {}", error.what());
    }
    ::sd_notify(0, "READY=1");
  }

  std::optional<std::string> config_file_;
  Overrides overrides_;
  Config config_;
  net::io_context context_{1};
  net::signal_set signals_{context_, SIGTERM, SIGINT, SIGHUP};
  net::steady_timer timer_{context_, net::steady_timer::clock_type::now()};
  std::shared_ptr<const View> view_;
  Monotonic scraped_{};
  std::string scraper_;
  Server server_;  // before the programs: a port in use is found out at once
  CgroupTarget cgroup_;
  KernelSource source_;
  Pipeline pipeline_;
  StateFile state_;
  AlertLog alert_log_;
  AlertPoster poster_{context_, config_.alertmanagers};
  std::optional<PodApi> pod_api_;
  std::optional<PodClient> pods_;
  std::string no_pods_;  // why nobody is asked
  Health health_;
  Monotonic state_stored_{};
  bool state_failed_ = false;
  bool tick_failed_ = false;
  std::optional<Recorder> recorder_;
  Monotonic record_again_{};
  bool record_failed_ = false;
};

}  // namespace

int run_agent(const std::optional<std::string>& config_file, const Overrides& overrides,
              const std::optional<std::string>& record_to, const std::string& version) {
  spdlog::set_default_logger(spdlog::stderr_color_st("fanfare"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
  return Daemon(config_file, overrides, record_to, version).run();
}

}  // namespace fanfare
