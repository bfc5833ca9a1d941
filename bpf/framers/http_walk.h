/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * One step over the requests or the responses of a connection, and where such a walk begins and
 * ends. Pure. The way is known where the code is made, so that neither pays for the other.
 *
 * A connection that is followed from its accept is walked from its first byte. One that is older
 * than the agent is walked from the first segment on that begins with a method and a path, and its
 * responses from the next segment that begins with "HTTP/1."; should a response have been under
 * way to a request before that one, the first pair is a wrong one.
 */
#ifndef FANFARE_HTTP_WALK_H
#define FANFARE_HTTP_WALK_H

#include "bpf/framers/http_requests.h"
#include "bpf/framers/http_responses.h"

#define HTTP1_CHUNK_WORDS 16 /* 8 bytes each, at one look for an end of line */

struct http1_words {
	__u64 word[HTTP1_CHUNK_WORDS + 1];
};

FANFARE_INLINE int http1_walks_requests(const struct fanfare_direction *d)
{
	return client_protocols_enabled && d->stage == FANFARE_STAGE_REQUEST;
}

FANFARE_INLINE int http1_walks_responses(const struct fanfare_direction *d)
{
	return client_protocols_enabled &&
	       (d->stage == FANFARE_STAGE_RESPONSE || d->stage == FANFARE_STAGE_EVENT_STREAM);
}

FANFARE_INLINE int http1_walks(const struct fanfare_direction *d)
{
	/* The three stages in one comparison. */
	return client_protocols_enabled &&
	       (__u8)(d->stage - FANFARE_STAGE_REQUEST) <=
		       FANFARE_STAGE_EVENT_STREAM - FANFARE_STAGE_REQUEST;
}

/* The port's word, see enum FANFARE_PORT_...; `set`: the place of its publishes. */
FANFARE_INLINE __u8 http1_wanted(__u8 port, __u8 set)
{
	__u8 wanted = 0;

	if (port & FANFARE_PORT_PUBLISHES)
		wanted = FANFARE_WANT_PUBLISHES | set << FANFARE_WANT_SET_SHIFT;
	if ((port & FANFARE_PORT_PROTOCOL) == FANFARE_SSE)
		wanted |= FANFARE_WANT_EVENT_STREAMS;
	return wanted;
}

FANFARE_INLINE void http1_enter(struct fanfare_direction *d, __u8 stage)
{
	d->stage = stage;
	d->http.coded = 0;
	http1_begin(d);
}

/* A connection begins; sequence numbers are set by the caller. */
FANFARE_INLINE void http1_open(struct fanfare_direction *out, struct fanfare_direction *in)
{
	http1_enter(out, FANFARE_STAGE_RESPONSE);
	http1_enter(in, FANFARE_STAGE_REQUEST);
}

/* ... that is older than the agent. With publishes it may as well be a WebSocket: it is searched. */
FANFARE_INLINE void http1_open_old(struct fanfare_direction *out, struct fanfare_direction *in,
				   __u8 wanted)
{
	if (wanted & FANFARE_WANT_PUBLISHES)
		return;
	out->stage = in->stage = FANFARE_STAGE_HTTP_WAIT;
}

/* A segment of a connection that is not walked starts with these 8 bytes. */
FANFARE_INLINE void http1_begin_segment(struct fanfare_direction *d, struct fanfare_exchanges *x,
					__u64 word, int is_response)
{
	int waits = d->stage == FANFARE_STAGE_SEARCH || d->stage == FANFARE_STAGE_HTTP_WAIT ||
		    (is_response && d->stage == FANFARE_STAGE_HTTP);

	if (!waits || !x->wanted || x->in_stopped || x->out_stopped ||
	    (d->flags & FANFARE_UPGRADED))
		return;
	if (is_response ? http1_low(word, 7) != HTTP1_VERSION_TEXT ||
				  x->answered == *(volatile __u16 *)&x->requests
			: !http1_begins_request(word))
		return;
	fanfare_drop_token(d);
	http1_enter(d, is_response ? FANFARE_STAGE_RESPONSE : FANFARE_STAGE_REQUEST);
}

/* Whether what has come to pass ends the walk; then what follows is nobody's, but for a WebSocket
 * on a port that publishes. */
FANFARE_INLINE int http1_stops(struct fanfare_direction *d, struct fanfare_exchanges *x,
			       int is_response)
{
	if (d->http.part != HTTP1_REFUSED || !http1_walks(d))
		return 0;
	fanfare_drop_token(d);
	d->off = d->end;
	if (!is_response) {
		d->stage = FANFARE_STAGE_IDLE;
		x->in_stopped = 1;
		return 1;
	}
	x->out_stopped = 1;
	d->stage = FANFARE_STAGE_DISMISSED;
	if (x->streams) /* a client that cannot be read is not forgotten, and may be found again */
		d->stage = FANFARE_STAGE_HTTP_WAIT;
	else if (x->wanted & FANFARE_WANT_PUBLISHES)
		d->stage = FANFARE_STAGE_HTTP;
	return 1;
}

FANFARE_INLINE int http1_goes_on(const struct fanfare_direction *d, int is_response)
{
	return d->off < d->end &&
	       (is_response ? http1_walks_responses(d) : http1_walks_requests(d));
}

/* Whether many bytes are to be searched for the end of a line. */
FANFARE_INLINE int http1_scans(const struct fanfare_direction *d, int is_response)
{
	if (d->ncarry || d->skip)
		return 0;
	return http1_passes(&d->http) ||
	       (is_response && d->http.part == HTTP1_EVENTS && d->http.line == SSE_REST);
}

/* Of the n bytes that are left of the segment, 1 or more: how many to look at. */
FANFARE_INLINE __u32 http1_span(const struct fanfare_direction *d, __u32 n, int is_response)
{
	if (is_response && d->http.part == HTTP1_EVENTS && n > d->http.length)
		n = d->http.length;
	return n < 8 * HTTP1_CHUNK_WORDS ? n : 8 * HTTP1_CHUNK_WORDS;
}

/* Passes over those of the n bytes in `words` that stand before the end. Returns how many. */
FANFARE_INLINE __u32 http1_scan(struct fanfare_direction *d, const struct http1_words *words,
				__u32 n, int is_response)
{
	int events = is_response && d->http.part == HTTP1_EVENTS;
	__u8 a = events ? '\r' : http1_stop(&d->http);
	__u32 passed = 0;

	for (__u32 i = 0; i < HTTP1_CHUNK_WORDS; i++) {
		__u32 here = http1_before(words->word[i], 8, a, '\n');

		passed += here;
		if (here < 8 || passed >= n)
			break;
	}
	if (passed > n)
		passed = n;
	d->off += passed;
	if (events) {
		d->message_bytes += passed;
		http1_pass_events(d, passed);
	} else if (d->http.part < HTTP1_SIZE) {
		d->http.head_bytes += passed;
		if (d->http.head_bytes > FANFARE_HEAD_MAX)
			http1_refuse(d, 0, FANFARE_LOSS_HEAD_TOO_LONG);
	}
	return passed;
}

/* What a token leads to, `used` bytes of which were of a head or not. */
FANFARE_INLINE void http1_settle(struct fanfare_direction *d, struct fanfare_exchanges *x,
				 __u32 used, int of_head, int is_response)
{
	if (of_head && d->http.part != HTTP1_REFUSED) {
		d->http.head_bytes += used;
		if (d->http.head_bytes > FANFARE_HEAD_MAX)
			http1_refuse(d, 0, FANFARE_LOSS_HEAD_TOO_LONG);
	}
	if (is_response && x->out_stopped && d->stage == FANFARE_STAGE_RESPONSE) {
		/* The end of a stream that had been lost: what comes next has no request. */
		d->stage = FANFARE_STAGE_HTTP_WAIT;
		return;
	}
	if (d->http.part != HTTP1_HEAD_ENDS)
		return;
	if (is_response)
		http1_end_response(d, x);
	else
		http1_end_request(d, x);
}

/* One token. In the kernel these are functions that are verified once, see walk.bpf.h. */
#ifdef __bpf__
__u32 http1_read_request(struct fanfare_direction *d, __u32 set, __u64 w, __u32 n);
__u32 http1_read_response(struct fanfare_direction *d, __u64 w, __u32 n);
#define HTTP1_READ_REQUEST(d, x, set, w, n)                                                        \
	http1_read_request(d, (x)->wanted >> FANFARE_WANT_SET_SHIFT, w, n)
#define HTTP1_READ_RESPONSE http1_read_response
#else
#define HTTP1_READ_REQUEST(d, x, set, w, n) http1_request_token(d, set, w, n)
#define HTTP1_READ_RESPONSE		    http1_response_token
#endif

/* One step over the segment: a skip, or one token. `raw` holds the next bytes at off, 8 or as many
 * as are left, first byte lowest. Returns 0 where the walk ends. */
FANFARE_INLINE int http1_step(struct fanfare_direction *d, struct fanfare_exchanges *x,
			      const struct fanfare_publish_set *set, __u64 raw, int is_response)
{
	__u32 left = d->end - d->off;

	if (!d->skip) {
		__u32 carried = d->ncarry & 7;
		__u32 fresh = left < 8 - carried ? left : 8 - carried;
		__u64 w = carried ? d->carry | raw << 8 * carried : raw;
		__u32 n = carried + fresh;
		int of_head = d->http.part < HTTP1_SIZE;
		__u32 used = is_response ? HTTP1_READ_RESPONSE(d, w, n)
					 : HTTP1_READ_REQUEST(d, x, set, w, n);

		if (!used) {
			d->carry = n < 8 ? w & ((1ULL << 8 * (n & 7)) - 1) : w;
			d->ncarry = n;
			d->off = d->end;
			return 0;
		}
		/* What was carried was too little for a token, so it is used up. */
		d->ncarry = 0;
		d->off += used > carried ? used - carried : 0;
		http1_settle(d, x, used, of_head, is_response);
		if (http1_stops(d, x, is_response))
			return 0;
		left = d->end - d->off;
	}
	if (d->skip && http1_goes_on(d, is_response)) {
		__u32 step = d->skip < left ? (__u32)d->skip : left;

		d->skip -= step;
		d->off += step;
	}
	return http1_goes_on(d, is_response);
}

#endif
