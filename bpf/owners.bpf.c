/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Who holds which TCP socket, in every network namespace (iter/tcp would see only one), and, while
 * `adopting`, records for server and replication sockets that are older than the agent. Run at start and when a
 * socket without known owner appears, never for each packet.
 */
#include "bpf/flow.bpf.h"
#include "bpf/knobs.bpf.h"

/* Set by the agent around a scan that shall adopt sockets older than us. */
__u32 adopting;

static __always_inline int is_open(__u8 state)
{
	return state == FANFARE_TCP_ESTABLISHED || state == FANFARE_TCP_CLOSE_WAIT ||
	       state == FANFARE_TCP_FIN_WAIT1 || state == FANFARE_TCP_FIN_WAIT2;
}

static __always_inline void adopt(struct sock *sk, struct tcp_sock *tcp, __u64 cookie)
{
	struct sock_common *common = &sk->__sk_common;
	__u8 accepted = replication_on(common->skc_num);
	__u8 dialled = replication_on(bpf_ntohs(common->skc_dport));
	int serves = listening_ports[common->skc_num];
	struct fanfare_flow *flow;
	__u64 now_ns;

	if ((!serves && !dialled) || is_mptcp_subflow(tcp) ||
	    !cgroup_in_scope(sk->sk_cgrp_data.cgroup, scope_cgroup))
		return;
	now_ns = bpf_ktime_get_ns();
	if (serves && !accepted)
		flow = open_served(sk, tcp, cookie, now_ns, 0);
	else
		flow = open_replication(sk, tcp, cookie, now_ns, 0, serves ? accepted : dialled,
					!serves);
	/* It may have closed before the record stood; then nobody else will say so. */
	if (flow && sk->__sk_common.skc_state == FANFARE_TCP_CLOSE) {
		flow->life = FANFARE_CLOSED;
		unwatch_flow(flow);
	}
}

/*
 * A listener that would also take MPTCP, as Go's do from 1.24 on: the file is the MPTCP socket and
 * knows the port. What it accepts from a client of plain TCP is plain TCP, and ours.
 */
static __always_inline int is_mptcp_listener(struct sock *sk)
{
	return sk->sk_protocol == IPPROTO_MPTCP && sk->__sk_common.skc_state == FANFARE_TCP_LISTEN;
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
	if (is_mptcp_listener(sk)) {
		listening_ports[owner.local_port] = 1;
		owner.cookie = bpf_get_socket_cookie(sk);
		tell(ctx, task, sk, &owner);
		return 0;
	}
	tcp = bpf_skc_to_tcp_sock(sk);
	if (!tcp || sk->sk_protocol != IPPROTO_TCP)
		return 0;
	owner.cookie = bpf_get_socket_cookie(sk);
	if (owner.tcp_state == FANFARE_TCP_LISTEN)
		listening_ports[owner.local_port] = 1;
	else if (!is_open(owner.tcp_state))
		return 0;
	else if (adopting)
		adopt(sk, tcp, owner.cookie);
	if (owner.tcp_state != FANFARE_TCP_LISTEN && !find_flow(owner.cookie))
		return 0;

	owner.srtt_us = tcp->srtt_us >> 3; /* the kernel keeps it in eighths */
	owner.unsent_bytes = tcp->write_seq - tcp->snd_nxt;
	tell(ctx, task, sk, &owner);
	return 0;
}
