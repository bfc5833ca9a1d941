// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"fanfare/cluster/event"

	"github.com/gorilla/websocket"
)

const (
	reconnectPause = 100 * time.Millisecond
	dialTimeout    = 2 * time.Second
	stallLook      = 50 * time.Millisecond // between looks whether a stalled client reads again
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
	// Where it dials from: the address stands for its cell or its office. nil: any.
	from *net.TCPAddr
	// Bytes of its receive buffer, before the kernel doubles them; 0: the kernel's own.
	readBuffer int
	stalled    time.Time // does not read before
	opened     time.Time // of `conn`
	lastEvent  time.Time // through `conn`; zero: none yet
}

// is: does it belong to the node of that name, or dial from that address? "" is any.
func (client *Client) is(of string) bool {
	return of == "" || client.node.name == of || (client.from != nil && client.from.IP.String() == of)
}

// silentFor: connected, and no event for so long, since the last or since the opening.
func (client *Client) silentFor(now time.Time, span time.Duration) bool {
	client.mutex.Lock()
	defer client.mutex.Unlock()
	since := client.opened
	if client.lastEvent.After(since) {
		since = client.lastEvent
	}
	return client.conn != nil && now.Sub(since) >= span
}

func (client *Client) isStalled(now time.Time) bool {
	client.mutex.Lock()
	defer client.mutex.Unlock()
	return client.conn != nil && now.Before(client.stalled)
}

// stall: the client takes nothing from its socket until then.
func (client *Client) stall(until time.Time) {
	client.mutex.Lock()
	defer client.mutex.Unlock()
	client.stalled = until
}

func (client *Client) connected() bool {
	client.mutex.Lock()
	defer client.mutex.Unlock()
	return client.conn != nil
}

func (client *Client) hold(conn *websocket.Conn) {
	client.mutex.Lock()
	defer client.mutex.Unlock()
	client.conn, client.opened, client.lastEvent = conn, time.Now(), time.Time{}
}

// dialer: a small receive buffer must be set before the window scale is agreed on.
func (client *Client) dialer() websocket.Dialer {
	dialer := net.Dialer{Timeout: dialTimeout}
	if client.from != nil {
		dialer.LocalAddr = client.from
	}
	if client.readBuffer > 0 {
		dialer.Control = func(_, _ string, conn syscall.RawConn) error {
			return conn.Control(func(fd uintptr) {
				syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, client.readBuffer)
			})
		}
	}
	return websocket.Dialer{HandshakeTimeout: dialTimeout, NetDialContext: dialer.DialContext}
}

// live keeps the client connected for ever.
func (client *Client) live() {
	query := url.Values{"user": {client.user}, "rooms": {strings.Join(client.rooms, ",")}}
	target := fmt.Sprintf("ws://%s/ws?%s", client.node.address, query.Encode())
	dialer := client.dialer()
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
		client.awaitReading()
		_, data, err := conn.ReadMessage()
		if err != nil {
			return
		}
		var e event.Event
		if json.Unmarshal(data, &e) == nil && e.ID != "" {
			client.mutex.Lock()
			client.lastEvent = time.Now()
			client.mutex.Unlock()
			client.truth.received(e.ID, client)
		}
	}
}

// awaitReading blocks while the client is stalled.
func (client *Client) awaitReading() {
	for client.isStalled(time.Now()) {
		time.Sleep(stallLook)
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

// Habits are what clients have in common.
type Habits struct {
	rooms, in  int            // rooms of the shard, and those that each client is in
	from       []*net.TCPAddr // addresses, the same number for each node, shared evenly; empty: any
	readBuffer int            // bytes, see Client
}

// newCrowd spreads the rooms evenly: client i of each node is in rooms i, i+1, ... (`in` of them).
func newCrowd(nodes []*Node, clients int, habits Habits, truth *Truth) *Crowd {
	rooms, in := habits.rooms, habits.in
	own := len(habits.from) / len(nodes)
	for place, node := range nodes {
		for i := 0; i < clients; i++ {
			client := &Client{user: fmt.Sprintf("%s-user%d", node.name, i), node: node, truth: truth,
				readBuffer: habits.readBuffer}
			if own > 0 {
				client.from = habits.from[place*own+i%own]
			}
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

// anyone is a connected client that is not stalled, each as likely as the next; nil when there is none.
func (crowd *Crowd) anyone() *Client {
	var present []*Client
	now := time.Now()
	crowd.each(func(client *Client) {
		if client.connected() && !client.isStalled(now) {
			present = append(present, client)
		}
	})
	if len(present) == 0 {
		return nil
	}
	return present[rand.Intn(len(present))]
}

// storm sends `share` of the clients `of` a node or an address away at once; each returns at a moment
// of its own between `pause` and `pause + span` later.
func (crowd *Crowd) storm(of string, share float64, pause, span time.Duration) (gone int) {
	crowd.each(func(client *Client) {
		if client.is(of) && rand.Float64() < share {
			client.leave(pause + time.Duration(rand.Float64()*float64(span)))
			gone++
		}
	})
	return gone
}
