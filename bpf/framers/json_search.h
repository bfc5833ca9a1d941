/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Finds `"key"`, the colon and the beginning of a value in JSON that comes in any pieces, 8 bytes
 * at a time where it can. Pure. At any depth; a key of that name whose own text ends in an escaped
 * quote would deceive it.
 */
#ifndef FANFARE_JSON_SEARCH_H
#define FANFARE_JSON_SEARCH_H

#include "bpf/framers/inline.h"

/* Where the search stands; below JSON_COLON: how many bytes of `"key"` have matched */
enum {
	JSON_COLON = 64, /* `"key"` has passed */
	JSON_VALUE,
	JSON_STRING,
	JSON_NUMBER,
};

/* The high bit of each byte of w that is `byte`: exact up to the lowest such byte. */
FANFARE_INLINE __u64 json_has_byte(__u64 w, __u8 byte)
{
	w ^= byte * 0x0101010101010101ULL;
	return (w - 0x0101010101010101ULL) & ~w & 0x8080808080808080ULL;
}

/* How many of the n low bytes stand before the lowest one in `found`. A multiplication, since BPF
 * cannot count zero bits. */
FANFARE_INLINE __u32 json_bytes_before(__u64 found, __u32 n)
{
	__u32 at = ((found & -found) >> 7) * 0x0001020304050607ULL >> 56;

	return found && at < n ? at : n;
}

FANFARE_INLINE __u64 json_low_bytes(__u64 w, __u32 n)
{
	return n < 8 ? w & ((1ULL << 8 * (n & 7)) - 1) : w;
}

/* Searching `"key"`, of which *place bytes have matched; `pattern` as in fanfare_identity_rule. It
 * begins with a quote and holds none but its last byte, so that after a mismatch only a quote can
 * begin it anew. Returns how many of the n low bytes of w were used. */
FANFARE_INLINE __u32 json_key_bytes(__u8 *place, const __u64 *pattern, __u32 pattern_bytes, __u64 w,
				    __u32 n)
{
	__u32 state = *place & (FANFARE_IDENTITY_PATTERN_MAX - 1);
	__u32 due = pattern_bytes - state, at;

	if (due > n)
		due = n;
	if (state && !json_low_bytes(w ^ pattern[state], due)) {
		state += due;
		if (state == pattern_bytes)
			state = JSON_COLON;
		*place = state;
		return due;
	}
	at = json_bytes_before(json_has_byte(w, '"'), n);
	*place = at < n;
	return at < n ? at + 1 : n;
}

/* Between the key and its value. What is neither string nor number begins the search anew. A
 * number's first byte is `byte` itself. */
FANFARE_INLINE void json_colon_byte(__u8 *place, __u32 byte)
{
	int past_colon = *place == JSON_VALUE;

	if (byte == ' ')
		return;
	*place = byte == '"';
	if (!past_colon && byte == ':')
		*place = JSON_VALUE;
	else if (past_colon && byte == '"')
		*place = JSON_STRING;
	else if (past_colon && (byte == '-' || (byte >= '0' && byte <= '9')))
		*place = JSON_NUMBER;
}

FANFARE_INLINE int json_in_number(__u32 byte)
{
	return (byte >= '0' && byte <= '9') || byte == '-' || byte == '+' || byte == '.' ||
	       byte == 'e' || byte == 'E';
}

#endif
