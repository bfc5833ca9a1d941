/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Every segment that a socket under the cgroup sends. Below every system call (write, sendfile,
 * splice, io_uring), above segmentation; runs under the socket's lock, so that one direction never
 * overlaps itself and needs no atomics.
 */
#include "bpf/acks.bpf.h"
#include "bpf/flow.bpf.h"
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

static __always_inline void count_egress(struct __sk_buff *skb, struct bpf_sock *sk)
{
	struct segment segment = read_segment(skb, FANFARE_WAY_OUT);
	struct fanfare_flow *flow;
	__u8 flags_before;
	__u64 cookie;

	if (!segment.length) {
		if (is_fast_open(sk))
			bpf_tail_call(skb, &fast_open_program, 0);
		return;
	}
	cookie = bpf_get_socket_cookie(skb);
	flow = find_flow(cookie);
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
	if (client_protocols_enabled && flow->out.stage == FANFARE_STAGE_PACKETS &&
	    flow->out.tally.frames)
		chat_ports[flow->local_port] = 1;
	if (fanfare_searches(&flow->out) && flow->out.searched >= FANFARE_SEARCH_BYTES_MAX &&
	    !chat_ports[flow->local_port]) {
		lose_of(&flow->out, FANFARE_LOSS_SEARCH_GIVEN_UP, 1);
		flow->out.stage = FANFARE_STAGE_DISMISSED;
	}
	if (flow->out.stage == FANFARE_STAGE_DISMISSED) {
		unwatch_flow(flow);
		drop_held_of(flow);
	}
}

SEC("cgroup_skb/egress")
int on_egress(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	if (sk && (is_watched(sk->src_port) || is_fast_open(sk)))
		count_egress(skb, sk);
	return PASS;
}
