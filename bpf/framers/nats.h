/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * NATS over WebSocket: one stream of protocol lines, several in a message or one over several.
 * Pure. MSG and HMSG are events, PUB and HPUB too, each when the last byte of its payload has
 * passed; PING and PONG are heartbeats; INFO, CONNECT, SUB, +OK and the like are other. What does not
 * begin with one of these is not read; reading goes on with the next message that does.
 */
#ifndef FANFARE_NATS_H
#define FANFARE_NATS_H

#include "bpf/framers/reader.h"

/* fanfare_reader.state: below NATS_LINE so many bytes of the operation have passed, in `pass` with
 * all letters small; in a line `text` is the number that may be its last word, in a payload `pass`
 * what is left of it */
enum {
	NATS_LINE = 4,
	NATS_PAYLOAD,
};

/* The first four bytes of an operation, first byte lowest, each with 0x20 set */
enum {
	NATS_INFO = 0x6f666e69,
	NATS_MSG = 0x2067736d,
	NATS_HMSG = 0x67736d68,
	NATS_PING = 0x676e6970,
	NATS_PONG = 0x676e6f70,
	NATS_OK = 0x2d6b6f2b,
	NATS_ERR = 0x7272652d,
	NATS_CONNECT = 0x6e6e6f63,
	NATS_PUB = 0x20627570,
	NATS_HPUB = 0x62757068,
	NATS_SUB = 0x20627573,
	NATS_UNSUB = 0x75736e75,
};

#define NATS_PAYLOAD_MAX (1U << 30) /* bytes; the server's own limit is 64 MB */

/* 1 + class of an operation, 0: there is none of that name. */
FANFARE_INLINE __u32 nats_verdict(__u32 operation)
{
	switch (operation) {
	case NATS_MSG:
	case NATS_HMSG:
	case NATS_PUB:
	case NATS_HPUB:
		return 1 + FANFARE_EVENT;
	case NATS_PING:
	case NATS_PONG:
		return 1 + FANFARE_HEARTBEAT;
	case NATS_INFO:
	case NATS_OK:
	case NATS_ERR:
	case NATS_CONNECT:
	case NATS_SUB:
	case NATS_UNSUB:
		return 1 + FANFARE_OTHER;
	default:
		return 0;
	}
}

FANFARE_INLINE void nats_open(struct fanfare_direction *d)
{
	struct fanfare_reader *reader = &d->reader;

	reader->mode |= READER_INNER;
	if (reader->state == NATS_PAYLOAD) {
		reader->mode |= READER_OPTION;
		reader->verdict = 1 + FANFARE_EVENT;
	} else if (reader->state == NATS_LINE) {
		reader->verdict = nats_verdict(reader->pass);
	}
}

FANFARE_INLINE void nats_operation_byte(struct fanfare_direction *d, __u32 byte)
{
	struct fanfare_reader *reader = &d->reader;
	__u32 verdict;

	reader->pass |= (byte | 0x20) << 8 * (reader->state & 3);
	reader->state++;
	if (reader->state < NATS_LINE)
		return;
	verdict = nats_verdict(reader->pass);
	if (!verdict)
		reader_give_up(d, FANFARE_LOSS_UNREAD);
	else if (!reader->verdict)
		reader->verdict = verdict;
}

FANFARE_INLINE void nats_end_line(struct fanfare_direction *d, __u32 verdict)
{
	struct fanfare_reader *reader = &d->reader;

	if (verdict != 1 + FANFARE_EVENT) {
		reader_count(d, verdict - 1);
		reader->state = 0;
		reader->word = 0;
	} else if (reader->text > NATS_PAYLOAD_MAX) {
		reader_give_up(d, FANFARE_LOSS_UNREAD);
	} else {
		reader->pass = reader->text + 2; /* and the line's end behind it */
		reader->text = 0;
		reader->state = NATS_PAYLOAD;
		reader->mode |= READER_OPTION;
	}
}

FANFARE_INLINE __u32 nats_line_bytes(struct fanfare_direction *d, __u64 w, __u32 n)
{
	struct fanfare_reader *reader = &d->reader;
	__u32 verdict = nats_verdict(reader->pass), byte = w & 0xff, at = 0;

	if (verdict != 1 + FANFARE_EVENT) {
		at = json_bytes_before(json_has_byte(w, '\n'), n);
		if (at == n)
			return n;
		byte = '\n';
	}
	if (byte == '\n')
		nats_end_line(d, verdict);
	else if (byte >= '0' && byte <= '9' && reader->text <= NATS_PAYLOAD_MAX / 10)
		reader->text = 10 * reader->text + byte - '0';
	else if (byte >= '0' && byte <= '9')
		reader->text = NATS_PAYLOAD_MAX + 1;
	else if (byte != '\r')
		reader->text = 0;
	return at + 1;
}

FANFARE_INLINE __u32 nats_bytes(struct fanfare_direction *d, __u64 w, __u32 n)
{
	struct fanfare_reader *reader = &d->reader;

	if (reader->state < NATS_LINE) {
		nats_operation_byte(d, w & 0xff);
		return 1;
	}
	if (reader->state == NATS_LINE)
		return nats_line_bytes(d, w, n);
	if (n > reader->pass)
		n = reader->pass;
	reader->pass -= n;
	if (!reader->pass) {
		reader_count(d, FANFARE_EVENT);
		reader->state = 0;
		reader->mode &= ~READER_OPTION;
	}
	return n;
}

#endif
