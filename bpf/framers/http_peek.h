/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * What the first bytes of an answer say about a connection that nobody follows yet. Pure. A server
 * that upgrades begins a segment with "HTTP/1.1 1"; heads that come in pieces begin with a part of
 * that.
 */
#ifndef FANFARE_HTTP_PEEK_H
#define FANFARE_HTTP_PEEK_H

#include "bpf/framers/http_upgrade.h"

enum http_answer {
	HTTP_ANSWER_OTHER,	 /* no HTTP, or bytes of a body */
	HTTP_ANSWER_PLAIN,	 /* a response that upgrades nothing */
	HTTP_ANSWER_MAY_UPGRADE, /* so far as it goes */
};

#define HTTP_STATUS_01_TEXT 0x3130u /* "01", first byte lowest */
/* Interim answers up to here ("HTTP/1.1 100 Continue") have no room for a 101 behind them. */
#define HTTP_INTERIM_BYTES  32

/* Whether the n low bytes of a and b differ, 1 to 8. */
FANFARE_INLINE int http_differs(__u64 a, __u64 b, __u32 n)
{
	return (a ^ b) << ((64 - 8 * n) & 63) != 0;
}

/* Of a segment of n payload bytes, 1 or more: its first 8, and the 8 behind them, as far as there
 * are any; first byte lowest. */
FANFARE_INLINE enum http_answer http_peek(__u64 first, __u64 second, __u32 n)
{
	if (http_differs(first, HTTP_VERSION_TEXT, n < 8 ? n : 8))
		return n >= 8 && !http_differs(first, HTTP_VERSION_TEXT, 7) ? HTTP_ANSWER_PLAIN
									    : HTTP_ANSWER_OTHER;
	if (n == 8)
		return HTTP_ANSWER_MAY_UPGRADE;
	if (n > 8 && http_differs(second, HTTP_STATUS_1_TEXT, n == 9 ? 1 : 2))
		return HTTP_ANSWER_PLAIN;
	if (n >= 12 && n <= HTTP_INTERIM_BYTES && (second >> 16 & 0xffff) != HTTP_STATUS_01_TEXT)
		return HTTP_ANSWER_PLAIN;
	return HTTP_ANSWER_MAY_UPGRADE;
}

#endif
