"""Which Temporal? One given by address, else a server of our own, and never an orphan."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from workers import _engine_database, _engine_postgres, _engine_ui
from workers._engine_build import SCHEMA_TOOL, SERVER, WEB_UI, Progress, announce, build
from workers._engine_choice import Choice, Kind, choices, recent_enough
from workers._engine_config import PORTS_NEEDED, Postgres, Storage, write_files
from workers._engine_meeting import (
    START_PATIENCE,
    answering,
    meet,
    tls_of,
    too_old,
    version_of,
)
from workers._engine_namespace import SEARCH_ATTRIBUTES, ensure_namespace
from workers._engine_process import GuardedProcess, free_ports
from workers._settings_sources import default_cache
from workers.errors import EngineNotFoundError, EngineStartError, EngineUseError
from workers.settings import EngineSettings, Settings

__all__ = [
    "SCHEMA_TOOL",
    "SEARCH_ATTRIBUTES",
    "SERVER",
    "WEB_UI",
    "Engine",
    "Kind",
    "Postgres",
    "build",
    "tls_of",
]

_ATTEMPTS = 4
_GRACE = 8.0
_RETENTION = timedelta(days=30)
_SIMULATING = ("GOGC=400", "GOMEMLIMIT=2GiB")
"""A week is over in minutes, so its server collects seldom; before 2 GiB it does as usual."""


class Engine:
    """A Temporal to work on, as an async context manager: inside, its namespace is ready for cases.

    Outside there is no process of it left, whatever happened inside.
    """

    def __init__(self, *, namespace: str, retention: timedelta) -> None:
        self.namespace = namespace
        self.retention = retention
        self.address = ""
        self.why = ""
        self.kind: Kind | None = None
        self.server_version = ""
        self._settings: EngineSettings | None = None
        self._storage: Storage = None
        self._simulation = False
        self._listed = True
        self._pinned_only = False
        self._cache = default_cache()
        self._progress: Progress = announce
        self._port: int | None = None
        self._log: Path | None = None
        self._choice: Choice | None = None
        self._ports: list[int] = []
        self._process: GuardedProcess | None = None
        self._stack = AsyncExitStack()

    @classmethod
    def start(
        cls,
        *,
        database: Path | None = None,
        postgres: Postgres | None = None,
        simulation: bool = False,
        listed: bool = True,
        pinned_only: bool = False,
        namespace: str = "escalate",
        retention: timedelta = _RETENTION,
        port: int | None = None,
        log: Path | None = None,
        cache: Path | None = None,
        progress: Progress = announce,
    ) -> Self:
        """A server of our own: in memory, in a SQLite file, or on Postgres; on free ports.

        A `simulation` can skip time. One that is not `listed` hardly writes down what its workflows
        could be found by, which costs as much as a tenth of all it does.
        """
        if database is not None and postgres is not None:
            raise EngineUseError("an engine keeps its state in one place: a file or Postgres")
        engine = cls(namespace=namespace, retention=retention)
        engine._storage = database if database is not None else postgres
        engine._simulation = simulation
        engine._listed = listed
        engine._pinned_only = pinned_only
        engine._port = port
        engine._log = log
        engine._cache = cache or default_cache()
        engine._progress = progress
        return engine

    @classmethod
    def at(cls, settings: EngineSettings) -> Self:
        """A Temporal that someone else runs, at the address of the settings."""
        if not settings.address:
            raise EngineUseError("no address of a Temporal is set")
        engine = cls(namespace=settings.namespace, retention=settings.retention)
        engine._settings = settings
        return engine

    @classmethod
    def of(
        cls, settings: Settings, *, simulation: bool = False, progress: Progress = announce
    ) -> Self:
        """The engine that the settings mean: the address if one is set, else our own on a file."""
        if settings.engine.address:
            return cls.at(settings.engine)
        url = settings.engine.postgres_url
        return cls.start(
            database=None if url else settings.engine_database,
            postgres=Postgres.from_url(url.get_secret_value()) if url else None,
            simulation=simulation,
            namespace=settings.engine.namespace,
            retention=settings.engine.retention,
            port=settings.engine.port,
            log=settings.home / "engine.log",
            cache=settings.cache,
            progress=progress,
        )

    async def __aenter__(self) -> Self:
        """The engine answers, and its namespace is ready."""
        try:
            if self._settings is not None:
                await self._meet(self._settings)
            else:
                if isinstance(self._storage, Path):
                    self._stack.enter_context(_engine_database.alone(self._storage))
                await self._choose_and_run()
        except BaseException:
            await self.stop(grace=0)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """No process is left. State in memory is not worth a graceful end."""
        await self.stop(grace=_GRACE if self._storage is not None else 0)

    @property
    def own(self) -> bool:
        """True if the server is ours to kill and restart."""
        return self._settings is None

    @property
    def pid(self) -> int | None:
        """The server's process, while it runs."""
        return self._process.pid if self._process else None

    @property
    def log_file(self) -> Path | None:
        """Where our own server writes its log."""
        return self._process.log if self._process else self._log

    async def kill(self) -> None:
        """The server was killed without warning; `restart` brings it back."""
        await self._own_process().kill()

    async def restart(self) -> None:
        """The server runs again at the same address, with the state it had on disk."""
        if self._storage is None:
            raise EngineUseError("a server in memory cannot be restarted: its cases are gone")
        await self._own_process().stop(grace=_GRACE)
        if self._choice is None:
            raise EngineUseError("the engine was never started")
        await self._run(self._choice, ports=self._ports)

    async def stop(self, *, grace: float = _GRACE) -> None:
        """Our own server has ended, and what it wrote for this run is cleared away."""
        if self._process is not None:
            await self._process.stop(grace=grace)
        await self._stack.aclose()

    @asynccontextmanager
    async def ui(self, *, port: int | None = None) -> AsyncIterator[str]:
        """Temporal's Web UI runs beside the engine at the URL given."""
        async with _engine_ui.serve(self.address, cache=self._cache, port=port) as url:
            yield url

    # ── someone else's Temporal ──────────────────────────────────────────────────────────────────

    async def _meet(self, settings: EngineSettings) -> None:
        self.address = settings.address or ""
        self.kind = Kind.ADDRESS
        self.server_version = await meet(
            settings, namespace=self.namespace, retention=self.retention
        )
        self.why = f"Temporal server {self.server_version} at {self.address}, as the settings say"

    # ── our own ──────────────────────────────────────────────────────────────────────────────────

    async def _choose_and_run(self) -> None:
        tried: list[str] = []
        found = choices(
            cache=self._cache, tried=tried, pinned_only=self._pinned_only, progress=self._progress
        )
        async for choice in found:
            if choice.is_cli and isinstance(self._storage, Postgres):
                tried.append(f"{choice.binary} cannot keep its state in Postgres")
                continue
            try:
                await self._run_somewhere(choice)
            except EngineStartError as error:
                if not choice.is_cli:
                    raise
                tried.append(f"{choice.binary} did not start: {error}")
                continue
            if recent_enough(self.server_version):
                self._choice = choice
                self.kind = choice.kind
                self.why = f"{choice.why}, server {self.server_version}, state in {self._where()}"
                return
            tried.append(f"{choice.binary}: {too_old(self.server_version)}")
            await self._own_process().stop(grace=0)
        raise EngineNotFoundError("; ".join(tried))

    async def _run_somewhere(self, choice: Choice) -> None:
        """The server runs on ports of its own; if another process took one meanwhile, on others."""
        for attempt in range(1, _ATTEMPTS + 1):
            ports = free_ports(PORTS_NEEDED)
            if self._port is not None:
                ports[0] = self._port
            try:
                await self._run(choice, ports=ports)
            except EngineStartError as error:
                if attempt == _ATTEMPTS or "address already in use" not in str(error):
                    raise
            else:
                return

    async def _run(self, choice: Choice, *, ports: list[int]) -> None:
        self._ports = ports
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="escalate-")))
        if isinstance(self._storage, Path):
            _engine_database.forget_hosts(self._storage)
        if isinstance(self._storage, Postgres):
            await _engine_postgres.prepare(
                self._storage, cache=self._cache, progress=self._progress
            )
        log = self._log or folder / "server.log"
        command = _cli(choice, ports=ports, storage=self._storage, simulation=self._simulation)
        if not choice.is_cli:
            files = write_files(
                folder,
                ports=ports,
                storage=self._storage,
                simulation=self._simulation,
                listed=self._listed,
            )
            command = [str(choice.binary), "--config-file", str(files.config), "--allow-no-auth"]
            command.append("start")
        if self._simulation:
            command = ["env", *_SIMULATING, *command]
        self._process = GuardedProcess(command, log=log)
        await self._process.start()
        self.address = f"127.0.0.1:{ports[0]}"
        client = await answering(self._process, self.address, namespace=self.namespace)
        self.server_version = await version_of(client)
        if not recent_enough(self.server_version):
            return
        await ensure_namespace(
            client,
            namespace=self.namespace,
            retention=self.retention,
            patience=START_PATIENCE,
        )

    def _own_process(self) -> GuardedProcess:
        if self._process is None:
            raise EngineUseError("this Temporal is not ours to stop: it was given by address")
        return self._process

    def _where(self) -> str:
        if isinstance(self._storage, Postgres):
            return f"Postgres at {self._storage.host}:{self._storage.port}"
        return "memory" if self._storage is None else str(self._storage)


def _cli(choice: Choice, *, ports: list[int], storage: Storage, simulation: bool) -> list[str]:
    command = [str(choice.binary), "server", "start-dev", "--headless"]
    command += ["--ip", "127.0.0.1", "--port", str(ports[0]), "--log-level", "warn"]
    if isinstance(storage, Path):
        command += ["--db-filename", str(storage)]
    if simulation:
        command += ["--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true"]
    return command
