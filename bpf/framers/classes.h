/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * The class of each message by the sub-protocol inside of WebSocket: the table of protocols, and
 * what a driver calls to have payload bytes looked at. Pure. A protocol is one header and one line
 * in the table; NAME_open() begins a message whose first bytes are at hand, NAME_bytes() takes the
 * n low bytes of w, 1 to 8, those above being 0, and returns how many it used, 1 or more.
 *
 * The bytes come in any pieces, across segments and fragments, and give the same counts.
 */
#ifndef FANFARE_CLASSES_H
#define FANFARE_CLASSES_H

#include "bpf/framers/centrifugo.h"
#include "bpf/framers/centrifugo_protobuf.h"
#include "bpf/framers/deflate.h"
#include "bpf/framers/match.h"
#include "bpf/framers/mqtt.h"
#include "bpf/framers/nats.h"
#include "bpf/framers/phoenix.h"
#include "bpf/framers/socketio.h"
#include "bpf/framers/sockjs.h"
#include "bpf/framers/stomp.h"
#include "bpf/framers/xmpp.h"

/* Without FANFARE_MATCH, which is the only one that has a rule to go by. */
#define CLASSES_TABLE(LINE)                                                                        \
	LINE(FANFARE_SOCKETIO, socketio)                                                           \
	LINE(FANFARE_STOMP, stomp)                                                                 \
	LINE(FANFARE_XMPP, xmpp)                                                                   \
	LINE(FANFARE_PHOENIX, phoenix)                                                             \
	LINE(FANFARE_SOCKJS, sockjs)                                                               \
	LINE(FANFARE_CENTRIFUGO, centrifugo)                                                       \
	LINE(FANFARE_CENTRIFUGO_PROTOBUF, centrifugo_protobuf)                                     \
	LINE(FANFARE_NATS, nats)                                                                   \
	LINE(FANFARE_MQTT_IN_WEBSOCKET, mqtt)

/* To be called before the first look at a message, where reader_wants(). */
FANFARE_INLINE void classes_open(struct fanfare_direction *d, const struct fanfare_class_rule *rule)
{
	if (!(d->reader.mode & READER_FRESH))
		return;
	d->reader.mode &= ~READER_FRESH;
	switch (rule->protocol) {
	case FANFARE_MATCH:
		match_open(d, rule);
		break;
#define CLASSES_OPEN(protocol, name)                                                               \
	case protocol:                                                                             \
		name##_open(d);                                                                    \
		break;
		CLASSES_TABLE(CLASSES_OPEN)
#undef CLASSES_OPEN
	default:
		d->reader.left = 0;
	}
}

/* How many of the next payload bytes, `here` being at hand, nobody need look at. They have been
 * passed when this returns. */
FANFARE_INLINE __u32 classes_pass(struct fanfare_direction *d, __u32 here)
{
	__u32 n = d->reader.pass - 1;

	/* The last byte is the protocol's, which then knows what has ended. */
	if (!reader_passes(&d->reader))
		return 0;
	if (n > here)
		n = here;
	d->reader.pass -= n;
	return n;
}

/* How many payload bytes the next look takes, of `here` that are at hand. */
FANFARE_INLINE __u32 classes_span(const struct fanfare_direction *d, __u32 here)
{
	__u32 n = d->reader.left;

	if ((d->reader.mode & READER_DEFLATED) && n != READER_ALL)
		n += DEFLATE_HEADER_BYTES;
	if (n >= READER_ALL || n > here)
		n = here;
	return n > 8 * IDENTITY_CHUNK_WORDS ? 8 * IDENTITY_CHUNK_WORDS : n;
}

FANFARE_INLINE __u32 classes_plain_bytes(struct fanfare_direction *d,
					 const struct fanfare_class_rule *rule, __u64 w, __u32 n)
{
	__u32 used = n;

	switch (rule->protocol) {
	case FANFARE_MATCH:
		used = match_bytes(d, rule, w, n);
		break;
#define CLASSES_BYTES(protocol, name)                                                              \
	case protocol:                                                                             \
		used = name##_bytes(d, w, n);                                                      \
		break;
		CLASSES_TABLE(CLASSES_BYTES)
#undef CLASSES_BYTES
	}
	if (d->reader.left != READER_ALL)
		d->reader.left -= used < d->reader.left ? used : d->reader.left;
	return used;
}

/* In the kernel a call of the driver's, which the verifier goes through once. */
#ifdef __bpf__
__u32 tell_plain_bytes(struct fanfare_direction *d, __u64 w, __u32 n);
#define CLASSES_PLAIN(d, rule, w, n) tell_plain_bytes(d, w, n)
#else
#define CLASSES_PLAIN(d, rule, w, n) classes_plain_bytes(d, rule, w, n)
#endif

FANFARE_INLINE __u32 classes_bytes(struct fanfare_direction *d,
				   const struct fanfare_class_rule *rule, __u64 w, __u32 n)
{
	__u32 plain;

	if (!(d->reader.mode & READER_DEFLATED))
		return CLASSES_PLAIN(d, rule, json_low_bytes(w, n), n);
	plain = deflate_plain_bytes(d);
	if (!plain) {
		deflate_header_byte(d, w & 0xff);
		return 1;
	}
	if (n > plain)
		n = plain;
	n = CLASSES_PLAIN(d, rule, json_low_bytes(w, n), n);
	deflate_plain_used(d, n);
	return n;
}

/* The next n payload bytes, 1 to 8, as they are on the wire. Returns how many were used. */
FANFARE_INLINE __u32 classes_look_at_word(struct fanfare_direction *d,
					  const struct fanfare_class_rule *rule, __u64 w, __u32 n)
{
	return classes_bytes(d, rule, w ^ ((__u64)d->identity.key << 32 | d->identity.key), n);
}

/* What begins at the byte `at` of n. Returns how many bytes were used, to be called until all are,
 * or until nobody wants more. `words` has one word more than identity_unmask() has filled. */
FANFARE_INLINE __u32 classes_look(struct fanfare_direction *d,
				  const struct fanfare_class_rule *rule, const __u64 *words,
				  __u32 at, __u32 n)
{
	__u32 i = at / 8 & (IDENTITY_CHUNK_WORDS - 1), shift = 8 * (at & 7);
	__u32 here = n - at < 8 ? n - at : 8;

	return classes_bytes(d, rule, words[i] >> shift | words[i + 1] << 8 << (56 - shift), here);
}

#endif
