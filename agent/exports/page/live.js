// SPDX-License-Identifier: Apache-2.0
// The way to the agent: a stream of its status, and polls where the stream cannot be had. Says when
// nothing new has come for too long.

const STALE_AFTER_MS = 5000;
const POLL_MS = 2000;
const AGAIN_MS = 10000; // before a stream that was refused is asked for again

// heard(status) for each status; state("live" | "stale" | "connecting", seconds since the last).
export function listen(heard, state) {
  let last = null; // performance.now() of the last status that was fresh
  let source = null;
  let retry = 0;

  const take = (status) => {
    const age = status.snapshot_age_seconds;
    if (age !== null && age * 1000 < STALE_AFTER_MS) last = performance.now() - age * 1000;
    heard(status);
    look();
  };

  const look = () => {
    if (last === null) return state("connecting", 0);
    const silent = performance.now() - last;
    state(silent < STALE_AFTER_MS ? "live" : "stale", silent / 1000);
  };

  // A browser comes back by itself to a stream that broke, but not to one that was refused.
  const open = () => {
    source = new EventSource("/api/v1/events");
    source.onmessage = (event) => take(JSON.parse(event.data));
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) retry = performance.now() + AGAIN_MS;
    };
  };

  // The stream is down or refused: the agent may still answer, or say what is wrong with it.
  const poll = async () => {
    if (source.readyState === EventSource.OPEN && last !== null && performance.now() - last < STALE_AFTER_MS) return;
    if (source.readyState === EventSource.CLOSED && performance.now() > retry) open();
    try {
      const answer = await fetch("/api/v1/status", { signal: AbortSignal.timeout(POLL_MS) });
      if (answer.ok) take(await answer.json());
    } catch {
      // Nobody there: the state says so.
    }
  };

  open();
  setInterval(look, 500);
  setInterval(poll, POLL_MS);
}
