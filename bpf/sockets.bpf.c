/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Birth and death of TCP sockets, in every network namespace. inet_sock_set_state because it is
 * stable, fires for each change of state, and as tp_btf may ask for the cookie (raw_tp may not).
 *
 *   change                      | means                       | here
 *   any -> LISTEN               | a server                    | its process noted
 *   SYN_RECV -> ESTABLISHED     | accepted, TCP's own word    | record opened, or marked as awaited
 *   SYN_SENT -> ESTABLISHED     | dialled                     | record, to a replication port
 *   ... while being restored    | moved here by TCP_REPAIR    | adopted like an old one, or dark
 *   any -> CLOSE                | over, sequence numbers final | figures stored, unwatched
 *
 * From 6.2 on the kernel skips such a program where it would interrupt itself on its CPU (its count
 * of recursion misses). A packet that ends one connection while the state of another changes went
 * unseen so, once in 50,000 connections on a busy host. So there are two, both called for each
 * change: what the one has done the other leaves alone, and where the one is interrupted the other
 * is free.
 */
#include "bpf/adopt.bpf.h"
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
__u8 identities_full[2];
__u64 event_tickets;
__u32 flows_in_use, flows_begun, peers_in_use, flows_in_hash, dark_in_use;
__u64 adoptions, adoptions_allowed;
__u32 streams_in_use, streams_begun, pages_in_use, pages_begun;
__u64 reclaimed_ns;

/* `again`: the program is the second of the two. */
static __always_inline void on_establish(struct sock *sk, __u8 protocol, int dialled, int again)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);
	__u64 cookie = bpf_get_socket_cookie(sk);

	if (!tcp || (again && entry_of(cookie) != FANFARE_NO_ENTRY))
		return;
	if (!cgroup_in_scope(sk->sk_cgrp_data.cgroup, scope_cgroup))
		return;
	if (is_mptcp_subflow(tcp)) {
		note_dark(sk, cookie,
			  (struct dark_note){FANFARE_DARK_MPTCP,
					     spoke_on(sk->__sk_common.skc_num) ?: FANFARE_SPOKE,
					     protocol, dialled});
		return;
	}
	begin_flow(sk, tcp, cookie, protocol, dialled);
}

/* Whether it is a client's is told by what it sends first, see bpf/answer.bpf.h. With Fast Open that
 * may have left. */
static __always_inline void await_answer(struct sock *sk)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);
	__u64 cookie = bpf_get_socket_cookie(sk);

	if (tcp && entry_of(cookie) == FANFARE_NO_ENTRY &&
	    cgroup_in_scope(sk->sk_cgrp_data.cgroup, scope_cgroup))
		enter_mark(cookie, sk->__sk_common.skc_num,
			   tcp->data_segs_out ? FANFARE_PLAIN_HTTP : FANFARE_AWAITED);
}

/* The replication protocol of the port, 0: clients are served there. */
static __always_inline void on_accept(struct sock *sk, int again)
{
	__u16 port = sk->__sk_common.skc_num;

	if (is_read_at_once(port))
		on_establish(sk, replication_on(port), 0, again);
	else
		await_answer(sk);
}

/* A server's socket or a client's: the port tells, where somebody listens yet. */
static __always_inline void on_restore(struct sock *sk, struct tcp_sock *tcp)
{
	__u64 cookie = bpf_get_socket_cookie(sk);
	__u16 port = sk->__sk_common.skc_num;
	struct dark_note note = {FANFARE_DARK_RESTORED, 0, replication_on(port)};

	if (entry_of(cookie) != FANFARE_NO_ENTRY ||
	    !cgroup_in_scope(sk->sk_cgrp_data.cgroup, scope_cgroup))
		return;
	if (!listening_ports[port] || !adopt_older(sk, tcp, cookie, bpf_ktime_get_ns(), note))
		note_dark(sk, cookie, note);
}

static __always_inline void on_dial(struct sock *sk, int again)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);
	__u8 protocol = replication_on(bpf_ntohs(sk->__sk_common.skc_dport));

	if (protocol)
		on_establish(sk, protocol, 1, again);
	else if (tcp && is_being_restored(tcp))
		on_restore(sk, tcp);
	else if (listening_ports[sk->__sk_common.skc_num]) /* in another network namespace, say */
		set_mark(bpf_get_socket_cookie(sk), sk->__sk_common.skc_num, FANFARE_IGNORED);
}

/* Of a socket without a record. It has given back its port in sk_common by now. */
static __always_inline void forget_socket(struct sock *sk, __u64 cookie)
{
	struct inet_sock *inet = (void *)sk;

	if (dark_in_use)
		forget_dark(cookie);
	remove_mark(cookie, port_index(bpf_ntohs(BPF_CORE_READ(inet, inet_sport))));
}

static __always_inline void on_close(struct sock *sk, int oldstate)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);
	__u64 cookie = bpf_get_socket_cookie(sk);
	struct fanfare_flow *flow = find_flow(cookie);

	if (!flow || dark_in_use) /* one that was given up may have both */
		forget_socket(sk, cookie);
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
	if (sk->sk_protocol == IPPROTO_MPTCP && newstate == FANFARE_TCP_CLOSE)
		forget_socket(sk, bpf_get_socket_cookie(sk));
	if (sk->sk_protocol != IPPROTO_TCP)
		return;
	if (newstate == FANFARE_TCP_LISTEN) {
		note_listened(sk->__sk_common.skc_num);
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
