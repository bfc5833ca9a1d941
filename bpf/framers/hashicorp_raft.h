/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * hashicorp/raft's network transport, 1.1.2 to 1.8.0 (net_transport.go, commands.go). There is no
 * length: a request is a type byte and a msgpack map, an answer a string (the error) and a map or
 * nil; behind the request of a snapshot stand `Size` raw bytes. So it is walked token by token, and
 * to two depths: the map of the RPC and, in the array `Entries`, the map of each log entry. What
 * else may be nested is passed over by counting the values due. A key is known from a value by its
 * place, so no text can be taken for one. Pure.
 */
#ifndef FANFARE_HASHICORP_RAFT_H
#define FANFARE_HASHICORP_RAFT_H

#include "bpf/framers/msgpack.h"
#include "bpf/framers/rpc.h"

enum {
	HASHICORP_RAFT_APPEND_ENTRIES,
	HASHICORP_RAFT_REQUEST_VOTE,
	HASHICORP_RAFT_INSTALL_SNAPSHOT,
	HASHICORP_RAFT_TIMEOUT_NOW,
	HASHICORP_RAFT_REQUEST_PRE_VOTE, /* since 1.7 */
	HASHICORP_RAFT_TYPE_COUNT,

	HASHICORP_RAFT_LOG_COMMAND =
		0, /* `Type` of an entry; no-op 1, barrier 4, configuration 5 */
};

/* fanfare_rpc.key */
enum {
	HASHICORP_RAFT_KEY_OTHER,
	HASHICORP_RAFT_KEY_ENTRIES,
	HASHICORP_RAFT_KEY_INDEX,
	HASHICORP_RAFT_KEY_TYPE,
	HASHICORP_RAFT_KEY_SIZE,
	HASHICORP_RAFT_KEY_LAST_LOG,
	HASHICORP_RAFT_KEY_DATA,   /* where they are read */
	HASHICORP_RAFT_KEY_ANSWER, /* no key: the answer behind the error text comes next */
};

/* Keys as they stand on the wire: length byte and text, first byte lowest. */
#define HASHICORP_RAFT_ENTRIES	0x73656972746e45a7ULL /* "Entries" */
#define HASHICORP_RAFT_LAST_LOG 0x676f4c7473614ca7ULL /* "LastLog" */
#define HASHICORP_RAFT_INDEX	0x7865646e49a5ULL     /* "Index" */
#define HASHICORP_RAFT_TYPE	0x65707954a4ULL	      /* "Type" */
#define HASHICORP_RAFT_DATA	0x61746144a4ULL	      /* "Data" */
#define HASHICORP_RAFT_SIZE	0x657a6953a4ULL	      /* "Size" */
#define HASHICORP_RAFT_ADDR	0x72646441a4ULL	      /* "Addr", the first key since 1.3 */

/* Caps on claims: nothing overflows, and a lie does not swallow the stream. */
#define HASHICORP_RAFT_ENTRIES_MAX 65535 /* MaxAppendEntries is at most 1,024 */
#define HASHICORP_RAFT_NESTED_MAX  (1U << 20)
#define HASHICORP_RAFT_PAIRS_MAX   127
#define HASHICORP_RAFT_ERROR_MAX   65535

/* Loses step; uses all valid bytes, since none may stay carried. */
FANFARE_INLINE __u32 hashicorp_raft_refuse(struct fanfare_direction *d, __u32 n)
{
	fanfare_lose_rpc(d, FANFARE_LOSS_BAD_RPC);
	return n;
}

/* Opens the map of `pairs` pairs that is an RPC or an answer. */
FANFARE_INLINE void hashicorp_raft_open(struct fanfare_direction *d, __u8 kind, __u8 pairs)
{
	fanfare_await_rpc(d);
	d->rpc.kind = kind;
	d->rpc.due = 2 * pairs;
}

/*
 * Whether a segment that starts with these 8 bytes begins an RPC or an answer: the fixed bytes and
 * the first key, "Addr" since 1.3 and before that, of appends alone, "Entries" and "LastLog".
 */
FANFARE_INLINE int hashicorp_raft_begins(const struct fanfare_direction *d, __u64 word)
{
	__u64 key = word >> 16;
	int answer = d->flags & FANFARE_RESPONSES;

	if ((word >> 8 & 0xf0) != 0x80)
		return 0;
	if (answer ? (word & 0xff) != 0xa0 : (word & 0xff) >= HASHICORP_RAFT_TYPE_COUNT)
		return 0;
	if ((key & 0xffffffffff) == HASHICORP_RAFT_ADDR)
		return 1;
	return key ==
	       ((answer ? HASHICORP_RAFT_LAST_LOG : HASHICORP_RAFT_ENTRIES) & 0xffffffffffff);
}

/* Text (HTTP, SSH) or TLS: no byte by which a port is shared stands before an RPC here. */
FANFARE_INLINE int hashicorp_raft_is_another(__u64 word)
{
	__u8 first = word, second = word >> 8;

	return (first >= 0x20 && second >= 0x20) || (first == 0x16 && second == 3);
}

/* The first bytes begin no RPC. One byte may stand before it, where a port is shared (rqlite,
 * Consul). Else the connection is a stranger's, who is read on only where that may be wrong. */
FANFARE_INLINE __u32 hashicorp_raft_begin_other(struct fanfare_direction *d, __u64 w, __u32 n)
{
	if (n < 8)
		return 0;
	if (hashicorp_raft_begins(d, w >> 8))
		return 1;
	fanfare_lose_rpc(d, FANFARE_LOSS_BAD_RPC);
	if (hashicorp_raft_is_another(w))
		d->stage = FANFARE_STAGE_DISMISSED;
	return n;
}

FANFARE_INLINE __u32 hashicorp_raft_begin_request(struct fanfare_direction *d, __u64 w, __u32 n)
{
	__u32 type = w & 0xff, map = w >> 8 & 0xff;
	__u8 kind = FANFARE_RPC_OTHER;

	if (n < 2)
		return 0;
	/* An RPC's map is never empty and has at most twelve pairs. */
	if (type >= HASHICORP_RAFT_TYPE_COUNT || map <= 0x80 || map > 0x8f)
		return fanfare_rpcs_begin(d) ? hashicorp_raft_begin_other(d, w, n)
					     : hashicorp_raft_refuse(d, n);
	if (type == HASHICORP_RAFT_APPEND_ENTRIES)
		kind = FANFARE_RPC_APPEND_UNTOLD;
	else if (type == HASHICORP_RAFT_REQUEST_VOTE || type == HASHICORP_RAFT_REQUEST_PRE_VOTE)
		kind = FANFARE_RPC_VOTE;
	else if (type == HASHICORP_RAFT_INSTALL_SNAPSHOT)
		kind = FANFARE_RPC_SNAPSHOT;
	hashicorp_raft_open(d, kind, map & 15);
	return 2;
}

/* The error text, empty if there is none. */
FANFARE_INLINE __u32 hashicorp_raft_begin_answer(struct fanfare_direction *d, __u64 w, __u32 n)
{
	struct msgpack token = msgpack_read(w, n);

	if (!token.used)
		return 0;
	if (token.type != MSGPACK_TEXT || token.value > HASHICORP_RAFT_ERROR_MAX)
		return hashicorp_raft_refuse(d, n);
	hashicorp_raft_open(d, FANFARE_RPC_ANSWER, 0);
	d->rpc.key = HASHICORP_RAFT_KEY_ANSWER;
	d->skip = token.value;
	return token.used;
}

/* A key: its text is part of the token if it is short, and is passed over if it is not. */
FANFARE_INLINE __u32 hashicorp_raft_key(struct fanfare_direction *d, __u64 w, __u32 n, int of_entry)
{
	struct msgpack token = msgpack_read(w, n);
	struct fanfare_rpc *rpc = &d->rpc;
	__u64 text;

	if (!token.used)
		return 0;
	if (token.type != MSGPACK_TEXT)
		return hashicorp_raft_refuse(d, n);
	rpc->key = HASHICORP_RAFT_KEY_OTHER;
	if (token.used != 1 || token.value > 7) {
		d->skip = token.value;
		return token.used;
	}
	if (n < 1 + token.value)
		return 0;
	text = w << (56 - 8 * token.value) >> (56 - 8 * token.value);
	if (of_entry) {
		if (text == HASHICORP_RAFT_INDEX)
			rpc->key = HASHICORP_RAFT_KEY_INDEX;
		else if (text == HASHICORP_RAFT_TYPE)
			rpc->key = HASHICORP_RAFT_KEY_TYPE;
		else if (text == HASHICORP_RAFT_DATA && fanfare_reads_entries(d))
			rpc->key = HASHICORP_RAFT_KEY_DATA;
	} else if (text == HASHICORP_RAFT_ENTRIES && rpc->kind == FANFARE_RPC_APPEND_UNTOLD) {
		rpc->key = HASHICORP_RAFT_KEY_ENTRIES;
	} else if (text == HASHICORP_RAFT_SIZE && rpc->kind == FANFARE_RPC_SNAPSHOT) {
		rpc->key = HASHICORP_RAFT_KEY_SIZE;
	} else if (text == HASHICORP_RAFT_LAST_LOG && rpc->kind == FANFARE_RPC_ANSWER) {
		rpc->key = HASHICORP_RAFT_KEY_LAST_LOG;
	}
	return 1 + token.value;
}

/* A number behind a key that is looked at. Returns 0 where it cannot be. */
FANFARE_INLINE int hashicorp_raft_number(struct fanfare_direction *d, __u64 value)
{
	struct fanfare_rpc *rpc = &d->rpc;

	if (rpc->key == HASHICORP_RAFT_KEY_SIZE) {
		d->message_bytes = value;
		return !(value >> 62);
	}
	if (rpc->key == HASHICORP_RAFT_KEY_TYPE) {
		if (value == HASHICORP_RAFT_LOG_COMMAND && rpc->commands < rpc->entries)
			rpc->commands++;
		/* The last of an entry's keys, which are sorted. */
		if (rooms_enabled && rpc->data == FANFARE_DATA_READ)
			rpc->data = value == HASHICORP_RAFT_LOG_COMMAND ? FANFARE_DATA_DUE
									: FANFARE_DATA_UNREAD;
	} else if (rooms_enabled && rpc->key == HASHICORP_RAFT_KEY_DATA) {
		return 1;
	} else if (rpc->key && value > rpc->progress_index) {
		rpc->progress_index = value;
	}
	return 1;
}

/* What comes behind the key `Entries` says what kind of append it is. */
FANFARE_INLINE int hashicorp_raft_entries(struct fanfare_rpc *rpc, __u32 type, __u64 count)
{
	if (type == MSGPACK_NIL) {
		rpc->kind = FANFARE_RPC_HEARTBEAT;
		return 1;
	}
	if (type != MSGPACK_ARRAY || count > HASHICORP_RAFT_ENTRIES_MAX)
		return 0;
	rpc->kind = count ? FANFARE_RPC_APPEND : FANFARE_RPC_APPEND_EMPTY;
	rpc->entries = rpc->entries_due = count;
	return 1;
}

/* A value: looked at if its key is, passed over if not. */
FANFARE_INLINE __u32 hashicorp_raft_value(struct fanfare_direction *d, struct msgpack token,
					  __u32 n)
{
	struct fanfare_rpc *rpc = &d->rpc;
	int fits = 1;

	if (rpc->key == HASHICORP_RAFT_KEY_ENTRIES) {
		fits = hashicorp_raft_entries(rpc, token.type, token.value);
	} else if (token.type == MSGPACK_INT) {
		fits = hashicorp_raft_number(d, token.value);
	} else if (token.type == MSGPACK_LONG && rpc->key) {
		rpc->long_number = 1;
	} else if (token.type == MSGPACK_ARRAY || token.type == MSGPACK_MAP) {
		__u64 nested = rpc->nested + (token.value << (token.type == MSGPACK_MAP));

		fits = nested <= HASHICORP_RAFT_NESTED_MAX;
		rpc->nested = nested;
	} else if (token.type == MSGPACK_NEVER) {
		fits = 0;
	} else if (token.type != MSGPACK_NIL) {
		d->skip = token.value;
		if (rooms_enabled && rpc->key == HASHICORP_RAFT_KEY_DATA)
			fanfare_begin_data(d, token.value);
	}
	return fits ? token.used : hashicorp_raft_refuse(d, n);
}

/* A log entry begins. */
FANFARE_INLINE __u32 hashicorp_raft_entry(struct fanfare_direction *d, struct msgpack token,
					  __u32 n)
{
	if (token.type != MSGPACK_MAP || token.value > HASHICORP_RAFT_PAIRS_MAX)
		return hashicorp_raft_refuse(d, n);
	d->rpc.entries_due--;
	d->rpc.entry_due = 2 * token.value;
	if (rooms_enabled)
		d->rpc.data = FANFARE_DATA_UNREAD;
	return token.used;
}

/* Behind the error text: a map, or nil where the node could not answer. */
FANFARE_INLINE __u32 hashicorp_raft_answer(struct fanfare_direction *d, struct msgpack token,
					   __u32 n)
{
	if (token.type != MSGPACK_NIL &&
	    (token.type != MSGPACK_MAP || token.value > HASHICORP_RAFT_PAIRS_MAX || !token.value))
		return hashicorp_raft_refuse(d, n);
	d->rpc.key = HASHICORP_RAFT_KEY_OTHER;
	d->rpc.due = token.type == MSGPACK_MAP ? 2 * token.value : 0;
	return token.used;
}

/* The next token of an RPC that has begun. Keys stand where an even number of values is due. */
FANFARE_INLINE __u32 hashicorp_raft_inside(struct fanfare_direction *d, __u64 w, __u32 n)
{
	struct fanfare_rpc *rpc = &d->rpc;
	struct msgpack token;
	__u32 used;

	if (rpc->long_number) {
		if (n < 8)
			return 0;
		rpc->long_number = 0;
		if (!hashicorp_raft_number(d, __builtin_bswap64(w)))
			return hashicorp_raft_refuse(d, n);
		return 8;
	}
	if (!rpc->nested && (rpc->entry_due ? !(rpc->entry_due & 1)
					    : !rpc->entries_due && rpc->due && !(rpc->due & 1))) {
		used = hashicorp_raft_key(d, w, n, rpc->entry_due != 0);
		if (used && rpc->entry_due)
			rpc->entry_due--;
		else if (used && rpc->due)
			rpc->due--;
		return used;
	}
	token = msgpack_read(w, n);
	if (!token.used)
		return 0;
	if (rpc->nested) {
		rpc->nested--;
		rpc->key = HASHICORP_RAFT_KEY_OTHER;
	} else if (rpc->entry_due) {
		rpc->entry_due--;
	} else if (rpc->entries_due) {
		return hashicorp_raft_entry(d, token, n);
	} else if (rpc->due) {
		rpc->due--;
	} else {
		return hashicorp_raft_answer(d, token, n);
	}
	return hashicorp_raft_value(d, token, n);
}

/* One token of a direction that is in step. Returns bytes used; 0: needs more than the n valid
 * bytes of w. Bytes that the protocol does not have lose step. */
FANFARE_INLINE __u32 hashicorp_raft_token(struct fanfare_direction *d, __u64 w, __u32 n)
{
	struct fanfare_rpc *rpc = &d->rpc;
	__u32 used;

	if (!rpc->kind)
		return d->flags & FANFARE_RESPONSES ? hashicorp_raft_begin_answer(d, w, n)
						    : hashicorp_raft_begin_request(d, w, n);
	used = hashicorp_raft_inside(d, w, n);
	if (used && rpc->kind && !rpc->due && !rpc->entry_due && !rpc->entries_due &&
	    !rpc->nested && !rpc->long_number && rpc->key != HASHICORP_RAFT_KEY_ANSWER) {
		d->frame = FANFARE_FRAME_ENDS_RPC;
		if (rpc->kind == FANFARE_RPC_SNAPSHOT)
			d->skip += d->message_bytes;
	}
	return used;
}

#endif
