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

#include "bpf/events.bpf.h"
#include "bpf/framers/direction.h"
#include "bpf/framers/rpc.h"
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
/* By map: it has refused an identity since it became current. Then no ticket is taken in vain. */
extern __u8 identities_full[2];

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

/* Finds the event or makes its entry from `fresh`; `*how` says which. `place` is of its rules. */
static __always_inline struct fanfare_event_seen *
keep_identity(const __u64 *hash, __u32 place, struct fanfare_event_seen *fresh, int *how)
{
	__u32 turn = identity_turn;
	struct fanfare_event_seen *seen = find_either_identity(turn, hash);
	int error;

	*how = IDENTITY_FOUND;
	if (seen)
		return seen;
	if (rooms_enabled && room_rules[place].pattern_bytes && !identities_full[turn & 1])
		fresh->ticket = begin_event(*hash, room_rules[place].shard);
	error = insert_identity(turn, hash, fresh);
	if (error && error != -17 /* EEXIST: another CPU has been faster */) {
		*how = IDENTITY_HAS_NO_ROOM;
		if (rooms_enabled)
			identities_full[turn & 1] = 1;
		return 0;
	}
	if (!error)
		*how = IDENTITY_MADE;
	return find_identity(turn, hash);
}

/* Whether this CPU is the one that has brought the event into a state. */
static __always_inline int become(struct fanfare_event_seen *seen, __u32 state)
{
	return !(seen->state & state) && !(__sync_fetch_and_or(&seen->state, state) & state);
}

/* The event has a publisher here and a copy. Who comes second of the two sees both, maybe both do: the
 * exchange counts it once. */
static __always_inline void count_reached_local(struct fanfare_reach *total,
						struct fanfare_event_seen *seen)
{
	if (become(seen, FANFARE_EVENT_REACHED_LOCAL))
		__sync_fetch_and_add(&total->reached_local, 1);
}

/* A client has published. A copy may have run ahead of it, by another way than this socket. */
static __always_inline void count_accepted(struct fanfare_reach *total,
					   const struct fanfare_direction *d, __u64 cookie,
					   struct fanfare_event_seen *seen, int made)
{
	struct fanfare_event *event;

	if (seen && !made && __sync_val_compare_and_swap(&seen->publisher, 0, cookie))
		return; /* published twice */
	__sync_fetch_and_add(&total->accepted, 1);
	if (seen && !made && (seen->state & FANFARE_EVENT_REACHED))
		count_reached_local(total, seen);
	event = event_of(seen);
	if (!event)
		return;
	note_publisher(event, d->room.hash, cookie);
	if (!identity_rules[d->client_rule & FANFARE_RULE_PLACE].replicates)
		note_due(event, bpf_ktime_get_ns());
}

static __always_inline void count_copy(struct fanfare_reach *total,
				       const struct fanfare_direction *d, __u64 cookie,
				       struct fanfare_event_seen *seen, int made)
{
	struct fanfare_event *event;

	if (seen && !made && seen->publisher == cookie) {
		__sync_fetch_and_add(&total->own_copies, 1);
		return;
	}
	__sync_fetch_and_add(&total->copies, 1);
	if (seen && (made || become(seen, FANFARE_EVENT_REACHED))) {
		__sync_fetch_and_add(&total->reached, 1);
		if (seen->publisher)
			count_reached_local(total, seen);
	}
	event = event_of(seen);
	if (event)
		note_copy(event, d->room.hash, cookie);
}

/* A message of class event has ended, see identity_is_due(). What a lock on probation shows may
 * not be a message at all. One keeping for both ways: the stack of the longest chain of calls has no
 * room for two. */
static __noinline int count_reach(struct fanfare_direction *d, __u64 cookie)
{
	__u32 place = d->client_rule & FANFARE_RULE_PLACE;
	__u32 shard = identity_rules[place].shard;
	struct fanfare_reach *total = bpf_map_lookup_elem(&reach, &shard);
	struct fanfare_event_seen fresh = {}, *seen;
	__u64 hash =
		d->identity.hash; /* before 6.5 no key may lie in what a global function is given */
	int published = d->flags & FANFARE_MASKED, how;

	d->identity.state = 0;
	if (!total || d->probation)
		return 0;
	if (!hash) {
		__sync_fetch_and_add(&total->unidentified, 1);
		return 0;
	}
	if (published)
		fresh.publisher = cookie;
	else
		fresh.state = FANFARE_EVENT_REACHED;
	seen = keep_identity(&hash, place, &fresh, &how);
	if (published)
		count_accepted(total, d, cookie, seen, how == IDENTITY_MADE);
	else
		count_copy(total, d, cookie, seen, how == IDENTITY_MADE);
	if (how == IDENTITY_HAS_NO_ROOM)
		lose_of(d, FANFARE_LOSS_IDENTITIES_FULL, 1);
	return 0;
}

/* A log entry with the application's data has been read, see FANFARE_DATA_DUE: from here on this
 * node has to copy it to its clients, whoever has published it. One whose identity cannot be read is
 * no event. */
static __noinline int count_entry(struct fanfare_direction *d)
{
	__u32 place = d->room.key & FANFARE_RULE_PLACE;
	struct fanfare_event_seen fresh = {};
	__u64 hash = d->last_ns, now_ns = bpf_ktime_get_ns();
	__u32 shard = room_rules[place].shard;
	struct fanfare_log *log = bpf_map_lookup_elem(&logs, &shard);
	struct fanfare_event *event;
	int how;

	d->rpc.data = FANFARE_DATA_UNREAD;
	if (!log || !log_meets(log, d->rpc.progress_index, now_ns) || !hash)
		return 0;
	event = event_of(keep_identity(&hash, place, &fresh, &how));
	if (event) {
		note_room(event, d->room.hash);
		note_due(event, now_ns);
	}
	if (how == IDENTITY_HAS_NO_ROOM)
		lose_of(d, FANFARE_LOSS_IDENTITIES_FULL, 1);
	return 0;
}

#endif
