/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Phoenix channels, serializer V2. Pure.
 *   text     [join_ref, ref, topic, event, payload]: events of the topic "phoenix" are heartbeats;
 *            phx_* and presence* are other; from the client the rest are events, from the server
 *            those whose ref is null (the others are replies)
 *   binary   the first byte: 1 from the server is a reply, all else an event
 * The event's name must begin within the first READER_LONG bytes.
 */
#ifndef FANFARE_PHOENIX_H
#define FANFARE_PHOENIX_H

#include "bpf/framers/reader.h"

/* fanfare_reader.state: in the low bits how many elements have begun; `word` has the last 8 bytes
 * of the string in progress, last byte lowest */
enum {
	PHOENIX_REF = 2,
	PHOENIX_TOPIC = 3,
	PHOENIX_EVENT = 4,
	PHOENIX_ELEMENT = 7,
	PHOENIX_IN_STRING = 8,
	PHOENIX_ESCAPED = 16,
	PHOENIX_HAS_REF = 32,
	PHOENIX_BINARY_REPLY = 1,
};
#define PHOENIX_TOPIC_NAME 0x70686f656e6978ULL /* "phoenix" */
#define PHOENIX_CONTROL	   0x7068785fULL       /* "phx_" */
#define PHOENIX_PRESENCE   0x70726573656e63ULL /* "presenc" */

FANFARE_INLINE void phoenix_open(struct fanfare_direction *d)
{
	reader_open_head(&d->reader, READER_LONG);
	d->reader.verdict = 1 + FANFARE_OTHER;
}

FANFARE_INLINE __u32 phoenix_string_byte(struct fanfare_reader *reader, __u32 byte, int inbound)
{
	__u32 element = reader->state & PHOENIX_ELEMENT;

	if (reader->state & PHOENIX_ESCAPED) {
		reader->state &= ~PHOENIX_ESCAPED;
	} else if (byte == '\\') {
		reader->state |= PHOENIX_ESCAPED;
	} else if (byte == '"') {
		reader->state &= ~PHOENIX_IN_STRING;
		if (element == PHOENIX_TOPIC && reader->word == PHOENIX_TOPIC_NAME)
			reader_decide(reader, FANFARE_HEARTBEAT);
		else if (element == PHOENIX_TOPIC && !inbound && (reader->state & PHOENIX_HAS_REF))
			reader_decide(reader, FANFARE_OTHER);
		else if (element == PHOENIX_EVENT)
			reader_decide(reader, FANFARE_EVENT);
		return 1;
	}
	reader->word = reader->word << 8 | byte;
	if (element == PHOENIX_EVENT &&
	    (reader->word == PHOENIX_CONTROL || reader->word == PHOENIX_PRESENCE))
		reader_decide(reader, FANFARE_OTHER);
	return 1;
}

FANFARE_INLINE __u32 phoenix_bytes(struct fanfare_direction *d, __u64 w, __u32 n)
{
	struct fanfare_reader *reader = &d->reader;
	__u32 byte = w & 0xff, inbound = d->flags & FANFARE_MASKED;

	if (reader->mode & READER_BINARY) {
		reader_decide(reader, !inbound && byte == PHOENIX_BINARY_REPLY ? FANFARE_OTHER
									       : FANFARE_EVENT);
		return n;
	}
	if (!(reader->state & PHOENIX_ELEMENT)) {
		if (byte == '[')
			reader->state = 1;
		else
			reader_give_up(d, FANFARE_LOSS_UNREAD);
		return 1;
	}
	if (reader->state & PHOENIX_IN_STRING)
		return phoenix_string_byte(reader, byte, inbound);
	if (byte == ',') {
		if ((reader->state & PHOENIX_ELEMENT) == PHOENIX_EVENT)
			reader_decide(reader, FANFARE_OTHER);
		reader->state++;
	} else if (byte == '"') {
		reader->word = 0;
		if ((reader->state & PHOENIX_ELEMENT) == PHOENIX_REF)
			reader->state |= PHOENIX_HAS_REF;
		reader->state |= PHOENIX_IN_STRING;
	}
	return 1;
}

#endif
