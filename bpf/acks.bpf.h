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

/* What TCP will not look at pops nothing: the next one that it does pops all, or the close. */
static __always_inline void pop_marks(struct fanfare_flow *flow, struct bpf_sock *sk,
				      const struct segment *segment)
{
	__u32 now, ack = segment->ack;
	struct tcp_sock *tcp;

	if (!acks_may_cover(&flow->acks, flow->sent_seq, ack))
		return;
	tcp = bpf_skc_to_tcp_sock(sk);
	if (!tcp || !is_in_window(tcp, segment))
		return;
	now = bpf_ktime_get_ns() / FANFARE_ACK_TICK_NS;
	bpf_spin_lock(&flow->lock);
	acks_pop(&flow->acks, ack, now);
	bpf_spin_unlock(&flow->lock);
}

#endif
