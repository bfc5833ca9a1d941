/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * What has been held past a hole and has become next is walked from where it stands. Called in place
 * of on_ingress()'s end, inside of the direction that it has entered.
 */
#include "bpf/drain.bpf.h"

/*
 * Global functions, one for each kind of traffic: verified once, by themselves. In one function the
 * ways through all of them multiplied (337,000 instructions on Linux 7.3). `seq` is that of the
 * first byte of the page at hand.
 */
static __always_inline struct walk walk_of_held(struct __sk_buff *skb, struct fanfare_direction *d,
						struct held_stream *stream, __u32 seq)
{
	struct walk walk = {skb, d, seq, page_of(stream, seq)};

	return walk;
}

__weak __noinline int look_held(struct __sk_buff *skb, struct fanfare_direction *d,
				struct held_stream *stream, __u32 seq)
{
	struct walk walk;

	if (!payloads_read || !d || !stream)
		return 0;
	walk = walk_of_held(skb, d, stream, seq);
	if (walk.page)
		look_at_payload(&walk);
	return 0;
}

__weak __noinline int walk_held(struct __sk_buff *skb, struct fanfare_direction *d,
				struct held_stream *stream, __u32 seq)
{
	struct walk walk;

	if (!d || !stream)
		return 0;
	walk = walk_of_held(skb, d, stream, seq);
	if (walk.page)
		walk_once(&walk);
	return 0;
}

__weak __noinline int walk_held_rpc(struct __sk_buff *skb, struct fanfare_direction *d,
				    struct held_stream *stream, __u32 seq)
{
	struct walk walk;

	if (!replication_enabled || !d || !stream)
		return 0;
	walk = walk_of_held(skb, d, stream, seq);
	if (walk.page)
		walk_rpc_once(&walk);
	return 0;
}

__weak __noinline int look_at_held_entry(struct __sk_buff *skb, struct fanfare_direction *d,
					 struct held_stream *stream, __u32 seq)
{
	struct walk walk;

	if (!rooms_enabled || !d || !stream)
		return 0;
	walk = walk_of_held(skb, d, stream, seq);
	if (walk.page)
		look_at_data(&walk);
	return 0;
}

__weak __noinline int walk_held_packet(struct __sk_buff *skb, struct fanfare_direction *d,
				       struct held_stream *stream, __u32 seq)
{
	struct walk walk;

	if (!client_protocols_enabled || !d || !stream)
		return 0;
	walk = walk_of_held(skb, d, stream, seq);
	if (walk.page)
		walk_packet_once(&walk);
	return 0;
}

__weak __noinline int walk_held_http(struct __sk_buff *skb, struct fanfare_direction *d,
				     struct held_stream *stream, __u32 seq,
				     struct fanfare_exchanges *x)
{
	struct http_walk walk = {.exchanges = x};

	if (!client_protocols_enabled || !d || !stream || !x)
		return 0;
	walk.bytes = walk_of_held(skb, d, stream, seq);
	if (walk.bytes.page)
		walk_http_once(&walk, 0);
	return 0;
}

static long drain_step(__u32 index, struct drain *drain)
{
	struct walk *bytes = &drain->walk.bytes;
	struct fanfare_direction *d = bytes->direction;

	if (d->off >= d->end) {
		if (!drain_next(drain))
			return 1;
		if (payloads_read) /* a hole had the message's end */
			take_what_was_read(bytes->skb, d);
		return 0;
	}
	if (fanfare_is_replication(d) && fanfare_looks_at_data(d))
		look_at_held_entry(bytes->skb, d, drain->stream, bytes->payload);
	else if (fanfare_is_replication(d))
		walk_held_rpc(bytes->skb, d, drain->stream, bytes->payload);
	else if (http1_walks(d))
		walk_held_http(bytes->skb, d, drain->stream, bytes->payload, drain->walk.exchanges);
	else if (fanfare_looks(d))
		look_held(bytes->skb, d, drain->stream, bytes->payload);
	else if (fanfare_is_mqtt(d))
		walk_held_packet(bytes->skb, d, drain->stream, bytes->payload);
	else
		walk_held(bytes->skb, d, drain->stream, bytes->payload);
	return !fanfare_in_step(d);
}

/* What is held and has become next is walked. Returns 0 when there is nothing more to hold. */
static __noinline int drain_held(struct __sk_buff *skb, struct fanfare_flow *flow,
				 struct held_stream *stream)
{
	struct fanfare_direction *d = &flow->in;
	struct drain drain = {{{skb, d, 0, any_page()}, &flow->exchanges}, stream};
	__u32 next_seq = d->next_seq;

	if (!drain.walk.bytes.page)
		return 0;
	d->off = d->end = 0;
	bpf_loop(DRAIN_BUDGETS * frame_budget, drain_step, &drain, 0);
	if (http1_walks(d))
		end_http(&drain.walk, 0);
	else if (d->off < d->end)
		fanfare_settle(d, d->off);
	end_walk(d, 0);
	if (d->next_seq != next_seq)
		stream->since_ns = bpf_ktime_get_ns();
	return fanfare_in_step(d) && stream->waiting;
}

static __always_inline int is_to_be_read(const struct fanfare_flow *flow)
{
	return fanfare_in_step(&flow->in) &&
	       !(http1_walks(&flow->in) && flow->exchanges.out_stopped);
}

/* What is still held, 1 + place, or 0: bytes that have become next are walked. */
static __always_inline __u32 read_held(struct __sk_buff *skb, struct bpf_sock *sk,
				       struct fanfare_flow *flow, __u32 held)
{
	struct held_stream *stream = held_stream(held);
	struct fanfare_direction *in = &flow->in;
	struct tcp_sock *tcp;

	if (!stream || !is_to_be_read(flow) || !drain_held(skb, flow, stream))
		goto drop;
	tcp = bpf_skc_to_tcp_sock(sk);
	if (!tcp || !has_missed(in, tcp->rcv_nxt))
		return held;
	fanfare_lose(in, FANFARE_LOSS_INGRESS_HOLE);
	http1_stops(in, &flow->exchanges, 0);
	end_walk(in, 0);
drop:
	drop_held(held);
	return 0;
}

SEC("cgroup_skb/ingress")
int on_drain(struct __sk_buff *skb)
{
	__u64 cookie = bpf_get_socket_cookie(skb);
	struct fanfare_flow *flow = find_flow(cookie);
	struct bpf_sock *sk = skb->sk;
	__u32 held;

	if (!flow || !sk)
		return PASS;
	held = flow->in.busy >> 1;
	if (held)
		held = read_held(skb, sk, flow, held);
	leave_inbound(&flow->in.busy, held);
	if (held)
		drop_held_of(flow);
	return PASS;
}
