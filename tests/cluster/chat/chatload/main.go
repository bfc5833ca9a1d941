// SPDX-License-Identifier: Apache-2.0

// The users of the chat shard, and the truth: what was published, who was there to receive it, who
// did. One command a line as JSON on stdin, one answer a line on stdout, in order. It knows nothing
// of fanfare.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"log"
	"maps"
	"math"
	"net"
	"os"
	"strings"
	"time"
)

type command struct {
	Do      string  `json:"do"`
	Rate    float64 `json:"rate"`
	Count   int     `json:"count"`
	Share   float64 `json:"share"`
	Of      string  `json:"of"`    // a node or an address of clients; "": all
	Pause   float64 `json:"pause"` // seconds
	Seconds float64 `json:"seconds"`
	Since   int64   `json:"since"` // seconds since 1970; 0: from the start
	Until   int64   `json:"until"` // 0: to the last that is settled
}

// Report is the clients' word on a time span; the totals are since the start.
type Report struct {
	Published int64              `json:"published"`
	Withdrawn int                `json:"withdrawn"` // of them, those the server refused
	Settled   int                `json:"settled"`
	Open      int                `json:"open"` // published, not settled
	Late      int                `json:"late"` // copies that came after they were given up
	Connected map[string]int     `json:"connected"`
	Nodes     map[string]*Counts `json:"nodes"`    // of the span
	Received  map[string]int     `json:"received"` // event frames, by node, all there were
}

func obey(c command, crowd *Crowd, publisher *Publisher) any {
	switch c.Do {
	case "rate":
		publisher.setRate(c.Rate)
	case "burst":
		publisher.burst(c.Count, c.Rate)
	case "storm":
		return map[string]int{"gone": crowd.storm(c.Of, c.Share, seconds(c.Pause), seconds(c.Seconds))}
	case "stall":
		return map[string]int{"stalled": crowd.stall(c.Of, c.Share, seconds(c.Seconds))}
	case "wander":
		crowd.wander(c.Share, seconds(c.Seconds))
	case "troubles":
		return crowd.troubles(seconds(c.Seconds))
	case "report":
		if c.Until == 0 {
			c.Until = math.MaxInt64
		}
		truth := crowd.truth
		report := Report{Published: publisher.published.Load(), Connected: crowd.connected(),
			Open: truth.open(), Nodes: truth.between(c.Since, c.Until)}
		truth.mutex.Lock()
		defer truth.mutex.Unlock()
		report.Withdrawn, report.Settled, report.Late = truth.withdrew, truth.settled, truth.late
		report.Received = maps.Clone(truth.frames)
		return report
	default:
		return map[string]string{"error": "no such command: " + c.Do}
	}
	return struct{}{}
}

func seconds(count float64) time.Duration { return time.Duration(count * float64(time.Second)) }

func parseNodes(text string) (nodes []*Node) {
	for _, item := range strings.Split(text, ",") {
		name, address, ok := strings.Cut(item, "=")
		if !ok {
			log.Fatalf("nodes: want ID=HOST:PORT, not %q", item)
		}
		nodes = append(nodes, &Node{name: name, address: address})
	}
	return nodes
}

func parseAddresses(text string) (addresses []*net.TCPAddr) {
	for _, item := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' }) {
		address := net.ParseIP(item)
		if address == nil {
			log.Fatalf("from: want ADDRESS,..., not %q", item)
		}
		addresses = append(addresses, &net.TCPAddr{IP: address})
	}
	return addresses
}

func main() {
	nodes := flag.String("nodes", "", "ID=HOST:PORT,... that clients connect to")
	clients := flag.Int("clients", 12, "clients of each node")
	rooms := flag.Int("rooms", 6, "rooms of the shard")
	in := flag.Int("in", 2, "rooms that each client is in")
	rate := flag.Float64("rate", 0, "events a second, all nodes together")
	rest := flag.Float64("rest", 0.2, "share of the events that come by REST")
	from := flag.String("from", "", "ADDRESS,... that the clients share evenly")
	readBuffer := flag.Int("read-buffer", 0, "bytes of a client's receive buffer, 0: the kernel's own")
	settle := flag.Duration("settle", 3*time.Second, "time after which an event that has not come is lost")
	flag.Parse()

	truth := newTruth(*settle)
	crowd := newCrowd(parseNodes(*nodes), *clients, Habits{*rooms, *in, parseAddresses(*from), *readBuffer}, truth)
	publisher := newPublisher(crowd, *rate, *rest)
	go publisher.run()
	go func() {
		for now := range time.Tick(100 * time.Millisecond) {
			truth.sweep(now)
		}
	}()
	answers := json.NewEncoder(os.Stdout)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var c command
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			log.Fatal(err)
		}
		answers.Encode(obey(c, crowd, publisher))
	}
}
