/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * From a socket's cookie to the place of its record, or to a mark. The kernel gives cookies in sequence,
 * so those of sockets that are open together lie together: an index by cookie stays in the cache,
 * where a hash spreads the same sockets over megabytes, and a look into it was half of what a pure
 * ACK cost (a miss of cache and TLB, 140 to 190 ns). Two cookies that want one slot are rare; the
 * later one then goes by a hash.
 */
#ifndef FANFARE_FLOW_INDEX_BPF_H
#define FANFARE_FLOW_INDEX_BPF_H

#include "bpf/knobs.bpf.h"

/* By cookie modulo its size, a power of two: a FANFARE_INDEX_ENTRY, or 0. The agent maps it, and sets
 * max_entries by `limits.sockets`, as of the next. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 4 * 131072);
	__type(key, __u32);
	__type(value, __u64);
} flow_index __weak SEC(".maps");

/* Cookie to place or mark, of those whose slot of the index was taken. Marks leave room for as many
 * records as there can be: they would keep clients out. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 131072);
	__type(key, __u64);
	__type(value, __u32);
} flows_elsewhere __weak SEC(".maps");

/* Entries of flows_elsewhere. Defined in sockets.bpf.c. */
extern __u32 flows_in_hash;

static __always_inline int is_mark(__u32 place)
{
	return place >= FANFARE_INDEX_MARKS && place != FANFARE_NO_ENTRY;
}

/* The place of the socket's record, a mark, or FANFARE_NO_ENTRY. */
static __always_inline __u32 entry_of(__u64 cookie)
{
	__u32 slot = cookie & flow_index_mask, *elsewhere;
	__u64 *entry = bpf_map_lookup_elem(&flow_index, &slot);

	if (unlikely(!entry))
		return FANFARE_NO_ENTRY;
	if (likely(FANFARE_INDEX_FITS(*entry, cookie)))
		return FANFARE_INDEX_PLACE(*entry);
	if (!flows_in_hash)
		return FANFARE_NO_ENTRY;
	elsewhere = bpf_map_lookup_elem(&flows_elsewhere, &cookie);
	return elsewhere ? *elsewhere : FANFARE_NO_ENTRY;
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

	if (is_mark(place) && flows_in_hash >= marks_in_hash_max)
		return FLOW_HAS_NO_ROOM;
	__sync_fetch_and_add(&flows_in_hash, 1); /* first: who finds it 0 does not look there */
	error = bpf_map_update_elem(&flows_elsewhere, &cookie, &place, BPF_NOEXIST);
	if (!error)
		return FLOW_ENTERED;
	__sync_fetch_and_add(&flows_in_hash, -1);
	return error == -17 /* EEXIST */ ? FLOW_IS_THERE : FLOW_HAS_NO_ROOM;
}

/* From here on entry_of() has it. */
static __always_inline int enter(__u64 cookie, __u32 place)
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

/* 1 where the entry was `from` and is `to` now: of several that try one succeeds. */
static __always_inline int change_entry(__u64 cookie, __u32 from, __u32 to)
{
	__u32 slot = cookie & flow_index_mask, *elsewhere;
	__u64 *entry = bpf_map_lookup_elem(&flow_index, &slot);
	__u64 before = FANFARE_INDEX_ENTRY(cookie, from);

	if (!entry)
		return 0;
	if (__sync_val_compare_and_swap(entry, before, FANFARE_INDEX_ENTRY(cookie, to)) == before)
		return 1;
	if (!flows_in_hash)
		return 0;
	elsewhere = bpf_map_lookup_elem(&flows_elsewhere, &cookie);
	return elsewhere && __sync_val_compare_and_swap(elsewhere, from, to) == from;
}

/* The same; then there is none. */
static __always_inline int remove_entry(__u64 cookie, __u32 from)
{
	__u32 slot = cookie & flow_index_mask;
	__u64 *entry = bpf_map_lookup_elem(&flow_index, &slot);
	__u64 before = FANFARE_INDEX_ENTRY(cookie, from);

	if (entry && __sync_val_compare_and_swap(entry, before, 0) == before)
		return 1;
	if (!flows_in_hash || !change_entry(cookie, from, FANFARE_MARK_GONE))
		return 0;
	bpf_map_delete_elem(&flows_elsewhere, &cookie);
	__sync_fetch_and_add(&flows_in_hash, -1);
	return 1;
}

#endif
