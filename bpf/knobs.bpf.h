/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Knobs: read-only here, set by the agent once before loading, so that the verifier drops what a
 * setting leaves unused. */
#ifndef FANFARE_KNOBS_BPF_H
#define FANFARE_KNOBS_BPF_H

#include "bpf/kernel.bpf.h"

/* id of the subtree attached to; 0 = the root */
const volatile __u64 scope_cgroup __weak = 0;
/* headers one run may walk: 131 KB of empty frames, 1.2 ms */
const volatile __u32 frame_budget __weak = 65536;
/* steps one run may search, about 50 us */
const volatile __u32 search_budget __weak = 4096;

#endif
