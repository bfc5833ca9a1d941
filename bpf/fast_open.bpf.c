/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * The SYN-ACK of Fast Open: from here on the server may answer, long before the connection is
 * established. Called in place of on_egress()'s end, on ports whose connections are read at once.
 */
#include "bpf/begin.bpf.h"

SEC("cgroup_skb/egress")
int on_fast_open(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;
	struct tcp_sock *tcp = sk ? bpf_skc_to_tcp_sock(sk) : 0;

	if (tcp && !is_mptcp_subflow(tcp)) /* which is named once it is established */
		begin_flow((struct sock *)tcp, tcp, bpf_get_socket_cookie(skb),
			   replication_on(sk->src_port), 0);
	return PASS;
}
