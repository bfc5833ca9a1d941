/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Whether TCP will take a segment that comes in. This hook stands before TCP's own checks, so what is
 * forged, damaged or of another connection passes here as well. As RFC 9293 3.10.7.4, RFC 5961 5.2
 * and the kernel (tcp_sequence, tcp_ack, tcp_checksum_complete) have it; what this side knows of the
 * connection may be older than TCP's, never newer, and then more is believed and not less.
 */
#ifndef FANFARE_BELIEF_BPF_H
#define FANFARE_BELIEF_BPF_H

#include "bpf/framers/rpc.h"
#include "bpf/knobs.bpf.h"
#include "bpf/segment.bpf.h"

/* An acknowledgement that is so many bytes old needs no look at TCP's own word. */
#define ACK_USUAL_SPAN (1U << 20)

/*
 * A segment beyond the window that TCP has offered will be dropped, whoever sent it; were it
 * believed, everything up to it would look old.
 */
static __always_inline int is_beyond_window(const struct tcp_sock *tcp, __u32 seq)
{
	/* Another CPU may have written one of the two and not yet the other; rcv_nxt, from which the
	 * second follows, is written long before. */
	return (__s32)(seq - (tcp->rcv_wup + tcp->rcv_wnd)) > 0 &&
	       (__s32)(seq - (tcp->rcv_nxt + tcp->rcv_wnd)) > 0;
}

/* Whether TCP looks at the acknowledgement of a segment: it stands inside of the window. */
static __always_inline int is_in_window(const struct tcp_sock *tcp, __u32 seq, __u32 length)
{
	return (__s32)(seq + length - tcp->rcv_wup) >= 0 && !is_beyond_window(tcp, seq);
}

/* Whether nobody need ask TCP about what a segment with payload acknowledges. `sent_seq` is on the
 * line that the marks are on; where there are none, as of replication, it is not kept. */
static __always_inline int is_usual_ack(const struct fanfare_flow *flow,
					const struct segment *segment)
{
	__u32 sent_seq = flow->sent_seq;

	if (replication_enabled && fanfare_is_replication(&flow->out))
		sent_seq = flow->out.next_seq;
	return segment->has_ack && sent_seq + 1 - segment->ack <= ACK_USUAL_SPAN;
}

/* TCP drops payload that acknowledges what has not been sent, or what was so long ago. A byte that
 * is leaving on another CPU is in next_seq and not yet in snd_nxt. */
static __always_inline int is_possible_ack(const struct tcp_sock *tcp,
					   const struct fanfare_flow *flow,
					   const struct segment *segment)
{
	__u32 ack = segment->ack;

	if (!segment->has_ack || (__s32)(ack - (tcp->snd_una - tcp->max_window)) < 0)
		return 0;
	return (__s32)(ack - tcp->snd_nxt) <= 0 ||
	       ((flow->out.flags & FANFARE_SEQ_KNOWN) && (__s32)(ack - flow->out.next_seq) <= 1);
}

/* enum of skb->ip_summed */
enum {
	SUM_IS_UNKNOWN,
	SUM_IS_RIGHT,	 /* the card, or GRO, says so */
	SUM_IS_COMPLETE, /* the card has added up, TCP has compared where it is valid */
	SUM_IS_PARTIAL,	 /* it comes from this host */
};

#define SUM_CHUNK   64	 /* bytes at one load */
#define SUM_CHUNKS  1024 /* 64 KB: more is made by GRO, which has looked */
#define SUM_SHORT   76 /* CHECKSUM_BREAK: TCP adds these up before this hook, and drops bad ones */
#define SUM_OF_GOOD 0xffff

struct summing {
	struct __sk_buff *skb;
	__u32 at, left;
	__u64 sum;
};

static __always_inline __u64 sum_words(const __u64 *words, int n)
{
	__u64 sum = 0;

	for (int i = 0; i < n; i++)
		sum += (__u32)words[i] + (words[i] >> 32);
	return sum;
}

static long sum_chunk(__u32 index, struct summing *summing)
{
	__u64 words[SUM_CHUNK / 8] = {};
	__u32 n = summing->left < SUM_CHUNK ? summing->left : SUM_CHUNK;

	if (!n)
		return 1;
	summing->left -= n;
	n--;
	barrier_var(n);
	n = (n & (SUM_CHUNK - 1)) + 1;
	if (bpf_skb_load_bytes(summing->skb, summing->at, words, n)) {
		summing->sum = 0; /* a good one never is */
		return 1;
	}
	summing->at += n;
	summing->sum += sum_words(words, SUM_CHUNK / 8);
	return 0;
}

/* Adds up header and payload of TCP and what stands for IP, as the sender did. A global function:
 * verified by itself. */
__weak __noinline int sum_is_right(struct __sk_buff *skb, __u32 tcp, __u32 length)
{
	struct summing summing = {skb, tcp, length};
	__u64 words[4] = {};
	__u8 version = 0;
	__u64 sum;

	if (bpf_skb_load_bytes(skb, 0, &version, 1))
		return 0;
	if (version >> 4 == 4 ? bpf_skb_load_bytes(skb, 12, words, 8)
			      : bpf_skb_load_bytes(skb, 8, words, 32))
		return 0;
	summing.sum = sum_words(words, 4) + bpf_htons(IPPROTO_TCP) + bpf_htonl(length);
	bpf_loop(SUM_CHUNKS, sum_chunk, &summing, 0);
	sum = summing.sum;
	for (int i = 0; i < 4; i++)
		sum = (sum & 0xffff) + (sum >> 16);
	return !summing.left && sum == SUM_OF_GOOD;
}

/* A bit field of the kernel's own packet; it stands in a byte. BPF_CORE_READ_BITFIELD() would leave
 * the rest of a switch over sizes in the way. */
#define PACKET_BITS(skb, field)                                                                    \
	({                                                                                         \
		struct sk_buff *packet = (void *)(skb);                                            \
		__u64 bits;                                                                        \
		if (kernel_casts) {                                                                \
			packet = bpf_cast_to_kern_ctx(skb);                                        \
			bits = *((__u8 *)packet + __CORE_RELO(packet, field, BYTE_OFFSET));        \
			bits <<= __CORE_RELO(packet, field, LSHIFT_U64);                           \
			bits >>= __CORE_RELO(packet, field, RSHIFT_U64);                           \
		} else {                                                                           \
			bits = BPF_CORE_READ_BITFIELD_PROBED(packet, field);                       \
		}                                                                                  \
		(__u32) bits;                                                                      \
	})

/* Whether the checksum is right that neither this host nor a card vouches for, as
 * skb_csum_unnecessary() and then by adding up. Apart, as it is rare. */
static __noinline int is_right_after_all(struct __sk_buff *skb, __u32 tcp, __u32 length)
{
	if (length <= SUM_SHORT)
		return 1;
	if (PACKET_BITS(skb, ip_summed) == SUM_IS_COMPLETE && PACKET_BITS(skb, csum_valid))
		return 1;
	/* Last, since it stands on a line of its own: GRO merges what is right. */
	return skb->gso_size || sum_is_right(skb, tcp, length);
}

/* Whether the checksum is right. */
static __always_inline int is_whole(struct __sk_buff *skb, const struct segment *segment)
{
	if (likely(PACKET_BITS(skb, ip_summed) & SUM_IS_RIGHT)) /* or SUM_IS_PARTIAL */
		return 1;
	return is_right_after_all(skb, segment->tcp,
				  segment->payload - segment->tcp + segment->length);
}

#endif
