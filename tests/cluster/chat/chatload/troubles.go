// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math"
	"math/rand"
	"time"
)

// stall: that share of the clients `of` a node or an address, evenly spread, takes nothing from its
// socket for `span`.
func (crowd *Crowd) stall(of string, share float64, span time.Duration) (stalled int) {
	until, seen := time.Now().Add(span), 0.0
	crowd.each(func(client *Client) {
		if !client.is(of) {
			return
		}
		if seen++; math.Floor(seen*share+0.001) > math.Floor((seen-1)*share+0.001) {
			client.stall(until)
			stalled++
		}
	})
	return stalled
}

// wander is what mobile clients do for ever: each stalls now and then, `share` of the time, for
// half of `span` to one and a half.
func (crowd *Crowd) wander(share float64, span time.Duration) {
	crowd.each(func(client *Client) {
		go func() {
			for {
				time.Sleep(time.Duration(rand.ExpFloat64() * float64(span) * (1 - share) / share))
				pause := time.Duration((0.5 + rand.Float64()) * float64(span))
				client.stall(time.Now().Add(pause))
				time.Sleep(pause)
			}
		}()
	})
}

// Troubles are the clients' own word on how they fare, by node.
type Troubles struct {
	Connected int `json:"connected"`
	Stalled   int `json:"stalled"`
	Silent    int `json:"silent"` // connected, and no event for the asked span
}

func (crowd *Crowd) troubles(span time.Duration) map[string]*Troubles {
	now, found := time.Now(), map[string]*Troubles{}
	for _, node := range crowd.nodes {
		found[node.name] = &Troubles{}
	}
	crowd.each(func(client *Client) {
		of := found[client.node.name]
		if client.connected() {
			of.Connected++
		}
		if client.isStalled(now) {
			of.Stalled++
		}
		if client.silentFor(now, span) {
			of.Silent++
		}
	})
	return found
}
