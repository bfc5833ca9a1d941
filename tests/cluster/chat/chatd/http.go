// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"strings"
	"sync/atomic"

	"fanfare/cluster/event"

	"github.com/gorilla/websocket"
	"github.com/hashicorp/raft"
)

const bodyMax = 1 << 20

// Stats is the node's own word on itself.
type Stats struct {
	Node     string            `json:"node"`
	Fault    string            `json:"fault"`
	Members  int64             `json:"members"`
	Accepted uint64            `json:"accepted"` // events from this node's clients, now in the log
	GivenUp  uint64            `json:"given_up"` // events that never got there
	Applied  uint64            `json:"applied"`  // command entries
	Written  uint64            `json:"written"`  // frames to clients
	Killed   uint64            `json:"killed"`   // connections reset by kill_full
	Raft     map[string]string `json:"raft"`
}

// Server is the node as its clients and its operator see it.
type Server struct {
	node     string
	shard    *Shard
	rooms    *Rooms
	log      *Log
	faults   *Faults
	accepted atomic.Uint64
	givenUp  atomic.Uint64
}

// clients is the port that clients know.
func (server *Server) clients() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/ws", server.webSocket)
	mux.HandleFunc("/publish", server.publish)
	return mux
}

// inside is for the other nodes and for the operator.
func (server *Server) inside() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/apply", server.apply)
	mux.HandleFunc("/stats", server.stats)
	mux.HandleFunc("/fault", server.fault)
	mux.HandleFunc("/transfer", server.transfer)
	return mux
}

func (server *Server) accept(publisher string, data []byte) error {
	var e event.Event
	if err := json.Unmarshal(data, &e); err != nil || e.ID == "" || e.Room == "" {
		return errors.New("not an event")
	}
	if server.faults.get().kind == "refuse" {
		return errors.New("fault: refused")
	}
	if err := server.shard.accept(Entry{server.node, publisher, e}); err != nil {
		server.givenUp.Add(1)
		return err
	}
	server.accepted.Add(1)
	return nil
}

// webSocket serves /ws?user=U&rooms=A,B. Each message of the client is an event to publish.
func (server *Server) webSocket(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	member := &Member{ID: event.NewID(), User: r.FormValue("user"),
		Rooms: strings.Split(r.FormValue("rooms"), ","), conn: conn, queue: make(chan []byte, queueMax)}
	server.rooms.enter(member)
	defer server.rooms.leave(member)
	conn.SetReadLimit(bodyMax)
	for {
		_, data, err := conn.ReadMessage()
		if err != nil {
			return
		}
		go func() {
			if err := server.accept(member.ID, data); err != nil {
				log.Printf("given up: %v", err)
			}
		}()
	}
}

func (server *Server) publish(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyMax))
	if err == nil {
		err = server.accept("", data)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusCreated)
}

func (server *Server) apply(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 2*bodyMax))
	if err != nil {
		return
	}
	if err = server.shard.apply(data); errors.Is(err, raft.ErrNotLeader) {
		http.Error(w, err.Error(), http.StatusMisdirectedRequest)
	} else if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
}

func (server *Server) stats(w http.ResponseWriter, _ *http.Request) {
	stats := Stats{Node: server.node, Fault: server.faults.get().kind, Members: server.rooms.open.Load(),
		Accepted: server.accepted.Load(), GivenUp: server.givenUp.Load(), Applied: server.log.applied.Load(),
		Written: server.rooms.written.Load(),
		Killed:  server.rooms.killed.Load(), Raft: server.shard.raft.Stats()}
	json.NewEncoder(w).Encode(stats)
}

// fault serves POST /fault?set=NAME[=VALUE].
func (server *Server) fault(w http.ResponseWriter, r *http.Request) {
	fault, err := parseFault(r.FormValue("set"))
	if err != nil || r.Method != http.MethodPost {
		http.Error(w, "POST /fault?set=NAME: "+r.FormValue("set"), http.StatusBadRequest)
		return
	}
	server.faults.set(fault)
}

func (server *Server) transfer(w http.ResponseWriter, _ *http.Request) {
	if err := server.shard.raft.LeadershipTransfer().Error(); err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
	}
}
