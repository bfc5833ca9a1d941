/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Knobs: read-only here, set by the agent once before loading, so that the verifier drops what a
 * setting leaves unused. */
#ifndef FANFARE_KNOBS_BPF_H
#define FANFARE_KNOBS_BPF_H

#include "bpf/kernel.bpf.h"

/* `limits.sockets` */
const volatile __u32 flows_max __weak = 131072;
/* records beside them that no client gets: for sockets between nodes; 0 where nothing is replicated */
const volatile __u32 peers_max __weak = 0;
/* a power of two - 1: slots of flow_index, fewer 1 */
const volatile __u32 flow_index_mask __weak = 4 * 131072 - 1;
/* entries of flows_elsewhere from which on none is a mark's */
const volatile __u32 marks_in_hash_max __weak = 131072;
/* headers one run may walk: 131 KB of empty frames, 1.2 ms */
const volatile __u32 frame_budget __weak = 65536;
/* steps one run may search, about 50 us */
const volatile __u32 search_budget __weak = 4096;
/* tokens of replication RPCs one run may walk: 1,200 entries, 0.1 ms */
const volatile __u32 rpc_budget __weak = 16384;
/* what is held past a hole may be dropped after this time without the hole's bytes */
const volatile __u64 held_max_ns __weak = 60000000000;
/* 0 only where the price of following messages to their acknowledgement is measured */
const volatile __u8 acks_enabled __weak = 1;
/* 1 where other CPUs see a CPU's stores in the order in which it made them (x86): then a plain store
 * lets go of a lock */
const volatile __u8 stores_in_order __weak = 0;
/* 1 where the kernel has bpf_cast_to_kern_ctx() */
const volatile __u8 kernel_casts __weak = 0;
/* 1 where some shard has a replication port; without, all that reads RPCs is dropped */
const volatile __u8 replication_enabled __weak = 0;
/* 1 where some shard names what its clients speak; without, all that reads another protocol than
 * WebSocket is dropped */
const volatile __u8 client_protocols_enabled __weak = 0;
/* what publishes by HTTP, by fanfare_exchanges.wanted */
const volatile struct fanfare_publish_set publish_sets[FANFARE_PUBLISH_SETS_MAX] __weak = {};
/* 1 where some shard has `identity`; without, all that reads identities is dropped */
const volatile __u8 identity_enabled __weak = 0;
/* 1 where some shard has `room`; without, all that reads rooms, and entries of logs, is dropped */
const volatile __u8 rooms_enabled __weak = 0;
/* a power of two - 1: records of events, fewer 1 */
const volatile __u32 event_mask __weak = 0;
/* 1 where some shard has `events` or `heartbeats`; without, all that tells classes is dropped */
const volatile __u8 classes_enabled __weak = 0;
/* 1 where either of them is */
const volatile __u8 payloads_read __weak = 0;
/* how, by the place in fanfare_direction.client_rule, in the order of the shards */
const volatile struct fanfare_identity_rule identity_rules[FANFARE_CLIENT_RULES_MAX] __weak = {};
const volatile struct fanfare_identity_rule room_rules[FANFARE_CLIENT_RULES_MAX] __weak = {};
const volatile struct fanfare_class_rule class_rules[FANFARE_CLIENT_RULES_MAX] __weak = {};

#endif
