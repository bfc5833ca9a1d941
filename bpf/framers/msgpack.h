/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * One token of msgpack (github.com/msgpack/msgpack, spec.md): a scalar, or what stands before the
 * bytes of a string or the values of a container. Both the new forms (bin, str 8, ext) and the old
 * "raw" are read. Pure.
 */
#ifndef FANFARE_MSGPACK_H
#define FANFARE_MSGPACK_H

#include "bpf/framers/direction.h"

enum msgpack_type {
	MSGPACK_NEVER,	/* 0xc1, or a length that is not complete */
	MSGPACK_INT,	/* not negative; `value` is the number */
	MSGPACK_LONG,	/* 64-bit number in the `value` = 8 bytes behind */
	MSGPACK_TEXT,	/* string or binary of `value` bytes */
	MSGPACK_OPAQUE, /* `value` bytes that nobody looks at: float, extension, negative number */
	MSGPACK_ARRAY,	/* of `value` values */
	MSGPACK_MAP,	/* of `value` pairs */
	MSGPACK_NIL,
};

struct msgpack {
	__u32 type;
	__u32 used; /* bytes; 0: more than the valid ones are needed */
	__u64 value;
};

/* A first byte of 0xc0 to 0xdf: its type, the bytes of its number or length, and bytes to pass over
 * besides (of a float; the type of an extension and the bytes of a short one). */
#define MSGPACK_FORM(type, argument, more) ((type) | (argument) << 4 | (more) << 8)

static const __u16 msgpack_forms[32] = {
	MSGPACK_FORM(MSGPACK_NIL, 0, 0),
	MSGPACK_FORM(MSGPACK_NEVER, 0, 0),
	MSGPACK_FORM(MSGPACK_OPAQUE, 0, 0), /* false */
	MSGPACK_FORM(MSGPACK_OPAQUE, 0, 0), /* true */
	MSGPACK_FORM(MSGPACK_TEXT, 1, 0),   /* bin 8, 16, 32 */
	MSGPACK_FORM(MSGPACK_TEXT, 2, 0),
	MSGPACK_FORM(MSGPACK_TEXT, 4, 0),
	MSGPACK_FORM(MSGPACK_OPAQUE, 1, 1), /* ext 8, 16, 32 */
	MSGPACK_FORM(MSGPACK_OPAQUE, 2, 1),
	MSGPACK_FORM(MSGPACK_OPAQUE, 4, 1),
	MSGPACK_FORM(MSGPACK_OPAQUE, 0, 4), /* float 32, 64 */
	MSGPACK_FORM(MSGPACK_OPAQUE, 0, 8),
	MSGPACK_FORM(MSGPACK_INT, 1, 0), /* uint 8, 16, 32, 64 */
	MSGPACK_FORM(MSGPACK_INT, 2, 0),
	MSGPACK_FORM(MSGPACK_INT, 4, 0),
	MSGPACK_FORM(MSGPACK_LONG, 0, 8),
	MSGPACK_FORM(MSGPACK_INT, 1, 0), /* int 8, 16, 32, 64 */
	MSGPACK_FORM(MSGPACK_INT, 2, 0),
	MSGPACK_FORM(MSGPACK_INT, 4, 0),
	MSGPACK_FORM(MSGPACK_LONG, 0, 8),
	MSGPACK_FORM(MSGPACK_OPAQUE, 0, 2), /* fixext 1, 2, 4, 8, 16 */
	MSGPACK_FORM(MSGPACK_OPAQUE, 0, 3),
	MSGPACK_FORM(MSGPACK_OPAQUE, 0, 5),
	MSGPACK_FORM(MSGPACK_OPAQUE, 0, 9),
	MSGPACK_FORM(MSGPACK_OPAQUE, 0, 17),
	MSGPACK_FORM(MSGPACK_TEXT, 1, 0), /* str 8, 16, 32 */
	MSGPACK_FORM(MSGPACK_TEXT, 2, 0),
	MSGPACK_FORM(MSGPACK_TEXT, 4, 0),
	MSGPACK_FORM(MSGPACK_ARRAY, 2, 0),
	MSGPACK_FORM(MSGPACK_ARRAY, 4, 0),
	MSGPACK_FORM(MSGPACK_MAP, 2, 0),
	MSGPACK_FORM(MSGPACK_MAP, 4, 0),
};

FANFARE_INLINE struct msgpack msgpack_form(__u64 w, __u32 n)
{
	__u32 b0 = w & 0xff, form = msgpack_forms[b0 & 31], argument = form >> 4 & 7;
	/* Big-endian behind the first byte. */
	__u64 value = __builtin_bswap64(w) << 8 >> 32 >> (32 - 8 * argument);
	struct msgpack token = {form & 7, 1 + argument, value + (form >> 8)};

	if (n < token.used)
		token.used = 0;
	/* int 8, 16, 32: the first bit is the sign. Nothing that is looked at is negative. */
	if (b0 >= 0xd0 && b0 <= 0xd2 && value >> (8 * argument - 1)) {
		token.type = MSGPACK_OPAQUE;
		token.value = 0;
	}
	return token;
}

/* The token at the front of w, of which n bytes are valid. */
FANFARE_INLINE struct msgpack msgpack_read(__u64 w, __u32 n)
{
	__u32 b0 = w & 0xff;
	struct msgpack token = {MSGPACK_INT, n != 0, b0};

	if (b0 < 0x80)
		return token;
	if (b0 >= 0xc0 && b0 < 0xe0)
		return msgpack_form(w, n);
	if (b0 >= 0xe0) {
		token.type = MSGPACK_OPAQUE;
		token.value = 0;
	} else if (b0 >= 0xa0) {
		token.type = MSGPACK_TEXT;
		token.value = b0 & 31;
	} else {
		token.type = b0 >= 0x90 ? MSGPACK_ARRAY : MSGPACK_MAP;
		token.value = b0 & 15;
	}
	return token;
}

#endif
