"""A house of five processes that can be killed: worker, gateway, recorder, witness, Temporal."""

import base64
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from audit.log.note import NoteKey
from audit.log.policy import Policy, read_policy
from cli.log_witness import open_witness
from gateway.log_key import load_or_create_log_key
from tests.faults import worker_process
from tests.faults.insistent import Insistent
from tests.faults.killing import Killable, Killing, Kind
from tests.faults.place import Place, place
from tests.faults.process import RECORDER, WITNESS, Process
from tests.faults.short_case import ROUTING, RUNBOOK, Authority
from tests.faults.trees import inconsistent
from tests.faults.witness_process import NAME, SIGNED
from tests.stores import release
from workers._engine_process import free_ports
from workers.engine import Engine
from workflows import policies

ATTEMPT = timedelta(seconds=10)
PATIENCE = {
    "FAULT_ATTEMPT": str(ATTEMPT.seconds),
    "FAULT_TASK": "10",
    "FAULT_LEASE": "10",
    "FAULT_AT_ONCE": "4",
    "FAULT_POLL": "0.5",
}
"""Time enough for a slow machine, and soon tried again when somebody died."""
REST = 6
"""Activities: twelve cases have that many in the time in which one process starts again."""


@dataclass
class Five:
    """The house, who kills in it, and what its surroundings saw."""

    people: Insistent
    killing: Killing
    authority: Authority
    policy: Policy
    log: NoteKey
    _witness: Path

    @property
    def place(self) -> Place:
        """The installation."""
        return self.people.place

    async def inconsistent(self) -> tuple[int, int]:
        """How many trees the witness signed, and how many of them are not the log's."""
        lines = (self._witness / SIGNED).read_text().splitlines()
        told = [line.split(" ") for line in lines]
        signed = [(int(size), base64.b64decode(root)) for size, root in told]
        store = self.place.house.store
        leaves = await store.log.leaves(0, (await store.log.head()).size)
        return len(signed), inconsistent(signed, leaves)


class Server:
    """Temporal, which its engine starts again where it was."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def start(self) -> Killable:
        """It answers."""
        if self._engine.pid is None:
            await self._engine.restart()
        return self._engine


@asynccontextmanager
async def house_of_five(home: Path, *, each: int, a_case: int) -> AsyncIterator[Five]:
    """All five run; each of them is owed so many kills once the killing is armed."""
    books, folder, file = home / "books", home / "witness", home / "policy"
    books.mkdir(parents=True)
    (books / "routing.yaml").write_text(ROUTING)
    (books / "short.yaml").write_bytes(RUNBOOK)
    authority = Authority("whsec_" + base64.b64encode(secrets.token_bytes(32)).decode())
    async with (
        authority.serving(),
        Engine.start(database=home / "engine.db", pinned_only=True) as engine,
    ):
        environ = {
            **PATIENCE,
            **authority.environ,
            "ESCALATE_RUNBOOKS_DIR": str(books),
            "ESCALATE_WITNESSES__POLICY_FILE": str(file),
        }
        async with place(home / "house", engine=engine, environ=environ) as made:
            await release(made.house.store, RUNBOOK, datetime.now(UTC))
            log = load_or_create_log_key(made.settings.keys, origin=made.settings.log_name).key
            signer, state = open_witness(folder, name=NAME)
            state.close()
            (port,) = free_ports(1)
            file.write_text(
                f"log {log}\nwitness w {signer.key} http://127.0.0.1:{port}\nquorum w\n"
            )
            socket = home / "asked"
            killing = Killing(
                starts={
                    Kind.TEMPORAL: Server(engine).start,
                    Kind.WITNESS: lambda: Process.start(
                        WITNESS,
                        environ={
                            "FAULT_WITNESS": str(folder),
                            "FAULT_LOG": str(log),
                            "FAULT_PORT": str(port),
                        },
                        log=home / "witness.log",
                    ),
                    Kind.RECORDER: lambda: Process.start(
                        RECORDER, environ=made.environ, log=home / "recorder.log"
                    ),
                    Kind.GATEWAY: lambda: made.gateway(FAULT_RECORDED_ELSEWHERE="yes"),
                    Kind.WORKER: lambda: made.worker(FAULT_ASKS=str(socket)),
                },
                each=each,
                a_case=a_case,
                rest=REST,
                diary=home / "diary",
            )
            async with killing.serving(socket):
                yield Five(
                    people=Insistent(place=made),
                    killing=killing,
                    authority=authority,
                    policy=read_policy(file.read_bytes()),
                    log=log,
                    _witness=folder,
                )


@contextmanager
def as_impatient() -> Iterator[None]:
    """Inside, this process believes that effects have the time-outs they have in that house.

    They are part of what strict replay compares.
    """
    before = dict(policies.POLICIES)
    worker_process.impatient(ATTEMPT)
    try:
        yield
    finally:
        policies.POLICIES.update(before)
