// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"

	"github.com/hashicorp/raft"
)

var errStalled = errors.New("fault: replication to this follower is stalled")

// stallingTransport is Raft's own transport, but for a follower under stall_peer it lets nothing
// pass except the timer's heartbeats, which carry no log position.
type stallingTransport struct {
	*raft.NetworkTransport
	faults *Faults
}

func (t stallingTransport) stalled(id raft.ServerID) bool {
	fault := t.faults.get()
	return fault.kind == "stall_peer" && fault.peer == string(id)
}

func (t stallingTransport) AppendEntries(id raft.ServerID, target raft.ServerAddress,
	request *raft.AppendEntriesRequest, response *raft.AppendEntriesResponse) error {
	heartbeat := len(request.Entries) == 0 && request.PrevLogEntry == 0
	if t.stalled(id) && !heartbeat {
		return errStalled
	}
	return t.NetworkTransport.AppendEntries(id, target, request, response)
}

func (t stallingTransport) AppendEntriesPipeline(id raft.ServerID, target raft.ServerAddress) (raft.AppendPipeline, error) {
	if t.stalled(id) {
		return nil, raft.ErrPipelineReplicationNotSupported
	}
	pipeline, err := t.NetworkTransport.AppendEntriesPipeline(id, target)
	if err != nil {
		return nil, err
	}
	return stallingPipeline{pipeline, t, id}, nil
}

type stallingPipeline struct {
	raft.AppendPipeline
	transport stallingTransport
	id        raft.ServerID
}

// AppendEntries fails under the fault: Raft then falls back to single RPCs, which fail as well.
func (p stallingPipeline) AppendEntries(request *raft.AppendEntriesRequest, response *raft.AppendEntriesResponse) (raft.AppendFuture, error) {
	if p.transport.stalled(p.id) {
		return nil, errStalled
	}
	return p.AppendPipeline.AppendEntries(request, response)
}
