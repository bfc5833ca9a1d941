/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * The response head that makes a connection a WebSocket (RFC 6455 section 4.2.2): status 101 with
 * `Upgrade: websocket`; notes permessage-deflate. Pure; one byte a token, since a head is read once
 * in a connection's life. Names and values are recognised by the FNV-1a hash of a lower-cased
 * token, so that the state is a few words and no buffer.
 */
#ifndef FANFARE_HTTP_UPGRADE_H
#define FANFARE_HTTP_UPGRADE_H

#include "bpf/framers/direction.h"

/* fanfare_direction.head_field */
enum {
	HTTP_VERSION,
	HTTP_STATUS,
	HTTP_REASON,
	HTTP_NAME,
	HTTP_VALUE,
	HTTP_VALUE_UPGRADE,
	HTTP_VALUE_EXTENSIONS,
};

/* fanfare_direction.head_found */
enum {
	HTTP_FOUND_WEBSOCKET = 1,
	HTTP_FOUND_DEFLATE = 2,
	HTTP_LATER_HEAD = 4, /* not the connection's first: falls back instead of dismissing */
	HTTP_INTERIM = 8,    /* 1xx but 101: another head comes next */
};

#define HTTP_FNV_BASIS 0x811c9dc5u
#define HTTP_FNV_PRIME 0x01000193u

/* FNV-1a of lower-case texts; tests/unit/http_upgrade_test computes them again. */
#define HTTP_HASH_101	     0x6833d62fu
#define HTTP_HASH_UPGRADE    0xdc97cc77u
#define HTTP_HASH_WEBSOCKET  0xcedc7870u
#define HTTP_HASH_EXTENSIONS 0x3b4c03c1u	   /* sec-websocket-extensions */
#define HTTP_HASH_DEFLATE    0xd7ca7cc5u	   /* permessage-deflate */
#define HTTP_VERSION_TEXT    0x312e312f50545448ULL /* "HTTP/1.1", first byte lowest */
#define HTTP_STATUS_1_TEXT   0x3120u		   /* " 1" */
#define HTTP_END_OF_HEAD     0x0d0a0d0au

FANFARE_INLINE __u32 http_hash(__u32 hash, __u32 byte)
{
	if (byte >= 'A' && byte <= 'Z')
		byte |= 0x20;
	return (hash ^ byte) * HTTP_FNV_PRIME;
}

FANFARE_INLINE void http_begin_head(struct fanfare_direction *d, __u8 found)
{
	d->stage = FANFARE_STAGE_HEAD;
	d->head_field = HTTP_VERSION;
	d->head_found = found;
	d->head_bytes = 0;
	d->head_last = 0;
	d->head_token = HTTP_FNV_BASIS;
}

/* Whether a head that begins with these 16 bytes can be an upgrade, or stand before one: saves
 * reading all others. */
FANFARE_INLINE int http_may_upgrade(__u64 first, __u64 second)
{
	return first == HTTP_VERSION_TEXT && (second & 0xffff) == HTTP_STATUS_1_TEXT;
}

/* Not an upgrade after all: wait for the next head, search, or let the flow go. An old connection
 * whose segment begins with a response is plain HTTP, since no frame begins with 'H'; should it have
 * been a payload after all, the next short segment that is no head sends it back to the search. */
FANFARE_INLINE void http_end_head(struct fanfare_direction *d, int is_http)
{
	int is_old = d->flags & FANFARE_OLD;

	if ((d->flags & FANFARE_UPGRADED) || (is_old && !is_http))
		d->stage = FANFARE_STAGE_SEARCH;
	else if (is_http || (d->head_found & HTTP_LATER_HEAD))
		d->stage = FANFARE_STAGE_HTTP;
	else
		d->stage = FANFARE_STAGE_DISMISSED;
}

FANFARE_INLINE void http_upgraded(struct fanfare_direction *d)
{
	fanfare_drop_token(d);
	d->message_bytes = 0;
	d->flags &= ~(FANFARE_DEFLATE_UNKNOWN | FANFARE_MESSAGE_UNKNOWN | FANFARE_MESSAGE_OPEN |
		      FANFARE_DEFLATE);
	d->flags |= FANFARE_UPGRADED;
	if (d->head_found & HTTP_FOUND_DEFLATE)
		d->flags |= FANFARE_DEFLATE;
	/* Later than at a connection's start a body can look like this head. */
	fanfare_lock(d, d->head_found & HTTP_LATER_HEAD ? FANFARE_PROOF_FRAMES : 0);
}

FANFARE_INLINE void http_end_value_token(struct fanfare_direction *d)
{
	if (d->head_field == HTTP_VALUE_UPGRADE && d->head_token == HTTP_HASH_WEBSOCKET)
		d->head_found |= HTTP_FOUND_WEBSOCKET;
	if (d->head_field == HTTP_VALUE_EXTENSIONS && d->head_token == HTTP_HASH_DEFLATE)
		d->head_found |= HTTP_FOUND_DEFLATE;
	d->head_token = HTTP_FNV_BASIS;
}

FANFARE_INLINE void http_field_byte(struct fanfare_direction *d, __u32 byte)
{
	if (byte == '\n') {
		http_end_value_token(d);
		d->head_field = HTTP_NAME;
	} else if (d->head_field == HTTP_NAME && byte == ':') {
		d->head_field = d->head_token == HTTP_HASH_UPGRADE	? HTTP_VALUE_UPGRADE
				: d->head_token == HTTP_HASH_EXTENSIONS ? HTTP_VALUE_EXTENSIONS
									: HTTP_VALUE;
		d->head_token = HTTP_FNV_BASIS;
	} else if (byte == ' ' || byte == '\t' || byte == ',' || byte == ';' || byte == '=' ||
		   byte == '\r') {
		http_end_value_token(d);
	} else {
		d->head_token = http_hash(d->head_token, byte);
	}
}

/* The status has ended, with the byte that is the last of head_last. */
FANFARE_INLINE void http_end_status(struct fanfare_direction *d)
{
	int is_interim = d->head_bytes == 12 && d->head_last >> 24 == '1';

	d->head_field = HTTP_REASON;
	if (d->head_token == HTTP_HASH_101)
		return;
	if (is_interim)
		d->head_found |= HTTP_INTERIM;
	else
		http_end_head(d, 1);
}

/* The head is complete. Behind an interim one (RFC 9110 15.2) another begins with the next byte, in
 * this segment or a later one. */
FANFARE_INLINE void http_complete_head(struct fanfare_direction *d)
{
	if (d->head_found & HTTP_INTERIM) {
		http_begin_head(d, d->head_found & HTTP_LATER_HEAD);
		d->head_bytes = 0xffff; /* the byte that is being counted is not of it */
	} else if (d->head_found & HTTP_FOUND_WEBSOCKET) {
		http_upgraded(d);
	} else {
		http_end_head(d, 1);
	}
}

/* It is not read to its end. */
FANFARE_INLINE void http_refuse_head(struct fanfare_direction *d)
{
	d->fault = FANFARE_LOSS_HEAD_TOO_LONG;
	d->stage = d->flags & FANFARE_OLD ? FANFARE_STAGE_SEARCH : FANFARE_STAGE_DISMISSED;
}

/* One byte of a head. Always uses it. */
FANFARE_INLINE __u32 http_head_token(struct fanfare_direction *d, __u64 w, __u32 n)
{
	__u32 byte = w & 0xff;

	if (n < 1)
		return 0;
	d->head_last = d->head_last << 8 | byte;
	if (d->head_field == HTTP_VERSION) {
		if (d->head_bytes == 8) {
			if (byte != ' ')
				http_end_head(d, 0);
			d->head_field = HTTP_STATUS;
		} else if (byte != (HTTP_VERSION_TEXT >> 8 * (d->head_bytes & 7) & 0xff)) {
			/* "HTTP/1.0" is HTTP too; anything else is not. */
			http_end_head(d, d->head_bytes == 7);
		}
	} else if (d->head_field == HTTP_STATUS) {
		if (byte != ' ' && byte != '\r') {
			d->head_token = http_hash(d->head_token, byte);
		} else {
			http_end_status(d);
		}
	} else if (d->head_last == HTTP_END_OF_HEAD) {
		http_complete_head(d);
	} else if (d->head_field == HTTP_REASON) {
		if (byte == '\n') {
			d->head_field = HTTP_NAME;
			d->head_token = HTTP_FNV_BASIS;
		}
	} else {
		http_field_byte(d, byte);
	}
	if (++d->head_bytes >= FANFARE_HEAD_MAX && d->stage == FANFARE_STAGE_HEAD)
		http_refuse_head(d);
	return 1;
}

#endif
