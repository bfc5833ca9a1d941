/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Puts the payload of a segment that arrived past a hole into a stream of bpf/held.bpf.h. */
#ifndef FANFARE_HOLD_BPF_H
#define FANFARE_HOLD_BPF_H

#include "bpf/reclaim.bpf.h"
#include "bpf/segment.bpf.h"

struct hold_copy {
	struct __sk_buff *skb;
	struct held_stream *stream;
};

static long hold_cell(__u32 index, struct hold_copy *copy)
{
	struct held_stream *stream = copy->stream;
	__u32 offset = stream->seq & (HELD_PAGE - 1), n = HELD_PAGE - offset;
	__u16 *place = &stream->pages[stream->seq / HELD_PAGE & (HELD_WINDOW - 1)];
	struct held_page *page;

	if (!*place)
		*place = take_page();
	page = page_of(stream, stream->seq);
	if (!page)
		return 1;
	if (n > HELD_CELL)
		n = HELD_CELL;
	if (n > stream->left)
		n = stream->left;
	n--;
	barrier_var(n);
	n = (n & (HELD_CELL - 1)) + 1;
	if (bpf_skb_load_bytes(copy->skb, stream->at, page->bytes + offset, n))
		return 1;
	stream->seq += n;
	stream->at += n;
	stream->left -= n;
	return !stream->left;
}

/* Takes in an interval that overlaps or touches. Those that stand there do not touch one another,
 * so one pass finds all, though the new one grows meanwhile. */
static long hold_merge(__u32 index, struct held_stream **at)
{
	struct held_stream *stream = *at;
	struct held_interval *other = &stream->intervals[index & (HELD_INTERVALS - 1)];

	if (other->start != other->end) {
		if ((__s32)(other->start - stream->end) > 0 ||
		    (__s32)(stream->start - other->end) > 0)
			return 0;
		if ((__s32)(other->start - stream->start) < 0)
			stream->start = other->start;
		if ((__s32)(other->end - stream->end) > 0)
			stream->end = other->end;
		other->start = other->end = 0;
	}
	stream->interval = index;
	return 0;
}

static __always_inline int hold_note(struct held_stream *stream, __u32 start, __u32 end)
{
	struct held_interval *own;

	stream->start = start;
	stream->end = end;
	stream->interval = HELD_INTERVALS;
	bpf_loop(HELD_INTERVALS, hold_merge, &stream, 0);
	if (stream->interval >= HELD_INTERVALS)
		return 0;
	own = &stream->intervals[stream->interval & (HELD_INTERVALS - 1)];
	own->start = stream->start;
	own->end = stream->end;
	return 1;
}

/* Holds `segment` for a direction whose next byte is `next_seq`. Returns 0 where it cannot: beyond
 * the window, too many holes, no page left, or bytes that are not readable. */
static __noinline int hold_segment(struct __sk_buff *skb, struct held_stream *stream,
				   const struct segment *segment, __u32 next_seq)
{
	struct hold_copy copy = {skb, stream};
	__u32 end = segment->seq + segment->length;

	if (end - (next_seq & ~(HELD_PAGE - 1)) > HELD_WINDOW * HELD_PAGE)
		return 0;
	stream->seq = segment->seq;
	stream->at = segment->payload;
	stream->left = segment->length;
	bpf_loop(HELD_WINDOW * (HELD_PAGE / HELD_CELL + 1), hold_cell, &copy, 0);
	return !stream->left && hold_note(stream, segment->seq, end);
}

/* The same for the socket `cookie`, or 0, with what is held already, if anything. Returns what is held
 * from here on: 1 + place, or 0, and then nothing of it. */
static __noinline __u32 hold(struct __sk_buff *skb, const struct segment *segment, __u32 next_seq,
			     __u32 held, __u64 cookie)
{
	struct held_stream *stream;

	if (is_room_short(!held))
		reclaim();
	if (!held)
		held = take_stream(cookie);
	stream = held ? held_stream(held) : 0;
	if (stream && hold_segment(skb, stream, segment, next_seq))
		return held;
	if (held)
		drop_held(held);
	return 0;
}

#endif
