// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/help_text.h"

#include <fmt/format.h>

namespace fanfare {
namespace {

constexpr std::string_view agent_details = R"help(
Loads the kernel programs, counts the messages of every WebSocket server on this host, and of MQTT
on the ports that the configuration names, and serves /metrics, /livez, /readyz and the API until
SIGTERM or SIGINT. SIGHUP reads the configuration file again; a bad file is refused and the old one
stays. Flags win over the file.

--record keeps what the kernel has counted at every tick, for fanfare replay: files of 16 MB, 256 MB
in all, the oldest deleted. No payload is in them, client addresses are: they are readable by their
owner alone.

Exit codes: 0 stopped on request; 2 usage, configuration or address; 4 the kernel or a permission
is lacking.

Example: fanfare agent --config /etc/fanfare/fanfare.yaml
)help";

constexpr std::string_view doctor_details = R"help(
Tries everything that an agent needs of this host and undoes it: the bpf(2) call, a map, the
agent's programs in a cgroup of their own, a packet, the scope, the owners of sockets, the
configuration, the addresses. Needs no running agent: use it before installation or in an init
container, with the permissions that the agent will have. Each miss has its cause, what will not
work, the one command that mends it, and a code for "fanfare help CODE".

--bundle also writes a support bundle: this report, the host, the configuration without passwords,
and what a running agent answers. Clients' addresses are left out unless --addresses is given.

Exit codes: 0 fine, warnings allowed; 1 an agent can run, but something will be missing; 2 usage;
4 an agent could not run.

Example: fanfare doctor --config /etc/fanfare/fanfare.yaml
)help";

constexpr std::string_view status_details = R"help(
One screen: is the agent attached, fresh, scraped and covering; who hears its alerts; what fires and
why; its shards with their worst ratio beside its normal; what was lost and why; findings with their
remedy.

--fail-below makes it a cron check: it fails when the coverage of a shard is below RATIO, is unknown
(no sockets), when there is no shard at all, or when a known propagation ratio is below RATIO times
its normal (reach and replication without a normal yet: below RATIO).

Exit codes: 0 fine; 1 an alert fires, a finding, or below the ratio; 2 usage; 3 agent not reachable.

Example: fanfare status --fail-below 0.99
)help";

constexpr std::string_view shards_details = R"help(
A table of the shards: sockets, coverage, messages out and in, rates over the last seconds, and the
propagation ratio that is furthest below its normal: "reach 0.31 of 0.99". On a narrow terminal less
important columns are left out; on a pipe and with -o json nothing is.

--sort takes one of: shard synced unsynced coverage propagation due reached copies accepted
events_out heartbeats_out control_out other_out frames_out message_bytes_out events_in control_in
frames_in message_bytes_in events_out_per_second events_in_per_second opened closed_peer
closed_local closed_timeout acked in_flight lost unknown unsent_bytes slow stuck silent
oldest_unacked_seconds oldest_unsent_seconds edge inner. Figures sort from the largest down
(coverage and propagation from the lowest up), names from A to Z, unknown last. Without it: by name.

--fail-below fails when the coverage of a listed shard is below RATIO, is unknown (no sockets), when
there is no shard at all, or when a known propagation ratio is below RATIO times its normal (reach
and replication without a normal yet: below RATIO).

Exit codes: 0 fine; 1 below the ratio, or no shard of that name; 2 usage; 3 agent not reachable.

Example: fanfare shards --sort events_out_per_second --limit 10
)help";

constexpr std::string_view sockets_details = R"help(
A table of the sockets to clients, and of those to the shard's other nodes, with their exact counts.
On a narrow terminal less important columns are left out; on a pipe and with -o json nothing is.

--sort takes one of: cookie shard remote local state reason events_out heartbeats_out control_out
other_out frames_out bytes_out events_in control_in frames_in bytes_in acked in_flight pace
unsent_bytes unsent_seconds unacked_seconds hop last_event_seconds srtt_us opened_seconds pid comm
netns cgroup unit container namespace pod role protocol entries_out entries_in losses_out
losses_in. Figures sort from the largest down, names from A to Z, unknown last. Without it: by
events_out.

Exit codes: 0 fine; 2 usage; 3 agent not reachable.

Example: fanfare sockets --shard node:8080 --sort unsent_bytes --limit 20
)help";

constexpr std::string_view peers_details = R"help(
A table of the other nodes that a shard replicates with: log entries sent and received, how many the
peer is behind, since when it does not get on though it lives. On a narrow terminal less important
columns are left out; on a pipe and with -o json nothing is.

--sort takes one of: shard peer address synced unsynced entries_out entries_in behind
stalled_seconds sent_index confirmed_index received_index commands_out commands_in append_out
append_in append_empty_out append_empty_in heartbeat_out heartbeat_in vote_out vote_in snapshot_out
snapshot_in other_out other_in answers_out answers_in protocol. Figures sort from the largest down,
names and indexes upwards, unknown last. Without it: by shard.

Exit codes: 0 fine; 2 usage; 3 agent not reachable.

Example: fanfare peers --sort behind
)help";

constexpr std::string_view alerts_details = R"help(
A table of the alerts: pending (seen, not told to anybody yet), firing, stale (fires, and nothing
has been seen for or against it for two minutes), and resolved in the last five minutes. The reasons
and what to do stand in fanfare status and in -o json.

fanfare alerts clear ALERTNAME --shard NAME ends by hand what fires; the log, the alert and every
Alertmanager say so. What is still ill is found anew, and fires again.

--sort takes one of: severity state since_seconds alertname shard peer step summary. Severity sorts
from critical down, ages from the longest down, names from A to Z. Without it: worst first.

Exit codes: 0 nothing fires, or it is cleared; 1 an alert fires, or there is none to clear; 2 usage;
3 agent not reachable.

Example: fanfare alerts --shard us-east-1
)help";

constexpr std::string_view explain_details = R"help(
"Installed, green, and silent": walks the chain from a process to its alerts (process, socket,
protocol, readable, mapped, counted, replicated, ratio, evidence, alert, posted, scraped), each link
with its figures, and names the first that is broken with the next thing to do.

WHAT is the name of a shard or of an alert, a port (:8080) or a process (pid:4711). A bare number
is a port where somebody listens on it or it has sockets, else a process.

Exit codes: 0 the chain holds; 1 a link is broken, or the agent knows nothing of WHAT; 2 usage;
3 agent not reachable.

Example: fanfare explain :8080
)help";

constexpr std::string_view top_details = R"help(
A live view: shards with their rates, their ratio beside its normal, and their last 15 minutes (kept
by the agent: no Prometheus is needed); Enter opens a shard with its sockets and peers, a shows the
alerts with their reasons, ? lists the keys. It needs a terminal; --once prints one plain screen
anywhere. --ascii and NO_COLOR are honoured.

--sort takes one of: shard sockets coverage out in propagation evidence. Without it: propagation,
shards with an alert first.

Exit codes: 0 fine; 1 with --once: an alert fires, the agent is not ready, or no shard of that name;
2 usage, or no terminal for the live view; 3 agent not reachable.

Example: fanfare top --shard us-east-1
)help";

constexpr std::string_view selftest_details = R"help(
Proves the counting on this host: opens WebSocket connections to itself on the loopback (IPv4, and
IPv6 where there is one), sends known messages of mixed sizes both ways, whole and in fragments,
with pings between, and demands exactly these figures from the agent. It waits up to 10 seconds for
them. The agent counts these sockets for nobody: no shard, no figure and no exit code has them;
fanfare sockets --shard fanfare-selftest lists them while they are open.

Exit codes: 0 every figure agrees; 1 one does not (expected and got are printed); 2 usage; 3 agent
not reachable; 4 no loopback sockets can be opened.

Example: fanfare selftest --messages 5000
)help";

constexpr std::string_view replay_details = R"help(
Counts what a capture holds, with the framers of the kernel programs, and takes the counts through
shards, ratios and alerts as the agent would have. FILE is a pcap or pcapng file (Ethernet, BSD
loopback, Linux cooked, raw IP; - for standard input), or what fanfare agent --record wrote: one
file, or the directory. Segments that come out of order, twice or overlapping are put right.
Asks no agent and needs no privilege. A good capture: tcpdump -i any -s 0 -w chat.pcap tcp

A capture tells neither processes nor cgroups: a shard is named by its address and port, and rules
of the configuration hold by their ports alone. A connection whose handshake is not in the capture
is unsynced until its frames are found. A connection between nodes is shown from both its ends.

Exit codes: 0 fine; 1 an alert fired (with --rules); 2 usage, configuration, or a file that cannot
be read to its end.

Example: fanfare replay chat.pcap --rules
)help";

constexpr std::string_view judge_details = R"help(
A back-test: takes counts through the ratios, detectors and alerts of the agent, faster than they
came, and says what would have fired, when and why. FILE has one JSON object a line, in the order of
their times: a second of a shard, {"t": 12, "shard": "chat", "due": {"remote": 20}, "reached":
{"remote": 19}, "sockets": {"synced": 400}}, or with "events" what became of each event. A field
that is absent is unknown, never 0; README.md lists the fields, and the query that gets them from
Prometheus (--from prometheus). {"t": 60, "restart": "state lost"} is an agent that starts anew.
Asks no agent and needs no privilege. -o json prints one object for each change of an alert, and at
the end the signals of each shard.

Exit codes: 0 nothing would have fired; 1 something would; 2 usage, configuration, or a line that
cannot be read.

Example: fanfare judge counts.jsonl
)help";

constexpr std::string_view config_details = R"help(
  fanfare config check FILE       prints "FILE: ok (N shards)" and what memory the agent's maps
                                  will take; or what is wrong and where
  fanfare config show [--config FILE]
                                  prints the whole configuration, defaults filled in, as YAML
  fanfare config schema           prints the JSON schema of the file, for editors and CI

None of them asks the agent.

Exit codes: 0 fine; 2 usage, or the file is refused.

Example: fanfare config check /etc/fanfare/fanfare.yaml
)help";

constexpr std::string_view man_details = R"help(
The man page fanfare(1), for `man -l` and for packages: everything that --help says of any command,
and the exit codes.

Exit codes: 0 fine; 2 usage.

Example: fanfare man | man -l -
)help";

constexpr std::string_view completions_details = R"help(
A script that teaches a shell the commands, flags and values of this version. The names of shards
are asked of the running agent.

Exit codes: 0 fine; 2 usage.

Example: fanfare completions bash > /etc/bash_completion.d/fanfare
)help";

constexpr std::string_view version_details = R"help(
The version of this program, its build type and the libbpf it was built for.

Exit codes: 0 fine; 2 usage.

Example: fanfare version -o json
)help";

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(1);  // the newline that opens the raw string
  text.remove_suffix(1);
  return text;
}

}  // namespace

const std::vector<CommandText>& command_texts() {
  static const std::vector<CommandText> texts = {
      {"agent", "run the daemon that counts", trimmed(agent_details)},
      {"doctor", "try what an agent needs of this host; what mends each miss",
       trimmed(doctor_details)},
      {"status", "is it loaded, fresh, covering? does an alert fire? one screen",
       trimmed(status_details)},
      {"shards", "table of the shards with coverage, rates and propagation",
       trimmed(shards_details)},
      {"sockets", "table of the sockets with their counts", trimmed(sockets_details)},
      {"peers", "table of the nodes that a shard replicates with", trimmed(peers_details)},
      {"alerts", "table of the alerts, worst first", trimmed(alerts_details)},
      {"explain", "walk the chain from a process to its alerts, say where it breaks",
       trimmed(explain_details)},
      {"top", "live view of shards, sockets, peers and alerts", trimmed(top_details)},
      {"selftest", "send known messages and demand exact counters", trimmed(selftest_details)},
      {"replay", "count a capture or a recording; what would have fired?", trimmed(replay_details)},
      {"judge", "a back-test of counts: what would have fired?", trimmed(judge_details)},
      {"config", "check a file, show the configuration, print its schema", trimmed(config_details)},
      {"man", "print the man page", trimmed(man_details)},
      {"completions", "print the completions of a shell", trimmed(completions_details)},
      {"version", "print the version", trimmed(version_details)},
  };
  return texts;
}

const std::vector<std::string>& planned_commands() {
  static const std::vector<std::string> names = {"bridge", "canary", "builds", "gate"};
  return names;
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  names.reserve(command_texts().size() + planned_commands().size());
  for (const CommandText& text : command_texts()) names.emplace_back(text.name);
  names.insert(names.end(), planned_commands().begin(), planned_commands().end());
  return names;
}

std::string overview() {
  std::string text =
      "fanfare: how does your fan-out fare? Counts in the kernel what a chat server sends to its\n"
      "clients and to its other nodes, and alerts when events get lost on the way.\n\nUsage: "
      "fanfare COMMAND [FLAGS]\n\nCommands:\n";
  for (const CommandText& command : command_texts()) {
    text += fmt::format("  {:<10} {}\n", command.name, command.summary);
  }
  return text +
         "\nFlags come after the command; \"fanfare COMMAND --help\" lists them with an example.\n"
         "\"fanfare help CODE\" explains a code, an alert, a capture loss or an exit code.\n"
         "Commands that ask the agent take --admin PATH; listings take -o table|json.\n\n"
         "Exit codes: 0 fine; 1 a finding (unhealthy, firing, below a threshold, mismatch);\n"
         "2 usage or configuration; 3 agent not reachable; 4 kernel or permission lacking.\n\n"
         "Example: fanfare status\n";
}

}  // namespace fanfare
