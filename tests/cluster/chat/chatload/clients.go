// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"fanfare/cluster/event"

	"github.com/gorilla/websocket"
)

const (
	reconnectPause = 100 * time.Millisecond
	dialTimeout    = 2 * time.Second
)

// Node is a server that clients connect to.
type Node struct {
	name    string
	address string // HOST:PORT
	clients []*Client
}

// Client is one user with one WebSocket, which it opens again whenever it is lost.
type Client struct {
	user  string
	node  *Node
	rooms []string
	truth *Truth
	mutex sync.Mutex
	conn  *websocket.Conn // nil while not connected
	away  time.Time       // does not connect before
}

func (client *Client) connected() bool {
	client.mutex.Lock()
	defer client.mutex.Unlock()
	return client.conn != nil
}

func (client *Client) hold(conn *websocket.Conn) {
	client.mutex.Lock()
	defer client.mutex.Unlock()
	client.conn = conn
}

// live keeps the client connected for ever.
func (client *Client) live() {
	query := url.Values{"user": {client.user}, "rooms": {strings.Join(client.rooms, ",")}}
	target := fmt.Sprintf("ws://%s/ws?%s", client.node.address, query.Encode())
	dialer := websocket.Dialer{HandshakeTimeout: dialTimeout}
	for ; ; time.Sleep(reconnectPause) {
		client.mutex.Lock()
		away := client.away
		client.mutex.Unlock()
		time.Sleep(time.Until(away))
		conn, _, err := dialer.Dial(target, nil)
		if err != nil {
			continue
		}
		client.hold(conn)
		client.read(conn)
		client.hold(nil)
		client.truth.left(client)
		conn.Close()
	}
}

func (client *Client) read(conn *websocket.Conn) {
	for {
		_, data, err := conn.ReadMessage()
		if err != nil {
			return
		}
		var e event.Event
		if json.Unmarshal(data, &e) == nil && e.ID != "" {
			client.truth.received(e.ID, client)
		}
	}
}

// leave closes the connection; the client comes back after `pause`.
func (client *Client) leave(pause time.Duration) {
	client.mutex.Lock()
	defer client.mutex.Unlock()
	client.away = time.Now().Add(pause)
	if client.conn != nil {
		client.conn.Close()
	}
}

// send is one message to the server; only one goroutine publishes.
func (client *Client) send(data []byte) error {
	client.mutex.Lock()
	defer client.mutex.Unlock()
	if client.conn == nil {
		return websocket.ErrCloseSent
	}
	client.conn.SetWriteDeadline(time.Now().Add(dialTimeout))
	return client.conn.WriteMessage(websocket.TextMessage, data)
}

// Crowd is all clients of all nodes.
type Crowd struct {
	nodes []*Node
	truth *Truth
}

// newCrowd spreads the rooms evenly: client i of each node is in rooms i, i+1, ... (`in` of them).
func newCrowd(nodes []*Node, clients, rooms, in int, truth *Truth) *Crowd {
	for _, node := range nodes {
		for i := 0; i < clients; i++ {
			client := &Client{user: fmt.Sprintf("%s-user%d", node.name, i), node: node, truth: truth}
			for j := 0; j < in; j++ {
				client.rooms = append(client.rooms, fmt.Sprintf("room%d", (i+j)%rooms))
			}
			node.clients = append(node.clients, client)
			go client.live()
		}
	}
	return &Crowd{nodes, truth}
}

func (crowd *Crowd) each(visit func(*Client)) {
	for _, node := range crowd.nodes {
		for _, client := range node.clients {
			visit(client)
		}
	}
}

// members are those of the room that are connected now.
func (crowd *Crowd) members(room string) (found []*Client) {
	crowd.each(func(client *Client) {
		if slices.Contains(client.rooms, room) && client.connected() {
			found = append(found, client)
		}
	})
	return found
}

func (crowd *Crowd) connected() map[string]int {
	counts := map[string]int{}
	crowd.each(func(client *Client) {
		if client.connected() {
			counts[client.node.name]++
		}
	})
	return counts
}

// anyone is a connected client, each as likely as the next; nil when there is none.
func (crowd *Crowd) anyone() *Client {
	var present []*Client
	crowd.each(func(client *Client) {
		if client.connected() {
			present = append(present, client)
		}
	})
	if len(present) == 0 {
		return nil
	}
	return present[rand.Intn(len(present))]
}

// storm sends `share` of all clients away at once; each returns at a moment of its own within `span`.
func (crowd *Crowd) storm(share float64, span time.Duration) (gone int) {
	crowd.each(func(client *Client) {
		if rand.Float64() < share {
			client.leave(time.Duration(rand.Float64() * float64(span)))
			gone++
		}
	})
	return gone
}
