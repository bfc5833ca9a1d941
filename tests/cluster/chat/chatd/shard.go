// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

const (
	applyTimeout  = 5 * time.Second
	acceptTimeout = 10 * time.Second // an event that finds no leader for so long is given up
	retryPause    = 100 * time.Millisecond
)

// Shard is this node's part in the shard's Raft group. Every node accepts events; those that do not
// lead pass them on to the leader's inner port.
type Shard struct {
	raft      *raft.Raft
	node      string
	innerPort string
	client    http.Client
}

type peer struct{ id, address string }

func parsePeers(text string) ([]peer, error) {
	var peers []peer
	for _, item := range strings.Split(text, ",") {
		id, address, ok := strings.Cut(item, "=")
		if _, _, err := net.SplitHostPort(address); !ok || err != nil {
			return nil, fmt.Errorf("peers: want ID=HOST:PORT, not %q", item)
		}
		peers = append(peers, peer{id, address})
	}
	return peers, nil
}

// openShard starts Raft. Stores live in memory: a node that starts again gets the log from the
// leader. Only with `bootstrap` may a log begin.
func openShard(options Options, log *Log, faults *Faults) (*Shard, error) {
	peers, err := parsePeers(options.Peers)
	if err != nil {
		return nil, err
	}
	own, err := net.ResolveTCPAddr("tcp", options.Raft)
	if err != nil {
		return nil, err
	}
	shard := &Shard{node: options.ID, client: http.Client{Timeout: applyTimeout + time.Second}}
	if _, shard.innerPort, err = net.SplitHostPort(options.Inner); err != nil {
		return nil, err
	}
	config := raft.DefaultConfig()
	config.LocalID = raft.ServerID(options.ID)
	config.SnapshotThreshold = options.SnapshotThreshold
	config.TrailingLogs = options.SnapshotThreshold
	config.SnapshotInterval = 2 * time.Second
	config.Logger = hclog.New(&hclog.LoggerOptions{Name: options.ID, Level: hclog.Info, Output: os.Stderr})
	network, err := raft.NewTCPTransportWithLogger(options.Raft, own, 3, 5*time.Second, config.Logger)
	if err != nil {
		return nil, err
	}
	if !options.Bootstrap {
		log.replayUntil = shard.commitIndexOf(peers)
	}
	store := raft.NewInmemStore()
	shard.raft, err = raft.NewRaft(config, log, store, store, raft.NewInmemSnapshotStore(),
		stallingTransport{network, faults})
	if err != nil || !options.Bootstrap {
		return shard, err
	}
	var group raft.Configuration
	for _, p := range peers {
		group.Servers = append(group.Servers,
			raft.Server{ID: raft.ServerID(p.id), Address: raft.ServerAddress(p.address)})
	}
	return shard, shard.raft.BootstrapCluster(group).Error()
}

// inner is the URL of a node's inner port, told from its Raft address.
func (shard *Shard) inner(raftAddress, path string) string {
	host, _, _ := net.SplitHostPort(raftAddress)
	return "http://" + net.JoinHostPort(host, shard.innerPort) + path
}

// commitIndexOf asks the other nodes how far the shard's log is committed; 0 when none answers.
func (shard *Shard) commitIndexOf(peers []peer) uint64 {
	var highest uint64
	for _, p := range peers {
		if p.id == shard.node {
			continue
		}
		answer, err := shard.client.Get(shard.inner(p.address, "/stats"))
		if err != nil {
			continue
		}
		var stats Stats
		if json.NewDecoder(answer.Body).Decode(&stats) == nil {
			index, _ := strconv.ParseUint(stats.Raft["commit_index"], 10, 64)
			highest = max(highest, index)
		}
		answer.Body.Close()
	}
	return highest
}

// accept brings an entry into the log, through whichever node leads; an error once it is given up.
func (shard *Shard) accept(entry Entry) error {
	data, err := json.Marshal(entry)
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(acceptTimeout); ; time.Sleep(retryPause) {
		if err = shard.apply(data); errors.Is(err, raft.ErrNotLeader) {
			err = shard.forward(data)
		}
		if err == nil || !errors.Is(err, errTryAgain) || time.Now().After(deadline) {
			return err
		}
	}
}

// errTryAgain: the entry is surely not in the log, so another attempt cannot bring it in twice.
var errTryAgain = errors.New("no leader")

// apply is for the leader; on any other node, and while leadership passes on, raft.ErrNotLeader.
func (shard *Shard) apply(data []byte) error {
	err := shard.raft.Apply(data, applyTimeout).Error()
	if errors.Is(err, raft.ErrLeadershipTransferInProgress) {
		return raft.ErrNotLeader
	}
	return err
}

func (shard *Shard) forward(data []byte) error {
	address, id := shard.raft.LeaderWithID()
	if address == "" || string(id) == shard.node {
		return errTryAgain
	}
	answer, err := shard.client.Post(shard.inner(string(address), "/apply"), "application/json", bytes.NewReader(data))
	var refused *net.OpError
	switch {
	case errors.As(err, &refused) && refused.Op == "dial":
		return errTryAgain
	case err != nil:
		return err
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 256))
	switch answer.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusMisdirectedRequest:
		return errTryAgain
	}
	return fmt.Errorf("leader %s: %s", id, text)
}

// await blocks until entry `index` is applied here: the node then serves what the others serve.
func (shard *Shard) await(index uint64) {
	for shard.raft.AppliedIndex() < index {
		time.Sleep(10 * time.Millisecond)
	}
}

// leave hands the leadership on, so that a planned restart costs no election timeout.
func (shard *Shard) leave() {
	if shard.raft.State() == raft.Leader {
		shard.raft.LeadershipTransfer().Error()
	}
	shard.raft.Shutdown().Error()
}
