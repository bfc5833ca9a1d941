// SPDX-License-Identifier: Apache-2.0

// The coder/websocket peer: each message is one frame. It knows nothing of fanfare.
// usage: coder ADDRESS
package main

import (
	"context"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"fanfare/peers/control"

	"github.com/coder/websocket"
)

type conn struct{ *websocket.Conn }

func (c conn) Send(message control.Message) error {
	kind := websocket.MessageText
	if message.Binary {
		kind = websocket.MessageBinary
	}
	return c.Write(context.Background(), kind, message.Data)
}

// Ping returns when the pong has come.
func (c conn) Ping() error {
	limited, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return c.Conn.Ping(limited)
}

func (c conn) Close() error {
	return c.Conn.Close(websocket.StatusNormalClosure, "")
}

func main() {
	room := control.Room{OneFrameEach: true, ClosesTwice: true}
	handler := func(w http.ResponseWriter, r *http.Request) {
		socket, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer socket.CloseNow()
		socket.SetReadLimit(1 << 20)
		client := room.Enter(conn{socket}, r.RemoteAddr, r.Header.Get("X-Client"))
		defer room.Leave(client)
		for {
			if _, _, err := socket.Read(r.Context()); err != nil {
				return
			}
			room.Heard(client)
		}
	}
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	go http.Serve(listener, http.HandlerFunc(handler))
	if err := room.Obey(listener.Addr().(*net.TCPAddr).Port); err != nil {
		log.Fatal(err)
	}
}
