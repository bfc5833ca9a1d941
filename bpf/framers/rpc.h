/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * What every replication framer does to a direction: begin an RPC, finish it, lose step. All of an
 * RPC goes to the tally when its last byte has passed, and none of it before. Pure.
 */
#ifndef FANFARE_RPC_H
#define FANFARE_RPC_H

#include "bpf/framers/direction.h"

/* 1 where some shard has a replication port. A knob of the kernel programs, bpf/knobs.bpf.h: with 0
 * the verifier drops all that stands behind it. */
#ifdef __bpf__
extern const volatile __u8 replication_enabled;
#else
static const __u8 replication_enabled = 1;
#endif

/* fanfare_rpc.kind */
enum {
	FANFARE_RPC_NONE, /* between two */
	FANFARE_RPC_APPEND,
	FANFARE_RPC_APPEND_EMPTY,
	FANFARE_RPC_HEARTBEAT,
	FANFARE_RPC_VOTE,
	FANFARE_RPC_SNAPSHOT,
	FANFARE_RPC_OTHER,
	FANFARE_RPC_APPEND_UNTOLD, /* whether it has entries is still to come */
	FANFARE_RPC_ANSWER,
};

/* fanfare_rpc.data: how far the Data of the entry in progress have been read */
enum {
	FANFARE_DATA_UNREAD,
	FANFARE_DATA_PASS, /* the bytes that are skipped are looked at, in fanfare_direction.entry */
	FANFARE_DATA_READ, /* last_ns and room.hash are what was read; the entry's type comes later */
	FANFARE_DATA_DUE, /* and the entry is a command: the driver takes them */
};

FANFARE_INLINE int fanfare_is_replication(const struct fanfare_direction *d)
{
	return replication_enabled &&
	       (d->stage == FANFARE_STAGE_RPC || d->stage == FANFARE_STAGE_ANCHOR);
}

/* In step from the next byte on, which begins an RPC or an answer. */
FANFARE_INLINE void fanfare_await_rpc(struct fanfare_direction *d)
{
	struct fanfare_rpc *rpc = &d->rpc;

	fanfare_drop_token(d);
	d->stage = FANFARE_STAGE_RPC;
	d->lost_by = FANFARE_LOSS_NONE;
	d->message_bytes = 0;
	rpc->progress_index = 0;
	rpc->nested = 0;
	rpc->entries = rpc->commands = rpc->entries_due = 0;
	rpc->due = rpc->entry_due = rpc->kind = rpc->key = rpc->long_number = rpc->data = 0;
}

/* Whether identity and room are read from the entries of this log. */
FANFARE_INLINE int fanfare_reads_entries(const struct fanfare_direction *d)
{
	return rooms_enabled && d->room.key;
}

/* The Data of an entry come next. While they are looked at no token is cut: nothing is carried. */
FANFARE_INLINE void fanfare_begin_data(struct fanfare_direction *d, __u64 bytes)
{
	d->message_bytes = bytes;
	d->rpc.data = bytes ? FANFARE_DATA_PASS : FANFARE_DATA_UNREAD;
	identity_open(&d->entry, d->room.key);
	identity_open(&d->room, d->room.key);
}

/* Whether the bytes that come next are to be looked at, where replication is walked. */
FANFARE_INLINE int fanfare_looks_at_data(const struct fanfare_direction *d)
{
	return rooms_enabled && d->rpc.data == FANFARE_DATA_PASS && d->skip;
}

/* The next n bytes of them have been looked at. What nobody wants is passed with them. */
FANFARE_INLINE void fanfare_pass_data(struct fanfare_direction *d, __u32 n)
{
	__u32 left;

	d->skip -= n;
	d->off += n;
	if (d->entry.left && d->skip)
		return;
	d->last_ns = identity_result(&d->entry, d->message_bytes);
	d->room.hash = identity_result(&d->room, 0);
	d->rpc.data = FANFARE_DATA_READ;
	left = d->end - d->off;
	if (left > d->skip)
		left = d->skip;
	d->skip -= left;
	d->off += left;
}

/* Some of them are missing: the entry is left out. */
FANFARE_INLINE void fanfare_miss_data(struct fanfare_direction *d)
{
	d->rpc.data = FANFARE_DATA_UNREAD;
}

/* Whether the next bytes are the first of the requests of a connection that was followed from its
 * start. Who does not begin with an RPC there is a stranger, and no peer of whom something is lost. */
FANFARE_INLINE int fanfare_rpcs_begin(const struct fanfare_direction *d)
{
	return d->stage == FANFARE_STAGE_RPC && !d->rpc.kind && !d->tally.frames && !d->lost_by &&
	       !(d->flags & (FANFARE_RESPONSES | FANFARE_OLD));
}

/* Out of step: nothing is counted until a segment begins an RPC. The one in progress is not. */
FANFARE_INLINE void fanfare_lose_rpc(struct fanfare_direction *d, __u8 reason)
{
	if (reason == FANFARE_LOSS_BAD_RPC && fanfare_rpcs_begin(d))
		reason = FANFARE_LOSS_NOT_A_PEER;
	fanfare_await_rpc(d);
	d->stage = FANFARE_STAGE_ANCHOR;
	d->lost_by = reason;
	d->fault = reason;
}

FANFARE_INLINE void fanfare_count_append(struct fanfare_direction *d)
{
	struct fanfare_rpc *rpc = &d->rpc;

	d->tally.rpcs.append++;
	d->tally.rpcs.entries += rpc->entries;
	d->tally.rpcs.commands += rpc->commands;
	/* Raft: the entries of an append follow each other without a gap. */
	if (!rpc->first_index && rpc->progress_index >= rpc->entries)
		rpc->first_index = rpc->progress_index - rpc->entries + 1;
}

/* The last byte of an RPC, or of an answer, has passed. */
FANFARE_INLINE void fanfare_finish_rpc(struct fanfare_direction *d)
{
	struct fanfare_rpc *rpc = &d->rpc;

	d->frame = 0;
	d->tally.frames++;
	switch (rpc->kind) {
	case FANFARE_RPC_APPEND:
		fanfare_count_append(d);
		break;
	case FANFARE_RPC_APPEND_EMPTY:
		d->tally.rpcs.append_empty++;
		break;
	case FANFARE_RPC_HEARTBEAT:
		d->tally.rpcs.heartbeat++;
		break;
	case FANFARE_RPC_VOTE:
		d->tally.rpcs.vote++;
		break;
	case FANFARE_RPC_SNAPSHOT:
		d->tally.rpcs.snapshot++;
		break;
	case FANFARE_RPC_ANSWER:
		break;
	default:
		d->tally.rpcs.other++;
	}
	if (rpc->progress_index > rpc->last_index)
		rpc->last_index = rpc->progress_index;
	rpc->kind = FANFARE_RPC_NONE;
}

#endif
