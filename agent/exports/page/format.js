// SPDX-License-Identifier: Apache-2.0
// Figures as people read them. null is what the agent does not know, and is never shown as 0.

export const UNKNOWN = "–";

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

export function count(number) {
  return number === null ? UNKNOWN : grouped.format(number);
}

export function rate(perSecond) {
  if (perSecond === null) return UNKNOWN;
  return perSecond >= 100 || perSecond === 0 ? grouped.format(perSecond) : perSecond.toFixed(1);
}

export function ratio(number) {
  if (number === null) return UNKNOWN;
  if (number >= 100) return grouped.format(number);
  return number.toFixed(number >= 10 ? 1 : 2);
}

// Never 100 % while something is missing.
export function percent(share) {
  if (share === null) return UNKNOWN;
  const floored = Math.floor(share * 1000 + 1e-9) / 10;
  return `${floored.toFixed(floored === 100 || floored === 0 ? 0 : 1)} %`;
}

export function nats(number) {
  return number === null ? UNKNOWN : number.toFixed(1);
}

export function duration(seconds) {
  if (seconds === null) return UNKNOWN;
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} days`;
}

// The reader's own clock and zone.
export function clock(unixSeconds) {
  return new Date(unixSeconds * 1000).toLocaleTimeString("en-GB");
}

// What nobody can judge any more ("stale") fires on: it may not be over.
export function fires(alert) {
  return alert.state === "firing" || alert.state === "stale";
}
