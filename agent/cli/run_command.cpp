// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/run_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "agent/cli/agent_client.h"
#include "agent/cli/alert_text.h"
#include "agent/cli/answer.h"
#include "agent/cli/completions.h"
#include "agent/cli/doctor.h"
#include "agent/cli/escape.h"
#include "agent/cli/explain_screen.h"
#include "agent/cli/fail_below.h"
#include "agent/cli/help_code.h"
#include "agent/cli/listing.h"
#include "agent/cli/man_page.h"
#include "agent/cli/selftest.h"
#include "agent/cli/status_screen.h"
#include "agent/cli/top.h"
#include "agent/config/config_error.h"
#include "agent/config/config_file.h"
#include "agent/config/config_text.h"
#include "agent/exports/json_text.h"
#include "agent/kernel/libbpf_version.h"
#include "agent/kernel/trial.h"

namespace fanfare {
namespace {

namespace json = boost::json;

#ifdef NDEBUG
constexpr const char* build_type = "release";
#else
constexpr const char* build_type = "debug";
#endif

// One visitor: an overload for each command, the streams and the look at hand.
class Runner {
 public:
  Runner(const Command& command, std::ostream& out, std::ostream& err)
      : command_(command), out_(out), err_(err) {}

  int operator()(const AgentCommand&) const {
    throw std::logic_error("the agent is run by main, not by run_command");
  }
  int operator()(const ReplayCommand&) const {
    throw std::logic_error("a replay is run by main, not by run_command");
  }
  int operator()(const JudgeCommand&) const {
    throw std::logic_error("a back-test is run by main, not by run_command");
  }
  int operator()(const Help& help) const {
    out_ << help.text;
    return exit_fine;
  }
  int operator()(const Refusal& refusal) const {
    err_ << "fanfare: " << refusal.text << '\n';
    return exit_usage;
  }

  int operator()(const StatusCommand& status) const {
    const json::value answer = ask(status.admin, "/api/v1/status");
    const json::object& object = as_object(answer, "the status");
    const json::array& findings = array_at(object, "findings");
    const json::array& shards = array_at(object, "shards");
    if (status.output == Output::json) {
      out_ << json_text(answer) << '\n';
    } else {
      out_ << status_screen(object, command_.look);
    }
    const int code = check(shards, status.fail_below);
    const bool fine =
        findings.empty() && flag_at(object, "ready") && !any_firing(array_at(object, "alerts"));
    return fine ? code : exit_finding;
  }

  int operator()(const ShardsCommand& shards) const {
    const json::value answer = ask(shards.admin, "/api/v1/shards");
    const Chosen chosen =
        choose(as_array(answer, "the answer"), shards_listing(), shards.selection);
    if (shards.selection.shard && chosen.of == 0) {
      err_ << fmt::format("fanfare: the agent knows no shard \"{}\"; fanfare shards lists them\n",
                          terminal_safe(*shards.selection.shard));
      print(chosen, shards_listing(), shards.output, "shards");
      return exit_finding;
    }
    print(chosen, shards_listing(), shards.output, "shards");
    return check(chosen.rows, shards.fail_below);
  }

  int operator()(const SocketsCommand& sockets) const {
    std::string target = "/api/v1/sockets";
    if (sockets.selection.shard) target += "?shard=" + url_encoded(*sockets.selection.shard);
    const json::value answer = ask(sockets.admin, target);
    const Chosen chosen =
        choose(as_array(answer, "the answer"), sockets_listing(), sockets.selection);
    print(chosen, sockets_listing(), sockets.output, "sockets");
    return exit_fine;
  }

  int operator()(const PeersCommand& peers) const {
    const json::value answer = ask(peers.admin, "/api/v1/peers");
    print(choose(as_array(answer, "the answer"), peers_listing(), peers.selection), peers_listing(),
          peers.output, "peers");
    return exit_fine;
  }

  int operator()(const AlertsCommand& alerts) const {
    const json::value answer = ask(alerts.admin, "/api/v1/alerts");
    const json::array& all = as_array(answer, "the answer");
    print(choose(all, alerts_listing(), alerts.selection), alerts_listing(), alerts.output,
          "alerts");
    // Also by one that the limit has left out.
    const Selection shard = {.shard = alerts.selection.shard, .sort = {}, .limit = {}};
    return any_firing(choose(all, alerts_listing(), shard).rows) ? exit_finding : exit_fine;
  }

  int operator()(const AlertsClearCommand& clear) const {
    AgentAddress agent;
    agent.path = clear.admin;
    const json::value answer = parse_answer(
        tell_agent(agent, fmt::format("/api/v1/alerts/clear?alertname={}&shard={}",
                                      url_encoded(clear.alertname), url_encoded(clear.shard))));
    if (number_at(as_object(answer, "the answer"), "cleared") > 0) {
      out_ << fmt::format("{} of shard {} is cleared; what is still ill will fire again\n",
                          terminal_safe(clear.alertname), terminal_safe(clear.shard));
      return exit_fine;
    }
    err_ << fmt::format("fanfare: no {} fires for shard \"{}\"; fanfare alerts lists what does\n",
                        terminal_safe(clear.alertname), terminal_safe(clear.shard));
    return exit_finding;
  }

  int operator()(const ExplainCommand& explain) const {
    const json::value answer =
        ask(explain.admin, "/api/v1/explain?what=" + url_encoded(explain.what));
    const json::array& chains = as_array(answer, "the answer");
    if (explain.output == Output::json) {
      out_ << json_text(answer) << '\n';
    } else if (!chains.empty()) {
      out_ << explain_screen(chains, command_.look);
    }
    if (chains.empty()) {
      err_ << fmt::format("fanfare: {}\n", nothing_to_explain(explain.what));
      return exit_finding;
    }
    return any_broken(chains) ? exit_finding : exit_fine;
  }

  int operator()(const TopCommand& top) const { return run_top(top, command_.look, out_, err_); }

  int operator()(const SelftestCommand& selftest) const {
    return run_selftest(selftest, command_.look, out_, err_);
  }

  int operator()(const DoctorCommand& doctor) const {
    return run_doctor(doctor, command_.look, command_.version, out_, err_);
  }
  int operator()(const HelpCodeCommand& help) const {
    return explain_code(help.code, command_.look, out_, err_);
  }

  int operator()(const ConfigCheckCommand& check) const {
    const Config config = load_config_file(check.file);
    out_ << fmt::format("{}: ok ({} shard{})\n", terminal_safe(check.file), config.shards.size(),
                        config.shards.size() == 1 ? "" : "s");
    constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;
    if (const auto need = memory_need(knobs_of(config)))
      out_ << fmt::format("maps: {} MiB of memory, locked when the agent starts\n",
                          (need->maps + mebibyte - 1) / mebibyte);
    return exit_fine;
  }
  int operator()(const ConfigShowCommand& show) const {
    out_ << config_show(show.config ? load_config_file(*show.config) : Config{});
    return exit_fine;
  }
  int operator()(const ConfigSchemaCommand&) const {
    out_ << config_schema();
    return exit_fine;
  }

  int operator()(const ManCommand&) const {
    out_ << man_page(command_.version);
    return exit_fine;
  }
  int operator()(const CompletionsCommand& wanted) const {
    out_ << completions(wanted.shell);
    return exit_fine;
  }

  int operator()(const VersionCommand& version) const {
    const std::string libbpf = libbpf_version();
    if (version.output == Output::json) {
      const json::object object = {
          {"version", command_.version}, {"build", build_type}, {"libbpf", libbpf}};
      out_ << json_text(object) << '\n';
    } else {
      out_ << fmt::format("fanfare {} ({} build, libbpf {})\n", command_.version, build_type,
                          libbpf);
    }
    return exit_fine;
  }

 private:
  static json::value ask(const std::string& admin, const std::string& target) {
    AgentAddress agent;
    agent.path = admin;
    return parse_answer(ask_agent(agent, target));
  }

  void print(const Chosen& chosen, const ListingShape& shape, Output output,
             std::string_view what) const {
    // Made in both cases: a row that the table cannot show is a bad answer in JSON as well.
    const std::string table = listing_table(chosen.rows, shape, command_.look);
    out_ << (output == Output::json ? json_text(chosen.rows) + "\n" : table);
    if (chosen.rows.size() < chosen.of) {
      err_ << fmt::format("first {} of {} {}\n", chosen.rows.size(), chosen.of, what);
    }
  }

  int check(const json::array& shards, const std::optional<double>& least) const {
    if (!least) return exit_fine;
    const std::vector<std::string> failures = failures_below(shards, *least);
    for (const std::string& failure : failures) err_ << "fanfare: " << failure << '\n';
    return failures.empty() ? exit_fine : exit_finding;
  }

  const Command& command_;
  std::ostream& out_;
  std::ostream& err_;
};

int say(std::ostream& err, const std::string& text, int code) {
  err << "fanfare: " << text << '\n';
  return code;
}

}  // namespace

int run_command(const Command& command, std::ostream& out, std::ostream& err) {
  try {
    const int code = std::visit(Runner(command, out, err), command.action);
    if (out.flush()) return code;
    return say(err, "cannot write the output: is the disk full?", exit_kernel);
  } catch (const AgentUnreachable& error) {
    return say(err, error.what(), exit_no_agent);
  } catch (const BadAnswer& error) {
    return say(err,
               fmt::format("the agent's answer makes no sense: {}; are the agent and this program "
                           "of the same version? (fanfare version)",
                           error.what()),
               exit_no_agent);
  } catch (const ConfigError& error) {
    return say(err, error.what(), exit_usage);
  }
}

}  // namespace fanfare
