// SPDX-License-Identifier: Apache-2.0

// Package control is what the Go peers share: the chat room with a queue and a writer for every
// client, the count that the server keeps itself, and the commands on stdin. It knows neither of
// the WebSocket libraries.
package control

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// Conn is a client's connection as the library gives it; only its writer calls these.
type Conn interface {
	Send(message Message) error
	Ping() error
	Close() error
}

// Message is one broadcast message.
type Message struct {
	Binary bool
	Data   []byte
}

// Client is one connection with the server's own count.
type Client struct {
	Peer     string `json:"peer"`
	Via      string `json:"via"`
	Open     bool   `json:"open"`
	Sent     int    `json:"sent"`
	Received int    `json:"received"`
	Pings    int    `json:"pings"`
	Closes   int    `json:"closes"`           // close frames to come or gone
	Frames   *int   `json:"frames,omitempty"` // absent: the library does not tell

	queue chan func() error
	gone  chan struct{}
	conn  Conn
}

// Room holds every client that ever came, in order.
type Room struct {
	OneFrameEach bool // the library sends each message as one frame
	ClosesTwice  bool // the library answers even the answer to its own close
	mutex        sync.Mutex
	clients      []*Client
}

type command struct {
	Do      string `json:"do"`
	Sizes   []int  `json:"sizes"`
	PauseMS int    `json:"pause_ms"`
	Count   int    `json:"count"`
}

var text = []byte(strings.Repeat(`{"type":"message.new","text":"guten Morgen"} `, 1600))
var binary = noise(70000)

func noise(size int) []byte {
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(i*i*3 + i>>3)
	}
	return data
}

func message(index, size int) Message {
	if index%2 == 1 {
		return Message{Binary: true, Data: binary[:size]}
	}
	return Message{Data: text[:size]}
}

// Enter takes a new client in, starts its writer and welcomes it.
func (room *Room) Enter(conn Conn, peer, via string) *Client {
	client := &Client{Peer: peer, Via: via, Open: true, Closes: 1, conn: conn,
		queue: make(chan func() error, 1024), gone: make(chan struct{})}
	if room.OneFrameEach {
		client.Frames = new(int)
	}
	go client.write()
	room.send(client, message(0, 200))
	room.mutex.Lock()
	defer room.mutex.Unlock()
	room.clients = append(room.clients, client)
	return client
}

func (client *Client) write() {
	for {
		select {
		case job := <-client.queue:
			if job() != nil {
				return
			}
		case <-client.gone:
			return
		}
	}
}

// Heard counts a message that the client published.
func (room *Room) Heard(client *Client) {
	room.count(&client.Received)
}

// Leave ends a client; its count stays.
func (room *Room) Leave(client *Client) {
	room.mutex.Lock()
	defer room.mutex.Unlock()
	client.Open = false
	close(client.gone)
}

func (room *Room) count(counter *int) {
	room.mutex.Lock()
	defer room.mutex.Unlock()
	*counter++
}

func (room *Room) send(client *Client, message Message) {
	client.enqueue(func() error {
		err := client.conn.Send(message)
		if err == nil {
			room.count(&client.Sent)
			if client.Frames != nil {
				room.count(client.Frames)
			}
		}
		return err
	})
}

func (client *Client) enqueue(job func() error) {
	select {
	case client.queue <- job:
	case <-client.gone:
	}
}

func (room *Room) open() []*Client {
	room.mutex.Lock()
	defer room.mutex.Unlock()
	var open []*Client
	for _, client := range room.clients {
		if client.Open {
			open = append(open, client)
		}
	}
	return open
}

func (room *Room) broadcast(sizes []int, pause time.Duration) {
	for index, size := range sizes {
		for _, client := range room.open() {
			room.send(client, message(index, size))
		}
		time.Sleep(pause)
	}
}

func (room *Room) ping() {
	for _, client := range room.open() {
		client := client
		client.enqueue(func() error {
			err := client.conn.Ping()
			if err == nil {
				room.count(&client.Pings)
			}
			return err
		})
	}
}

func (room *Room) close(count int) {
	for _, client := range room.open()[:count] {
		if room.ClosesTwice {
			room.count(&client.Closes)
		}
		client.enqueue(client.conn.Close)
	}
}

func (room *Room) report() string {
	room.mutex.Lock()
	defer room.mutex.Unlock()
	answer, _ := json.Marshal(map[string]any{"clients": room.clients})
	return string(answer)
}

func (room *Room) run(c command) string {
	switch c.Do {
	case "broadcast":
		room.broadcast(c.Sizes, time.Duration(c.PauseMS)*time.Millisecond)
	case "ping":
		room.ping()
	case "close":
		room.close(c.Count)
	case "report":
		return room.report()
	case "quit":
		os.Exit(0)
	}
	return "{}"
}

// Obey prints the port, then takes commands until stdin ends.
func (room *Room) Obey(port int) error {
	fmt.Printf("{\"port\": %d}\n", port)
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c command
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return err
		}
		fmt.Println(room.run(c))
	}
	return lines.Err()
}
