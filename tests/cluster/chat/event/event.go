// SPDX-License-Identifier: Apache-2.0

// Package event holds the words that the chat server and its clients share.
package event

import (
	"crypto/rand"
	"fmt"
)

// Event is a chat message: as a client publishes it and as every member of the room receives it.
type Event struct {
	Type string `json:"type"` // "message.new"
	ID   string `json:"id"`   // a UUID of the publisher's
	Room string `json:"room"`
	User string `json:"user"`
	Text string `json:"text"`
}

// NewID is a random UUID (RFC 9562, version 4).
func NewID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
