# SPDX-License-Identifier: Apache-2.0
"""Child processes: started so that they die with this one, and spoken to in lines of JSON.

Not here: what the processes are for.
"""
import ctypes
import json
import queue
import signal
import socket
import subprocess
import threading

PR_SET_PDEATHSIG = 1  # include/uapi/linux/prctl.h
LIBC = ctypes.CDLL(None)


class Failure(Exception):
    """What a peer's run ends with; its text is for people."""


def die_with_parent() -> None:
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def spawn(argv, log, prepare=lambda: None, **pipes) -> subprocess.Popen:
    """Starts a child; what it says on stderr goes to the file `log`. Ctrl-C is this process's.

    `prepare` runs in the child before the program does.
    """
    def prelude() -> None:
        die_with_parent()
        prepare()

    try:
        with open(log, "wb") as errors:
            return subprocess.Popen(argv, stderr=errors, preexec_fn=prelude,
                                    start_new_session=True, **pipes)
    except OSError as error:
        raise Failure(f"cannot start {argv[0]}: {error.strerror}; has setup.sh been run?") from None


def stop(process: subprocess.Popen, seconds: float = 10) -> int:
    """SIGTERM, then SIGKILL; the exit status."""
    if process.poll() is None:
        process.terminate()
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def free_port(address: str = "127.0.0.1") -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


def last_words(log) -> str:
    with open(log, encoding="utf-8", errors="replace") as file:
        return "".join(file.readlines()[-10:]).strip()


class JsonProcess:
    """A child that takes one command a line on stdin and answers each with a line, in order."""

    def __init__(self, name: str, argv, log):
        self.name = name
        self._log = log
        self._process = spawn(argv, log, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._answers = queue.Queue()
        self._asking = threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put(None)

    @property
    def comm(self) -> str:
        with open(f"/proc/{self._process.pid}/comm", encoding="utf-8") as file:
            return file.read().rstrip("\n")

    def tell(self, do: str, **arguments) -> None:
        line = json.dumps({"do": do, "sizes": [], "pause_ms": 0, "count": 0, **arguments})
        try:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise Failure(f"{self.name} has ended: {last_words(self._log)}") from None

    def hear(self, seconds: float = 60) -> dict:
        try:
            line = self._answers.get(timeout=seconds)
        except queue.Empty:
            raise Failure(f"{self.name} gave no answer for {seconds} s") from None
        if line is None:
            raise Failure(f"{self.name} has ended: {last_words(self._log)}")
        return json.loads(line)

    def ask(self, do: str, **arguments) -> dict:
        with self._asking:
            self.tell(do, **arguments)
            return self.hear()

    def __enter__(self):
        return self

    def kill(self) -> None:
        """SIGKILL: it cannot say goodbye; what its sockets hold is the kernel's."""
        self._process.kill()
        self._process.wait()

    def __exit__(self, *_):
        stop(self._process)
