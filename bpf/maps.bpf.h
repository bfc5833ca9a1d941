/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * The maps and the variables that the programs share, each with its reason and size. __weak: the
 * objects are linked into one, and these are the same in all of them.
 */
#ifndef FANFARE_MAPS_BPF_H
#define FANFARE_MAPS_BPF_H

#include "bpf/knobs.bpf.h"

/*
 * By local port: records, and marks in their place, that still want packets. Traffic of any other
 * port costs a load or two and no lookup. A filter only: one port may serve several network namespaces. Defined in
 * sockets.bpf.c: __weak variables would take their room once for each object.
 */
extern __u32 watched_ports[65536];
/* One bit a port that has ever been watched, or is read at once. 8 KB that stay in the first cache:
 * the many ports of clients never get to the big table. */
extern __u64 served_ports[65536 / 64];
extern __u8 listening_ports[65536];	    /* enum port_listens */
extern __u8 chat_ports[65536];		    /* a WebSocket upgrade has been seen here */
extern __u8 client_rule_of_port[65536];	    /* as fanfare_direction.client_rule */
extern __u8 client_protocol_of_port[65536]; /* see enum FANFARE_PORT_... */
extern __u8 publish_set_of_port[65536];	    /* place in publish_sets */
/* enum fanfare_protocol of what is replicated by a port, the agent's word; 0: not a replication
 * port. One end listens on it and the other has dialled it. */
extern __u8 replication_ports[65536];
/* id of the subtree attached to; 0 = the root. No knob: a directory that is made anew has another
 * id, and the programs are attached to it without being loaded again. Read at births only. */
extern __u64 scope_cgroup;

/*
 * A port as the index of a table of 65536. The compiler knows that a byte swap leaves 16 bits and
 * drops a mask behind it; verifiers up to 6.18 do not know it, and would not let the index in. So
 * the mask is one that it cannot drop. May go when 7.0 is the oldest kernel.
 */
static __always_inline __u32 port_index(__u32 port)
{
	asm volatile("%0 &= 0xffff" : "+r"(port));
	return port;
}

enum port_listens {
	PORT_LISTENS = 1, /* somebody listens, or has listened, here */
	PORT_UNMARKED,	  /* and some of its sockets found no room for a mark: all are looked at */
};

static __always_inline void note_listened(__u16 port)
{
	if (!listening_ports[port])
		listening_ports[port] = PORT_LISTENS;
}

/* Whether connections to a local port are read from their first byte, whatever is answered, and the
 * handshake's too. */
static __always_inline int is_read_at_once(__u32 local_port)
{
	__u32 port = port_index(local_port);

	return (replication_enabled && replication_ports[port]) ||
	       (client_protocols_enabled && client_protocol_of_port[port]);
}

static __always_inline int is_watched(__u32 local_port)
{
	__u32 port = port_index(local_port);

	return (served_ports[port / 64] >> (port % 64) & 1) &&
	       (watched_ports[port] || listening_ports[port] == PORT_UNMARKED);
}

/* The same of what comes in: a first connection may bring payload before it has a record. */
static __always_inline int is_awaited(__u32 local_port)
{
	__u32 port = port_index(local_port);

	return (served_ports[port / 64] >> (port % 64) & 1) &&
	       (watched_ports[port] || is_read_at_once(port));
}

static __always_inline void serve_port(__u16 port)
{
	__sync_fetch_and_or(&served_ports[port / 64], 1ULL << port % 64);
}

static __always_inline void watch_port(__u16 port)
{
	serve_port(port);
	__sync_fetch_and_add(&watched_ports[port], 1);
}

static __always_inline void unwatch_port(__u16 port)
{
	__sync_fetch_and_add(&watched_ports[port], -1);
}

#endif
