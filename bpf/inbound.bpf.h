/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Ingress does not run under the socket's lock: two CPUs may receive for one socket at once. Who
 * reads an inbound direction takes its word `busy`: bit 0 says that a CPU is inside, the rest is
 * the place of what is held for it (bpf/held.bpf.h), so that to take it costs no further cache
 * line.
 */
#ifndef FANFARE_INBOUND_BPF_H
#define FANFARE_INBOUND_BPF_H

#include "bpf/knobs.bpf.h"

/*
 * A CPU is inside for the walk of a segment: 0.1 us as a rule, 1 ms for 64 KB of the smallest frames,
 * 5 ms at most for all that a filled hole sets free. One that waits spins, as TCP itself does for the
 * socket a moment later; but the other may be a virtual CPU that is not given time, so not for ever.
 */
#define INBOUND_TRIES (1 << 22) /* of 2 ns */

struct inbound_wait {
	__u32 *word;
	__u32 busy; /* as it was found, when bit 0 was clear */
};

static long inbound_try(__u32 index, struct inbound_wait *wait)
{
	volatile __u32 *busy = wait->word;

	/* Looked at first: the word stays in this CPU's cache until the other writes it. */
	if (*busy & 1)
		return 0;
	wait->busy = __sync_fetch_and_or(wait->word, 1);
	return !(wait->busy & 1);
}

static __noinline __u32 inbound_wait(__u32 *word)
{
	struct inbound_wait wait = {word, 1};

	bpf_loop(INBOUND_TRIES, inbound_try, &wait, 0);
	return wait.busy;
}

#define INBOUND_TAKEN 1

/* Returns the word: with INBOUND_TAKEN where another CPU stays inside, else what inbound_held() reads. */
static __always_inline __u32 enter_inbound(__u32 *word)
{
	__u32 busy = __sync_fetch_and_or(word, 1);

	return busy & 1 ? inbound_wait(word) : busy;
}

/* 1 + place of what is held, 0: nothing. */
static __always_inline __u32 inbound_held(__u32 busy)
{
	return busy >> 1;
}

/* Inside as before, with what is held now. */
static __always_inline void stay_inbound(__u32 *word, __u32 held)
{
	__sync_lock_test_and_set(word, held << 1 | 1);
}

static __always_inline void leave_inbound(__u32 *word, __u32 held)
{
	if (stores_in_order) {
		barrier();
		*(volatile __u32 *)word = held << 1;
	} else {
		__sync_lock_test_and_set(word, held << 1);
	}
}

#endif
