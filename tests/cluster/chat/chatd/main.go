// SPDX-License-Identifier: Apache-2.0

// A node of a small chat shard: hashicorp/raft carries the events from node to node, each node
// serves its own WebSocket clients from the log that it has applied. It knows nothing of fanfare.
// Its faults are those that its operator switches on.
package main

import (
	"flag"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
)

// Options is the command line.
type Options struct {
	ID, Raft, HTTP, Inner, Peers, Fault string
	Bootstrap                           bool
	SnapshotThreshold                   uint64
}

func options() (o Options) {
	flag.StringVar(&o.ID, "id", "n1", "name of this node")
	flag.StringVar(&o.Raft, "raft", "", "HOST:PORT that Raft listens on")
	flag.StringVar(&o.HTTP, "http", "", "HOST:PORT for clients: /ws, /publish")
	flag.StringVar(&o.Inner, "inner", "", "HOST:PORT for nodes and operator: /apply, /stats, /fault, /transfer")
	flag.StringVar(&o.Peers, "peers", "", "ID=HOST:PORT,... of Raft on all nodes")
	flag.StringVar(&o.Fault, "fault", "none", "fault that this build has")
	flag.BoolVar(&o.Bootstrap, "bootstrap", false, "begin a new shard: for its first start only")
	flag.Uint64Var(&o.SnapshotThreshold, "snapshot-threshold", 8192, "log entries between snapshots, and kept behind one")
	flag.Parse()
	return o
}

func listen(address string) net.Listener {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	return listener
}

func main() {
	o := options()
	fault, err := parseFault(o.Fault)
	if err != nil {
		log.Fatal(err)
	}
	faults := &Faults{}
	faults.set(fault)
	rooms := newRooms(o.ID, faults)
	state := &Log{rooms: rooms}
	shard, err := openShard(o, state, faults)
	if err != nil {
		log.Fatal(err)
	}
	server := &Server{node: o.ID, shard: shard, rooms: rooms, log: state, faults: faults}
	go http.Serve(listen(o.Inner), server.inside())
	shard.await(state.replayUntil)
	go http.Serve(listen(o.HTTP), server.clients())
	go rooms.killFull()

	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	<-signals
	shard.leave()
}
