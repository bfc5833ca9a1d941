/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* The chunks of a body (RFC 9112 section 7.1). Pure. */
#ifndef FANFARE_HTTP1_CHUNKS_H
#define FANFARE_HTTP1_CHUNKS_H

#include "bpf/framers/http1.h"

#define HTTP1_DIGITS_MAX 15 /* of a chunk's size */

FANFARE_INLINE void http1_begin_chunk(struct fanfare_http *http)
{
	http->part = HTTP1_SIZE;
	http->length = 0;
	http->digits = 0;
}

/* 0 to 15; above: not a digit. */
FANFARE_INLINE __u32 http1_digit(__u32 byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	byte |= 0x20;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : 16;
}

/* Digits of a chunk's size and what ends them; `digits` is how many there were. */
FANFARE_INLINE __u32 http1_size_token(struct fanfare_direction *d, __u64 w, __u32 n)
{
	struct fanfare_http *http = &d->http;
	__u32 used, end, digit = 16;
	__u64 rest;

	for (used = 0; used < 8 && used < n; used++) {
		digit = http1_digit(w >> 8 * used & 0xff);
		if (digit > 15)
			break;
		http->length = http->length << 4 | digit;
		http->digits++;
	}
	if (http->digits > HTTP1_DIGITS_MAX)
		return http1_refuse(d, n, FANFARE_LOSS_BAD_HTTP);
	if (used == n)
		return used;
	if (!http->digits)
		return http1_refuse(d, n, FANFARE_LOSS_BAD_HTTP);
	rest = w >> 8 * (used & 7);
	if ((rest & 0xff) == ';' || (rest & 0xff) == ' ' || (rest & 0xff) == '\t') {
		http->part = HTTP1_EXTENSION;
		return used + 1;
	}
	end = http1_line_end(rest, n - used);
	if (end == 3)
		return http1_refuse(d, n, FANFARE_LOSS_BAD_HTTP);
	if (end)
		http->part = http->length ? HTTP1_CHUNK_END : HTTP1_TRAILER;
	return used + end;
}

/* The line end behind a chunk's data. */
FANFARE_INLINE __u32 http1_chunk_end_token(struct fanfare_direction *d, __u64 w, __u32 n)
{
	__u32 end = http1_line_end(w, n);

	if (end == 3)
		return http1_refuse(d, n, FANFARE_LOSS_BAD_HTTP);
	if (end)
		http1_begin_chunk(&d->http);
	return end;
}

/* A line of the trailer begins; the empty one ends the body. */
FANFARE_INLINE __u32 http1_trailer_token(struct fanfare_direction *d, __u64 w, __u32 n)
{
	__u32 byte = w & 0xff, end;

	if (byte != '\r' && byte != '\n') {
		d->http.part = HTTP1_TRAILER_LINE;
		return 1;
	}
	end = http1_line_end(w, n);
	if (end == 3)
		return http1_refuse(d, n, FANFARE_LOSS_BAD_HTTP);
	if (end)
		http1_begin(d);
	return end;
}

/* One token of the chunks around the data. Where the data begin, `skip` passes over them. */
FANFARE_INLINE __u32 http1_chunk_token(struct fanfare_direction *d, __u64 w, __u32 n)
{
	struct fanfare_http *http = &d->http;
	__u32 used;

	if (http->part == HTTP1_TRAILER)
		return http1_trailer_token(d, w, n);
	if (http->part == HTTP1_TRAILER_LINE)
		return http1_pass_token(d, w, n);
	if (http->part == HTTP1_CHUNK_END)
		return http1_chunk_end_token(d, w, n);
	used = http->part == HTTP1_SIZE ? http1_size_token(d, w, n) : http1_pass_token(d, w, n);
	if (http->part == HTTP1_CHUNK_END)
		d->skip = http->length;
	return used;
}

#endif
