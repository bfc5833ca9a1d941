/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Which event a message is: a 64-bit hash of its first payload bytes, or of the value of a JSON key
 * in them; and beside it, where the shard has `room`, the same of the value of another key. Pure.
 * The bytes come in any pieces, across segments and fragments, and give the same hash: a byte's
 * weight follows from its place alone. What cannot be read (compressed, a hole in the bytes looked
 * at, no such key) is unidentified, never guessed.
 *
 * Limits of json_key: the first `"key"` that a colon follows and then a string or a number, at any
 * depth, counts; a key of that name whose own text ends in an escaped quote would deceive it. The
 * value must end within the bytes looked at and hold no escape. "7" and 7 are the same.
 */
#ifndef FANFARE_IDENTITY_H
#define FANFARE_IDENTITY_H

#include "bpf/framers/json_search.h"

#define IDENTITY_PAYLOAD_BYTES 128 /* looked at, of a message, by kind */
#define IDENTITY_JSON_BYTES    256
#define IDENTITY_CHUNK_WORDS   8 /* 8 bytes each, at one look */

/* 1 where some shard has `identity`; 1 where some shard has any payload read, for this or for
 * classes; 1 where some shard names what its clients speak; 1 where some shard has `room`. Knobs of
 * the kernel programs, bpf/knobs.bpf.h: with 0 the verifier drops all that stands behind them. To
 * look at one knob costs three instructions, so each place looks at one. */
#ifdef __bpf__
extern const volatile __u8 identity_enabled, payloads_read, client_protocols_enabled, rooms_enabled;
#else
static const __u8 identity_enabled = 1, payloads_read = 1, client_protocols_enabled = 1,
		  rooms_enabled = 1;
#endif

/* fanfare_identity.state, beyond what stands in json_search.h */
enum {
	IDENTITY_JSON_READ = JSON_NUMBER + 1, /* the value is complete */
	IDENTITY_PAYLOAD_READ,		      /* identified by the payload bytes that have passed */
	IDENTITY_BROKEN,		      /* not to be read */
	IDENTITY_DUE, /* the message has ended: the driver takes the hash, 0 is none */
};

/* Multiplier and rotations measured over 10^7 ids each of four families: no collision in 64 bits,
 * either half like chance (the first shift of the end must not undo the last of the mixing). */
#define IDENTITY_MULTIPLIER 0xd6e8feb86659fd93ULL
#define IDENTITY_GOLDEN	    0x9e3779b97f4a7c15ULL

FANFARE_INLINE __u64 identity_mix(__u64 hash)
{
	hash *= IDENTITY_MULTIPLIER;
	return hash ^ hash >> 32;
}

/* Reading begins; `rule` as fanfare_direction.client_rule: shards have hashes of their own. */
FANFARE_INLINE void identity_open(struct fanfare_identity *identity, __u32 rule)
{
	identity->hash = rule * IDENTITY_GOLDEN;
	identity->left = IDENTITY_JSON_BYTES;
	identity->state = 0;
	identity->length = 0;
}

/* A message of class event begins. */
FANFARE_INLINE void identity_begin(struct fanfare_direction *d, int compressed)
{
	struct fanfare_identity *identity = &d->identity;

	identity_open(identity, d->client_rule);
	identity->key = 0;
	if (rooms_enabled)
		identity_open(&d->room, d->client_rule);
	if (compressed) {
		identity->left = 0;
		identity->state = IDENTITY_BROKEN;
	}
}

/* Whether the payload bytes that come next are those of a message. Of MQTT, see packets.h, an event
 * has no other bit. */
FANFARE_INLINE int identity_in_message(const struct fanfare_direction *d)
{
	if (d->stage == FANFARE_STAGE_FRAMES)
		return !(d->frame & FANFARE_FRAME_CONTROL);
	return client_protocols_enabled && d->stage == FANFARE_STAGE_PACKETS &&
	       d->frame == FANFARE_FRAME_OPEN && !d->probation;
}

/* Whether the payload bytes that come next are to be looked at. */
FANFARE_INLINE int identity_wants(const struct fanfare_direction *d)
{
	return identity_enabled && d->skip && identity_in_message(d) &&
	       (d->client_rule & FANFARE_RULE_IDENTITY) && d->identity.left;
}

/* Bytes that are looked at are missing. With a room they may be looked at for that alone. */
FANFARE_INLINE void identity_break(struct fanfare_identity *identity, struct fanfare_identity *room)
{
	int read = identity->state == IDENTITY_JSON_READ ||
		   (identity->state == IDENTITY_PAYLOAD_READ &&
		    identity->left <= IDENTITY_JSON_BYTES - IDENTITY_PAYLOAD_BYTES);

	if (!rooms_enabled || !read)
		identity->state = IDENTITY_BROKEN;
	if (rooms_enabled && room->state != IDENTITY_JSON_READ)
		room->state = IDENTITY_BROKEN;
	identity->left = 0;
}

/* The hash of what has been read of a message of so many bytes, never 0; 0: it could not be. */
FANFARE_INLINE __u64 identity_result(const struct fanfare_identity *identity, __u64 message_bytes)
{
	int by_payload = identity->state == IDENTITY_PAYLOAD_READ;
	__u64 length = by_payload ? message_bytes : identity->length, hash = 0;

	if (identity->length && (by_payload || identity->state == IDENTITY_JSON_READ)) {
		hash = identity_mix(identity->hash ^ length * IDENTITY_GOLDEN);
		hash ^= hash >> 29;
		hash *= IDENTITY_GOLDEN;
		hash ^= hash >> 32;
		hash += !hash;
	}
	return hash;
}

/* The message has ended: its hashes are complete, or 0 where they could not be read. */
FANFARE_INLINE void identity_end(struct fanfare_direction *d)
{
	struct fanfare_identity *identity = &d->identity;

	identity->hash = identity_result(identity, d->message_bytes);
	identity->left = 0;
	identity->state = IDENTITY_DUE;
	if (rooms_enabled)
		d->room.hash = identity_result(&d->room, 0);
}

FANFARE_INLINE int identity_is_due(const struct fanfare_direction *d)
{
	return identity_enabled && (d->client_rule & FANFARE_RULE_IDENTITY) &&
	       (d->stage == FANFARE_STAGE_FRAMES ||
		(client_protocols_enabled && d->stage == FANFARE_STAGE_PACKETS && !d->probation)) &&
	       d->identity.state == IDENTITY_DUE;
}

/* Adds the n low bytes of w, 1 to 8; those above must be 0. Bytes wait in the hash, at their place
 * in a word, until the word is full and is mixed. */
FANFARE_INLINE void identity_hash(struct fanfare_identity *identity, __u64 w, __u32 n)
{
	__u32 at = identity->length & 7;

	identity->hash ^= w << 8 * at;
	if (at + n >= 8)
		identity->hash = identity_mix(identity->hash) ^ w >> 8 >> (56 - 8 * at);
	identity->length += n;
}

/* Between the key and its value. */
FANFARE_INLINE __u32 identity_colon_byte(struct fanfare_identity *identity, __u32 byte)
{
	json_colon_byte(&identity->state, byte);
	if (identity->state == JSON_NUMBER)
		identity_hash(identity, byte, 1);
	return 1;
}

FANFARE_INLINE __u32 identity_string_bytes(struct fanfare_identity *identity, __u64 w, __u32 n)
{
	__u64 ends = json_has_byte(w, '"') | json_has_byte(w, '\\');
	__u32 at = json_bytes_before(ends, n);

	if (at)
		identity_hash(identity, json_low_bytes(w, at), at);
	if (at == n)
		return n;
	identity->state = (w >> 8 * at & 0xff) == '"' ? IDENTITY_JSON_READ : IDENTITY_BROKEN;
	return at + 1;
}

FANFARE_INLINE __u32 identity_number_byte(struct fanfare_identity *identity, __u32 byte)
{
	if (json_in_number(byte))
		identity_hash(identity, byte, 1);
	else
		identity->state = IDENTITY_JSON_READ;
	return 1;
}

/* Reads on in the n low bytes of w, 1 to 8, those above being 0. Returns how many it used: 1 or
 * more, and fewer than n where something ends among them. */
FANFARE_INLINE __u32 identity_json_bytes(struct fanfare_identity *identity,
					 const struct fanfare_identity_rule *rule, __u64 w, __u32 n)
{
	if (identity->state < JSON_COLON)
		return json_key_bytes(&identity->state, rule->pattern, rule->pattern_bytes, w, n);
	if (identity->state < JSON_STRING)
		return identity_colon_byte(identity, w & 0xff);
	if (identity->state == JSON_STRING)
		return identity_string_bytes(identity, w, n);
	if (identity->state == JSON_NUMBER)
		return identity_number_byte(identity, w & 0xff);
	return n;
}

/* Whether nothing more is to be read for the identity. */
FANFARE_INLINE int identity_is_read(const struct fanfare_identity *identity,
				    const struct fanfare_identity_rule *rule)
{
	if (rule->kind == FANFARE_IDENTITY_BY_PAYLOAD)
		return identity->left <= IDENTITY_JSON_BYTES - IDENTITY_PAYLOAD_BYTES;
	return identity->state >= IDENTITY_JSON_READ;
}

/* The same for the room, which a shard need not have. */
FANFARE_INLINE int room_is_read(const struct fanfare_identity *room,
				const struct fanfare_identity_rule *rule)
{
	return !rooms_enabled || !rule->pattern_bytes || room->state >= IDENTITY_JSON_READ;
}

/* How many payload bytes the next look takes, of `here` that are at hand and `skip` that the frame
 * has. At least 1 where identity_wants() and here is not 0. */
FANFARE_INLINE __u32 identity_span(const struct fanfare_identity *identity,
				   const struct fanfare_identity_rule *rule, __u64 skip, __u32 here)
{
	__u32 n = identity->left;

	if (rule->kind == FANFARE_IDENTITY_BY_PAYLOAD &&
	    (!rooms_enabled || n > IDENTITY_JSON_BYTES - IDENTITY_PAYLOAD_BYTES))
		n -= IDENTITY_JSON_BYTES - IDENTITY_PAYLOAD_BYTES;
	if (n > here)
		n = here;
	if (n > skip)
		n = skip;
	return n > 8 * IDENTITY_CHUNK_WORDS ? 8 * IDENTITY_CHUNK_WORDS : n;
}

/* The next payload bytes, as many as identity_span() said, begin in words: takes the mask off. What
 * lies behind them there does not matter. */
FANFARE_INLINE void identity_unmask(const struct fanfare_identity *identity, __u64 *words)
{
	__u64 key = (__u64)identity->key << 32 | identity->key;

	for (__u32 i = 0; i < IDENTITY_CHUNK_WORDS; i++)
		words[i] ^= key;
}

/* n payload bytes have passed: the key begins where the next one stands. */
FANFARE_INLINE void identity_turn_key(struct fanfare_identity *identity, __u32 n)
{
	__u64 key = (__u64)identity->key << 32 | identity->key;

	identity->key = (__u32)(key >> 8 * (n & 3));
}

/* By payload: the i-th word, of n bytes in all. */
FANFARE_INLINE void identity_look_payload(struct fanfare_identity *identity, __u64 w, __u32 i,
					  __u32 n)
{
	__u32 here = n - 8 * i < 8 ? n - 8 * i : 8;

	identity_hash(identity, json_low_bytes(w, here), here);
}

/* By JSON key: what begins at the byte `at` of n. Returns how many bytes were used, to be called
 * until all are. `words` has one word more than identity_unmask() has filled. */
FANFARE_INLINE __u32 identity_look_json(struct fanfare_identity *identity,
					const struct fanfare_identity_rule *rule,
					const __u64 *words, __u32 at, __u32 n)
{
	__u32 i = at / 8 & (IDENTITY_CHUNK_WORDS - 1), shift = 8 * (at & 7);
	__u32 here = n - at < 8 ? n - at : 8;
	__u64 w = words[i] >> shift | words[i + 1] << 8 << (56 - shift);

	return identity_json_bytes(identity, rule, json_low_bytes(w, here), here);
}

/* All of the n bytes have been looked at, for the room too. */
FANFARE_INLINE void identity_look_end(struct fanfare_identity *identity,
				      const struct fanfare_identity_rule *rule, __u32 n,
				      int room_read)
{
	identity->left -= n;
	if (rule->kind == FANFARE_IDENTITY_BY_PAYLOAD)
		identity->state = IDENTITY_PAYLOAD_READ;
	if (room_read && identity_is_read(identity, rule))
		identity->left = 0;
}

#endif
