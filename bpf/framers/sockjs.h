/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * SockJS. Pure. From the server a[...] is an array of messages, all strings, each an event; h is a
 * heartbeat; o and c are other. From the client the array comes without the letter.
 */
#ifndef FANFARE_SOCKJS_H
#define FANFARE_SOCKJS_H

#include "bpf/framers/reader.h"

/* fanfare_reader.state */
enum {
	SOCKJS_FIRST,
	SOCKJS_BETWEEN, /* inside of the array, not of a string */
	SOCKJS_STRING,
	SOCKJS_ESCAPED,
};

FANFARE_INLINE void sockjs_open(struct fanfare_direction *d)
{
	reader_open_head(&d->reader, READER_ALL);
}

FANFARE_INLINE void sockjs_first_byte(struct fanfare_direction *d, __u32 byte)
{
	__u32 inbound = d->flags & FANFARE_MASKED;

	if (byte == (inbound ? '[' : 'a')) {
		d->reader.mode |= READER_INNER;
		d->reader.verdict = 1 + FANFARE_EVENT;
		d->reader.state = SOCKJS_BETWEEN;
	} else if (byte == (inbound ? '"' : 'm')) {
		reader_decide(&d->reader, FANFARE_EVENT);
	} else {
		reader_decide(&d->reader,
			      !inbound && byte == 'h' ? FANFARE_HEARTBEAT : FANFARE_OTHER);
	}
}

FANFARE_INLINE __u32 sockjs_bytes(struct fanfare_direction *d, __u64 w, __u32 n)
{
	struct fanfare_reader *reader = &d->reader;
	__u64 stops = json_has_byte(w, '"');
	__u32 at;

	if (reader->state == SOCKJS_FIRST) {
		sockjs_first_byte(d, w & 0xff);
		return 1;
	}
	if (reader->state == SOCKJS_ESCAPED) {
		reader->state = SOCKJS_STRING;
		return 1;
	}
	if (reader->state == SOCKJS_STRING)
		stops |= json_has_byte(w, '\\');
	at = json_bytes_before(stops, n);
	if (at == n)
		return n;
	if (reader->state == SOCKJS_BETWEEN) {
		reader->state = SOCKJS_STRING;
	} else if ((w >> 8 * at & 0xff) == '"') {
		reader_count(d, FANFARE_EVENT);
		reader->state = SOCKJS_BETWEEN;
	} else {
		reader->state = SOCKJS_ESCAPED;
	}
	return at + 1;
}

#endif
