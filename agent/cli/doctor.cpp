// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/doctor.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>

#include "agent/cli/agent_client.h"
#include "agent/cli/answer.h"
#include "agent/cli/bundle.h"
#include "agent/cli/doctor_report.h"
#include "agent/cli/escape.h"
#include "agent/config/config_error.h"
#include "agent/config/config_file.h"
#include "agent/config/start_error.h"
#include "agent/exports/admin_socket.h"
#include "agent/exports/json_text.h"
#include "agent/exports/listen_address.h"
#include "agent/model/shard_names.h"
#include "agent/pods/pod_client.h"

namespace fanfare {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

// A directory that was not there is gone again afterwards: the agent makes it itself.
class AbsentDirectory {
 public:
  explicit AbsentDirectory(fs::path path) : path_(std::move(path)) {
    std::error_code ignored;
    absent_ = !path_.empty() && !fs::exists(path_, ignored);
  }
  AbsentDirectory(const AbsentDirectory&) = delete;
  AbsentDirectory& operator=(const AbsentDirectory&) = delete;
  ~AbsentDirectory() {
    if (absent_) ::rmdir(path_.c_str());
  }

 private:
  fs::path path_;
  bool absent_ = false;
};

Config read_config(const std::optional<std::string>& file, Door& door) {
  if (!file) return {};
  door.what = *file;
  try {
    return load_config_file(*file);
  } catch (const ConfigError& error) {
    door.open = false;
    door.refusal = error.what();
    return {};
  }
}

template <typename Attempt>
Door try_door(const std::string& what, const Attempt& attempt) {
  Door door{.what = what};
  try {
    attempt();
  } catch (const StartError& error) {
    door.open = false;
    door.refusal = error.what();
    door.remedy = error.remedy;
  }
  return door;
}

Door try_listen(const std::string& address) {
  return try_door(address, [&] {
    boost::asio::io_context context;
    listen_on(context, address);
  });
}

// The agent's own socket may belong to an agent, and is not touched: its neighbour is made.
std::string neighbour_of(const std::string& path) {
  return fs::path(path).parent_path() / ("d" + std::to_string(::getpid()));
}

void listen_beside(const std::string& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) == 0 && !S_ISSOCK(found.st_mode))
    throw StartError(path + " exists and is not a socket",
                     "mv " + path + " " + path + ".away, if it is not needed", exit_usage);
  const AbsentDirectory directory(fs::path(path).parent_path());
  const std::string beside = neighbour_of(path);
  boost::asio::io_context context;
  listen_on_file(context, path.size() < sizeof(sockaddr_un::sun_path) ? beside : path);
  ::unlink(beside.c_str());
}

Door try_admin(const std::string& path) {
  Door door = try_door(path, [&] { listen_beside(path); });
  const std::string beside = neighbour_of(path);
  if (const auto at = door.refusal.find(beside); at != std::string::npos)
    door.refusal.replace(at, beside.size(), path);
  return door;
}

AgentFacts ask_for_agent(const std::string& admin) {
  AgentFacts facts;
  try {
    const json::value answer = parse_answer(
        ask_agent({.path = admin, .timeout = std::chrono::seconds(3)}, "/api/v1/status"));
    const json::object& status = as_object(answer, "the status");
    facts.answers = true;
    facts.ready = flag_at(status, "ready");
    facts.version = "version " + text_at(status, "version");
    const json::array& findings = array_at(status, "findings");
    if (!findings.empty())
      facts.first_finding = text_at(as_object(findings.front(), "a finding"), "text");
  } catch (const AgentUnreachable&) {
  } catch (const BadAnswer& error) {
    facts.first_finding = error.what();
  }
  return facts;
}

PodFacts ask_for_pods(Config config, const std::string& host) {
  if (config.node == "auto") config.node = host;
  const auto choice = choose_pod_api(config);
  PodFacts facts;
  facts.wanted = needs_pods(config.shards);
  facts.refusal = choice.why_not;
  if (!choice.api) return facts;
  facts.server = choice.api->shown;
  facts.node = choice.api->node;
  facts.refusal = try_pod_api(*choice.api, std::chrono::seconds(5));
  return facts;
}

void find_cgroup_into(const std::string& wanted, DoctorFacts& facts) {
  try {
    facts.cgroup = find_cgroup(wanted);
  } catch (const StartError& error) {
    facts.cgroup_code = error.code;
    facts.cgroup_refusal = error.what();
    facts.cgroup_remedy = error.remedy;
  }
}

DoctorFacts gather(const DoctorCommand& command, Config& config) {
  DoctorFacts facts;
  config = with_overrides(read_config(command.config, facts.config), command.overrides);
  facts.matches_exe = std::ranges::any_of(
      config.shards, [](const ShardRule& shard) { return !shard.match.exe.empty(); });
  facts.host = read_host_facts();
  find_cgroup_into(config.cgroup, facts);
  facts.memory = memory_need(knobs_of(config));
  facts.memory_limit = memory_limit();
  facts.trial = try_kernel(facts.cgroup, knobs_of(config));
  facts.listen = try_listen(config.listen);
  if (!facts.listen.open && facts.listen.refusal.find("in use") != std::string::npos) {
    const auto port = parse_listen_address(config.listen).port();
    if (const auto holder = facts.trial.listeners.find(port); holder != facts.trial.listeners.end())
      facts.listen_holder = holder->second;
  }
  facts.agent = ask_for_agent(config.admin);
  facts.admin = try_admin(config.admin);
  facts.pods = ask_for_pods(config, facts.host.node);
  return facts;
}

int exit_code_of(Diagnosis verdict) {
  switch (verdict) {
    case Diagnosis::fine:
      return exit_fine;
    case Diagnosis::finding:
      return exit_finding;
    case Diagnosis::cannot_run:
      break;
  }
  return exit_kernel;
}

void write_bundle(BundleFile& file, const BundleInput& input) {
  const auto ask = [&](const std::string& target) {
    return ask_agent({.path = input.config.admin}, target);
  };
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  file.write(bundle_files(input, ask),
             std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

}  // namespace

int run_doctor(const DoctorCommand& command, const Look& look, const std::string& version,
               std::ostream& out, std::ostream& err) {
  try {
    std::optional<BundleFile> bundle;
    if (command.bundle) bundle.emplace(*command.bundle);
    Config config;
    const DoctorFacts facts = gather(command, config);
    const std::vector<Check> checks = judge(facts);
    const std::string report = json_text(doctor_json(facts, checks, version));
    const std::string head = fmt::format("fanfare {} doctor on {} ({})", version, facts.host.node,
                                         facts.host.system.empty() ? "Linux" : facts.host.system);
    out << (command.output == Output::json ? report + "\n" : doctor_text(head, checks, look));
    if (bundle) {
      write_bundle(*bundle, {facts, report, version, config, command.addresses});
      err << "bundle written: " << terminal_safe(*command.bundle) << "\n";
    }
    return exit_code_of(diagnosis(checks));
  } catch (const BundleError& error) {
    err << "fanfare: " << error.what() << "\n";
    return exit_usage;
  }
}

}  // namespace fanfare
