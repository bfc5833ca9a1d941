// SPDX-License-Identifier: Apache-2.0
// One line of text for each enum fanfare_loss. The sentences are read by operators in `status` and
// in the README; each ends with what to do, also where that is "nothing".
#include "agent/kernel/loss_text.h"

#include <cstddef>

namespace fanfare {
namespace {

constexpr std::array<LossText, FANFARE_LOSS_COUNT> texts{{
    {FANFARE_LOSS_NONE, "none", "times", "Nothing was lost."},
    {FANFARE_LOSS_FLOW_MAP_FULL, "flow_map_full", "sockets",
     "More sockets are open than limits.sockets allows, and those beyond it are not counted; raise "
     "limits.sockets and restart the agent."},
    {FANFARE_LOSS_HEADER, "header", "segments",
     "The IP or TCP header of a segment was not readable at the hook (ESP, a protocol inside of "
     "another, more than 24 IPv6 extension headers); look for tunnels or encapsulation in the way "
     "of these sockets."},
    {FANFARE_LOSS_PAYLOAD, "payload", "segments",
     "The payload of a segment was not readable at the hook, and its socket is out of step until "
     "it "
     "is found again; look for device memory or zero-copy receive in the server."},
    {FANFARE_LOSS_EGRESS_HOLE, "egress_hole", "times",
     "Bytes left by a way that passes the hook by (sockmap, another network stack), and the socket "
     "is out of step until it is found again; look for a service mesh that splices sockets."},
    {FANFARE_LOSS_INGRESS_HOLE, "ingress_hole", "times",
     "More arrived past a missing inbound segment than is held (1 MB or 128 pieces of one socket, "
     "4 MB and 128 sockets of the host), the missing one passed unread, or it had not come after a "
     "minute when others needed the room; inbound counts of the socket pause until it is found "
     "again. Outbound counts are not touched; look at packet loss towards this host."},
    {FANFARE_LOSS_INGRESS_RACE, "ingress_race", "segments",
     "Two CPUs received for one socket at once, one waited in vain for the other, and its segment "
     "was not read; inbound counts of the socket pause until it is found again. Outbound counts "
     "are not touched; look for virtual CPUs that get no time (steal)."},
    {FANFARE_LOSS_BAD_FRAME, "bad_frame", "times",
     "Bytes that RFC 6455, or MQTT, forbids stood where a header was due; the socket is out of "
     "step "
     "until it is found again. Either the server breaks the protocol, clients.protocol names "
     "another, or fanfare misread it: compare with `fanfare replay` on a capture."},
    {FANFARE_LOSS_FRAME_BUDGET, "frame_budget", "times",
     "One segment held more frame headers than one run may walk; the socket is out of step until "
     "it "
     "is found again. Let the server send fewer and larger frames in one write."},
    {FANFARE_LOSS_FALSE_LOCK, "false_lock", "messages",
     "Messages were counted after the agent believed to have found the frames of an older socket, "
     "and were taken back when that proved wrong; nothing to do, the counts are mended."},
    {FANFARE_LOSS_SEARCH_GIVEN_UP, "search_given_up", "sockets",
     "Sockets older than the agent never looked like WebSocket, or like MQTT where the "
     "configuration says so, and are no longer read; if they are, let those clients connect "
     "again."},
    {FANFARE_LOSS_HEAD_TOO_LONG, "head_too_long", "sockets",
     "An HTTP head was longer than the 16 KB that fanfare reads, so an upgrade, a publish or a "
     "stream in it was missed; look for oversized cookies or headers."},
    {FANFARE_LOSS_MPTCP, "mptcp", "sockets",
     "MPTCP subflows are not readable, because their bytes are not in the order of the stream; "
     "turn "
     "MPTCP off for the server (net.mptcp.enabled=0) to have it counted."},
    {FANFARE_LOSS_BAD_RPC, "bad_rpc", "times",
     "Bytes that the configured replication protocol does not have stood on a replication port; "
     "the socket is out of step until a segment begins an RPC. Compare replication.protocol and "
     "replication.ports with what the port speaks; TLS is not readable."},
    {FANFARE_LOSS_RPC_BUDGET, "rpc_budget", "times",
     "One segment held more tokens of replication RPCs than one run may walk; RPCs behind it are "
     "not counted until a segment begins an RPC. Lower the number of entries in one append."},
    {FANFARE_LOSS_IDENTITIES_FULL, "identities_full", "messages",
     "More events in flight than identities can be kept, so reach may count these twice; raise "
     "limits.identities and restart the agent."},
    {FANFARE_LOSS_COMPRESSED, "compressed", "messages",
     "The class of a compressed message could not be told, so it counts as other; turn "
     "permessage-deflate off in the server to have its events told from the rest."},
    {FANFARE_LOSS_UNREAD, "unread", "messages",
     "The class of a message could not be told, because bytes of it are missing or are not of the "
     "sub-protocol in clients.events, so it counts as other; compare clients.events with what the "
     "server speaks."},
    {FANFARE_LOSS_BAD_HTTP, "bad_http", "sockets",
     "Bytes that HTTP/1.1 does not have, or that two readers may read differently (two lengths, "
     "HTTP/2, TLS), stood on a port with clients.publishes or clients.protocol: sse, and the "
     "socket's HTTP is no longer read; compare match.listen_ports with what the port speaks."},
    {FANFARE_LOSS_HTTP_UNPAIRED, "http_unpaired", "sockets",
     "An HTTP response came without a request that was seen, and the socket's HTTP is no longer "
     "read; nothing to do for a connection older than the agent, else let that client connect "
     "again."},
    {FANFARE_LOSS_HTTP_PIPELINE, "http_pipeline", "sockets",
     "A client sent more than 64 HTTP requests before the first was answered, and the socket's "
     "HTTP is no longer read; let the client wait for answers."},
    {FANFARE_LOSS_AFTER_CLOSE, "after_close", "messages",
     "Messages were sent behind the sender's own Close frame, where no peer reads them, so they "
     "count neither as events nor as acknowledged; let the server stop sending to a connection "
     "that it closes."},
    {FANFARE_LOSS_UNATTACHED, "unattached", "seconds",
     "The kernel programs were not attached to the cgroup, or its directory was another one, and "
     "what passed meanwhile is in no figure; find out who detaches programs (bpftool, another "
     "agent) or makes the cgroup anew."},
    {FANFARE_LOSS_AGENT_ABSENT, "agent_absent", "seconds",
     "No agent ran while sockets that the last one had counted were open, and what passed "
     "meanwhile is in no figure; nothing to do after an upgrade, else see why the agent stopped."},
    {FANFARE_LOSS_NOT_A_PEER, "not_a_peer", "sockets",
     "Connections to a replication port whose first bytes were not of its protocol (a probe by "
     "HTTP, "
     "TLS), so no peer's; nothing of a shard is missing by them. If no peer is seen at all, "
     "compare "
     "replication.protocol and replication.ports with what the port speaks; TLS is not readable."},
    {FANFARE_LOSS_EVENTS_OVERTAKEN, "events_overtaken", "events",
     "More events were in flight than are followed one by one (twice limits.identities), or the "
     "agent got no time to read them, and what became of these by room is not known; raise "
     "limits.identities and restart the agent."},
}};

constexpr bool each_at_its_index() {
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (texts[i].loss != i || texts[i].name.empty() || texts[i].sentence.empty()) {
      return false;
    }
  }
  return true;
}
static_assert(each_at_its_index(), "a reason of enum fanfare_loss has no text or stands elsewhere");

}  // namespace

const std::array<LossText, FANFARE_LOSS_COUNT>& loss_texts() { return texts; }

const LossText& loss_text(unsigned loss) {
  return loss < texts.size() ? texts[loss] : texts[FANFARE_LOSS_NONE];
}

}  // namespace fanfare
