/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * The yardstick: programs that do nothing, on the hooks where ours sit. What these cost is the
 * kernel's price for having any program there.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char dual_license[] SEC("license") = "Dual BSD/GPL";

SEC("cgroup_skb/egress")
int empty_egress(struct __sk_buff* skb) { return 1; }

SEC("cgroup_skb/ingress")
int empty_ingress(struct __sk_buff* skb) { return 1; }
