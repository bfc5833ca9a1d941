/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * What the requests and the responses of HTTP/1.1 (RFC 9112) have in common: header fields, chunks,
 * and the passing over of what nobody needs. Pure. What the RFC does not have, or what two readers
 * may take differently (both lengths, a folded length, a space before the colon), is refused: the
 * connection is not walked any more, and nothing is guessed.
 *
 * Names and values are recognised by the FNV-1a hash of a lower-cased token, as in http_upgrade.h.
 */
#ifndef FANFARE_HTTP1_H
#define FANFARE_HTTP1_H

#include "bpf/framers/http_upgrade.h"

/* fanfare_http.part: what comes next */
enum {
	HTTP1_START,	 /* a request's method, a response's version */
	HTTP1_METHOD,	 /* the rest of a long method */
	HTTP1_PATH,	 /* a request's target, compared with the publishes */
	HTTP1_TARGET,	 /* the rest of it */
	HTTP1_VERSION,	 /* a request's */
	HTTP1_STATUS,	 /* of a response */
	HTTP1_START_END, /* the line end of a request line */
	HTTP1_FIELD,	 /* a header field, or the empty line */
	HTTP1_NAME,
	HTTP1_VALUE,
	HTTP1_LINE,	 /* the rest of a line that nobody needs */
	HTTP1_HEAD_ENDS, /* nothing: the head is complete */
	HTTP1_SIZE,	 /* of a chunk */
	HTTP1_EXTENSION, /* of a chunk */
	HTTP1_CHUNK_END, /* the line end behind a chunk's data */
	HTTP1_TRAILER,
	HTTP1_TRAILER_LINE,
	HTTP1_EVENTS,  /* bytes of a stream of events, see sse.h */
	HTTP1_REFUSED, /* nothing: not to be walked */
};

/* fanfare_http.found */
enum {
	HTTP1_LENGTH = 1,
	HTTP1_TRANSFER = 2, /* there is a Transfer-Encoding ... */
	HTTP1_CHUNKED = 4,  /* ... whose last is chunked */
	HTTP1_CODED = 8,    /* compressed, or something else that is not to be read through */
	HTTP1_EVENT_STREAM = 16,
	HTTP1_WEBSOCKET = 32,
	HTTP1_DEFLATE = 64,
	HTTP1_PUBLISH = 128,
};

/* fanfare_http.field */
enum {
	HTTP1_NO_FIELD, /* right behind the start line */
	HTTP1_FIELD_OTHER,
	HTTP1_FIELD_LENGTH, /* from here on they matter */
	HTTP1_FIELD_TRANSFER,
	HTTP1_FIELD_TYPE,
	HTTP1_FIELD_ENCODING,
	HTTP1_FIELD_UPGRADE,
	HTTP1_FIELD_EXTENSIONS,
};

/* fanfare_http.body */
enum {
	HTTP1_BODY_LENGTH,
	HTTP1_BODY_CHUNKED,
	HTTP1_BODY_TO_CLOSE,
};

/* FNV-1a of lower-case texts; tests/unit/http1_test computes them again. */
#define HTTP1_HASH_LENGTH	0x4df9451du /* content-length */
#define HTTP1_HASH_TRANSFER	0xddb4744cu /* transfer-encoding */
#define HTTP1_HASH_TYPE		0xfcf70995u /* content-type */
#define HTTP1_HASH_ENCODING	0x03e2ed88u /* content-encoding */
#define HTTP1_HASH_CHUNKED	0xd31f4213u
#define HTTP1_HASH_EVENT_STREAM 0x19805eccu /* text/event-stream */
#define HTTP1_HASH_IDENTITY	0xa945349bu

#define HTTP1_VERSION_TEXT 0x2e312f50545448ULL /* "HTTP/1.", first byte lowest */
#define HTTP1_LENGTH_MAX   (1ULL << 60)	       /* a longer body is a lie */
#define HTTP1_TO_CLOSE	   (1ULL << 62)
#define HTTP1_BYTES	   0x0101010101010101ULL

/* The compiler keeps what stands before it before. The CPUs need no more: between the two directions
 * stands the server, which takes the socket's lock to read and to write. */
FANFARE_INLINE void http1_in_order(void)
{
	asm volatile("" ::: "memory");
}

/* How many of the n low bytes of w stand before the first that is a or b; n if none is. n <= 8. */
FANFARE_INLINE __u32 http1_before(__u64 w, __u32 n, __u8 a, __u8 b)
{
	__u64 x = w ^ a * HTTP1_BYTES, y = w ^ b * HTTP1_BYTES, found;
	__u32 i;

	/* A byte is 0: its high bit appears. Above the first, borrows may show more. */
	found = (((x - HTTP1_BYTES) & ~x) | ((y - HTTP1_BYTES) & ~y)) & HTTP1_BYTES << 7;
	if (!found)
		return n;
	found = ((found & -found) - 1) & HTTP1_BYTES; /* a bit for each byte up to it */
	i = (found * HTTP1_BYTES >> 56) - 1;
	return i < n ? i : n;
}

/* Not walked any more; uses all valid bytes, since none may stay carried. */
FANFARE_INLINE __u32 http1_refuse(struct fanfare_direction *d, __u32 n, __u8 reason)
{
	d->http.part = HTTP1_REFUSED;
	d->fault = reason;
	d->lost_by = reason;
	return n;
}

/* A request or a response begins. */
FANFARE_INLINE void http1_begin(struct fanfare_direction *d)
{
	struct fanfare_http *http = &d->http;

	http->length = 0;
	http->head_bytes = 0;
	http->status = 0;
	http->part = HTTP1_START;
	http->found = 0;
	http->field = HTTP1_NO_FIELD;
	http->candidates = 0;
	http->method = FANFARE_METHOD_OTHER;
	http->at = 0;
	http->body = HTTP1_BODY_LENGTH;
	d->message_bytes = 0;
}

/* Bytes of a line end at the start of w; 0: needs more, 3: there is none. */
FANFARE_INLINE __u32 http1_line_end(__u64 w, __u32 n)
{
	if ((w & 0xff) == '\n')
		return 1;
	if ((w & 0xff) != '\r')
		return 3;
	if (n < 2)
		return 0;
	return (w >> 8 & 0xff) == '\n' ? 2 : 3;
}

FANFARE_INLINE int http1_ends_name(__u32 byte)
{
	return byte == ':' || byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

FANFARE_INLINE int http1_ends_token(__u32 byte)
{
	return byte == ',' || byte == ';' || byte == ' ' || byte == '\t' || byte == '\r' ||
	       byte == '\n' || byte == '=';
}

/* Adds bytes of w to the hash, up to the one that ends the name or the token. Returns how many. */
FANFARE_INLINE __u32 http1_hash(struct fanfare_http *http, __u64 w, __u32 n, int is_name)
{
	__u32 token = http->token, i;

	for (i = 0; i < 8 && i < n; i++) {
		__u32 byte = w >> 8 * i & 0xff;

		if (is_name ? http1_ends_name(byte) : http1_ends_token(byte))
			break;
		token = http_hash(token, byte);
	}
	http->token = token;
	return i;
}

FANFARE_INLINE __u8 http1_field_of(__u32 token, int is_response)
{
	if (token == HTTP1_HASH_LENGTH)
		return HTTP1_FIELD_LENGTH;
	if (token == HTTP1_HASH_TRANSFER)
		return HTTP1_FIELD_TRANSFER;
	if (!is_response)
		return HTTP1_FIELD_OTHER;
	if (token == HTTP1_HASH_TYPE)
		return HTTP1_FIELD_TYPE;
	if (token == HTTP1_HASH_ENCODING)
		return HTTP1_FIELD_ENCODING;
	if (token == HTTP_HASH_UPGRADE)
		return HTTP1_FIELD_UPGRADE;
	if (token == HTTP_HASH_EXTENSIONS)
		return HTTP1_FIELD_EXTENSIONS;
	return HTTP1_FIELD_OTHER;
}

/* A line of the head begins. */
FANFARE_INLINE __u32 http1_line_token(struct fanfare_direction *d, __u64 w, __u32 n)
{
	struct fanfare_http *http = &d->http;
	__u32 byte = w & 0xff, lower = byte | 0x20, end;

	if (byte == '\r' || byte == '\n') {
		end = http1_line_end(w, n);
		if (end == 3)
			return http1_refuse(d, n, FANFARE_LOSS_BAD_HTTP);
		if (end)
			http->part = HTTP1_HEAD_ENDS;
		return end;
	}
	http->part = HTTP1_LINE;
	if (byte == ' ' || byte == '\t') { /* obs-fold: of a field that nobody needs, or refused */
		if (http->field != HTTP1_FIELD_OTHER)
			return http1_refuse(d, n, FANFARE_LOSS_BAD_HTTP);
		return 1;
	}
	http->field = HTTP1_FIELD_OTHER;
	if (lower == 'c' || lower == 't' || lower == 'u' || lower == 's') {
		http->part = HTTP1_NAME;
		http->token = http_hash(HTTP_FNV_BASIS, byte);
	}
	return 1;
}

FANFARE_INLINE __u32 http1_name_token(struct fanfare_direction *d, __u64 w, __u32 n,
				      int is_response)
{
	struct fanfare_http *http = &d->http;
	__u32 used = http1_hash(http, w, n, 1);

	if (used == n)
		return used;
	if ((w >> 8 * (used & 7) & 0xff) != ':')
		return http1_refuse(d, n, FANFARE_LOSS_BAD_HTTP);
	http->field = http1_field_of(http->token, is_response);
	http->part = http->field == HTTP1_FIELD_OTHER ? HTTP1_LINE : HTTP1_VALUE;
	http->token = HTTP_FNV_BASIS;
	http->at = 0;
	if (http->field == HTTP1_FIELD_TRANSFER)
		http->found |= HTTP1_TRANSFER;
	return used + 1;
}

/* A byte of Content-Length; `at`: 0 before the digits, 1 in them, 2 behind them. */
FANFARE_INLINE __u32 http1_length_token(struct fanfare_direction *d, __u64 w, __u32 n)
{
	struct fanfare_http *http = &d->http;
	__u32 byte = w & 0xff;

	if (byte >= '0' && byte <= '9' && http->at < 2 && !(http->found & HTTP1_LENGTH)) {
		http->length = http->length * 10 + (byte - '0');
		http->at = 1;
		if (http->length <= HTTP1_LENGTH_MAX)
			return 1;
	} else if (byte == ' ' || byte == '\t' || (byte == '\r' && http->at)) {
		if (http->at)
			http->at = 2;
		return 1;
	} else if (byte == '\n' && http->at) {
		http->found |= HTTP1_LENGTH;
		http->part = HTTP1_FIELD;
		return 1;
	}
	return http1_refuse(d, n, FANFARE_LOSS_BAD_HTTP);
}

/* A token of a value is complete. Returns 0 where it makes the head unreadable. */
FANFARE_INLINE int http1_end_token(struct fanfare_http *http)
{
	__u32 token = http->token;

	http->token = HTTP_FNV_BASIS;
	if (token == HTTP_FNV_BASIS)
		return 1;
	switch (http->field) {
	case HTTP1_FIELD_TRANSFER:
		if (http->found & HTTP1_CHUNKED)
			return 0; /* chunked is the last, and once */
		http->found |= token == HTTP1_HASH_CHUNKED ? HTTP1_CHUNKED : HTTP1_CODED;
		return 1;
	case HTTP1_FIELD_TYPE:
		if (token == HTTP1_HASH_EVENT_STREAM)
			http->found |= HTTP1_EVENT_STREAM;
		http->part = HTTP1_LINE;
		return 1;
	case HTTP1_FIELD_ENCODING:
		if (token != HTTP1_HASH_IDENTITY)
			http->found |= HTTP1_CODED;
		return 1;
	case HTTP1_FIELD_UPGRADE:
		if (token == HTTP_HASH_WEBSOCKET)
			http->found |= HTTP1_WEBSOCKET;
		return 1;
	default:
		if (token == HTTP_HASH_DEFLATE)
			http->found |= HTTP1_DEFLATE;
		return 1;
	}
}

FANFARE_INLINE __u32 http1_value_token(struct fanfare_direction *d, __u64 w, __u32 n)
{
	struct fanfare_http *http = &d->http;
	__u32 used;

	if (http->field == HTTP1_FIELD_LENGTH)
		return http1_length_token(d, w, n);
	used = http1_hash(http, w, n, 0);
	if (used == n)
		return used;
	if (!http1_end_token(http))
		return http1_refuse(d, n, FANFARE_LOSS_BAD_HTTP);
	if ((w >> 8 * (used & 7) & 0xff) == '\n')
		http->part = HTTP1_FIELD;
	return used + 1;
}

/* What a part that is passed over ends with. */
FANFARE_INLINE __u8 http1_stop(const struct fanfare_http *http)
{
	return http->part == HTTP1_TARGET || http->part == HTTP1_METHOD ? ' ' : '\n';
}

/* Whether bytes come next that are only searched for their end. */
FANFARE_INLINE int http1_passes(const struct fanfare_http *http)
{
	return http->part == HTTP1_LINE || http->part == HTTP1_TARGET ||
	       http->part == HTTP1_METHOD || http->part == HTTP1_EXTENSION ||
	       http->part == HTTP1_TRAILER_LINE;
}

/* Passes over, up to the end of the part and with it. */
FANFARE_INLINE __u32 http1_pass_token(struct fanfare_direction *d, __u64 w, __u32 n)
{
	struct fanfare_http *http = &d->http;
	__u32 used = http1_before(w, n, http1_stop(http), '\n');

	if (used == n)
		return used;
	if ((w >> 8 * (used & 7) & 0xff) != http1_stop(http))
		return http1_refuse(d, n, FANFARE_LOSS_BAD_HTTP);
	if (http->part == HTTP1_METHOD)
		http->part = HTTP1_TARGET;
	else if (http->part == HTTP1_TARGET)
		http->part = HTTP1_VERSION;
	else if (http->part == HTTP1_LINE)
		http->part = HTTP1_FIELD;
	else if (http->part == HTTP1_TRAILER_LINE)
		http->part = HTTP1_TRAILER;
	else /* the extension of a chunk: http->length is its size */
		http->part = http->length ? HTTP1_CHUNK_END : HTTP1_TRAILER;
	return used + 1;
}

/* Tokens of a head that requests and responses share. */
FANFARE_INLINE __u32 http1_head_token(struct fanfare_direction *d, __u64 w, __u32 n,
				      int is_response)
{
	if (d->http.part == HTTP1_FIELD)
		return http1_line_token(d, w, n);
	if (d->http.part == HTTP1_NAME)
		return http1_name_token(d, w, n, is_response);
	if (d->http.part == HTTP1_VALUE)
		return http1_value_token(d, w, n);
	return http1_pass_token(d, w, n);
}

#endif
