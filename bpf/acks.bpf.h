/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Drives framers/acks.h. Egress of one socket is serial (the socket's lock), ingress is not under that
 * lock: both change the marks inside a spin lock of the record. Every value from outside is fetched
 * before it is taken, since no helper may run under it.
 */
#ifndef FANFARE_ACKS_BPF_H
#define FANFARE_ACKS_BPF_H

#include "bpf/belief.bpf.h"
#include "bpf/framers/acks.h"
#include "bpf/knobs.bpf.h"

/* `sent_ns` is TCP's send time. */
static __always_inline void push_mark(struct fanfare_flow *flow, __u64 sent_ns)
{
	__u64 messages[FANFARE_FATE_COUNT];

	flow->sent_seq = flow->out.next_seq;
	if (!acks_take_written(&flow->acks, &flow->out, messages))
		return;
	bpf_spin_lock(&flow->lock);
	acks_push(&flow->acks, flow->out.next_seq, sent_ns / FANFARE_ACK_TICK_NS, messages);
	bpf_spin_unlock(&flow->lock);
}

/* Apart, as it is rare. */
static __noinline int ask_tcp(struct fanfare_flow *flow, struct bpf_sock *sk, __u32 seq,
			      __u32 length)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);

	if (!tcp || !is_in_window(tcp, seq, length))
		return 0;
	flow->acks.heard_seq = seq + length;
	return 1;
}

/*
 * Whether TCP will look at what the segment acknowledges. A client that only reads acknowledges from
 * one number all the time: TCP is asked about it once, and again when the client has sent
 * something. What comes from there later although the client has gone on is old, and true; who does
 * not see the connection would have to guess this one number, where TCP takes a whole window.
 */
static __always_inline int is_heard(struct fanfare_flow *flow, struct bpf_sock *sk,
				    const struct segment *segment)
{
	if (likely(flow->acks.acked_seq && segment->seq == flow->acks.heard_seq))
		return 1;
	return ask_tcp(flow, sk, segment->seq, segment->length);
}

/* What TCP will not look at pops nothing: the next one that it does pops all, or the close. */
static __always_inline void pop_marks(struct fanfare_flow *flow, struct bpf_sock *sk,
				      const struct segment *segment)
{
	__u32 now, ack = segment->ack;

	if (!acks_may_cover(&flow->acks, flow->sent_seq, ack) || !is_heard(flow, sk, segment))
		return;
	now = bpf_ktime_get_ns() / FANFARE_ACK_TICK_NS;
	bpf_spin_lock(&flow->lock);
	acks_pop(&flow->acks, ack, now);
	bpf_spin_unlock(&flow->lock);
}

#endif
