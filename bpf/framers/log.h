/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Whether an entry of a shard's log is met here for the first time: entries go to each follower,
 * are sent again, and a follower that was away gets old ones. Pure. As agent/model/replication_log.h
 * has it, a log whose entries stay below the end for a minute, and are not about to catch up, has
 * begun anew.
 */
#ifndef FANFARE_LOG_H
#define FANFARE_LOG_H

#include "bpf/framers/inline.h"

#define FANFARE_LOG_PATIENCE_NS 60000000000ULL

FANFARE_INLINE int log_meets(struct fanfare_log *log, __u64 index, __u64 now_ns)
{
	__u64 end = log->end;

	if (index > end) {
		log->below_ns = 0;
		/* Another connection may be sending the same entries, in order: where it has been
		 * faster it was at this one before. */
		return __sync_val_compare_and_swap(&log->end, end, index) < index;
	}
	if (!log->below_ns || index < log->below_index) {
		log->below_ns = now_ns;
		log->below_index = index;
		return 0;
	}
	if (now_ns - log->below_ns < FANFARE_LOG_PATIENCE_NS ||
	    index - log->below_index >= end - index)
		return 0;
	log->below_ns = 0;
	log->end = index;
	return 1;
}

#endif
