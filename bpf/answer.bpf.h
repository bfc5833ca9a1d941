/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Egress: what a socket without a record sends decides whether it gets one. A host has many more
 * connections of plain HTTP and of other servers than of clients; a record for each would keep
 * clients out. Only who answers as a server does that upgrades has one, from that byte on.
 */
#ifndef FANFARE_ANSWER_BPF_H
#define FANFARE_ANSWER_BPF_H

#include "bpf/adopt.bpf.h"
#include "bpf/framers/http_peek.h"
#include "bpf/segment.bpf.h"

struct answer {
	struct __sk_buff *skb;
	struct sock *sk;
	struct tcp_sock *tcp;
	__u64 cookie;
	__u32 seq, bytes; /* of the segment */
	__u8 kind;	  /* enum http_answer */
};

static __always_inline enum http_answer peek(struct __sk_buff *skb, const struct segment *segment)
{
	__u64 first = 0, second = 0;

	if (load_word(skb, segment->payload, segment->length, &first))
		return HTTP_ANSWER_OTHER;
	if (segment->length > 8)
		load_word(skb, segment->payload + 8, segment->length - 8, &second);
	return http_peek(first, second, segment->length);
}

/* The head that may be a 101 begins with this segment. */
static __always_inline struct fanfare_flow *open_answered(const struct answer *answer, __u8 found)
{
	struct fanfare_flow *flow = new_flow(answer->cookie, answer->skb->tstamp, 0);

	if (!flow)
		return 0;
	flow->opened_ns = answer->skb->tstamp;
	flow->in.flags = FANFARE_MASKED;
	flow->out.first_seq = flow->out.next_seq = answer->seq;
	flow->out.flags = FANFARE_SEQ_KNOWN;
	http_begin_head(&flow->out, found);
	name_flow(flow, answer->sk);
	if (payloads_read)
		flow->out.client_rule = flow->in.client_rule =
			client_rule_of_port[flow->local_port];
	watch_flow(flow);
	return flow;
}

/* The same, or the socket is dark. */
static __always_inline struct fanfare_flow *begin_answered(const struct answer *answer, __u8 found)
{
	__u8 reason = FANFARE_DARK_MPTCP;
	struct fanfare_flow *flow;

	if (!is_mptcp_subflow(answer->tcp)) {
		reason = FANFARE_DARK_NO_ROOM;
		flow = open_answered(answer, found);
		if (flow)
			return flow;
	}
	note_dark(answer->sk, answer->cookie, (struct dark_note){reason, FANFARE_IS_CLIENTS});
	return 0;
}

/* Something leaves a socket that is dark. `row` of a socket that has closed just now is gone. */
static __always_inline struct fanfare_flow *answer_in_the_dark(const struct answer *answer,
							       __u16 port)
{
	struct fanfare_dark *row = bpf_map_lookup_elem(&dark_sockets, &answer->cookie);
	struct fanfare_flow *flow = 0;

	if (!row || !is_dark_for_now(row->reason) || !listening_ports[port])
		return 0;
	if (row->reason != FANFARE_DARK_NO_ROOM && answer->kind == HTTP_ANSWER_MAY_UPGRADE) {
		flow = open_answered(answer, HTTP_LATER_HEAD);
		if (flow)
			forget_dark(answer->cookie);
		row->reason = FANFARE_DARK_NO_ROOM;
		row->spoke = FANFARE_IS_CLIENTS;
		return flow;
	}
	if (answer->kind == HTTP_ANSWER_PLAIN && !is_read_at_once(port) &&
	    row->reason != FANFARE_DARK_NO_ROOM) {
		forget_dark(answer->cookie);
		set_mark(answer->cookie, port, FANFARE_PLAIN_HTTP);
		return 0;
	}
	if (!row->spoke &&
	    (answer->kind != HTTP_ANSWER_PLAIN || client_protocol_on(port) == FANFARE_SSE))
		row->spoke = FANFARE_SPOKE;
	flow = adopt_older(answer->sk, answer->tcp, answer->cookie, row->last_ns,
			   (struct dark_note){0, 0, replication_on(port)});
	row->last_ns = answer->skb->tstamp;
	return flow;
}

/* Something leaves a socket that is awaited, or one whose mark found no room. */
static __always_inline struct fanfare_flow *answer_of(const struct answer *answer, __u16 port,
						      __u32 mark)
{
	int is_first = answer->tcp->bytes_sent <= answer->bytes;
	struct fanfare_flow *flow;

	if (answer->kind == HTTP_ANSWER_MAY_UPGRADE)
		return begin_answered(answer, mark == FANFARE_AWAITED ? 0 : HTTP_LATER_HEAD);
	if (mark == FANFARE_PLAIN_HTTP || is_mptcp_subflow(answer->tcp))
		return 0;
	if (answer->kind == HTTP_ANSWER_PLAIN) {
		set_mark(answer->cookie, port, FANFARE_PLAIN_HTTP);
		return 0;
	}
	if (is_first) {
		set_mark(answer->cookie, port, FANFARE_IGNORED);
		return 0;
	}
	/* Its first bytes left before this program was attached. */
	flow = adopt_older(answer->sk, answer->tcp, answer->cookie, answer->skb->tstamp,
			   (struct dark_note){});
	if (!flow)
		note_dark(answer->sk, answer->cookie,
			  (struct dark_note){FANFARE_DARK_OLDER, FANFARE_SPOKE});
	return flow;
}

/* The record that begins with this segment, or 0. Reads the headers again: kept for it they would
 * stand on the stack of all that its caller does. */
static __noinline struct fanfare_flow *begin_by_answer(struct __sk_buff *skb, struct bpf_sock *sk)
{
	struct segment segment = read_segment(skb, FANFARE_WAY_OUT);
	__u64 cookie = bpf_get_socket_cookie(skb);
	__u32 mark = entry_of(cookie);
	__u16 port = port_index(sk->src_port);
	struct answer answer = {skb, 0, 0, cookie, segment.seq, segment.length};

	if (mark == FANFARE_IGNORED || !segment.length)
		return 0;
	answer.tcp = bpf_skc_to_tcp_sock(sk);
	if (!answer.tcp)
		return 0;
	answer.sk = (struct sock *)answer.tcp;
	if (mark == FANFARE_NO_ENTRY) {
		if (sk->state != FANFARE_TCP_SYN_RECV && listening_ports[port] != PORT_UNMARKED)
			return 0;
		mark = answer.tcp->bytes_sent <= segment.length ? FANFARE_AWAITED
								: FANFARE_PLAIN_HTTP;
		if (dark_in_use && bpf_map_lookup_elem(&dark_sockets, &cookie))
			mark = FANFARE_IS_DARK;
	}
	answer.kind = peek(skb, &segment);
	if (mark == FANFARE_IS_DARK)
		return answer_in_the_dark(&answer, port);
	return answer_of(&answer, port, mark);
}

#endif
