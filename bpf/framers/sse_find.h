/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Where a stream of events that is under way can be read from: a segment that comes after silence and
 * begins with a chunk, or where the body has none with a line, as server-sent events have them. Of
 * a stream that is older than the agent, or that was lost, nothing else tells where a block begins.
 * Pure.
 */
#ifndef FANFARE_SSE_FIND_H
#define FANFARE_SSE_FIND_H

#include "bpf/framers/http_responses.h"

#define SSE_CRLF_TEXT	0x0a0du
#define SSE_FIND_DIGITS 7 /* of a chunk's size, so that a name fits into 16 bytes behind them */

/* Field names with their colons, first byte lowest. */
#define SSE_FIELD_DATA	0x3a61746164ULL
#define SSE_FIELD_EVENT 0x3a746e657665ULL
#define SSE_FIELD_ID	0x3a6469ULL
#define SSE_FIELD_RETRY 0x3a7972746572ULL

/* 16 bytes of a segment, and where in them the look is. */
struct sse_look {
	__u64 first, second;
	__u32 n; /* how many there are, from here on */
};

FANFARE_INLINE void sse_look_pass(struct sse_look *at, __u32 bytes)
{
	bytes &= 7;
	if (!bytes)
		return;
	at->first = at->first >> 8 * bytes | at->second << (64 - 8 * bytes);
	at->second >>= 8 * bytes;
	at->n = at->n > bytes ? at->n - bytes : 0;
}

FANFARE_INLINE int sse_look_is(const struct sse_look *at, __u64 text, __u32 bytes)
{
	return at->n >= bytes && (at->first ^ text) << (64 - 8 * bytes) == 0;
}

FANFARE_INLINE int sse_look_line(const struct sse_look *at)
{
	return sse_look_is(at, ':', 1) || sse_look_is(at, SSE_FIELD_DATA, 5) ||
	       sse_look_is(at, SSE_FIELD_EVENT, 6) || sse_look_is(at, SSE_FIELD_ID, 3) ||
	       sse_look_is(at, SSE_FIELD_RETRY, 6);
}

/* Passes over the size of a chunk. Returns 0 where there is none. */
FANFARE_INLINE int sse_look_chunk(struct sse_look *at)
{
	struct sse_look behind = *at;
	__u32 digits;

	for (digits = 0; digits < 8; digits++)
		if (http1_digit(at->first >> 8 * digits & 0xff) > 15)
			break;
	if (!digits || digits > SSE_FIND_DIGITS)
		return 0;
	sse_look_pass(&behind, digits);
	if (!sse_look_is(&behind, SSE_CRLF_TEXT, 2))
		return 0;
	sse_look_pass(&behind, 2);
	*at = behind;
	return 1;
}

/* Whether it is worth looking: a stream of events may be under way, and this is the first segment
 * after silence. */
FANFARE_INLINE int sse_may_begin(const struct fanfare_direction *d,
				 const struct fanfare_exchanges *x, __u64 now_ns)
{
	int waits = d->stage == FANFARE_STAGE_SEARCH || d->stage == FANFARE_STAGE_HTTP_WAIT ||
		    (d->stage == FANFARE_STAGE_HTTP && x->streams);

	return waits && (x->wanted & FANFARE_WANT_EVENT_STREAMS) &&
	       !(d->flags & FANFARE_UPGRADED) && d->last_ns && now_ns > d->last_ns &&
	       now_ns - d->last_ns >= FANFARE_QUIET_NS;
}

/* `first` and `second` hold the first n bytes, 16 at most. From here on events are counted. */
FANFARE_INLINE void sse_find(struct fanfare_direction *d, struct fanfare_exchanges *x, __u64 first,
			     __u64 second, __u32 n)
{
	struct sse_look at = {first, second, n < 16 ? n : 16};
	int ends_chunk = sse_look_is(&at, SSE_CRLF_TEXT, 2), in_chunks;

	if (ends_chunk) /* the line end of the chunk before, which some servers send late */
		sse_look_pass(&at, 2);
	in_chunks = sse_look_chunk(&at);
	if (!sse_look_line(&at) || (ends_chunk && !in_chunks))
		return;
	fanfare_drop_token(d);
	http1_enter(d, FANFARE_STAGE_EVENT_STREAM);
	sse_begin(d);
	d->http.line = SSE_NAME;
	d->lost_by = FANFARE_LOSS_NONE;
	x->streams = 1;
	if (in_chunks) {
		d->http.found = HTTP1_TRANSFER | HTTP1_CHUNKED;
		d->http.body = HTTP1_BODY_CHUNKED;
		http1_begin_chunk(&d->http);
		if (ends_chunk)
			d->http.part = HTTP1_CHUNK_END;
	} else {
		d->http.body = HTTP1_BODY_TO_CLOSE;
		d->http.length = HTTP1_TO_CLOSE;
		d->http.part = HTTP1_EVENTS;
	}
}

#endif
