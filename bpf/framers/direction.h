/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * What every framer does to a direction: finish a frame, lock, lose step. Pure: no helper, no map,
 * so the same text runs in the kernel, in unit tests, in the fuzzers and over captures.
 */
#ifndef FANFARE_DIRECTION_H
#define FANFARE_DIRECTION_H

#include "bpf/framers/reader.h"

/* What the driver does with each loss that it takes. Of a stranger nothing was due, and what is sent
 * behind a Close is nobody's. */
FANFARE_INLINE void fanfare_note_loss(struct fanfare_direction *d, __u8 reason, __u32 count)
{
	if (reason != FANFARE_LOSS_NOT_A_PEER && reason != FANFARE_LOSS_AFTER_CLOSE)
		d->losses += count;
}

FANFARE_INLINE void fanfare_clear_unproven(struct fanfare_direction *d)
{
	d->unproven_event_bytes = 0;
	d->unproven_control_bytes = 0;
	d->unproven_events = 0;
	d->unproven_controls = 0;
	d->unproven_frames = 0;
}

FANFARE_INLINE void fanfare_drop_token(struct fanfare_direction *d)
{
	d->skip = 0;
	d->ncarry = 0;
	d->frame = 0;
	d->chain = 0;
}

/* From here on frames are counted. `probation` frames must follow without fault until the lock
 * counts as proven; 0 after the 101 of a connection that was followed from its start. */
FANFARE_INLINE void fanfare_lock(struct fanfare_direction *d, __u8 probation)
{
	d->stage = FANFARE_STAGE_FRAMES;
	d->probation = probation;
	d->lost_by = FANFARE_LOSS_NONE;
	d->searched = 0;
	fanfare_clear_unproven(d);
}

/* Out of step: nothing is counted until the next lock. A lock that had not been proven takes back
 * what it counted, under the name of a false lock. */
FANFARE_INLINE void fanfare_lose_step(struct fanfare_direction *d, __u8 reason)
{
	if (d->probation && d->unproven_frames) {
		d->tally.frames -= d->unproven_frames;
		d->tally.by_class[FANFARE_CONTROL].messages -= d->unproven_controls;
		if (reader_tells(d)) {
			d->tally.by_class[FANFARE_OTHER].messages -= d->unproven_events;
			d->tally.by_class[FANFARE_OTHER].bytes -= d->unproven_event_bytes;
		} else {
			d->tally.by_class[FANFARE_EVENT].messages -= d->unproven_events;
			d->tally.by_class[FANFARE_EVENT].bytes -= d->unproven_event_bytes;
		}
		d->tally.by_class[FANFARE_CONTROL].bytes -= d->unproven_control_bytes;
		d->voided += d->unproven_events + d->unproven_controls;
		reason = FANFARE_LOSS_FALSE_LOCK;
	}
	fanfare_clear_unproven(d);
	fanfare_drop_token(d);
	if (d->stage == FANFARE_STAGE_FRAMES)
		d->searched = 0; /* an identity may have lain over it */
	d->probation = 0;
	d->message_bytes = 0;
	d->flags = (d->flags & ~FANFARE_MESSAGE_OPEN) | FANFARE_MESSAGE_UNKNOWN;
	d->stage = FANFARE_STAGE_SEARCH;
	d->lost_by = reason;
	if (d->fault != FANFARE_LOSS_FALSE_LOCK)
		d->fault = reason;
}

FANFARE_INLINE void fanfare_count_unproven(struct fanfare_direction *d)
{
	d->unproven_frames++;
	if (d->frame & FANFARE_FRAME_CONTROL) {
		d->unproven_controls++;
		d->unproven_control_bytes += d->frame_bytes;
	} else if (d->frame & FANFARE_FRAME_ENDS_MESSAGE) {
		d->unproven_events++;
		d->unproven_event_bytes += d->message_bytes;
	}
	if (--d->probation == 0)
		fanfare_clear_unproven(d);
}

/* The last byte of a data message has passed. */
FANFARE_INLINE void fanfare_finish_message(struct fanfare_direction *d)
{
	int read = payloads_read;

	if (read && reader_tells(d)) {
		if (reader_finish(d) != FANFARE_EVENT)
			return;
	} else {
		d->tally.by_class[FANFARE_EVENT].messages++;
		d->tally.by_class[FANFARE_EVENT].bytes += d->message_bytes;
	}
	if (!read)
		return;
	if (identity_enabled && (d->client_rule & FANFARE_RULE_IDENTITY))
		identity_end(d);
}

/* A data frame behind the sender's own Close: RFC 6455 5.5.1 forbids it and the peer does not read
 * it, so it is in no count but that of the loss. */
FANFARE_INLINE void fanfare_pass_behind_close(struct fanfare_direction *d)
{
	if (d->frame & FANFARE_FRAME_ENDS_MESSAGE) {
		if (!d->fault)
			d->fault = FANFARE_LOSS_AFTER_CLOSE;
		d->voided += d->voided < 0xffff;
	}
	d->frame = FANFARE_FRAME_CLOSED;
}

/* Takes the messages behind the sender's Close of a walk that has a fault. */
FANFARE_INLINE __u32 fanfare_take_behind_close(struct fanfare_direction *d)
{
	__u32 messages = 0;

	if (d->fault != FANFARE_LOSS_FALSE_LOCK &&
	    (d->stage == FANFARE_STAGE_FRAMES || d->stage == FANFARE_STAGE_SEARCH)) {
		messages = d->voided;
		d->voided = 0;
	}
	return messages;
}

/* ... and of how many its fault itself is. */
FANFARE_INLINE __u32 fanfare_take_fault(struct fanfare_direction *d)
{
	__u32 count = d->fault != FANFARE_LOSS_AFTER_CLOSE;

	if (d->fault == FANFARE_LOSS_FALSE_LOCK) {
		count = d->voided;
		d->voided = 0;
	}
	d->fault = FANFARE_LOSS_NONE;
	return count;
}

/* The last byte of a frame has passed. */
FANFARE_INLINE void fanfare_finish_frame(struct fanfare_direction *d)
{
	if ((d->frame & (FANFARE_FRAME_CLOSED | FANFARE_FRAME_CONTROL)) == FANFARE_FRAME_CLOSED) {
		fanfare_pass_behind_close(d);
		return;
	}
	d->tally.frames++;
	if (d->probation)
		fanfare_count_unproven(d);
	if (d->frame & FANFARE_FRAME_CONTROL) {
		d->tally.by_class[FANFARE_CONTROL].messages++;
		d->tally.by_class[FANFARE_CONTROL].bytes += d->frame_bytes;
	} else if (d->frame & FANFARE_FRAME_ENDS_MESSAGE) {
		fanfare_finish_message(d);
	}
	d->frame &= FANFARE_FRAME_CLOSED;
}

#endif
