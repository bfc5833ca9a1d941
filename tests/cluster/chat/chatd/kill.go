// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net"
	"syscall"
	"time"
	"unsafe"
)

const killInterval = time.Second

// killFull carries out kill_full for ever: a build that loses patience with slow clients and resets
// their connections (SO_LINGER 0), whatever is still on its way to them.
func (rooms *Rooms) killFull() {
	for range time.Tick(killInterval) {
		if fault := rooms.faults.get(); fault.kind == "kill_full" {
			rooms.reset(fault.bytes)
		}
	}
}

func (rooms *Rooms) reset(bytes int) {
	rooms.mutex.Lock()
	defer rooms.mutex.Unlock()
	for member := range rooms.all {
		conn, ok := member.conn.NetConn().(*net.TCPConn)
		if ok && waiting(conn) >= bytes {
			conn.SetLinger(0)
			conn.Close() // its reader ends and takes it out
			rooms.killed.Add(1)
		}
	}
}

// waiting is how many bytes the peer has not acknowledged, sent or not (SIOCOUTQ, tcp(7)).
func waiting(conn *net.TCPConn) int {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0
	}
	var count int32
	raw.Control(func(fd uintptr) {
		syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCOUTQ, uintptr(unsafe.Pointer(&count)))
	})
	return int(count)
}
