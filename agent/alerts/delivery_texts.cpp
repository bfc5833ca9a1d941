// SPDX-License-Identifier: Apache-2.0
#include "agent/alerts/delivery_texts.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <string_view>

#include "agent/config/text.h"

namespace fanfare {
namespace {

constexpr std::array<std::string_view, age_classes> age_names{
    "open for less than a minute", "open for 1 to 10 min", "open for 10 to 60 min",
    "open for more than an hour"};

std::string percent(double share) { return fmt::format("{:.1f} %", share * 100); }

std::string normally(const Signal& signal) {
  return signal.normal ? "normally " + percent(*signal.normal)
                       : std::string("what is normal is not learned yet");
}

std::string unknown_sentence(const Signal& signal) {
  return fmt::format("The ratio is unknown at present: {}.", signal.ratio.unknown);
}

std::string window_text(const Ratio& ratio) {
  const auto seconds = ratio.window.count();
  return seconds % 60 == 0 ? fmt::format("{} min", seconds / 60) : fmt::format("{} s", seconds);
}

std::string evidence_sentence(const Signal& signal) {
  return fmt::format("Evidence {:.1f} nats ({:.1f} needed).", signal.evidence, signal.threshold);
}

std::string lost_sentence(const DeliveryFigures& figures) {
  const auto& [reset, timeout, close] = figures.lost;
  return fmt::format(
      "In the last minute {} events were acknowledged, {} lost by reset, {} by timeout, {} by "
      "close; the fate of {} cannot be told.",
      figures.acked, reset, timeout, close, figures.unknown);
}

std::string unsent_sentence(const DeliveryFigures& figures) {
  if (figures.unsent_lost == 0) return {};
  return fmt::format(" {} bytes that had not even been sent are lost with their sockets.",
                     figures.unsent_lost);
}

// Behind a proxy no figure of TCP is about the clients themselves.
std::string hop_sentence(const DeliveryFigures& figures) {
  return figures.inner_only ? " Acknowledged means: by the proxy on this host, not by the clients."
                            : "";
}

Texts describe_acks(const Signal& signal, const Judgement& judgement) {
  const auto& figures = judgement.delivery;
  Texts texts;
  texts.step = "delivery";
  texts.summary = fmt::format(
      "Messages of shard {} leave this node and are never acknowledged; clients miss them.",
      escaped(judgement.shard));
  texts.why = signal.ratio.value
                  ? fmt::format(
                        "{} of the events whose fate became known were acknowledged, {}: {:.0f} of "
                        "{:.0f} in the last {}.",
                        percent(*signal.ratio.value), normally(signal), signal.ratio.numerator,
                        signal.ratio.denominator, window_text(signal.ratio))
                  : unknown_sentence(signal);
  texts.why += ' ' + evidence_sentence(signal);
  if (signal.lost) texts.why += fmt::format(" Estimated loss {}.", percent(signal.loss_estimate));
  texts.why += ' ' + lost_sentence(figures) + hop_sentence(figures);
  texts.next =
      "Run `fanfare sockets --sort unacked_seconds`: one address range is the network or the load "
      "balancer; "
      "all of them is this node's link or its build.";
  return texts;
}

Texts describe_closes(const Signal& signal, const Judgement& judgement) {
  Texts texts;
  texts.step = "delivery";
  texts.summary =
      fmt::format("Sockets of shard {} are closed on this node with messages still on their way.",
                  escaped(judgement.shard));
  texts.why =
      signal.ratio.value
          ? fmt::format(
                "{:.1f} events were lost for each closed socket, {}: {:.0f} events "
                "of {:.0f} sockets in the last {}.",
                *signal.ratio.value,
                signal.normal ? fmt::format("normally {:.1f} at this traffic", *signal.normal)
                              : normally(signal),
                signal.ratio.numerator, signal.ratio.denominator, window_text(signal.ratio))
          : unknown_sentence(signal);
  texts.why +=
      fmt::format(" {} {}{}{}", evidence_sentence(signal), lost_sentence(judgement.delivery),
                  unsent_sentence(judgement.delivery), hop_sentence(judgement.delivery));
  texts.next =
      "Run `fanfare shards -o json` (`closed`: by whom): the server's own kicks and restarts, a "
      "load "
      "balancer's idle timeout, or the clients' network.";
  return texts;
}

std::string age_sentence(const DeliveryFigures& figures) {
  if (!figures.silent_age) return " No age of sockets stands out.";
  const auto age = static_cast<std::size_t>(*figures.silent_age);
  return fmt::format(" Sockets {} stand out: {} of {} are silent.", age_names[age],
                     figures.now.silent[age], figures.now.judged[age]);
}

Texts describe_silence(const Signal& signal, const Judgement& judgement) {
  const auto& figures = judgement.delivery;
  const bool young = figures.silent_age == AgeClass::ten_minutes;
  Texts texts;
  texts.step = "broadcast";
  texts.summary = fmt::format(
      "Clients of shard {} are connected to this node and get nothing, while others do.",
      escaped(judgement.shard));
  texts.why = signal.ratio.value
                  ? fmt::format("{} of the sockets are silent while the shard emits, {}.",
                                percent(*signal.ratio.value), normally(signal))
                  : unknown_sentence(signal);
  texts.why += ' ' + evidence_sentence(signal) + age_sentence(figures);
  texts.next =
      young ? "Run `fanfare sockets --sort opened_seconds`: subscriptions are lost as clients "
              "connect. Look at the last rollout, then let the clients connect again."
            : "Run `fanfare sockets --sort last_event_seconds`: look for what the silent ones "
              "share; a reconnect of the clients brings lost subscriptions back.";
  return texts;
}

Texts describe_stuck(const Signal& signal, const Judgement& judgement) {
  const auto& figures = judgement.delivery;
  Texts texts;
  texts.step = "delivery";
  texts.summary = fmt::format("Clients of shard {} no longer take what this node sends.",
                              escaped(judgement.shard));
  texts.why = fmt::format(
      "{} of {} sockets have had something unsent or unacknowledged for 30 s "
      "or longer, {}; {} more for 5 s.",
      figures.now.stuck, figures.followed, normally(signal), figures.now.slow);
  texts.why +=
      fmt::format(" Oldest unacknowledged {:.0f} s, oldest unsent {:.0f} s, {} bytes unsent. {}",
                  figures.now.oldest_unacked_seconds, figures.now.oldest_unsent_seconds,
                  figures.now.unsent_bytes, evidence_sentence(signal));
  if (figures.inner_only) texts.why += " All of them end in a proxy on this host.";
  texts.next =
      figures.inner_only
          ? "Run `fanfare sockets --sort unsent_bytes`, then look at the proxy on this host: its "
            "load, its buffers, its file descriptors."
          : "Run `fanfare sockets --sort unsent_bytes`: one address range is a network or a load "
            "balancer that is down; all of them is this node's link.";
  return texts;
}

Texts describe_accepted(const Signal& signal, const Judgement& judgement) {
  Texts texts;
  texts.step = "accept";
  texts.summary = fmt::format("Clients of shard {} publish nothing on this node any more.",
                              escaped(judgement.shard));
  if (signal.lost)
    texts.why = fmt::format(
        "No event was accepted for {} s, with {} client sockets open; {:.0f} were expected in the "
        "last {} by the rate of the hour before.",
        std::chrono::duration_cast<std::chrono::seconds>(judgement.at - signal.lost_since).count(),
        judgement.delivery.sockets, signal.ratio.denominator, window_text(signal.ratio));
  else
    texts.why = fmt::format(
        "{:.0f} events were accepted in the last {}, {:.0f} expected by the "
        "rate of the hour before.",
        signal.ratio.numerator, window_text(signal.ratio), signal.ratio.denominator);
  texts.why += ' ' + evidence_sentence(signal);
  texts.next =
      "Run `fanfare shards`: with events_out still rising it is the way in (API, authentication, "
      "load balancer, DNS). Publish something by hand. A service that closes for the night looks "
      "alike.";
  return texts;
}

Texts describe_collapse(const Judgement& judgement) {
  const auto& figures = judgement.delivery;
  Texts texts;
  texts.step = "delivery";
  texts.summary =
      fmt::format("More than half of the client sockets of shard {} have left this node.",
                  escaped(judgement.shard));
  texts.why = fmt::format("{} client sockets are open, {:.0f} were in the mean of the last hour.",
                          figures.sockets, figures.sockets_usual);
  texts.next =
      "Run `fanfare shards -o json` (`closed`: by whom); a deploy, a drained node and the end of a "
      "live event look alike. If clients cannot connect, look at the load balancer first.";
  return texts;
}

Texts describe_bookkeeping(const Judgement& judgement) {
  Texts texts;
  texts.step = "capture";
  texts.summary = fmt::format(
      "fanfare's own counts of shard {} do not fit: a defect of fanfare, not of the chat.",
      escaped(judgement.shard));
  texts.why = fmt::format(
      "written = acked + lost + unknown + in flight is off by {} messages within the last 10 min. "
      "Void until it fits: acked, in flight, lost, ack_fate and close_loss of this shard. "
      "Messages, reach, copies and replication do not rest on it.",
      judgement.delivery.bookkeeping_error);
  texts.next =
      "Run `fanfare doctor --bundle FILE` on this node and report it; the chat is not touched.";
  return texts;
}

}  // namespace

Texts describe_delivery(const Symptom& symptom, const Judgement& judgement) {
  const std::string& name = symptom.key.name;
  if (name == alert_socket_collapse) return describe_collapse(judgement);
  if (name == alert_bookkeeping) return describe_bookkeeping(judgement);
  const Signal& signal = *symptom.signal;
  if (name == alert_ack_loss) return describe_acks(signal, judgement);
  if (name == alert_lost_at_close) return describe_closes(signal, judgement);
  if (name == alert_silent_sockets) return describe_silence(signal, judgement);
  if (name == alert_clients_stuck) return describe_stuck(signal, judgement);
  return describe_accepted(signal, judgement);
}

}  // namespace fanfare
