/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * From a socket's cookie to its record. The kernel gives cookies in sequence, so those of sockets that
 * are open together lie together: an index by cookie stays in the cache, where a hash spreads the
 * same sockets over megabytes, and a look into it was half of what a pure ACK cost (a miss of cache
 * and TLB, 140 to 190 ns). Two cookies that want one slot are rare; the later one then goes by a hash.
 */
#ifndef FANFARE_FLOW_TABLE_BPF_H
#define FANFARE_FLOW_TABLE_BPF_H

#include "bpf/knobs.bpf.h"
#include "bpf/losses.bpf.h"
#include "bpf/places.bpf.h"

/*
 * One record for each accepted TCP connection until it proves not to be ours, by place. It outlives
 * the socket so that final counts are not lost. A record is taken here and given back, blank, by
 * the agent. max_entries of all four is the agent's, from `limits.sockets`.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 131072);
	__type(key, __u32);
	__type(value, struct fanfare_flow);
} flows __weak SEC(".maps");

/* By cookie modulo its size, a power of two: a FANFARE_INDEX_ENTRY, or 0. The agent maps it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 4 * 131072);
	__type(key, __u32);
	__type(value, __u64);
} flow_index __weak SEC(".maps");

/* Cookie to place, of those whose slot of the index was taken. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 131072);
	__type(key, __u64);
	__type(value, __u32);
} flows_elsewhere __weak SEC(".maps");

/* Places that have been given back. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 131072);
	__type(value, __u32);
} free_flows __weak SEC(".maps");

/* Places in use, and those that have ever been; entries of flows_elsewhere. Defined in
 * sockets.bpf.c. */
extern __u32 flows_in_use, flows_begun, flows_in_hash;

static __always_inline struct fanfare_flow *find_flow(__u64 cookie)
{
	__u32 slot = cookie & flow_index_mask, place = 0;
	__u64 *entry = bpf_map_lookup_elem(&flow_index, &slot);

	if (!entry)
		return 0;
	if (FANFARE_INDEX_FITS(*entry, cookie)) {
		place = FANFARE_INDEX_PLACE(*entry);
	} else {
		__u32 *elsewhere;

		if (!flows_in_hash)
			return 0;
		elsewhere = bpf_map_lookup_elem(&flows_elsewhere, &cookie);
		if (!elsewhere)
			return 0;
		place = *elsewhere;
	}
	return bpf_map_lookup_elem(&flows, &place);
}

enum {
	FLOW_ENTERED,
	FLOW_IS_THERE, /* somebody else was faster */
	FLOW_HAS_NO_ROOM,
};

static __always_inline int enter_hash(__u64 cookie, __u32 place)
{
	/* Before d7ba4cc900bf (6.4) map operations returned an int: the upper half is not theirs. */
	int error;

	__sync_fetch_and_add(&flows_in_hash, 1); /* first: who finds it 0 does not look there */
	error = bpf_map_update_elem(&flows_elsewhere, &cookie, &place, BPF_NOEXIST);
	if (!error)
		return FLOW_ENTERED;
	__sync_fetch_and_add(&flows_in_hash, -1);
	return error == -17 /* EEXIST */ ? FLOW_IS_THERE : FLOW_HAS_NO_ROOM;
}

/* From here on find_flow() has it. */
static __always_inline int enter_flow(__u64 cookie, __u32 place)
{
	__u32 slot = cookie & flow_index_mask;
	__u64 *entry = bpf_map_lookup_elem(&flow_index, &slot);
	__u64 before;

	if (!entry)
		return FLOW_HAS_NO_ROOM;
	before = __sync_val_compare_and_swap(entry, 0, FANFARE_INDEX_ENTRY(cookie, place));
	if (!before)
		return FLOW_ENTERED;
	if (FANFARE_INDEX_FITS(before, cookie))
		return FLOW_IS_THERE;
	return enter_hash(cookie, place);
}

/* A blank record of one end of a connection; 0 where there is one already, or no room. */
static __always_inline struct fanfare_flow *new_flow(const struct sock_common *common, int dialled,
						     __u64 cookie, __u64 now_ns)
{
	struct fanfare_flow *flow;
	__u32 taken, place;
	int entered = FLOW_HAS_NO_ROOM;

	if (find_flow(cookie))
		return 0;
	taken = take_place(&free_flows, &flows_begun, &flows_in_use, flows_max);
	if (taken) {
		place = taken - 1;
		entered = enter_flow(cookie, place);
		if (entered != FLOW_ENTERED)
			give_place(&free_flows, &flows_in_use, place);
	}
	if (entered == FLOW_HAS_NO_ROOM)
		lose_on_port(common, served_port(common, dialled), FANFARE_WAY_OUT,
			     FANFARE_LOSS_FLOW_MAP_FULL);
	if (entered != FLOW_ENTERED)
		return 0;
	flow = bpf_map_lookup_elem(&flows, &place);
	if (!flow)
		return 0;
	flow->cookie = cookie;
	flow->out.last_ns = now_ns;
	flow->in.last_ns = now_ns;
	return flow;
}

#endif
