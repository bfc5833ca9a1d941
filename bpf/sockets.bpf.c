/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Birth and death of TCP sockets, in every network namespace. inet_sock_set_state because it is
 * stable, fires for each change of state, and as tp_btf may ask for the cookie (raw_tp may not).
 *
 *   change                      | means                       | here
 *   any -> LISTEN               | a server                    | the agent looks up its owner
 *   SYN_RECV -> ESTABLISHED     | accepted, TCP's own word    | record opened
 *   SYN_SENT -> ESTABLISHED     | dialled                     | same, to a replication port
 *   any -> CLOSE                | over, sequence numbers final | figures stored, unwatched
 */
#include "bpf/begin.bpf.h"

__u32 watched_ports[65536];
__u64 served_ports[65536 / 64];
__u8 listening_ports[65536];
__u8 chat_ports[65536];
__u8 replication_ports[65536];
__u8 client_rule_of_port[65536];
__u8 client_protocol_of_port[65536];
__u8 publish_set_of_port[65536];
__u32 identity_turn;
__u32 streams_in_use, streams_begun, pages_in_use, pages_begun;
__u64 reclaimed_ns;
/* The agent watches it: a change means that owners should be looked up again. */
__u64 listeners_seen;

/* `protocol` is that of the replication port, 0: of a server of clients, which is not dialled. */
static __always_inline void on_establish(struct sock *sk, __u8 protocol, int dialled)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);

	if (!tcp || !cgroup_in_scope(sk->sk_cgrp_data.cgroup, scope_cgroup))
		return;
	if (is_mptcp_subflow(tcp)) {
		lose(FANFARE_LOSS_MPTCP, 1);
		return;
	}
	begin_flow(sk, tcp, bpf_get_socket_cookie(sk), protocol, dialled);
}

static __always_inline void on_accept(struct sock *sk)
{
	on_establish(sk, replication_on(sk->__sk_common.skc_num), 0);
}

static __always_inline void on_dial(struct sock *sk)
{
	__u8 protocol = replication_on(bpf_ntohs(sk->__sk_common.skc_dport));

	if (protocol)
		on_establish(sk, protocol, 1);
}

static __always_inline void on_close(struct sock *sk, int oldstate)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);
	__u64 cookie = bpf_get_socket_cookie(sk);
	struct fanfare_flow *flow = bpf_map_lookup_elem(&flows, &cookie);

	if (!flow || !tcp)
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

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_set_state, struct sock *sk, int oldstate, int newstate)
{
	if (sk->sk_protocol != IPPROTO_TCP)
		return 0;
	if (newstate == FANFARE_TCP_LISTEN) {
		listening_ports[sk->__sk_common.skc_num] = 1;
		__sync_fetch_and_add(&listeners_seen, 1);
	} else if (oldstate == FANFARE_TCP_SYN_RECV && newstate == FANFARE_TCP_ESTABLISHED) {
		on_accept(sk);
	} else if (oldstate == FANFARE_TCP_SYN_SENT && newstate == FANFARE_TCP_ESTABLISHED) {
		on_dial(sk);
	} else if (newstate == FANFARE_TCP_CLOSE) {
		on_close(sk, oldstate);
	}
	return 0;
}
