/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Centrifugo, protobuf: each message behind its length, several in a message of WebSocket. Pure.
 * Length 0 is a heartbeat, both ways. A Reply whose first field is a push (4), and that has a
 * publication (4) first or behind the channel (2), is an event; so is a Command with publish (7)
 * first or behind its id (1). The rest is other. Fields stand in the order of their numbers.
 */
#ifndef FANFARE_CENTRIFUGO_PROTOBUF_H
#define FANFARE_CENTRIFUGO_PROTOBUF_H

#include "bpf/framers/reader.h"

/* fanfare_reader.state. `pass` is what is left of the message, `text` a number in progress. */
enum {
	PROTOBUF_LENGTH, /* and the next four: so many bytes of the length have passed */
	PROTOBUF_FIELD = 5,
	PROTOBUF_ID,	      /* in the id of a Command */
	PROTOBUF_PUSH_LENGTH, /* of the push */
	PROTOBUF_PUSH_FIELD,
	PROTOBUF_CHANNEL_LENGTH,
	PROTOBUF_CHANNEL_LENGTH2, /* its second byte */
	PROTOBUF_CHANNEL,
	PROTOBUF_REST,
};

/* Field and wire type */
enum {
	PROTOBUF_COMMAND_ID = 1 << 3,
	PROTOBUF_COMMAND_PUBLISH = 7 << 3 | 2,
	PROTOBUF_REPLY_PUSH = 4 << 3 | 2,
	PROTOBUF_PUSH_CHANNEL = 2 << 3 | 2,
	PROTOBUF_PUSH_PUBLICATION = 4 << 3 | 2,
};

FANFARE_INLINE void centrifugo_protobuf_open(struct fanfare_direction *d)
{
	reader_open_head(&d->reader, READER_ALL);
	d->reader.mode |= READER_INNER;
}

/* Whether a varint goes on behind this byte. */
FANFARE_INLINE int protobuf_goes_on(__u32 byte)
{
	return byte & 0x80;
}

FANFARE_INLINE void protobuf_length_byte(struct fanfare_direction *d, __u32 byte)
{
	struct fanfare_reader *reader = &d->reader;

	reader->text |= (byte & 0x7f) << 7 * reader->state;
	reader->state++;
	if (protobuf_goes_on(byte)) {
		if (reader->state == PROTOBUF_FIELD)
			reader_give_up(d, FANFARE_LOSS_UNREAD);
		return;
	}
	reader->pass = reader->text;
	reader->text = 0;
	reader->state = PROTOBUF_FIELD;
	if (reader->pass) {
		reader_owe(reader, FANFARE_OTHER);
		return;
	}
	reader->state = PROTOBUF_LENGTH;
	reader_count(d, FANFARE_HEARTBEAT);
}

FANFARE_INLINE void protobuf_tell(struct fanfare_reader *reader, __u32 kind)
{
	reader_owe(reader, kind);
	reader->mode |= READER_OPTION;
	reader->state = PROTOBUF_REST;
}

FANFARE_INLINE void protobuf_field_byte(struct fanfare_reader *reader, __u32 byte, int inbound)
{
	if (reader->state == PROTOBUF_PUSH_FIELD && byte == PROTOBUF_PUSH_CHANNEL)
		reader->state = PROTOBUF_CHANNEL_LENGTH;
	else if (reader->state == PROTOBUF_PUSH_FIELD)
		protobuf_tell(reader,
			      byte == PROTOBUF_PUSH_PUBLICATION ? FANFARE_EVENT : FANFARE_OTHER);
	else if (!inbound && byte == PROTOBUF_REPLY_PUSH)
		reader->state = PROTOBUF_PUSH_LENGTH;
	else if (inbound && byte == PROTOBUF_COMMAND_ID)
		reader->state = PROTOBUF_ID;
	else
		protobuf_tell(reader, inbound && byte == PROTOBUF_COMMAND_PUBLISH ? FANFARE_EVENT
										  : FANFARE_OTHER);
}

FANFARE_INLINE void protobuf_channel_length_byte(struct fanfare_reader *reader, __u32 byte)
{
	if (reader->state == PROTOBUF_CHANNEL_LENGTH) {
		reader->text = byte & 0x7f;
		reader->state = PROTOBUF_CHANNEL_LENGTH2;
	} else {
		reader->text |= (byte & 0x7f) << 7;
		if (protobuf_goes_on(byte)) {
			protobuf_tell(reader, FANFARE_OTHER);
			return;
		}
	}
	if (!protobuf_goes_on(byte))
		reader->state = reader->text ? PROTOBUF_CHANNEL : PROTOBUF_PUSH_FIELD;
}

/* Inside of a message. Returns how many bytes were used. */
FANFARE_INLINE __u32 protobuf_inner_bytes(struct fanfare_reader *reader, __u32 byte, __u32 n,
					  int inbound)
{
	switch (reader->state) {
	case PROTOBUF_FIELD:
	case PROTOBUF_PUSH_FIELD:
		protobuf_field_byte(reader, byte, inbound);
		return 1;
	case PROTOBUF_ID:
		if (!protobuf_goes_on(byte))
			reader->state = PROTOBUF_FIELD;
		return 1;
	case PROTOBUF_PUSH_LENGTH:
		if (!protobuf_goes_on(byte))
			reader->state = PROTOBUF_PUSH_FIELD;
		return 1;
	case PROTOBUF_CHANNEL_LENGTH:
	case PROTOBUF_CHANNEL_LENGTH2:
		protobuf_channel_length_byte(reader, byte);
		return 1;
	case PROTOBUF_CHANNEL:
		if (n > reader->text)
			n = reader->text;
		reader->text -= n;
		if (!reader->text)
			reader->state = PROTOBUF_PUSH_FIELD;
		return n;
	}
	return n;
}

FANFARE_INLINE __u32 centrifugo_protobuf_bytes(struct fanfare_direction *d, __u64 w, __u32 n)
{
	struct fanfare_reader *reader = &d->reader;
	__u32 used;

	if (reader->state < PROTOBUF_FIELD) {
		protobuf_length_byte(d, w & 0xff);
		return 1;
	}
	if (n > reader->pass)
		n = reader->pass;
	used = protobuf_inner_bytes(reader, w & 0xff, n, d->flags & FANFARE_MASKED);
	reader->pass -= used;
	if (!reader->pass) {
		reader_count_owed(d);
		reader->mode &= ~READER_OPTION;
		reader->state = PROTOBUF_LENGTH;
		reader->text = 0;
	}
	return used;
}

#endif
