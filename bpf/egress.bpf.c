/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Every segment that a socket under the cgroup sends. Below every system call (write, sendfile,
 * splice, io_uring), above segmentation; runs under the socket's lock, so that one direction never
 * overlaps itself and needs no atomics.
 */
#include "bpf/acks.bpf.h"
#include "bpf/answer.bpf.h"
#include "bpf/held.bpf.h"
#include "bpf/walk.bpf.h"

char dual_license[] SEC("license") = "Dual BSD/GPL";

/* bpf/fast_open.bpf.c, which has a stack of its own. The agent puts it here. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} fast_open_program SEC(".maps");

/* Sending before it is established: Fast Open. */
static __always_inline int is_fast_open(const struct bpf_sock *sk)
{
	return sk->state == FANFARE_TCP_SYN_RECV;
}

/*
 * The 101 has just left: frames come from the client next, from the byte on that TCP expects. So
 * the request itself need not be read (part of it may have arrived under the listener's cookie).
 * `busy` is free unless the flow is an old one that is being searched; then the search goes on.
 */
static __always_inline void open_inbound(struct bpf_sock *sk, struct fanfare_flow *flow)
{
	struct bpf_sock *full = bpf_sk_fullsock(sk);
	struct bpf_tcp_sock *tcp = full ? bpf_tcp_sock(full) : 0;
	struct fanfare_direction *in = &flow->in;
	__u32 busy;

	if (!tcp)
		return;
	busy = enter_inbound(&in->busy);
	if (busy & INBOUND_TAKEN)
		return;
	fanfare_drop_token(in);
	in->first_seq = in->next_seq = tcp->rcv_nxt;
	in->seq_wraps = 0;
	in->flags = FANFARE_SEQ_KNOWN | FANFARE_MASKED | FANFARE_UPGRADED |
		    (flow->out.flags & FANFARE_DEFLATE);
	fanfare_lock(in, 0);
	leave_inbound(&in->busy, inbound_held(busy));
	chat_ports[flow->local_port] = 1;
}

/* It has answered by HTTP, and has not upgraded: its record goes to others, and a mark says that a
 * later answer may still be a 101. The agent blanks the record when no program can be at it. */
static __always_inline void leave_flow(struct fanfare_flow *flow, __u64 cookie, __u32 mark)
{
	__u32 place = entry_of(cookie);

	if (place >= FANFARE_INDEX_MARKS || !__sync_lock_test_and_set(&flow->watched, 0))
		return;
	if (!change_entry(cookie, place, mark)) {
		unwatch_port(flow->local_port);
		return;
	}
	flow->cookie = 0; /* no row of the agent's any more */
	flow->out.stage = FANFARE_STAGE_DISMISSED;
	drop_held_of(flow);
	bpf_map_push_elem(&left_flows, &place, 0);
}

/* Searched long enough. On a port that speaks what cannot be searched for (events over HTTP), or on
 * one of MQTT, it is somebody's all the same. */
static __always_inline void give_up(struct bpf_sock *sk, struct fanfare_flow *flow, __u64 cookie)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);

	if (client_protocols_enabled && (flow->exchanges.wanted & FANFARE_WANT_EVENT_STREAMS)) {
		flow->out.stage = FANFARE_STAGE_HTTP_WAIT;
		return;
	}
	if (tcp)
		note_dark((struct sock *)tcp, cookie,
			  (struct dark_note){FANFARE_DARK_GIVEN_UP, FANFARE_SPOKE});
	flow->out.stage = FANFARE_STAGE_DISMISSED;
}

/* An interim answer has ended with the segment. The one that it stands before may take its time. */
static __always_inline int is_between_heads(const struct fanfare_direction *out)
{
	return out->stage == FANFARE_STAGE_HEAD && !out->head_bytes;
}

/* What it has come to, where that is not the frames of a WebSocket. */
static __noinline int settle_stage(struct __sk_buff *skb, struct bpf_sock *sk,
				   struct fanfare_flow *flow)
{
	__u64 cookie = bpf_get_socket_cookie(skb);

	if (client_protocols_enabled && flow->out.stage == FANFARE_STAGE_PACKETS &&
	    flow->out.tally.frames)
		chat_ports[flow->local_port] = 1;
	if (flow->out.stage == FANFARE_STAGE_SEARCH &&
	    flow->out.searched >= FANFARE_SEARCH_BYTES_MAX && !chat_ports[flow->local_port])
		give_up(sk, flow, cookie);
	if (!flow->exchanges.wanted && !(flow->out.flags & FANFARE_UPGRADED)) {
		if (flow->out.stage == FANFARE_STAGE_HTTP)
			leave_flow(flow, cookie, FANFARE_PLAIN_HTTP);
		else if (is_between_heads(&flow->out))
			leave_flow(flow, cookie,
				   flow->out.head_found & HTTP_LATER_HEAD ? FANFARE_PLAIN_HTTP
									  : FANFARE_AWAITED);
	}
	if (flow->out.stage == FANFARE_STAGE_DISMISSED) {
		unwatch_flow(flow);
		drop_held_of(flow);
	}
	return 0;
}

static __always_inline void count_egress(struct __sk_buff *skb, struct bpf_sock *sk)
{
	struct segment segment = read_segment(skb, FANFARE_WAY_OUT);
	struct fanfare_flow *flow;
	__u8 flags_before;
	__u64 cookie;

	if (!segment.length) {
		if (is_fast_open(sk) && is_read_at_once(sk->src_port))
			bpf_tail_call(skb, &fast_open_program, 0);
		PASS_NOW();
	}
	cookie = bpf_get_socket_cookie(skb);
	flow = find_flow(cookie);
	if (!flow)
		flow = begin_by_answer(skb, sk);
	if (!flow || flow->out.stage == FANFARE_STAGE_DISMISSED)
		return;
	flags_before = flow->out.flags;
	/* skb->tstamp is TCP's own send time, CLOCK_MONOTONIC: it saves reading the clock. */
	walk_segment(skb, &flow->out, &flow->exchanges, &segment, skb->tstamp,
		     FANFARE_LOSS_EGRESS_HOLE);
	if (client_protocols_enabled && flow->exchanges.streams)
		flow->protocol = FANFARE_SSE;
	if (acks_enabled && !fanfare_is_replication(&flow->out))
		push_mark(flow, skb->tstamp);

	if ((flow->out.flags & ~flags_before) & FANFARE_UPGRADED)
		open_inbound(sk, flow);
	if (flow->out.stage != FANFARE_STAGE_FRAMES)
		settle_stage(skb, sk, flow);
}

SEC("cgroup_skb/egress")
int on_egress(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	if (!sk || !(is_watched(sk->src_port) || is_fast_open(sk)))
		PASS_NOW();
	count_egress(skb, sk);
	return PASS;
}
