"""One server process under its guard, and the ports it may use."""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import sys
from collections import deque
from pathlib import Path

from workers import _engine_guard
from workers.errors import EngineStartError

# Below the ephemeral range of Linux and macOS: no outgoing connection takes such a port between
# our look and the server's bind.
_PORTS = range(18_000, 32_000)


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now; a server that still finds one taken is started on others."""
    found: list[int] = []
    while len(found) < count:
        port = secrets.choice(_PORTS)
        if port not in found and _is_free(port):
            found.append(port)
    return found


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class GuardedProcess:
    """A server that never outlives this process."""

    def __init__(self, command: list[str], *, log: Path) -> None:
        self.command = command
        self.log = log
        self.pid: int | None = None
        self._guard: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """The server runs, or has ended at once (see `running`)."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._guard = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-S",
            _engine_guard.__file__,
            str(self.log),
            *self.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            # A Ctrl-C in the terminal reaches the owner, who ends the server after its workers.
            start_new_session=True,
        )
        assert self._guard.stdout is not None  # noqa: S101 - asked for two lines above
        line = await self._guard.stdout.readline()
        if not line:
            raise EngineStartError(f"{self.command[0]} cannot be run")
        self.pid = int(line)

    @property
    def running(self) -> bool:
        """True while the server lives, as far as its guard has said."""
        return self._guard is not None and self._guard.returncode is None

    async def stop(self, *, grace: float) -> None:
        """The server has ended: asked first if `grace` allows, killed then."""
        guard = self._guard
        if guard is None:
            return
        assert guard.stdin is not None  # noqa: S101 - asked for in start
        try:
            if grace > 0:
                guard.stdin.write(f"stop {grace}\n".encode())
                await guard.stdin.drain()
            else:
                guard.stdin.close()
        except (BrokenPipeError, ConnectionResetError):
            pass  # The guard ended by itself: there is nothing left to stop.
        await guard.wait()
        guard.stdin.close()
        self._guard, self.pid = None, None

    async def kill(self) -> None:
        """The server has been killed without warning."""
        if self._guard is None or self.pid is None:
            return
        # It may have been quicker.
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        await self._guard.wait()
        self._guard, self.pid = None, None

    def log_tail(self, lines: int = 15) -> str:
        """The end of what the server said."""
        if not self.log.exists():
            return ""
        with self.log.open(encoding="utf-8", errors="replace") as text:
            return "".join(deque(text, maxlen=lines))
