/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Classes by the operator's own word: a prefix of the payload, the value of a JSON key in its first
 * READER_BYTES, or both. Pure. The prefix decides before the key. The first `"key"` that a colon
 * follows and then a string or a number counts, at any depth; its value must end within the bytes
 * looked at, and one with an escape equals none. "7" and 7 are the same.
 */
#ifndef FANFARE_MATCH_H
#define FANFARE_MATCH_H

#include "bpf/framers/reader.h"

/* fanfare_reader.state, beyond what stands in json_search.h */
enum {
	MATCH_DECIDED = JSON_NUMBER + 1, /* the key has no more to say */
};

/* READER_OPTION: the payload so far is the beginning of the prefix. */

FANFARE_INLINE __u64 match_hash_byte(__u64 hash, __u32 byte)
{
	return identity_mix(hash ^ byte);
}

FANFARE_INLINE void match_open(struct fanfare_direction *d, const struct fanfare_class_rule *rule)
{
	struct fanfare_reader *reader = &d->reader;

	reader->left = READER_BYTES;
	reader->verdict = 1 + rule->otherwise;
	reader->word = IDENTITY_GOLDEN;
	reader->state = rule->key_bytes ? 0 : MATCH_DECIDED;
	if (rule->prefix_bytes)
		reader->mode |= READER_OPTION;
}

/* The key's value is complete. */
FANFARE_INLINE void match_value(struct fanfare_reader *reader,
				const struct fanfare_class_rule *rule)
{
	reader->state = MATCH_DECIDED;
	for (__u32 i = 0; i < FANFARE_CLASS_VALUES_MAX; i++) {
		if (i >= rule->values)
			return;
		if (rule->value[i] != reader->word)
			continue;
		reader->verdict = 1 + (i < rule->event_values ? FANFARE_EVENT : FANFARE_HEARTBEAT);
		return;
	}
}

FANFARE_INLINE __u32 match_string_bytes(struct fanfare_reader *reader,
					const struct fanfare_class_rule *rule, __u64 w, __u32 n)
{
	__u32 at = json_bytes_before(json_has_byte(w, '"') | json_has_byte(w, '\\'), n);
	__u64 hash = reader->word, rest = w;

	for (__u32 i = 0; i < 8; i++) {
		if (i < at)
			hash = match_hash_byte(hash, rest & 0xff);
		rest >>= 8;
	}
	reader->word = hash;
	if (at == n)
		return n;
	if ((w >> 8 * at & 0xff) == '"')
		match_value(reader, rule);
	else
		reader->state = MATCH_DECIDED;
	return at + 1;
}

FANFARE_INLINE __u32 match_number_byte(struct fanfare_reader *reader,
				       const struct fanfare_class_rule *rule, __u32 byte)
{
	if (json_in_number(byte))
		reader->word = match_hash_byte(reader->word, byte);
	else
		match_value(reader, rule);
	return 1;
}

FANFARE_INLINE __u32 match_key_bytes(struct fanfare_reader *reader,
				     const struct fanfare_class_rule *rule, __u64 w, __u32 n)
{
	if (reader->state < JSON_COLON)
		return json_key_bytes(&reader->state, rule->key, rule->key_bytes, w, n);
	if (reader->state < JSON_STRING) {
		json_colon_byte(&reader->state, w & 0xff);
		if (reader->state == JSON_NUMBER)
			reader->word = match_hash_byte(reader->word, w & 0xff);
		return 1;
	}
	if (reader->state == JSON_STRING)
		return match_string_bytes(reader, rule, w, n);
	if (reader->state == JSON_NUMBER)
		return match_number_byte(reader, rule, w & 0xff);
	return n;
}

/* The next n bytes of the payload, which so far has been the beginning of the prefix. */
FANFARE_INLINE void match_prefix_bytes(struct fanfare_reader *reader,
				       const struct fanfare_class_rule *rule, __u64 w, __u32 n)
{
	__u32 at = (READER_BYTES - reader->left) & (FANFARE_IDENTITY_PATTERN_MAX - 1);
	__u32 due = rule->prefix_bytes - at;

	if (json_low_bytes(w ^ rule->prefix[at], due < n ? due : n))
		reader->mode &= ~READER_OPTION;
	else if (due <= n)
		reader_decide(reader, FANFARE_EVENT);
}

FANFARE_INLINE __u32 match_bytes(struct fanfare_direction *d, const struct fanfare_class_rule *rule,
				 __u64 w, __u32 n)
{
	struct fanfare_reader *reader = &d->reader;
	__u32 used = match_key_bytes(reader, rule, w, n);

	if (reader->mode & READER_OPTION)
		match_prefix_bytes(reader, rule, w, used);
	if (reader->state == MATCH_DECIDED && !(reader->mode & READER_OPTION))
		reader->left = 0;
	return used;
}

#endif
