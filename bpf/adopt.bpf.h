/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Records for sockets that are met in the middle of their stream. */
#ifndef FANFARE_ADOPT_BPF_H
#define FANFARE_ADOPT_BPF_H

#include "bpf/dark.bpf.h"

/* Such records of clients, ever; and how many there may have been. The agent allows so many that those
 * which are still searched take three quarters of the table: one that shows its 101 finds room. */
extern __u64 adoptions, adoptions_allowed;

static __always_inline int may_adopt(int is_peer)
{
	if (is_peer)
		return 1;
	if (!has_room_for_client() || adoptions >= adoptions_allowed)
		return 0;
	__sync_fetch_and_add(&adoptions, 1);
	return 1;
}

/* One whose last bytes left at `last_ns`; 0: no room, or it is there. */
static __noinline struct fanfare_flow *adopt_older(struct sock *sk, struct tcp_sock *tcp,
						   __u64 cookie, __u64 last_ns,
						   struct dark_note note)
{
	struct fanfare_flow *flow;

	if (!may_adopt(note.protocol != 0))
		return 0;
	if (note.protocol)
		flow = open_replication(sk, tcp, cookie, last_ns, 0, note.protocol, note.dialled);
	else
		flow = open_served(sk, tcp, cookie, last_ns, 0);
	if (flow && dark_in_use)
		forget_dark(cookie);
	return flow;
}

#endif
