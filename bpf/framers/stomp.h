/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * STOMP over WebSocket: one frame in a message. Pure. An event is MESSAGE from the server and SEND
 * from the client; nothing but line ends is a heartbeat.
 */
#ifndef FANFARE_STOMP_H
#define FANFARE_STOMP_H

#include "bpf/framers/reader.h"

#define STOMP_MESSAGE 0x4547415353454dULL /* "MESSAGE", first byte lowest */
#define STOMP_SEND    0x444e4553ULL	  /* "SEND" */

FANFARE_INLINE void stomp_open(struct fanfare_direction *d)
{
	reader_open_head(&d->reader, READER_ALL);
}

FANFARE_INLINE int stomp_is_line_end(__u32 byte)
{
	return byte == '\n' || byte == '\r';
}

FANFARE_INLINE __u32 stomp_bytes(struct fanfare_direction *d, __u64 w, __u32 n)
{
	__u32 command = d->flags & FANFARE_MASKED ? 4 : 7, used;
	__u64 name;

	if (!d->reader.state && stomp_is_line_end(w & 0xff)) {
		d->reader.verdict = 1 + FANFARE_HEARTBEAT;
		return 1;
	}
	used = reader_head_bytes(&d->reader, w, n);
	name = json_low_bytes(d->reader.word, command);
	d->reader.verdict = 1 + FANFARE_OTHER;
	if (name == (command == 4 ? STOMP_SEND : STOMP_MESSAGE) &&
	    stomp_is_line_end(d->reader.word >> 8 * command & 0xff))
		d->reader.verdict = 1 + FANFARE_EVENT;
	if (d->reader.state == 8)
		d->reader.left = 0;
	return used;
}

#endif
