// SPDX-License-Identifier: Apache-2.0
package main

import (
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/raft"
)

// gate lets requests out, holds them back, or fails them: with it counts can be made to stand.
type gate struct {
	mutex   sync.Mutex
	changed *sync.Cond
	state   gateState
}

type gateState int

const (
	gateOpen gateState = iota
	gateShut
	gateCut
)

func newGate() *gate {
	g := &gate{}
	g.changed = sync.NewCond(&g.mutex)
	return g
}

func (g *gate) set(state gateState) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.state = state
	g.changed.Broadcast()
}

func (g *gate) open() { g.set(gateOpen) }
func (g *gate) shut() { g.set(gateShut) }
func (g *gate) cut()  { g.set(gateCut) }

func (g *gate) pass() error {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	for g.state == gateShut {
		g.changed.Wait()
	}
	if g.state == gateCut {
		return net.ErrClosed
	}
	return nil
}

// stream is the TCP of one node: it dials from its own IP, and what it dials has to pass the gate.
// Its end is the end of what it accepted: the library would leave those open until the next request
// and then not take it.
type stream struct {
	net.Listener
	gate     *gate
	from     net.IP
	mutex    sync.Mutex
	accepted []net.Conn
}

func (s *stream) Accept() (net.Conn, error) {
	conn, err := s.Listener.Accept()
	if err == nil {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		s.accepted = append(s.accepted, conn)
	}
	return conn, err
}

func (s *stream) Close() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, conn := range s.accepted {
		conn.Close()
	}
	return s.Listener.Close()
}

type gated struct {
	net.Conn
	gate *gate
}

// Write keeps to this: what leaves arrives. It does not write to a server that has already hung up.
func (c gated) Write(data []byte) (int, error) {
	if err := c.gate.pass(); err != nil {
		return 0, err
	}
	if c.hungUp() {
		return 0, net.ErrClosed
	}
	return c.Conn.Write(data)
}

func (c gated) hungUp() (answer bool) {
	socket, err := c.Conn.(syscall.Conn).SyscallConn()
	if err != nil {
		return true
	}
	err = socket.Control(func(fd uintptr) {
		var next [1]byte
		n, _, err := syscall.Recvfrom(int(fd), next[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		answer = n <= 0 && err != syscall.EAGAIN
	})
	return answer || err != nil
}

func listen(address string, gate *gate) (*stream, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	return &stream{Listener: listener, gate: gate, from: listener.Addr().(*net.TCPAddr).IP}, nil
}

func (s *stream) Dial(address raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: s.from}, Timeout: timeout}
	conn, err := dialer.Dial("tcp", string(address))
	if err != nil {
		return nil, err
	}
	return gated{conn, s.gate}, nil
}
