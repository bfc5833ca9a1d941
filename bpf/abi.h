/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * The words that the kernel programs and the agent share; nobody retypes them. Counters are
 * cumulative, only grow, and are read by polling; the agent subtracts. Fixed-width types, no
 * implicit padding, sizes asserted at the end for C, C++ and BPF alike.
 */
#ifndef FANFARE_ABI_H
#define FANFARE_ABI_H

#include <linux/types.h>
#ifdef __bpf__
#include <linux/bpf.h> /* struct bpf_spin_lock */
#endif

#ifdef __cplusplus
#define FANFARE_ASSERT(expression, text) static_assert(expression, text)
#else
#define FANFARE_ASSERT(expression, text) _Static_assert(expression, text)
#endif

/* Why something was not counted. Each is exported as capture_losses_total{reason}; the names and
 * the sentences for people stand in agent/kernel/loss_text.cpp. Append only. */
enum fanfare_loss {
	FANFARE_LOSS_NONE,
	FANFARE_LOSS_FLOW_MAP_FULL, /* sockets: clients', but `limits.sockets` records are in use */
	FANFARE_LOSS_HEADER,	    /* segments: IP or TCP header not readable at the hook */
	FANFARE_LOSS_PAYLOAD,	    /* segments: payload bytes not readable at the hook */
	FANFARE_LOSS_EGRESS_HOLE,   /* times: bytes left by a way that passes the hook by */
	FANFARE_LOSS_INGRESS_HOLE,  /* times: more arrived past a hole than could be held */
	FANFARE_LOSS_INGRESS_RACE,  /* segments: another CPU was inside for too long */
	FANFARE_LOSS_BAD_FRAME,	    /* times: bytes that RFC 6455 forbids where a header was due */
	FANFARE_LOSS_FRAME_BUDGET,  /* times: more headers in one segment than one run may walk */
	FANFARE_LOSS_FALSE_LOCK, /* messages: counted after a lock that proved wrong, taken back */
	FANFARE_LOSS_SEARCH_GIVEN_UP, /* sockets: older than the agent, not like WebSocket */
	FANFARE_LOSS_HEAD_TOO_LONG,   /* sockets: HTTP response head over FANFARE_HEAD_MAX */
	FANFARE_LOSS_MPTCP,	 /* sockets: MPTCP subflow, its bytes are not in stream order */
	FANFARE_LOSS_BAD_RPC,	 /* times: bytes that the replication protocol does not have */
	FANFARE_LOSS_RPC_BUDGET, /* times: more tokens in one segment than one run may walk */
	FANFARE_LOSS_IDENTITIES_FULL, /* messages: identity not kept, reach may count them twice */
	FANFARE_LOSS_COMPRESSED,      /* messages: class not to be told, so it is other */
	FANFARE_LOSS_UNREAD,   /* messages: same, for a hole in them or bytes not of the protocol */
	FANFARE_LOSS_BAD_HTTP, /* sockets: what HTTP/1.1 does not have, or leaves open to doubt */
	FANFARE_LOSS_HTTP_UNPAIRED, /* sockets: a response without a request that was seen */
	FANFARE_LOSS_HTTP_PIPELINE, /* sockets: more requests unanswered than are kept apart */
	FANFARE_LOSS_AFTER_CLOSE,  /* messages: behind the sender's own Close, which nobody reads */
	FANFARE_LOSS_UNATTACHED,   /* seconds: the programs were not attached; the agent's count */
	FANFARE_LOSS_AGENT_ABSENT, /* seconds: no agent ran beside open sockets; the agent's count */
	FANFARE_LOSS_NOT_A_PEER,   /* sockets: on a replication port, never spoke its protocol */
	FANFARE_LOSS_EVENTS_OVERTAKEN, /* events: their record was reused before it was read; the
					  agent's count */
	FANFARE_LOSS_COUNT
};

/* Classes of messages; the value of the metric label `class`. */
enum fanfare_class {
	FANFARE_EVENT,
	FANFARE_HEARTBEAT,
	FANFARE_CONTROL,
	FANFARE_OTHER,
	FANFARE_CLASS_COUNT
};

/* fanfare_flow.protocol: what the connection speaks. */
enum fanfare_protocol {
	FANFARE_WEBSOCKET,
	FANFARE_HASHICORP_RAFT,
	FANFARE_MQTT,
	FANFARE_SSE, /* server-sent events: an event stream over HTTP/1.1 */
	FANFARE_PROTOCOL_COUNT
};

/* client_protocol_of_port: enum fanfare_protocol that the configuration names, and a flag */
enum {
	FANFARE_PORT_PROTOCOL = 127,  /* the protocol; 0: to be found out, as WebSocket is */
	FANFARE_PORT_PUBLISHES = 128, /* its clients publish by HTTP requests too */
};

/* Whether a protocol carries replication between nodes, and not messages to clients. */
static inline int fanfare_protocol_replicates(__u8 protocol)
{
	return protocol == FANFARE_HASHICORP_RAFT;
}

/* What one direction of a flow expects next. */
enum fanfare_stage {
	FANFARE_STAGE_IDLE,	 /* inbound: nothing is read until the 101 has left */
	FANFARE_STAGE_HEAD,	 /* in an HTTP response head */
	FANFARE_STAGE_HTTP,	 /* HTTP without upgrade so far; a head may start with a segment */
	FANFARE_STAGE_FRAMES,	 /* in step with the WebSocket frames: counted */
	FANFARE_STAGE_SEARCH,	 /* out of step: looking for frames, nothing is counted */
	FANFARE_STAGE_DISMISSED, /* not a protocol that we read; the record may go */
	FANFARE_STAGE_RPC,	 /* in step with the replication RPCs: counted */
	FANFARE_STAGE_ANCHOR,	 /* out of step: waiting for a segment that begins an RPC */
	FANFARE_STAGE_PACKETS,	 /* in step with the MQTT packets: counted */
	FANFARE_STAGE_PACKET_SEARCH, /* out of step: looking for packets, nothing is counted */
	FANFARE_STAGE_REQUEST,	     /* inbound: in step with HTTP/1.1 requests */
	FANFARE_STAGE_RESPONSE,	     /* outbound: in step with HTTP/1.1 responses */
	FANFARE_STAGE_EVENT_STREAM,  /* in the response that is a stream of events: counted */
	FANFARE_STAGE_HTTP_WAIT,     /* waiting for a segment that begins a request or a response */
};

/* In step with what goes to clients or comes from them, or out of step and looking for it. */
static inline int fanfare_counts_messages(__u8 stage)
{
	return stage == FANFARE_STAGE_FRAMES || stage == FANFARE_STAGE_PACKETS ||
	       stage == FANFARE_STAGE_EVENT_STREAM;
}

static inline int fanfare_seeks_messages(__u8 stage)
{
	return stage == FANFARE_STAGE_SEARCH || stage == FANFARE_STAGE_PACKET_SEARCH ||
	       stage == FANFARE_STAGE_HTTP_WAIT;
}

/* fanfare_direction.flags */
enum {
	FANFARE_SEQ_KNOWN = 1, /* next_seq is valid */
	FANFARE_MASKED = 2,    /* frames of this direction carry a masking key (client to server) */
	FANFARE_DEFLATE = 4,   /* negotiated: RSV1 is legal on a message's first frame */
	FANFARE_DEFLATE_UNKNOWN = 8,  /* the 101 was not seen: RSV1 may be legal */
	FANFARE_MESSAGE_OPEN = 16,    /* a fragmented message has begun and not ended */
	FANFARE_MESSAGE_UNKNOWN = 32, /* searching: not known whether a message is open */
	FANFARE_OLD = 64, /* the flow is older than the agent: what is no HTTP goes to SEARCH */
	FANFARE_UPGRADED = 128,	   /* in step since a 101 that we saw */
	FANFARE_RESPONSES = 2,	   /* replication: this direction carries the answers */
	FANFARE_MQTT_5 = 4,	   /* MQTT: its handshake said version 5 */
	FANFARE_MQTT_3 = 8,	   /* ... 3.1.1 or 3.1 */
	FANFARE_FIRST_PACKET = 16, /* MQTT: the connection's first packet comes next */
};

/* fanfare_direction.frame: the frame whose payload is being skipped */
enum {
	FANFARE_FRAME_OPEN = 1,
	FANFARE_FRAME_CONTROL = 2,
	FANFARE_FRAME_ENDS_MESSAGE = 4,
	FANFARE_FRAME_LENGTH64 = 8,  /* its 64-bit length comes next */
	FANFARE_FRAME_TRIAL = 16,    /* SEARCH: every byte since a quiet segment's start fitted */
	FANFARE_FRAME_KEY = 32,	     /* its masking key comes next, and is needed */
	FANFARE_FRAME_ENDS_RPC = 64, /* RPC: it is complete when the skip is over */
	FANFARE_FRAME_CLOSED = 128,  /* FRAMES, from the Close frame on, and for good */
};

#define FANFARE_LOCK_FRAMES	 6	       /* chained plausible headers until a search locks */
#define FANFARE_PROOF_FRAMES	 10	       /* more valid frames until a lock counts as proven */
#define FANFARE_QUIET_NS	 50000000ULL   /* after this silence a segment starts a frame */
#define FANFARE_HEAD_MAX	 16384	       /* bytes of an HTTP response head */
#define FANFARE_SEARCH_BYTES_MAX (1024 * 1024) /* without any other sign of WebSocket: given up */

/* What has passed in one direction. A message or an RPC counts once, when its last byte has. */
struct fanfare_tally {
	__u64 frames; /* complete: frames of any kind; RPCs of any kind, or the answers to them */
	union {
		struct {
			__u64 messages; /* complete; control frames are class control */
			__u64 bytes;	/* payload bytes of those messages, as on the wire */
		} by_class[FANFARE_CLASS_COUNT];
		struct { /* replication protocols; 0 in a direction that carries the answers */
			__u64 append;	    /* appends with entries */
			__u64 append_empty; /* appends without: commit index, probe */
			__u64 heartbeat;    /* the timer's own */
			__u64 vote;	    /* votes and pre-votes */
			__u64 snapshot;
			__u64 other;
			__u64 entries;	/* log entries in those appends, of any kind */
			__u64 commands; /* of them, entries that carry the application's data */
		} rpcs;
	};
};

/* Where the walk of a replication RPC stands, and how far the log has got. */
struct fanfare_rpc {
	__u64 first_index; /* log index of the first entry seen; 0: none yet */
	__u64 last_index;  /* highest of a complete append; of answers: the peer's last log index */
	__u64 progress_index; /* highest in the RPC in progress */
	__u32 nested;	      /* values still to come of a container that nobody looks into */
	__u16 entries;	      /* of the RPC in progress */
	__u16 commands;
	__u16 entries_due; /* entries of it that have not begun */
	__u8 due;	   /* keys and values of its map still to come */
	__u8 entry_due;	   /* ... of the map of the entry in progress */
	__u8 kind;
	__u8 key;	  /* whose value comes next */
	__u8 long_number; /* 1: the 8 bytes of that value come next */
	__u8 data;	  /* where the reading of the entry's Data stands, see framers/rpc.h */
};

/* REQUEST, RESPONSE, EVENT_STREAM: where the walk stands; see framers/http1.h. */
struct fanfare_http {
	__u64 length;	  /* Content-Length; of a chunk: its size; of events: bytes still to come */
	__u32 token;	  /* hash of the name or the value in progress */
	__u16 head_bytes; /* of this head so far */
	__u16 status;	  /* of a response */
	__u8 part;	  /* what comes next */
	__u8 found;	  /* what the head has */
	__u8 field;	  /* whose name or value it is in */
	__u8 candidates;  /* bit i: publish i of the shard fits the request so far */
	__u8 method;	  /* enum fanfare_method of a request */
	__u8 not_its_own[3]; /* client_rule, voided */
	__u8 at;	     /* place in what is compared or read bytewise */
	__u8 body;	     /* how the body ends */
	__u8 line;	     /* EVENT_STREAM: where in a line */
	__u8 block;	     /* EVENT_STREAM: what the block in progress has */
	__u16 coded;	     /* out: chunks of compressed events in this walk, for the driver */
	__u8 digits;	     /* of a chunk's size so far */
	__u8 reserved[9];
};

enum fanfare_method {
	FANFARE_METHOD_OTHER,
	FANFARE_METHOD_GET,
	FANFARE_METHOD_HEAD,
	FANFARE_METHOD_POST,
	FANFARE_METHOD_PUT,
	FANFARE_METHOD_PATCH,
	FANFARE_METHOD_DELETE,
};

#define FANFARE_PUBLISHES_MAX	 8  /* of one shard */
#define FANFARE_PUBLISH_SETS_MAX 16 /* shards that have any */
#define FANFARE_PUBLISH_PATH_MAX 64 /* bytes of a path, a power of two above them */

/* A request that publishes an event if it is answered 2xx. */
struct fanfare_publish {
	__u8 method; /* enum fanfare_method; OTHER: there is none here, nor behind it */
	__u8 path_bytes;
	__u16 reserved[3];
	/* At i the 8 bytes from the i-th on, first byte lowest, then 0. */
	__u64 path[FANFARE_PUBLISH_PATH_MAX];
};

struct fanfare_publish_set {
	struct fanfare_publish publish[FANFARE_PUBLISHES_MAX];
};

/* fanfare_exchanges.wanted */
enum {
	FANFARE_WANT_PUBLISHES = 1,
	FANFARE_WANT_EVENT_STREAMS = 2,
	FANFARE_WANT_SET_SHIFT = 4, /* above: the place of the shard's fanfare_publish_set */
};

#define FANFARE_REQUESTS_MAX 64 /* not yet answered, of one connection */

/*
 * Pairs the responses of a connection with its requests, in order. Ingress adds, egress takes, on
 * two CPUs and without a lock: each word has one writer. The request is there before the server
 * has read it, so it is there before its answer.
 */
struct fanfare_exchanges {
	__u64 publishes; /* ingress: bit i: request i modulo 64 is a publish */
	__u64 heads;	 /* ingress: ... is a HEAD, whose answer has no body */
	__u64 accepted;	 /* egress: publishes answered 2xx */
	__u16 requests;	 /* ingress: whose head has ended */
	__u16 answered;	 /* egress: not counting interim responses */
	__u8 wanted;	 /* FANFARE_WANT_...; 0: HTTP is not walked */
	__u8 streams;	 /* egress: the head of a stream of events was seen */
	__u8 in_stopped; /* ingress: requests are not walked any more */
	__u8 out_stopped;
};

/* The identity of the message in progress, read from its first bytes; or its room, read beside it. */
struct fanfare_identity {
	__u64 hash; /* so far; complete: never 0 */
	/* Masking key of the frame, turned to the next payload byte. Of a room, in a direction that
	 * carries replication: the shard's fanfare_direction.client_rule, 0: entries are not read. */
	__u32 key;
	__u16 left;  /* payload bytes of the message that are still looked at, for both of them */
	__u8 state;  /* see framers/identity.h */
	__u8 length; /* bytes hashed so far */
};

enum fanfare_identity_kind {
	FANFARE_IDENTITY_BY_PAYLOAD,
	FANFARE_IDENTITY_BY_JSON_KEY,
};

#define FANFARE_CLIENT_RULES_MAX     64
#define FANFARE_IDENTITY_PATTERN_MAX 64 /* a power of two above key and quotes */

/* fanfare_direction.client_rule: how a shard's messages are read; 0: not at all */
enum {
	FANFARE_RULE_PLACE = FANFARE_CLIENT_RULES_MAX - 1, /* in the tables of rules */
	FANFARE_RULE_IDENTITY = 64,			   /* there is a fanfare_identity_rule */
	FANFARE_RULE_CLASSES = 128,			   /* there is a fanfare_class_rule */
};

/* How the events of one shard are told from one another; or, by JSON key alone, their rooms. */
struct fanfare_identity_rule {
	__u32 shard;	    /* its place in the agent's list; index of its counters of reach */
	__u8 kind;	    /* enum fanfare_identity_kind */
	__u8 pattern_bytes; /* of the key with its quotes; of a room 0: the shard has none */
	__u8 replicates;    /* 1: an event is due when its log entry is met, not when published */
	__u8 reserved;
	/* At i the 8 bytes of the key with its quotes from the i-th on, first byte lowest, then 0. */
	__u64 pattern[FANFARE_IDENTITY_PATTERN_MAX];
};

/* What the clients speak inside of WebSocket; see framers/classes.h. 0 stands for none. */
enum fanfare_subprotocol {
	FANFARE_NO_SUBPROTOCOL,
	FANFARE_MATCH, /* by prefix, by the value of a JSON key, or by both */
	FANFARE_SOCKETIO,
	FANFARE_STOMP,
	FANFARE_XMPP,
	FANFARE_PHOENIX,
	FANFARE_SOCKJS,
	FANFARE_CENTRIFUGO,
	FANFARE_CENTRIFUGO_PROTOBUF,
	FANFARE_NATS,
	FANFARE_MQTT_IN_WEBSOCKET,
	FANFARE_SUBPROTOCOL_COUNT
};

#define FANFARE_CLASS_VALUES_MAX 32

/* How the classes of one shard's messages are told. What stands behind `protocol` is for
 * FANFARE_MATCH. */
struct fanfare_class_rule {
	__u8 protocol;	   /* enum fanfare_subprotocol */
	__u8 otherwise;	   /* enum fanfare_class of what nothing fits */
	__u8 prefix_bytes; /* 0: none; what begins with it is an event */
	__u8 key_bytes;	   /* of the JSON key with its quotes; 0: none */
	__u8 event_values; /* the first so many of `value` are of events, the rest of heartbeats */
	__u8 values;
	__u16 reserved;
	__u64 value[FANFARE_CLASS_VALUES_MAX]; /* hashes of the key's values, see framers/match.h */
	/* At i the 8 bytes from the i-th on, first byte lowest, then 0. */
	__u64 prefix[FANFARE_IDENTITY_PATTERN_MAX];
	__u64 key[FANFARE_IDENTITY_PATTERN_MAX];
};

/*
 * FRAMES, lock proven, where classes are told: what has been read of the message in progress. The
 * last bytes belong to others; see framers/classes.h.
 */
struct fanfare_reader {
	union {
		__u64 word; /* the protocol's own */
		struct {
			__u32 text; /* the protocol's own */
			__u32 pass; /* payload bytes that it need not see */
		};
	};
	__u8 left;    /* payload bytes of the message that are still looked at, 255: all */
	__u8 verdict; /* 1 + enum fanfare_class by the bytes so far, 0: none yet */
	__u8 state;   /* the protocol's own; with `word` it lives on from message to message */
	__u8 mode;
	__u8 loss; /* out: enum fanfare_loss of one message, taken by the driver */
	__u8 not_its_own[3];
};

/*
 * Cursor and tallies of one direction. Everything that lives from token to token stands here and
 * not on the stack: the verifier then sees unknown scalars and its states converge. Egress is
 * serialised by the socket lock; ingress is not and takes `busy`.
 *
 * The order is for the cache: at many sockets a run is made of cache misses. Of an array's
 * first line 56 bytes stand before its values (6.18; what they are differs from kernel to kernel,
 * and then costs a line more). What an event touches fills that line and the next, which the
 * hardware fetches together, up to the bytes of class event in the tally.
 */
struct fanfare_direction {
	__u8 stage; /* enum fanfare_stage */
	__u8 flags;
	__u8 frame;
	__u8 ncarry;	     /* bytes in carry, 0..7 */
	__u8 probation;	     /* valid frames still due until the lock is proven; 0 = proven */
	__u8 fault;	     /* out: enum fanfare_loss of this walk, taken by the driver */
	__u8 lost_by;	     /* enum fanfare_loss that last put it out of step */
	__u8 chain;	     /* SEARCH: plausible headers in a row */
	__u64 skip;	     /* payload bytes (and masking key) still to pass over */
	__u64 message_bytes; /* payload of the message in progress, fragments added */
	__u32 next_seq;	     /* TCP sequence number of the next new byte */
	__u32 off;	     /* walk: position in the segment at hand */
	__u32 end;	     /* walk: its end */
	__u32 busy;	     /* ingress: bit 0: a CPU is inside; the rest: bpf/inbound.bpf.h */
	__u64 last_event_ns; /* CLOCK_MONOTONIC of the segment that ended the last event; 0: none */
	struct fanfare_tally tally;
	union {
		struct {
			__u64 carry; /* bytes of a token that the segment's end cut; first lowest */
			/* Out of step: CLOCK_MONOTONIC of the last segment with payload. RPC: the
			 * identity of the entry in progress, see FANFARE_DATA_READ. */
			__u64 last_ns;
		};
		struct fanfare_identity entry; /* RPC, while the Data of an entry pass: theirs */
	};
	__u32 first_seq; /* of the first byte seen */
	__u16 seq_wraps; /* how often next_seq has passed 2^32 */
	__u16 losses;	 /* what was lost of this direction, whatever the reason; wraps */
	union {
		struct {
			/* Payload length of the control frame that is skipped, or of the data
			 * frame whose masking key comes next. */
			__u64 frame_bytes;
			union {
				struct {
					/* Since a lock that is on probation; parts of tally. */
					__u64 unproven_event_bytes;
					__u16 unproven_control_bytes;
					__u8 unproven_events;
					__u8 unproven_controls;
					__u8 unproven_frames;
					__u8 client_rule; /* FANFARE_RULE_... */
					/* out: messages taken back by this walk, with fault
					 * FALSE_LOCK; with any other: behind a Close */
					__u16 voided;
				};
				struct fanfare_reader reader; /* lock proven */
			};
			union {
				struct {
					__u32 head_token; /* HEAD: hash of the token in progress */
					__u32 head_last;  /* HEAD: the last four bytes */
					__u16 head_bytes; /* HEAD: bytes of this head so far */
					__u8 head_field;  /* HEAD: part or header field it is in */
					__u8 head_found;  /* HEAD: what it has seen */
					__u32 searched; /* bytes passed while searching, saturating */
				};
				struct fanfare_identity identity; /* FRAMES, where configured */
				struct { /* MQTT, on probation; with unproven_... above */
					__u32 unproven_other_bytes;
					__u32 unproven_others;
					__u32 no_part_of_mqtt[2];
				};
			};
		};
		struct fanfare_rpc rpc;
		struct fanfare_http http;
	};
	struct fanfare_identity room; /* FRAMES, PACKETS, RPC, where configured */
};

/* TCP payload bytes from the first seen to the last, each once. */
static inline __u64 fanfare_bytes_passed(const struct fanfare_direction *d)
{
	return ((__u64)d->seq_wraps << 32 | d->next_seq) - d->first_seq;
}

/* Kinds of messages whose way to the client's TCP is followed. */
enum fanfare_fate {
	FANFARE_FATE_EVENT,
	FANFARE_FATE_OTHER, /* heartbeats, control frames, class other */
	FANFARE_FATE_COUNT
};

/* Messages that left together, until the client's TCP has acknowledged their last byte. */
struct fanfare_mark {
	__u32 end_seq;			    /* behind the last byte of the last of them */
	__u32 sent;			    /* TCP's send time of the oldest, FANFARE_ACK_TICK_NS */
	__u32 messages[FANFARE_FATE_COUNT]; /* by enum fanfare_fate */
};

#define FANFARE_MARKS	     8	  /* a power of two; over it the newest takes in what follows */
#define FANFARE_ACK_TICK_NS  1024 /* unit of times to the acknowledgement; 32 bits are 73 minutes */
#define FANFARE_ACK_BUCKETS  20
/* bucket i: up to 2^(i + FANFARE_ACK_BUCKET_0) ticks; the last one: all above */
#define FANFARE_ACK_BUCKET_0 4

/*
 * Written, not yet acknowledged. Egress pushes, ingress pops, both inside the lock, and user space
 * reads the record under it: written = acked + what the marks hold, at every read.
 *
 * The two hooks run on different CPUs as a rule, and a cache line that both write costs either of
 * them more than all else it does here. So one line holds what both need while few marks wait; what
 * only one of them writes stands on lines of its own.
 */
struct fanfare_acks {
	__u32 acked_seq; /* end of the last mark that was acknowledged */
	__u8 first;	 /* place of the oldest mark */
	__u8 count;	 /* of marks in use */
	__u8 merged;	 /* bit i: marks[i] has taken in what left later: it is not timed */
	__u8 reserved;
	struct fanfare_mark marks[FANFARE_MARKS];
	/* egress */
	__u64 frames;			   /* fanfare_tally.frames at the last push */
	__u64 written[FANFARE_FATE_COUNT]; /* messages that a mark has, or has had */
	__u64 reserved2[3];
	/* ingress */
	__u64 acked[FANFARE_FATE_COUNT];
	__u64 event_ticks; /* sum of the times to the acknowledgement of the events acked */
	__u32 heard_seq; /* of the client: TCP has heard what came from there. Not under the lock. */
	__u32 event_times[FANFARE_ACK_BUCKETS]; /* events acked by that time, 32 bits that wrap */
	__u32 reserved3;
};

/* fanfare_flow.life */
enum fanfare_life {
	FANFARE_LIVE,
	FANFARE_CLOSED, /* TCP_CLOSE was seen: final, the agent deletes it */
};

/*
 * What leads from a socket's cookie to the place of its record: in the low bits 1 + the place, above
 * them the cookie, whose own high bits fall off (there are 2^40 sockets until two look alike).
 */
#define FANFARE_INDEX_PLACE_BITS 24
#define FANFARE_INDEX_ENTRY(cookie, place)                                                         \
	((__u64)(cookie) << FANFARE_INDEX_PLACE_BITS | ((__u64)(place) + 1))
#define FANFARE_INDEX_PLACE(entry) ((__u32)((entry) & ((1U << FANFARE_INDEX_PLACE_BITS) - 1)) - 1)
#define FANFARE_INDEX_FITS(entry, cookie)                                                          \
	((entry) >> FANFARE_INDEX_PLACE_BITS ==                                                    \
	 (__u64)(cookie) << FANFARE_INDEX_PLACE_BITS >> FANFARE_INDEX_PLACE_BITS)

/*
 * Places that are none: what is known of a socket without a record. Most sockets of a host are no
 * client's, and 8 bytes of the index are all that they cost. All but the dismissed are counted in
 * watched_ports.
 */
#define FANFARE_INDEX_MARKS 0xfffff0
enum fanfare_index_mark {
	FANFARE_AWAITED = FANFARE_INDEX_MARKS, /* accepted; what it sends first tells */
	FANFARE_PLAIN_HTTP, /* has answered by HTTP; a later answer may still be a 101 */
	FANFARE_IS_DARK,    /* stands in dark_sockets, and has a record as soon as there is room */
	FANFARE_IGNORED,    /* neither HTTP nor a client's, as far as can be told */
	FANFARE_MARK_GONE,  /* is just being taken out */
};
#define FANFARE_NO_ENTRY 0xffffffff

/* Why a socket that is open on a served port has no record. */
enum fanfare_dark_reason {
	FANFARE_DARK_NO_ROOM = 1, /* of a client: `limits.sockets` records are in use */
	FANFARE_DARK_OLDER,	  /* older than the agent: the room for such as these is in use */
	FANFARE_DARK_MPTCP,	  /* its bytes are not in the order of the stream */
	FANFARE_DARK_RESTORED,	  /* made by TCP_REPAIR: a live migration */
	FANFARE_DARK_GIVEN_UP,	  /* older than the agent: searched in vain */
	FANFARE_DARK_REASONS,
};

/* What is known of it all the same. */
enum fanfare_spoke {
	FANFARE_SILENT,	    /* nothing has left; it may be kept alive for plain HTTP */
	FANFARE_SPOKE,	    /* something that is no HTTP has left */
	FANFARE_IS_CLIENTS, /* it has shown a 101, or its port has no others */
};

/* A socket that is not followed. Key: its cookie. Whether its port is served the agent knows. */
struct fanfare_dark {
	__u64 last_ns;	 /* CLOCK_MONOTONIC: it was found, or something has left since */
	__u64 cgroup_id; /* as in fanfare_flow, like all up to remote_port */
	__u8 local[16];
	__u8 remote[16];
	__u32 netns;
	__u16 local_port;
	__u16 remote_port;
	__u8 reason;   /* enum fanfare_dark_reason */
	__u8 spoke;    /* enum fanfare_spoke */
	__u8 protocol; /* enum fanfare_protocol, as far as the port tells */
	__u8 dialled;  /* 1: this end connected (replication only) */
	__u32 reserved;
};

/* One accepted TCP connection, or a dialled one to a replication port. */
struct fanfare_flow {
	struct fanfare_direction out;
	/* Begins a cache line. A member of the map's value itself: before 6.11 the kernel finds a lock
	 * nowhere deeper. */
#ifdef __bpf__
	struct bpf_spin_lock lock;
#else
	__u32 lock;
#endif
	__u32 sent_seq; /* fanfare_direction.next_seq of out, which stands on a line of egress */
	struct fanfare_acks acks; /* behind the lock, and changed under it */
	struct fanfare_direction in;
	__u32 netns;	  /* inode of the network namespace */
	__u16 local_port; /* host order; 0 = the record is still being filled in */
	__u16 remote_port;
	__u32 watched;			   /* 1 while it is counted in watched_ports */
	__u32 sk_err;			   /* at the close: 0, ECONNRESET, ETIMEDOUT, ... */
	__u32 snd_una, snd_nxt, write_seq; /* at the close */
	__u8 life;			   /* enum fanfare_life */
	__u8 close_state;		   /* TCP state left at the close, see tcp_states.h */
	__u8 protocol;			   /* enum fanfare_protocol */
	__u8 dialled;			   /* 1: this end connected (replication only) */
	struct fanfare_exchanges exchanges;
	/* CLOCK_MONOTONIC of the accept or, where a server is found by its 101, of that; 0: older
	 * than the agent. */
	__u64 opened_ns;
	__u64 cgroup_id; /* kernfs id = inode of the cgroup's directory */
	__u8 local[16];	 /* addresses in network order; IPv4 as ::ffff:a.b.c.d */
	__u8 remote[16];
	/* What follows shares a cache line with the next record. */
	__u64 cookie; /* of the socket; 0: the record is free */
	__u64 reserved;
};

/* Whether the messages to the client are counted. Between two streams there is nothing to count. */
static inline int fanfare_is_synced(const struct fanfare_flow *flow)
{
	return fanfare_counts_messages(flow->out.stage) ||
	       (flow->exchanges.streams && flow->out.stage == FANFARE_STAGE_RESPONSE);
}

/* fanfare_port_loss.way */
enum fanfare_way {
	FANFARE_WAY_OUT,
	FANFARE_WAY_IN,
	FANFARE_WAY_COUNT
};

#define FANFARE_PORT_LOSSES_MAX 1024

/* What was lost of a socket that has no record, or by who may not write to it: by the port of the
 * end that listens. Key; the value is a count as in the loss's own unit. */
struct fanfare_port_loss {
	__u32 netns; /* inode of the network namespace */
	__u16 port;  /* host order */
	__u8 way;    /* enum fanfare_way */
	__u8 reason; /* enum fanfare_loss */
};

/* What is known of one event identity. Key: its 64-bit hash. */
struct fanfare_event_seen {
	__u64 publisher; /* cookie of the socket that it came in on; 0: not on this node's sockets */
	__u32 ticket;	 /* of its fanfare_event, the low bits; 0: the shard has no `room` */
	__u32 state;	 /* FANFARE_EVENT_... */
};

/* fanfare_event_seen.state */
enum {
	FANFARE_EVENT_REACHED = 1,	 /* a copy went to a socket that is not the publisher's */
	FANFARE_EVENT_REACHED_LOCAL = 2, /* the same, and it has a publisher: counted as such */
};

#define FANFARE_EVENT_RECEIVERS 4

/* One event in flight, of a shard that has identity and room. A ring: number `ticket` stands at
 * ticket modulo the number of records. */
struct fanfare_event {
	__u64 ticket; /* from 1; 0: it is being begun */
	__u64 identity;
	__u64 room;   /* 0: not read, by nobody yet */
	__u64 due_ns; /* CLOCK_MONOTONIC: it had to be copied from then on; 0: it is not due */
	__u64 first_copy_ns; /* same: the first copy; 0: none */
	__u64 publisher; /* cookie of the client's socket that it came in on; 0: of nobody here */
	__u32 copies;	 /* those to a socket that was known as the publisher's left out */
	__u32 shard;	 /* its place in the agent's list */
	__u64 to[FANFARE_EVENT_RECEIVERS]; /* cookies of the first sockets that got a copy */
};

/* How far the log of a shard that replicates has got on this node. Index: as of fanfare_reach. */
struct fanfare_log {
	__u64 end;	   /* highest index of an entry met, 0: none yet */
	__u64 below_ns;	   /* CLOCK_MONOTONIC: entries lie below it since; 0: they do not */
	__u64 below_index; /* the first of those */
};

/* Reach of one shard with `identity`, cumulative, one a CPU. Index: the shard's place in the
 * agent's list. */
struct fanfare_reach {
	__u64 accepted;	     /* distinct identities that came in from clients */
	__u64 reached;	     /* distinct identities with a copy to another than the publisher */
	__u64 copies;	     /* event messages out, identity read, the publisher's own left out */
	__u64 own_copies;    /* event messages out to the socket that published them */
	__u64 unidentified;  /* event messages in or out whose identity could not be read */
	__u64 reached_local; /* of `reached`, those that came in from clients of this node */
};

/* One open TCP socket of one process, as iter/task_file sees it. */
struct fanfare_owner {
	__u64 cookie;
	__u64 cgroup_id;
	__u32 pid; /* thread group id */
	__u32 fd;
	__u32 netns;
	__u16 local_port; /* host order */
	__u8 tcp_state;	  /* see tcp_states.h; 10 = LISTEN */
	__u8 family;	  /* AF_INET or AF_INET6 */
	__u32 srtt_us;
	__u32 unsent_bytes; /* write_seq - snd_nxt */
	char comm[16];
};

FANFARE_ASSERT(sizeof(struct fanfare_tally) == 72, "no hidden padding");
FANFARE_ASSERT(sizeof(struct fanfare_direction) == 48 + 72 + 32 + 32 + 16, "no hidden padding");
FANFARE_ASSERT(__builtin_offsetof(struct fanfare_direction, tally.by_class[FANFARE_EVENT + 1]) ==
		       8 + 64,
	       "what an event touches ends with a cache line");
FANFARE_ASSERT(sizeof(struct fanfare_acks) == 192 + 112 - 8, "no hidden padding");
FANFARE_ASSERT((8 + __builtin_offsetof(struct fanfare_acks, acked)) % 64 == 0,
	       "what only ingress writes begins a cache line");
FANFARE_ASSERT((56 + __builtin_offsetof(struct fanfare_flow, lock)) % 64 == 0,
	       "56 bytes stand before the values of an array");
FANFARE_ASSERT(sizeof(struct fanfare_flow) == 832, "no hidden padding, whole cache lines");
FANFARE_ASSERT(sizeof(struct fanfare_event) == 88, "no hidden padding");
FANFARE_ASSERT(sizeof(struct fanfare_owner) == 56, "no hidden padding");
FANFARE_ASSERT(sizeof(struct fanfare_port_loss) == 8, "no hidden padding");
FANFARE_ASSERT(sizeof(struct fanfare_dark) == 64, "no hidden padding");
FANFARE_ASSERT(sizeof(struct fanfare_rpc) == 40, "lies over what only WebSocket needs");
FANFARE_ASSERT(sizeof(struct fanfare_http) == 40, "lies over what only WebSocket needs");
FANFARE_ASSERT(__builtin_offsetof(struct fanfare_direction, client_rule) ==
		       __builtin_offsetof(struct fanfare_direction, http.not_its_own),
	       "the rule outlives the head that upgrades");
FANFARE_ASSERT(sizeof(struct fanfare_exchanges) == 32, "no hidden padding");
FANFARE_ASSERT(sizeof(struct fanfare_identity) == 16, "lies over what only a head needs");
FANFARE_ASSERT(sizeof(struct fanfare_reader) == 16, "lies over what only a probation needs");
FANFARE_ASSERT(__builtin_offsetof(struct fanfare_direction, client_rule) ==
		       __builtin_offsetof(struct fanfare_direction, reader.not_its_own),
	       "the rule outlives the reader");

#endif
