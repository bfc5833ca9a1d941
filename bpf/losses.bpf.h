/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Where every early return that loses something says so; the reasons stand in abi.h. */
#ifndef FANFARE_LOSSES_BPF_H
#define FANFARE_LOSSES_BPF_H

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

#endif
