/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Where every early return that loses something says so; the reasons stand in abi.h. */
#ifndef FANFARE_LOSSES_BPF_H
#define FANFARE_LOSSES_BPF_H

#include "bpf/framers/direction.h"
#include "bpf/kernel.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, FANFARE_LOSS_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} losses __weak SEC(".maps");

/* Atomic: a run in process context can be interrupted by one in softirq on the same CPU. */
static __always_inline void lose(__u32 reason, __u64 count)
{
	__u64 *total = bpf_map_lookup_elem(&losses, &reason);

	if (total)
		__sync_fetch_and_add(total, count);
}

/* The same of a direction that the caller may write to: of egress, or inside of the inbound one. */
static __always_inline void lose_of(struct fanfare_direction *d, __u32 reason, __u64 count)
{
	fanfare_note_loss(d, reason, count); /* first: nothing is kept over the call */
	lose(reason, count);
}

/* By fanfare_port_loss. Few ports lose anything without a record; where the map is full the reason
 * still counts. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, FANFARE_PORT_LOSSES_MAX);
	__type(key, struct fanfare_port_loss);
	__type(value, __u64);
} port_losses __weak SEC(".maps");

/* The port of the end that listens, host order. */
static __always_inline __u16 served_port(const struct sock_common *common, int dialled)
{
	return dialled ? bpf_ntohs(common->skc_dport) : common->skc_num;
}

/* The same of a socket that listens on, or was accepted by, `port`. Apart for its stack: it is
 * rare. */
static __noinline int lose_on_port(const struct sock_common *common, __u16 port, __u8 way,
				   __u32 reason)
{
	struct fanfare_port_loss key = {common->skc_net.net->ns.inum, port, way, reason};
	__u64 none = 0, *count;

	lose(reason, 1);
	bpf_map_update_elem(&port_losses, &key, &none, BPF_NOEXIST);
	count = bpf_map_lookup_elem(&port_losses, &key);
	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}

#endif
