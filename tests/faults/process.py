"""Processes of the house that can be killed at any moment, and that never outlive the test.

They are forked from a server that has loaded everything already, so that a restart costs as little
as it must. A child ends when its parent's end of the pipe is gone.
"""

import asyncio
import importlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Self

import structlog

from store import database

WORKER = "tests.faults.worker_process"
GATEWAY = "tests.faults.gateway_process"
WATCH = "tests.faults.watch_process"
RECORDER = "tests.faults.recorder_process"
WITNESS = "tests.faults.witness_process"
UP = b"up"

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload([WORKER, GATEWAY, WATCH, RECORDER, WITNESS])


class ProcessError(RuntimeError):
    """The process did not come up; its log says why."""


class Process:
    """One child: started, killed."""

    def __init__(self, child: multiprocessing.process.BaseProcess, pipe: Connection) -> None:
        self._child = child
        self._pipe = pipe
        self.worked = 0.0
        """How many seconds of a core it had used when it was killed."""

    @classmethod
    async def start(cls, module: str, *, environ: Mapping[str, str], log: Path) -> Self:
        """The child works."""
        ours, theirs = _forks.Pipe()
        child = _forks.Process(
            target=run, args=(module, dict(environ), str(log), theirs), daemon=True
        )
        await asyncio.to_thread(child.start)
        theirs.close()
        made = cls(child, ours)
        try:
            said = await asyncio.to_thread(made._hear)
        except EOFError:
            said = b""
        if said != UP:
            await made.kill()
            raise ProcessError(log.read_text(errors="replace")[-3000:])
        return made

    async def kill(self) -> None:
        """The child was killed by signal 9, and is gone."""
        if self._child.pid is not None and self._child.is_alive():
            self.worked = worked_by(self._child.pid)
            # One that ends by itself is alive to us until its server has told us.
            with suppress(ProcessLookupError):
                os.kill(self._child.pid, signal.SIGKILL)
        await self.died()

    async def died(self, *, seconds: float = 60) -> int | None:
        """How the child ended: -9 after signal 9."""
        await asyncio.to_thread(self._child.join, seconds)
        code = self._child.exitcode
        self._pipe.close()
        return code

    def _hear(self) -> bytes:
        return self._pipe.recv_bytes() if self._pipe.poll(90) else b""


def worked_by(pid: int) -> float:
    """The seconds of a core the process has used; 0 where that cannot be read."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(module: str, environ: dict[str, str], log: str, pipe: Connection) -> None:
    """In the child: the module's `main` until it is killed or its parent is gone."""
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(written, 1)
    os.dup2(written, 2)
    os.environ.update(environ)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    threading.Thread(target=_end_with, args=(pipe,), daemon=True).start()
    # A killed process leaves its pages with the kernel, however they were written: only the end of
    # the machine itself, which no test here brings about, would need the disk to be waited for.
    database.SYNCHRONOUS = "NORMAL"
    main = importlib.import_module(module).main
    asyncio.run(main(lambda: pipe.send_bytes(UP)))


def _end_with(pipe: Connection) -> None:
    try:
        pipe.recv_bytes()
    except (EOFError, OSError):
        os._exit(0)
