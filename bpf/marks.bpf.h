/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Marks: what is known of a socket that has no record, see enum fanfare_index_mark. */
#ifndef FANFARE_MARKS_BPF_H
#define FANFARE_MARKS_BPF_H

#include "bpf/flow_index.bpf.h"
#include "bpf/maps.bpf.h"

/* Whether the egress program looks at what such a socket sends. */
static __always_inline int is_counted(__u32 mark)
{
	return is_mark(mark) && mark != FANFARE_IGNORED;
}

/* The socket has no entry yet. Where there is no room for one, all that have none are looked at on
 * its port from here on. */
static __always_inline void enter_mark(__u64 cookie, __u16 port, __u32 mark)
{
	int entered = enter(cookie, mark);

	if (entered == FLOW_ENTERED && mark != FANFARE_IGNORED)
		watch_port(port);
	if (entered == FLOW_HAS_NO_ROOM) {
		listening_ports[port] = PORT_UNMARKED;
		serve_port(port);
	}
}

/* Sets it where there is no record. */
static __always_inline void set_mark(__u64 cookie, __u16 port, __u32 mark)
{
	__u32 before = entry_of(cookie);

	if (before == FANFARE_NO_ENTRY) {
		enter_mark(cookie, port, mark);
	} else if (is_mark(before) && before != mark && change_entry(cookie, before, mark)) {
		if (is_counted(before) && !is_counted(mark))
			unwatch_port(port);
		else if (!is_counted(before) && is_counted(mark))
			watch_port(port);
	}
}

static __always_inline void remove_mark(__u64 cookie, __u16 port)
{
	__u32 mark = entry_of(cookie);

	if (is_mark(mark) && remove_entry(cookie, mark) && is_counted(mark))
		unwatch_port(port);
}

#endif
