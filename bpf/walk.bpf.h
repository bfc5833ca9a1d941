/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Drives the pure walk of framers/stream.h over the payload of a segment. */
#ifndef FANFARE_WALK_BPF_H
#define FANFARE_WALK_BPF_H

#include "bpf/framers/stream.h"
#include "bpf/knobs.bpf.h"
#include "bpf/segment.bpf.h"

/* Constant during a walk; what changes stands in the direction, see abi.h. */
struct walk {
	struct __sk_buff *skb;
	struct fanfare_direction *direction;
	__u32 payload;
};

static __always_inline long walk_once(struct walk *walk)
{
	struct fanfare_direction *d = walk->direction;
	__u64 word = 0;

	if (!d->skip && load_word(walk->skb, walk->payload + d->off, d->end - d->off, &word)) {
		fanfare_lose_step(d, FANFARE_LOSS_PAYLOAD);
		d->off = d->end;
		return 1;
	}
	return !fanfare_step(d, word);
}

static long walk_step(__u32 index, struct walk *walk)
{
	return walk_once(walk);
}

/* The first step stands outside of the loop: most segments hold one frame. */
static __always_inline void walk_steps(struct walk *walk, __u32 budget)
{
	if (!walk_once(walk))
		bpf_loop(budget - 1, walk_step, walk, 0);
}

/* Counts the new bytes of a segment. `now_ns` may be 0 for a direction that is in step: should it
 * lose step here, the clock is read after all, since silence is measured from this segment. */
static __always_inline void walk_segment(struct __sk_buff *skb, struct fanfare_direction *d,
					 const struct segment *segment, __u64 now_ns,
					 __u8 hole_reason)
{
	struct walk walk = {skb, d, segment->payload};
	__u64 events = d->tally.by_class[FANFARE_EVENT].messages;
	__u32 budget = frame_budget, start;

	if (!fanfare_admit(d, segment->seq, segment->length, hole_reason))
		return;
	start = d->off;
	if (d->stage != FANFARE_STAGE_FRAMES) {
		__u32 at = segment->payload + start, left = segment->length - start;
		__u64 word = 0, second = 0;

		if (!now_ns)
			now_ns = bpf_ktime_get_ns();
		load_word(skb, at, left, &word);
		if (d->stage == FANFARE_STAGE_HTTP && left >= 16) {
			load_word(skb, at + 8, 8, &second);
			if (!http_may_upgrade(word, second))
				return;
		}
		fanfare_begin_segment(d, word, now_ns);
		if (d->stage == FANFARE_STAGE_SEARCH)
			budget = search_budget;
	}
	walk_steps(&walk, budget);
	if (fanfare_settle(d, start)) {
		bpf_loop(frame_budget, walk_step, &walk, 0);
		fanfare_settle(d, start);
	}
	if (d->tally.by_class[FANFARE_EVENT].messages > events)
		d->last_event_ns = now_ns;
	if (d->stage != FANFARE_STAGE_FRAMES)
		d->last_ns = now_ns ? now_ns : bpf_ktime_get_ns();
	if (d->fault) {
		lose(d->fault, d->fault == FANFARE_LOSS_FALSE_LOCK ? d->voided : 1);
		d->fault = 0;
		d->voided = 0;
	}
}

#endif
