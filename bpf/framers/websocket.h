/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * WebSocket framing (RFC 6455 section 5, RFC 7692 for RSV1). Pure. The framer sees one word, the
 * next 8 bytes with the first byte lowest, and says how many it used; payloads are skipped by
 * length, and so is the masking key, unless an identity is to be read from the payload.
 */
#ifndef FANFARE_WEBSOCKET_H
#define FANFARE_WEBSOCKET_H

#include "bpf/framers/direction.h"

enum {
	WEBSOCKET_FIN = 0x80,
	WEBSOCKET_RSV1 = 0x40,
	WEBSOCKET_RSV23 = 0x30,
	WEBSOCKET_OPCODE = 0x0f,
	WEBSOCKET_CONTROL = 0x08, /* set in the opcodes close (8), ping (9) and pong (10) */
	WEBSOCKET_BINARY = 0x02,  /* the highest opcode of a data frame */
	WEBSOCKET_CLOSE = 0x08,	  /* the opcode itself */
	WEBSOCKET_PONG = 0x0a,	  /* the highest opcode of a control frame */
	WEBSOCKET_MASK = 0x80,
	WEBSOCKET_LENGTH = 0x7f,
	WEBSOCKET_LENGTH16 = 126,
	WEBSOCKET_LENGTH64 = 127,
	WEBSOCKET_CONTROL_MAX = 125,
	WEBSOCKET_KEY_BYTES = 4,
};

/* May a frame with these first two bytes come next in this direction? */
FANFARE_INLINE int websocket_legal(const struct fanfare_direction *d, __u32 b0, __u32 b1)
{
	__u32 opcode = b0 & WEBSOCKET_OPCODE;
	__u32 masked = d->flags & FANFARE_MASKED ? WEBSOCKET_MASK : 0;

	if ((b1 & WEBSOCKET_MASK) != masked || (b0 & WEBSOCKET_RSV23))
		return 0;
	if (opcode & WEBSOCKET_CONTROL)
		return opcode <= WEBSOCKET_PONG && (b0 & WEBSOCKET_FIN) && !(b0 & WEBSOCKET_RSV1) &&
		       (b1 & WEBSOCKET_LENGTH) <= WEBSOCKET_CONTROL_MAX;
	if (opcode > WEBSOCKET_BINARY)
		return 0;
	if ((b0 & WEBSOCKET_RSV1) &&
	    (opcode == 0 || !(d->flags & (FANFARE_DEFLATE | FANFARE_DEFLATE_UNKNOWN))))
		return 0;
	if (d->flags & FANFARE_MESSAGE_UNKNOWN)
		return 1;
	return (opcode == 0) == !!(d->flags & FANFARE_MESSAGE_OPEN);
}

/* Whether a message is open after the data frame that begins with b0. */
FANFARE_INLINE void websocket_note_message(struct fanfare_direction *d, __u32 b0)
{
	if (b0 & WEBSOCKET_CONTROL)
		return;
	d->flags &= ~(FANFARE_MESSAGE_UNKNOWN | FANFARE_MESSAGE_OPEN);
	if (!(b0 & WEBSOCKET_FIN))
		d->flags |= FANFARE_MESSAGE_OPEN;
}

/* Whether the payload of the frame that begins is to be looked at, behind a masking key. */
FANFARE_INLINE int websocket_key_is_needed(const struct fanfare_direction *d)
{
	if (!(d->flags & FANFARE_MASKED) || (d->frame & FANFARE_FRAME_CONTROL))
		return 0;
	return (identity_enabled && (d->client_rule & FANFARE_RULE_IDENTITY) && d->identity.left) ||
	       (reader_tells(d) && !d->probation && d->reader.left);
}

/* The header is complete: `length` payload bytes follow. */
FANFARE_INLINE void websocket_open_frame(struct fanfare_direction *d, __u64 length)
{
	d->frame = (d->frame & ~FANFARE_FRAME_LENGTH64) | FANFARE_FRAME_OPEN;
	if (d->frame & FANFARE_FRAME_CONTROL)
		d->frame_bytes = length;
	else
		d->message_bytes += length;
	d->skip = length + (d->flags & FANFARE_MASKED ? WEBSOCKET_KEY_BYTES : 0);
	if (payloads_read && websocket_key_is_needed(d)) {
		d->frame = (d->frame & ~FANFARE_FRAME_OPEN) | FANFARE_FRAME_KEY;
		d->frame_bytes = length;
		d->skip = 0;
	}
}

/* The masking key of a frame whose payload is looked at. */
FANFARE_INLINE __u32 websocket_key_token(struct fanfare_direction *d, __u64 w, __u32 n)
{
	if (n < WEBSOCKET_KEY_BYTES)
		return 0;
	d->identity.key = (__u32)w;
	d->frame = (d->frame & ~FANFARE_FRAME_KEY) | FANFARE_FRAME_OPEN;
	d->skip = d->frame_bytes;
	return WEBSOCKET_KEY_BYTES;
}

/* The first frame of a data message begins with b0. */
FANFARE_INLINE void websocket_begin_message(struct fanfare_direction *d, __u32 b0)
{
	__u8 deflated = b0 & WEBSOCKET_RSV1 ? READER_DEFLATED : 0;

	d->message_bytes = 0;
	if (!payloads_read)
		return;
	if (identity_enabled && (d->client_rule & FANFARE_RULE_IDENTITY))
		identity_begin(d, deflated);
	if (reader_tells(d))
		reader_begin(d, deflated | (b0 & WEBSOCKET_BINARY ? READER_BINARY : 0));
}

FANFARE_INLINE __u32 websocket_length16(__u64 w)
{
	return (__u32)(w >> 16 & 0xff) << 8 | (__u32)(w >> 24 & 0xff);
}

/* One token of a direction that is in step. Returns bytes used; 0: needs more than the n valid
 * bytes of w. A header that the RFC forbids loses step. */
FANFARE_INLINE __u32 websocket_token(struct fanfare_direction *d, __u64 w, __u32 n)
{
	__u32 b0 = w & 0xff, b1 = w >> 8 & 0xff, length = b1 & WEBSOCKET_LENGTH, used = 2;

	if (payloads_read && (d->frame & FANFARE_FRAME_KEY))
		return websocket_key_token(d, w, n);
	if (d->frame & FANFARE_FRAME_LENGTH64) {
		__u64 length64 = __builtin_bswap64(w);

		if (n < 8)
			return 0;
		if (length64 >> 63) {
			/* Uses it whole: losing step drops the carry, so none of it may be left. */
			fanfare_lose_step(d, FANFARE_LOSS_BAD_FRAME);
			return 8;
		}
		websocket_open_frame(d, length64);
		return 8;
	}
	if (n < 2)
		return 0;
	if (!websocket_legal(d, b0, b1)) {
		fanfare_lose_step(d, FANFARE_LOSS_BAD_FRAME);
		return 1;
	}
	if (length == WEBSOCKET_LENGTH16) {
		if (n < 4)
			return 0;
		length = websocket_length16(w);
		used = 4;
	}
	d->frame &= FANFARE_FRAME_CLOSED;
	if (b0 & WEBSOCKET_CONTROL) {
		d->frame |= FANFARE_FRAME_CONTROL;
		/* Not while the lock may be a false one. */
		if ((b0 & WEBSOCKET_OPCODE) == WEBSOCKET_CLOSE && !d->probation)
			d->frame |= FANFARE_FRAME_CLOSED;
	} else {
		d->frame |= b0 & WEBSOCKET_FIN ? FANFARE_FRAME_ENDS_MESSAGE : 0;
		if ((b0 & WEBSOCKET_OPCODE) && !(d->frame & FANFARE_FRAME_CLOSED))
			websocket_begin_message(d, b0);
	}
	websocket_note_message(d, b0);
	if (used == 2 && length == WEBSOCKET_LENGTH64)
		d->frame |= FANFARE_FRAME_LENGTH64;
	else
		websocket_open_frame(d, length);
	return used;
}

/*
 * The commonest of all: a data message in one frame that ends in this segment. Counted at once,
 * with no store but of the tally: what the frame's steps keep in the record stands on a line that
 * the other hook's CPU reads. Returns bytes of the frame, 0: take the steps.
 */
FANFARE_INLINE __u32 websocket_whole_message(struct fanfare_direction *d, __u64 w)
{
	__u32 b0 = w & 0xff, b1 = w >> 8 & 0xff, length = b1 & WEBSOCKET_LENGTH, used = 2;
	__u32 left = d->end - d->off;

	if ((payloads_read && d->client_rule) || d->stage != FANFARE_STAGE_FRAMES || d->ncarry ||
	    d->frame || d->probation || (d->flags & (FANFARE_MASKED | FANFARE_MESSAGE_UNKNOWN)) ||
	    left < 8)
		return 0;
	if ((b0 & (WEBSOCKET_FIN | WEBSOCKET_CONTROL)) != WEBSOCKET_FIN ||
	    !(b0 & WEBSOCKET_OPCODE) || !websocket_legal(d, b0, b1))
		return 0;
	if (length == WEBSOCKET_LENGTH64)
		return 0;
	if (length == WEBSOCKET_LENGTH16) {
		length = websocket_length16(w);
		used = 4;
	}
	if (length > left - used)
		return 0;
	d->message_bytes = length;
	d->tally.frames++;
	d->tally.by_class[FANFARE_EVENT].messages++;
	d->tally.by_class[FANFARE_EVENT].bytes += length;
	return used + length;
}

/*
 * One token of a direction that is out of step: a candidate header is followed by its length, and
 * FANFARE_LOCK_FRAMES plausible headers in a row lock. On failure the search goes on at the next
 * byte. Stricter than the rules for a direction in step: minimal lengths, no 64-bit length (so that
 * a wrong one cannot skip far), no empty fragment but the last (runs of zero bytes), and text that
 * does not begin inside a UTF-8 sequence (continuation bytes 0x80 to 0x8a are what looks most like
 * a header).
 */
FANFARE_INLINE __u32 websocket_search_token(struct fanfare_direction *d, __u64 w, __u32 n)
{
	__u32 b0 = w & 0xff, b1 = w >> 8 & 0xff, length = b1 & WEBSOCKET_LENGTH, used = 2;
	__u32 opcode = b0 & WEBSOCKET_OPCODE;

	if (n < 2)
		return 0;
	if (!websocket_legal(d, b0, b1) || length == WEBSOCKET_LENGTH64)
		goto implausible;
	if (opcode == 8 && length == 1)
		goto implausible;
	if (!(b0 & WEBSOCKET_FIN) && !length)
		goto implausible;
	if (length == WEBSOCKET_LENGTH16) {
		if (n < 4)
			return 0;
		length = websocket_length16(w);
		used = 4;
		if (length < WEBSOCKET_LENGTH16)
			goto implausible;
	}
	if (opcode == 1 && length && !(b0 & WEBSOCKET_RSV1) && !(d->flags & FANFARE_MASKED)) {
		__u32 first = (used == 2 ? w >> 16 : w >> 32) & 0xff;

		if (n <= used)
			return 0;
		if ((first >= 0x80 && first < 0xc2) || first > 0xf4)
			goto implausible;
	}
	websocket_note_message(d, b0);
	d->skip = length + (d->flags & FANFARE_MASKED ? WEBSOCKET_KEY_BYTES : 0);
	/* 0x00 fits, a fragment that is neither first nor last, but proves nothing: it is the
	 * commonest byte of binary payloads. */
	if (b0 && d->chain < 255)
		d->chain++;
	if (d->chain >= FANFARE_LOCK_FRAMES && !(d->frame & FANFARE_FRAME_TRIAL)) {
		__u64 skip = d->skip;

		fanfare_drop_token(d);
		d->skip = skip;
		d->message_bytes = 0;
		fanfare_lock(d, FANFARE_PROOF_FRAMES);
	}
	return used;
implausible:
	d->chain = 0;
	d->frame = 0;
	d->flags = (d->flags & ~FANFARE_MESSAGE_OPEN) | FANFARE_MESSAGE_UNKNOWN;
	return 1;
}

#endif
