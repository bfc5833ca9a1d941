// SPDX-License-Identifier: Apache-2.0
// Where a listener runs, for the chain of `explain`: pod, container, unit. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "agent/exports/chain.h"
#include "agent/exports/view.h"

namespace fanfare {

// "app=chat,tier=eu"
std::string label_list(const std::map<std::string, std::string>& labels);

// ", in pod chat/chat-0, container chatd"; empty where nothing is known of it.
std::string place_text(const View& view, const ListenerKey& key);

// Of a shard without sockets: how many pods of this node have the labels.
Link pods_link(const View& view, const std::map<std::string, std::string>& labels);

// The broken link where the rule asks for labels that the listener's pod does not have; empty where
// that is not what differs. Without a socket on the port nothing is known of it.
std::optional<Link> other_labels(const View& view, const ListenerKey& key, const ShardRule& rule);

}  // namespace fanfare
