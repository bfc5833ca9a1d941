/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Sockets that are open on a served port and not followed. They stand in the denominator of coverage
 * as long as they are open, and have a record as soon as there is room.
 */
#ifndef FANFARE_DARK_BPF_H
#define FANFARE_DARK_BPF_H

#include "bpf/flow.bpf.h"
#include "bpf/marks.bpf.h"

/* By cookie. max_entries is the agent's. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 131072);
	__type(key, __u64);
	__type(value, struct fanfare_dark);
} dark_sockets __weak SEC(".maps");

/* Rows of dark_sockets. Defined in sockets.bpf.c. */
extern __u32 dark_in_use;

static __always_inline __u8 dark_loss(__u8 reason)
{
	if (reason == FANFARE_DARK_NO_ROOM || reason == FANFARE_DARK_OLDER)
		return FANFARE_LOSS_FLOW_MAP_FULL;
	if (reason == FANFARE_DARK_MPTCP)
		return FANFARE_LOSS_MPTCP;
	return reason == FANFARE_DARK_GIVEN_UP ? FANFARE_LOSS_SEARCH_GIVEN_UP : FANFARE_LOSS_NONE;
}

/* Whether what it sends decides about it. */
static __always_inline int is_dark_for_now(__u8 reason)
{
	return reason != FANFARE_DARK_MPTCP && reason != FANFARE_DARK_GIVEN_UP;
}

static __always_inline void forget_dark(__u64 cookie)
{
	if (!bpf_map_delete_elem(&dark_sockets, &cookie))
		__sync_fetch_and_add(&dark_in_use, -1);
}

struct dark_note {
	__u8 reason; /* enum fanfare_dark_reason */
	__u8 spoke;
	__u8 protocol; /* of the replication port, 0: what clients speak there */
	__u8 dialled;
};

/* Once for each socket; the second time nothing is done. */
static __noinline int note_dark(struct sock *sk, __u64 cookie, struct dark_note note)
{
	struct fanfare_dark dark = {};
	__u16 port = sk->__sk_common.skc_num;
	/* Before d7ba4cc900bf (6.4) map operations returned an int: the upper half is not theirs. */
	int error;

	dark.last_ns = bpf_ktime_get_ns();
	dark.cgroup_id = cgroup_id_of(sk);
	read_addresses(sk, dark.local, dark.remote);
	dark.netns = sk->__sk_common.skc_net.net->ns.inum;
	dark.local_port = port;
	dark.remote_port = bpf_ntohs(sk->__sk_common.skc_dport);
	dark.reason = note.reason;
	dark.spoke = note.spoke;
	dark.protocol = note.protocol ? note.protocol : client_protocol_on(port);
	dark.dialled = note.dialled;
	__sync_fetch_and_add(&dark_in_use, 1); /* first: who finds it 0 does not look there */
	error = bpf_map_update_elem(&dark_sockets, &cookie, &dark, BPF_NOEXIST);
	if (error)
		__sync_fetch_and_add(&dark_in_use, -1);
	if (error == -17 /* EEXIST */)
		return 0;
	if (dark_loss(note.reason))
		lose_on_port(&sk->__sk_common, served_port(&sk->__sk_common, note.dialled),
			     FANFARE_WAY_OUT, dark_loss(note.reason));
	set_mark(cookie, port,
		 error || !is_dark_for_now(note.reason) ? FANFARE_IGNORED : FANFARE_IS_DARK);
	return 0;
}

#endif
