/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Birth and death of TCP sockets, in every network namespace. inet_sock_set_state because it is
 * stable, fires for each change of state, and as tp_btf may ask for the cookie (raw_tp may not).
 *
 *   change                      | means                       | here
 *   any -> LISTEN               | a server                    | its process noted
 *   SYN_RECV -> ESTABLISHED     | accepted, TCP's own word    | record opened
 *   SYN_SENT -> ESTABLISHED     | dialled                     | same, to a replication port
 *   any -> CLOSE                | over, sequence numbers final | figures stored, unwatched
 *
 * From 6.2 on the kernel skips such a program where it would interrupt itself on its CPU (its count
 * of recursion misses). A packet that ends one connection while the state of another changes went
 * unseen so, once in 50,000 connections on a busy host. So there are two, both called for each
 * change: what the one has done the other leaves alone, and where the one is interrupted the other
 * is free.
 */
#include "bpf/begin.bpf.h"
#include "bpf/listeners.bpf.h"

__u32 watched_ports[65536];
__u64 served_ports[65536 / 64];
__u8 listening_ports[65536];
__u8 chat_ports[65536];
__u8 replication_ports[65536];
__u8 client_rule_of_port[65536];
__u8 client_protocol_of_port[65536];
__u8 publish_set_of_port[65536];
__u64 scope_cgroup;
__u32 identity_turn;
__u32 flows_in_use, flows_begun, flows_in_hash;
__u32 streams_in_use, streams_begun, pages_in_use, pages_begun;
__u64 reclaimed_ns;

/* `again`: the program is the second of the two. What can not be followed has been named by the first;
 * where that was skipped it stays unnamed. */
static __always_inline void on_establish(struct sock *sk, __u8 protocol, int dialled, int again)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);
	__u64 cookie = bpf_get_socket_cookie(sk);

	if (!tcp || (again && (find_flow(cookie) || flows_in_use >= flows_max)))
		return;
	if (!cgroup_in_scope(sk->sk_cgrp_data.cgroup, scope_cgroup))
		return;
	if (is_mptcp_subflow(tcp)) {
		if (!again)
			lose_on_port(&sk->__sk_common, served_port(&sk->__sk_common, dialled),
				     FANFARE_WAY_OUT, FANFARE_LOSS_MPTCP);
		return;
	}
	begin_flow(sk, tcp, cookie, protocol, dialled);
}

/* The replication protocol of the port, 0: clients are served there. */
static __always_inline void on_accept(struct sock *sk, int again)
{
	on_establish(sk, replication_on(sk->__sk_common.skc_num), 0, again);
}

static __always_inline void on_dial(struct sock *sk, int again)
{
	__u8 protocol = replication_on(bpf_ntohs(sk->__sk_common.skc_dport));

	if (protocol)
		on_establish(sk, protocol, 1, again);
}

static __always_inline void on_close(struct sock *sk, int oldstate)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);
	__u64 cookie = bpf_get_socket_cookie(sk);
	struct fanfare_flow *flow = find_flow(cookie);

	if (!flow || !tcp || flow->life == FANFARE_CLOSED)
		return;
	flow->snd_una = tcp->snd_una;
	flow->snd_nxt = tcp->snd_nxt;
	flow->write_seq = tcp->write_seq;
	flow->sk_err = sk->sk_err;
	flow->close_state = oldstate;
	flow->life = FANFARE_CLOSED;
	unwatch_flow(flow); /* a full barrier: whoever holds bytes later sees that it is over */
	drop_held_of(flow);
}

static __always_inline void follow(struct sock *sk, int oldstate, int newstate, int again)
{
	if (sk->sk_protocol != IPPROTO_TCP)
		return;
	if (newstate == FANFARE_TCP_LISTEN) {
		listening_ports[sk->__sk_common.skc_num] = 1;
		note_listener(sk, bpf_get_socket_cookie(sk));
	} else if (oldstate == FANFARE_TCP_SYN_RECV && newstate == FANFARE_TCP_ESTABLISHED) {
		on_accept(sk, again);
	} else if (oldstate == FANFARE_TCP_SYN_SENT && newstate == FANFARE_TCP_ESTABLISHED) {
		on_dial(sk, again);
	} else if (newstate == FANFARE_TCP_CLOSE) {
		if (oldstate == FANFARE_TCP_LISTEN)
			note_listeners_end(bpf_get_socket_cookie(sk));
		on_close(sk, oldstate);
	}
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_set_state, struct sock *sk, int oldstate, int newstate)
{
	follow(sk, oldstate, newstate, 0);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_set_state_again, struct sock *sk, int oldstate, int newstate)
{
	follow(sk, oldstate, newstate, 1);
	return 0;
}
