// SPDX-License-Identifier: Apache-2.0

package main

import (
	"sync"
	"time"
)

// Counts is what befell the events of a time span at one node, by its clients' own word. The
// publisher's own copy is left out everywhere.
type Counts struct {
	Due        int `json:"due"`        // events with a member here, other than the publisher
	Reached    int `json:"reached"`    // of them, those that such a member received
	CopiesDue  int `json:"copies_due"` // one for each such member
	Copies     int `json:"copies"`
	Duplicates int `json:"duplicates"` // received again by the same client
}

func (c *Counts) add(other Counts) {
	c.Due += other.Due
	c.Reached += other.Reached
	c.CopiesDue += other.CopiesDue
	c.Copies += other.Copies
	c.Duplicates += other.Duplicates
}

// flight is a published event whose time has not run out.
type flight struct {
	at        time.Time
	publisher *Client // nil: by REST
	waiting   map[*Client]bool
	got       map[*Client]bool
	again     map[string]int // duplicates, by node
}

// Truth joins what was published with what was received.
type Truth struct {
	settle   time.Duration
	mutex    sync.Mutex
	flights  map[string]*flight
	seconds  map[int64]map[string]*Counts // settled: by second of publishing and node
	settled  int
	withdrew int            // not accepted, by the server's own answer
	late     int            // received after `settle`
	frames   map[string]int // received, by node
}

func newTruth(settle time.Duration) *Truth {
	return &Truth{settle: settle, flights: map[string]*flight{}, seconds: map[int64]map[string]*Counts{},
		frames: map[string]int{}}
}

// published notes an event before it is sent; `members` are connected and in its room.
func (truth *Truth) published(id string, at time.Time, publisher *Client, members []*Client) {
	f := &flight{at, publisher, map[*Client]bool{}, map[*Client]bool{}, map[string]int{}}
	for _, member := range members {
		if member != publisher {
			f.waiting[member] = true
		}
	}
	truth.mutex.Lock()
	defer truth.mutex.Unlock()
	truth.flights[id] = f
}

func (truth *Truth) withdraw(id string) {
	truth.mutex.Lock()
	defer truth.mutex.Unlock()
	delete(truth.flights, id)
	truth.withdrew++
}

func (truth *Truth) received(id string, client *Client) {
	truth.mutex.Lock()
	defer truth.mutex.Unlock()
	truth.frames[client.node.name]++
	f, ok := truth.flights[id]
	switch {
	case !ok:
		truth.late++
	case client == f.publisher:
	case f.got[client]:
		f.again[client.node.name]++
	default:
		f.got[client] = true
		delete(f.waiting, client)
	}
}

// left: nothing more is due to this client.
func (truth *Truth) left(client *Client) {
	truth.mutex.Lock()
	defer truth.mutex.Unlock()
	for _, f := range truth.flights {
		delete(f.waiting, client)
	}
}

// sweep settles what was published before `now - settle`.
func (truth *Truth) sweep(now time.Time) {
	truth.mutex.Lock()
	defer truth.mutex.Unlock()
	for id, f := range truth.flights {
		if now.Sub(f.at) >= truth.settle {
			truth.book(f)
			delete(truth.flights, id)
		}
	}
}

func (truth *Truth) book(f *flight) {
	nodes := map[string]*Counts{}
	at := func(node string) *Counts {
		if nodes[node] == nil {
			nodes[node] = &Counts{}
		}
		return nodes[node]
	}
	for client := range f.waiting {
		at(client.node.name).CopiesDue++
	}
	for client := range f.got {
		counts := at(client.node.name)
		counts.CopiesDue++
		counts.Copies++
		counts.Reached = 1
	}
	for node, again := range f.again {
		at(node).Duplicates += again
	}
	second := f.at.Unix()
	if truth.seconds[second] == nil {
		truth.seconds[second] = map[string]*Counts{}
	}
	for node, counts := range nodes {
		counts.Due = 1
		if truth.seconds[second][node] == nil {
			truth.seconds[second][node] = &Counts{}
		}
		truth.seconds[second][node].add(*counts)
	}
	truth.settled++
}

// between adds up the settled seconds from `since` on and before `until`, by node.
func (truth *Truth) between(since, until int64) map[string]*Counts {
	truth.mutex.Lock()
	defer truth.mutex.Unlock()
	sums := map[string]*Counts{}
	for second, nodes := range truth.seconds {
		if second < since || second >= until {
			continue
		}
		for node, counts := range nodes {
			if sums[node] == nil {
				sums[node] = &Counts{}
			}
			sums[node].add(*counts)
		}
	}
	return sums
}

// open is how many published events have not settled.
func (truth *Truth) open() int {
	truth.mutex.Lock()
	defer truth.mutex.Unlock()
	return len(truth.flights)
}
