/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Fetches what is held of a direction and has become next, page by page, for a walk. Who does so is
 * inside of the direction.
 */
#ifndef FANFARE_DRAIN_BPF_H
#define FANFARE_DRAIN_BPF_H

#define FANFARE_HOLDS
#include "bpf/flow.bpf.h"
#include "bpf/walk.bpf.h"

/* Walks of all that one filled hole sets free, in steps of one run. */
#define DRAIN_BUDGETS 4

struct drain {
	struct http_walk walk;
	struct held_stream *stream;
};

/* Finds the interval that comes next; on the way those that have passed go. */
static long drain_find(__u32 index, struct drain *drain)
{
	struct held_interval *interval = &drain->stream->intervals[index & (HELD_INTERVALS - 1)];
	struct fanfare_direction *d = drain->walk.bytes.direction;

	if (interval->start == interval->end)
		return 0;
	if ((__s32)(interval->end - d->next_seq) <= 0) {
		interval->start = interval->end = 0;
		return 0;
	}
	if (!can_go_on(d, interval->start)) {
		drain->stream->waiting++;
		return 0;
	}
	drain->stream->interval = index;
	return 1;
}

/* The next bytes of the stream, up to a page's end, become the segment at hand. Returns 0 where
 * there are none. */
static __noinline int drain_next(struct drain *drain)
{
	struct fanfare_direction *d = drain->walk.bytes.direction;
	struct held_interval *interval;
	struct held_page *page;
	__u32 seq = d->next_seq, n, left;

	if (!(seq & (HELD_PAGE - 1)))
		give_page(&drain->stream->pages[(seq - 1) / HELD_PAGE & (HELD_WINDOW - 1)]);
	drain->stream->interval = HELD_INTERVALS;
	drain->stream->waiting = 0;
	bpf_loop(HELD_INTERVALS, drain_find, drain, 0);
	if (drain->stream->interval >= HELD_INTERVALS)
		return 0;
	interval = &drain->stream->intervals[drain->stream->interval & (HELD_INTERVALS - 1)];
	if ((__s32)(interval->start - seq) > 0)
		seq = interval->start;
	left = interval->end - seq;
	n = HELD_PAGE - (seq & (HELD_PAGE - 1));
	page = page_of(drain->stream, seq);
	if (!page)
		return 0;
	drain->walk.bytes.page = page;
	drain->walk.bytes.payload = seq;
	return fanfare_admit(d, seq, n < left ? n : left, FANFARE_LOSS_INGRESS_HOLE);
}

/* A page that nobody reads. A walk begins with it: its page is never null then, and the verifier
 * need not try a walk of the skb here. */
static __always_inline const struct held_page *any_page(void)
{
	__u32 any = 0;

	return bpf_map_lookup_elem(&held_pages, &any);
}

#endif
