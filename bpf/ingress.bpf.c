/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Every segment that arrives for a socket under the cgroup, before reassembly. Does not run under
 * the socket's lock: the direction is taken with `busy`, and who finds it taken is a named loss.
 */
#include "bpf/acks.bpf.h"
#include "bpf/flow.bpf.h"
#include "bpf/walk.bpf.h"

/*
 * This hook comes before TCP's own checks. A segment beyond the window that TCP has offered will be
 * dropped, whoever sent it; were it believed, everything up to it would look old.
 */
static __always_inline int is_beyond_window(struct bpf_sock *sk, __u32 seq)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);

	return !tcp || (__s32)(seq - (tcp->rcv_wup + tcp->rcv_wnd)) > 0;
}

static __always_inline void count_ingress(struct __sk_buff *skb, struct bpf_sock *sk)
{
	struct segment segment = read_segment(skb);
	struct fanfare_direction *in;
	struct fanfare_flow *flow;
	__u64 cookie, now_ns;

	if (!segment.length && !(acks_enabled && segment.has_ack))
		return;
	cookie = bpf_get_socket_cookie(skb);
	flow = bpf_map_lookup_elem(&flows, &cookie);
	if (!flow || flow->out.stage == FANFARE_STAGE_DISMISSED)
		return;
	if (acks_enabled && segment.has_ack)
		pop_marks(flow, segment.ack);
	if (!segment.length || flow->in.stage == FANFARE_STAGE_IDLE)
		return;
	in = &flow->in;
	if (client_protocols_enabled && flow->exchanges.out_stopped && http1_walks_requests(in))
		return; /* a request would have no answer */
	if (segment.seq != in->next_seq && is_beyond_window(sk, segment.seq))
		return;
	if (__sync_lock_test_and_set(&in->busy, 1)) {
		lose(FANFARE_LOSS_INGRESS_RACE, 1);
		return;
	}
	now_ns = fanfare_searches(in) ? bpf_ktime_get_ns() : 0;
	walk_segment(skb, in, &flow->exchanges, &segment, now_ns, FANFARE_LOSS_INGRESS_HOLE);
	__sync_lock_test_and_set(&in->busy, 0);
}

SEC("cgroup_skb/ingress")
int on_ingress(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	if (sk && is_watched(sk->src_port))
		count_ingress(skb, sk);
	return PASS;
}
