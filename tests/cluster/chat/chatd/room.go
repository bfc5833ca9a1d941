// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"fanfare/cluster/event"

	"github.com/gorilla/websocket"
)

const (
	queueMax     = 1024 // events waiting for one member; beyond it the member is cut off
	pingInterval = 10 * time.Second
	writeTimeout = 5 * time.Second
	writeBuffer  = 1 << 20 // bytes, so that a slow client is not cut off at once; net.core.wmem_max caps it
)

// Member is one WebSocket connection.
type Member struct {
	ID    string // of the connection, unique in the cluster
	User  string
	Rooms []string
	conn  *websocket.Conn
	queue chan []byte
}

// Rooms holds this node's own members; it knows nothing of other nodes.
type Rooms struct {
	node    string
	faults  *Faults
	mutex   sync.Mutex
	members map[string][]*Member // by room, in the order of their coming
	all     map[*Member]bool
	written atomic.Uint64 // frames handed to the clients' sockets
	open    atomic.Int64
	entered atomic.Uint64 // members ever
	killed  atomic.Uint64 // connections reset by kill_full
}

func newRooms(node string, faults *Faults) *Rooms {
	return &Rooms{node: node, faults: faults, members: map[string][]*Member{},
		all: map[*Member]bool{}}
}

func (rooms *Rooms) enter(member *Member) {
	if rooms.faults.get().forgets(rooms.entered.Add(1)) {
		member.Rooms = nil
	}
	rooms.mutex.Lock()
	rooms.all[member] = true
	for _, room := range member.Rooms {
		rooms.members[room] = append(rooms.members[room], member)
	}
	rooms.mutex.Unlock()
	if conn, ok := member.conn.NetConn().(*net.TCPConn); ok {
		conn.SetWriteBuffer(writeBuffer)
	}
	rooms.open.Add(1)
	go rooms.write(member)
}

func (rooms *Rooms) leave(member *Member) {
	rooms.mutex.Lock()
	defer rooms.mutex.Unlock()
	for _, room := range member.Rooms {
		kept := rooms.members[room][:0:0]
		for _, other := range rooms.members[room] {
			if other != member {
				kept = append(kept, other)
			}
		}
		rooms.members[room] = kept
	}
	delete(rooms.all, member)
	close(member.queue)
	rooms.open.Add(-1)
}

// write is the only writer of the member's connection.
func (rooms *Rooms) write(member *Member) {
	ping := time.NewTicker(pingInterval)
	defer ping.Stop()
	defer member.conn.Close()
	send := func(kind int, data []byte) bool {
		member.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
		return member.conn.WriteMessage(kind, data) == nil
	}
	for {
		select {
		case data, ok := <-member.queue:
			if !ok || !send(websocket.TextMessage, data) {
				return
			}
			rooms.written.Add(1)
		case <-ping.C:
			if !send(websocket.PingMessage, nil) {
				return
			}
		}
	}
}

// broadcast gives an applied entry to the members of its room on this node, the publisher too.
func (rooms *Rooms) broadcast(entry Entry) {
	fault := rooms.faults.get()
	if fault.delay > 0 {
		time.AfterFunc(fault.delay, func() { rooms.give(entry, fault) })
		return
	}
	rooms.give(entry, fault)
}

func (rooms *Rooms) give(entry Entry, fault Fault) {
	if fault.dropsEntry(entry, rooms.node) {
		return
	}
	data := encode(entry.Event)
	rooms.mutex.Lock()
	defer rooms.mutex.Unlock()
	for place, member := range rooms.members[entry.Event.Room] {
		if fault.dropsMember(entry, member, place) {
			continue
		}
		select {
		case member.queue <- data:
		default:
			member.conn.Close() // its reader ends and takes it out
		}
	}
}

func encode(e event.Event) []byte {
	data, err := json.Marshal(e)
	if err != nil {
		panic(err) // strings only
	}
	return data
}
