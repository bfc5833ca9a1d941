#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Grafana dashboards as pictures, by a real Grafana that asks a real Prometheus.

usage: render.py --grafana HOME --recording DIR --work DIR [--fanfare PATH --cluster DIR] [--all]
HOME is an unpacked Grafana (bin/grafana, conf, public). With --fanfare the recording is made first: an
outage in the cluster, eleven minutes, needs root; WORK and CLUSTER are what the setup.sh of this
directory and of tests/cluster were given. Writes the README's pictures; with --all, every moment of
the recording in two widths into WORK/render, to be looked at. Ends with 1 when a panel has no data or
a link leads to such a one. By hand, not in CI: no package registry has a Grafana.
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import time
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
sys.path[1:1] = [str(HERE.parent / "cluster"), str(HERE.parent / "peers")]

import web  # noqa: E402
from browser import Browser  # noqa: E402
from grafana import DASHBOARDS, Grafana  # noqa: E402
from harness import end_on_signals  # noqa: E402
from processes import Failure, free_port, spawn, stop  # noqa: E402
from recording import MARKS, record  # noqa: E402

PICTURES = HERE.parents[1] / "dashboards/pictures"
ROW_PIXELS, HEAD_PIXELS = 38, 130  # of Grafana's grid, and what stands above it
WIDE, NARROW = 1600, 800
SPAN_SECONDS = 600
PAINT_SECONDS = 2  # plots are painted after their data has come
START_SECONDS = 60
BAD = ("No data", "Plugin not found", "An error occurred", "Dashboard not found")


class Store:
    """Prometheus over what was recorded; it scrapes nothing. Use as a context."""

    def __init__(self, recording: pathlib.Path, log: pathlib.Path):
        self._recording, self._log = recording, log
        self.url = f"http://127.0.0.1:{free_port()}"

    def __enter__(self):
        config, copy = self._log.with_suffix(".yml"), self._log.with_suffix(".tsdb")
        config.write_text("scrape_configs: []\n", encoding="utf-8")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self._recording / "tsdb", copy)  # it writes there
        self._process = spawn(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={copy}",
             "--storage.tsdb.retention.time=100y", f"--web.listen-address={self.url[7:]}"],
            self._log, stdout=subprocess.DEVNULL)
        web.wait_for("Prometheus is ready", lambda: web.get(f"{self.url}/-/ready"), START_SECONDS)
        return self

    def __exit__(self, *_):
        stop(self._process)


class Looker:
    """Opens dashboards as they were at a moment, and counts what somebody would not want to see."""

    def __init__(self, browser: Browser, grafana: Grafana):
        self._browser, self._url, self.found = browser, grafana.url, 0

    def address(self, uid: str, until: float) -> str:
        return (f"{self._url}/d/{uid}?from={int(1000 * (until - SPAN_SECONDS))}&to={int(1000 * until)}"
                "&timezone=utc&refresh=&kiosk")

    def open(self, address: str, width: int, height: int) -> None:
        self._browser.ask("look", width=width, height=height, dark=False)
        self._browser.ask("open", url=address)
        self._browser.ask("rest")
        time.sleep(PAINT_SECONDS)
        text = self._browser.ask("text")["text"]
        for words in (words for words in BAD if words in text):
            print(f"{address}: {words!r} {text.count(words)} times", flush=True)
            self.found += 1

    def picture(self, file: pathlib.Path) -> None:
        self._browser.ask("picture", file=str(file.resolve()), whole=False)
        if shutil.which("pngquant"):
            subprocess.run(["pngquant", "64", "--force", "--output", file, file], check=True)
        print(f"{file}: {file.stat().st_size // 1000} kB", flush=True)

    def links(self) -> set[str]:
        """From the page that is open to dashboards; none of them twice."""
        every = self._browser.ask("links")["links"]
        return {link for link in every if urllib.parse.urlsplit(link).path.startswith("/d/")
                and "forceLogin" not in link}


def height_of(dashboard: dict) -> int:
    """In pixels, of the whole of it."""
    rows = max(p["gridPos"]["y"] + p["gridPos"]["h"] for p in dashboard["panels"])
    return rows * ROW_PIXELS + HEAD_PIXELS


def take(looker: Looker, marks: dict, wanted: list[tuple], name_of) -> None:
    """`wanted` are (mark, width); `name_of(dashboard, mark, width)` is a picture's path."""
    for path in sorted(DASHBOARDS.glob("*.json")):
        dashboard = json.loads(path.read_text(encoding="utf-8"))
        for mark, width in wanted:
            looker.open(looker.address(dashboard["uid"], marks[mark]), width, height_of(dashboard))
            looker.picture(name_of(path.stem.removeprefix("fanfare-"), mark, width))
        for link in sorted(looker.links()):
            looker.open(link, WIDE, height_of(dashboard))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("grafana", "recording", "work"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    for name in ("fanfare", "cluster"):
        parser.add_argument(f"--{name}", type=pathlib.Path)
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    recorded = options.recording / "marks.json"
    if bool(options.fanfare) != bool(options.cluster):
        parser.error("--fanfare and --cluster go together: they make the recording")
    if bool(options.fanfare) == recorded.is_file():
        parser.error(f"{options.recording} is " + ("there already: leave --fanfare out to use it"
                     if options.fanfare else "no recording: make it with --fanfare and --cluster"))
    end_on_signals()
    work = options.work.resolve()
    logs = work / "render"
    logs.mkdir(exist_ok=True)
    if options.fanfare:
        record(options.fanfare, options.cluster, work / "run", options.recording)
    marks = json.loads(recorded.read_text(encoding="utf-8"))
    with (Store(options.recording, logs / "prometheus.log") as store,
          Grafana(options.grafana, store.url, logs / "grafana.log") as grafana,
          Browser(work, logs / "browser.log") as browser):
        looker = Looker(browser, grafana)
        if options.all:
            take(looker, marks, [(mark, width) for mark in MARKS for width in (NARROW, WIDE)],
                 lambda name, mark, width: logs / f"{name}-{mark}-{width}.png")
        else:
            take(looker, marks, [(MARKS[-1], WIDE)], lambda name, *_: PICTURES / f"grafana-{name}.png")
    return 1 if looker.found else 0


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"render: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
