// SPDX-License-Identifier: Apache-2.0
#include "agent/replay/connection.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <tuple>
#include <utility>

#include "agent/replay/walk.h"
#include "bpf/framers/acks.h"
#include "bpf/tcp_states.h"

namespace fanfare {
namespace {

// A reset far from what was last seen is not of this connection.
constexpr std::int32_t reset_window = 1 << 20;

fanfare_direction blank(unsigned flags, unsigned stage) {
  fanfare_direction direction{};
  direction.flags = static_cast<std::uint8_t>(flags);
  direction.stage = static_cast<std::uint8_t>(stage);
  return direction;
}

void begin_at(fanfare_direction& direction, std::uint32_t seq) {
  direction.flags |= FANFARE_SEQ_KNOWN;
  direction.first_seq = direction.next_seq = seq;
}

bool is_past_hole(const fanfare_direction& direction, const Piece& piece) {
  return (direction.flags & FANFARE_SEQ_KNOWN) &&
         static_cast<std::int32_t>(piece.seq - direction.next_seq) > 0;
}

std::uint32_t ack_ticks(Monotonic at) {
  return static_cast<std::uint32_t>(at.count() / FANFARE_ACK_TICK_NS);
}

void copy_address(std::uint8_t (&to)[16], const Endpoint& from) {
  std::copy(from.address.begin(), from.address.end(), to);
}

}  // namespace

CaptureState::CaptureState(const Knobs& knobs)
    : rules(knobs),
      reach(knobs),
      client_protocols(fanfare::client_protocols(knobs.shards)),
      http(knobs.shards) {
  for (const auto& shard : knobs.shards)
    replication_ports.insert(shard.replication_ports.begin(), shard.replication_ports.end());
}

Connection::Connection(CaptureState& capture, const Ends& ends, std::uint64_t cookie, int server,
                       const std::array<std::uint32_t, 2>& first, Monotonic opened)
    : capture_(capture),
      ends_(ends),
      cookie_(cookie),
      opened_ns_(static_cast<std::uint64_t>(opened.count())) {
  protocol_ = capture_.protocol_on(ends_[server].port);
  capture_.server_ports.insert(ends_[server].port);
  for (int i = 0; i < 2; ++i) streams_[i].start(first[i]);
  Side side = make_side(server, true);
  begin_at(side.out, first[server]);
  if (protocol_ != FANFARE_WEBSOCKET || side.exchanges.wanted) begin_at(side.in, first[!server]);
  side.out.last_ns = side.in.last_ns = opened_ns_;
  sides_.push_back(side);
}

Connection::Connection(CaptureState& capture, const Ends& ends, std::uint64_t cookie, Monotonic now)
    : capture_(capture), ends_(ends), cookie_(cookie) {
  for (int server = 0; server < 2 && protocol_ == FANFARE_WEBSOCKET; ++server) {
    protocol_ = capture_.protocol_on(ends_[server].port);
    const bool serves = capture_.http.wanted_on(ends_[server].port) != 0;
    if (protocol_ != FANFARE_WEBSOCKET || serves) sides_ = {make_side(server, false)};
    if (serves) break;
  }
  if (sides_.empty()) sides_ = {make_side(0, false), make_side(1, false)};
  for (Side& side : sides_)
    side.out.last_ns = side.in.last_ns = static_cast<std::uint64_t>(now.count());
}

// As open_mqtt in bpf/flow.bpf.h.
Connection::Side Connection::make_packet_side(int server, bool fresh) {
  const auto stage = fresh ? FANFARE_STAGE_PACKETS : FANFARE_STAGE_PACKET_SEARCH;
  const unsigned flags = fresh ? FANFARE_FIRST_PACKET : FANFARE_OLD;
  return {.server = server, .out = blank(flags, stage), .in = blank(flags | FANFARE_MASKED, stage)};
}

// As open_flow and open_replication in bpf/flow.bpf.h.
Connection::Side Connection::make_side(int server, bool fresh) const {
  Side side{.server = server};
  if (replicates()) {
    const auto stage = fresh ? FANFARE_STAGE_RPC : FANFARE_STAGE_ANCHOR;
    const unsigned old = fresh ? 0 : FANFARE_OLD;
    side.out = blank(FANFARE_RESPONSES | old, stage);
    side.in = blank(old, stage);
    side.out.room.key = side.in.room.key = capture_.rules.on_port(ends_[server].port);
    return side;
  }
  if (protocol_ == FANFARE_MQTT) {
    side = make_packet_side(server, fresh);
  } else if (fresh) {
    side.in = blank(FANFARE_MASKED, FANFARE_STAGE_IDLE);
    http_begin_head(&side.out, 0);
  } else {
    const unsigned unknown = FANFARE_OLD | FANFARE_DEFLATE_UNKNOWN | FANFARE_MESSAGE_UNKNOWN;
    side.out = blank(unknown, FANFARE_STAGE_SEARCH);
    side.in = blank(unknown | FANFARE_MASKED, FANFARE_STAGE_SEARCH);
  }
  side.exchanges.wanted = capture_.http.wanted_on(ends_[server].port);
  if (side.exchanges.wanted && fresh) http1_open(&side.out, &side.in);
  if (side.exchanges.wanted && !fresh) http1_open_old(&side.out, &side.in, side.exchanges.wanted);
  side.out.client_rule = side.in.client_rule = capture_.rules.on_port(ends_[server].port);
  return side;
}

void Connection::take(int from, const TcpSegment& segment, Monotonic now) {
  if (segment.has_ack) streams_[!from].acknowledged(segment.ack);
  note_end(from, segment);
  streams_[from].take({segment.seq, segment.length, segment.payload, segment.ack, now},
                      [&](const Piece& piece) { deliver(from, piece); });
  if (streams_[0].has_hole() || streams_[1].has_hole()) expire(now);
  note_ack(from, segment, now);
  const auto ended = [&](int end) { return fin_[end] && streams_[end].next() == *fin_[end]; };
  if (reset_ || (ended(0) && ended(1))) {
    flush();
    over_ = true;
  }
}

// As pop_marks in bpf/acks.bpf.h.
void Connection::note_ack(int from, const TcpSegment& segment, Monotonic now) {
  if (!segment.has_ack || replicates()) return;
  for (Side& side : sides_) {
    if (from == side.server) continue;
    if (side.acked == 0 || static_cast<std::int32_t>(segment.ack - side.acked) > 0)
      side.acked = segment.ack;
    if (acks_may_cover(&side.acks, side.out.next_seq, segment.ack))
      acks_pop(&side.acks, segment.ack, ack_ticks(now));
  }
}

void Connection::note_end(int from, const TcpSegment& segment) {
  if (segment.rst) {
    const auto off = static_cast<std::int32_t>(segment.seq - streams_[from].next());
    if (!streams_[from].known() || std::abs(static_cast<long>(off)) <= reset_window) reset_ = true;
    if (reset_ && first_fin_ < 0) first_fin_ = from;
  } else if (segment.fin) {
    const auto end = segment.seq + segment.length;
    if (!streams_[from].known()) streams_[from].start(segment.seq);
    fin_[from] = end;
    if (first_fin_ < 0) first_fin_ = from;
  }
}

void Connection::expire(Monotonic now) {
  for (int from = 0; from < 2; ++from)
    streams_[from].expire(now, [&](const Piece& piece) { deliver(from, piece); });
}

void Connection::flush() {
  for (int from = 0; from < 2; ++from)
    streams_[from].flush([&](const Piece& piece) { deliver(from, piece); });
}

void Connection::deliver(int from, const Piece& piece) {
  for (Side& side : sides_) walk(side, from, piece);
  settle_sides();
}

void Connection::walk(Side& side, int from, const Piece& piece) {
  // As dismiss_stranger in bpf/ingress.bpf.c.
  if (replicates() && side.in.stage == FANFARE_STAGE_DISMISSED)
    side.out.stage = FANFARE_STAGE_DISMISSED;
  if (side.out.stage == FANFARE_STAGE_DISMISSED) return;
  if (from != side.server) {
    if (side.in.stage == FANFARE_STAGE_IDLE) return;
    if (side.exchanges.out_stopped && http1_walks_requests(&side.in)) return;
    walk_direction(side, side.in, piece, FANFARE_LOSS_INGRESS_HOLE);
    return;
  }
  if (side.out.stage == FANFARE_STAGE_HEAD && is_past_hole(side.out, piece))
    lose_head(side, FANFARE_LOSS_EGRESS_HOLE);
  const auto flags_before = side.out.flags;
  walk_direction(side, side.out, piece, FANFARE_LOSS_EGRESS_HOLE);
  if (replicates()) return;
  if (side.exchanges.streams) protocol_ = FANFARE_SSE;
  __u64 written[FANFARE_FATE_COUNT] = {};
  if (acks_take_written(&side.acks, &side.out, written))
    acks_push(&side.acks, side.out.next_seq, ack_ticks(piece.at), written);
  after_egress(side, piece, (side.out.flags & ~flags_before) & FANFARE_UPGRADED);
}

// Part of the response head is not in the capture: whether it upgraded can only be found out from
// what follows.
void Connection::lose_head(Side& side, std::uint8_t reason) {
  const auto fresh = make_side(side.server, false);
  for (auto [direction, searched] : {std::pair{&side.out, &fresh.out}, {&side.in, &fresh.in}}) {
    direction->stage = searched->stage;
    direction->flags =
        static_cast<std::uint8_t>(searched->flags | (direction->flags & FANFARE_SEQ_KNOWN));
    fanfare_drop_token(direction);
    direction->searched = 0;
  }
  side.out.lost_by = reason;
  fanfare_note_loss(&side.out, reason, 1);
  capture_.lose(reason, 1);
}

void Connection::walk_direction(Side& side, fanfare_direction& direction, const Piece& piece,
                                std::uint8_t hole_reason) {
  const auto at = static_cast<std::uint64_t>(piece.at.count());
  Identities read;
  ToldClasses told;
  const auto rule =
      static_cast<std::uint8_t>(replicates() ? direction.room.key : direction.client_rule);
  if (rule & FANFARE_RULE_IDENTITY) {
    read.rule = capture_.rules.identity(rule);
    read.room_rule = capture_.rules.room(rule);
  }
  if (!replicates() && (rule & FANFARE_RULE_CLASSES)) told.rule = &capture_.rules.classes(rule);
  Http http;
  if (side.exchanges.wanted)
    http = {&side.exchanges, &capture_.http.publishes(side.exchanges.wanted),
            &direction == &side.out};
  const auto feed_one = [&](const Segment& segment) {
    const Loss loss = feed(direction, segment, boundless, {&read, &told, http});
    told.compressed += loss.compressed;
    if (!loss.reason || &side != shown()) return;
    capture_.lose(loss.reason, loss.count);
    capture_.lose(FANFARE_LOSS_AFTER_CLOSE, loss.behind_close);
  };
  feed_one({piece.seq, piece.payload, at, hole_reason});
  if (piece.payload.size() < piece.length) {
    // The capture cut the segment: its end is a hole whose reason is known.
    const auto end = piece.seq + piece.length;
    if (fanfare_in_step(&direction)) {
      feed_one({end, {}, at, FANFARE_LOSS_PAYLOAD});
    } else {
      if (&direction == &side.out && direction.stage == FANFARE_STAGE_HEAD)
        lose_head(side, FANFARE_LOSS_PAYLOAD);
      fanfare_admit(&direction, end, 0, FANFARE_LOSS_PAYLOAD);
    }
  }
  if (&side == shown()) {
    capture_.lose(FANFARE_LOSS_COMPRESSED, told.compressed);
    capture_.lose(FANFARE_LOSS_UNREAD, told.unread);
  }
  note_events(side, direction, read, piece.at);
}

// As count_reach() and count_entry() in bpf/reach.bpf.h.
void Connection::note_events(const Side& side, fanfare_direction& direction, const Identities& read,
                             Monotonic at) {
  EventSight sight{.shard = read.rule.shard,
                   .cookie = cookie_ + static_cast<unsigned>(side.server),
                   .inbound = (direction.flags & FANFARE_MASKED) != 0,
                   .at = at};
  for (std::size_t i = 0; i < read.hashes.size(); ++i) {
    sight.identity = read.hashes[i];
    sight.room = read.rooms[i];
    if (!capture_.reach.note(sight)) lose(side, direction, FANFARE_LOSS_IDENTITIES_FULL, 1);
  }
  for (std::size_t i = 0; i < read.entries.size(); ++i) {
    sight.identity = read.entries[i];
    sight.room = read.entry_rooms[i];
    if (!capture_.reach.note_entry(sight, read.entry_indexes[i]))
      lose(side, direction, FANFARE_LOSS_IDENTITIES_FULL, 1);
  }
}

// As lose_of in bpf/losses.bpf.h.
void Connection::lose(const Side& side, fanfare_direction& direction, std::uint8_t reason,
                      std::uint64_t count) {
  fanfare_note_loss(&direction, reason, static_cast<std::uint32_t>(count));
  if (&side == shown()) capture_.lose(reason, count);
}

// As on_egress and open_inbound in bpf/egress.bpf.c: frames come from the client next, from the
// byte on that the server acknowledged with the 101.
void Connection::after_egress(Side& side, const Piece& piece, bool upgraded) {
  const auto port = ends_[side.server].port;
  if (upgraded) {
    fanfare_drop_token(&side.in);
    side.in.first_seq = side.in.next_seq = piece.ack;
    side.in.seq_wraps = 0;
    side.in.flags = static_cast<std::uint8_t>(
        FANFARE_SEQ_KNOWN | FANFARE_MASKED | FANFARE_UPGRADED | (side.out.flags & FANFARE_DEFLATE));
    fanfare_lock(&side.in, 0);
    capture_.chat_ports.insert(port);
  }
  if (protocol_ == FANFARE_MQTT && side.out.tally.frames > 0) capture_.chat_ports.insert(port);
  if (fanfare_searches(&side.out) && side.out.searched >= FANFARE_SEARCH_BYTES_MAX &&
      !capture_.chat_ports.contains(port)) {
    lose(side, side.out, FANFARE_LOSS_SEARCH_GIVEN_UP, 1);
    side.out.stage = FANFARE_STAGE_DISMISSED;
  }
}

// Of two ends that may serve, the one whose frames have proven it does.
void Connection::settle_sides() {
  if (replicates()) return;
  if (sides_.size() > 1) {
    const auto proven = std::ranges::find_if(sides_, [](const Side& side) {
      return (side.out.stage == FANFARE_STAGE_FRAMES && side.out.probation == 0) ||
             http1_walks(&side.out);
    });
    if (proven != sides_.end()) sides_ = {Side(*proven)};
  }
  std::erase_if(sides_, [](const Side& side) { return side.out.stage == FANFARE_STAGE_DISMISSED; });
}

// Until it is known who serves: the end in step, the one on a port that is served elsewhere in the
// capture, the lower port.
const Connection::Side* Connection::shown() const {
  if (sides_.empty()) return nullptr;
  const auto rank = [this](const Side& side) {
    const auto port = ends_[side.server].port;
    return std::tuple(fanfare_in_step(&side.out) != 0, capture_.chat_ports.contains(port),
                      capture_.server_ports.contains(port), -static_cast<int>(port));
  };
  return &*std::ranges::max_element(sides_, {}, rank);
}

Connection::Flow Connection::record(const Side& side, int local) const {
  Flow found{.cookie = cookie_ + static_cast<unsigned>(local)};
  fanfare_flow& flow = found.flow;
  const bool dialled = local != side.server;
  flow.out = dialled ? side.in : side.out;
  flow.in = dialled ? side.out : side.in;
  if (!replicates()) {
    flow.acks = side.acks;
    flow.snd_una = side.acked;
    flow.snd_nxt = flow.write_seq = side.out.next_seq;
  }
  if (!dialled) flow.exchanges = side.exchanges;
  flow.opened_ns = opened_ns_;
  flow.protocol = protocol_;
  flow.dialled = dialled;
  copy_address(flow.local, ends_[local]);
  copy_address(flow.remote, ends_[!local]);
  flow.local_port = ends_[local].port;
  flow.remote_port = ends_[!local].port;
  if (!over_) return found;
  flow.life = FANFARE_CLOSED;
  flow.close_state = first_fin_ == local ? FANFARE_TCP_FIN_WAIT2 : FANFARE_TCP_LAST_ACK;
  if (reset_ && first_fin_ != local) flow.sk_err = ECONNRESET;
  return found;
}

std::vector<Connection::Flow> Connection::flows() const {
  const Side* side = shown();
  if (!side) return {};
  std::vector<Flow> found{record(*side, side->server)};
  if (replicates()) found.push_back(record(*side, !side->server));
  return found;
}

}  // namespace fanfare
