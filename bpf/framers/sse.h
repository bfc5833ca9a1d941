/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Server-sent events (HTML, section 9.2): lines that end with CR, LF or both, in blocks that end
 * with an empty line. A block with a `data` line is an event; one of comments alone, lines that
 * begin with a colon, is a heartbeat; another, such as `retry` or `id` alone, is other. Its bytes
 * are those of its lines with their ends, without the empty line. Pure. Takes each byte at once and
 * leaves none waiting: chunks of HTTP may begin and end anywhere in a line.
 */
#ifndef FANFARE_SSE_H
#define FANFARE_SSE_H

#include "bpf/framers/http1.h"

/* fanfare_http.line */
enum {
	SSE_MARK, /* in what may be the byte order mark that begins the stream */
	SSE_NAME, /* the line has begun as `data` does; `at` bytes of it have passed */
	SSE_REST, /* the rest of the line is nobody's */
};

/* fanfare_http.block */
enum {
	SSE_DATA = 1,
	SSE_COMMENT = 2,
	SSE_OTHER = 4,
	SSE_LINES = SSE_DATA | SSE_COMMENT | SSE_OTHER,
	SSE_AFTER_CR = 8, /* a line feed that comes next belongs to the line before */
};

#define SSE_DATA_TEXT 0x61746164u /* "data", first byte lowest */
#define SSE_MARK_TEXT 0xbfbbefu	  /* the byte order mark in UTF-8 */

FANFARE_INLINE void sse_begin(struct fanfare_direction *d)
{
	d->http.line = SSE_MARK;
	d->http.block = 0;
	d->http.at = 0;
	d->message_bytes = 0;
}

/* An empty line: the block is complete. */
FANFARE_INLINE void sse_end_block(struct fanfare_direction *d)
{
	__u32 lines = d->http.block & SSE_LINES, kind = FANFARE_OTHER;

	d->http.block = 0;
	if (!lines)
		return;
	if (lines & SSE_DATA)
		kind = FANFARE_EVENT;
	else if (lines == SSE_COMMENT)
		kind = FANFARE_HEARTBEAT;
	d->tally.frames++;
	d->tally.by_class[kind].messages++;
	d->tally.by_class[kind].bytes += d->message_bytes;
	d->message_bytes = 0;
}

/* A line that is not empty has ended with `byte`. */
FANFARE_INLINE void sse_end_line(struct fanfare_direction *d, __u32 byte)
{
	d->http.line = SSE_NAME;
	d->http.at = 0;
	if (byte == '\r')
		d->http.block |= SSE_AFTER_CR;
}

/* The rest of a line, and the empty line that may follow. */
FANFARE_INLINE __u32 sse_rest_token(struct fanfare_direction *d, __u64 w, __u32 n)
{
	__u32 used = http1_before(w, n, '\n', '\r'), byte;

	d->message_bytes += used;
	if (used == n)
		return used;
	w >>= 8 * (used & 7);
	byte = w & 0xff;
	d->message_bytes++;
	used++;
	sse_end_line(d, byte);
	if (byte == '\n' && used < n && (w >> 8 & 0xff) == '\n') {
		sse_end_block(d);
		used++;
	}
	return used;
}

/* The first bytes of a line. */
FANFARE_INLINE __u32 sse_name_token(struct fanfare_direction *d, __u64 w, __u32 n)
{
	struct fanfare_http *http = &d->http;
	__u32 byte = w & 0xff, ends = byte == '\n' || byte == '\r';

	if (!http->at && ends) {
		sse_end_block(d);
		if (byte == '\r')
			http->block = SSE_AFTER_CR;
		return 1;
	}
	if (!http->at && n > 4 && (__u32)w == SSE_DATA_TEXT && (w >> 32 & 0xff) == ':') {
		http->block |= SSE_DATA;
		http->line = SSE_REST;
		d->message_bytes += 5;
		return 5;
	}
	d->message_bytes++;
	if (http->at < 4 && byte == (SSE_DATA_TEXT >> 8 * (http->at & 3) & 0xff)) {
		http->at++;
		return 1;
	}
	if (http->at == 4 && (byte == ':' || ends))
		http->block |= SSE_DATA;
	else
		http->block |= !http->at && byte == ':' ? SSE_COMMENT : SSE_OTHER;
	http->line = SSE_REST;
	if (ends)
		sse_end_line(d, byte);
	return 1;
}

/* Returns 1 where the byte is of the mark. */
FANFARE_INLINE int sse_takes_mark(struct fanfare_direction *d, __u32 byte)
{
	struct fanfare_http *http = &d->http;

	if (byte == (SSE_MARK_TEXT >> 8 * (http->at & 3) & 0xff)) {
		if (++http->at == 3) {
			http->line = SSE_NAME;
			http->at = 0;
		}
		return 1;
	}
	http->line = SSE_NAME;
	if (http->at) { /* a line of another name after all */
		http->line = SSE_REST;
		http->block |= SSE_OTHER;
		d->message_bytes += http->at;
	}
	http->at = 0;
	return 0;
}

/* One token of the stream's n bytes in w, 1 to 8. Returns how many it used, at least one. */
FANFARE_INLINE __u32 sse_token(struct fanfare_direction *d, __u64 w, __u32 n)
{
	struct fanfare_http *http = &d->http;
	__u32 byte = w & 0xff;

	if (http->line == SSE_MARK && sse_takes_mark(d, byte))
		return 1;
	if (http->line == SSE_REST)
		return sse_rest_token(d, w, n);
	if (http->block & SSE_AFTER_CR) {
		http->block &= ~SSE_AFTER_CR;
		if (byte == '\n' && !http->at) {
			d->message_bytes += (http->block & SSE_LINES) != 0;
			return 1;
		}
	}
	return sse_name_token(d, w, n);
}

#endif
