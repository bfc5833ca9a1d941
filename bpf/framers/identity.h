/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Which event a message is: a 64-bit hash of its first payload bytes, or of the value of a JSON key
 * in them. Pure. The bytes come in any pieces, across segments and fragments, and give the same
 * hash: a byte's weight follows from its place alone. What cannot be read (compressed, a hole in
 * the bytes looked at, no such key) is unidentified, never guessed.
 *
 * Limits of json_key: the first `"key"` that a colon follows and then a string or a number, at any
 * depth, counts; a key of that name whose own text ends in an escaped quote would deceive it. The
 * value must end within the bytes looked at and hold no escape. "7" and 7 are the same.
 */
#ifndef FANFARE_IDENTITY_H
#define FANFARE_IDENTITY_H

#include "bpf/framers/inline.h"

#define IDENTITY_PAYLOAD_BYTES 128 /* looked at, of a message, by kind */
#define IDENTITY_JSON_BYTES    256
#define IDENTITY_CHUNK_WORDS   8 /* 8 bytes each, at one look */

/* 1 where some shard has `identity`. A knob of the kernel programs, bpf/knobs.bpf.h: with 0 the
 * verifier drops all that stands behind it. */
#ifdef __bpf__
extern const volatile __u8 identity_enabled;
#else
static const __u8 identity_enabled = 1;
#endif

/* fanfare_identity.state; below IDENTITY_COLON: how many bytes of `"key"` have matched */
enum {
	IDENTITY_COLON = 64, /* `"key"` has passed */
	IDENTITY_VALUE,
	IDENTITY_STRING,
	IDENTITY_NUMBER,
	IDENTITY_JSON_READ,    /* the value is complete */
	IDENTITY_PAYLOAD_READ, /* identified by the payload bytes that have passed */
	IDENTITY_BROKEN,       /* not to be read */
	IDENTITY_DUE,	       /* the message has ended: the driver takes the hash, 0 is none */
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

/* A message of class event begins. */
FANFARE_INLINE void identity_begin(struct fanfare_direction *d, int compressed)
{
	struct fanfare_identity *identity = &d->identity;

	identity->hash = d->identity_rule * IDENTITY_GOLDEN;
	identity->key = 0;
	identity->left = compressed ? 0 : IDENTITY_JSON_BYTES;
	identity->state = compressed ? IDENTITY_BROKEN : 0;
	identity->length = 0;
}

/* Whether the payload bytes that come next are to be looked at. */
FANFARE_INLINE int identity_wants(const struct fanfare_direction *d)
{
	return identity_enabled && d->skip && d->stage == FANFARE_STAGE_FRAMES &&
	       !(d->frame & FANFARE_FRAME_CONTROL) && d->identity_rule && d->identity.left;
}

FANFARE_INLINE void identity_break(struct fanfare_direction *d)
{
	d->identity.state = IDENTITY_BROKEN;
	d->identity.left = 0;
}

/* The message has ended: its hash is complete, or 0 where it could not be read. */
FANFARE_INLINE void identity_end(struct fanfare_direction *d)
{
	struct fanfare_identity *identity = &d->identity;
	int by_payload = identity->state == IDENTITY_PAYLOAD_READ;
	__u64 length = by_payload ? d->message_bytes : identity->length, hash = 0;

	if (identity->length && (by_payload || identity->state == IDENTITY_JSON_READ)) {
		hash = identity_mix(identity->hash ^ length * IDENTITY_GOLDEN);
		hash ^= hash >> 29;
		hash *= IDENTITY_GOLDEN;
		hash ^= hash >> 32;
		hash += !hash;
	}
	identity->hash = hash;
	identity->left = 0;
	identity->state = IDENTITY_DUE;
}

FANFARE_INLINE int identity_is_due(const struct fanfare_direction *d)
{
	return identity_enabled && d->stage == FANFARE_STAGE_FRAMES && d->identity_rule &&
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

/* The high bit of each byte of w that is `byte`: exact up to the lowest such byte. */
FANFARE_INLINE __u64 identity_has_byte(__u64 w, __u8 byte)
{
	w ^= byte * 0x0101010101010101ULL;
	return (w - 0x0101010101010101ULL) & ~w & 0x8080808080808080ULL;
}

/* How many of the n low bytes stand before the lowest one in `found`. A multiplication, since BPF
 * cannot count zero bits. */
FANFARE_INLINE __u32 identity_bytes_before(__u64 found, __u32 n)
{
	__u32 at = ((found & -found) >> 7) * 0x0001020304050607ULL >> 56;

	return found && at < n ? at : n;
}

FANFARE_INLINE __u64 identity_low_bytes(__u64 w, __u32 n)
{
	return n < 8 ? w & ((1ULL << 8 * (n & 7)) - 1) : w;
}

/* Searching `"key"`, of which identity->state bytes have matched. It begins with a quote and holds
 * none but its last byte, so that after a mismatch only a quote can begin it anew. */
FANFARE_INLINE __u32 identity_key_bytes(struct fanfare_identity *identity,
					const struct fanfare_identity_rule *rule, __u64 w, __u32 n)
{
	__u32 state = identity->state & (FANFARE_IDENTITY_PATTERN_MAX - 1);
	__u32 due = rule->pattern_bytes - state, at;

	if (due > n)
		due = n;
	if (state && !identity_low_bytes(w ^ rule->pattern[state], due)) {
		state += due;
		if (state == rule->pattern_bytes)
			state = IDENTITY_COLON;
		identity->state = state;
		return due;
	}
	at = identity_bytes_before(identity_has_byte(w, '"'), n);
	identity->state = at < n;
	return at < n ? at + 1 : n;
}

/* Between the key and its value. What is neither string nor number begins the search anew. */
FANFARE_INLINE __u32 identity_colon_byte(struct fanfare_identity *identity, __u32 byte)
{
	int past_colon = identity->state == IDENTITY_VALUE;

	if (byte == ' ')
		return 1;
	identity->state = byte == '"';
	if (!past_colon && byte == ':') {
		identity->state = IDENTITY_VALUE;
	} else if (past_colon && byte == '"') {
		identity->state = IDENTITY_STRING;
	} else if (past_colon && (byte == '-' || (byte >= '0' && byte <= '9'))) {
		identity->state = IDENTITY_NUMBER;
		identity_hash(identity, byte, 1);
	}
	return 1;
}

FANFARE_INLINE __u32 identity_string_bytes(struct fanfare_identity *identity, __u64 w, __u32 n)
{
	__u64 ends = identity_has_byte(w, '"') | identity_has_byte(w, '\\');
	__u32 at = identity_bytes_before(ends, n);

	if (at)
		identity_hash(identity, identity_low_bytes(w, at), at);
	if (at == n)
		return n;
	identity->state = (w >> 8 * at & 0xff) == '"' ? IDENTITY_JSON_READ : IDENTITY_BROKEN;
	return at + 1;
}

FANFARE_INLINE __u32 identity_number_byte(struct fanfare_identity *identity, __u32 byte)
{
	if ((byte >= '0' && byte <= '9') || byte == '-' || byte == '+' || byte == '.' ||
	    byte == 'e' || byte == 'E')
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
	if (identity->state < IDENTITY_COLON)
		return identity_key_bytes(identity, rule, w, n);
	if (identity->state < IDENTITY_STRING)
		return identity_colon_byte(identity, w & 0xff);
	if (identity->state == IDENTITY_STRING)
		return identity_string_bytes(identity, w, n);
	if (identity->state == IDENTITY_NUMBER)
		return identity_number_byte(identity, w & 0xff);
	return n;
}

/* How many payload bytes the next look takes, of `here` that are at hand. At least 1 where
 * identity_wants() and here is not 0. */
FANFARE_INLINE __u32 identity_span(const struct fanfare_direction *d,
				   const struct fanfare_identity_rule *rule, __u32 here)
{
	__u32 n = d->identity.left;

	if (rule->kind == FANFARE_IDENTITY_BY_PAYLOAD)
		n -= IDENTITY_JSON_BYTES - IDENTITY_PAYLOAD_BYTES;
	if (n > here)
		n = here;
	if (n > d->skip)
		n = d->skip;
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

/* By payload: the i-th word, of n bytes in all. */
FANFARE_INLINE void identity_look_payload(struct fanfare_identity *identity, __u64 w, __u32 i,
					  __u32 n)
{
	__u32 here = n - 8 * i < 8 ? n - 8 * i : 8;

	identity_hash(identity, identity_low_bytes(w, here), here);
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

	return identity_json_bytes(identity, rule, identity_low_bytes(w, here), here);
}

/* All of the n bytes have been looked at. */
FANFARE_INLINE void identity_look_end(struct fanfare_identity *identity,
				      const struct fanfare_identity_rule *rule, __u32 n)
{
	__u64 key = (__u64)identity->key << 32 | identity->key;

	identity->key = (__u32)(key >> 8 * (n & 3));
	identity->left -= n;
	if (rule->kind == FANFARE_IDENTITY_BY_PAYLOAD) {
		identity->state = IDENTITY_PAYLOAD_READ;
		if (identity->left <= IDENTITY_JSON_BYTES - IDENTITY_PAYLOAD_BYTES)
			identity->left = 0;
	} else if (identity->state >= IDENTITY_JSON_READ) {
		identity->left = 0;
	}
}

#endif
