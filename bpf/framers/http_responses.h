/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * HTTP/1.1 responses (RFC 9112), paired in order with the requests that they answer: a publish that
 * is answered 2xx is accepted, and a 2xx of type text/event-stream is a stream of events. Pure.
 */
#ifndef FANFARE_HTTP_RESPONSES_H
#define FANFARE_HTTP_RESPONSES_H

#include "bpf/framers/http1_chunks.h"
#include "bpf/framers/sse.h"

FANFARE_INLINE __u32 http1_response_start(struct fanfare_direction *d, __u64 w, __u32 n)
{
	__u32 bytes = n < 7 ? n : 7;
	__u64 other = (w ^ HTTP1_VERSION_TEXT) << (64 - 8 * bytes);

	if (n && other)
		return http1_refuse(d, n, FANFARE_LOSS_BAD_HTTP);
	if (n < 8)
		return 0;
	if (w >> 56 != '1' && w >> 56 != '0')
		return http1_refuse(d, n, FANFARE_LOSS_BAD_HTTP);
	d->http.part = HTTP1_STATUS;
	return 8;
}

FANFARE_INLINE __u32 http1_status_token(struct fanfare_direction *d, __u64 w, __u32 n)
{
	__u32 hundreds = w >> 8 & 0xff, tens = w >> 16 & 0xff, ones = w >> 24 & 0xff;

	if (n < 4)
		return 0;
	if ((w & 0xff) != ' ' || hundreds < '1' || hundreds > '5' || tens < '0' || tens > '9' ||
	    ones < '0' || ones > '9')
		return http1_refuse(d, n, FANFARE_LOSS_BAD_HTTP);
	d->http.status = (hundreds - '0') * 100 + (tens - '0') * 10 + (ones - '0');
	d->http.part = HTTP1_LINE;
	return 4;
}

/* A compressed chunk of a stream of events has passed: its events cannot be told. */
FANFARE_INLINE void http1_count_coded(struct fanfare_direction *d, __u64 bytes)
{
	d->tally.frames++;
	d->tally.by_class[FANFARE_OTHER].messages++;
	d->tally.by_class[FANFARE_OTHER].bytes += bytes;
	d->http.coded++;
}

FANFARE_INLINE void http1_leave_stream(struct fanfare_direction *d)
{
	d->stage = FANFARE_STAGE_RESPONSE;
	http1_begin(d);
}

/* `used` bytes of a stream of events have passed. `length` says how many are still to come until
 * the chunk or the body ends. */
FANFARE_INLINE void http1_pass_events(struct fanfare_direction *d, __u32 used)
{
	struct fanfare_http *http = &d->http;

	if (http->body == HTTP1_BODY_TO_CLOSE)
		return;
	http->length -= used;
	if (http->length)
		return;
	if (http->body == HTTP1_BODY_CHUNKED)
		http->part = HTTP1_CHUNK_END;
	else
		http1_leave_stream(d);
}

FANFARE_INLINE __u32 http1_stream_token(struct fanfare_direction *d, __u64 w, __u32 n)
{
	struct fanfare_http *http = &d->http;
	int coded = http->found & HTTP1_CODED, in_data = http->part == HTTP1_CHUNK_END;
	__u64 bytes = http->length;
	__u32 used;

	if (http->part == HTTP1_EVENTS) {
		used = sse_token(d, w, n < bytes ? n : (__u32)bytes);
		http1_pass_events(d, used);
		return used;
	}
	used = http1_chunk_token(d, w, n);
	if (in_data && coded && http->part == HTTP1_SIZE)
		http1_count_coded(d, bytes);
	if (!in_data && !coded && http->part == HTTP1_CHUNK_END) {
		d->skip = 0;
		http->part = HTTP1_EVENTS;
	}
	if (http->part == HTTP1_START)
		http1_leave_stream(d);
	return used;
}

/* One token of a response. Returns bytes used; 0: needs more than the n valid bytes of w. */
FANFARE_INLINE __u32 http1_response_token(struct fanfare_direction *d, __u64 w, __u32 n)
{
	if (d->stage == FANFARE_STAGE_EVENT_STREAM)
		return http1_stream_token(d, w, n);
	if (d->http.part == HTTP1_START)
		return http1_response_start(d, w, n);
	if (d->http.part == HTTP1_STATUS)
		return http1_status_token(d, w, n);
	if (d->http.part >= HTTP1_SIZE)
		return http1_chunk_token(d, w, n);
	return http1_head_token(d, w, n, 1);
}

/* The body of a response that is a stream of events begins. */
FANFARE_INLINE void http1_begin_stream(struct fanfare_direction *d, __u8 found, __u64 length)
{
	struct fanfare_http *http = &d->http;

	http1_begin(d);
	sse_begin(d);
	http->found = found;
	if (found & HTTP1_CHUNKED) {
		http->body = HTTP1_BODY_CHUNKED;
		http1_begin_chunk(http);
	} else if (found & HTTP1_CODED) {
		http1_refuse(d, 0, FANFARE_LOSS_COMPRESSED);
		return;
	} else {
		http->body = found & HTTP1_LENGTH ? HTTP1_BODY_LENGTH : HTTP1_BODY_TO_CLOSE;
		http->length = found & HTTP1_LENGTH ? length : HTTP1_TO_CLOSE;
		http->part = HTTP1_EVENTS;
	}
	d->stage = FANFARE_STAGE_EVENT_STREAM;
}

FANFARE_INLINE void http1_begin_body(struct fanfare_direction *d, struct fanfare_exchanges *x)
{
	__u8 found = d->http.found;
	__u16 status = d->http.status;
	__u64 length = d->http.length;
	int streams = (found & HTTP1_EVENT_STREAM) && status < 300 &&
		      (x->wanted & FANFARE_WANT_EVENT_STREAMS);

	if ((found & HTTP1_TRANSFER) && (found & HTTP1_LENGTH)) {
		http1_refuse(d, 0, FANFARE_LOSS_BAD_HTTP);
		return;
	}
	if (streams)
		x->streams = 1;
	if (streams && (!(found & HTTP1_LENGTH) || length)) {
		http1_begin_stream(d, found, length);
		return;
	}
	http1_begin(d);
	if (found & HTTP1_CHUNKED)
		http1_begin_chunk(&d->http);
	else
		d->skip = found & HTTP1_LENGTH ? length : HTTP1_TO_CLOSE;
}

/* A response that is not interim answers the oldest request. */
FANFARE_INLINE void http1_answer(struct fanfare_direction *d, struct fanfare_exchanges *x)
{
	__u16 answered = x->answered, status = d->http.status;
	__u64 bit = 1ULL << (answered & (FANFARE_REQUESTS_MAX - 1));
	int publishes, is_head;

	if (answered == *(volatile __u16 *)&x->requests) {
		/* A server that gives up a request that never was complete says so; it closes. */
		int is_no_loss = x->in_stopped || status >= 400;

		http1_refuse(d, 0, is_no_loss ? FANFARE_LOSS_NONE : FANFARE_LOSS_HTTP_UNPAIRED);
		return;
	}
	http1_in_order();
	publishes = (x->publishes & bit) != 0;
	is_head = (x->heads & bit) != 0;
	http1_in_order();
	*(volatile __u16 *)&x->answered = answered + 1;
	if (publishes && status < 300)
		x->accepted++;
	if (is_head || status == 204 || status == 304)
		http1_begin(d);
	else
		http1_begin_body(d, x);
}

/* The head of a response is complete. */
FANFARE_INLINE void http1_end_response(struct fanfare_direction *d, struct fanfare_exchanges *x)
{
	__u8 found = d->http.found;

	if (d->http.status >= 200) {
		http1_answer(d, x);
	} else if (d->http.status != 101) {
		http1_begin(d); /* interim: the answer is still to come */
	} else if (found & HTTP1_WEBSOCKET) {
		d->head_found = found & HTTP1_DEFLATE ? HTTP_FOUND_DEFLATE : 0;
		http_upgraded(d);
	} else {
		http1_refuse(d, 0, FANFARE_LOSS_BAD_HTTP);
	}
}

#endif
