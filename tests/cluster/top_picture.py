#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`fanfare top` as an SVG picture, from a real terminal (tmux) and a running agent.

usage: top_picture.py FANFARE ADMIN-SOCKET OUT.svg [KEY...]    keys as tmux names them, one a second
"""
import html
import os
import re
import subprocess
import sys
import time

COLUMNS, ROWS = 100, 24
CELL_WIDTH, CELL_HEIGHT = 8.4, 18  # pixels, of 14 px monospace
COLOURS = {31: "#ff7b72", 32: "#7ee787", 33: "#e3b341"}
PAPER, INK, FAINT = "#0d1117", "#c9d1d9", "#8b949e"


def capture(fanfare: str, admin: str, keys: list[str]) -> list[str]:
    tmux = ["tmux", "-f", "/dev/null", "-L", f"fanfare-picture-{os.getpid()}"]
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    environment.pop("NO_COLOR", None)
    subprocess.run([*tmux, "new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS), fanfare, "top",
                    "--admin", admin], check=True, env=environment)
    try:
        for key in ["", *keys]:
            if key:
                subprocess.run([*tmux, "send-keys", key], check=True)
            time.sleep(2.5)
        return subprocess.run([*tmux, "capture-pane", "-e", "-p"], check=True, text=True,
                              capture_output=True).stdout.split("\n")[:ROWS]
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)


def runs(line: str, style: set[int]):
    """(text, style) for each run of a line; `style` goes on over lines, as a terminal's does."""
    for part in re.split(r"(\x1b\[[\d;]*m|\x0e|\x0f)", line):
        if not part.startswith("\x1b"):
            if part.strip("\x0e\x0f"):
                yield part, set(style)
            continue
        for code in map(int, (part[2:-1] or "0").split(";")):
            if code == 0:
                style.clear()
            elif code == 39:
                style -= set(COLOURS)
            elif code in COLOURS:
                style -= set(COLOURS)
                style.add(code)
            else:
                style.add(code)


def text_element(column: int, row: int, text: str, style: set[int]) -> str:
    x, y = column * CELL_WIDTH, row * CELL_HEIGHT
    ink = next((COLOURS[code] for code in style if code in COLOURS), FAINT if 2 in style else INK)
    box = ""
    if 7 in style:
        box = (f'<rect x="{x:.1f}" y="{y}" width="{len(text) * CELL_WIDTH:.1f}" '
               f'height="{CELL_HEIGHT}" fill="{ink}"/>')
        ink = PAPER
    weight = ' font-weight="bold"' if 1 in style else ""
    return (f'{box}<text x="{x:.1f}" y="{y + 14}" fill="{ink}"{weight} xml:space="preserve" '
            f'textLength="{len(text) * CELL_WIDTH:.1f}">{html.escape(text)}</text>')


def main() -> int:
    if len(sys.argv) < 4:
        print(__doc__, file=sys.stderr)
        return 2
    fanfare, admin, out, *keys = sys.argv[1:]
    style: set[int] = set()
    elements = []
    for row, line in enumerate(capture(fanfare, admin, keys)):
        column = 0
        for text, look in runs(line, style):
            elements.append(text_element(column, row, text, look))
            column += len(text)
    width, height = COLUMNS * CELL_WIDTH + 20, ROWS * CELL_HEIGHT + 20
    with open(out, "w", encoding="utf-8") as picture:
        picture.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" '
                      f'height="{height}" font-family="monospace" font-size="14">\n'
                      f'<rect width="100%" height="100%" rx="6" fill="{PAPER}"/>\n'
                      f'<g transform="translate(10,10)">\n' + "\n".join(elements) + "\n</g></svg>\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
