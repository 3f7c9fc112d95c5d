"""`escalate up|worker|gateway|watch`: processes that run until they are told to stop."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.output import REFUSED, note, stop

if TYPE_CHECKING:
    from workers.settings import Settings

worker_app = typer.Typer(help="Run a worker, or make a build of workers the current one.")

ENDED_BY_ITSELF = "the gateway's server ended by itself"


def register(app: typer.Typer) -> None:
    """Every process is a command of `app`."""
    app.command()(up)
    app.add_typer(worker_app, name="worker")
    app.command()(gateway)
    app.command()(watch)


def up(
    *,
    ui: Annotated[bool, typer.Option("--ui", help="Temporal's Web UI beside it.")] = False,
) -> None:
    """Everything runs on this machine: engine on a file, store, worker, gateway, watch."""
    _run(_up, "up", ui=ui)


@worker_app.callback(invoke_without_command=True)
def worker(
    context: typer.Context,
    *,
    build_id: Annotated[
        str | None,
        typer.Option(help="A version of the workers: gets no work before it is promoted."),
    ] = None,
) -> None:
    """A worker polls for cases until it is told to stop."""
    if context.invoked_subcommand is None:
        _run(_worker, "worker", build_id=build_id)


@worker_app.command()
def promote(build: Annotated[str, typer.Argument(help="The build id of running workers.")]) -> None:
    """The build is current: cases go on with its workers, open ones included."""
    _run(_promote, "worker", build=build)


def gateway() -> None:
    """The doors are open until they are told to close, whether or not the engine answers."""
    _run(_gateway, "gateway")


def watch() -> None:
    """The watch looks and tells the duty manager; it needs no worker and no Temporal."""
    _run(_watch, "watch")


def _run(process: Any, name: str, **options: Any) -> None:
    from workers.settings import Settings
    from workers.telemetry import telemetry

    settings = Settings.load()
    with telemetry(settings, name):
        code = asyncio.run(process(settings, **options))
    raise typer.Exit(code)


async def _up(settings: "Settings", *, ui: bool) -> int:
    from workers.engine import Engine
    from workers.house import house
    from workers.processes import listening, running_gateway, running_worker
    from workers.watching import running_watch

    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    sock, settings = listening(settings)
    async with _told_to_stop() as told, AsyncExitStack() as stack:
        stack.callback(sock.close)
        note(f"Data of this installation: {settings.home}")
        built = await stack.enter_async_context(house(settings, migrate=True))
        note("Store: ready. Starting the engine …")
        engine = await stack.enter_async_context(Engine.of(settings))
        note(f"Engine: {engine.why}")
        # The doors first: they certify the worker's key.
        doors = await stack.enter_async_context(running_gateway(built, engine.address, sock=sock))
        await stack.enter_async_context(running_worker(built, engine.address))
        await stack.enter_async_context(running_watch(built))
        if ui:
            note(f"Temporal's UI: {await stack.enter_async_context(engine.ui())}")
        if not await built.store.releases.runbooks():
            note(
                "No runbook is released, so no case can start: one person says "
                "`escalate runbook release user-safety-escalation`, another one --approve."
            )
        note(f"Gateway: {settings.public_url} (Ctrl-C stops everything)")
        return await _until(told, doors.ended())


async def _worker(settings: "Settings", *, build_id: str | None) -> int:
    from workers.engine import Engine
    from workers.enrolment import barred
    from workers.house import house
    from workers.processes import running_worker

    address = _address(settings)
    async with (
        _told_to_stop() as told,
        house(settings) as built,
        Engine.at(settings.engine),
        running_worker(built, address, build_id=build_id),
    ):
        version = f" as build {build_id}" if build_id else ""
        note(f"A worker polls {settings.task_queue} at {address}{version}. Ctrl-C stops it.")
        return await _until(told, barred(built))


async def _promote(settings: "Settings", *, build: str) -> int:
    from workers.house import house
    from workers.promoting import promote as make_current
    from workers.worker import client_of

    async with house(settings) as built:
        before = await make_current(await client_of(built, address=_address(settings)), build)
    note(f"Build {build} is current{f', in place of {before}' if before else ''}.")
    return 0


async def _gateway(settings: "Settings") -> int:
    from workers.house import house
    from workers.processes import listening, running_gateway

    address = _address(settings)
    sock, settings = listening(settings)
    async with (
        _told_to_stop() as told,
        house(settings) as built,
        running_gateway(built, address, sock=sock) as doors,
    ):
        note(f"The doors are open at {doors.url} ({settings.public_url}). Ctrl-C closes them.")
        return await _until(told, doors.ended())


async def _watch(settings: "Settings") -> int:
    from workers.watching import watch_alone

    async with _told_to_stop() as told:
        every = int(settings.watch.every.total_seconds())
        note(f"The watch looks every {every} s. Ctrl-C ends it.")
        return await _until(told, watch_alone(settings))


def _address(settings: "Settings") -> str:
    address = settings.engine.address
    if address is None:
        stop(
            "no Temporal is named, and this process does not start one",
            mend="Set ESCALATE_ENGINE__ADDRESS=host:port, or run everything: escalate up",
        )
    return address


@asynccontextmanager
async def _told_to_stop() -> AsyncIterator[asyncio.Event]:
    """Set by Ctrl-C or SIGTERM, which then do nothing else: the way out is the same."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()

    def tell() -> None:
        if not told.is_set():
            note("Stopping …")
        told.set()

    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        # Not there on Windows; a Ctrl-C is a KeyboardInterrupt there.
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, tell)
    # The handlers stay until the loop ends: a second Ctrl-C must not tear what is being closed.
    yield told


async def _until(told: asyncio.Event, *work: Coroutine[Any, Any, None]) -> int:
    """0 once told to stop; 1 when work that never ends has ended."""
    waiting = asyncio.create_task(told.wait())
    running = [asyncio.create_task(each) for each in work]
    done, rest = await asyncio.wait((waiting, *running), return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    if waiting in done:
        return 0
    for task in done:
        # Its own error, where it had one, says more than we could.
        task.result()
    note(ENDED_BY_ITSELF)
    return REFUSED
