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

#define IPV6_EXTENSIONS_MAX	3 /* near: hop-by-hop (the jumbo header of BIG TCP) and what is usual */
#define IPV6_FAR_EXTENSIONS_MAX 24     /* of any length, by a way that costs more */
#define TCP_OFFSET_MASK		0x7fff /* as far as the verifier lets look into a packet */

/* Headers that may stand between IPv6 and TCP and leave TCP readable. */
static __always_inline int ipv6_is_extension(__u8 next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS ||
	       next == IPPROTO_FRAGMENT || next == IPPROTO_AH;
}

struct ipv6_walk {
	struct __sk_buff *skb;
	__u32 at; /* offset of the next header */
	__u32 next;
};

/* A segment in parts can not be read; whole ones may carry the header of a fragment, too. */
static long ipv6_step(__u32 index, struct ipv6_walk *walk)
{
	__u8 extension[4] = {};

	if (!ipv6_is_extension(walk->next) ||
	    bpf_skb_load_bytes(walk->skb, walk->at, extension, sizeof(extension)) ||
	    (walk->next == IPPROTO_FRAGMENT && (extension[2] || (extension[3] & 0xf9))))
		return 1;
	/* The byte of the length is 0 in a fragment's. */
	walk->at += 8 + (extension[1] << (walk->next == IPPROTO_AH ? 2 : 3));
	walk->next = extension[0];
	return 0;
}

/* Apart for its stack: it is rare. */
static __noinline int lose_segment(struct __sk_buff *skb, __u8 way)
{
	struct bpf_sock *sk = skb->sk;
	struct tcp_sock *tcp = sk ? bpf_skc_to_tcp_sock(sk) : 0;

	if (tcp)
		lose_on_port((struct sock_common *)tcp, sk->src_port, way, FANFARE_LOSS_HEADER);
	return 0;
}

/*
 * Offset of a TCP header that does not stand where it does as a rule, 0 where there is none. What a
 * TCP socket sends or gets and cannot be read (ESP, a protocol inside of another, more headers than
 * are looked at) is named; on the same port there may be UDP, too.
 */
static __noinline __u32 far_tcp_offset(struct __sk_buff *skb, __u8 way)
{
	struct ipv6_walk walk = {skb, sizeof(struct ipv6hdr)};
	__u8 head[7] = {}; /* of IPv6, up to the next header */

	bpf_skb_load_bytes(skb, 0, head, sizeof(head));
	walk.next = head[6];
	if (head[0] >> 4 == 6)
		bpf_loop(IPV6_FAR_EXTENSIONS_MAX, ipv6_step, &walk, 0);
	if (head[0] >> 4 == 6 && walk.next == IPPROTO_TCP && walk.at <= TCP_OFFSET_MASK)
		return walk.at;
	lose_segment(skb, way);
	return 0;
}

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

/* Where the TCP header stands as a rule, else 0. */
static __always_inline __u32 near_tcp_offset(void *data, void *end)
{
	struct iphdr *ip = data;

	if (unlikely((void *)(ip + 1) > end))
		return 0;
	if (likely(ip->version == 4))
		return ip->protocol == IPPROTO_TCP ? ip->ihl * 4 : 0;
	return ipv6_tcp_offset(data, end);
}

/* `way`: enum fanfare_way. */
static __always_inline struct segment read_segment(struct __sk_buff *skb, __u8 way)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	__u32 at = near_tcp_offset(data, end);
	struct segment segment = {};
	struct tcphdr *tcp;

	if (unlikely(!at)) {
		at = far_tcp_offset(skb, way);
		if (!at)
			return segment;
		data = (void *)(long)skb->data;
		end = (void *)(long)skb->data_end;
	}
	tcp = data + (at & TCP_OFFSET_MASK);
	if (unlikely((void *)(tcp + 1) > end)) {
		lose_segment(skb, way);
		return segment;
	}
	segment.tcp = at;
	segment.payload = at + tcp->doff * 4;
	segment.seq = bpf_ntohl(tcp->seq) + tcp->syn; /* a SYN takes one number: Fast Open */
	segment.ack = bpf_ntohl(tcp->ack_seq);
	segment.has_ack = tcp->ack;
	if (skb->len > segment.payload)
		segment.length = skb->len - segment.payload;
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
