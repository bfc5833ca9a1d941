// SPDX-License-Identifier: Apache-2.0
// A headless Chromium that is told what to do in lines of JSON, and says what the page shows. Knows
// nothing of what should be there: that is run.py's.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const profile = mkdtempSync(join(tmpdir(), "fanfare-page-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: "/usr/bin/chromium",
  headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run"],
  viewport: { width: 1280, height: 900 },
  reducedMotion: "reduce",
});

const requests = new Set();
const complaints = [];
context.on("request", (request) => requests.add(request.url()));
context.on("console", (message) => {
  // That the agent is away while it is stopped is no fault of the page.
  const away = /net::ERR_(CONNECTION|INCOMPLETE|EMPTY|NETWORK)|status of 503/.test(message.text());
  if (message.type() === "error" && !away) complaints.push(message.text());
});
context.on("weberror", (error) => complaints.push(String(error.error())));
context.on("dialog", (dialog) => {
  complaints.push(`dialog: ${dialog.message()}`);
  dialog.dismiss();
});

let page = context.pages()[0] ?? (await context.newPage());

// Runs in the page: everything that somebody reads there.
function read() {
  const text = (element, selector) => element.querySelector(selector)?.textContent ?? null;
  const all = (root, selector, of) => [...root.querySelectorAll(selector)].map(of);
  const pair = (entries) => Object.fromEntries(entries);
  return {
    title: document.title,
    state: document.body.dataset.state,
    connection: text(document, "#connection"),
    node: text(document, "#node"),
    health: all(document, "#health li", (item) => item.lastChild.textContent),
    findings: all(document, "#findings code", (item) => item.textContent),
    summary: text(document, "#alert-summary"),
    alerts: all(document, "#alerts li", (item) => ({
      name: text(item, "strong"), state: item.dataset.state, severity: item.dataset.severity,
      where: text(item, "a"), why: text(item, "p:not(.summary):not(.next)"), next: text(item, ".next"),
    })),
    shards: all(document, "#shards article", (card) => ({
      shard: text(card, "h3"),
      firing: card.dataset.firing,
      figures: pair(all(card, "dd[data-figure]", (figure) => [figure.dataset.figure, figure.textContent])),
      signals: pair(all(card, ".signals tbody tr", (row) => [row.dataset.signal, {
        ratio: text(row, ".ratio"), note: text(row, ".note"), evidence: text(row, "td:last-child > span"),
      }])),
      plots: pair(all(card, "figure", (plot) => [plot.dataset.plot, {
        values: text(plot, ".values"), words: plot.querySelector(".canvas").getAttribute("aria-label"),
        known: plot.dataset.known, empty: text(plot, ".empty"),
      }])),
      rows: all(card, ".history tbody tr", (row) => [...row.cells].map((cell) => cell.textContent)),
      queries: all(card, ".queries code", (code) => code.textContent),
    })),
    images: document.images.length,
    width: innerWidth,
    scrolls: document.documentElement.scrollWidth,
  };
}

// Runs in the page: what has the focus, and whether one sees that it has.
function focused() {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  return { tag: element.tagName, text: (element.getAttribute("aria-label") ?? element.textContent).slice(0, 60),
    visible: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 };
}

const commands = {
  open: async ({ url }) => ({ status: (await page.goto(url)).status() }),
  read: () => page.evaluate(read),
  look: async ({ width, height, dark }) => {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: dark ? "dark" : "light", reducedMotion: "reduce" });
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    return { ground };
  },
  picture: async ({ file, whole }) => {
    await page.evaluate(() => document.activeElement.blur());
    await page.screenshot({ path: file, fullPage: whole });
    return {};
  },
  // Until nothing has been asked of the network for half a second.
  rest: async () => { await page.waitForLoadState("networkidle"); return {}; },
  text: async () => ({ text: await page.evaluate(() => document.body.innerText) }),
  links: async () => ({ links: await page.evaluate(() => [...document.links].map((link) => link.href)) }),
  // Opens the page anew and goes through it with the Tab key, Enter on all that can be opened, until
  // the focus leaves the page.
  walk: async () => {
    await page.reload();
    await page.locator("#shards summary").first().waitFor();
    const stops = [];
    for (let i = 0; i < 60; ++i) {
      await page.keyboard.press("Tab");
      const stop = await page.evaluate(focused);
      if (stop.tag === "BODY") break;
      if (stop.tag === "SUMMARY") {
        await page.keyboard.press("Enter");
        await page.waitForTimeout(100); // a hand is slower
      }
      stops.push(stop);
    }
    return { stops };
  },
  // Focuses what SELECTOR finds first and presses Enter on it.
  enter: async ({ selector }) => {
    await page.locator(selector).first().focus();
    await page.keyboard.press("Enter");
    return {};
  },
  fill: async ({ selector, text }) => { await page.locator(selector).fill(text); return {}; },
  // How far elements have moved by themselves since the page was opened, as browsers count it.
  shift: () => page.evaluate(() => new Promise((resolve) => {
    const sum = (entries) => entries.reduce((total, entry) => total + entry.value, 0);
    const observer = new PerformanceObserver((list) => resolve({ score: sum(list.getEntries()) }));
    observer.observe({ type: "layout-shift", buffered: true });
    setTimeout(() => resolve({ score: 0 }), 300);
  })),
  axe: async () => {
    await page.evaluate(AXE);
    const run = () => window.axe.run(document, { resultTypes: ["violations"] });
    const { violations, passes } = await page.evaluate(run);
    const words = violations.map((v) => `${v.id}: ${v.help}: ${v.nodes[0].html}`);
    return { passes: passes.length, violations: words };
  },
  log: () => ({ requests: [...requests], complaints }),
  cookies: async () => ({ cookies: await context.cookies() }),
};

// One command after the other; the answer to one that fails is its error.
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  let answer;
  try {
    answer = await commands[command.do](command);
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await context.close();
rmSync(profile, { recursive: true, force: true });
