// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"hash/fnv"
	"strings"
	"sync/atomic"
	"time"
)

// Fault is what is wrong with this node's build. Log, API and heartbeats stay well under each.
type Fault struct {
	kind    string
	percent uint64 // drop_percent, forget_percent
	bytes   int    // kill_full
	peer    string // stall_peer: id of the follower
	delay   time.Duration
}

// faultKinds: what each leaves out of the broadcast of an applied entry, and those that do other
// things.
var faultKinds = map[string]string{
	"none":           "nothing",
	"drop_remote":    "entries that another node accepted (the founding incident)",
	"drop_all":       "everything",
	"delay":          "=SECONDS: nothing; entries wait so long before they are broadcast",
	"drop_percent":   "=N: N percent of the entries, told by their id",
	"echo_sender":    "everybody but the publisher's own socket",
	"half_members":   "every second member of each room",
	"stall_peer":     "=ID: nothing; replication to that follower stops while heartbeats go on",
	"forget_percent": "=N: N percent of the members that enter from then on: their rooms are forgotten",
	"kill_full":      "=BYTES: resets each second the connections with so much unacknowledged or unsent",
	"refuse":         "nothing; no event is accepted any more: 503, and not into the log",
}

func parseFault(text string) (Fault, error) {
	kind, value, _ := strings.Cut(text, "=")
	fault := Fault{kind: kind}
	if _, known := faultKinds[kind]; !known {
		return fault, fmt.Errorf("no such fault: %q", text)
	}
	switch kind {
	case "drop_percent", "forget_percent":
		if _, err := fmt.Sscan(value, &fault.percent); err != nil || fault.percent > 100 {
			return fault, fmt.Errorf("%s=N with N from 0 to 100, not %q", kind, value)
		}
	case "delay":
		seconds := 0
		if _, err := fmt.Sscan(value, &seconds); err != nil || seconds < 1 {
			return fault, fmt.Errorf("delay=SECONDS, not %q", value)
		}
		fault.delay = time.Duration(seconds) * time.Second
	case "kill_full":
		if _, err := fmt.Sscan(value, &fault.bytes); err != nil || fault.bytes < 1 {
			return fault, fmt.Errorf("kill_full=BYTES, not %q", value)
		}
	case "stall_peer":
		if fault.peer = value; value == "" {
			return fault, fmt.Errorf("stall_peer=ID of a follower")
		}
	}
	return fault, nil
}

// dropsEntry: is this entry kept from all clients of this node?
func (fault Fault) dropsEntry(entry Entry, node string) bool {
	switch fault.kind {
	case "drop_all":
		return true
	case "drop_remote":
		return entry.Origin != node
	case "drop_percent":
		hash := fnv.New64a()
		hash.Write([]byte(entry.Event.ID))
		return hash.Sum64()>>32%100 < fault.percent
	}
	return false
}

// forgets: are the rooms of the n'th member that enters forgotten? n from 1.
func (fault Fault) forgets(n uint64) bool {
	return fault.kind == "forget_percent" && n*fault.percent/100 > (n-1)*fault.percent/100
}

// dropsMember: is the entry kept from this member, the place'th of its room?
func (fault Fault) dropsMember(entry Entry, member *Member, place int) bool {
	switch fault.kind {
	case "echo_sender":
		return member.ID != entry.Publisher
	case "half_members":
		return place%2 == 1
	}
	return false
}

// Faults is the fault that is switched on now.
type Faults struct{ current atomic.Pointer[Fault] }

func (faults *Faults) get() Fault      { return *faults.current.Load() }
func (faults *Faults) set(fault Fault) { faults.current.Store(&fault) }
