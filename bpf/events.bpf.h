/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Each event in flight, of shards that have identity and room: its room, its publisher, when it was
 * due, when its first copy left, how many have, and to whom. A ring: who makes the entry of an
 * identity (bpf/reach.bpf.h) takes the next ticket, and the agent reads the records in their order
 * while they are young. A record that is reused before the agent has read it is its named loss.
 *
 * Two CPUs that meet a new event at once take a ticket each. One of them stays nobody's: it is
 * never due, which is what the agent goes by.
 */
#ifndef FANFARE_EVENTS_BPF_H
#define FANFARE_EVENTS_BPF_H

#include "bpf/framers/log.h"
#include "bpf/knobs.bpf.h"

/* max_entries is twice `limits.identities`, up to a power of two, and 1 where nobody has rooms. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fanfare_event);
} events __weak SEC(".maps");

/* max_entries is the number of shards where one has rooms, else 1. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fanfare_log);
} logs __weak SEC(".maps");

/* The last one taken. Defined in sockets.bpf.c. */
extern __u64 event_tickets;

static __always_inline struct fanfare_event *event_at(__u64 ticket)
{
	__u32 slot = ticket & event_mask;

	return bpf_map_lookup_elem(&events, &slot);
}

/* Returns the ticket of a blank record. The number is taken away first and set last: who finds it
 * before and after he has read the rest has read one record. */
static __always_inline __u64 begin_event(__u64 identity, __u32 shard)
{
	__u64 ticket = __sync_fetch_and_add(&event_tickets, 1) + 1;
	struct fanfare_event *event = event_at(ticket);

	if (!event)
		return 0;
	__sync_lock_test_and_set(&event->ticket, 0);
	event->identity = identity;
	event->room = event->due_ns = event->first_copy_ns = event->publisher = 0;
	event->copies = 0;
	event->shard = shard;
	for (int i = 0; i < FANFARE_EVENT_RECEIVERS; i++)
		event->to[i] = 0;
	__sync_lock_test_and_set(&event->ticket, ticket);
	return ticket;
}

/* 0: the shard has no rooms, or the record has been reused. */
static __always_inline struct fanfare_event *event_of(const struct fanfare_event_seen *seen)
{
	struct fanfare_event *event;

	if (!rooms_enabled || !seen || !seen->ticket)
		return 0;
	event = event_at(seen->ticket);
	return event && (__u32)event->ticket == seen->ticket ? event : 0;
}

/* What is read of a room by whoever comes first holds; a hole may have hidden it from him. */
static __always_inline void note_room(struct fanfare_event *event, __u64 room)
{
	if (room && !event->room)
		event->room = room;
}

static __always_inline void note_due(struct fanfare_event *event, __u64 now_ns)
{
	if (!event->due_ns)
		__sync_val_compare_and_swap(&event->due_ns, 0, now_ns);
}

static __always_inline void note_publisher(struct fanfare_event *event, __u64 room, __u64 cookie)
{
	note_room(event, room);
	event->publisher = cookie;
}

static __always_inline void note_receiver(struct fanfare_event *event, __u64 cookie)
{
	for (int i = 0; i < FANFARE_EVENT_RECEIVERS; i++) {
		__u64 held = event->to[i];

		if (!held)
			held = __sync_val_compare_and_swap(&event->to[i], 0, cookie);
		if (!held || held == cookie)
			return;
	}
}

static __always_inline void note_copy(struct fanfare_event *event, __u64 room, __u64 cookie)
{
	note_room(event, room);
	if (!event->first_copy_ns)
		__sync_val_compare_and_swap(&event->first_copy_ns, 0, bpf_ktime_get_ns());
	__sync_fetch_and_add(&event->copies, 1);
	note_receiver(event, cookie);
}

#endif
