/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * What has been held past a hole and has become next is walked from where it stands. Called in place
 * of on_ingress()'s end, inside of the direction that it has entered.
 */
#define FANFARE_HOLDS
#include "bpf/flow.bpf.h"
#include "bpf/walk.bpf.h"

/* Walks of all that one filled hole sets free, in steps of one run. */
#define DRAIN_BUDGETS 4

struct drain {
	struct walk walk;
	struct held_stream *stream;
};

/* Finds the interval that comes next; on the way those that have passed go. */
static long drain_find(__u32 index, struct drain *drain)
{
	struct held_interval *interval = &drain->stream->intervals[index & (HELD_INTERVALS - 1)];

	if (interval->start == interval->end)
		return 0;
	if ((__s32)(interval->end - drain->walk.direction->next_seq) <= 0) {
		interval->start = interval->end = 0;
		return 0;
	}
	if (!can_go_on(drain->walk.direction, interval->start)) {
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
	struct fanfare_direction *d = drain->walk.direction;
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
	drain->walk.page = page;
	drain->walk.payload = seq;
	return fanfare_admit(d, seq, n < left ? n : left, FANFARE_LOSS_INGRESS_HOLE);
}

static long drain_step(__u32 index, struct drain *drain)
{
	struct fanfare_direction *d = drain->walk.direction;

	if (d->off >= d->end) {
		if (!drain_next(drain))
			return 1;
		if (payloads_read) /* a hole had the message's end */
			take_what_was_read(drain->walk.skb, d);
		return 0;
	}
	if (fanfare_is_replication(d))
		walk_rpc_once(&drain->walk);
	else if (fanfare_is_mqtt(d))
		walk_packet_once(&drain->walk);
	else
		walk_or_look_once(&drain->walk);
	return !is_holdable(d);
}

/*
 * What is held and has become next is walked. Returns 0 when there is nothing more to hold. Begins
 * with a page that nobody reads: it is never null then, and the verifier need not try a walk of the
 * skb here.
 */
static __noinline int drain_held(struct __sk_buff *skb, struct fanfare_direction *d,
				 struct held_stream *stream)
{
	struct drain drain = {.walk = {skb, d, 0, 0}, .stream = stream};
	__u32 any = 0;

	drain.walk.page = bpf_map_lookup_elem(&held_pages, &any);
	if (!drain.walk.page)
		return 0;
	d->off = d->end = 0;
	bpf_loop(DRAIN_BUDGETS * frame_budget, drain_step, &drain, 0);
	if (d->off < d->end)
		fanfare_settle(d, d->off);
	end_walk(d, 0);
	return is_holdable(d) && stream->waiting;
}

/* What is still held, 1 + place, or 0: bytes that have become next are walked. */
static __always_inline __u32 read_held(struct __sk_buff *skb, struct bpf_sock *sk,
				       struct fanfare_direction *in, __u32 held)
{
	struct held_stream *stream = held_stream(held);
	struct tcp_sock *tcp;

	if (!stream || !is_holdable(in) || !drain_held(skb, in, stream))
		goto drop;
	tcp = bpf_skc_to_tcp_sock(sk);
	if (!tcp || !has_missed(in, tcp->rcv_nxt))
		return held;
	fanfare_lose(in, FANFARE_LOSS_INGRESS_HOLE);
	end_walk(in, 0);
drop:
	drop_held(held);
	return 0;
}

SEC("cgroup_skb/ingress")
int on_drain(struct __sk_buff *skb)
{
	__u64 cookie = bpf_get_socket_cookie(skb);
	struct fanfare_flow *flow = bpf_map_lookup_elem(&flows, &cookie);
	struct bpf_sock *sk = skb->sk;
	__u32 held;

	if (!flow || !sk)
		return PASS;
	held = flow->in.busy >> 1;
	if (held)
		held = read_held(skb, sk, &flow->in, held);
	leave_inbound(&flow->in.busy, held);
	if (held)
		drop_held_of(flow);
	return PASS;
}
