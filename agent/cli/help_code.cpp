// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/help_code.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "agent/alerts/rules.h"
#include "agent/cli/command.h"
#include "agent/cli/doctor_codes.h"
#include "agent/cli/escape.h"
#include "agent/cli/exit_codes.h"
#include "agent/cli/flags.h"
#include "agent/cli/rule_alerts.h"
#include "agent/cli/text_wrap.h"
#include "agent/config/text.h"
#include "agent/kernel/loss_text.h"

namespace fanfare {
namespace {

struct Known {
  std::string_view name;
  std::string_view meaning;
  std::string_view next;  // what to do
};

constexpr std::array<Known, 15> alerts{{
    {alert_reach_loss,
     "Fewer of the events that are due reach a client of this node than is normal: users miss "
     "messages until they reload. Critical from 5 % lost, a warning from 1 %.",
     "Look at \"step\" in fanfare alerts -o json: \"broadcast\" means this node, so roll back its "
     "build or drain it; \"replication\" means the way to it, so see fanfare peers."},
    {alert_copies_loss,
     "Fewer copies are written for each due event than is normal: some clients of this node miss "
     "messages. Critical from 5 % lost, a warning from 1 %.",
     "Roll back the build on this node or drain it; if many clients left at once, see fanfare "
     "sockets first."},
    {alert_replication_loss,
     "A peer that answers does not confirm the log entries that others get. Critical from 5 % "
     "lost, a warning from 1 %.",
     "Look at the peer: its log, its disk, the network from this node; roll back its build or "
     "restart it, or drain it. fanfare peers shows how far it is behind."},
    {alert_replication_stalled,
     "A peer that answers has confirmed nothing for 10 s and is behind: its clients miss every new "
     "message. Critical.",
     "Look at the peer: its log, its disk, the network from this node; roll back its build or "
     "restart it, or drain it."},
    {alert_blind,
     "Coverage is below 95 %, or capture losses of this shard matter, for 60 s: some of it is not "
     "seen. A note that does not fire; critical where a loss would not be found while something is "
     "due (coverage "
     "below 80 %, or losses half of what is due).",
     "Run fanfare status on this node: it names what is not counted, and the remedy."},
    {alert_ack_loss,
     "Fewer of the events that left are acknowledged by the clients' TCP before their sockets end "
     "than is normal, for five minutes at least. Critical from 5 % lost, a warning from 1 %. "
     "Behind "
     "a proxy on this host it is the proxy's word.",
     "See fanfare sockets --sort unacked_seconds: one address range is the network or the load "
     "balancer; all "
     "of them is this node's link or its build."},
    {alert_lost_at_close,
     "Sockets close with more messages still on their way than is normal at this traffic. A "
     "warning.",
     "See who closes (fanfare shards -o json, closed): the server's own kicks and restarts, a load "
     "balancer's idle timeout, or the clients' network."},
    {alert_silent_sockets,
     "More sockets than is normal are open and get no event while the shard emits: lost "
     "subscriptions. The alert names the age of sockets that stands out. A warning.",
     "If young sockets stand out, subscriptions are lost as clients connect: look at the last "
     "rollout. A reconnect of the clients brings lost subscriptions back."},
    {alert_clients_stuck,
     "More clients than is normal have not taken what was sent to them for 30 s. Many mobile "
     "clients stall innocently; this is beyond them. A warning.",
     "See fanfare sockets --sort unsent_bytes: one address range is a network or a load balancer "
     "that is down; all of them is this node's link or the proxy in front."},
    {alert_no_accepted,
     "No event has come in for two minutes at least, far longer than this shard ever pauses, while "
     "the clients stay connected. A warning; critical once it has lasted twice as long as that and "
     "the clients are all there.",
     "Publish something by hand; look at the way in: API, authentication, load balancer, DNS."},
    {alert_socket_collapse,
     "Fewer than half as many client sockets are open as in the mean of the last hour, for 2 min. "
     "A warning; it hides no other alert.",
     "See fanfare shards -o json (closed: by whom). A deploy, a drained node and the end of a live "
     "event look alike."},
    {alert_lag,
     "Most of the events that reach clients of this node get their first copy later than "
     "late_seconds (5) after they came due here. No loss alert ends while it lasts. Critical.",
     "Look for a queue that grows: the server's CPU and event loop, the bus, the log that is "
     "applied. Take load away, or drain the node."},
    {alert_server_absent,
     "A shard with `expected: true` has had neither a listener nor a socket on this host for 2 "
     "min: "
     "a deploy that fails before its process starts looks like this. With match.pod_labels only "
     "where such a pod is placed. Critical.",
     "Run fanfare explain SHARD; see systemctl status, journalctl -u or kubectl describe pod; roll "
     "the last deploy back."},
    {alert_not_counting,
     "The kernel programs are not attached to the cgroup, or the agent's own message is not in its "
     "counters: an outage on this node goes unnoticed. The agent attaches them again by itself. "
     "Critical.",
     "Run fanfare status there, then bpftool cgroup tree: find out who detaches programs or "
     "removes "
     "the cgroup."},
    {alert_bookkeeping,
     "written = acked + lost + unknown + in flight does not hold: a defect of fanfare. Figures of "
     "acked, in flight and lost are void; messages, reach and replication are not. A warning.",
     "Run fanfare doctor --bundle FILE and report it; the chat is not touched."},
}};

// Codes of the findings of `fanfare status` (agent/exports/findings.cpp); those of capture losses
// are FF-LOSS- and the reason.
constexpr std::array<Known, 12> findings{{
    {"FF-ATTACH", "The kernel programs are not attached; nothing is counted.",
     "The agent tries again each second. Find out who detaches programs (bpftool, another agent) "
     "or "
     "removes the cgroup: bpftool cgroup tree, the agent's log."},
    {"FF-SELFCHECK", "The agent's own message, each three seconds, is not in its counters.",
     "Run fanfare doctor as the agent's user; restart the agent if this stays."},
    {"FF-STALE", "The kernel's counters have not been read for seconds: every figure is old.",
     "Look at the agent's CPU time and log; restart it if this stays."},
    {"FF-SCOPE", "It is not proven, or it is refuted, that the agent sees the whole host.",
     "Run fanfare doctor as the agent's user and see FF-401."},
    {"FF-CONFIG", "The last reload of the configuration was refused; the one before is in use.",
     "Mend the file, try it with fanfare config check FILE, then reload again."},
    {"FF-ALERTMANAGER", "An Alertmanager has not taken the last post of alerts.",
     "Try curl URL/-/ready from this host; the agent goes on trying."},
    {"FF-PODS", "Shards are told by the labels of pods, and no API server names the pods.",
     "Run fanfare doctor with the agent's permissions and see FF-505."},
    {"FF-COVERAGE", "Fewer than 95 % of a shard's client sockets are readable.",
     "See fanfare sockets for what is unsynced and why; TLS inside the server and sockets older "
     "than the agent are the usual causes."},
    {"FF-SHARD-LOSSES",
     "Something that left a shard's server, or passed between its nodes, could not be counted in "
     "the last minute.",
     "See the reason named with it, and fanfare sockets --sort losses_out."},
    {"FF-CONTRADICTION",
     "Two figures cannot both be true: more reached than due, or more acknowledged than written. "
     "What is made of them is unknown.",
     "Compare clients.identity with what the server sends: it must be the same for every client."},
    {"FF-MAP", "A map in the kernel is nearly full; what does not fit is not counted.",
     "Raise limits.sockets and restart the agent."},
    {"FF-SHARDS", "There are more servers than limits.shards; the rest is counted as shard other.",
     "Join what belongs together by a rule under shards, or raise limits.shards. Shards of the "
     "configuration have their place in any case."},
}};

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return std::tolower(c); });
  return result;
}

template <typename Table>
std::optional<CodeText> look_up(const Table& table, const std::string& wanted) {
  for (const auto& known : table)
    if (lower(known.name) == wanted)
      return CodeText{
          std::string(known.name),
          {{"meaning", std::string(known.meaning)}, {"what to do", std::string(known.next)}}};
  return std::nullopt;
}

std::optional<CodeText> explain_doctor(const std::string& wanted) {
  for (const DoctorCode& known : doctor_codes()) {
    if (lower(known.code) != wanted) continue;
    return CodeText{fmt::format("{}: {}", known.code, known.name),
                    {{"what is tried", std::string(known.meaning)},
                     {"a miss means", std::string(known.consequence)},
                     {"what usually helps", std::string(known.remedy)},
                     {"exit code", known.fatal ? "4: an agent could not run"
                                               : "1: an agent runs, with something missing"}}};
  }
  return std::nullopt;
}

std::optional<CodeText> explain_loss(std::string wanted) {
  constexpr std::string_view prefix = "ff-loss-";
  if (wanted.starts_with(prefix)) wanted.erase(0, prefix.size());
  for (const LossText& loss : loss_texts()) {
    if (loss.loss == FANFARE_LOSS_NONE || loss.name != wanted) continue;
    return CodeText{fmt::format("{}: a capture loss, counted in {}", loss.name, loss.unit),
                    {{"meaning and what to do", std::string(loss.sentence)},
                     {"where it is counted",
                      fmt::format("fanfare_capture_losses_total{{reason=\"{}\"}}, fanfare "
                                  "status",
                                  loss.name)}}};
  }
  return std::nullopt;
}

// Near by slips of the pen, or by a common beginning or a word within.
std::string near_matches(const std::string& wanted) {
  std::vector<std::string> names = explained_names();
  for (const std::string& command : command_names()) names.push_back(command);
  std::vector<std::string> lowered;
  std::vector<std::string> near;
  for (const std::string& name : names) {
    lowered.push_back(lower(name));
    if (wanted.size() >= 3 && lowered.back().find(wanted) != std::string::npos)
      near.push_back(name);
  }
  if (near.empty()) {
    const std::vector<std::string_view> candidates(lowered.begin(), lowered.end());
    const std::string_view best = closest(wanted, candidates);
    for (std::size_t i = 0; i < names.size(); ++i)
      if (lowered[i] == best && !best.empty()) near.push_back(names[i]);
  }
  if (near.size() > 8) near.resize(8);
  if (near.empty())
    return "; codes are such as FF-102, FanfareReachLoss, flow_map_full, \"exit 4\"; see fanfare "
           "--help";
  return fmt::format("; did you mean {}?", fmt::join(near, ", "));
}

}  // namespace

std::optional<CodeText> look_up_code(std::string_view code) {
  std::string wanted = lower(code);
  if (wanted.size() == 1) wanted = "exit " + wanted;
  if (auto found = explain_doctor(wanted)) return found;
  if (auto found = look_up(alerts, wanted)) return found;
  if (auto found = look_up(rule_alerts, wanted)) return found;
  if (auto found = look_up(findings, wanted)) return found;
  if (auto found = look_up(exit_codes, wanted)) return found;
  return explain_loss(wanted);
}

std::vector<std::string> explained_names() {
  std::vector<std::string> names;
  for (const DoctorCode& known : doctor_codes()) names.emplace_back(known.code);
  for (const Known& known : alerts) names.emplace_back(known.name);
  for (const RuleAlert& known : rule_alerts) names.emplace_back(known.name);
  for (const Known& known : findings) names.emplace_back(known.name);
  for (const ExitCode& known : exit_codes) names.emplace_back(known.name);
  for (const LossText& loss : loss_texts())
    if (loss.loss != FANFARE_LOSS_NONE) names.emplace_back(loss.name);
  return names;
}

int explain_code(const std::string& code, const Look& look, std::ostream& out, std::ostream& err) {
  const auto found = look_up_code(code);
  if (!found) {
    err << fmt::format("fanfare: nothing is known as \"{}\"{}\n", terminal_safe(code),
                       near_matches(lower(code)));
    return exit_usage;
  }
  out << found->title << "\n";
  for (const auto& [head, text] : found->sections)
    out << wrapped_after(head, Tone::plain, text, 2, look);
  return exit_fine;
}

}  // namespace fanfare
