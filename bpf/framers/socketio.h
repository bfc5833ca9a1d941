/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Socket.IO over Engine.IO 3 and 4: a digit for the Engine.IO packet, and where that is 4 a second
 * one. Pure. An event is 42 or 45 (with attachments); 2 and 3 alone are ping and pong, whoever
 * sends them. Attachments are binary messages, part of an event that has been counted: other.
 */
#ifndef FANFARE_SOCKETIO_H
#define FANFARE_SOCKETIO_H

#include "bpf/framers/reader.h"

#define SOCKETIO_HEAD_BYTES 2

FANFARE_INLINE void socketio_open(struct fanfare_direction *d)
{
	reader_open_head(&d->reader, SOCKETIO_HEAD_BYTES);
	if (d->reader.mode & READER_BINARY)
		reader_decide(&d->reader, FANFARE_OTHER);
}

FANFARE_INLINE __u32 socketio_bytes(struct fanfare_direction *d, __u64 w, __u32 n)
{
	__u32 used = reader_head_bytes(&d->reader, w, n), kind = FANFARE_OTHER;
	__u32 first = d->reader.word & 0xff, second = d->reader.word >> 8 & 0xff;

	if ((first == '2' || first == '3') && d->reader.state == 1)
		kind = FANFARE_HEARTBEAT;
	else if (first == '4' && (second == '2' || second == '5'))
		kind = FANFARE_EVENT;
	d->reader.verdict = 1 + kind;
	return used;
}

#endif
