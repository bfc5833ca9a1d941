// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"io"
	"sync/atomic"

	"fanfare/cluster/event"

	"github.com/hashicorp/raft"
)

// Entry is what the shard's log carries: an accepted event and where it was accepted.
type Entry struct {
	Origin    string      `json:"origin"`    // node
	Publisher string      `json:"publisher"` // Member.ID; empty: by REST
	Event     event.Event `json:"event"`
}

// Log is the state machine: it keeps count, and broadcasts what is new.
type Log struct {
	rooms *Rooms
	// Entries up to here were applied by the shard before this process came: old news for the
	// clients, who had them from the process before.
	replayUntil uint64
	applied     atomic.Uint64 // command entries, replayed ones included
}

func (l *Log) Apply(record *raft.Log) any {
	l.applied.Add(1)
	var entry Entry
	if err := json.Unmarshal(record.Data, &entry); err != nil {
		return err
	}
	if record.Index > l.replayUntil {
		l.rooms.broadcast(entry)
	}
	return nil
}

type snapshot struct{ Applied uint64 }

func (l *Log) Snapshot() (raft.FSMSnapshot, error) { return snapshot{l.applied.Load()}, nil }

func (s snapshot) Persist(sink raft.SnapshotSink) error {
	if err := json.NewEncoder(sink).Encode(s); err != nil {
		sink.Cancel()
		return err
	}
	return sink.Close()
}

func (s snapshot) Release() {}

func (l *Log) Restore(source io.ReadCloser) error {
	defer source.Close()
	var s snapshot
	if err := json.NewDecoder(source).Decode(&s); err != nil {
		return err
	}
	l.applied.Store(s.Applied)
	return nil
}
