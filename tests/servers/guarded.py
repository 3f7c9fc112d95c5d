"""A server process that dies with the test run, however the run ends."""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from workers import _engine_guard


class ServerError(RuntimeError):
    """A real server is missing, or did not start; the message says what to do."""


class Guarded:
    """One process under the guard that the engine uses as well."""

    def __init__(
        self, command: list[str], *, log: Path, environ: Mapping[str, str] | None = None
    ) -> None:
        self.log = log
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", _engine_guard.__file__, str(log), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env=environ,
        )
        assert self._guard.stdout is not None
        self.pid = int(self._guard.stdout.readline() or 0)

    def wait_until(self, ready: Callable[[], bool], *, seconds: float) -> Self:
        """The server answers; if it ended or took too long, its log is in the error."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self._guard.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise ServerError(f"server did not start:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.1)
        return self

    def stop(self, *, grace: int = 0) -> None:
        """The server has ended."""
        assert self._guard.stdin is not None
        assert self._guard.stdout is not None
        if grace and self._guard.poll() is None:
            self._guard.stdin.write(f"stop {grace}\n".encode())
            self._guard.stdin.flush()
            self._guard.wait()
        self._guard.stdin.close()
        self._guard.wait()
        self._guard.stdout.close()


def answers(url: str) -> bool:
    """True if an HTTP server says anything at all there."""
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own server
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
