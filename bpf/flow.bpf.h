/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* The life of a flow record: who it is, when it is watched, when it may go. */
#ifndef FANFARE_FLOW_BPF_H
#define FANFARE_FLOW_BPF_H

#include "bpf/flow_table.bpf.h"
#include "bpf/framers/http_upgrade.h"
#include "bpf/framers/http_walk.h"
#include "bpf/framers/rpc.h"
#include "bpf/knobs.bpf.h"
#include "bpf/losses.bpf.h"
#include "bpf/maps.bpf.h"

static __always_inline void watch_flow(struct fanfare_flow *flow)
{
	if (flow->watched) /* as the mark was, whose place it has taken */
		return;
	flow->watched = 1;
	watch_port(flow->local_port);
}

/* Its packets matter no more. The exchange makes it once only, whoever comes first. */
static __always_inline void unwatch_flow(struct fanfare_flow *flow)
{
	if (__sync_lock_test_and_set(&flow->watched, 0))
		unwatch_port(flow->local_port);
}

static __always_inline void map_v4(__u8 address[16], __be32 v4)
{
	__u32 *words = (__u32 *)address;

	words[2] = bpf_htonl(0xffff);
	words[3] = v4;
}

static __always_inline void read_addresses(struct sock *sk, __u8 local[16], __u8 remote[16])
{
	struct sock_common *common = &sk->__sk_common;

	if (common->skc_family == AF_INET) {
		map_v4(local, common->skc_rcv_saddr);
		map_v4(remote, common->skc_daddr);
	} else {
		bpf_core_read(local, 16, &common->skc_v6_rcv_saddr);
		bpf_core_read(remote, 16, &common->skc_v6_daddr);
	}
}

static __always_inline __u64 cgroup_id_of(struct sock *sk)
{
	struct cgroup *cgroup = sk->sk_cgrp_data.cgroup;

	return cgroup ? cgroup->kn->id : 0;
}

static __always_inline void name_flow(struct fanfare_flow *flow, struct sock *sk)
{
	struct sock_common *common = &sk->__sk_common;

	read_addresses(sk, flow->local, flow->remote);
	flow->netns = common->skc_net.net->ns.inum;
	flow->cgroup_id = cgroup_id_of(sk);
	flow->remote_port = bpf_ntohs(common->skc_dport);
	flow->local_port = common->skc_num;
}

/* Where HTTP is walked, both directions begin with it. */
static __always_inline void open_http(struct fanfare_flow *flow, struct tcp_sock *tcp, __u16 port,
				      int fresh)
{
	struct fanfare_direction *in = &flow->in;
	__u8 wanted = http1_wanted(client_protocol_of_port[port], publish_set_of_port[port]);

	if (!wanted)
		return;
	flow->exchanges.wanted = wanted;
	if (!fresh) {
		http1_open_old(&flow->out, in, wanted);
		return;
	}
	in->first_seq = in->next_seq = tcp->rcv_nxt;
	in->flags |= FANFARE_SEQ_KNOWN;
	http1_open(&flow->out, in);
}

/*
 * Makes the record of a server's socket. A connection that has just been accepted and has sent
 * nothing is followed from its first byte; any other is older than we are and has to be searched.
 */
static __always_inline struct fanfare_flow *open_flow(struct sock *sk, struct tcp_sock *tcp,
						      __u64 cookie, __u64 now_ns, int fresh)
{
	struct fanfare_flow *flow = new_flow(cookie, now_ns, 0);

	if (!flow)
		return 0;
	flow->in.flags = FANFARE_MASKED;
	if (fresh) {
		flow->opened_ns = now_ns;
		flow->out.first_seq = flow->out.next_seq = tcp->snd_nxt;
		flow->out.flags = FANFARE_SEQ_KNOWN;
		http_begin_head(&flow->out, 0);
	} else {
		__u8 unknown = FANFARE_OLD | FANFARE_DEFLATE_UNKNOWN | FANFARE_MESSAGE_UNKNOWN;

		flow->out.flags = unknown;
		flow->out.stage = FANFARE_STAGE_SEARCH;
		flow->in.flags |= unknown;
		flow->in.stage = FANFARE_STAGE_SEARCH;
	}
	if (client_protocols_enabled)
		open_http(flow, tcp, sk->__sk_common.skc_num, fresh);
	name_flow(flow, sk);
	if (payloads_read)
		flow->out.client_rule = flow->in.client_rule =
			client_rule_of_port[flow->local_port];
	watch_flow(flow);
	return flow;
}

/* One direction of a socket that speaks MQTT; `flags` is FANFARE_MASKED in that of the client. */
static __always_inline void open_packet_direction(struct fanfare_direction *d, __u8 flags,
						  __u32 seq, int fresh)
{
	if (fresh) {
		d->first_seq = d->next_seq = seq;
		d->flags = flags | FANFARE_SEQ_KNOWN | FANFARE_FIRST_PACKET;
		d->stage = FANFARE_STAGE_PACKETS;
	} else {
		d->flags = flags | FANFARE_OLD;
		d->stage = FANFARE_STAGE_PACKET_SEARCH;
	}
}

/* Makes the record of a server's socket on a port where clients speak MQTT. One that is older than
 * we are is searched for packets. */
static __always_inline struct fanfare_flow *open_mqtt(struct sock *sk, struct tcp_sock *tcp,
						      __u64 cookie, __u64 now_ns, int fresh)
{
	struct fanfare_flow *flow = new_flow(cookie, now_ns, 0);

	if (!flow)
		return 0;
	flow->opened_ns = fresh ? now_ns : 0;
	flow->protocol = FANFARE_MQTT;
	open_packet_direction(&flow->out, 0, tcp->snd_nxt, fresh);
	open_packet_direction(&flow->in, FANFARE_MASKED, tcp->rcv_nxt, fresh);
	name_flow(flow, sk);
	if (payloads_read)
		flow->out.client_rule = flow->in.client_rule =
			client_rule_of_port[flow->local_port];
	watch_flow(flow);
	return flow;
}

/* One direction of a replication socket; `flags` is FANFARE_RESPONSES or 0. */
static __always_inline void open_rpc_direction(struct fanfare_direction *d, __u8 flags, __u32 seq,
					       int fresh)
{
	if (fresh) {
		d->first_seq = d->next_seq = seq;
		d->flags = flags | FANFARE_SEQ_KNOWN;
		d->stage = FANFARE_STAGE_RPC;
	} else {
		d->flags = flags | FANFARE_OLD;
		d->stage = FANFARE_STAGE_ANCHOR;
	}
}

/*
 * Makes the record of one end of a connection to a replication port. Requests go from the end that
 * has `dialled` to the one that listens. A connection older than we are is read from the first
 * segment on that begins an RPC.
 */
static __always_inline struct fanfare_flow *open_replication(struct sock *sk, struct tcp_sock *tcp,
							     __u64 cookie, __u64 now_ns, int fresh,
							     __u8 protocol, int dialled)
{
	struct fanfare_flow *flow = new_flow(cookie, now_ns, 1);

	if (!flow)
		return 0;
	flow->opened_ns = fresh ? now_ns : 0;
	flow->protocol = protocol;
	flow->dialled = dialled;
	open_rpc_direction(&flow->out, dialled ? 0 : FANFARE_RESPONSES, tcp->snd_nxt, fresh);
	open_rpc_direction(&flow->in, dialled ? FANFARE_RESPONSES : 0, tcp->rcv_nxt, fresh);
	name_flow(flow, sk);
	if (rooms_enabled)
		flow->out.room.key = flow->in.room.key = client_rule_of_port[port_index(
			dialled ? flow->remote_port : flow->local_port)];
	watch_flow(flow);
	return flow;
}

/* What the clients of a local port speak, 0 where that is to be found out. */
static __always_inline __u8 client_protocol_on(__u32 port)
{
	return client_protocols_enabled
		       ? client_protocol_of_port[port_index(port)] & FANFARE_PORT_PROTOCOL
		       : 0;
}

/* Makes the record of a server's socket, by what its clients speak. */
static __always_inline struct fanfare_flow *open_served(struct sock *sk, struct tcp_sock *tcp,
							__u64 cookie, __u64 now_ns, int fresh)
{
	if (client_protocol_on(sk->__sk_common.skc_num) == FANFARE_MQTT)
		return open_mqtt(sk, tcp, cookie, now_ns, fresh);
	return open_flow(sk, tcp, cookie, now_ns, fresh);
}

/* The replication protocol of a local port, 0 where there is none. */
static __always_inline __u8 replication_on(__u32 port)
{
	return replication_enabled ? replication_ports[port_index(port)] : 0;
}

#endif
