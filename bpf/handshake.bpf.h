/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Payload that arrives before a connection is established: with the segment that completes the
 * handshake (its bare ACK was lost, or TCP_DEFER_ACCEPT had it dropped), or with the SYN (Fast
 * Open). Such segments carry the listener's socket. On ports whose connections are read from their
 * first byte they are held by the addresses, and the flow takes them over when it begins
 * (bpf/begin.bpf.h).
 */
#ifndef FANFARE_HANDSHAKE_BPF_H
#define FANFARE_HANDSHAKE_BPF_H

#include "bpf/flow.bpf.h"
#include "bpf/held.bpf.h"

#define HANDSHAKES	 64		   /* places; a power of two */
#define HANDSHAKE_MAX_NS (held_max_ns / 6) /* after that its place may be taken by another */

union handshake_key {
	struct {
		__u8 remote[16], local[16]; /* as in fanfare_flow */
		__u32 netns;
		__u16 remote_port, local_port;
	};
	__u64 words[5];
};

struct handshake {
	union handshake_key key;
	__u64 since_ns; /* 0: the place is free */
	__u32 busy;	/* as fanfare_direction.busy, for all that stands here */
	__u32 seq;	/* of the first byte */
};

/* By a hash of the addresses. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HANDSHAKES);
	__type(key, __u32);
	__type(value, struct handshake);
} handshakes __weak SEC(".maps");

static __always_inline struct handshake *place_of_handshake(const union handshake_key *key)
{
	__u64 hash = 0;
	__u32 place;

	for (int i = 0; i < 5; i++)
		hash = identity_mix(hash ^ key->words[i]);
	place = hash & (HANDSHAKES - 1);
	return bpf_map_lookup_elem(&handshakes, &place);
}

static __always_inline int is_handshake_of(const struct handshake *handshake,
					   const union handshake_key *key)
{
	__u64 differ = 0;

	for (int i = 0; i < 5; i++)
		differ |= handshake->key.words[i] ^ key->words[i];
	return handshake->since_ns && !differ;
}

#endif
