/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Every segment that arrives for a socket under the cgroup, before reassembly. Does not run under
 * the socket's lock: see bpf/inbound.bpf.h. Who waited there in vain is a named loss.
 */
#define FANFARE_WALK_APART
#include "bpf/acks.bpf.h"
#include "bpf/handshake_hold.bpf.h"
#include "bpf/walk.bpf.h"

/* Who calls it is inside. Returns what is held from here on. */
static __always_inline __u32 read_arrived(struct __sk_buff *skb, struct fanfare_flow *flow,
					  const struct segment *segment, __u32 held,
					  __u32 tcp_next_seq)
{
	struct fanfare_direction *in = &flow->in;
	__u64 now_ns;

	if (segment->seq != in->next_seq && fanfare_in_step(in) && !can_go_on(in, segment->seq) &&
	    (held || !has_missed(in, tcp_next_seq))) {
		held = hold(skb, segment, in->next_seq, held, bpf_get_socket_cookie(skb));
		if (held)
			return held;
	}
	now_ns = fanfare_searches(in) ? bpf_ktime_get_ns() : 0;
	walk_segment(skb, in, &flow->exchanges, segment, now_ns, FANFARE_LOSS_INGRESS_HOLE);
	return held;
}

/* Who is not inside of the direction does not write to it. */
static __noinline void lose_race(struct bpf_sock *sk)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);

	if (tcp)
		lose_on_port((struct sock_common *)tcp, sk->src_port, FANFARE_WAY_IN,
			     FANFARE_LOSS_INGRESS_RACE);
}

struct arrival {
	struct segment segment;
	__u32 is_handshake; /* payload of a connection that is being established */
	__u32 tcp_next_seq; /* where the segment is not the next one: what TCP expects next */
};

/* Whether a segment with payload is looked at, or the number that it acknowledges. */
static __always_inline int says_something(const struct fanfare_flow *flow,
					  const struct segment *segment)
{
	return (flow->out.stage != FANFARE_STAGE_DISMISSED &&
		flow->in.stage != FANFARE_STAGE_IDLE) ||
	       (acks_enabled && segment->has_ack &&
		acks_may_cover(&flow->acks, flow->sent_seq, segment->ack));
}

/* Whether TCP will drop a segment that is not the next one, or acknowledges what is not usual. Apart,
 * as it is rare. */
static __noinline int tcp_drops(const struct fanfare_flow *flow, struct bpf_sock *sk,
				struct arrival *arrival)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);

	if (!tcp || is_beyond_window(tcp, arrival->segment.seq) ||
	    !is_possible_ack(tcp, flow, &arrival->segment))
		return 1;
	arrival->tcp_next_seq = tcp->rcv_nxt;
	return 0;
}

/*
 * The flow that has to be read for this segment, or 0; pops what it acknowledges. Not apart: a call
 * and its return cost as much as the rest of a look, and what is rare has a stack of its own.
 */
static __always_inline struct fanfare_flow *flow_to_read(struct __sk_buff *skb, struct bpf_sock *sk,
							 struct arrival *arrival)
{
	struct segment segment = read_segment(skb, FANFARE_WAY_IN);
	int may_hold_handshake = is_read_at_once(sk->src_port);
	struct fanfare_flow *flow;
	__u64 cookie;

	if (!segment.length && !(acks_enabled && segment.has_ack) && !may_hold_handshake)
		return 0;
	cookie = bpf_get_socket_cookie(skb);
	flow = find_flow(cookie);
	if (unlikely(!flow)) {
		if (may_hold_handshake && segment.length && is_opening(sk) &&
		    is_whole(skb, &segment)) {
			arrival->segment = segment;
			arrival->is_handshake = 1;
		}
		return 0;
	}
	if (segment.length &&
	    (!says_something(flow, &segment) || unlikely(!is_whole(skb, &segment))))
		return 0; /* of no interest, or it comes again */
	if (acks_enabled && segment.has_ack)
		pop_marks(flow, sk, &segment);
	if (!segment.length && !(may_hold_handshake && inbound_held(flow->in.busy)))
		return 0;
	if (flow->out.stage == FANFARE_STAGE_DISMISSED)
		return 0;
	if (flow->in.stage == FANFARE_STAGE_IDLE)
		return 0;
	arrival->segment = segment;
	arrival->tcp_next_seq = 0;
	if (segment.length &&
	    unlikely(segment.seq != flow->in.next_seq || !is_usual_ack(flow, &segment)) &&
	    tcp_drops(flow, sk, arrival))
		return 0;
	return flow;
}

/* What he is answered is no answer to an RPC. Egress may be reading it just now and see that itself;
 * then his next segment dismisses him. */
static __noinline void dismiss_stranger(struct fanfare_flow *flow)
{
	flow->out.stage = FANFARE_STAGE_DISMISSED;
	unwatch_flow(flow);
	drop_held_of(flow);
}

static __always_inline void count_ingress(struct __sk_buff *skb, struct bpf_sock *sk)
{
	struct arrival arrival = {};
	struct fanfare_flow *flow = flow_to_read(skb, sk, &arrival);
	struct fanfare_direction *in;
	__u32 held;

	if (!flow) {
		if (arrival.is_handshake)
			hold_handshake(skb, sk, &arrival.segment);
		PASS_NOW();
	}
	in = &flow->in;
	if (client_protocols_enabled && flow->exchanges.out_stopped && http1_walks_requests(in) &&
	    !inbound_held(in->busy))
		return; /* a request would have no answer */
	held = enter_inbound(&in->busy);
	if (held & INBOUND_TAKEN) {
		if (arrival.segment.length && !is_over(flow))
			lose_race(sk);
		return;
	}
	held = inbound_held(held);
	if (arrival.segment.length)
		held = read_arrived(skb, flow, &arrival.segment, held, arrival.tcp_next_seq);
	if (held) {
		stay_inbound(&in->busy, held);
		bpf_tail_call(skb, &drain_program, 0);
	}
	leave_inbound(&in->busy, held);
	if (replication_enabled && in->lost_by == FANFARE_LOSS_NOT_A_PEER &&
	    in->stage == FANFARE_STAGE_DISMISSED)
		dismiss_stranger(flow);
}

SEC("cgroup_skb/ingress")
int on_ingress(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	if (!sk || !is_awaited(sk->src_port))
		PASS_NOW();
	count_ingress(skb, sk);
	return PASS;
}
