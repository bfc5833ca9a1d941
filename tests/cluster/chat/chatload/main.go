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
	"math"
	"os"
	"strings"
	"time"
)

type command struct {
	Do      string  `json:"do"`
	Rate    float64 `json:"rate"`
	Count   int     `json:"count"`
	Share   float64 `json:"share"`
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
	Nodes     map[string]*Counts `json:"nodes"` // of the span
}

func obey(c command, crowd *Crowd, publisher *Publisher) any {
	switch c.Do {
	case "rate":
		publisher.setRate(c.Rate)
	case "burst":
		publisher.burst(c.Count, c.Rate)
	case "storm":
		return map[string]int{"gone": crowd.storm(c.Share, time.Duration(c.Seconds*float64(time.Second)))}
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
		return report
	default:
		return map[string]string{"error": "no such command: " + c.Do}
	}
	return struct{}{}
}

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

func main() {
	nodes := flag.String("nodes", "", "ID=HOST:PORT,... that clients connect to")
	clients := flag.Int("clients", 12, "clients of each node")
	rooms := flag.Int("rooms", 6, "rooms of the shard")
	in := flag.Int("in", 2, "rooms that each client is in")
	rate := flag.Float64("rate", 0, "events a second, all nodes together")
	rest := flag.Float64("rest", 0.2, "share of the events that come by REST")
	settle := flag.Duration("settle", 3*time.Second, "time after which an event that has not come is lost")
	flag.Parse()

	truth := newTruth(*settle)
	crowd := newCrowd(parseNodes(*nodes), *clients, *rooms, *in, truth)
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
