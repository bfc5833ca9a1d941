/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * HTTP/1.1 requests (RFC 9112): which of them publish, and where the next one begins. A request
 * publishes if it has the method of a configured publish and its target begins with the path. Pure.
 */
#ifndef FANFARE_HTTP_REQUESTS_H
#define FANFARE_HTTP_REQUESTS_H

#include "bpf/framers/http1_chunks.h"

/* Texts, first byte lowest. */
#define HTTP1_GET     0x544547ULL
#define HTTP1_HEAD    0x44414548ULL
#define HTTP1_POST    0x54534f50ULL
#define HTTP1_PUT     0x545550ULL
#define HTTP1_PATCH   0x4843544150ULL
#define HTTP1_DELETE  0x4554454c4544ULL
#define HTTP1_CONNECT 0x5443454e4e4f43ULL
#define HTTP1_PRI     0x495250ULL /* HTTP/2's preface */

/* The low n bytes of w, n <= 8. */
FANFARE_INLINE __u64 http1_low(__u64 w, __u32 n)
{
	return n ? w << (64 - 8 * n) >> (64 - 8 * n) : 0;
}

FANFARE_INLINE __u8 http1_method_of(__u64 text)
{
	if (text == HTTP1_GET)
		return FANFARE_METHOD_GET;
	if (text == HTTP1_POST)
		return FANFARE_METHOD_POST;
	if (text == HTTP1_HEAD)
		return FANFARE_METHOD_HEAD;
	if (text == HTTP1_PUT)
		return FANFARE_METHOD_PUT;
	if (text == HTTP1_PATCH)
		return FANFARE_METHOD_PATCH;
	if (text == HTTP1_DELETE)
		return FANFARE_METHOD_DELETE;
	return FANFARE_METHOD_OTHER;
}

/* How many of the n low bytes of w are upper-case letters, from the first on. */
FANFARE_INLINE __u32 http1_upper(__u64 w, __u32 n)
{
	__u32 i;

	for (i = 0; i < 8 && i < n; i++) {
		__u32 byte = w >> 8 * i & 0xff;

		if ((byte < 'A' || byte > 'Z') && byte != '-' && byte != '_')
			break;
	}
	return i;
}

/* Whether a segment that starts with these 8 bytes begins a request. */
FANFARE_INLINE int http1_begins_request(__u64 w)
{
	__u32 i = http1_upper(w, 8);
	__u64 rest;

	if (i < 3 || i > 6)
		return 0;
	rest = w >> 8 * i;
	return (rest & 0xffff) == (' ' | '/' << 8) && http1_method_of(http1_low(w, i));
}

/* Which publishes have the method. What is found goes to memory at once, here and below: the paths
 * of the verifier then meet again after each. */
FANFARE_INLINE void http1_find_candidates(struct fanfare_http *http,
					  const struct fanfare_publish_set *set)
{
	http->candidates = 0;
	if (http->method == FANFARE_METHOD_OTHER)
		return;
	for (__u32 i = 0; i < FANFARE_PUBLISHES_MAX; i++) {
		if (set->publish[i].method == http->method)
			http->candidates |= 1 << i;
	}
}

FANFARE_INLINE __u32 http1_method_token(struct fanfare_direction *d,
					const struct fanfare_publish_set *set, __u64 w, __u32 n)
{
	struct fanfare_http *http = &d->http;
	__u32 i = http1_upper(w, n), byte;
	__u64 text;

	if (!i && ((w & 0xff) == '\r' || (w & 0xff) == '\n'))
		return http1_line_end(w, n) == 3 ? http1_refuse(d, n, FANFARE_LOSS_BAD_HTTP)
						 : http1_line_end(w, n);
	if (i == n && n < 8)
		return 0;
	if (i == 8) {
		http->part = HTTP1_METHOD;
		return 8;
	}
	byte = w >> 8 * (i & 7) & 0xff;
	text = http1_low(w, i);
	if (!i || byte != ' ' || text == HTTP1_CONNECT || text == HTTP1_PRI)
		return http1_refuse(d, n, FANFARE_LOSS_BAD_HTTP);
	http->method = http1_method_of(text);
	http1_find_candidates(http, set);
	http->part = http->candidates ? HTTP1_PATH : HTTP1_TARGET;
	http->at = 0;
	return i + 1;
}

/* Compares the next bytes of the target, `at` of which have been. */
FANFARE_INLINE __u32 http1_path_token(struct fanfare_direction *d,
				      const struct fanfare_publish_set *set, __u64 w, __u32 n)
{
	struct fanfare_http *http = &d->http;
	__u32 bytes = http1_before(w, n, ' ', '\n'), at = http->at & (FANFARE_PUBLISH_PATH_MAX - 1);

	if (!bytes) {
		http->part = HTTP1_TARGET;
		return http1_pass_token(d, w, n);
	}
	for (__u32 i = 0; i < FANFARE_PUBLISHES_MAX; i++) {
		const struct fanfare_publish *publish = &set->publish[i];
		__u32 due = publish->path_bytes - at, compared = due < bytes ? due : bytes;

		if (!(http->candidates >> i & 1))
			continue;
		if (http1_low(w ^ publish->path[at], compared & 15))
			http->candidates &= ~(1 << i);
		else if (due <= bytes)
			http->found |= HTTP1_PUBLISH;
	}
	http->at = at + bytes;
	if (!http->candidates || (http->found & HTTP1_PUBLISH))
		http->part = HTTP1_TARGET;
	return bytes;
}

FANFARE_INLINE __u32 http1_version_token(struct fanfare_direction *d, __u64 w, __u32 n)
{
	if (n < 8)
		return 0;
	if (http1_low(w, 7) != HTTP1_VERSION_TEXT || (w >> 56 != '1' && w >> 56 != '0'))
		return http1_refuse(d, n, FANFARE_LOSS_BAD_HTTP);
	d->http.part = HTTP1_START_END;
	return 8;
}

FANFARE_INLINE __u32 http1_request_line_end(struct fanfare_direction *d, __u64 w, __u32 n)
{
	__u32 end = http1_line_end(w, n);

	if (end == 3)
		return http1_refuse(d, n, FANFARE_LOSS_BAD_HTTP);
	if (end)
		d->http.part = HTTP1_FIELD;
	return end;
}

/* One token of a request. Returns bytes used; 0: needs more than the n valid bytes of w. */
FANFARE_INLINE __u32 http1_request_token(struct fanfare_direction *d,
					 const struct fanfare_publish_set *set, __u64 w, __u32 n)
{
	if (d->http.part == HTTP1_START)
		return http1_method_token(d, set, w, n);
	if (d->http.part == HTTP1_PATH)
		return http1_path_token(d, set, w, n);
	if (d->http.part == HTTP1_VERSION)
		return http1_version_token(d, w, n);
	if (d->http.part == HTTP1_START_END)
		return http1_request_line_end(d, w, n);
	if (d->http.part >= HTTP1_SIZE)
		return http1_chunk_token(d, w, n);
	return http1_head_token(d, w, n, 0);
}

/* The head of a request is complete: the other direction may now answer it. */
FANFARE_INLINE void http1_end_request(struct fanfare_direction *d, struct fanfare_exchanges *x)
{
	struct fanfare_http *http = &d->http;
	__u16 requests = x->requests, answered = *(volatile __u16 *)&x->answered;
	__u64 bit = 1ULL << (requests & (FANFARE_REQUESTS_MAX - 1));
	__u8 found = http->found, method = http->method;
	__u64 length = http->length;

	if ((found & HTTP1_TRANSFER) && (found & (HTTP1_LENGTH | HTTP1_CHUNKED)) != HTTP1_CHUNKED) {
		http1_refuse(d, 0, FANFARE_LOSS_BAD_HTTP);
		return;
	}
	if ((__u16)(requests - answered) >= FANFARE_REQUESTS_MAX) {
		http1_refuse(d, 0, FANFARE_LOSS_HTTP_PIPELINE);
		return;
	}
	x->publishes = found & HTTP1_PUBLISH ? x->publishes | bit : x->publishes & ~bit;
	x->heads = method == FANFARE_METHOD_HEAD ? x->heads | bit : x->heads & ~bit;
	http1_in_order();
	*(volatile __u16 *)&x->requests = requests + 1;
	http1_begin(d);
	if (found & HTTP1_CHUNKED)
		http1_begin_chunk(http);
	else
		d->skip = length;
}

#endif
