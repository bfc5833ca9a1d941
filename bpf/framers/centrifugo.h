/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Centrifugo, JSON: one object a line, several in a message. Pure.
 *   {}                                  heartbeat, both ways
 *   {"push":{"channel":"...","pub":     event from the server
 *   {"id":7,"publish":                  event from the client
 * and the rest (replies, joins, connect, subscribe) is other. Keys stand in the order of the
 * protocol's own encoders.
 */
#ifndef FANFARE_CENTRIFUGO_H
#define FANFARE_CENTRIFUGO_H

#include "bpf/framers/reader.h"

/* fanfare_reader.state; `word` has the last 8 bytes of the key in progress, last byte lowest */
enum {
	CENTRIFUGO_LINE,     /* a line begins */
	CENTRIFUGO_OBJECT,   /* { has passed */
	CENTRIFUGO_KEY,	     /* in a key of the outer object */
	CENTRIFUGO_COLON,    /* behind it */
	CENTRIFUGO_ID,	     /* in the value of id, up to the comma */
	CENTRIFUGO_PUSH,     /* before the { of a push, or before a key in it */
	CENTRIFUGO_PUSH_KEY, /* in such a key */
	CENTRIFUGO_PUSH_COLON,
	CENTRIFUGO_CHANNEL, /* before the channel's name */
	CENTRIFUGO_NAME,    /* in it */
	CENTRIFUGO_ESCAPED,
	CENTRIFUGO_REST, /* all that matters of the line has passed */
};
#define CENTRIFUGO_KEY_ID      0x6964ULL	   /* "id" */
#define CENTRIFUGO_KEY_PUSH    0x70757368ULL	   /* "push" */
#define CENTRIFUGO_KEY_PUB     0x707562ULL	   /* "pub" */
#define CENTRIFUGO_KEY_PUBLISH 0x7075626c697368ULL /* "publish" */
#define CENTRIFUGO_KEY_CHANNEL 0x6368616e6e656cULL /* "channel" */

FANFARE_INLINE void centrifugo_open(struct fanfare_direction *d)
{
	reader_open_head(&d->reader, READER_ALL);
	d->reader.mode |= READER_INNER;
}

/* The key in `word` has passed, and its colon. Returns the next state. */
FANFARE_INLINE __u8 centrifugo_key(struct fanfare_reader *reader, int inbound, int in_push)
{
	__u64 key = reader->word;

	reader->word = 0;
	if (in_push && key == CENTRIFUGO_KEY_CHANNEL)
		return CENTRIFUGO_CHANNEL;
	if (in_push ? key == CENTRIFUGO_KEY_PUB : inbound && key == CENTRIFUGO_KEY_PUBLISH)
		reader_owe(reader, FANFARE_EVENT);
	else if (!in_push && inbound && key == CENTRIFUGO_KEY_ID)
		return CENTRIFUGO_ID;
	else if (!in_push && !inbound && key == CENTRIFUGO_KEY_PUSH)
		return CENTRIFUGO_PUSH;
	return CENTRIFUGO_REST;
}

FANFARE_INLINE void centrifugo_line_byte(struct fanfare_reader *reader, __u32 byte)
{
	reader_owe(reader, FANFARE_OTHER);
	reader->word = 0;
	reader->state = byte == '{' ? CENTRIFUGO_OBJECT : CENTRIFUGO_REST;
}

/* Before a key of the outer object. `word` is 1 behind a comma, where } ends no empty object. */
FANFARE_INLINE void centrifugo_object_byte(struct fanfare_reader *reader, __u32 byte)
{
	if (byte == '"') {
		reader->word = 0;
		reader->state = CENTRIFUGO_KEY;
	} else if (byte != ' ') {
		if (byte == '}' && !reader->word)
			reader_owe(reader, FANFARE_HEARTBEAT);
		reader->state = CENTRIFUGO_REST;
	}
}

FANFARE_INLINE void centrifugo_key_byte(struct fanfare_reader *reader, __u32 byte)
{
	if (byte == '"')
		reader->state++; /* to the colon behind this key */
	else
		reader->word = reader->word << 8 | byte;
}

FANFARE_INLINE void centrifugo_name_byte(struct fanfare_reader *reader, __u32 byte)
{
	if (reader->state == CENTRIFUGO_ESCAPED)
		reader->state = CENTRIFUGO_NAME;
	else if (reader->state == CENTRIFUGO_CHANNEL)
		reader->state = byte == '"' ? CENTRIFUGO_NAME : CENTRIFUGO_CHANNEL;
	else if (byte == '"')
		reader->state = CENTRIFUGO_PUSH;
	else if (byte == '\\')
		reader->state = CENTRIFUGO_ESCAPED;
}

FANFARE_INLINE void centrifugo_byte(struct fanfare_reader *reader, __u32 byte, int inbound)
{
	switch (reader->state) {
	case CENTRIFUGO_LINE:
		centrifugo_line_byte(reader, byte);
		break;
	case CENTRIFUGO_OBJECT:
		centrifugo_object_byte(reader, byte);
		break;
	case CENTRIFUGO_KEY:
	case CENTRIFUGO_PUSH_KEY:
		centrifugo_key_byte(reader, byte);
		break;
	case CENTRIFUGO_COLON:
	case CENTRIFUGO_PUSH_COLON:
		if (byte == ':')
			reader->state = centrifugo_key(reader, inbound,
						       reader->state == CENTRIFUGO_PUSH_COLON);
		break;
	case CENTRIFUGO_ID:
		if (byte == ',') {
			reader->word = 1;
			reader->state = CENTRIFUGO_OBJECT;
		}
		break;
	case CENTRIFUGO_PUSH:
		if (byte == '"')
			reader->state = CENTRIFUGO_PUSH_KEY;
		else if (byte == '}')
			reader->state = CENTRIFUGO_REST;
		break;
	default:
		centrifugo_name_byte(reader, byte);
	}
}

FANFARE_INLINE __u32 centrifugo_bytes(struct fanfare_direction *d, __u64 w, __u32 n)
{
	struct fanfare_reader *reader = &d->reader;
	__u32 at = 0;

	if (reader->state == CENTRIFUGO_REST)
		at = json_bytes_before(json_has_byte(w, '\n'), n);
	if (at == n)
		return n;
	if ((w >> 8 * at & 0xff) == '\n') {
		reader_count_owed(d);
		reader->state = CENTRIFUGO_LINE;
	} else if (reader->state != CENTRIFUGO_REST) {
		centrifugo_byte(reader, w & 0xff, d->flags & FANFARE_MASKED);
	}
	return at + 1;
}

#endif
