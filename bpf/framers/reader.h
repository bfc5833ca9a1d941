/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * What every reader of a sub-protocol does to a direction: begin a message, say its class, give up,
 * finish. Pure. How each protocol is read stands in a header of its own, see classes.h.
 *
 * A WebSocket message is one message of the sub-protocol, or holds several (READER_INNER): then
 * these count, each when its last byte has passed, and the payload bytes of the whole go to the
 * class of the first. What cannot be told is `other`: never guessed, and named as a loss.
 */
#ifndef FANFARE_READER_H
#define FANFARE_READER_H

#include "bpf/framers/identity.h"

/* 1 where some shard tells classes. A knob of the kernel programs, bpf/knobs.bpf.h: with 0 the
 * verifier drops all that stands behind it. */
#ifdef __bpf__
extern const volatile __u8 classes_enabled;
#else
static const __u8 classes_enabled = 1;
#endif

#define READER_ALL   255 /* fanfare_reader.left */
#define READER_BYTES 128 /* looked at for a JSON key */
#define READER_LONG  240 /* looked at for the first elements of an array */

/* fanfare_reader.mode; above these, from READER_DUE on: 1 + class of the inner message that ends
 * with this one, or 0 */
enum {
	READER_FRESH = 1, /* nothing of this message has been looked at */
	READER_BINARY = 2,
	READER_DEFLATED = 4,
	READER_INNER = 8,
	READER_OPTION = 16, /* the protocol's own; with READER_INNER: `pass` is valid */
	READER_DUE = 5,
};

FANFARE_INLINE int reader_tells(const struct fanfare_direction *d)
{
	return classes_enabled && (d->client_rule & FANFARE_RULE_CLASSES);
}

/* Whether the payload bytes that come next are to be looked at. Not before the lock is proven:
 * until then all is other, and the reader's bytes hold what may have to be taken back. */
FANFARE_INLINE int reader_wants(const struct fanfare_direction *d)
{
	return reader_tells(d) && d->skip && d->stage == FANFARE_STAGE_FRAMES && !d->probation &&
	       !(d->frame & FANFARE_FRAME_CONTROL) && d->reader.left;
}

/* Whether the class of a message could not be told: reader.loss says why, the driver takes it. */
FANFARE_INLINE int reader_has_loss(const struct fanfare_direction *d)
{
	return classes_enabled && d->stage == FANFARE_STAGE_FRAMES && reader_tells(d) &&
	       !d->probation && d->reader.loss;
}

/* A data message begins; what of it is known stands in `mode`. */
FANFARE_INLINE void reader_begin(struct fanfare_direction *d, __u8 mode)
{
	if (d->probation)
		return;
	d->reader.mode = mode | READER_FRESH;
	d->reader.verdict = 0;
	d->reader.left = READER_ALL;
	d->identity.key = 0;
	if (mode & READER_DEFLATED)
		d->identity.hash = 0; /* no identity is read from it: see deflate.h */
}

/* Decided, whatever bytes follow. */
FANFARE_INLINE void reader_decide(struct fanfare_reader *reader, __u32 kind)
{
	reader->verdict = 1 + kind;
	reader->left = 0;
}

/* For protocols whose first few bytes, 8 at most, tell the class: `word` gathers them. */
FANFARE_INLINE void reader_open_head(struct fanfare_reader *reader, __u32 bytes)
{
	reader->left = bytes;
	reader->state = 0;
	reader->word = 0;
}

/* Takes what is missing of the head from the n low bytes of w, 1 to 8. Returns how many. `state` is
 * the number of bytes that `word` has. */
FANFARE_INLINE __u32 reader_head_bytes(struct fanfare_reader *reader, __u64 w, __u32 n)
{
	__u32 at = reader->state & 7;
	__u32 used = n < 8 - at ? n : 8 - at;

	if (used > reader->left)
		used = reader->left;
	reader->word |= json_low_bytes(w, used) << 8 * at;
	reader->state = at + used;
	return used;
}

/* A message inside of this one has ended. */
FANFARE_INLINE void reader_count(struct fanfare_direction *d, __u32 kind)
{
	kind &= FANFARE_CLASS_COUNT - 1;
	d->tally.by_class[kind].messages++;
	if (!d->reader.verdict)
		d->reader.verdict = 1 + kind;
}

/* A message inside of this one has begun and may end with it. */
FANFARE_INLINE void reader_owe(struct fanfare_reader *reader, __u32 kind)
{
	reader->mode = (reader->mode & ((1 << READER_DUE) - 1)) | (1 + kind) << READER_DUE;
}

FANFARE_INLINE void reader_count_owed(struct fanfare_direction *d)
{
	__u32 due = d->reader.mode >> READER_DUE;

	if (due)
		reader_count(d, due - 1);
	d->reader.mode &= (1 << READER_DUE) - 1;
}

/* What follows in this message cannot be told: it counts as one, other. Reading begins anew with
 * the next message. */
FANFARE_INLINE void reader_give_up(struct fanfare_direction *d, __u8 reason)
{
	struct fanfare_reader *reader = &d->reader;

	if (reader->mode & READER_INNER)
		reader_count(d, FANFARE_OTHER);
	else
		reader->verdict = 1 + FANFARE_OTHER;
	reader->mode &= (1 << READER_DUE) - 1;
	reader->loss = reason;
	reader->left = 0;
	reader->state = 0;
	reader->word = 0;
}

/* Whether the next `pass` bytes belong to a message inside that is long known. */
FANFARE_INLINE int reader_passes(const struct fanfare_reader *reader)
{
	const __u8 wanted = READER_INNER | READER_OPTION;

	return (reader->mode & (wanted | READER_DEFLATED | READER_FRESH)) == wanted;
}

/* `bytes` of the payload are missing, where reader_wants(). */
FANFARE_INLINE void reader_skip_hole(struct fanfare_direction *d, __u32 bytes)
{
	if (reader_passes(&d->reader) && d->reader.pass > bytes) {
		d->reader.pass -= bytes;
		identity_turn_key(&d->identity, bytes);
	} else {
		reader_give_up(d, FANFARE_LOSS_UNREAD);
	}
}

/* The last byte of a data message has passed: counts it. Returns its class. */
FANFARE_INLINE __u32 reader_finish(struct fanfare_direction *d)
{
	struct fanfare_reader *reader = &d->reader;
	__u32 kind = FANFARE_OTHER;
	int inner = 0;

	if (!d->probation) {
		reader_count_owed(d);
		if (reader->verdict)
			kind = (reader->verdict - 1) & (FANFARE_CLASS_COUNT - 1);
		inner = reader->mode & READER_INNER;
		reader->left = 0;
	}
	if (!inner)
		d->tally.by_class[kind].messages++;
	d->tally.by_class[kind].bytes += d->message_bytes;
	return kind;
}

#endif
