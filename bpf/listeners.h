/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * A listening socket as it was born, told in the context of the process that listens: what the
 * agent would find in /proc later, if the process is still there then.
 */
#ifndef FANFARE_LISTENERS_H
#define FANFARE_LISTENERS_H

#include "bpf/abi.h"

#define FANFARE_LISTENERS_MAX	8192 /* that listen, or have closed since the agent's last look */
#define FANFARE_ARGUMENTS_BYTES 256  /* of its command line, each argument ended by a 0 */

/* By the socket's cookie. The agent removes what has closed, once it has seen it. */
struct fanfare_listener {
	__u64 born_ns;	 /* written last; 0: the rest is not complete yet */
	__u64 closed_ns; /* 0: it listens */
	__u64 cgroup_id; /* of the socket, as of all that it accepts */
	__u32 pid;	 /* thread group id */
	__u32 parent_pid;
	__u32 netns;
	__u16 port; /* host order */
	__u16 argument_bytes;
	char comm[16]; /* of the thread group's leader */
	char arguments[FANFARE_ARGUMENTS_BYTES];
};

FANFARE_ASSERT(sizeof(struct fanfare_listener) == 56 + FANFARE_ARGUMENTS_BYTES,
	       "no hidden padding");

#endif
