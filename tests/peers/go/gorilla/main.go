// SPDX-License-Identifier: Apache-2.0

// The gorilla/websocket peer. Text leaves by WriteMessage (one frame), binary by NextWriter, which
// cuts messages into fragments, sometimes with an empty last one. It knows nothing of fanfare.
// usage: gorilla ADDRESS
package main

import (
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"fanfare/peers/control"

	"github.com/gorilla/websocket"
)

type conn struct{ *websocket.Conn }

func (c conn) Send(message control.Message) error {
	if !message.Binary {
		return c.WriteMessage(websocket.TextMessage, message.Data)
	}
	writer, err := c.NextWriter(websocket.BinaryMessage)
	if err != nil {
		return err
	}
	if _, err := writer.Write(message.Data); err != nil {
		return err
	}
	return writer.Close()
}

func (c conn) Ping() error {
	return c.WriteControl(websocket.PingMessage, []byte("still there?"), time.Now().Add(time.Second))
}

func (c conn) Close() error {
	bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	return c.WriteMessage(websocket.CloseMessage, bye)
}

func main() {
	var room control.Room
	var upgrader websocket.Upgrader
	handler := func(w http.ResponseWriter, r *http.Request) {
		socket, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer socket.Close()
		client := room.Enter(conn{socket}, r.RemoteAddr, r.Header.Get("X-Client"))
		defer room.Leave(client)
		for {
			if _, _, err := socket.ReadMessage(); err != nil {
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
