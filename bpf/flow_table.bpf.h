/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* The records of sockets. */
#ifndef FANFARE_FLOW_TABLE_BPF_H
#define FANFARE_FLOW_TABLE_BPF_H

#include "bpf/flow_index.bpf.h"
#include "bpf/knobs.bpf.h"
#include "bpf/places.bpf.h"

/*
 * One record for each TCP connection of a client, or that may be one's, by place. It outlives the
 * socket so that final counts are not lost. A record is taken here and given back, blank, by the
 * agent. max_entries of all three is the agent's, from `limits.sockets`.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 131072);
	__type(key, __u32);
	__type(value, struct fanfare_flow);
} flows __weak SEC(".maps");

/* Places that have been given back. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 131072);
	__type(value, __u32);
} free_flows __weak SEC(".maps");

/* Places whose records proved to be of plain HTTP. The agent blanks them, and gives them back. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 131072);
	__type(value, __u32);
} left_flows __weak SEC(".maps");

/* Places in use, and those that have ever been. Defined in sockets.bpf.c. */
extern __u32 flows_in_use, flows_begun;
/* Of those in use, the ones of sockets between nodes. Clients leave them room: what is due stands on
 * them, they are few, and after a restart they come when the table is full of what has closed. */
extern __u32 peers_in_use;

/* Of the two counts one changes before the other: for that moment a client may find no room. */
static __always_inline int has_room_for_client(void)
{
	return (__s32)(flows_in_use - peers_in_use) < (__s32)flows_max;
}

static __always_inline struct fanfare_flow *find_flow(__u64 cookie)
{
	__u32 place = entry_of(cookie);

	return bpf_map_lookup_elem(&flows, &place); /* of a mark: none */
}

/* A blank record; 0 where there is one already, or no room. Where it takes the place of a mark that
 * is counted in watched_ports it is watched from the start. */
static __always_inline struct fanfare_flow *new_flow(__u64 cookie, __u64 now_ns, int is_peer)
{
	__u32 before = entry_of(cookie), taken, place;
	struct fanfare_flow *flow;
	int entered;

	if (before < FANFARE_INDEX_MARKS)
		return 0;
	if (!is_peer && !has_room_for_client())
		return 0;
	taken = take_place(&free_flows, &flows_begun, &flows_in_use, flows_max + peers_max);
	if (!taken)
		return 0;
	place = taken - 1;
	if (is_mark(before))
		entered = !change_entry(cookie, before, place);
	else
		entered = enter(cookie, place);
	flow = bpf_map_lookup_elem(&flows, &place);
	if (entered != FLOW_ENTERED || !flow) {
		give_place(&free_flows, &flows_in_use, place);
		return 0;
	}
	if (is_peer)
		__sync_fetch_and_add(&peers_in_use, 1);
	flow->cookie = cookie;
	flow->watched = is_mark(before) && before != FANFARE_IGNORED;
	flow->out.last_ns = now_ns;
	flow->in.last_ns = now_ns;
	return flow;
}

#endif
