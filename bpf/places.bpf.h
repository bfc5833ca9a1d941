/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* A pool of places in an array: whoever takes one has it alone until it is given back. */
#ifndef FANFARE_PLACES_BPF_H
#define FANFARE_PLACES_BPF_H

#include "bpf/kernel.bpf.h"

/* 1 + a place that nobody else has, 0: all are in use. `given_back` is a queue of places, `begun`
 * counts those that have ever been in use. */
static __always_inline __u32 take_place(void *given_back, __u32 *begun, __u32 *in_use, __u32 places)
{
	__u32 place;

	if (bpf_map_pop_elem(given_back, &place)) {
		if (*begun >= places)
			return 0;
		place = __sync_fetch_and_add(begun, 1);
		if (place >= places)
			return 0;
	}
	__sync_fetch_and_add(in_use, 1);
	return 1 + place;
}

static __always_inline void give_place(void *given_back, __u32 *in_use, __u32 place)
{
	bpf_map_push_elem(given_back, &place, 0);
	__sync_fetch_and_add(in_use, -1);
}

#endif
