/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Ingress: holds payload that comes before its connection is established. */
#ifndef FANFARE_HANDSHAKE_HOLD_BPF_H
#define FANFARE_HANDSHAKE_HOLD_BPF_H

#include "bpf/handshake.bpf.h"
#include "bpf/hold.bpf.h"

static __always_inline int is_opening(const struct bpf_sock *sk)
{
	return sk->state == FANFARE_TCP_LISTEN || sk->state == FANFARE_TCP_SYN_RECV;
}

static __always_inline int read_handshake_key(struct __sk_buff *skb, struct bpf_sock *sk,
					      __u32 tcp_header, union handshake_key *key)
{
	struct sock_common *common = (void *)bpf_skc_to_tcp_sock(sk);
	__u8 version = 0;
	__be32 v4[2];
	__be16 ports[2];

	if (!common || bpf_skb_load_bytes(skb, 0, &version, 1) ||
	    bpf_skb_load_bytes(skb, tcp_header, ports, sizeof(ports)))
		return 0;
	if (version >> 4 == 4) {
		if (bpf_skb_load_bytes(skb, 12, v4, sizeof(v4)))
			return 0;
		map_v4(key->remote, v4[0]);
		map_v4(key->local, v4[1]);
	} else if (bpf_skb_load_bytes(skb, 8, key->remote, 32)) { /* and local */
		return 0;
	}
	key->netns = common->skc_net.net->ns.inum;
	key->remote_port = bpf_ntohs(ports[0]);
	key->local_port = bpf_ntohs(ports[1]);
	return 1;
}

/* Makes a place that somebody is inside of that of `key`. Returns 0 where another handshake has it,
 * else with `held` what is held of this one. */
static __always_inline int claim_handshake(struct handshake *handshake,
					   const union handshake_key *key, __u32 seq, __u32 *held)
{
	__u64 now_ns = bpf_ktime_get_ns();
	int recent = now_ns - handshake->since_ns < HANDSHAKE_MAX_NS;

	if (recent && is_handshake_of(handshake, key))
		return 1;
	if (recent && handshake->since_ns)
		return 0;
	if (*held)
		drop_held(*held);
	*held = 0;
	handshake->key = *key;
	handshake->since_ns = now_ns;
	handshake->seq = seq;
	return 1;
}

/* Where there is no room the flow finds later that bytes have passed it by, and names the loss. */
static __noinline void hold_handshake(struct __sk_buff *skb, struct bpf_sock *sk,
				      const struct segment *segment)
{
	union handshake_key key = {};
	struct handshake *handshake;
	__u32 busy, held;

	if (!read_handshake_key(skb, sk, segment->tcp, &key))
		return;
	handshake = place_of_handshake(&key);
	if (!handshake)
		return;
	busy = enter_inbound(&handshake->busy);
	if (busy & INBOUND_TAKEN)
		return;
	held = inbound_held(busy);
	if (claim_handshake(handshake, &key, segment->seq, &held))
		held = hold(skb, segment, handshake->seq, held, 0);
	leave_inbound(&handshake->busy, held);
}

#endif
