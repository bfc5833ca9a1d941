/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * The walk over a stream's bytes: which bytes of a segment are new, one step of the walk, and what
 * is settled at the segment's end. Pure. The kernel and user space differ only in how they fetch
 * the next word; adding a protocol is one header and one line in fanfare_token(), of replication in
 * fanfare_rpc_token(), or in fanfare_packet_token().
 *
 * Fed whole, byte by byte or in random pieces the counts are the same. Two rules do look at
 * segment borders, on purpose: a later HTTP head, a frame after silence, and the RPC at which one
 * that is out of step goes on, start with a segment.
 */
#ifndef FANFARE_STREAM_H
#define FANFARE_STREAM_H

#include "bpf/framers/classes.h"
#include "bpf/framers/direction.h"
#include "bpf/framers/hashicorp_raft.h"
#include "bpf/framers/http_upgrade.h"
#include "bpf/framers/http_walk.h"
#include "bpf/framers/packets.h"
#include "bpf/framers/sse_find.h"
#include "bpf/framers/websocket.h"

FANFARE_INLINE __u32 fanfare_token(struct fanfare_direction *d, __u64 w, __u32 n)
{
	switch (d->stage) {
	case FANFARE_STAGE_FRAMES:
		return websocket_token(d, w, n);
	case FANFARE_STAGE_HEAD:
		return http_head_token(d, w, n);
	case FANFARE_STAGE_SEARCH:
		return websocket_search_token(d, w, n);
	default:
		d->off = d->end; /* nothing to read in this segment */
		return 0;
	}
}

/* The same of a direction that carries replication. */
FANFARE_INLINE __u32 fanfare_rpc_token(struct fanfare_direction *d, __u64 w, __u32 n)
{
	if (d->stage == FANFARE_STAGE_RPC)
		return hashicorp_raft_token(d, w, n);
	d->off = d->end;
	return 0;
}

/* The same of a direction that carries MQTT. */
FANFARE_INLINE __u32 fanfare_packet_token(struct fanfare_direction *d, __u64 w, __u32 n)
{
	if (d->stage == FANFARE_STAGE_PACKETS)
		return packets_token(d, w, n);
	return packets_search_token(d, w, n);
}

/* The skip is over: what waited for its last byte is complete. */
FANFARE_INLINE void fanfare_finish_skip(struct fanfare_direction *d)
{
	if (fanfare_is_mqtt(d))
		packets_end_skip(d);
	else if (d->frame & FANFARE_FRAME_OPEN)
		fanfare_finish_frame(d);
	else if (replication_enabled && (d->frame & FANFARE_FRAME_ENDS_RPC))
		fanfare_finish_rpc(d);
}

/* Whether what passes is counted, and bytes that are missing or not walked put it out of step. */
FANFARE_INLINE int fanfare_in_step(const struct fanfare_direction *d)
{
	return d->stage == FANFARE_STAGE_FRAMES ||
	       (replication_enabled && d->stage == FANFARE_STAGE_RPC) ||
	       (client_protocols_enabled && d->stage == FANFARE_STAGE_PACKETS) || http1_walks(d);
}

FANFARE_INLINE void fanfare_lose(struct fanfare_direction *d, __u8 reason)
{
	if (fanfare_is_replication(d))
		fanfare_lose_rpc(d, reason);
	else if (fanfare_is_mqtt(d))
		packets_lose_step(d, reason);
	else if (http1_walks(d))
		http1_refuse(d, 0, reason);
	else
		fanfare_lose_step(d, reason);
}

/* Whether frames or packets are looked for. */
FANFARE_INLINE int fanfare_searches(const struct fanfare_direction *d)
{
	return d->stage == FANFARE_STAGE_SEARCH ||
	       (client_protocols_enabled && d->stage == FANFARE_STAGE_PACKET_SEARCH);
}

/* `bytes` of the payload that is skipped are missing. */
FANFARE_INLINE void fanfare_miss(struct fanfare_direction *d, __u32 bytes)
{
	if (rooms_enabled && fanfare_is_replication(d)) {
		if (fanfare_looks_at_data(d))
			fanfare_miss_data(d);
		return;
	}
	if (identity_wants(d))
		identity_break(&d->identity, &d->room);
	if (reader_wants(d))
		reader_skip_hole(d, bytes);
}

/* The connection's first head, or a part of it, has not been seen, as while no program was attached:
 * it may have been an upgrade. From here on it is one that is older than we are. */
FANFARE_INLINE void fanfare_miss_beginning(struct fanfare_direction *d, __u8 hole_reason)
{
	d->flags |= FANFARE_OLD | FANFARE_DEFLATE_UNKNOWN | FANFARE_MESSAGE_UNKNOWN;
	d->stage = FANFARE_STAGE_SEARCH;
	d->searched = 0;
	d->lost_by = d->fault = hole_reason;
}

/*
 * Which bytes of a segment are new? Sets off to the first of them, relative to the payload, and
 * end to `length`; returns 0 where there is none. A retransmission lies below next_seq. A hole
 * inside a skipped payload is subtracted from the skip; a hole that may hide a header loses step.
 */
FANFARE_INLINE int fanfare_admit(struct fanfare_direction *d, __u32 seq, __u32 length,
				 __u8 hole_reason)
{
	__s32 ahead = seq - d->next_seq;

	d->off = 0;
	d->end = length;
	if (!(d->flags & FANFARE_SEQ_KNOWN)) {
		d->flags |= FANFARE_SEQ_KNOWN;
		d->first_seq = d->next_seq = seq;
	} else if (ahead < 0) {
		__u32 old = -(__u32)ahead;

		if (old >= length)
			return 0;
		d->off = old;
	} else if (ahead > 0) {
		if ((__u32)ahead <= d->skip) {
			if (payloads_read)
				fanfare_miss(d, (__u32)ahead);
			d->skip -= (__u32)ahead;
			if (!d->skip)
				fanfare_finish_skip(d);
		} else if (fanfare_in_step(d)) {
			fanfare_lose(d, hole_reason);
		} else {
			fanfare_drop_token(d);
			if (d->stage == FANFARE_STAGE_HEAD && !(d->head_found & HTTP_LATER_HEAD))
				fanfare_miss_beginning(d, hole_reason);
		}
	}
	if (seq + length < d->next_seq)
		d->seq_wraps++;
	d->next_seq = seq + length;
	return 1;
}

/* The first new byte of a segment is also a sender's fresh start: a head of a kept-alive connection,
 * an RPC or, after silence, a frame. `word` holds the first 8 bytes. */
FANFARE_INLINE void fanfare_begin_segment(struct fanfare_direction *d, __u64 word, __u64 now_ns)
{
	__u64 last = d->last_ns;

	d->last_ns = now_ns;
	if (replication_enabled && d->stage == FANFARE_STAGE_ANCHOR &&
	    hashicorp_raft_begins(d, word))
		fanfare_await_rpc(d);
	if (d->stage == FANFARE_STAGE_HTTP)
		http_begin_head(d, HTTP_LATER_HEAD);
	if (!fanfare_searches(d))
		return;
	/* The first that is seen of a connection is its first packet: nobody need prove it. */
	if (client_protocols_enabled && d->stage == FANFARE_STAGE_PACKET_SEARCH && !d->searched &&
	    d->lost_by == FANFARE_LOSS_NONE && packets_begin_connection(d, word)) {
		fanfare_drop_token(d);
		d->flags |= FANFARE_FIRST_PACKET;
		packets_lock(d, 0);
		return;
	}
	if (word == HTTP_VERSION_TEXT && d->stage == FANFARE_STAGE_SEARCH &&
	    !(d->flags & (FANFARE_MASKED | FANFARE_UPGRADED))) {
		fanfare_drop_token(d);
		http_begin_head(d, HTTP_LATER_HEAD);
	} else if (last && now_ns - last >= FANFARE_QUIET_NS && now_ns > last) {
		fanfare_drop_token(d);
		d->flags = (d->flags & ~FANFARE_MESSAGE_OPEN) | FANFARE_MESSAGE_UNKNOWN;
		d->frame = FANFARE_FRAME_TRIAL;
	}
}

/* Whether payload bytes come next that somebody looks at. */
FANFARE_INLINE int fanfare_looks(const struct fanfare_direction *d)
{
	return payloads_read && (identity_wants(d) || reader_wants(d));
}

/* What a step walks over: constants, so that each kind of traffic pays for itself alone. */
enum fanfare_walk {
	FANFARE_WALK_FRAMES,
	FANFARE_WALK_RPCS,
	FANFARE_WALK_PACKETS,
};

FANFARE_INLINE __u32 fanfare_token_of(struct fanfare_direction *d, __u64 w, __u32 n,
				      enum fanfare_walk kind)
{
	if (kind == FANFARE_WALK_RPCS)
		return fanfare_rpc_token(d, w, n);
	if (kind == FANFARE_WALK_PACKETS)
		return fanfare_packet_token(d, w, n);
	return fanfare_token(d, w, n);
}

/* Bytes that were carried for a longer token may be part of what is skipped now. */
FANFARE_INLINE void fanfare_skip_carried(struct fanfare_direction *d)
{
	__u32 step = d->skip < d->ncarry ? (__u32)d->skip : d->ncarry;

	d->skip -= step;
	d->ncarry -= step;
	d->carry >>= 8 * (step & 7);
}

/* One step over the segment: a skip, or one token and its payload. `raw` holds the next bytes at
 * off, 8 or as many as are left, first byte lowest. Returns 0 at the segment's end. */
FANFARE_INLINE int fanfare_step_of(struct fanfare_direction *d, __u64 raw, enum fanfare_walk kind)
{
	__u32 left = d->end - d->off;

	if (kind == FANFARE_WALK_FRAMES && !d->skip) {
		__u32 whole = websocket_whole_message(d, raw);

		if (whole) {
			d->off += whole;
			return d->off < d->end;
		}
	}
	if (!d->skip) {
		__u32 carried = d->ncarry & 7;
		__u32 fresh = left < 8 - carried ? left : 8 - carried;
		__u64 w = carried ? d->carry | raw << 8 * carried : raw;
		__u32 n = carried + fresh;
		__u32 used = fanfare_token_of(d, w, n, kind);

		if (!used) {
			if (d->off < d->end) {
				d->carry = n < 8 ? w & ((1ULL << 8 * (n & 7)) - 1) : w;
				d->ncarry = n;
				d->off = d->end;
			}
			return 0;
		}
		if (used >= carried) {
			d->off += used - carried;
			d->ncarry = 0;
		} else {
			d->carry >>= 8 * used;
			d->ncarry = carried - used;
			if (kind == FANFARE_WALK_PACKETS)
				fanfare_skip_carried(d);
		}
		left = d->end - d->off;
	}
	if (d->skip && !(kind == FANFARE_WALK_RPCS ? fanfare_looks_at_data(d) : fanfare_looks(d))) {
		__u32 step = d->skip < left ? (__u32)d->skip : left;

		d->skip -= step;
		d->off += step;
	}
	if (d->skip)
		return d->off < d->end;
	if (kind == FANFARE_WALK_PACKETS)
		packets_end_skip(d);
	else if (kind == FANFARE_WALK_RPCS && (d->frame & FANFARE_FRAME_ENDS_RPC))
		fanfare_finish_rpc(d);
	else if (kind == FANFARE_WALK_FRAMES && (d->frame & FANFARE_FRAME_OPEN))
		fanfare_finish_frame(d);
	return d->off < d->end;
}

FANFARE_INLINE int fanfare_step(struct fanfare_direction *d, __u64 raw)
{
	return fanfare_step_of(d, raw, FANFARE_WALK_FRAMES);
}

/* Where fanfare_is_replication(). Apart, so that neither kind of traffic pays for the other. */
FANFARE_INLINE int fanfare_rpc_step(struct fanfare_direction *d, __u64 raw)
{
	return fanfare_step_of(d, raw, FANFARE_WALK_RPCS);
}

/* Where fanfare_is_mqtt(). */
FANFARE_INLINE int fanfare_packet_step(struct fanfare_direction *d, __u64 raw)
{
	return fanfare_step_of(d, raw, FANFARE_WALK_PACKETS);
}

/* A step in place of fanfare_step() where fanfare_looks(): the driver has looked at the words of
 * the next n payload bytes, or need not look at them. What nobody wants is skipped with them. */
FANFARE_INLINE int fanfare_look_end(struct fanfare_direction *d, __u32 n)
{
	identity_turn_key(&d->identity, n);
	d->skip -= n;
	d->off += n;
	if (d->skip && !fanfare_looks(d)) {
		__u32 left = d->end - d->off, step = d->skip < left ? (__u32)d->skip : left;

		d->skip -= step;
		d->off += step;
	}
	if (!d->skip)
		fanfare_finish_skip(d);
	return d->off < d->end;
}

/* The same in place of fanfare_rpc_step() where fanfare_looks_at_data(). */
FANFARE_INLINE int fanfare_look_data_end(struct fanfare_direction *d, __u32 n)
{
	fanfare_pass_data(d, n);
	if (!d->skip)
		fanfare_finish_skip(d);
	return d->off < d->end;
}

/* Whether payload bytes come next that somebody looks at, whatever is walked. */
FANFARE_INLINE int fanfare_wants_payload(const struct fanfare_direction *d)
{
	if (rooms_enabled && fanfare_is_replication(d))
		return fanfare_looks_at_data(d);
	return fanfare_looks(d);
}

/*
 * The walk has ended, by itself or because its budget of steps ran out. Returns 1 where the
 * segment must be walked once more from `start`: it came after silence, and every byte of it
 * fitted, so it is locked from its first frame on.
 */
FANFARE_INLINE int fanfare_settle(struct fanfare_direction *d, __u32 start)
{
	if (fanfare_searches(d))
		d->searched += d->searched < FANFARE_SEARCH_BYTES_MAX ? d->end - start : 0;
	if (d->off < d->end) {
		if (d->stage == FANFARE_STAGE_FRAMES)
			fanfare_lose_step(d, FANFARE_LOSS_FRAME_BUDGET);
		else if (fanfare_is_replication(d))
			fanfare_lose_rpc(d, FANFARE_LOSS_RPC_BUDGET);
		else if (client_protocols_enabled && d->stage == FANFARE_STAGE_PACKETS)
			packets_lose_step(d, FANFARE_LOSS_FRAME_BUDGET);
		else if (d->stage == FANFARE_STAGE_HEAD)
			http_refuse_head(d);
		else
			fanfare_drop_token(d);
		d->off = d->end;
	}
	if (!fanfare_searches(d) || !(d->frame & FANFARE_FRAME_TRIAL))
		return 0;
	d->frame = 0;
	if (d->chain < FANFARE_LOCK_FRAMES && (!d->chain || d->skip || d->ncarry))
		return 0;
	fanfare_drop_token(d);
	d->flags = (d->flags & ~FANFARE_MESSAGE_OPEN) | FANFARE_MESSAGE_UNKNOWN;
	d->message_bytes = 0;
	d->off = start;
	if (fanfare_is_mqtt(d))
		packets_lock(d, FANFARE_PROOF_FRAMES);
	else
		fanfare_lock(d, FANFARE_PROOF_FRAMES);
	return 1;
}

#endif
