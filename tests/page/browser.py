# SPDX-License-Identifier: Apache-2.0
"""The browser as seen from here: browser.js, asked in words."""
import pathlib
import time

from processes import Failure, JsonProcess


class Browser(JsonProcess):
    """A headless Chromium with one tab."""

    def __init__(self, work: pathlib.Path, log: pathlib.Path):
        super().__init__("browser", ["node", str(work / "browser.js")], log)

    def ask(self, do: str, **arguments) -> dict:
        answer = super().ask(do, **arguments)
        if isinstance(answer, dict) and "error" in answer:
            raise Failure(f"browser: {do}: {answer['error']}")
        return answer

    def read(self) -> dict:
        """Everything that somebody reads on the page."""
        return self.ask("read")

    def wait_for(self, what: str, condition, seconds: float) -> tuple[dict, float]:
        """The page once `condition(page)` holds, and after how many seconds that was."""
        began = time.monotonic()
        while True:
            page, passed = self.read(), time.monotonic() - began
            if condition(page):
                return page, passed
            if passed > seconds:
                raise Failure(f"{what}: not within {seconds} s; the page says {page['connection']!r}, "
                              f"{page['summary']!r}")
            time.sleep(0.2)
