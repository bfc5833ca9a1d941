// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"math/rand"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"fanfare/cluster/event"
)

const (
	idlePause   = 50 * time.Millisecond // between looks at a rate of 0
	restTimeout = 15 * time.Second      // longer than the server tries
)

var words = strings.Fields("good morning who has the minutes of the last meeting I am late sorry lunch at noon " +
	"works for me thanks deploy is done all green see you tomorrow")

// Publisher sends events at random moments (a Poisson process) from random clients.
type Publisher struct {
	crowd     *Crowd
	restShare float64       // of the events, published by users without a socket
	rate      atomic.Uint64 // events a second, as the bits of a float64
	published atomic.Int64
	pending   atomic.Int64 // REST requests not answered yet
	http      http.Client
}

func newPublisher(crowd *Crowd, rate, restShare float64) *Publisher {
	p := &Publisher{crowd: crowd, restShare: restShare, http: http.Client{Timeout: restTimeout}}
	p.http.Transport = &http.Transport{MaxIdleConnsPerHost: 8}
	p.setRate(rate)
	return p
}

func (p *Publisher) setRate(rate float64) { p.rate.Store(math.Float64bits(rate)) }

// run publishes for ever.
func (p *Publisher) run() {
	for {
		rate := math.Float64frombits(p.rate.Load())
		if rate <= 0 {
			time.Sleep(idlePause)
			continue
		}
		time.Sleep(time.Duration(rand.ExpFloat64() / rate * float64(time.Second)))
		p.one()
	}
}

// burst publishes `count` events at `rate` and returns when the last is sent and answered.
func (p *Publisher) burst(count int, rate float64) {
	for sent := 0; sent < count; {
		time.Sleep(time.Duration(rand.ExpFloat64() / rate * float64(time.Second)))
		if p.one() {
			sent++
		}
	}
	for p.pending.Load() > 0 {
		time.Sleep(idlePause)
	}
}

// one publishes one event; false when nobody is there.
func (p *Publisher) one() bool {
	client := p.crowd.anyone()
	if client == nil {
		return false
	}
	e := event.Event{Type: "message.new", ID: event.NewID(), Room: client.rooms[rand.Intn(len(client.rooms))],
		User: client.user, Text: text()}
	rest := rand.Float64() < p.restShare
	publisher := client
	if rest {
		e.User, publisher = "bot", nil
	}
	data, err := json.Marshal(e)
	if err != nil {
		panic(err) // strings only
	}
	p.published.Add(1)
	p.crowd.truth.published(e.ID, time.Now(), publisher, p.crowd.members(e.Room))
	if rest {
		p.pending.Add(1)
		go p.post(client.node, e.ID, data)
	} else if client.send(data) != nil {
		p.crowd.truth.withdraw(e.ID)
	}
	return true
}

func (p *Publisher) post(node *Node, id string, data []byte) {
	defer p.pending.Add(-1)
	answer, err := p.http.Post("http://"+node.address+"/publish", "application/json", bytes.NewReader(data))
	if err == nil {
		io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
	}
	if err != nil || answer.StatusCode != http.StatusCreated {
		p.crowd.truth.withdraw(id)
	}
}

func text() string {
	said := make([]string, 3+rand.Intn(20))
	for i := range said {
		said[i] = words[rand.Intn(len(words))]
	}
	return strings.Join(said, " ")
}
