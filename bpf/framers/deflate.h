/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Compressed messages (RFC 7692): the bytes of stored blocks (RFC 1951, 3.2.4) are plain, and some
 * servers send short messages so; any other block is not read. Pure. Where the walk stands is kept
 * in identity.hash, since a compressed message has no identity:
 *   bits 0-31   the bytes of a block's header so far behind its first, or what is left of the block
 *   bits 32-34  how many header bytes have passed; DEFLATE_DATA: inside the block
 */
#ifndef FANFARE_DEFLATE_H
#define FANFARE_DEFLATE_H

#include "bpf/framers/reader.h"

#define DEFLATE_HEADER_BYTES 5 /* type, length, its complement */
#define DEFLATE_DATA	     7

FANFARE_INLINE __u32 deflate_plain_bytes(const struct fanfare_direction *d)
{
	return d->identity.hash >> 32 == DEFLATE_DATA ? (__u32)d->identity.hash : 0;
}

FANFARE_INLINE void deflate_header_byte(struct fanfare_direction *d, __u32 byte)
{
	__u32 at = (d->identity.hash >> 32) & 7, block = (__u32)d->identity.hash;

	if (at == 0 && byte > 1) { /* 0: stored, 1: the last one */
		reader_give_up(d, FANFARE_LOSS_COMPRESSED);
		return;
	}
	block = at ? block | byte << 8 * ((at - 1) & 3) : 0;
	at++;
	if (at == DEFLATE_HEADER_BYTES) {
		if (((block ^ block >> 16) & 0xffff) != 0xffff) {
			reader_give_up(d, FANFARE_LOSS_COMPRESSED);
			return;
		}
		block &= 0xffff;
		at = block ? DEFLATE_DATA : 0;
	}
	d->identity.hash = (__u64)at << 32 | block;
}

FANFARE_INLINE void deflate_plain_used(struct fanfare_direction *d, __u32 n)
{
	__u32 rest = (__u32)d->identity.hash - n;

	d->identity.hash = rest ? (__u64)DEFLATE_DATA << 32 | rest : 0;
}

#endif
