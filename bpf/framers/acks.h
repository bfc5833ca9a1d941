/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * From written to acknowledged: where messages end is marked when they leave, and a cumulative ACK
 * pops the marks that it covers. Pure: the same text runs in the kernel, inside the record's lock,
 * in unit tests and over captures.
 */
#ifndef FANFARE_ACKS_H
#define FANFARE_ACKS_H

#include "bpf/framers/reader.h"

FANFARE_INLINE __u64 acks_other_messages(const struct fanfare_tally *tally)
{
	return tally->by_class[FANFARE_HEARTBEAT].messages +
	       tally->by_class[FANFARE_CONTROL].messages + tally->by_class[FANFARE_OTHER].messages;
}

/*
 * Messages that have ended since the last call, by enum fanfare_fate; returns whether there are any.
 * What a lock on probation has counted may still be taken back: it waits until that is over. Only
 * the sender's side calls it, and nobody overlaps that.
 */
FANFARE_INLINE int acks_take_written(struct fanfare_acks *acks, const struct fanfare_direction *out,
				     __u64 messages[FANFARE_FATE_COUNT])
{
	__u64 frames = out->tally.frames - acks->frames, events, others = 0;

	if (out->probation || (!frames && !payloads_read))
		return 0;
	events = out->tally.by_class[FANFARE_EVENT].messages - acks->written[FANFARE_FATE_EVENT];
	/* The tallies of the other classes lie on cache lines of their own. Where no payload is
	 * read a frame holds one message at most: as many events as frames leave no other. */
	if (payloads_read || events != frames)
		others = acks_other_messages(&out->tally) - acks->written[FANFARE_FATE_OTHER];
	acks->frames = out->tally.frames;
	messages[FANFARE_FATE_EVENT] = events;
	messages[FANFARE_FATE_OTHER] = others;
	return (events | others) != 0;
}

/* They leave as one mark that ends at `end_seq`; `sent` in units of FANFARE_ACK_TICK_NS. Where no
 * mark is free the newest takes them in and keeps its time, which is not theirs: it is not timed. */
FANFARE_INLINE void acks_push(struct fanfare_acks *acks, __u32 end_seq, __u32 sent,
			      const __u64 messages[FANFARE_FATE_COUNT])
{
	__u32 place = acks->first + acks->count;
	struct fanfare_mark *mark;

	if (acks->count >= FANFARE_MARKS) {
		place--;
		acks->merged |= 1U << (place & (FANFARE_MARKS - 1));
	}
	mark = &acks->marks[place & (FANFARE_MARKS - 1)];
	if (acks->count < FANFARE_MARKS) {
		acks->count++;
		mark->sent = sent;
		mark->messages[FANFARE_FATE_EVENT] = 0;
		mark->messages[FANFARE_FATE_OTHER] = 0;
	}
	mark->end_seq = end_seq;
	mark->messages[FANFARE_FATE_EVENT] += messages[FANFARE_FATE_EVENT];
	mark->messages[FANFARE_FATE_OTHER] += messages[FANFARE_FATE_OTHER];
	acks->written[FANFARE_FATE_EVENT] += messages[FANFARE_FATE_EVENT];
	acks->written[FANFARE_FATE_OTHER] += messages[FANFARE_FATE_OTHER];
}

/*
 * Whether an ACK can pop a mark. TCP has not checked the number yet: what has not been sent cannot
 * be acknowledged (a FIN takes one number). It is old where it covers nothing behind the last mark
 * that was popped; that test may race, since acked_seq only advances.
 */
FANFARE_INLINE int acks_may_cover(const struct fanfare_acks *acks, __u32 next_seq, __u32 ack)
{
	if (!acks->count || (acks->acked_seq && (__s32)(ack - acks->acked_seq) <= 0))
		return 0;
	return (__s32)(ack - next_seq) <= 1;
}

/* The bucket of a time: how many bits it has. Without branches: in a loop under the verifier they
 * would multiply. */
FANFARE_INLINE __u32 acks_bucket(__u32 ticks)
{
	__u32 bits = ticks;

	bits |= bits >> 1;
	bits |= bits >> 2;
	bits |= bits >> 4;
	bits |= bits >> 8;
	bits |= bits >> 16;
	/* as many ones as the number has digits, counted in parallel */
	bits -= bits >> 1 & 0x55555555;
	bits = (bits & 0x33333333) + (bits >> 2 & 0x33333333);
	bits = (((bits + (bits >> 4)) & 0x0f0f0f0f) * 0x01010101) >> 24;
	bits = bits < FANFARE_ACK_BUCKET_0 ? 0 : bits - FANFARE_ACK_BUCKET_0;
	return bits < FANFARE_ACK_BUCKETS - 1 ? bits : FANFARE_ACK_BUCKETS - 1;
}

FANFARE_INLINE void acks_settle(struct fanfare_acks *acks, const struct fanfare_mark *mark,
				__u32 place, __u32 now)
{
	__u32 events = mark->messages[FANFARE_FATE_EVENT], ticks = now - mark->sent;
	__u32 timed = events;

	if ((__s32)ticks < 0)
		ticks = 0;
	if (__builtin_expect(acks->merged, 0)) {
		timed *= ~acks->merged >> place & 1;
		acks->merged &= ~(1U << place);
	}
	acks->acked[FANFARE_FATE_EVENT] += events;
	acks->acked[FANFARE_FATE_OTHER] += mark->messages[FANFARE_FATE_OTHER];
	acks->event_times[acks_bucket(ticks)] += timed;
	acks->event_ticks += (__u64)ticks * timed;
	acks->acked_seq = mark->end_seq;
}

/* Pops what `ack` covers; `now` in units of FANFARE_ACK_TICK_NS. */
FANFARE_INLINE void acks_pop(struct fanfare_acks *acks, __u32 ack, __u32 now)
{
	for (int i = 0; i < FANFARE_MARKS; i++) {
		__u32 place = acks->first & (FANFARE_MARKS - 1);
		struct fanfare_mark *mark = &acks->marks[place];

		if (!acks->count || (__s32)(ack - mark->end_seq) < 0)
			break;
		acks_settle(acks, mark, place, now);
		acks->count--;
		/* Begun anew where none waits: the first marks share a line with the rest. */
		acks->first = acks->count ? (acks->first + 1) & (FANFARE_MARKS - 1) : 0;
	}
}

#endif
