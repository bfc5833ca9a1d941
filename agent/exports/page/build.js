// SPDX-License-Identifier: Apache-2.0
// Bundles main.js, style.css and index.html into page.html, which asks nobody for anything but the
// agent that serves it, and writes that as live_page.cpp. Runs in a directory with all of them and
// with node_modules/.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const MOST_BYTES = 150_000;

async function bundle(entry) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    target: "es2021",
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
  });
  return outputFiles[0].text.trim();
}

// What the policy lets in is exactly this script and this style.
const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

// A replacement text must not be read for `$&` and the like.
const put = (html, mark, text) => html.replace(mark, () => text);

function bytes(name, buffer) {
  const rows = [];
  for (let at = 0; at < buffer.length; at += 32) rows.push([...buffer.subarray(at, at + 32)].join(","));
  return `constexpr unsigned char ${name}[] = {\n${rows.join(",\n")}};\n`;
}

const script = await bundle("main.js");
const style = await bundle("style.css");
if (/<\/(script|style)/i.test(script + style)) throw new Error("the bundle would end its own element");
const license = readFileSync("node_modules/uplot/LICENSE", "utf8").trim().replaceAll("--", "- -");
let html = readFileSync("index.html", "utf8");
html = put(html, "/* style */", style);
html = put(html, "/* script */", script);
html = put(html, "<!-- licenses -->", `<!-- The plots are drawn by uPlot:\n${license}\n-->`);

const plain = Buffer.from(html);
if (plain.length > MOST_BYTES) throw new Error(`page.html has ${plain.length} bytes, more than ${MOST_BYTES}`);
const packed = gzipSync(plain, { level: 9 });
const policy = [
  "default-src 'none'",
  `script-src ${hash(script)}`,
  `style-src ${hash(style)}`,
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

writeFileSync("page.html", plain);
writeFileSync(
  "live_page.cpp",
  `// Generated from agent/exports/page/ by its build.js.
#include "agent/exports/page.h"

namespace fanfare {
namespace {

${bytes("html", plain)}
${bytes("gzip", packed)}
template <class Bytes>
std::string_view text(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes), sizeof(bytes)};
}

}  // namespace

const LivePage& live_page() {
  static const LivePage page{text(html), text(gzip), ${JSON.stringify(policy)}};
  return page;
}

}  // namespace fanfare
`,
);
console.log(`page.html: ${plain.length} bytes, ${packed.length} compressed`);
