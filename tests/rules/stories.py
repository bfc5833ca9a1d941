# SPDX-License-Identifier: Apache-2.0
"""What befalls a shard, and which of the alerts across hosts fire. Times are minutes."""
from promtool import Story
from world import FIRING, REACH_NORMAL, World

CLUSTER, HOST = "FanfareClusterReachLoss", "FanfareHostReachLoss"
LOW, COPIES = "FanfareClusterReachLow", "FanfareClusterCopiesLoss"
BEHIND, PAIR, ABSENT, IDLE = ("FanfareHostBehind", "FanfarePairLoss", "FanfareShardAbsent",
                              "FanfareHostIdle")
HOSTS = tuple(f"{HOST} {node}" for node in "abc")
CRITICAL, WARNING, INFO = ({"severity": s} for s in ("critical", "warning", "info"))
SHARD = {"cluster": "x", "shard": "s1"}
EXPECTED = 'fanfare_shard_expected{shard="s2"}'
NO_SERVER = 'fanfare_alerts_firing{alertname="FanfareServerAbsent",severity="critical"}'
BELOW_PEERS, BELOW_WEEK, COLLIDE = ("FanfareHostReachBelowPeers", "FanfareClusterReachBelowWeek", "FanfareNamesCollide")
OTHERS_SOCKETS = 'fanfare_sockets{shard="s2",role="client",state="synced"}'


def outage() -> Story:
    """The founding case, everywhere at once: two of three events stop."""
    story = Story("outage", World(80))
    story.world.all(30 * 60, reach=0.31)
    story.world.all(50 * 60, reach=0.92)
    story.fires(30)
    story.fires(30.75, CLUSTER, *HOSTS)  # 45 s, at 15 s intervals
    story.says(49, CLUSTER, CRITICAL | SHARD, "Messages of a shard do not reach its clients.",
               "Shard s1 of x: 65.62% of the events that normally reach a client reach none, over "
               "all nodes. `fanfare explain s1` on a node says where they stop.")
    story.fires(50, CLUSTER, LOW, *HOSTS)
    # Over: the five minutes' sum empties, then five minutes of patience.
    story.fires(52, CLUSTER, LOW, *HOSTS)
    story.fires(59, CLUSTER, LOW, *HOSTS)
    story.fires(62, LOW)  # a ticket is more patient
    story.fires(68)
    story.fires(79)
    return story


def rolling_outage() -> Story:
    """A bad build from node to node."""
    story = Story("rolling_outage", World(35))
    for minute, node in ((20, "a"), (23, "b"), (26, "c")):
        story.world.nodes[node].change(minute * 60, reach=0.3)
    story.fires(20)
    story.fires(20.75, f"{HOST} a")
    story.says(22.5, HOST, CRITICAL | SHARD | {"node": "a"},
               "Messages do not reach the clients of one node.",
               "Node a, shard s1 of x: 66.73% of the events that normally reach a client there reach "
               "none. Compare with the other nodes of the shard.")
    story.fires(23.75, CLUSTER, f"{HOST} a", f"{HOST} b")
    story.fires(34, CLUSTER, LOW, *HOSTS)
    return story


def one_day() -> Story:
    """An outage of 24 hours fires for 24 hours."""
    story = Story("one_day", World(26 * 60), interval="1m")
    story.world.all(60 * 60, reach=0.31)
    story.world.all(25 * 3600, reach=0.92)
    for hours in (1.2, 2, 3.5, 8, 13, 24.9):
        # With a day of history the shard's own past speaks too.
        story.fires(hours * 60, CLUSTER, *HOSTS, LOW, *([BELOW_WEEK] if hours > 24 else []))
    story.fires(25 * 60 + 30)
    return story


def night_healthy() -> Story:
    story = Story("night_healthy", World(150, seed=1), interval="1m")
    story.world.all(0, due=1 / 15)  # an event in 15 s
    for minutes in (20, 60, 100, 149):
        story.fires(minutes)
    return story


def night_outage() -> Story:
    """One event a minute: it takes a while, and is found."""
    story = Story("night_outage", World(240), interval="1m")
    story.world.all(0, due=1 / 60)
    story.world.all(100 * 60, reach=0.2)
    story.fires(100)
    story.fires(101)
    story.fires(135, CLUSTER, LOW)
    story.fires(239, CLUSTER, LOW, *HOSTS)
    return story


def six_percent() -> Story:
    story = Story("six_percent", World(90), interval="30s")
    story.world.all(30 * 60, reach=0.92 * 0.92)
    story.fires(30)
    story.fires(45, LOW)
    story.says(45, LOW, WARNING | SHARD,
               "Somewhat fewer messages of a shard reach its clients than is normal.",
               "Shard s1 of x: 6.122% of the events that normally reach a client reach none, over "
               "all nodes.")
    story.fires(75, CLUSTER, LOW, *HOSTS)  # it has lasted
    return story


def drift() -> Story:
    """One percent less than normal is nothing."""
    story = Story("drift", World(60), interval="30s")
    story.world.all(20 * 60, reach=0.91)
    story.fires(59)
    return story


def bursts() -> Story:
    """Innocent: rooms that burst, 10 events that fare alike."""
    story = Story("bursts", World(90, seed=7), interval="30s")
    story.world.burst = 10
    for minutes in range(3, 90, 3):
        story.fires(minutes)
    return story


def traffic_steps() -> Story:
    """Innocent: traffic x5 and x50, while one agent is scraped a whole interval late."""
    story = Story("traffic_steps", World(40))
    story.world.nodes["b"].late = 1
    for minute, due in ((10, 100), (15, 20), (20, 1000), (22, 20), (30, 0)):
        story.world.all(minute * 60, due=due)
    for quarter in range(3 * 4, 40 * 4, 3):
        story.fires(quarter / 4)
    return story


def reconnect_storm() -> Story:
    """Innocent: nine of ten clients leave and are back within two minutes."""
    story = Story("reconnect_storm", World(75))
    for seconds, sockets, reach in ((3600, 50, 0.3), (3630, 150, 0.5), (3660, 300, 0.8),
                                    (3720, 500, 0.92)):
        story.world.all(seconds, sockets=sockets, reach=reach)
    for seconds in range(3600, 4200, 15):
        story.fires(seconds / 60)
    return story


def drained() -> Story:
    """Innocent: a load balancer drains a node for a deploy."""
    story = Story("drained", World(80))
    for seconds, sockets, reach in ((3600, 200, 0.8), (3630, 40, 0.3), (3660, 3, 0.02),
                                    (3720, 0, 0), (3900, 100, 0.7), (3960, 500, 0.92)):
        story.world.nodes["b"].change(seconds, sockets=sockets, reach=reach)
    for seconds in range(3600, 4500, 15):
        story.fires(seconds / 60)
    return story


def restarted_behind() -> Story:
    """Innocent: a node was away for two minutes, and its log catches up before its clients."""
    story = Story("restarted_behind", World(80))
    for seconds, log, sockets, reach in ((3600, 0, 0, 0), (3720, 9, 300, 0.05), (3735, 1, 500, 0.92)):
        story.world.nodes["b"].change(seconds, log=log, sockets=sockets, reach=reach)
    for seconds in range(3600, 4500, 15):
        story.fires(seconds / 60)
    return story


def bad_from_the_start() -> Story:
    """A node comes back empty with a bad build; that it has few sockets excuses nothing."""
    story = Story("bad_from_the_start", World(70))
    for seconds, sockets, reach in ((3600, 0, 0), (3630, 100, 0), (3690, 500, 0)):
        story.world.nodes["b"].change(seconds, sockets=sockets, reach=reach)
    story.fires(60)
    # Every sample of 30 s must have clients; then it is said at once.
    story.fires(60.75)
    story.fires(61.75, f"{HOST} b")
    return story


def nothing_learned() -> Story:
    """A node whose agent has no normal yet is held to half of its peers'."""
    story = Story("nothing_learned", World(30))
    story.world.nodes["c"].gauge(REACH_NORMAL, (0, None))
    story.world.nodes["c"].change(0, reach=0.6)
    story.world.nodes["c"].change(20 * 60, reach=0.1)
    story.fires(20)
    story.fires(21, f"{HOST} c")
    return story


def agent_lost() -> Story:
    """No false loss, then or after; and it is said."""
    story = Story("agent_lost", World(110), interval="30s")
    story.world.nodes["c"].agent_gone(30 * 60)
    for seconds in range(1800, 1920, 30):
        story.fires(seconds / 60)
    story.fires(34, "FanfareAgentDown")
    story.says(34, "FanfareAgentDown",
               WARNING | {"job": "monitoring/fanfare", "instance": "c:9477"},
               "An agent cannot be scraped.",
               "c:9477 (monitoring/fanfare) does not answer; what its node delivers is not counted "
               "here, and figures over all nodes leave it out.")
    story.fires(40, "FanfareAgentDown", "FanfareAgentGone c")
    story.says(40, "FanfareAgentGone", INFO | {"cluster": "x", "node": "c"},
               "A node has no agent any more.",
               "Node c of x had one within the last hour. A node that was removed looks like this "
               "for an hour.")
    story.fires(100, "FanfareAgentDown")
    return story


def agent_restarts() -> Story:
    """Innocent: counters begin at 0 again, on one node after the other, twice on one."""
    story = Story("agent_restarts", World(40))
    for node, start in (("a", 600), ("b", 700), ("c", 1200), ("c", 1260)):
        story.world.nodes[node].agent_gone(start)
        story.world.nodes[node].agent_back(start + 30)
    for seconds in range(600, 2400, 15):
        story.fires(seconds / 60)
    return story


def scrape_gaps() -> Story:
    """Innocent: Prometheus was away for three minutes; then single scrapes fail."""
    story = Story("scrape_gaps", World(40))
    story.world.gaps = [(600, 780), (1200, 1215), (1245, 1260), (1500, 1530)]
    for seconds in range(615, 2400, 15):
        story.fires(seconds / 60)
    return story


def gap_in_an_outage() -> Story:
    """A page does not end because scrapes fail, soon after it began or later."""
    story = Story("gap_in_an_outage", World(40))
    story.world.all(600, reach=0.31)
    story.world.gaps = [(690, 750), (1200, 1320)]
    for seconds in range(660, 2400, 45):
        story.fires(seconds / 60, CLUSTER, *HOSTS, *([LOW] if seconds >= 975 else []))
    return story


def shard_unwatched() -> Story:
    story = Story("shard_unwatched", World(45), interval="30s")
    story.world.nodes["b"].agent_gone(30 * 60)
    story.world.nodes["c"].agent_gone(30 * 60)
    story.fires(36, "FanfareAgentDown", "FanfareAgentDown", "FanfareAgentGone b",
                "FanfareAgentGone c", "FanfareShardUnwatched")
    story.says(36, "FanfareShardUnwatched", WARNING | SHARD,
               "A large part of a shard's nodes has no agent.",
               "Shard s1 of x: 66.67% of the nodes that serve its clients have no agent now: Prometheus looks "
               "for them in vain.")
    return story


def agents_absent() -> Story:
    story = Story("agents_absent", World(45), interval="30s")
    for node in story.world.nodes.values():
        node.agent_gone(30 * 60)
    story.fires(31)
    story.says(33, "FanfareAgentsAbsent", CRITICAL | {"cluster": "x"},
               "No agent of a cluster is scraped; nothing of its delivery is known.",
               "Cluster x: 3 agents were there, none is. No alert about messages can fire.")
    story.fires(33, "FanfareAgentsAbsent", *["FanfareAgentDown"] * 3)
    return story


def never_an_agent() -> Story:
    """Rules without agents: said too."""
    story = Story("never_an_agent", World(1))
    story.world.nodes.clear()
    story.fires(1)
    story.fires(3, "FanfareAgentsAbsent")
    return story


def died_firing() -> Story:
    """The agent of a failing node dies: Alertmanager would call its alert resolved."""
    story = Story("died_firing", World(26 * 60), interval="1m")
    story.world.nodes["b"].gauge(FIRING, (0, 0), (1200, 1))
    story.world.nodes["b"].agent_gone(30 * 60)
    story.fires(29)
    story.fires(32, "FanfareAgentDiedFiring b", "FanfareAgentDown")
    story.says(32, "FanfareAgentDiedFiring", CRITICAL | {"cluster": "x", "node": "b"},
               "An agent is gone whose critical alerts were never resolved.",
               "Node b of x: 1 critical alerts fired when its agent was last seen. Alertmanager "
               "will call them resolved; nobody has proven it.")
    story.fires(25 * 60, "FanfareAgentDiedFiring b", "FanfareAgentDown")
    return story


def died_at_once() -> Story:
    """The agent dies seconds after its alert began, between two whole minutes."""
    story = Story("died_at_once", World(30))
    story.world.nodes["b"].gauge(FIRING, (0, 0), (1200 + 15, 1))
    story.world.nodes["b"].agent_gone(1200 + 45)
    story.fires(25, "FanfareAgentDiedFiring b", "FanfareAgentDown")
    return story


def died_after_recovery() -> Story:
    story = Story("died_after_recovery", World(40), interval="30s")
    story.world.nodes["b"].gauge(FIRING, (0, 0), (600, 1), (1200, 0))
    story.world.nodes["b"].agent_gone(30 * 60)
    story.fires(33, "FanfareAgentDown")
    return story


def not_posted() -> Story:
    story = Story("not_posted", World(30))
    story.world.nodes["a"].gauge(FIRING, (0, 0), (600, 2))  # taken: all is well
    story.world.nodes["b"].gauge(FIRING, (0, 0), (600, 2))
    story.world.nodes["b"].change(600, taken=0)
    story.fires(14)
    story.fires(17, "FanfareAlertNotPosted b")
    story.says(17, "FanfareAlertNotPosted", CRITICAL | {"cluster": "x", "node": "b"},
               "An agent has a critical alert that no Alertmanager takes.",
               "Node b of x: 2 critical alerts fire, and none of its Alertmanagers has taken a post "
               "for five minutes, or none is configured. Run `fanfare alerts` there.")
    return story


def half_of_the_copies() -> Story:
    """Every second member of each room is left out: reach stays whole."""
    story = Story("half_of_the_copies", World(45))
    story.world.all(30 * 60, copies=2)
    story.fires(30)
    story.fires(38, COPIES)
    story.says(38, COPIES, CRITICAL | SHARD,
               "Far fewer copies of each message leave for clients than is normal.",
               "Shard s1 of x: 44.44% of the copies that are normal at this number of events and "
               "sockets are missing, over all nodes.")
    return story


def without_identity() -> Story:
    """Reach is not read: copies carry the duty."""
    story = Story("without_identity", World(40, identity=False))
    story.world.all(20 * 60, copies=4 * 0.31)
    story.fires(20)
    story.fires(26, COPIES)
    return story


def cut_off() -> Story:
    """The leader sends one node nothing more; what arrives there is delivered."""
    story = Story("cut_off", World(40))
    story.world.nodes["c"].change(20 * 60, log=0)
    story.fires(20)
    story.fires(22.5, f"{BEHIND} c")
    story.says(25, BEHIND, CRITICAL | SHARD | {"node": "c"},
               "A node does not get the log entries that other nodes of its shard get.",
               "Node c, shard s1 of x: at least 5.4k events that most of its peers have are "
               "not in its log, and it serves clients.")
    return story


def partly_cut_off() -> Story:
    """A quarter of the entries does not reach one node."""
    story = Story("partly_cut_off", World(50))
    story.world.nodes["c"].change(20 * 60, log=0.75)
    story.fires(20)
    story.fires(49, f"{BEHIND} c")
    return story


def astray(named: bool) -> Story:
    """Entries leave one agent's host and are not counted at the other's."""
    story = Story(f"astray_{'named' if named else 'by_address'}", World(35, named=named))
    story.world.nodes["c"].change(20 * 60, astray=0.7)
    story.fires(20)
    story.fires(24, f"{BEHIND} c", PAIR)
    story.says(24, PAIR, WARNING | SHARD | {"src": "a", "dst": "c"},
               "Log entries that one node sends are not counted where they should arrive.",
               "a to c, shard s1 of x: at least 570 entries sent within a minute did not come in.")
    return story


def gained() -> Story:
    """More entries come in than their only sender sends: no loss is hidden by it, and it is told."""
    story = Story("gained", World(60))
    story.world.nodes["c"].change(20 * 60, astray=-1)
    story.fires(20)
    story.fires(55, "FanfareContradiction")
    story.says(55, "FanfareContradiction", WARNING | SHARD | {"src": "a", "dst": "c"},
               "More log entries arrive than their only sender has sent.",
               "a to c, shard s1 of x: 2.1 times as many entries came in as went out. One of the two "
               "agents is wrong, or an address stands for two nodes; what is made of these figures "
               "is unknown.")
    return story


def shard_absent() -> Story:
    """A deploy fails before the process starts, everywhere; for a day."""
    story = Story("shard_absent", World(26 * 60), interval="1m")
    story.world.all(60 * 60, sockets=0, due=0)
    story.world.all(25 * 3600, sockets=500, due=20)
    story.fires(61)
    story.fires(64, ABSENT)
    story.says(64, ABSENT, CRITICAL | SHARD, "An expected shard has no socket on any node.",
               "Shard s1 of x: no client and no peer is connected anywhere. A deploy that fails "
               "before its process starts looks like this.")
    story.fires(24.9 * 60, ABSENT)
    story.fires(25.2 * 60)
    return story


def expected(world: World, *steps: tuple, nodes: str = "abc") -> None:
    """The agents' configuration expects s2, as (seconds, 1 or None) says. They export it with no socket."""
    for name in nodes:
        node = world.nodes[name]
        node.gauge(EXPECTED, *steps)
        node.gauge(OTHERS_SOCKETS, *((seconds, 0 if told else None) for seconds, told in steps))
        node.gauge('fanfare_sockets_opened_total{shard="s2",role="client"}', (0, 0))


def expected_absent() -> Story:
    """A shard that has never had a socket, which an agent's configuration expects, until it comes."""
    story = Story("expected_absent", World(40))
    expected(story.world, (0, None), (600, 1))
    story.world.nodes["b"].gauge(OTHERS_SOCKETS, (0, None), (600, 0), (1200, 3))
    story.fires(10)
    story.fires(11.75)
    story.fires(12, ABSENT)
    story.says(12, ABSENT, CRITICAL | {"cluster": "x", "shard": "s2"},
               "An expected shard has no socket on any node.",
               "Shard s2 of x: no client and no peer is connected anywhere. A deploy that fails "
               "before its process starts looks like this.")
    story.fires(24.75, ABSENT)  # five minutes of patience
    story.fires(25)
    story.fires(39)
    return story


def expected_without_a_series() -> Story:
    """One agent expects it, and none exports its sockets."""
    story = Story("expected_without_a_series", World(15))
    story.world.nodes["b"].gauge(EXPECTED, (0, 1))
    story.fires(1.75)
    story.fires(2, ABSENT)
    story.fires(14, ABSENT)
    return story


def expected_once() -> Story:
    """Each shard is expected once, whoever says so, and however often it is scraped."""
    story = Story("expected_once", World(20), interval="30s")
    story.world.scraped_by = ["monitoring/fanfare", "annotations-fanfare"]
    for node in story.world.nodes.values():
        node.gauge('fanfare_shard_expected{shard="s1"}', (0, 1))
    expected(story.world, (0, 1), nodes="ab")
    story.value(15, "fanfare:expected:shard", {
        f'fanfare:expected:shard{{cluster="x",shard="{shard}"}}': 1 for shard in ("s1", "s2")})
    story.value(15, "fanfare:expected_by_rules:shard", {
        'fanfare:expected_by_rules:shard{cluster="x",shard="s1"}': 1})
    return story


def expected_and_there() -> Story:
    """Innocent: few sockets, on one node; its agent restarts twice, the others' expect it too."""
    story = Story("expected_and_there", World(40))
    expected(story.world, (0, 1))
    b = story.world.nodes["b"]
    b.gauge(OTHERS_SOCKETS, (0, 2))
    for start, seconds in ((600, 60), (1200, 105)):
        b.agent_gone(start)
        b.agent_back(start + seconds)
    for seconds in range(0, 2400, 15):
        story.fires(seconds / 60)
    return story


def expected_no_more() -> Story:
    """One agent after the other reads a configuration that expects it no more."""
    story = Story("expected_no_more", World(30))
    for name, seconds in (("a", 600), ("b", 660), ("c", 720)):
        expected(story.world, (0, 1), (seconds, None), nodes=name)
    due = {'fanfare:expected:shard{cluster="x",shard="s1"}': 1}
    story.value(11.75, "fanfare:expected:shard", due | {'fanfare:expected:shard{cluster="x",shard="s2"}': 1})
    story.value(12, "fanfare:expected:shard", due)
    story.fires(11.75, ABSENT)
    story.fires(16.75, ABSENT)  # five minutes of patience
    story.fires(17)
    story.fires(29)
    return story


def expected_by_one_that_restarts() -> Story:
    """The only agent that expects it restarts while it is absent: neither begins nor ends by that."""
    story = Story("expected_by_one_that_restarts", World(60))
    expected(story.world, (0, None), (600, 1), nodes="b")
    b = story.world.nodes["b"]
    for start, seconds in ((660, 45), (1200, 60), (1500, 120)):
        b.agent_gone(start)
        b.agent_back(start + seconds)
    # What is configured is exported from the agent's first tick on, one scrape late.
    b.gauge(EXPECTED, (0, None), (600, 1), (660, None), (720, 1), (1500, None), (1635, 1))
    b.agent_gone(2400)
    story.fires(11.75)
    for seconds in range(720, 2400, 15):
        story.fires(seconds / 60, ABSENT)
    # Away for good: what it said last holds for a quarter of an hour.
    both = {f'fanfare:expected:shard{{cluster="x",shard="{shard}"}}': 1 for shard in ("s1", "s2")}
    story.value(54.5, "fanfare:expected:shard", both)
    story.value(55, "fanfare:expected:shard", {'fanfare:expected:shard{cluster="x",shard="s1"}': 1})
    return story


def expected_and_all_restart() -> Story:
    """All agents restart at once, while one shard is absent and one is well."""
    story = Story("expected_and_all_restart", World(40))
    expected(story.world, (0, 1))
    for start, seconds in ((600, 60), (1200, 105)):
        for node in story.world.nodes.values():
            node.agent_gone(start)
            node.agent_back(start + seconds)
    for seconds in range(120, 2400, 15):
        story.fires(seconds / 60, ABSENT)
    return story


def expected_elsewhere() -> Story:
    """Innocent: one configuration for all hosts, and s2 is on two of three; those replicate to each other."""
    story = Story("expected_elsewhere", World(60))
    expected(story.world, (0, 1))
    for name, growth in (("a", 20), ("b", 10)):
        node = story.world.nodes[name]
        node.gauge(OTHERS_SOCKETS, (0, 100))
        node.gauge('fanfare_replication_entries_total{shard="s2",direction="in",src="a",dst="b"}', (0, 0))
        node.gauge('fanfare_events_due_total{shard="s2"}', *((s, s * growth) for s in range(0, 3600, 15)))
    # Its agent says that the server is absent there, and an Alertmanager takes it.
    story.world.nodes["c"].gauge(NO_SERVER, (0, 0), (15, 1))
    # It expects it no more, and goes on to export that it has no sockets.
    story.world.nodes["c"].gauge(EXPECTED, (0, 1), (1800, None))
    for seconds in range(0, 3600, 60):
        story.fires(seconds / 60)
    return story


def expected_and_idle() -> Story:
    """A load balancer's check was there, and no client came since: this node is one of the shard's."""
    story = Story("expected_and_idle", World(30), interval="30s")
    expected(story.world, (0, 1))
    for name in "ab":
        story.world.nodes[name].gauge(OTHERS_SOCKETS, (0, 100))
    story.world.nodes["c"].gauge(NO_SERVER, (0, 1), (300, 0))
    story.world.nodes["c"].gauge('fanfare_sockets_opened_total{shard="s2",role="client"}', (0, 0), (300, 1))
    story.fires(14.5)
    story.fires(16, f"{IDLE} c")
    return story


def unnamed_shard_ends() -> Story:
    """What fanfare named itself comes and goes."""
    story = Story("unnamed_shard_ends", World(60, shard="node:8080@web"), interval="30s")
    story.world.all(30 * 60, sockets=0, due=0)
    story.fires(50)
    return story


def host_idle() -> Story:
    """A healthy new instance is kept out of rotation."""
    story = Story("host_idle", World(60), interval="30s")
    story.world.nodes["b"].change(20 * 60, sockets=0, reach=0)
    story.fires(29)
    story.fires(35, f"{IDLE} b")
    story.says(35, IDLE, WARNING | SHARD | {"node": "b"},
               "A node of a shard has no clients while the other nodes do.",
               "Node b, shard s1 of x: no client has been connected for ten minutes. Either its "
               "process is down, or the load balancer keeps it out.")
    return story


def fanfare_itself() -> Story:
    """One ill of each kind, on node a."""
    story = Story("fanfare_itself", World(70), interval="30s")
    a, since = story.world.nodes["a"], 20 * 60
    a.gauge('fanfare_bookkeeping_error{shard="s1"}', (0, 0), (since, -3))
    a.gauge('fanfare_config_last_reload_successful{}', (0, 1), (since, 0))
    a.gauge('fanfare_shards_over_limit{}', (0, 0), (since, 2))
    a.gauge('fanfare_map_entries{map="flows"}', (0, 600), (since, 4000))
    for node in story.world.nodes.values():
        node.gauge('fanfare_detectable_loss{shard="s1",signal="reach"}', (0, 0.05), (since, 0.8))
    a.change(since, losses=1)
    story.world.all(since, coverage=0.9)
    own = ("FanfareBookkeepingBroken a", "FanfareConfigReloadFailed a", "FanfareShardsOverLimit a",
           "FanfareMapNearlyFull a", "FanfareCaptureLosses a", "FanfareCoverageLow")
    story.fires(19)
    story.fires(24)
    story.fires(33, *own)
    story.fires(60, *own, "FanfareQuietShard")
    node = {"cluster": "x", "node": "a"}
    for alert, labels, summary, description in (
            ("FanfareBookkeepingBroken", WARNING | SHARD | node,
             "An agent's own counts do not fit each other.",
             "Node a, shard s1 of x: written = acked + lost + unknown + in flight is off by -3 "
             "messages. A defect of fanfare, not of the chat."),
            ("FanfareConfigReloadFailed", WARNING | node,
             "An agent has refused its new configuration and uses the old one.",
             "Node a of x: `fanfare config check FILE` there says what is wrong."),
            ("FanfareShardsOverLimit", WARNING | node,
             "More shards than limits.shards allows; the rest is counted together.",
             'Node a of x: 2 listeners share the label shard="other".'),
            ("FanfareMapNearlyFull", WARNING | node | {"map": "flows"},
             "A kernel map is nearly full; sockets or events beyond it will not be counted.",
             "Node a of x: flows is filled to 97.66%."),
            ("FanfareCaptureLosses", WARNING | SHARD | node,
             "An agent could not read a part of a shard's traffic.",
             "Node a, shard s1 of x: 1.25% as many losses on the way out as messages within ten "
             "minutes. `fanfare status` there names the reasons and what to do about each."),
            ("FanfareCoverageLow", WARNING | SHARD,
             "Many client sockets of a shard cannot be counted.",
             "Shard s1 of x: 90% of the open client sockets are readable, over all nodes. Nodes "
             "below 95 % are left out of reach and copies."),
            ("FanfareQuietShard", INFO | SHARD,
             "A shard has too little traffic to prove a loss within minutes.",
             "Shard s1 of x: five minutes of this traffic could prove a loss of 80% and more, "
             "nothing smaller.")):
        story.says(60, alert, labels, summary, description)
    story.says(60, "FanfareWatchdog", {"severity": "none"},
               "Always fires; when it stops, the way of alerts is broken.",
               "Route it to a dead man's switch outside of this monitoring.")
    return story


def sums_not_averages() -> Story:
    """A large node weighs more than a small one; scraped twice, nothing counts double."""
    story = Story("sums_not_averages", World(10))
    story.world.scraped_by = ["monitoring/fanfare", "annotations-fanfare"]
    story.world.nodes["a"].change(0, due=90, reach=0.5)
    for node in "bc":
        story.world.nodes[node].change(0, due=5, reach=1.0)
    story.value(9, 'shard:fanfare_reach:ratio{window="30s"}', {
        'shard:fanfare_reach:ratio{cluster="x",shard="s1",window="30s"}': 0.55})
    story.value(9, 'shard:fanfare_reach_due:increase{window="1m"}', {
        'shard:fanfare_reach_due:increase{cluster="x",shard="s1",window="1m"}': 6000})
    story.value(9, "shard:fanfare_client_sockets:sum", {
        'shard:fanfare_client_sockets:sum{cluster="x",shard="s1"}': 1500})
    story.value(9, "cluster:fanfare_agents:count", {
        'cluster:fanfare_agents:count{cluster="x"}': 3})
    return story


def replaced_bad() -> Story:
    """One node is replaced by a new name with the bad build; its agent learns that as its normal."""
    story = Story("replaced_bad", World(26 * 60), interval="1m")
    began = 25 * 3600
    c = story.world.nodes["c"]
    c.looked_for = False
    c.agent_gone(began - 60)
    story.world.add("d", began, reach=0.31).gauge(REACH_NORMAL, (0, 0.31))
    story.fires(25 * 60)
    story.fires(25 * 60 + 2, f"{BELOW_PEERS} d")
    story.says(25 * 60 + 2, BELOW_PEERS, CRITICAL | SHARD | {"node": "d"},
               "A node reaches far less than the other nodes of its shard.",
               "Node d, shard s1 of x: 66.3% fewer of the due events reach a client than on its peers, whatever its own "
               "agent holds for normal, and it did not so for a day.")
    story.fires(25 * 60 + 50, f"{BELOW_PEERS} d", "FanfareAgentGone c")
    return story


def relearned_bad() -> Story:
    """A node keeps its name, gets the bad build, and its agent has lost what it knew: it learns that as its normal."""
    story = Story("relearned_bad", World(25 * 60 + 10), interval="1m")
    b = story.world.nodes["b"]
    b.gauge(REACH_NORMAL, (0, 0.92), (25 * 3600, 0.31))
    b.change(25 * 3600, reach=0.31)
    story.fires(25 * 60)
    story.fires(25 * 60 + 2, f"{BELOW_PEERS} b")
    story.fires(25 * 60 + 9, f"{BELOW_PEERS} b")
    return story


def all_replaced_bad() -> Story:
    """All nodes get new names and the bad build; nobody remembers better but Prometheus."""
    story = Story("all_replaced_bad", World(27 * 60), interval="1m")
    began = 25 * 3600
    for old, new in (("a", "d"), ("b", "e"), ("c", "f")):
        story.world.nodes[old].looked_for = False
        story.world.nodes[old].agent_gone(began - 60)
        story.world.add(new, began, reach=0.31).gauge(REACH_NORMAL, (0, 0.31))
    gone = [f"FanfareAgentGone {node}" for node in "abc"]
    story.fires(25 * 60)
    # Those that left are their peers for as long as sums hold them.
    story.fires(25 * 60 + 2, BELOW_WEEK, *(f"{BELOW_PEERS} {node}" for node in "def"))
    story.says(25 * 60 + 2, BELOW_WEEK, CRITICAL | SHARD,
               "A shard reaches far less than in its own last week.",
               "Shard s1 of x: 66.3% fewer of the due events reach a client than in the middle hour of the six days "
               "before the last, whatever the agents hold for normal.")
    story.fires(25 * 60 + 50, BELOW_WEEK, *gone)
    story.fires(26 * 60 + 50, BELOW_WEEK)
    return story


def other_rooms() -> Story:
    """Innocent: one node has few clients, whose rooms differ, and has had them for days; a healthy one is added;
    one restarts and one is drained."""
    story = Story("other_rooms", World(26 * 60 + 30), interval="1m")
    a, b, c = story.world.nodes.values()
    c.change(0, sockets=300, reach=0.5)
    c.gauge(REACH_NORMAL, (0, 0.5))
    c.change(25.5 * 3600, reach=0.49)
    began = 25 * 3600
    d = story.world.add("d", began, sockets=20, reach=0.1)
    d.gauge(REACH_NORMAL, (0, None))
    for seconds, sockets, reach in ((60, 60, 0.3), (120, 150, 0.55), (300, 350, 0.85), (600, 500, 0.92)):
        d.change(began + seconds, sockets=sockets, reach=reach)
    for seconds, sockets, reach in ((900, 200, 0.8), (930, 40, 0.3), (960, 3, 0.02), (1020, 0, 0), (1200, 100, 0.7),
                                    (1260, 500, 0.92)):
        b.change(began + seconds, sockets=sockets, reach=reach)
    for seconds, log, sockets, reach in ((1500, 0, 0, 0), (1620, 9, 300, 0.05), (1635, 1, 500, 0.92)):
        a.change(began + seconds, log=log, sockets=sockets, reach=reach)
    for minute in range(25 * 60 - 2, 26 * 60 + 30):
        story.fires(minute)
    return story


def local_lost() -> Story:
    """Both origins are told apart: what clients of one node publish reaches nobody there."""
    story = Story("local_lost", World(40))
    story.world.origins = True
    story.world.all(0, local=0.3)
    story.fires(19)
    story.world.nodes["a"].change(20 * 60, reach_local=0)
    story.fires(26, f"{HOST} a")
    story.value(19, 'shard:fanfare_reach_due:increase{window="1m"}', {
        'shard:fanfare_reach_due:increase{cluster="x",shard="s1",window="1m"}': 3600})
    return story


def names_collide() -> Story:
    """Two clusters forgot their names and call their nodes alike; restarts, and two jobs for one agent, are none."""
    story = Story("names_collide", World(30))
    story.world.scraped_by = ["monitoring/fanfare", "annotations-fanfare"]
    twin = story.world.add("a2", 600)
    twin.name, twin.instance = "a", "elsewhere-a"
    b = story.world.nodes["b"]
    b.agent_gone(600)
    b.agent_back(630)
    story.fires(14.75)
    story.fires(16, f"{COLLIDE} a")
    story.says(16, COLLIDE, WARNING | {"cluster": "x", "node": "a"},
               "Two agents go by the same names of cluster and node.",
               "Node a of x: 2 targets are scraped under this name, of agents that started at different times. Figures of "
               "one hide those of the other, and an outage with them: give each cluster its own `cluster` in the agents' "
               "configuration.")
    return story


def scaled_in() -> Story:
    """Innocent: two of five nodes end for the night, and Prometheus looks for them no more."""
    story = Story("scaled_in", World(120), interval="30s")
    for name in "de":
        story.world.add(name, 0)
        story.world.nodes[name].agent_gone(30 * 60)
    story.fires(29)
    for minutes in (36, 50, 80):
        story.fires(minutes, "FanfareAgentGone d", "FanfareAgentGone e")
    for minutes in (34, 92, 105, 119):
        story.fires(minutes)
    return story


def new_and_idle() -> Story:
    """A healthy new instance that never gets a client: its agent expects the shard and misses no server."""
    story = Story("new_and_idle", World(40), interval="30s")
    expected(story.world, (0, 1), nodes="ab")
    for name in "ab":
        story.world.nodes[name].gauge(OTHERS_SOCKETS, (0, 100))
    story.world.add("d", 600)
    expected(story.world, (0, 1), nodes="d")
    # In Kubernetes one configuration is for all nodes, and no agent says of which pods it is.
    story.world.add("k", 600).gauge("fanfare_kubernetes_up{}", (0, 1))
    expected(story.world, (0, 1), nodes="k")
    story.fires(19)
    story.fires(21, f"{IDLE} d")
    story.fires(39, f"{IDLE} d")
    return story


STORIES = [outage, rolling_outage, one_day, night_healthy, night_outage, six_percent, drift, bursts,
           traffic_steps, reconnect_storm, drained, restarted_behind, bad_from_the_start, nothing_learned, agent_lost,
           agent_restarts, scrape_gaps, gap_in_an_outage, shard_unwatched, agents_absent,
           never_an_agent, died_firing, died_at_once, died_after_recovery, not_posted, half_of_the_copies,
           without_identity, cut_off, partly_cut_off, lambda: astray(True), lambda: astray(False), gained,
           shard_absent, expected_absent, expected_without_a_series, expected_once, expected_and_there,
           expected_no_more, expected_by_one_that_restarts, expected_and_all_restart, expected_elsewhere,
           expected_and_idle, unnamed_shard_ends, host_idle, fanfare_itself, sums_not_averages, replaced_bad,
           relearned_bad, all_replaced_bad, other_rooms, local_lost, names_collide, scaled_in, new_and_idle]
