/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Where a connection's record begins: when it is established, or with Fast Open, whose server may
 * answer before, when its SYN-ACK leaves. What has arrived by then is taken over.
 */
#ifndef FANFARE_BEGIN_BPF_H
#define FANFARE_BEGIN_BPF_H

#include "bpf/dark.bpf.h"
#include "bpf/drain.bpf.h"
#include "bpf/handshake.bpf.h"

static long begin_request(__u32 index, struct drain *drain)
{
	struct fanfare_direction *d = drain->walk.bytes.direction;

	if (d->off < d->end)
		walk_http_once(&drain->walk, 0);
	else if (!drain_next(drain))
		return 1;
	return !http1_walks_requests(d);
}

/* Requests are read before they are answered; all else may wait for the next segment. Returns what
 * is still held, 1 + place, or 0. */
static __noinline __u32 begin_requests(struct fanfare_flow *flow, __u32 held)
{
	struct fanfare_direction *d = &flow->in;
	struct drain drain = {{{0, d, 0, any_page()}, &flow->exchanges}, held_stream(held)};

	if (drain.stream && drain.walk.bytes.page) {
		d->off = d->end = 0;
		bpf_loop(frame_budget, begin_request, &drain, 0);
		end_http(&drain.walk, 0);
		end_walk(d, 0);
		if (http1_walks_requests(d) && drain.stream->waiting)
			return held;
	}
	drop_held(held);
	return 0;
}

/* What is held from here on for a flow that has just begun, whose first byte had `seq`. */
static __always_inline void begin_with_held(struct fanfare_flow *flow, struct tcp_sock *tcp,
					    __u64 cookie, __u32 seq, __u32 held)
{
	struct fanfare_direction *in = &flow->in;
	__u32 busy = enter_inbound(&in->busy);
	struct held_stream *stream;

	if (busy & INBOUND_TAKEN) {
		if (held)
			drop_held(held);
		return;
	}
	if (tcp->rcv_nxt - seq < HELD_WINDOW * HELD_PAGE) /* Fast Open: TCP has these bytes */
		in->first_seq = in->next_seq = seq;
	if (inbound_held(busy)) /* the next segment was faster; it is missed, and named */
		drop_held(inbound_held(busy));
	if (held && http1_walks_requests(in))
		held = begin_requests(flow, held);
	stream = held ? held_stream(held) : 0;
	if (stream)
		stream->cookie = cookie;
	leave_inbound(&in->busy, held);
}

/* What has arrived of the connection before it was established belongs to `flow` from here on. It is
 * read when the next segment comes, whatever that is. */
static __always_inline void take_over_handshake(struct tcp_sock *tcp, struct fanfare_flow *flow,
						__u64 cookie)
{
	union handshake_key key = {};
	struct handshake *handshake;
	__u32 busy, seq;
	int ours;

	__builtin_memcpy(key.remote, flow->remote, sizeof(key.remote));
	__builtin_memcpy(key.local, flow->local, sizeof(key.local));
	key.netns = flow->netns;
	key.remote_port = flow->remote_port;
	key.local_port = flow->local_port;
	handshake = place_of_handshake(&key);
	if (!handshake || !handshake->since_ns)
		return;
	busy = enter_inbound(&handshake->busy);
	if (busy & INBOUND_TAKEN)
		return;
	ours = is_handshake_of(handshake, &key);
	seq = handshake->seq;
	if (ours)
		handshake->since_ns = 0;
	leave_inbound(&handshake->busy, ours ? 0 : inbound_held(busy));
	if (ours)
		begin_with_held(flow, tcp, cookie, seq, inbound_held(busy));
}

/* What is known of a connection to a port that is read at once. */
static __always_inline __u8 spoke_on(__u16 port)
{
	return client_protocol_on(port) == FANFARE_MQTT ? FANFARE_IS_CLIENTS : FANFARE_SILENT;
}

/* The record of one end of a connection, where it has none yet. `protocol` is that of the
 * replication port, 0: the server of a client, which is not dialled. One that has sent data before
 * is searched like an old one. */
static __always_inline void begin_flow(struct sock *sk, struct tcp_sock *tcp, __u64 cookie,
				       __u8 protocol, int dialled)
{
	__u64 now_ns = bpf_ktime_get_ns();
	int fresh = tcp->data_segs_out == 0;
	__u16 port = sk->__sk_common.skc_num;
	struct fanfare_flow *flow;

	if (protocol)
		flow = open_replication(sk, tcp, cookie, now_ns, fresh, protocol, dialled);
	else
		flow = open_served(sk, tcp, cookie, now_ns, fresh);
	if (!flow && entry_of(cookie) == FANFARE_NO_ENTRY)
		note_dark(sk, cookie,
			  (struct dark_note){FANFARE_DARK_NO_ROOM, spoke_on(port), protocol,
					     dialled});
	if (flow && !dialled && is_read_at_once(flow->local_port) && fanfare_in_step(&flow->in))
		take_over_handshake(tcp, flow, cookie);
}

#endif
