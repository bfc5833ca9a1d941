/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * What we take from the kernel: UAPI, and by CO-RE the few fields that UAPI does not show. Only
 * fields that are used are declared, so no vmlinux.h is needed to build. All drift between kernel
 * versions stands here.
 */
#ifndef FANFARE_KERNEL_BPF_H
#define FANFARE_KERNEL_BPF_H

#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

#include "bpf/abi.h"
#include "bpf/tcp_states.h"

/* What is rare stands behind what is not: a run pays for every line of code that it has to fetch. */
#ifndef likely
#define likely(condition) __builtin_expect(!!(condition), 1)
#endif
#ifndef unlikely
#define unlikely(condition) __builtin_expect(!!(condition), 0)
#endif

#define PASS 1 /* a cgroup_skb verdict: the packet goes on; there is no other return here */

enum {
	AF_INET = 2,
	AF_INET6 = 10,
	TASK_COMM_BYTES = 16
};

/* Ends the program here. clang would have all of a program's ways end behind its last line, which
 * nothing else fetches; and most runs end at one of the first. */
#define PASS_NOW()                                                                                 \
	do {                                                                                       \
		asm volatile("r0 = 1\n\texit" ::: "r0");                                           \
		__builtin_unreachable();                                                           \
	} while (0)

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};
struct net {
	struct ns_common ns;
};
typedef struct {
	struct net *net;
} possible_net_t;

typedef struct {
	__s64 counter;
} atomic64_t;
struct sock_common {
	unsigned short skc_family;
	volatile unsigned char skc_state;
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	possible_net_t skc_net;
	atomic64_t skc_cookie; /* 0: nobody has asked for it */
};

struct kernfs_node {
	__u64 id;
};
struct cgroup {
	int level;
	struct kernfs_node *kn;
	struct cgroup *ancestors[]; /* since 7f203bc89eb6 (6.1) */
};
struct cgroup___before_6_1 {
	int level;
	__u64 ancestor_ids[];
};
struct sock_cgroup_data {
	struct cgroup *cgroup; /* since 8520e224f547 (5.15, when v1 and v2 came apart) */
};

struct sock {
	struct sock_common __sk_common;
	struct sock_cgroup_data sk_cgrp_data;
	__u16 sk_protocol;
	int sk_err;
};
struct tcp_sock {
	__u32 snd_una, snd_nxt, write_seq, srtt_us, data_segs_out, rcv_nxt, rcv_wup, rcv_wnd;
	__u32 max_window;
	__u64 bytes_sent;
	__u8 repair : 1;
	_Bool is_mptcp : 1;
};

struct inet_sock {
	__be16 inet_sport;
};
struct mptcp_sock {
	struct sock *first; /* subflow */
};

struct sk_buff {
	__u8 ip_summed : 2;
	__u8 csum_valid : 1;
};

struct socket {
	struct sock *sk;
};
struct file;
struct mm_struct {
	unsigned long arg_start, arg_end;
};
struct task_struct {
	int tgid;
	struct mm_struct *mm;
	struct task_struct *group_leader, *real_parent;
	char comm[TASK_COMM_BYTES];
};
struct seq_file;
struct bpf_iter_meta {
	struct seq_file *seq;
};
struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};

#pragma clang attribute pop

/* The kernel's own view of what a program is given, so that a load is all that a field of it costs
 * (bpf_probe_read_kernel() is ten times that). The verifier makes a move of the call. Since
 * fd264ca02094 (6.2); see kernel_casts. */
extern void *bpf_cast_to_kern_ctx(void *context) __weak __ksym;

#define CGROUP_LEVELS_MAX 32

/* The id of the cgroup's ancestor at `level`, itself included; 0 where there is none. */
static __always_inline __u64 cgroup_ancestor_id(struct cgroup *cgroup, __u32 level)
{
	__u64 id = 0;

	if (bpf_core_field_exists(cgroup->ancestors)) {
		struct cgroup *ancestor = 0;

		bpf_probe_read_kernel(&ancestor, sizeof(ancestor),
				      (void *)&cgroup->ancestors + level * sizeof(ancestor));
		return ancestor ? BPF_CORE_READ(ancestor, kn, id) : 0;
	}
	bpf_probe_read_kernel(&id, sizeof(id),
			      (void *)&((struct cgroup___before_6_1 *)cgroup)->ancestor_ids +
				      level * sizeof(id));
	return id;
}

/* Whether a socket of `cgroup` sends through the cgroup with id `scope`; 0 stands for the root. Its
 * level cannot be known from inside a cgroup namespace, so all levels are compared; once for each
 * connection, and only where the agent is attached to a subtree. */
static __always_inline int cgroup_in_scope(struct cgroup *cgroup, __u64 scope)
{
	if (scope == 0)
		return 1;
	if (!cgroup)
		return 0;
	for (__u32 level = 0; level < CGROUP_LEVELS_MAX; level++) {
		if (level > (__u32)cgroup->level)
			return 0;
		if (cgroup_ancestor_id(cgroup, level) == scope)
			return 1;
	}
	return 0;
}

/* Between the setting and the clearing of TCP_REPAIR: then connect() makes a connection that exists
 * already, on another host or in an image. */
static __always_inline int is_being_restored(struct tcp_sock *tcp)
{
	return BPF_CORE_READ_BITFIELD_PROBED(tcp, repair);
}

static __always_inline int is_mptcp_subflow(struct tcp_sock *tcp)
{
	return bpf_core_field_exists(tcp->is_mptcp) && BPF_CORE_READ_BITFIELD_PROBED(tcp, is_mptcp);
}

#endif
