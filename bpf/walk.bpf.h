/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Drives the pure walk of framers/stream.h over the payload of a segment. */
#ifndef FANFARE_WALK_BPF_H
#define FANFARE_WALK_BPF_H

#include "bpf/knobs.bpf.h"
#include "bpf/reach.bpf.h"
#include "bpf/framers/stream.h"
#include "bpf/segment.bpf.h"

#ifdef FANFARE_HOLDS
#include "bpf/held.bpf.h"
#endif

/* Constant during a walk; what changes stands in the direction, see abi.h. */
struct walk {
	struct __sk_buff *skb;
	struct fanfare_direction *direction;
	__u32 payload; /* its offset in the skb; of held bytes, their sequence number */
#ifdef FANFARE_HOLDS
	const struct held_page *page; /* where held bytes stand, 0: the bytes are in the skb */
#endif
};

#ifdef FANFARE_HOLDS
/* As load_word(): what stands behind `left` bytes of a page is of no matter. */
static __always_inline long load_held_word(struct walk *walk, __u32 at, __u32 left, __u64 *word)
{
	long error = bpf_probe_read_kernel(word, sizeof(*word),
					   walk->page->bytes + (at & (HELD_PAGE - 1)));

	if (left < sizeof(*word))
		*word &= (1ULL << 8 * (left & 7)) - 1;
	return error;
}
#endif

/* The next 8 bytes of the segment at hand, or as many as are left. */
static __always_inline long load_next_word(struct walk *walk, __u32 left, __u64 *word)
{
	__u32 at = walk->payload + walk->direction->off;

#ifdef FANFARE_HOLDS
	if (walk->page)
		return load_held_word(walk, at, left, word);
#endif
	return load_word(walk->skb, at, left, word);
}

/* The next `n` bytes, HELD_CELL at most. */
static __always_inline long load_next_bytes(struct walk *walk, void *bytes, __u32 n)
{
	__u32 at = walk->payload + walk->direction->off;

#ifdef FANFARE_HOLDS
	if (walk->page)
		return bpf_probe_read_kernel(bytes, n, walk->page->bytes + (at & (HELD_PAGE - 1)));
#endif
	return bpf_skb_load_bytes(walk->skb, at, bytes, n);
}

/* Payload bytes from which an identity or a class is read, as many as fit at one load. There is no room for
 * them in the record, and scratch of the CPU could be overwritten by a nested run. */
struct look {
	struct fanfare_direction *direction;
	const struct fanfare_identity_rule *rule; /* of what is looked for by JSON key */
	__u32 begin;				  /* of the bytes, as direction->off */
	__u32 n;
	__u64 words[IDENTITY_CHUNK_WORDS + 1];
};

/* Looked up where it is needed: the stack of the longest chain of calls has no room for it. */
static __always_inline const struct fanfare_class_rule *
class_rule_of(const struct fanfare_direction *d)
{
	return (void *)&class_rules[d->client_rule & FANFARE_RULE_PLACE];
}

/* The place stands in the direction meanwhile: in the record, like all that lives over steps. */
static __always_inline long look_json(struct look *look, struct fanfare_identity *search)
{
	struct fanfare_direction *d = look->direction;
	__u32 at = d->off - look->begin;

	if (at >= look->n)
		return 1;
	d->off += identity_look_json(search, look->rule, look->words, at, look->n);
	return 0;
}

static long look_identity(__u32 index, struct look *look)
{
	return look_json(look, &look->direction->identity);
}

static long look_entry(__u32 index, struct look *look)
{
	return look_json(look, &look->direction->entry);
}

static long look_room(__u32 index, struct look *look)
{
	return look_json(look, &look->direction->room);
}

/* A global function: verified once, and not once for each of the places that call it. */
__weak __noinline __u32 tell_plain_bytes(struct fanfare_direction *d, __u64 w, __u32 n)
{
	if (!d)
		return n;
	return classes_plain_bytes(d, class_rule_of(d), w, n);
}

static long look_class(__u32 index, struct look *look)
{
	struct fanfare_direction *d = look->direction;
	__u32 at = d->off - look->begin;

	if (at >= look->n || !d->reader.left)
		return 1;
	d->off += classes_look(d, class_rule_of(d), look->words, at, look->n);
	return 0;
}

/* The barrier keeps clang from making one call, with a body chosen at run time, of this one and
 * others: the kernel would not turn it into a plain loop. */
#define LOOK_LOOP(body, look)                                                                      \
	do {                                                                                       \
		bpf_loop(8 * IDENTITY_CHUNK_WORDS, body, look, 0);                                 \
		asm volatile("" ::"i"(__COUNTER__));                                               \
		(look)->direction->off = (look)->begin;                                            \
	} while (0)

/* The room, from the same words as the identity and behind it: either may be read before the other
 * is. Ends the look. Apart for its stack. */
static __noinline int look_for_room(struct look *look, int of_entry)
{
	const struct fanfare_identity_rule *of_identity = look->rule;
	struct fanfare_direction *d = look->direction;
	__u32 rule = of_entry ? d->room.key : d->client_rule;

	look->rule = (void *)&room_rules[rule & FANFARE_RULE_PLACE];
	if (!room_is_read(&d->room, look->rule))
		LOOK_LOOP(look_room, look);
	identity_look_end(of_entry ? &d->entry : &d->identity, of_identity, look->n,
			  room_is_read(&d->room, look->rule));
	return 0;
}

/* `of_entry` is a constant. */
static __always_inline void look_for_identity(struct look *look, int of_entry)
{
	struct fanfare_direction *d = look->direction;
	struct fanfare_identity *identity = of_entry ? &d->entry : &d->identity;

	if (rooms_enabled && identity_is_read(identity, look->rule)) {
		; /* for the room alone */
	} else if (look->rule->kind == FANFARE_IDENTITY_BY_PAYLOAD) {
		for (__u32 i = 0; i < IDENTITY_CHUNK_WORDS && 8 * i < look->n; i++)
			identity_look_payload(identity, look->words[i], i, look->n);
	} else if (of_entry) {
		LOOK_LOOP(look_entry, look);
	} else {
		LOOK_LOOP(look_identity, look);
	}
	if (rooms_enabled)
		look_for_room(look, of_entry);
	else
		identity_look_end(identity, look->rule, look->n, 1);
}

static __always_inline void look_for_class(struct look *look)
{
	LOOK_LOOP(look_class, look);
}

static __always_inline void take_reader_loss(struct fanfare_direction *d)
{
	if (reader_has_loss(d)) {
		lose_of(d, d->reader.loss, 1);
		d->reader.loss = 0;
	}
}

static __always_inline void take_what_was_read(struct __sk_buff *skb, struct fanfare_direction *d)
{
	if (identity_is_due(d))
		count_reach(d, bpf_get_socket_cookie(skb));
	take_reader_loss(d);
}

/* Protocols whose first few bytes tell: one word, and no loop. */
static __always_inline long look_at_word(struct walk *walk, const struct fanfare_class_rule *rule,
					 __u32 n)
{
	struct fanfare_direction *d = walk->direction;
	__u64 word = 0;
	long over;

	if (load_next_word(walk, n, &word)) {
		fanfare_lose_step(d, FANFARE_LOSS_PAYLOAD);
		d->off = d->end;
		return 1;
	}
	over = !fanfare_look_end(d, classes_look_at_word(d, rule, word, n));
	take_reader_loss(d);
	return over;
}

static __always_inline int look_at_payload(struct walk *walk)
{
	struct fanfare_direction *d = walk->direction;
	__u32 place = d->client_rule & FANFARE_RULE_PLACE, n = d->end - d->off, passed = 0;
	struct look look = {d, (void *)&identity_rules[place], d->off};
	int identifies = identity_wants(d), tells = reader_wants(d);
	long over;

	if (n > d->skip)
		n = d->skip;
	if (tells) {
		classes_open(d, class_rule_of(d));
		take_reader_loss(d); /* the message before had it; this one may have its own */
		tells = d->reader.left;
		if (!identifies)
			passed = classes_pass(d, n);
	}
	if (passed || !(identifies || tells))
		return !fanfare_look_end(d, passed);
	if (tells)
		n = classes_span(d, n);
	if (!identifies && n <= 8)
		return look_at_word(walk, class_rule_of(d), n);
	if (identifies)
		n = identity_span(&d->identity, look.rule, d->skip, n);
	n--;
	barrier_var(n);
	n = (n & (8 * IDENTITY_CHUNK_WORDS - 1)) + 1;
	if (load_next_bytes(walk, look.words, n)) {
		fanfare_lose(d, FANFARE_LOSS_PAYLOAD);
		d->off = d->end;
		return 1;
	}
	look.n = n;
	identity_unmask(&d->identity, look.words);
	if (identifies)
		look_for_identity(&look, 0);
	if (tells)
		look_for_class(&look);
	over = !fanfare_look_end(d, n);
	take_what_was_read(walk->skb, d);
	return over;
}

#ifndef FANFARE_HOLDS
/* A global function, as tell_plain_bytes(). Returns 1 at the segment's end. */
__weak __noinline int look_once(struct __sk_buff *skb, struct fanfare_direction *d, __u32 payload)
{
	struct walk walk = {skb, d, payload};

	if (!payloads_read || !d)
		return 1;
	return look_at_payload(&walk);
}

/* The same inside of a loop, whose body has to return 0 or 1 for sure. */
static __always_inline long look_on(struct walk *walk)
{
	return look_once(walk->skb, walk->direction, walk->payload) != 0;
}
#endif

static __always_inline long walk_once(struct walk *walk)
{
	struct fanfare_direction *d = walk->direction;
	__u64 word = 0;
	long over;

	if (!d->skip && load_next_word(walk, d->end - d->off, &word)) {
		fanfare_lose(d, FANFARE_LOSS_PAYLOAD);
		d->off = d->end;
		return 1;
	}
	over = !fanfare_step(d, word);
	if (identity_is_due(d))
		count_reach(d, bpf_get_socket_cookie(walk->skb));
	return over;
}

#ifndef FANFARE_HOLDS
static __always_inline long walk_or_look_once(struct walk *walk)
{
	if (fanfare_looks(walk->direction))
		return look_on(walk);
	return walk_once(walk);
}

static long walk_step(__u32 index, struct walk *walk)
{
	return walk_or_look_once(walk);
}

/* A global function: verified once, and not once for each of the places that call it; and what it
 * needs does not stand on the stack of its caller. */
__weak __noinline int walk_frames(struct __sk_buff *skb, struct fanfare_direction *d, __u32 payload,
				  __u32 budget)
{
	struct walk walk = {skb, d, payload};

	if (!d)
		return 0;
	bpf_loop(budget, walk_step, &walk, 0);
	return 0;
}
#endif

static __always_inline long walk_rpc_once(struct walk *walk)
{
	struct fanfare_direction *d = walk->direction;
	__u64 word = 0;
	long over;

	if (!d->skip && load_next_word(walk, d->end - d->off, &word)) {
		fanfare_lose(d, FANFARE_LOSS_PAYLOAD);
		d->off = d->end;
		return 1;
	}
	over = !fanfare_rpc_step(d, word);
	if (rooms_enabled && d->rpc.data == FANFARE_DATA_DUE)
		count_entry(d);
	return over;
}

/* As look_at_payload(), of the Data of a log entry. */
static __always_inline int look_at_data(struct walk *walk)
{
	struct fanfare_direction *d = walk->direction;
	__u32 place = d->room.key & FANFARE_RULE_PLACE;
	struct look look = {d, (void *)&identity_rules[place], d->off};
	__u32 n = identity_span(&d->entry, look.rule, d->skip, d->end - d->off);

	n--;
	barrier_var(n);
	n = (n & (8 * IDENTITY_CHUNK_WORDS - 1)) + 1;
	if (load_next_bytes(walk, look.words, n)) {
		fanfare_lose(d, FANFARE_LOSS_PAYLOAD);
		d->off = d->end;
		return 1;
	}
	look.n = n;
	look_for_identity(&look, 1);
	return !fanfare_look_data_end(d, n);
}

#ifndef FANFARE_HOLDS
/* As look_once(). */
__weak __noinline int look_at_entry(struct __sk_buff *skb, struct fanfare_direction *d,
				    __u32 payload)
{
	struct walk walk = {skb, d, payload};

	if (!rooms_enabled || !d)
		return 1;
	return look_at_data(&walk);
}

static __always_inline long look_on_entry(struct walk *walk)
{
	return look_at_entry(walk->skb, walk->direction, walk->payload) != 0;
}

static long walk_rpc_token(__u32 index, struct walk *walk)
{
	if (fanfare_looks_at_data(walk->direction))
		return look_on_entry(walk);
	return walk_rpc_once(walk);
}

/* As walk_frames(). */
__weak __noinline int walk_rpcs(struct __sk_buff *skb, struct fanfare_direction *d, __u32 payload)
{
	struct walk walk = {skb, d, payload};

	if (!replication_enabled || !d)
		return 0;
	bpf_loop(rpc_budget, walk_rpc_token, &walk, 0);
	return 0;
}
#endif

static __always_inline long walk_packet_once(struct walk *walk)
{
	struct fanfare_direction *d = walk->direction;
	__u64 word = 0;
	long over;

	if (!d->skip && load_next_word(walk, d->end - d->off, &word)) {
		fanfare_lose(d, FANFARE_LOSS_PAYLOAD);
		d->off = d->end;
		return 1;
	}
	over = !fanfare_packet_step(d, word);
	if (identity_is_due(d))
		count_reach(d, bpf_get_socket_cookie(walk->skb));
	return over;
}

#ifndef FANFARE_HOLDS
static long walk_packet(__u32 index, struct walk *walk)
{
	if (fanfare_looks(walk->direction))
		return look_on(walk);
	return walk_packet_once(walk);
}

/* As walk_frames(). */
__weak __noinline int walk_packets(struct __sk_buff *skb, struct fanfare_direction *d,
				   __u32 payload, __u32 budget)
{
	struct walk walk = {skb, d, payload};

	if (!client_protocols_enabled || !d)
		return 0;
	bpf_loop(budget, walk_packet, &walk, 0);
	return 0;
}
#endif

/* Global functions: see tell_plain_bytes(). */
__weak __noinline __u32 http1_read_request(struct fanfare_direction *d, __u32 set, __u64 w, __u32 n)
{
	if (!d)
		return n;
	return http1_request_token(d, (void *)&publish_sets[set & (FANFARE_PUBLISH_SETS_MAX - 1)],
				   w, n);
}

__weak __noinline __u32 http1_read_response(struct fanfare_direction *d, __u64 w, __u32 n)
{
	if (!d)
		return n;
	return http1_response_token(d, w, n);
}

__weak __noinline __u32 scan_words(struct fanfare_direction *d, const struct http1_words *words,
				   __u32 n, int is_response)
{
	if (!d || !words)
		return n;
	return http1_scan(d, words, n, is_response);
}

struct http_walk {
	struct walk bytes;
	struct fanfare_exchanges *exchanges;
};

/* Looks for the end of a line in many bytes at once. Returns 0 where the walk is over for now. */
static __always_inline int scan_line(struct http_walk *walk, int is_response)
{
	struct fanfare_direction *d = walk->bytes.direction;
	struct http1_words words = {};
	__u32 n = http1_span(d, d->end - d->off, is_response) - 1;

	barrier_var(n);
	n = (n & (8 * HTTP1_CHUNK_WORDS - 1)) + 1;
	if (load_next_bytes(&walk->bytes, &words, n))
		http1_refuse(d, 0, FANFARE_LOSS_PAYLOAD);
	else if (scan_words(d, &words, n, is_response) == n)
		return 0;
	return 1;
}

/* One step over HTTP. Returns 1 where the walk ends, as bpf_loop() wants it. */
static __always_inline long walk_http_once(struct http_walk *walk, int is_response)
{
	struct fanfare_direction *d = walk->bytes.direction;
	struct fanfare_exchanges *x = walk->exchanges;
	__u64 word = 0;

	if (http1_scans(d, is_response)) {
		int found = scan_line(walk, is_response);

		if (http1_stops(d, x, is_response))
			return 1;
		if (!found)
			return !http1_goes_on(d, is_response);
	}
	if (!d->skip && load_next_word(&walk->bytes, d->end - d->off, &word))
		http1_refuse(d, 0, FANFARE_LOSS_PAYLOAD);
	if (http1_stops(d, x, is_response))
		return 1;
	return !http1_step(d, x, 0, word, is_response);
}

static long walk_request(__u32 index, struct http_walk *walk)
{
	return walk_http_once(walk, 0);
}

static long walk_response(__u32 index, struct http_walk *walk)
{
	return walk_http_once(walk, 1);
}

static __always_inline void end_http(struct http_walk *walk, int is_response)
{
	struct fanfare_direction *d = walk->bytes.direction;

	if (!http1_goes_on(d, is_response))
		return;
	http1_refuse(d, 0, FANFARE_LOSS_FRAME_BUDGET);
	http1_stops(d, walk->exchanges, is_response);
}

/* Global functions, with a stack of their own in place of their caller's. */
__weak __noinline int walk_requests(struct __sk_buff *skb, struct fanfare_direction *d,
				    struct fanfare_exchanges *x, __u32 payload)
{
	struct http_walk walk = {{skb, d, payload}, x};

	if (!client_protocols_enabled || !d || !x || http1_stops(d, x, 0))
		return 0;
	bpf_loop(frame_budget, walk_request, &walk, 0);
	end_http(&walk, 0);
	return 0;
}

__weak __noinline int walk_responses(struct __sk_buff *skb, struct fanfare_direction *d,
				     struct fanfare_exchanges *x, __u32 payload)
{
	struct http_walk walk = {{skb, d, payload}, x};

	if (!client_protocols_enabled || !d || !x || http1_stops(d, x, 1))
		return 0;
	bpf_loop(frame_budget, walk_response, &walk, 0);
	end_http(&walk, 1);
	if (d->stage != FANFARE_STAGE_FRAMES && d->http.coded) {
		lose_of(d, FANFARE_LOSS_COMPRESSED, d->http.coded);
		d->http.coded = 0;
	}
	return d->stage == FANFARE_STAGE_FRAMES && d->off < d->end;
}

__weak __noinline int begin_http(struct fanfare_direction *d, struct fanfare_exchanges *x,
				 __u64 word, int is_response)
{
	if (d && x)
		http1_begin_segment(d, x, word, is_response);
	return 0;
}

__weak __noinline int find_events(struct fanfare_direction *d, struct fanfare_exchanges *x,
				  __u64 first, __u64 second, __u32 n)
{
	if (d && x)
		sse_find(d, x, first, second, n);
	return 0;
}

/* Returns 1 where bytes are left: the connection has become a WebSocket in this segment. */
static __always_inline int walk_http(struct __sk_buff *skb, struct fanfare_direction *d,
				     struct fanfare_exchanges *x, __u32 payload, int is_response)
{
	return is_response ? walk_responses(skb, d, x, payload) : walk_requests(skb, d, x, payload);
}

/* Apart where the caller's stack would grow by it, and not where it grows by the call. */
#ifdef FANFARE_HOLDS
#define NAME_FAULT static __always_inline
#else
#define NAME_FAULT static __noinline
#endif

NAME_FAULT void name_fault(struct fanfare_direction *d)
{
	__u32 behind_close = fanfare_take_behind_close(d), reason = d->fault;

	if (behind_close)
		lose(FANFARE_LOSS_AFTER_CLOSE, behind_close);
	lose_of(d, reason, fanfare_take_fault(d));
}

/* Names what was lost. Silence is measured from here where the direction is out of step. */
static __always_inline void end_walk(struct fanfare_direction *d, __u64 now_ns)
{
	if (!fanfare_in_step(d))
		d->last_ns = now_ns ? now_ns : bpf_ktime_get_ns();
	if (d->fault)
		name_fault(d);
}

#ifndef FANFARE_HOLDS
/* Apart where the stack is short: what it needs stands below all that a step of the loop calls. */
#ifdef FANFARE_WALK_APART
#define WALK_FIRST static __noinline long
#else
#define WALK_FIRST static __always_inline long
#endif

WALK_FIRST walk_first(struct __sk_buff *skb, struct fanfare_direction *d, __u32 payload)
{
	struct walk walk = {skb, d, payload};

	return walk_once(&walk);
}

/* The first step stands outside of the loop: most segments hold one frame. */
static __always_inline void walk_steps(struct __sk_buff *skb, struct fanfare_direction *d,
				       __u32 payload, __u32 budget)
{
	if (fanfare_looks(d) || !walk_first(skb, d, payload))
		walk_frames(skb, d, payload, budget - 1);
}

/* Counts the new bytes of a segment. `now_ns` may be 0 for a direction that is in step: should it
 * lose step here, the clock is read after all, since silence is measured from this segment. */
static __always_inline void walk_segment(struct __sk_buff *skb, struct fanfare_direction *d,
					 struct fanfare_exchanges *exchanges,
					 const struct segment *segment, __u64 now_ns,
					 __u8 hole_reason)
{
	int is_response = hole_reason == FANFARE_LOSS_EGRESS_HOLE;
	__u64 events = d->tally.by_class[FANFARE_EVENT].messages;
	__u32 budget = frame_budget, start;

	if (!fanfare_admit(d, segment->seq, segment->length, hole_reason))
		return;
	if (payloads_read)
		take_what_was_read(skb, d); /* a hole had the message's end */
	start = d->off;
	if (!fanfare_in_step(d)) {
		__u32 at = segment->payload + start, left = segment->length - start;
		__u64 word = 0, second = 0;

		if (!now_ns)
			now_ns = bpf_ktime_get_ns();
		load_word(skb, at, left, &word);
		if (client_protocols_enabled)
			begin_http(d, exchanges, word, is_response);
		if (client_protocols_enabled && is_response &&
		    sse_may_begin(d, exchanges, now_ns)) {
			if (left > 8)
				load_word(skb, at + 8, left - 8, &second);
			find_events(d, exchanges, word, second, left);
		}
		if (d->stage == FANFARE_STAGE_HTTP && left >= 16) {
			load_word(skb, at + 8, 8, &second);
			if (!http_may_upgrade(word, second)) {
				d->last_ns = now_ns;
				return;
			}
		}
		fanfare_begin_segment(d, word, now_ns);
		if (fanfare_searches(d))
			budget = search_budget;
	}
	if (http1_walks(d) && !walk_http(skb, d, exchanges, segment->payload, is_response))
		goto walked;
	if (fanfare_is_replication(d))
		walk_rpcs(skb, d, segment->payload);
	else if (fanfare_is_mqtt(d))
		walk_packets(skb, d, segment->payload, budget);
	else
		walk_steps(skb, d, segment->payload, budget);
	if (fanfare_settle(d, start)) {
		if (fanfare_is_mqtt(d))
			walk_packets(skb, d, segment->payload, frame_budget);
		else
			walk_frames(skb, d, segment->payload, frame_budget);
		fanfare_settle(d, start);
	}
walked:
	if (d->tally.by_class[FANFARE_EVENT].messages > events)
		d->last_event_ns = now_ns;
	end_walk(d, now_ns);
}
#endif

#endif
