/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Who holds which TCP socket, in every network namespace (iter/tcp would see only one), and, while
 * `adopting`, records for server and replication sockets that have none: those older than the
 * agent, those whose birth was not seen, and the dark ones when there is room. Run at start, every
 * few seconds and when a socket without known owner appears, never for each packet.
 */
#include "bpf/adopt.bpf.h"

/* Set by the agent once the ports are known that are listened on. */
__u32 adopting;

static __always_inline int is_open(__u8 state)
{
	return state == FANFARE_TCP_ESTABLISHED || state == FANFARE_TCP_CLOSE_WAIT ||
	       state == FANFARE_TCP_FIN_WAIT1 || state == FANFARE_TCP_FIN_WAIT2;
}

/* It may have closed before its record, its row or its mark stood; then nobody else will say so. */
static __always_inline void end_if_closed(struct sock *sk, __u64 cookie, __u16 port,
					  struct fanfare_flow *flow)
{
	if (sk->__sk_common.skc_state != FANFARE_TCP_CLOSE)
		return;
	forget_dark(cookie);
	remove_mark(cookie, port);
	if (flow) {
		flow->life = FANFARE_CLOSED;
		unwatch_flow(flow);
	}
}

/* What was given up on a port that has proved to be a chat's is searched again. */
static __always_inline void adopt_dark(struct sock *sk, struct tcp_sock *tcp, __u64 cookie,
				       const struct fanfare_dark *row)
{
	__u16 port = sk->__sk_common.skc_num;
	int replicates = fanfare_protocol_replicates(row->protocol);
	struct dark_note note = {0, 0, replicates ? row->protocol : 0, row->dialled};
	__u64 last_ns = row->last_ns;

	if (row->reason == FANFARE_DARK_MPTCP || (!row->dialled && !listening_ports[port]))
		return;
	if (row->reason == FANFARE_DARK_GIVEN_UP) {
		if (!chat_ports[port])
			return;
		last_ns = bpf_ktime_get_ns();
	}
	end_if_closed(sk, cookie, port, adopt_older(sk, tcp, cookie, last_ns, note));
}

static __always_inline void adopt(struct sock *sk, struct tcp_sock *tcp, __u64 cookie)
{
	struct sock_common *common = &sk->__sk_common;
	__u16 port = common->skc_num;
	__u8 accepted = replication_on(port);
	__u8 dialled = replication_on(bpf_ntohs(common->skc_dport));
	__u8 listens = listening_ports[port];
	struct dark_note note = {FANFARE_DARK_OLDER, 0, listens ? accepted : dialled, !listens};
	struct fanfare_dark *row;
	struct fanfare_flow *flow;

	row = dark_in_use ? bpf_map_lookup_elem(&dark_sockets, &cookie) : 0;
	if (row)
		adopt_dark(sk, tcp, cookie, row);
	if (row || entry_of(cookie) != FANFARE_NO_ENTRY || listens == PORT_UNMARKED ||
	    (!listens && !dialled) || !cgroup_in_scope(sk->sk_cgrp_data.cgroup, scope_cgroup))
		return;
	flow = adopt_older(sk, tcp, cookie, bpf_ktime_get_ns(), note);
	if (!flow)
		note_dark(sk, cookie, note);
	end_if_closed(sk, cookie, port, flow);
}

static __always_inline void tell(struct bpf_iter__task_file *ctx, struct task_struct *task,
				 struct sock *sk, struct fanfare_owner *owner)
{
	owner->family = sk->__sk_common.skc_family;
	owner->netns = sk->__sk_common.skc_net.net->ns.inum;
	owner->cgroup_id = BPF_CORE_READ(sk, sk_cgrp_data.cgroup, kn, id);
	owner->pid = task->tgid;
	owner->fd = ctx->fd;
	BPF_CORE_READ_STR_INTO(&owner->comm, task, group_leader, comm);
	bpf_seq_write(ctx->meta->seq, owner, sizeof(*owner));
}

/* What MPTCP's socket is known by: the subflow that was its first, and is one of TCP. */
static __always_inline __u64 mptcp_cookie(struct sock *sk)
{
	struct mptcp_sock *mptcp = (void *)sk;
	struct sock *first = 0;
	__u64 cookie = 0;

	if (bpf_core_field_exists(mptcp->first))
		first = BPF_CORE_READ(mptcp, first);
	if (first)
		cookie = BPF_CORE_READ(first, __sk_common.skc_cookie.counter);
	return cookie && entry_of(cookie) != FANFARE_NO_ENTRY ? cookie : bpf_get_socket_cookie(sk);
}

/* One that is older than the agent is dark, whatever it speaks: nothing of it can be read. */
static __always_inline void tell_mptcp(struct bpf_iter__task_file *ctx, struct task_struct *task,
				       struct sock *sk, struct fanfare_owner *owner)
{
	struct dark_note note = {FANFARE_DARK_MPTCP, FANFARE_SPOKE,
				 replication_on(owner->local_port)};

	if (owner->tcp_state == FANFARE_TCP_LISTEN) {
		note_listened(owner->local_port);
		owner->cookie = bpf_get_socket_cookie(sk);
		tell(ctx, task, sk, owner);
		return;
	}
	if (!is_open(owner->tcp_state) || !listening_ports[owner->local_port])
		return;
	owner->cookie = mptcp_cookie(sk);
	if (adopting && entry_of(owner->cookie) == FANFARE_NO_ENTRY &&
	    cgroup_in_scope(sk->sk_cgrp_data.cgroup, scope_cgroup))
		note_dark(sk, owner->cookie, note);
	if (dark_in_use && bpf_map_lookup_elem(&dark_sockets, &owner->cookie))
		tell(ctx, task, sk, owner);
}

SEC("iter/task_file")
int on_task_file(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct fanfare_owner owner = {};
	struct tcp_sock *tcp;
	struct socket *socket;
	struct sock *sk;

	if (!task || !file)
		return 0;
	socket = bpf_sock_from_file(file);
	if (!socket)
		return 0;
	sk = socket->sk;
	if (!sk)
		return 0;

	owner.tcp_state = sk->__sk_common.skc_state;
	owner.local_port = sk->__sk_common.skc_num;
	/* A listener that would also take MPTCP, as Go's do from 1.24 on: the file is the MPTCP
	 * socket and knows the port. What it accepts from a client of plain TCP is plain TCP. */
	if (sk->sk_protocol == IPPROTO_MPTCP) {
		tell_mptcp(ctx, task, sk, &owner);
		return 0;
	}
	tcp = bpf_skc_to_tcp_sock(sk);
	if (!tcp || sk->sk_protocol != IPPROTO_TCP)
		return 0;
	owner.cookie = bpf_get_socket_cookie(sk);
	if (owner.tcp_state == FANFARE_TCP_LISTEN)
		note_listened(owner.local_port);
	else if (!is_open(owner.tcp_state))
		return 0;
	else if (adopting)
		adopt(sk, tcp, owner.cookie);
	if (owner.tcp_state != FANFARE_TCP_LISTEN && !find_flow(owner.cookie) &&
	    !(dark_in_use && bpf_map_lookup_elem(&dark_sockets, &owner.cookie)))
		return 0;

	owner.srtt_us = tcp->srtt_us >> 3; /* the kernel keeps it in eighths */
	owner.unsent_bytes = tcp->write_seq - tcp->snd_nxt;
	tell(ctx, task, sk, &owner);
	return 0;
}
