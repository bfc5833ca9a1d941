/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * A hole need not be filled: its sender may be gone and the socket stay open; a handshake may never
 * be complete. What is held for such as these gives way, past an age, to who finds no room.
 */
#ifndef FANFARE_RECLAIM_BPF_H
#define FANFARE_RECLAIM_BPF_H

#include "bpf/handshake.bpf.h"
#include "bpf/walk.bpf.h"

#define HELD_PAGES_SPARE   32 /* of two segments of the greatest size */
#define RECLAIMS_IN_AN_AGE 64

static long reclaim_interval(__u32 index, struct held_stream **at)
{
	struct held_stream *stream = *at;
	struct held_interval *interval = &stream->intervals[index & (HELD_INTERVALS - 1)];

	if (interval->start != interval->end && (__s32)(interval->end - stream->end) > 0)
		stream->end = interval->end;
	return 0;
}

/* The hole is a loss, and what was held behind it has passed: it will not come again. */
static __always_inline void give_up_hole(struct fanfare_flow *flow, struct held_stream *stream,
					 __u64 now_ns)
{
	struct fanfare_direction *in = &flow->in;

	if (!fanfare_in_step(in))
		return;
	fanfare_lose(in, FANFARE_LOSS_INGRESS_HOLE);
	http1_stops(in, &flow->exchanges, 0);
	end_walk(in, now_ns);
	stream->end = in->next_seq;
	bpf_loop(HELD_INTERVALS, reclaim_interval, &stream, 0);
	if (stream->end < in->next_seq)
		in->seq_wraps++;
	in->next_seq = stream->end;
}

static long reclaim_stream(__u32 index, __u64 *now_ns)
{
	struct held_stream *stream = held_stream(1 + index);
	struct fanfare_flow *flow;
	__u64 cookie;
	__u32 busy;

	if (!stream || *now_ns - stream->since_ns < held_max_ns)
		return 0;
	cookie = stream->cookie;
	flow = cookie ? find_flow(cookie) : 0;
	if (!flow)
		return 0;
	busy = __sync_fetch_and_or(&flow->in.busy, 1);
	if (busy & 1) /* somebody reads it just now */
		return 0;
	if (inbound_held(busy) == 1 + index) {
		give_up_hole(flow, stream, *now_ns);
		drop_held(1 + index);
		busy = 0;
	}
	leave_inbound(&flow->in.busy, inbound_held(busy));
	return 0;
}

static long reclaim_handshake(__u32 index, __u64 *now_ns)
{
	struct handshake *handshake = bpf_map_lookup_elem(&handshakes, &index);
	__u32 busy;

	if (!handshake || !handshake->since_ns || *now_ns - handshake->since_ns < HANDSHAKE_MAX_NS)
		return 0;
	busy = __sync_fetch_and_or(&handshake->busy, 1);
	if (busy & 1)
		return 0;
	handshake->since_ns = 0;
	if (inbound_held(busy))
		drop_held(inbound_held(busy));
	leave_inbound(&handshake->busy, 0);
	return 0;
}

/* Who calls it may be inside of a direction or a handshake: it waits for no other. */
static __noinline void reclaim(void)
{
	__u64 now_ns = bpf_ktime_get_ns();

	if (now_ns - reclaimed_ns < held_max_ns / RECLAIMS_IN_AN_AGE)
		return;
	reclaimed_ns = now_ns;
	bpf_loop(HELD_STREAMS, reclaim_stream, &now_ns, 0);
	bpf_loop(HANDSHAKES, reclaim_handshake, &now_ns, 0);
}

static __always_inline int is_room_short(__u32 streams_needed)
{
	return streams_in_use + streams_needed > HELD_STREAMS ||
	       pages_in_use + HELD_PAGES_SPARE > HELD_PAGES;
}

#endif
