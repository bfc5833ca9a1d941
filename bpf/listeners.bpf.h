/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Who listens, noted when it begins to: `current` is the process that has called listen(). Once for
 * each listening socket, never for a connection.
 */
#ifndef FANFARE_LISTENERS_BPF_H
#define FANFARE_LISTENERS_BPF_H

#include "bpf/kernel.bpf.h"
#include "bpf/listeners.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FANFARE_LISTENERS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC); /* 2.5 MB when full, which no host is */
	__type(key, __u64);
	__type(value, struct fanfare_listener);
} listeners SEC(".maps");

/* Too large for the stack. */
static const struct fanfare_listener no_listener = {};

/* The agent watches them: births and ends since it was loaded. Each may count one twice. */
__u64 listeners_seen, listeners_ended;
/* ... and those that are not in the map: full, or a port that was not chosen yet. A scan finds them. */
__u64 listeners_unkept;

/* A page that is not there gives none; it is the process's own doing to be named by its command. */
static __always_inline void note_arguments(struct fanfare_listener *listener,
					   struct task_struct *task)
{
	unsigned long begin = BPF_CORE_READ(task, mm, arg_start);
	unsigned long bytes = BPF_CORE_READ(task, mm, arg_end) - begin;

	if (!begin || (long)bytes <= 0)
		return;
	if (bytes > FANFARE_ARGUMENTS_BYTES)
		bytes = FANFARE_ARGUMENTS_BYTES;
	/* 1..256, said so that every verifier believes it */
	bytes -= 1;
	asm volatile("%0 &= 255" : "+r"(bytes));
	bytes += 1;
	if (!bpf_probe_read_user(listener->arguments, bytes, (void *)begin))
		listener->argument_bytes = bytes;
}

/* Again after a shutdown(): the same socket, perhaps in another process. */
static __noinline void note_listener(struct sock *sk, __u64 cookie)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct cgroup *cgroup = sk->sk_cgrp_data.cgroup;
	struct fanfare_listener *listener;

	bpf_map_update_elem(&listeners, &cookie, &no_listener, BPF_NOEXIST);
	listener = bpf_map_lookup_elem(&listeners, &cookie);
	if (!listener || !sk->__sk_common.skc_num) {
		__sync_fetch_and_add(&listeners_unkept, 1);
		return;
	}
	if (listener->born_ns && !listener->closed_ns)
		return;
	listener->born_ns = 0;
	listener->closed_ns = 0;
	listener->cgroup_id = cgroup ? cgroup->kn->id : 0;
	listener->pid = bpf_get_current_pid_tgid() >> 32;
	listener->parent_pid = BPF_CORE_READ(task, group_leader, real_parent, tgid);
	listener->netns = sk->__sk_common.skc_net.net->ns.inum;
	listener->port = sk->__sk_common.skc_num;
	listener->argument_bytes = 0;
	BPF_CORE_READ_STR_INTO(&listener->comm, task, group_leader, comm);
	note_arguments(listener, task);
	__sync_fetch_and_add(&listeners_seen, 1); /* a full barrier */
	listener->born_ns = bpf_ktime_get_ns();
}

static __always_inline void note_listeners_end(__u64 cookie)
{
	struct fanfare_listener *listener = bpf_map_lookup_elem(&listeners, &cookie);

	if (!listener || listener->closed_ns)
		return;
	listener->closed_ns = bpf_ktime_get_ns();
	__sync_fetch_and_add(&listeners_ended, 1);
}

#endif
