/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Reach: what became of each event whose identity was read. Two maps serve in turn: new identities
 * go into the current one, lookups try both, and the agent empties the older one and makes it
 * current every 10 seconds. So an identity is kept for 10 to 20 seconds. Inserts are NOEXIST:
 * whatever CPUs race for one event, one of them makes its entry.
 *
 * Not closed: two CPUs that meet a new event on both sides of the very turn may count it twice.
 */
#ifndef FANFARE_REACH_BPF_H
#define FANFARE_REACH_BPF_H

#include "bpf/framers/direction.h"
#include "bpf/knobs.bpf.h"
#include "bpf/losses.bpf.h"

/* max_entries of both is `limits.identities`, and 1 where nobody has `identity`. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct fanfare_event_seen);
} identities_a __weak SEC(".maps"), identities_b __weak SEC(".maps");

/* max_entries is the number of shards. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fanfare_reach);
} reach __weak SEC(".maps");

/* The map that is current: 0 for a, 1 for b. Defined in sockets.bpf.c. */
extern __u32 identity_turn;

/* The barriers keep two calls with one map each: with the map chosen before one call the kernel
 * could not inline the lookup. */
static __always_inline struct fanfare_event_seen *find_identity(__u32 turn, const __u64 *hash)
{
	if (turn) {
		barrier();
		return bpf_map_lookup_elem(&identities_b, hash);
	}
	return bpf_map_lookup_elem(&identities_a, hash);
}

static __always_inline struct fanfare_event_seen *find_either_identity(__u32 turn,
								       const __u64 *hash)
{
	struct fanfare_event_seen *seen = find_identity(turn, hash);

	return seen ? seen : find_identity(!turn, hash);
}

static __always_inline int insert_identity(__u32 turn, const __u64 *hash,
					   const struct fanfare_event_seen *fresh)
{
	if (turn) {
		barrier();
		return bpf_map_update_elem(&identities_b, hash, fresh, BPF_NOEXIST);
	}
	return bpf_map_update_elem(&identities_a, hash, fresh, BPF_NOEXIST);
}

enum {
	IDENTITY_MADE,
	IDENTITY_FOUND,
	IDENTITY_HAS_NO_ROOM,
};

/* Finds the event or makes its entry from `fresh`; `*how` says which. */
static __always_inline struct fanfare_event_seen *
keep_identity(const __u64 *hash, const struct fanfare_event_seen *fresh, int *how)
{
	__u32 turn = identity_turn;
	struct fanfare_event_seen *seen = find_either_identity(turn, hash);
	int error;

	*how = IDENTITY_FOUND;
	if (seen)
		return seen;
	error = insert_identity(turn, hash, fresh);
	if (error && error != -17 /* EEXIST: another CPU has been faster */) {
		*how = IDENTITY_HAS_NO_ROOM;
		return 0;
	}
	if (!error)
		*how = IDENTITY_MADE;
	return find_identity(turn, hash);
}

/* The event has a publisher here and a copy. Who comes second of the two sees both, maybe both do: the
 * exchange counts it once. */
static __always_inline void count_reached_local(struct fanfare_reach *total,
						struct fanfare_event_seen *seen)
{
	if (!__sync_lock_test_and_set(&seen->reached_local, 1))
		__sync_fetch_and_add(&total->reached_local, 1);
}

/* A client has published. A copy may have run ahead of it, by another way than this socket. */
static __always_inline int count_accepted(struct fanfare_reach *total, const __u64 *hash,
					  __u64 cookie)
{
	struct fanfare_event_seen fresh = {.publisher = cookie}, *seen;
	int how;

	seen = keep_identity(hash, &fresh, &how);
	if (!seen || how == IDENTITY_MADE) {
		__sync_fetch_and_add(&total->accepted, 1);
		return how;
	}
	if (__sync_val_compare_and_swap(&seen->publisher, 0, cookie))
		return how; /* published twice */
	__sync_fetch_and_add(&total->accepted, 1);
	if (seen->reached)
		count_reached_local(total, seen);
	return how;
}

static __always_inline int count_copy(struct fanfare_reach *total, const __u64 *hash, __u64 cookie)
{
	struct fanfare_event_seen fresh = {.reached = 1}, *seen;
	int how;

	seen = keep_identity(hash, &fresh, &how);
	if (seen && how != IDENTITY_MADE && seen->publisher == cookie) {
		__sync_fetch_and_add(&total->own_copies, 1);
		return how;
	}
	__sync_fetch_and_add(&total->copies, 1);
	if (seen && (how == IDENTITY_MADE || !__sync_lock_test_and_set(&seen->reached, 1))) {
		__sync_fetch_and_add(&total->reached, 1);
		if (seen->publisher)
			count_reached_local(total, seen);
	}
	return how;
}

/* A message of class event has ended, see identity_is_due(). What a lock on probation shows may
 * not be a message at all. */
static __noinline int count_reach(struct fanfare_direction *d, __u64 cookie)
{
	__u32 place = d->client_rule & FANFARE_RULE_PLACE;
	__u32 shard = identity_rules[place].shard;
	struct fanfare_reach *total = bpf_map_lookup_elem(&reach, &shard);
	__u64 hash = d->identity.hash;
	int how;

	d->identity.state = 0;
	if (!total || d->probation)
		return 0;
	if (!hash) {
		__sync_fetch_and_add(&total->unidentified, 1);
		return 0;
	}
	how = d->flags & FANFARE_MASKED ? count_accepted(total, &hash, cookie)
					: count_copy(total, &hash, cookie);
	if (how == IDENTITY_HAS_NO_ROOM)
		lose_of(d, FANFARE_LOSS_IDENTITIES_FULL, 1);
	return 0;
}

#endif
