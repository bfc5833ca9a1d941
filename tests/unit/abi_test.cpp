// SPDX-License-Identifier: Apache-2.0
// The layout that kernel programs and agent share, as C++ sees it. A field that moves makes an old
// recording or a half-updated build read nonsense, so each offset stands here once more.
#include <gmock/gmock.h>

#include <cstddef>
#include <type_traits>

#include "bpf/abi.h"

namespace {

// What a structure is made of, in order: offset and size of each field.
struct Field {
  const char* name;
  std::size_t offset;
  std::size_t size;
};

#define FIELD(type, name) \
  Field { #name, offsetof(type, name), sizeof(type::name) }

template <std::size_t Count>
void expect_gapless(const Field (&fields)[Count], std::size_t size) {
  std::size_t end = 0;
  for (const Field& field : fields) {
    EXPECT_EQ(field.offset, end) << "padding before " << field.name;
    end = field.offset + field.size;
  }
  EXPECT_EQ(end, size) << "padding at the end";
}

TEST(Abi, TypesCrossAsBytes) {
  EXPECT_TRUE(std::is_trivially_copyable_v<fanfare_flow>);
  EXPECT_TRUE(std::is_standard_layout_v<fanfare_flow>);
  EXPECT_TRUE(std::has_unique_object_representations_v<fanfare_tally>);
  EXPECT_TRUE(std::has_unique_object_representations_v<fanfare_direction>);
  EXPECT_TRUE(std::has_unique_object_representations_v<fanfare_flow>);
  EXPECT_TRUE(std::has_unique_object_representations_v<fanfare_owner>);
}

TEST(Abi, Sizes) {
  EXPECT_EQ(sizeof(fanfare_tally), 72U);
  EXPECT_EQ(sizeof(fanfare_direction), 200U);
  EXPECT_EQ(sizeof(fanfare_flow), 832U);
  EXPECT_EQ(sizeof(fanfare_owner), 56U);
}

TEST(Abi, TallyHasNoPadding) {
  using T = fanfare_tally;
  expect_gapless({FIELD(T, frames), FIELD(T, by_class)}, sizeof(T));
}

TEST(Abi, DirectionHasNoPadding) {
  using D = fanfare_direction;
  const Field fields[] = {FIELD(D, stage),
                          FIELD(D, flags),
                          FIELD(D, frame),
                          FIELD(D, ncarry),
                          FIELD(D, probation),
                          FIELD(D, fault),
                          FIELD(D, lost_by),
                          FIELD(D, chain),
                          FIELD(D, skip),
                          FIELD(D, message_bytes),
                          FIELD(D, next_seq),
                          FIELD(D, off),
                          FIELD(D, end),
                          FIELD(D, busy),
                          FIELD(D, last_event_ns),
                          FIELD(D, tally),
                          FIELD(D, carry),
                          FIELD(D, last_ns),
                          FIELD(D, first_seq),
                          FIELD(D, seq_wraps),
                          FIELD(D, losses),
                          FIELD(D, frame_bytes),
                          FIELD(D, unproven_event_bytes),
                          FIELD(D, unproven_control_bytes),
                          FIELD(D, unproven_events),
                          FIELD(D, unproven_controls),
                          FIELD(D, unproven_frames),
                          FIELD(D, client_rule),
                          FIELD(D, voided),
                          FIELD(D, head_token),
                          FIELD(D, head_last),
                          FIELD(D, head_bytes),
                          FIELD(D, head_field),
                          FIELD(D, head_found),
                          FIELD(D, searched),
                          FIELD(D, room)};
  expect_gapless(fields, sizeof(D));
}

// The reader lies over what a lock on probation needs, up to the rule that outlives both.
TEST(Abi, ReaderHasNoPadding) {
  using R = fanfare_reader;
  const Field fields[] = {FIELD(R, word), FIELD(R, left), FIELD(R, verdict),    FIELD(R, state),
                          FIELD(R, mode), FIELD(R, loss), FIELD(R, not_its_own)};
  expect_gapless(fields, sizeof(R));
  using D = fanfare_direction;
  EXPECT_EQ(offsetof(D, reader), offsetof(D, unproven_event_bytes));
  EXPECT_EQ(offsetof(D, reader) + offsetof(R, not_its_own), offsetof(D, client_rule));
}

TEST(Abi, RpcHasNoPadding) {
  using R = fanfare_rpc;
  const Field fields[] = {FIELD(R, first_index), FIELD(R, last_index), FIELD(R, progress_index),
                          FIELD(R, nested),      FIELD(R, entries),    FIELD(R, commands),
                          FIELD(R, entries_due), FIELD(R, due),        FIELD(R, entry_due),
                          FIELD(R, kind),        FIELD(R, key),        FIELD(R, long_number),
                          FIELD(R, data)};
  expect_gapless(fields, sizeof(R));
  EXPECT_EQ(offsetof(fanfare_direction, rpc) + sizeof(R), offsetof(fanfare_direction, room));
}

TEST(Abi, FlowHasNoPadding) {
  using F = fanfare_flow;
  const Field fields[] = {
      FIELD(F, out),       FIELD(F, lock),      FIELD(F, sent_seq),    FIELD(F, acks),
      FIELD(F, in),        FIELD(F, netns),     FIELD(F, local_port),  FIELD(F, remote_port),
      FIELD(F, watched),   FIELD(F, sk_err),    FIELD(F, snd_una),     FIELD(F, snd_nxt),
      FIELD(F, write_seq), FIELD(F, life),      FIELD(F, close_state), FIELD(F, protocol),
      FIELD(F, dialled),   FIELD(F, exchanges), FIELD(F, opened_ns),   FIELD(F, cgroup_id),
      FIELD(F, local),     FIELD(F, remote),    FIELD(F, cookie),      FIELD(F, reserved)};
  expect_gapless(fields, sizeof(F));
}

TEST(Abi, AcksHaveNoPadding) {
  using A = fanfare_acks;
  const Field fields[] = {FIELD(A, acked_seq),   FIELD(A, first),       FIELD(A, count),
                          FIELD(A, merged),      FIELD(A, reserved),    FIELD(A, marks),
                          FIELD(A, frames),      FIELD(A, written),     FIELD(A, reserved2),
                          FIELD(A, acked),       FIELD(A, event_ticks), FIELD(A, heard_seq),
                          FIELD(A, event_times), FIELD(A, reserved3)};
  expect_gapless(fields, sizeof(A));
}

TEST(Abi, OwnerHasNoPadding) {
  using O = fanfare_owner;
  const Field fields[] = {FIELD(O, cookie),       FIELD(O, cgroup_id), FIELD(O, pid),
                          FIELD(O, fd),           FIELD(O, netns),     FIELD(O, local_port),
                          FIELD(O, tcp_state),    FIELD(O, family),    FIELD(O, srtt_us),
                          FIELD(O, unsent_bytes), FIELD(O, comm)};
  expect_gapless(fields, sizeof(O));
}

TEST(Abi, EventHasNoPadding) {
  using E = fanfare_event;
  const Field fields[] = {FIELD(E, ticket), FIELD(E, identity),      FIELD(E, room),
                          FIELD(E, due_ns), FIELD(E, first_copy_ns), FIELD(E, publisher),
                          FIELD(E, copies), FIELD(E, shard),         FIELD(E, to)};
  expect_gapless(fields, sizeof(E));
}

// The identity of an entry lies over what no token needs meanwhile.
TEST(Abi, EntryLiesOverCarryAndLastNs) {
  using D = fanfare_direction;
  EXPECT_EQ(offsetof(D, entry), offsetof(D, carry));
  EXPECT_EQ(offsetof(D, entry) + sizeof(D::entry), offsetof(D, first_seq));
}

// Fields that the fence of a cache line or a helper wants at a place of their own.
TEST(Abi, WordsOfADirectionAreAligned) {
  EXPECT_EQ(offsetof(fanfare_flow, in) % 8, 0U);
  EXPECT_EQ(offsetof(fanfare_direction, busy) % 4, 0U);
  EXPECT_EQ(offsetof(fanfare_direction, tally) % 8, 0U);
}

// Values that leave the process: exported, recorded, or compared by a reader. Append only.
TEST(Abi, EnumeratorsKeepTheirValues) {
  EXPECT_EQ(FANFARE_LOSS_NONE, 0);
  EXPECT_EQ(FANFARE_LOSS_FLOW_MAP_FULL, 1);
  EXPECT_EQ(FANFARE_LOSS_HEADER, 2);
  EXPECT_EQ(FANFARE_LOSS_PAYLOAD, 3);
  EXPECT_EQ(FANFARE_LOSS_EGRESS_HOLE, 4);
  EXPECT_EQ(FANFARE_LOSS_INGRESS_HOLE, 5);
  EXPECT_EQ(FANFARE_LOSS_INGRESS_RACE, 6);
  EXPECT_EQ(FANFARE_LOSS_BAD_FRAME, 7);
  EXPECT_EQ(FANFARE_LOSS_FRAME_BUDGET, 8);
  EXPECT_EQ(FANFARE_LOSS_FALSE_LOCK, 9);
  EXPECT_EQ(FANFARE_LOSS_SEARCH_GIVEN_UP, 10);
  EXPECT_EQ(FANFARE_LOSS_HEAD_TOO_LONG, 11);
  EXPECT_EQ(FANFARE_LOSS_MPTCP, 12);
  EXPECT_EQ(FANFARE_LOSS_BAD_RPC, 13);
  EXPECT_EQ(FANFARE_LOSS_RPC_BUDGET, 14);
  EXPECT_EQ(FANFARE_LOSS_IDENTITIES_FULL, 15);
  EXPECT_EQ(FANFARE_LOSS_COMPRESSED, 16);
  EXPECT_EQ(FANFARE_LOSS_UNREAD, 17);
  EXPECT_EQ(FANFARE_LOSS_BAD_HTTP, 18);
  EXPECT_EQ(FANFARE_LOSS_HTTP_UNPAIRED, 19);
  EXPECT_EQ(FANFARE_LOSS_HTTP_PIPELINE, 20);
  EXPECT_EQ(FANFARE_LOSS_AFTER_CLOSE, 21);
  EXPECT_EQ(FANFARE_LOSS_UNATTACHED, 22);
  EXPECT_EQ(FANFARE_LOSS_AGENT_ABSENT, 23);
  EXPECT_EQ(FANFARE_LOSS_NOT_A_PEER, 24);
  EXPECT_EQ(FANFARE_LOSS_EVENTS_OVERTAKEN, 25);
  EXPECT_EQ(FANFARE_HASHICORP_RAFT, 1);
  EXPECT_EQ(FANFARE_EVENT, 0);
  EXPECT_EQ(FANFARE_HEARTBEAT, 1);
  EXPECT_EQ(FANFARE_CONTROL, 2);
  EXPECT_EQ(FANFARE_OTHER, 3);
  EXPECT_EQ(FANFARE_CLASS_COUNT, 4);
}

}  // namespace
