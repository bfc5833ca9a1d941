/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Bytes that arrived past a hole, until the hole is filled: a stream for each direction that has
 * such bytes, made of pages from one pool. A page stands in the stream by its sequence numbers, so
 * that what comes twice or overlaps lies over itself. Only who is inside the direction
 * (bpf/inbound.bpf.h) touches its stream.
 */
#ifndef FANFARE_HELD_BPF_H
#define FANFARE_HELD_BPF_H

#include "bpf/framers/stream.h"
#include "bpf/inbound.bpf.h"
#include "bpf/places.bpf.h"

#define HELD_STREAMS   128  /* directions with a hole at once */
#define HELD_PAGES     1024 /* of all of them: 4.6 MB */
#define HELD_PAGE      4096
#define HELD_CELL      512 /* bytes at one load; also what may be read behind a page's end */
#define HELD_WINDOW    256 /* pages of one stream; a power of two */
#define HELD_INTERVALS 128 /* of bytes without a hole, of one stream; a power of two */

struct held_page {
	__u8 bytes[HELD_PAGE + HELD_CELL];
};

struct held_interval {
	__u32 start, end; /* sequence numbers; the same: unused */
};

/* What lives from step to step stands here and not on the stack: the verifier then sees unknown
 * scalars and its states converge. */
struct held_stream {
	__u32 seq;	/* copying: of the next byte */
	__u32 at;	/* its offset in the skb */
	__u32 left;	/* bytes */
	__u32 start;	/* noting: the interval that grows */
	__u32 end;	/* behind it */
	__u32 interval; /* the place of one, HELD_INTERVALS: none */
	__u32 waiting;	/* draining: intervals behind another hole */
	__u32 reserved;
	__u64 cookie;	/* of the socket; 0: of a handshake */
	__u64 since_ns; /* CLOCK_MONOTONIC: nothing of it has become next since */
	struct held_interval intervals[HELD_INTERVALS]; /* in no order; no two touch */
	__u16 pages[HELD_WINDOW]; /* 1 + place, by sequence number / HELD_PAGE; 0: none */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HELD_STREAMS);
	__type(key, __u32);
	__type(value, struct held_stream);
} held_streams __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HELD_PAGES);
	__type(key, __u32);
	__type(value, struct held_page);
} held_pages __weak SEC(".maps");

/* Places that have been given back. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, HELD_STREAMS);
	__type(value, __u32);
} free_streams __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, HELD_PAGES);
	__type(value, __u32);
} free_pages __weak SEC(".maps");

/* The program that goes on where something is held, bpf/drain.bpf.c: it has a stack of its own, and
 * is verified by itself. The agent puts it here. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} drain_program __weak SEC(".maps");

/* Places in use now, and those that have ever been. Defined in sockets.bpf.c. */
extern __u32 streams_in_use, streams_begun, pages_in_use, pages_begun;
extern __u64 reclaimed_ns; /* CLOCK_MONOTONIC of the last look for what is too old */

static __always_inline __u32 take_page(void)
{
	return take_place(&free_pages, &pages_begun, &pages_in_use, HELD_PAGES);
}

static __always_inline void give_page(__u16 *page)
{
	__u32 place = *page - 1;

	if (!*page)
		return;
	*page = 0;
	give_place(&free_pages, &pages_in_use, place);
}

static __always_inline struct held_stream *held_stream(__u32 held)
{
	__u32 place = held - 1;

	return bpf_map_lookup_elem(&held_streams, &place);
}

static long give_page_of(__u32 index, struct held_stream **stream)
{
	give_page(&(*stream)->pages[index & (HELD_WINDOW - 1)]);
	return 0;
}

static __always_inline struct held_page *page_of(struct held_stream *stream, __u32 seq)
{
	__u32 place = stream->pages[seq / HELD_PAGE & (HELD_WINDOW - 1)];

	if (!place--)
		return 0;
	return bpf_map_lookup_elem(&held_pages, &place);
}

/* Gives back a stream and all that it holds. */
static __noinline void drop_held(__u32 held)
{
	struct held_stream *stream = held_stream(held);
	__u32 place = held - 1;

	if (!stream)
		return;
	bpf_loop(HELD_WINDOW, give_page_of, &stream, 0);
	give_place(&free_streams, &streams_in_use, place);
}

/* 1 + the place of an empty stream, 0: all are in use. */
static __always_inline __u32 take_stream(__u64 cookie)
{
	__u32 held = take_place(&free_streams, &streams_begun, &streams_in_use, HELD_STREAMS);
	struct held_stream *stream = held ? held_stream(held) : 0;

	if (!stream)
		return 0;
	stream->cookie = cookie;
	stream->since_ns = bpf_ktime_get_ns();
	__builtin_memset(stream->intervals, 0, sizeof(stream->intervals));
	return held;
}

/* Bytes that nobody will look at may be missing: the payload is skipped with them. */
static __always_inline int can_go_on(const struct fanfare_direction *d, __u32 seq)
{
	__s32 ahead = seq - d->next_seq;

	return ahead <= 0 || ((__u32)ahead <= d->skip && !fanfare_wants_payload(d));
}

/* Whether TCP itself has received what comes next: then it passed unread, and will not come again.
 * (TCP's word may be old, but not ahead: each segment passes here first.) */
static __always_inline int has_missed(const struct fanfare_direction *in, __u32 tcp_next_seq)
{
	return (__s32)(tcp_next_seq - in->next_seq) > 0;
}

static __always_inline int is_over(const volatile struct fanfare_flow *flow)
{
	return flow->life == FANFARE_CLOSED || flow->out.stage == FANFARE_STAGE_DISMISSED;
}

/*
 * Where the flow is over, nothing is held for it any more. Called when it has become so, and by who
 * leaves the direction: if the first finds a CPU inside for too long, that one comes later here.
 */
static __always_inline void drop_held_of(struct fanfare_flow *flow)
{
	__u32 busy;

	if (!inbound_held(flow->in.busy) || !is_over(flow))
		return;
	busy = enter_inbound(&flow->in.busy);
	if (busy & INBOUND_TAKEN)
		return;
	if (inbound_held(busy))
		drop_held(inbound_held(busy));
	leave_inbound(&flow->in.busy, 0);
}

#endif
