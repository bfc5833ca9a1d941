// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/selftest.h"

#include <fmt/format.h>
#include <sys/prctl.h>

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <boost/system/system_error.hpp>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "agent/cli/agent_client.h"
#include "agent/cli/answer.h"
#include "agent/cli/fail_below.h"
#include "agent/cli/numbers.h"
#include "agent/cli/selftest_link.h"
#include "agent/cli/selftest_verdict.h"
#include "agent/cli/websocket_bytes.h"
#include "agent/kernel/own_sockets.h"

namespace fanfare {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr std::chrono::milliseconds poll_interval{200};  // the agent reads its maps each second

// One connection: it stays open until its counters have been judged.
struct Trial {
  std::string name;
  std::unique_ptr<SelftestLink> link;
  TrafficFigures sent;
};

struct Wrong {
  std::string socket;  // name of the trial
  Mismatch mismatch;
};

boost::json::value ask(const AgentAddress& agent, const std::string& target) {
  return parse_answer(ask_agent(agent, target));
}

// The first message leaves in one write with the 101, as servers do that greet their clients.
Trial play(std::string name, const boost::asio::ip::address& address, std::uint32_t messages) {
  Trial trial{std::move(name), std::make_unique<SelftestLink>(address), {}};
  trial.link->exchange({.to_client = "", .to_server = upgrade_request()});
  SelftestTraffic traffic;
  for (std::uint32_t i = 0; i < messages; ++i) {
    Turn turn = traffic.next();
    if (i == 0) {
      trial.link->exchange({.to_client = upgrade_response() + turn.to_client, .to_server = ""});
      turn.to_client.clear();
    }
    trial.link->exchange(turn);
  }
  trial.sent = traffic.figures();
  return trial;
}

// IPv4 must work; a host without IPv6 is none the worse for it.
std::vector<Trial> play_all(std::uint32_t messages, std::ostream& err) {
  std::vector<Trial> trials;
  trials.push_back(play("IPv4", boost::asio::ip::address_v4(test_address), messages));
  try {
    trials.push_back(play("IPv6", boost::asio::ip::address_v6::loopback(), messages));
  } catch (const boost::system::system_error& error) {
    err << "IPv6 left out: " << error.what() << '\n';
  }
  return trials;
}

// What the agent says now, empty where all agrees. A snapshot from before the end of the traffic is
// not judged: counters that run wrong could pass the expected figures on their way.
std::optional<std::vector<Wrong>> judge(const AgentAddress& agent, Clock::time_point ended,
                                        const std::vector<Trial>& trials) {
  const boost::json::value status = ask(agent, "/api/v1/status");
  const auto age = maybe_number_at(as_object(status, "the status"), "snapshot_age_seconds");
  if (!age || *age >= Seconds(Clock::now() - ended).count()) return std::nullopt;
  const std::string shard(selftest_shard);
  const boost::json::value rows = ask(agent, "/api/v1/sockets?shard=" + url_encoded(shard));
  std::vector<Wrong> wrong;
  for (const Trial& trial : trials) {
    for (Mismatch& one :
         mismatches(trial.sent, trial.link->cookie(), as_array(rows, "the answer"))) {
      wrong.push_back({trial.name, std::move(one)});
    }
  }
  return wrong;
}

// The last verdict within the patience; nothing where the agent took no snapshot in that time.
std::optional<std::vector<Wrong>> wait_for_verdict(const AgentAddress& agent,
                                                   std::chrono::milliseconds patience,
                                                   const std::vector<Trial>& trials) {
  const Clock::time_point ended = Clock::now();
  std::optional<std::vector<Wrong>> verdict;
  while (true) {
    verdict = judge(agent, ended, trials);
    const bool agrees = verdict && verdict->empty();
    if (agrees || Clock::now() - ended >= patience) return verdict;
    std::this_thread::sleep_for(poll_interval);
  }
}

std::string report(const Trial& trial) {
  const TrafficFigures& sent = trial.sent;
  return fmt::format("  {}  {} messages, {} control, {} frames out; {}, {}, {} in\n", trial.name,
                     grouped(sent.events_out), grouped(sent.control_out), grouped(sent.frames_out),
                     grouped(sent.events_in), grouped(sent.control_in), grouped(sent.frames_in));
}

std::string report_wrong(const std::vector<Wrong>& wrong, const Look& look) {
  Table table;
  table.columns = {{"SOCKET"}, {"FIGURE"}, {"EXPECTED", Align::right}, {"GOT", Align::right}};
  for (const auto& [socket, one] : wrong) {
    table.rows.push_back({{socket}, {one.figure}, {one.expected}, {one.got, Tone::bad}});
  }
  return render(table, look);
}

}  // namespace

int run_selftest(const SelftestCommand& command, const Look& look, std::ostream& out,
                 std::ostream& err) {
  AgentAddress agent;
  agent.path = command.admin;
  ask(agent, "/api/v1/status");     // no agent, no traffic
  ::prctl(PR_SET_NAME, "fanfare");  // the agent knows its selftest by it, however it is installed

  std::vector<Trial> trials;
  try {
    trials = play_all(command.messages, err);
  } catch (const boost::system::system_error& error) {
    err << "fanfare: cannot use sockets on the loopback: " << error.what()
        << "; is the interface lo up?\n";
    return exit_kernel;
  }
  const auto verdict = wait_for_verdict(agent, command.patience, trials);
  if (!verdict) {
    err << "fanfare: the agent has not read its counters since the traffic; fanfare status says "
           "how old its snapshot is\n";
    return exit_finding;
  }
  if (!verdict->empty()) {
    out << painted("selftest FAILED", Tone::bad, look) << '\n' << report_wrong(*verdict, look);
    err << "fanfare: the agent does not count this host exactly; fanfare status shows its scope "
           "and its losses\n";
    return exit_finding;
  }
  out << painted("ok", Tone::good, look) << ": every figure agrees\n";
  for (const Trial& trial : trials) out << report(trial);
  return exit_fine;
}

}  // namespace fanfare
