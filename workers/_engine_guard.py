"""Runs one server that outlives nobody: when its owner is gone, however it went, so is the server.

Started as a script, with nothing but the standard library, so that it costs a few megabytes. Its
standard input is a pipe whose other end only the owner holds: the kernel closes it when the owner
dies, also by SIGKILL. A line `stop N` asks for a graceful end within N seconds. The server in turn
dies with this guard (PR_SET_PDEATHSIG, sound here because the guard has one thread).
"""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
from types import FrameType

_PR_SET_PDEATHSIG = 1


def _die_with_guard() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """Lets the wake-up pipe speak."""


def main(log: str, command: list[str]) -> int:
    """Ends with the server's own exit code, after telling its process id on standard output."""
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, _nothing)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with open(log, "ab", buffering=0) as sink:  # noqa: PTH123 - pathlib would be the guard's dearest import
        server = subprocess.Popen(  # noqa: S603 - the owner wrote the command
            command,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            preexec_fn=_die_with_guard,  # noqa: PLW1509 - the guard has one thread
            process_group=0,
        )
    os.write(1, f"{server.pid}\n".encode())
    os.close(1)
    deadline: float | None = None
    while server.poll() is None:
        ready, _, _ = select.select([0, wake_read], [], [], deadline)
        if not ready:
            server.kill()
            break
        if wake_read in ready and signal.SIGTERM in os.read(wake_read, 64):
            server.terminate()
            deadline = 5.0
        if 0 in ready:
            order = os.read(0, 64).decode()
            if not order.startswith("stop"):
                server.kill()
                break
            server.terminate()
            deadline = float(order.split()[1])
    code = server.wait()
    # A server that forks (Request Tracker's does) leaves its children in its group.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
