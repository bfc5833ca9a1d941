// SPDX-License-Identifier: Apache-2.0
package main

import (
	"net"
	"reflect"
	"sync"

	"github.com/hashicorp/raft"
)

// counts is what one server has received from another, as the library decoded it.
type counts struct {
	Append      uint64 `json:"append"`
	AppendEmpty uint64 `json:"append_empty"`
	Heartbeat   uint64 `json:"heartbeat"`
	Vote        uint64 `json:"vote"`
	Snapshot    uint64 `json:"snapshot"`
	Other       uint64 `json:"other"`
	Entries     uint64 `json:"entries"`
	Commands    uint64 `json:"commands"`
	Largest     int    `json:"largest"` // entries of one append
	LastIndex   uint64 `json:"last_index"`
}

// truth holds the counts by the sender's IP; "" where the RPC does not name its sender.
type truth struct {
	mutex   sync.Mutex
	senders map[string]counts
}

func newTruth() *truth { return &truth{senders: map[string]counts{}} }

func (t *truth) copy() map[string]counts {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	copied := map[string]counts{}
	for sender, c := range t.senders {
		copied[sender] = c
	}
	return copied
}

func (t *truth) count(command any, heartbeat bool) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	sender := senderOf(command)
	c := t.senders[sender]
	switch request := command.(type) {
	case *raft.AppendEntriesRequest:
		c.countAppend(request.Entries, heartbeat)
	case *raft.RequestVoteRequest:
		c.Vote++
	case *raft.InstallSnapshotRequest:
		c.Snapshot++
	case *raft.TimeoutNowRequest:
		c.Other++
	default: // RequestPreVoteRequest is unknown to older releases
		c.Vote++
	}
	t.senders[sender] = c
}

func (c *counts) countAppend(entries []*raft.Log, heartbeat bool) {
	switch {
	case heartbeat:
		c.Heartbeat++
	case len(entries) == 0:
		c.AppendEmpty++
	default:
		c.Append++
	}
	c.Entries += uint64(len(entries))
	if len(entries) > c.Largest {
		c.Largest = len(entries)
	}
	for _, entry := range entries {
		if entry.Type == raft.LogCommand {
			c.Commands++
		}
		if entry.Index > c.LastIndex {
			c.LastIndex = entry.Index
		}
	}
}

// senderOf reads whichever field of the request names the sender: that differs by release.
func senderOf(command any) string {
	request := reflect.ValueOf(command).Elem()
	for _, name := range []string{"Addr", "Leader", "Candidate"} {
		if field := request.FieldByName(name); field.IsValid() && field.Len() > 0 {
			host, _, err := net.SplitHostPort(string(field.Bytes()))
			if err == nil {
				return host
			}
		}
	}
	return ""
}

// counted is the library's transport with a count of what comes in.
type counted struct {
	*raft.NetworkTransport
	truth    *truth
	incoming chan raft.RPC
}

func newCounted(transport *raft.NetworkTransport, truth *truth) *counted {
	c := &counted{transport, truth, make(chan raft.RPC)}
	go func() {
		for rpc := range transport.Consumer() {
			truth.count(rpc.Command, false)
			c.incoming <- rpc
		}
	}()
	return c
}

func (c *counted) Consumer() <-chan raft.RPC { return c.incoming }

func (c *counted) SetHeartbeatHandler(handle func(raft.RPC)) {
	c.NetworkTransport.SetHeartbeatHandler(func(rpc raft.RPC) {
		c.truth.count(rpc.Command, true)
		handle(rpc)
	})
}
