# SPDX-License-Identifier: Apache-2.0
"""What is done on a kernel, and what has come of it."""
import dataclasses
import json
import re

from machine import Outcome, Step

SECONDS = 900  # for a step; nothing is decided by how fast a machine is
# Known traffic of all kinds, and the verifier's figures.
TRAFFIC = ("WritesTest.head_and_frames_in_one_write", "WritesTest.inbound_is_counted_too",
           "CloseTest.peer_closes_first", "CloseTest.reset_by_the_peer", "DeliveryTest.everything_arrives",
           "LossTest.retransmissions_are_counted_once", "LossTest.inbound_holes_are_filled",
           "HandshakeTest.last_ack_of_the_handshake_is_lost", "HttpTest.kept_alive_and_upgraded_later",
           "MqttTest.every_class_both_ways_in_any_segments", "ReplicationTest.any_writes_over_a_wire",
           *(f"Kinds/EventsByTest.each_has_its_room_publisher_and_receivers/{kind}" for kind in ("key", "payload")),
           "EventsTest.entries_in_pieces")
CONFIGURATIONS = ("nothing", "replication", "classes", "mqtt", "http", "rooms", "all")
VERIFIER = "Programs/VerifierTest.effort_is_bounded/"
AGENT = ("fanfare agent --config /etc/all.yml & agent=$!; "
         "until fanfare status >/dev/null; [ $? != 3 ]; do sleep 0.2; kill -0 $agent || exit 9; done; "
         "fanfare selftest; ended=$?; kill $agent; wait $agent; exit $ended")


def gtest(names) -> str:
    return f"kernel_tests --gtest_filter={':'.join(names)}"


def steps(expected: str) -> list[Step]:
    doctor = Step("doctor", SECONDS, "fanfare doctor -o json")
    if expected == "refused":
        return [doctor, Step("agent", SECONDS, "fanfare agent")]
    return [doctor, Step("doctor_all", SECONDS, "fanfare doctor -o json --config /etc/all.yml"),
            Step("selftest", SECONDS, AGENT),
            Step("verifier", SECONDS, gtest(VERIFIER + name for name in CONFIGURATIONS)),
            Step("traffic", SECONDS, gtest(TRAFFIC))]


@dataclasses.dataclass
class Program:
    instructions: int
    seconds: float


@dataclasses.dataclass
class Verdict:
    release: str
    loads: bool
    exact: bool
    programs: dict[str, Program]  # with everything on
    against: list[str]  # what was not as expected, a sentence each


def report_of(said: str) -> dict:
    try:
        return json.loads(said)
    except json.JSONDecodeError:
        return {"verdict": "none", "checks": []}


def misses(report: dict) -> str:
    return "; ".join(f"{check['code']} {check['cause']}" for check in report["checks"] if check["result"] == "miss")


def tests_against(outcome: Outcome, wanted: int) -> str:
    """What stands against a run of gtest of so many tests, or nothing."""
    passed = len(re.findall(r"^\[       OK \]", outcome.said, re.MULTILINE))
    failed = re.findall(r"^\[  FAILED  \] (\S+) \(", outcome.said, re.MULTILINE)
    if outcome.code == 0 and passed == wanted:
        return ""
    lines = [line for line in outcome.said.splitlines() if not line.startswith("[")]
    return (f"{passed} of {wanted} tests passed (one may have another name now), exit {outcome.code}, failed: "
            f"{', '.join(failed) or 'none'}; it said last: {' / '.join(lines[-12:])}")


def programs_of(said: str) -> dict[str, Program]:
    """Of the last configuration in the output, which has everything on."""
    last = said.rpartition(f"[ RUN      ] {VERIFIER}all")[2]
    rows = re.findall(r"^(on_\w+): (\d+) verified, .* ([\d.]+) s$", last, re.MULTILINE)
    return {name: Program(int(instructions), float(seconds)) for name, instructions, seconds in rows}


def judge_refused(release: str, outcomes: dict[str, Outcome]) -> Verdict:
    doctor, agent = outcomes["doctor"], outcomes["agent"]
    said = misses(report_of(doctor.said))
    against = []
    if doctor.code != 4 or not re.fullmatch(r"FF-101 Linux \S+ has no .*: fanfare needs Linux 6\.1 or newer", said):
        against.append(f"doctor has one sentence for a kernel that is too old, but ended with {doctor.code}: {said}")
    if agent.code != 4 or "needs Linux 6.1 or newer" not in agent.said:
        against.append(f"the agent says so too, but ended with {agent.code}: {agent.said}")
    return Verdict(release, False, False, {}, against)


def judge(release: str, expected: str, outcomes: dict[str, Outcome]) -> Verdict:
    if expected == "refused":
        return judge_refused(release, outcomes)
    against = []
    for name in ("doctor", "doctor_all"):
        report = report_of(outcomes[name].said)
        if report["verdict"] != "fine":
            against.append(f"{name}: exit {outcomes[name].code}: {misses(report) or outcomes[name].said}")
    effort = tests_against(outcomes["verifier"], len(CONFIGURATIONS))
    loads = not against and not effort
    if effort:
        against.append(f"verifier: {effort}")
    selftest, traffic = outcomes["selftest"], tests_against(outcomes["traffic"], len(TRAFFIC))
    if selftest.code:
        against.append(f"selftest: exit {selftest.code}: {selftest.said}")
    if traffic:
        against.append(f"traffic: {traffic}")
    return Verdict(release, loads, not selftest.code and not traffic, programs_of(outcomes["verifier"].said), against)
