// SPDX-License-Identifier: Apache-2.0
// One function for each link of an explanation, in the order of the way of the data. Pure.
#pragma once

#include <vector>

#include "agent/exports/chain.h"
#include "agent/exports/view.h"

namespace fanfare {

// From the agent itself over process, socket, protocol, readable, mapped and counted to replicated.
// A link of which nothing can be said, because one before it is broken, is left out.
std::vector<Link> capture_links(const View& view, const Subject& subject, Monotonic now);

// ratio, evidence, alert: what is made of the counts. Precondition: the view has subject.shard.
std::vector<Link> judgement_links(const View& view, const Subject& subject, Monotonic now);

// posted, scraped: who hears of it.
std::vector<Link> hearing_links(const View& view, const Subject& subject);

const ShardView* find_shard(const View& view, const std::string& name);

}  // namespace fanfare
