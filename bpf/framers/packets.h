/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * MQTT over TCP: the packets of mqtt.h as one direction of a connection carries them. Pure. In step
 * from the first byte of a connection that was followed from its start; one that is older is
 * searched for chained packets that fit, see packets_search_token(). A packet counts when its last
 * byte has passed; its payload bytes are its remaining length.
 *
 * Identities are read from the application message alone: topic, packet identifier and properties
 * stand before it and differ from copy to copy.
 */
#ifndef FANFARE_PACKETS_H
#define FANFARE_PACKETS_H

#include "bpf/framers/direction.h"
#include "bpf/framers/mqtt.h"

/* fanfare_direction.frame. The class of the packet stands in two bits, by enum fanfare_class; what
 * lies between the length and the bytes that are skipped in the others. */
enum {
	PACKET_OPEN = FANFARE_FRAME_OPEN,
	PACKET_CLASS = 1,	/* shift of the class */
	PACKET_CONNECT = 8,	/* the protocol's name and level come next */
	PACKET_TOPIC = 32,	/* the length of the topic comes next */
	PACKET_PROPERTIES = 64, /* the length of the properties comes next */
	PACKET_BEFORE = 128,	/* what is skipped stands before the application message */
};

/* While nothing is proven: more is no packet. */
#define PACKET_PLAUSIBLE_BYTES	 65536
#define PACKET_PLAUSIBLE_CONTROL 4096
#define PACKET_PLAUSIBLE_TOPIC	 1024

FANFARE_INLINE int fanfare_is_mqtt(const struct fanfare_direction *d)
{
	return client_protocols_enabled &&
	       (d->stage == FANFARE_STAGE_PACKETS || d->stage == FANFARE_STAGE_PACKET_SEARCH);
}

/* From here on packets are counted; `probation` as of fanfare_lock(). */
FANFARE_INLINE void packets_lock(struct fanfare_direction *d, __u8 probation)
{
	fanfare_lock(d, probation);
	d->unproven_other_bytes = 0;
	d->unproven_others = 0;
	d->stage = FANFARE_STAGE_PACKETS;
}

/* Out of step, as fanfare_lose_step(). */
FANFARE_INLINE void packets_lose_step(struct fanfare_direction *d, __u8 reason)
{
	if (d->probation && d->unproven_frames) {
		__u8 heartbeats = d->unproven_frames - d->unproven_events - d->unproven_controls -
				  d->unproven_others;

		d->tally.by_class[FANFARE_HEARTBEAT].messages -= heartbeats;
		d->tally.by_class[FANFARE_OTHER].messages -= d->unproven_others;
		d->tally.by_class[FANFARE_OTHER].bytes -= d->unproven_other_bytes;
		d->voided += heartbeats + d->unproven_others;
	}
	if (d->stage == FANFARE_STAGE_PACKETS)
		d->searched = 0; /* an identity may have lain over it */
	fanfare_lose_step(d, reason);
	d->stage = FANFARE_STAGE_PACKET_SEARCH;
}

FANFARE_INLINE void packets_count_unproven(struct fanfare_direction *d, __u32 kind)
{
	d->unproven_frames++;
	if (kind == FANFARE_EVENT) {
		d->unproven_events++;
		d->unproven_event_bytes += d->message_bytes;
	} else if (kind == FANFARE_CONTROL) {
		d->unproven_controls++;
		d->unproven_control_bytes += d->message_bytes;
	} else if (kind == FANFARE_OTHER) {
		d->unproven_others++;
		d->unproven_other_bytes += d->message_bytes;
	}
	if (--d->probation == 0) {
		fanfare_clear_unproven(d);
		d->identity.left = 0;
		d->identity.state = 0;
	}
}

FANFARE_INLINE int packets_identify(const struct fanfare_direction *d)
{
	return identity_enabled && (d->client_rule & FANFARE_RULE_IDENTITY) && !d->probation;
}

/* The last byte of a packet has passed. */
FANFARE_INLINE void packets_finish(struct fanfare_direction *d)
{
	__u32 kind = d->frame >> PACKET_CLASS & (FANFARE_CLASS_COUNT - 1);

	d->frame = 0;
	d->tally.frames++;
	d->tally.by_class[kind].messages++;
	d->tally.by_class[kind].bytes += d->message_bytes;
	if (d->probation) {
		packets_count_unproven(d, kind);
	} else if (kind == FANFARE_EVENT && packets_identify(d)) {
		d->message_bytes = d->frame_bytes;
		identity_end(d);
	}
}

/* What stands before the application message has passed: `frame_bytes` follow. */
FANFARE_INLINE void packets_begin_payload(struct fanfare_direction *d)
{
	d->frame = PACKET_OPEN | FANFARE_EVENT << PACKET_CLASS;
	d->skip = d->frame_bytes;
}

/* The skip is over. */
FANFARE_INLINE void packets_end_skip(struct fanfare_direction *d)
{
	if ((d->frame & PACKET_BEFORE) && !(d->frame & PACKET_PROPERTIES))
		packets_begin_payload(d);
	if (!d->skip && (d->frame & PACKET_OPEN))
		packets_finish(d);
}

FANFARE_INLINE __u32 packets_refuse(struct fanfare_direction *d)
{
	packets_lose_step(d, FANFARE_LOSS_BAD_FRAME);
	return 1;
}

/* The name of the protocol and its level, behind the length of a CONNECT: 4 "MQTT" and the level,
 * or 6 "MQIsdp" of MQTT 3.1. */
FANFARE_INLINE __u32 packets_connect_token(struct fanfare_direction *d, __u64 w, __u32 n)
{
	__u64 name = w & 0xffffffffffff;

	if (n < 7)
		return 0;
	if (name == 0x5454514d0400)
		d->flags |= (w >> 48 & 0x7f) >= 5 ? FANFARE_MQTT_5 : FANFARE_MQTT_3;
	else if (name == 0x7349514d0600)
		d->flags |= FANFARE_MQTT_3;
	else
		return packets_refuse(d);
	d->frame = PACKET_OPEN | FANFARE_CONTROL << PACKET_CLASS;
	d->skip = d->message_bytes - 7;
	return 7;
}

/* The length of the topic of a PUBLISH whose application message is looked at. `frame_bytes` holds
 * the bytes of the packet, `chain` those of the packet identifier. */
FANFARE_INLINE __u32 packets_topic_token(struct fanfare_direction *d, __u64 w, __u32 n)
{
	__u32 before = ((w & 0xff) << 8 | (w >> 8 & 0xff)) + d->chain;

	if (n < 2)
		return 0;
	d->chain = 0;
	if (before + 2 > d->frame_bytes)
		return packets_refuse(d);
	d->frame_bytes -= before + 2;
	d->skip = before;
	d->frame = PACKET_BEFORE | (d->flags & FANFARE_MQTT_5 ? PACKET_PROPERTIES : 0);
	if (!before)
		packets_end_skip(d);
	return 2;
}

FANFARE_INLINE __u32 packets_properties_token(struct fanfare_direction *d, __u64 w, __u32 n)
{
	__u32 length, bytes = mqtt_number(w, n, &length);

	if (!bytes && n < d->frame_bytes)
		return 0;
	if (!bytes || bytes > 4 || bytes + (__u64)length > d->frame_bytes)
		return packets_refuse(d);
	d->frame_bytes -= bytes + length;
	d->skip = length;
	d->frame = PACKET_BEFORE;
	if (!length)
		packets_end_skip(d);
	return bytes;
}

/* A connection's first packet: CONNECT, or what answers it (AUTH may stand before CONNACK). */
FANFARE_INLINE int packets_may_begin(const struct fanfare_direction *d, __u32 type)
{
	if (!(d->flags & FANFARE_FIRST_PACKET))
		return 1;
	if (d->flags & FANFARE_MASKED)
		return type == MQTT_CONNECT;
	return type == MQTT_CONNACK || type == MQTT_AUTH;
}

/* The versions differ in the CONNACK: 5 has properties. */
FANFARE_INLINE void packets_note_version(struct fanfare_direction *d, __u32 type, __u32 length)
{
	if (type == MQTT_CONNACK)
		d->flags |= length == 2 ? FANFARE_MQTT_3 : FANFARE_MQTT_5;
	d->flags &= ~FANFARE_FIRST_PACKET;
}

/* The header of a PUBLISH has passed whose application message is looked at. */
FANFARE_INLINE void packets_begin_identity(struct fanfare_direction *d, __u32 b0)
{
	/* Without the version nobody knows where the message begins behind the topic. */
	int told = d->flags & (FANFARE_MQTT_3 | FANFARE_MQTT_5);

	identity_begin(d, !told);
	d->frame_bytes = d->message_bytes;
	d->chain = b0 & MQTT_QOS ? 2 : 0;
	d->frame = PACKET_TOPIC;
}

/* One token of a direction that is in step. Returns bytes used; 0: needs more than the n valid
 * bytes of w. What MQTT does not have loses step. */
FANFARE_INLINE __u32 packets_token(struct fanfare_direction *d, __u64 w, __u32 n)
{
	__u32 b0 = w & 0xff, type = b0 >> 4, length, bytes, kind = mqtt_class(b0);

	if (d->frame & PACKET_CONNECT)
		return packets_connect_token(d, w, n);
	if (d->frame & PACKET_TOPIC)
		return packets_topic_token(d, w, n);
	if (d->frame & PACKET_PROPERTIES)
		return packets_properties_token(d, w, n);
	if (!mqtt_begins(b0, d->flags & FANFARE_MASKED) || !packets_may_begin(d, type) ||
	    (type == MQTT_AUTH && (d->flags & FANFARE_MQTT_3)))
		return packets_refuse(d);
	bytes = mqtt_header(w, n, &length);
	if (!bytes)
		return 0;
	if (bytes == MQTT_NO_HEADER || !mqtt_fits(b0, length) ||
	    (d->probation && kind == FANFARE_CONTROL && length > PACKET_PLAUSIBLE_CONTROL))
		return packets_refuse(d);
	packets_note_version(d, type, length);
	d->message_bytes = length;
	if (type == MQTT_CONNECT) {
		d->frame = PACKET_CONNECT;
	} else if (kind == FANFARE_EVENT && payloads_read && packets_identify(d)) {
		packets_begin_identity(d, b0);
	} else {
		d->frame = PACKET_OPEN | kind << PACKET_CLASS;
		d->skip = length;
	}
	return bytes;
}

/*
 * Whether a connection begins with this word: the header of a CONNECT and so much of the protocol's
 * name as the word has, at least three bytes of it; or a CONNACK, of 3.1.1 or 3.1 whole, of 5 its
 * flags, its reason and where they are short the length of its properties.
 */
FANFARE_INLINE int packets_begin_connection(const struct fanfare_direction *d, __u64 w)
{
	__u32 length, bytes = mqtt_header(w, 8, &length);
	__u64 rest = w >> 8 * (bytes & 7), mask = ~0ULL >> 8 * (bytes & 7);
	__u32 flags = rest & 0xff, reason = rest >> 8 & 0xff, properties = rest >> 16 & 0xff;

	if (!bytes || bytes == MQTT_NO_HEADER || length > MQTT_HANDSHAKE_MAX ||
	    !mqtt_fits(w & 0xff, length))
		return 0;
	if (d->flags & FANFARE_MASKED) {
		mask &= 0xffffffffffff;
		return (w & 0xff) == MQTT_CONNECT << 4 &&
		       ((rest & mask) == (0x5454514d0400 & mask) ||
			(rest & mask) == (0x7349514d0600 & mask));
	}
	if ((w & 0xff) != MQTT_CONNACK << 4 || flags > 1)
		return 0;
	if (length == 2)
		return reason <= 5;
	return (!reason || reason >= 0x80) && (bytes > 2 || properties + 3 == length);
}

/* Whether w begins a topic as clients and servers have them, of a PUBLISH that begins with b0. */
FANFARE_INLINE int packets_topic_fits(__u64 w, __u32 b0, __u32 length)
{
	__u32 topic = (w & 0xff) << 8 | (w >> 8 & 0xff), first = w >> 16 & 0xff;

	if (topic > PACKET_PLAUSIBLE_TOPIC || topic + (b0 & MQTT_QOS ? 4U : 2U) > length)
		return 0;
	if ((b0 & MQTT_DUP) && !(b0 & MQTT_QOS))
		return 0;
	/* UTF-8 without control characters and wildcards; an empty one stands for an alias. */
	return !topic || (first > 0x20 && first != '#' && first != '+' && first != 0x7f &&
			  (first < 0x80 || (first >= 0xc2 && first <= 0xf4)));
}

/*
 * One token of a direction that is out of step: a packet that fits is followed by its length, and
 * FANFARE_LOCK_FRAMES of them in a row lock. On failure the search goes on at the next byte.
 * Stricter than in step: what stands in the midst of a conversation, minimal lengths, short ones but
 * of PUBLISH, a topic, a packet identifier that is not 0. Pings and empty topics fit, but prove
 * nothing: there are payloads made of two such bytes. Only a trial, which is a whole segment, may
 * be a single ping.
 */
FANFARE_INLINE __u32 packets_search_token(struct fanfare_direction *d, __u64 w, __u32 n)
{
	__u32 b0 = w & 0xff, type = b0 >> 4, length, bytes, looked = 0, proves = 1;

	if (!mqtt_begins(b0, d->flags & FANFARE_MASKED) || type < MQTT_PUBLISH ||
	    type > MQTT_PINGRESP)
		goto implausible;
	bytes = mqtt_header(w, n, &length);
	if (!bytes)
		return 0;
	if (bytes > 4 || !mqtt_fits(b0, length) || (bytes > 2 && length < 1U << 7 * (bytes - 2)))
		goto implausible;
	if (type == MQTT_PUBLISH)
		looked = length < 3 ? length : 3;
	else if (type < MQTT_PINGREQ)
		looked = 2;
	bytes += looked;
	if (n < bytes)
		return 0;
	w >>= 8 * (bytes - looked);
	if (type == MQTT_PUBLISH) {
		if (length > PACKET_PLAUSIBLE_BYTES || !packets_topic_fits(w, b0, length))
			goto implausible;
		proves = (w & 0xffff) != 0;
	} else if (type >= MQTT_PINGREQ) {
		proves = (d->frame & FANFARE_FRAME_TRIAL) != 0;
	} else if (length > PACKET_PLAUSIBLE_CONTROL || !(w & 0xffff)) {
		goto implausible;
	}
	d->skip = length - looked;
	if (proves && d->chain < 255)
		d->chain++;
	if (d->chain >= FANFARE_LOCK_FRAMES && !(d->frame & FANFARE_FRAME_TRIAL)) {
		fanfare_drop_token(d);
		d->skip = length - looked;
		d->message_bytes = 0;
		packets_lock(d, FANFARE_PROOF_FRAMES);
	}
	return bytes;
implausible:
	d->chain = 0;
	d->frame = 0;
	return 1;
}

#endif
