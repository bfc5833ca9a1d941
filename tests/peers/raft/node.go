// SPDX-License-Identifier: Apache-2.0
package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

const (
	appendEntriesMax = 1024 // the most that the library allows
	snapshotBytes    = 3 << 20
	poolSize         = 3
	rpcTimeout       = 20 * time.Second // longer than a freeze
)

// Node is one server of the cluster. Its raft instance may be replaced; gate and truth stay.
type Node struct {
	address string // IP:PORT, its name as well
	gate    *gate
	truth   *truth

	raft      *raft.Raft
	store     *raft.InmemStore
	snapshots *raft.InmemSnapshotStore
	machine   *machine
}

// forget takes log, votes and snapshots away; the next start is that of an empty server.
func (node *Node) forget() {
	node.store, node.snapshots = raft.NewInmemStore(), raft.NewInmemSnapshotStore()
}

func (node *Node) start() error {
	stream, err := listen(node.address, node.gate)
	if err != nil {
		return err
	}
	config := raft.DefaultConfig()
	config.LocalID = raft.ServerID(node.address)
	config.MaxAppendEntries = appendEntriesMax
	config.TrailingLogs = snapshotMargin
	config.LogLevel = "WARN"
	node.machine = &machine{}
	transport := raft.NewNetworkTransport(stream, poolSize, rpcTimeout, os.Stderr)
	node.raft, err = raft.NewRaft(config, node.machine, node.store, node.store, node.snapshots,
		newCounted(transport, node.truth))
	return err
}

func (node *Node) restart() error {
	node.gate.cut()
	if err := node.raft.Shutdown().Error(); err != nil { // closes the transport too
		return err
	}
	node.gate.open()
	return node.start()
}

func (node *Node) bootstrap(servers []string) error {
	var configuration raft.Configuration
	for _, address := range servers {
		configuration.Servers = append(configuration.Servers,
			raft.Server{ID: raft.ServerID(address), Address: raft.ServerAddress(address)})
	}
	return node.raft.BootstrapCluster(configuration).Error()
}

func (node *Node) enqueue(count, size int) []raft.ApplyFuture {
	futures := make([]raft.ApplyFuture, count)
	for i := range futures {
		data := bytes.Repeat([]byte("Entries\x81\xa4Type"), size/12+1)[:size]
		if size >= 4 {
			binary.BigEndian.PutUint32(data, uint32(i))
		}
		futures[i] = node.raft.Apply(data, applySeconds*time.Second)
	}
	return futures
}

func await(futures []raft.ApplyFuture) error {
	for _, future := range futures {
		if err := future.Error(); err != nil {
			return err
		}
	}
	return nil
}

func (node *Node) apply(count, size int) error {
	return await(node.enqueue(count, size))
}

func (node *Node) pile(count, size int) error {
	futures := node.enqueue(count, size)
	node.gate.open()
	return await(futures)
}

type report struct {
	State    string            `json:"state"`
	Stats    map[string]string `json:"stats"`    // the library's own
	Applied  uint64            `json:"applied"`  // commands, since the last start
	Received map[string]counts `json:"received"` // by IP, since the process began
}

func (node *Node) report() report {
	return report{State: node.raft.State().String(), Stats: node.raft.Stats(),
		Applied: node.machine.applied.Load(), Received: node.truth.copy()}
}

// machine is the replicated state machine: it counts.
type machine struct{ applied atomic.Uint64 }

func (m *machine) Apply(*raft.Log) interface{} { return m.applied.Add(1) }

func (m *machine) Snapshot() (raft.FSMSnapshot, error) { return snapshot{}, nil }

func (m *machine) Restore(from io.ReadCloser) error {
	_, err := io.Copy(io.Discard, from)
	return err
}

// snapshot is large, and looks like the beginnings of RPCs.
type snapshot struct{}

func (snapshot) Persist(sink raft.SnapshotSink) error {
	line := []byte("\x00\x89\xa4Addr\xa0\xa7Entries\x91")
	if _, err := sink.Write(bytes.Repeat(line, snapshotBytes/len(line))); err != nil {
		sink.Cancel()
		return err
	}
	return sink.Close()
}

func (snapshot) Release() {}
