// SPDX-License-Identifier: Apache-2.0

// A node on hashicorp/raft that keeps its own count of what it receives. One source, two releases
// of the library: go.mod takes the newest, oldest.mod Debian 12's. It knows nothing of fanfare.
// usage: raft IP:PORT, then one command a line on stdin, each answered with a line of JSON
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"
)

const (
	applySeconds   = 30
	snapshotMargin = 10 // entries that stay in the log behind a snapshot
)

type command struct {
	Do      string   `json:"do"`
	Count   int      `json:"count"`
	Size    int      `json:"size"`
	Servers []string `json:"servers"` // bootstrap: the addresses of all
}

func (node *Node) run(c command) (any, error) {
	nothing := struct{}{}
	switch c.Do {
	case "bootstrap":
		return nothing, node.bootstrap(c.Servers)
	case "apply": // one after the other leaves, all are awaited
		return nothing, node.apply(c.Count, c.Size)
	case "pile": // all lie ready before the first may leave
		node.gate.shut()
		defer node.gate.open()
		return nothing, node.pile(c.Count, c.Size)
	case "freeze": // from now on no RPC leaves
		node.gate.shut()
	case "thaw":
		node.gate.open()
	case "transfer":
		return nothing, node.raft.LeadershipTransfer().Error()
	case "snapshot":
		return nothing, node.raft.Snapshot().Error()
	case "restart": // with the log it has
		return nothing, node.restart()
	case "empty": // as a new machine under the old name
		node.forget()
		return nothing, node.restart()
	case "report":
		return node.report(), nil
	default:
		return nil, fmt.Errorf("no such command")
	}
	return nothing, nil
}

func obey(node *Node) error {
	answers := json.NewEncoder(os.Stdout)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var c command
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return err
		}
		answer, err := node.run(c)
		if err != nil {
			answer = map[string]string{"error": c.Do + ": " + err.Error()}
		}
		if err := answers.Encode(answer); err != nil {
			return err
		}
	}
	return lines.Err()
}

func main() {
	node := &Node{address: os.Args[1], gate: newGate(), truth: newTruth()}
	node.forget()
	if err := node.start(); err != nil {
		log.Fatal(err)
	}
	fmt.Println("{}")
	if err := obey(node); err != nil {
		log.Fatal(err)
	}
}
