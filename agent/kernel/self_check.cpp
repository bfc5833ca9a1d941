// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/self_check.h"

#include <cstring>
#include <utility>

#include "agent/kernel/flow_table.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;

constexpr unsigned patience_ticks = 5;  // until what was said counts as not heard
// Then a new connection, so that births are proven too and not only what has a record already.
constexpr unsigned messages_of_a_connection = 20;
// On two connections: the table may have been full for just the moment that the first began in.
constexpr unsigned misses_believed = 2;

}  // namespace

void SelfCheck::begin(const CgroupTarget& cgroup, std::set<std::uint16_t> avoid) {
  avoid_ = std::move(avoid);
  make_sockets(cgroup);
  std::optional<OwnSockets> made;
  while (!made) made = maker_->take(100ms);
  maker_.reset();
  talk_.emplace(std::move(*made));
  scope_ = prove_scope(cgroup, flows_, *talk_);
  // The record is not needed before the first tick, and others may need it.
  if (talk_->sockets().error) {
    talk_.reset();
    cannot(scope_.text);
  } else {
    talk_->close();
    result_ = scope_.result == ScopeResult::refuted ? SelfCheckResult::missed
              : scope_.cookie && !flows_.is_full()  ? SelfCheckResult::counted
                                                    : SelfCheckResult::not_made;
  }
  text_ = scope_.text;
}

void SelfCheck::make_sockets(const CgroupTarget& cgroup) {
  talk_.reset();
  pending_ = 0;
  cgroup_ = cgroup.id;
  maker_ = std::make_unique<SocketMaker>(cgroup.path, Where::foreign_netns, avoid_);
}

void SelfCheck::begin_anew() {
  if (talk_) talk_->close();
  pending_ = 0;
  said_ = {};
}

void SelfCheck::avoid(std::set<std::uint16_t> ports) {
  avoid_ = std::move(ports);
  if (talk_ && avoid_.contains(talk_->sockets().port)) talk_.reset();
}

void SelfCheck::cannot(const std::string& why) {
  ++results_;
  result_ = SelfCheckResult::not_made;
  text_ = why;
}

void SelfCheck::advance(Monotonic now, const CgroupTarget& cgroup) {
  if (cgroup.id == 0) return begin_anew();  // there is nothing to be below of
  if (maker_) {
    auto made = maker_->take(0ms);
    if (!made) return;
    maker_.reset();
    if (made->error)
      cannot(std::string("no socket of its own could be made to test with: ") +
             std::strerror(made->error));
    else
      talk_.emplace(std::move(*made));
  }
  // What is below of a directory that is gone proves nothing of the one that has its path now.
  const bool elsewhere = talk_ && cgroup_ != cgroup.id;
  if (!talk_ || elsewhere) {
    if (!elsewhere && now - said_ < self_check_period && said_ != Monotonic{}) return;
    said_ = now;
    return make_sockets(cgroup);
  }
  if (pending_ > 0) look(cgroup);
  if (pending_ == 0 && (said_ == Monotonic{} || now - said_ >= self_check_period)) speak(now);
}

void SelfCheck::speak(Monotonic now) {
  said_ = now;
  const bool full = flows_.is_full();
  const bool old = said_on_it_ >= messages_of_a_connection && !full;
  if (!talk_->is_open() || old) {
    said_on_it_ = 0;
    without_record_ = full;
    if (!talk_->open()) {
      talk_->close();
      return cannot("a connection of its own could not be made to test with");
    }
  }
  ++said_on_it_;
  if (talk_->say()) {
    pending_ = 1;
  } else {
    talk_->close();
    cannot("its own connection takes no message");
  }
}

void SelfCheck::look(const CgroupTarget& cgroup) {
  if (!talk_->heard()) {
    if (++pending_ <= patience_ticks) return;
    pending_ = 0;
    talk_->close();
    return cannot("a message to itself has not arrived");
  }
  pending_ = 0;
  const bool counted = is_counted(flows_, *talk_);
  if (!counted && (without_record_ || flows_.is_full())) {
    talk_->close();
    return cannot("all records for sockets are in use, and none is left to test with");
  }
  misses_ = counted ? 0 : misses_ + 1;
  if (misses_ > 0 && misses_ < misses_believed) return begin_anew();
  auto proof = judge_scope(cgroup, talk_->sockets(), counted);
  proof.cookie = talk_->cookie();
  text_ = proof.text;
  ++results_;
  // Not counted, and it need not be: see judge_scope().
  if (!counted && proof.result == ScopeResult::unproven)
    result_ = SelfCheckResult::not_made;
  else
    result_ = counted ? SelfCheckResult::counted : SelfCheckResult::missed;
  // What was in the scope once has not left it by not being counted.
  const bool was_seen =
      scope_.result == ScopeResult::proven || scope_.result == ScopeResult::netns_only;
  if (counted || !was_seen) scope_ = std::move(proof);
  if (!counted) begin_anew();
}

}  // namespace fanfare
