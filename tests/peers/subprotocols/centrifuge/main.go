// SPDX-License-Identifier: Apache-2.0

// Centrifugo's own library behind a WebSocket: whatever a client publishes goes to all of its
// channel, as JSON or protobuf, as the client asks. It knows nothing of fanfare.
// usage: centrifuge PORT
package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/centrifugal/centrifuge"
)

func newNode(received *atomic.Int64) (*centrifuge.Node, error) {
	node, err := centrifuge.New(centrifuge.Config{})
	if err != nil {
		return nil, err
	}
	node.OnConnecting(func(_ context.Context, _ centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		return centrifuge.ConnectReply{Credentials: &centrifuge.Credentials{UserID: "guest"}}, nil
	})
	node.OnConnect(func(client *centrifuge.Client) {
		client.OnSubscribe(func(_ centrifuge.SubscribeEvent, answer centrifuge.SubscribeCallback) {
			answer(centrifuge.SubscribeReply{}, nil)
		})
		client.OnPublish(func(_ centrifuge.PublishEvent, answer centrifuge.PublishCallback) {
			received.Add(1)
			answer(centrifuge.PublishReply{}, nil)
		})
	})
	return node, node.Run()
}

func main() {
	var received atomic.Int64
	node, err := newNode(&received)
	if err != nil {
		log.Fatal(err)
	}
	handler := centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{
		MessageSizeLimit: 1 << 20,
		PingPongConfig: centrifuge.PingPongConfig{
			PingInterval: 3 * time.Second,
			PongTimeout:  2 * time.Second,
		},
	})
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	go http.Serve(listener, handler)
	fmt.Println("{}") // up
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		fmt.Printf("{\"received\": %d}\n", received.Load())
	}
}
