/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * XMPP over WebSocket (RFC 7395): one element in a message. Pure. An event is <message>, a receipt
 * or a chat state too; <r> and <a> of stream management (XEP-0198), which ask whether the other end
 * is there, are heartbeats; presence, iq and the rest are other.
 */
#ifndef FANFARE_XMPP_H
#define FANFARE_XMPP_H

#include "bpf/framers/reader.h"

#define XMPP_MESSAGE	0x6567617373656d3cULL /* "<message", first byte lowest */
#define XMPP_HEAD_BYTES 8

FANFARE_INLINE void xmpp_open(struct fanfare_direction *d)
{
	reader_open_head(&d->reader, XMPP_HEAD_BYTES);
}

FANFARE_INLINE __u32 xmpp_bytes(struct fanfare_direction *d, __u64 w, __u32 n)
{
	__u32 used = reader_head_bytes(&d->reader, w, n), kind = FANFARE_OTHER;
	__u64 head = d->reader.word;
	__u32 name = head >> 8 & 0xff, behind = head >> 16 & 0xff;

	if (head == XMPP_MESSAGE)
		kind = FANFARE_EVENT;
	else if ((head & 0xff) == '<' && (name == 'r' || name == 'a') &&
		 (behind == ' ' || behind == '/' || behind == '>'))
		kind = FANFARE_HEARTBEAT;
	d->reader.verdict = 1 + kind;
	return used;
}

#endif
