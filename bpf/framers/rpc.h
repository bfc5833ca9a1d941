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
	rpc->due = rpc->entry_due = rpc->kind = rpc->key = rpc->long_number = 0;
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
