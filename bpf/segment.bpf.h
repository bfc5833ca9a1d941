/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * A TCP segment at a cgroup_skb hook. Headers are read by direct packet access (they are linear at
 * both hooks: TCP builds them on egress and has pulled them on ingress); payloads are not linear
 * and are read with bpf_skb_load_bytes. skb->len is the only length that holds for GSO and BIG TCP.
 */
#ifndef FANFARE_SEGMENT_BPF_H
#define FANFARE_SEGMENT_BPF_H

#include "bpf/losses.bpf.h"

struct segment {
	__u32 seq;     /* of the first payload byte */
	__u32 payload; /* its offset in the skb */
	__u32 length;  /* of the payload, 0: nothing to read or not TCP */
	__u32 tcp;     /* offset of the TCP header */
	__u32 ack;     /* valid where has_ack */
	__u32 has_ack;
};

#define IPV6_EXTENSIONS_MAX 3 /* hop-by-hop (the jumbo header of BIG TCP), routing, destination */

/* Offset of the TCP header behind an IPv6 header, 0 where there is none. */
static __always_inline __u32 ipv6_tcp_offset(void *data, void *end)
{
	struct ipv6hdr *ip = data;
	__u32 at = sizeof(*ip);
	__u8 next;

	if ((void *)(ip + 1) > end)
		return 0;
	next = ip->nexthdr;
	for (int i = 0; i < IPV6_EXTENSIONS_MAX && next != IPPROTO_TCP; i++) {
		__u8 *extension = data + (at & 0xff);

		if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_DSTOPTS)
			return 0;
		if ((void *)(extension + 2) > end)
			return 0;
		next = extension[0];
		at += 8 + extension[1] * 8;
		if (at > 192)
			return 0;
	}
	return next == IPPROTO_TCP ? at : 0;
}

static __always_inline struct segment read_segment(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct segment segment = {};
	struct iphdr *ip = data;
	struct tcphdr *tcp;
	__u32 at;

	if ((void *)(ip + 1) > end)
		goto unreadable;
	if (ip->version == 4) {
		if (ip->protocol != IPPROTO_TCP)
			return segment;
		at = ip->ihl * 4;
	} else {
		at = ipv6_tcp_offset(data, end);
		if (!at)
			return segment;
	}
	tcp = data + (at & 0xff);
	if ((void *)(tcp + 1) > end)
		goto unreadable;
	segment.tcp = at;
	segment.payload = at + tcp->doff * 4;
	segment.seq = bpf_ntohl(tcp->seq) + tcp->syn; /* a SYN takes one number: Fast Open */
	segment.ack = bpf_ntohl(tcp->ack_seq);
	segment.has_ack = tcp->ack;
	if (skb->len > segment.payload)
		segment.length = skb->len - segment.payload;
	return segment;
unreadable:
	lose(FANFARE_LOSS_HEADER, 1);
	return segment;
}

/* The next 8 payload bytes at `at`, or as many as are `left`, first byte lowest. Near the end the 8
 * bytes that end there are loaded and shifted (TCP and IP headers always stand before), so that the
 * load has a constant size: the verifier needs no bounds. */
static __always_inline long load_word(struct __sk_buff *skb, __u32 at, __u32 left, __u64 *word)
{
	long error;

	if (left >= sizeof(*word))
		return bpf_skb_load_bytes(skb, at, word, sizeof(*word));
	error = bpf_skb_load_bytes(skb, at + left - sizeof(*word), word, sizeof(*word));
	*word >>= 8 * (sizeof(*word) - left) & 63;
	return error;
}

#endif
