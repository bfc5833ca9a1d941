# SPDX-License-Identifier: Apache-2.0
"""HTTP as the harness needs it: bounded, and a failure in words."""
import json
import time
import urllib.request

from processes import Failure

ANSWER_SECONDS = 20


def get(url: str, post: bool = False) -> str:
    """OSError when nobody answers or the status is not 2xx."""
    request = urllib.request.Request(url, method="POST" if post else "GET")
    with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
        return answer.read().decode()


def get_json(url: str):
    return json.loads(get(url))


def wait_for(what: str, condition, seconds: float, pause: float = 0.1):
    """The first true value of `condition()`; while it cannot be asked it is false."""
    deadline = time.monotonic() + seconds
    reason = "not so"
    while time.monotonic() < deadline:
        try:
            if found := condition():
                return found
        except OSError as error:
            reason = str(error)
        time.sleep(pause)
    raise Failure(f"{what}: not within {seconds} s ({reason})")
