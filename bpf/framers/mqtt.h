/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * The packets of MQTT 3.1.1 and 5 (section 2 of both): first byte, length, the rest. Pure. PUBLISH
 * is an event; with DUP it has been sent before, and is class other, which stands for nothing else
 * here. PINGREQ and PINGRESP are heartbeats. What sets up, acknowledges and ends (CONNECT, CONNACK,
 * PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, DISCONNECT, AUTH) is
 * control.
 *
 * And the reader of a stream of them inside of WebSocket, whose messages begin and end anywhere in
 * it. Over TCP: packets.h.
 */
#ifndef FANFARE_MQTT_H
#define FANFARE_MQTT_H

#include "bpf/framers/reader.h"

enum {
	MQTT_CONNECT = 1,
	MQTT_CONNACK = 2,
	MQTT_PUBLISH = 3,
	MQTT_PUBACK = 4,
	MQTT_PUBCOMP = 7,
	MQTT_PINGREQ = 12,
	MQTT_PINGRESP = 13,
	MQTT_AUTH = 15, /* since 5 */
};

/* Of the first byte of a PUBLISH */
enum {
	MQTT_DUP = 8,
	MQTT_QOS = 6, /* never both bits */
};

/* By type, 1 << type */
#define MQTT_FROM_SERVER  0xeafcU /* no CONNECT, SUBSCRIBE, UNSUBSCRIBE, PINGREQ */
#define MQTT_FROM_CLIENT  0xd5faU /* no CONNACK, SUBACK, UNSUBACK, PINGRESP */
#define MQTT_FLAGS_ARE_2  0x0540U /* PUBREL, SUBSCRIBE, UNSUBSCRIBE; of the others but PUBLISH 0 */
/* By type, 4 bits each: the least length. Pings have that and no more. */
#define MQTT_LEAST_LENGTH 0x00002536222222c0ULL

#define MQTT_HANDSHAKE_MAX 65536		 /* bytes of a CONNECT that is believed */
#define MQTT_HEADER_MAX	   5			 /* bytes */
#define MQTT_NO_HEADER	   (MQTT_HEADER_MAX + 1) /* a length of more than four bytes */

/* Whether a packet may begin with this byte in this direction. */
FANFARE_INLINE int mqtt_begins(__u32 b0, int from_client)
{
	__u32 type = b0 >> 4 & 15, flags = b0 & 15;

	if (!((from_client ? MQTT_FROM_CLIENT : MQTT_FROM_SERVER) >> type & 1))
		return 0;
	if (type == MQTT_PUBLISH)
		return (flags & MQTT_QOS) != MQTT_QOS;
	return flags == (MQTT_FLAGS_ARE_2 >> type & 1) * 2;
}

/* Whether a packet that begins with this byte may have this length. */
FANFARE_INLINE int mqtt_fits(__u32 b0, __u32 length)
{
	__u32 type = b0 >> 4 & 15;

	if (type == MQTT_PINGREQ || type == MQTT_PINGRESP)
		return !length;
	return length >= (MQTT_LEAST_LENGTH >> 4 * type & 15);
}

/* The number of 1 to 4 bytes, 7 bits each, the lowest first, that begins at the lowest byte of w.
 * Returns its bytes; 0: it needs more than the n valid ones; 5: it has more than four. */
FANFARE_INLINE __u32 mqtt_number(__u64 w, __u32 n, __u32 *number)
{
	__u32 bytes;

	*number = w & 0x7f;
	bytes = 1;
	if (w & 0x80) {
		*number |= (w >> 8 & 0x7f) << 7;
		bytes = 2;
		if (w & 0x8000) {
			*number |= (w >> 16 & 0x7f) << 14;
			bytes = 3;
			if (w & 0x800000) {
				*number |= (w >> 24 & 0x7f) << 21;
				bytes = w & 0x80000000 ? 5 : 4;
			}
		}
	}
	if (bytes <= n)
		return bytes;
	return bytes == 5 && n >= 4 ? 5 : 0;
}

/* First byte and length of a packet. Returns their bytes; 0: they need more than the n valid bytes
 * of w; MQTT_NO_HEADER: no packet has them. */
FANFARE_INLINE __u32 mqtt_header(__u64 w, __u32 n, __u32 *length)
{
	__u32 bytes = n ? mqtt_number(w >> 8, n - 1, length) : 0;

	return bytes ? bytes + 1 : 0;
}

/* enum fanfare_class of a packet that begins with this byte. */
FANFARE_INLINE __u32 mqtt_class(__u32 b0)
{
	switch (b0 >> 4 & 15) {
	case MQTT_PUBLISH:
		return b0 & MQTT_DUP ? FANFARE_OTHER : FANFARE_EVENT;
	case MQTT_PINGREQ:
	case MQTT_PINGRESP:
		return FANFARE_HEARTBEAT;
	default:
		return FANFARE_CONTROL;
	}
}

/*
 * fanfare_reader.state. Below MQTT_INSIDE so many bytes of the header stand in `word`; from there on
 * it is MQTT_INSIDE + class, and `pass` is what is left of the packet. A lock in mid-stream may be
 * inside of a packet: until a message of WebSocket has held whole packets alone, or a handshake has
 * passed, none may go over the end of its message.
 */
enum {
	MQTT_INSIDE = 8,
	MQTT_PLACE = 15,
	MQTT_READ = 16, /* a packet has been read */
	MQTT_TRUSTED = 32,
};

FANFARE_INLINE void mqtt_open(struct fanfare_direction *d)
{
	struct fanfare_reader *reader = &d->reader;
	__u32 place = reader->state & MQTT_PLACE;

	reader->mode |= READER_INNER;
	if (reader->state == MQTT_READ)
		reader->state |= MQTT_TRUSTED;
	if (place && !(reader->state & MQTT_TRUSTED)) {
		reader_count(d, FANFARE_OTHER);
		reader->verdict = 0;
		reader->loss = FANFARE_LOSS_UNREAD;
		reader->state = 0;
		reader->word = 0;
	} else if (place >= MQTT_INSIDE) {
		reader->mode |= READER_OPTION;
		reader->verdict = 1 + place - MQTT_INSIDE;
	}
}

FANFARE_INLINE void mqtt_end(struct fanfare_direction *d)
{
	struct fanfare_reader *reader = &d->reader;

	reader_count(d, reader->state & (FANFARE_CLASS_COUNT - 1));
	reader->state = (reader->state & MQTT_TRUSTED) | MQTT_READ;
	reader->word = 0;
	reader->mode &= ~READER_OPTION;
}

FANFARE_INLINE void mqtt_header_byte(struct fanfare_direction *d, __u32 byte)
{
	struct fanfare_reader *reader = &d->reader;
	__u32 place = reader->state & 7, b0, length, bytes, shakes_hands;

	reader->word |= (__u64)byte << 8 * place;
	reader->state++;
	b0 = reader->word & 0xff;
	bytes = mqtt_header(reader->word, place + 1, &length);
	shakes_hands = b0 >> 4 == MQTT_CONNECT || b0 >> 4 == MQTT_CONNACK;
	if (!mqtt_begins(b0, d->flags & FANFARE_MASKED) || bytes == MQTT_NO_HEADER ||
	    (bytes && (!mqtt_fits(b0, length) || (shakes_hands && length > MQTT_HANDSHAKE_MAX)))) {
		reader_give_up(d, FANFARE_LOSS_UNREAD);
		return;
	}
	if (shakes_hands) /* some clients send a message for each field, from its first byte on */
		reader->state |= MQTT_TRUSTED;
	if (!bytes)
		return;
	reader->state = (reader->state & ~MQTT_PLACE) | MQTT_INSIDE | mqtt_class(b0);
	reader->text = 0;
	reader->pass = length;
	if (!reader->verdict)
		reader->verdict = 1 + mqtt_class(b0);
	if (length)
		reader->mode |= READER_OPTION;
	else
		mqtt_end(d);
}

FANFARE_INLINE __u32 mqtt_bytes(struct fanfare_direction *d, __u64 w, __u32 n)
{
	struct fanfare_reader *reader = &d->reader;

	if ((reader->state & MQTT_PLACE) < MQTT_INSIDE) {
		mqtt_header_byte(d, w & 0xff);
		return 1;
	}
	if (n > reader->pass)
		n = reader->pass;
	reader->pass -= n;
	if (!reader->pass)
		mqtt_end(d);
	return n;
}

#endif
