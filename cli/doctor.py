"""`escalate doctor`: what is fit for use and what is not, each with what mends it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from pydantic import ValidationError

from cli.output import REFUSED, UNREACHABLE, AsJson, note, print_json, say, stop
from store import Alarm, Store, StoreError
from store.database import Database
from workers._doctor_check import fail
from workers._doctor_keys import kek_in
from workers._settings_sources import ConflictingSettingError, UnknownSettingError
from workers.clock import SystemClock
from workers.settings import Settings

app = typer.Typer(
    help="Say what is fit for use and what is not, each with what mends it.",
)

Answer = TypeVar("Answer")
_SIGNS = {"ok": "ok  ", "warn": "WARN", "fail": "FAIL"}


@app.callback(invoke_without_command=True)
def doctor(
    context: typer.Context,
    *,
    live: Annotated[
        bool, typer.Option("--live", help="Ask every vendor as well, read-only, and the clock.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """Every check is printed with what mends it; exit code 1 when one fails."""
    if context.invoked_subcommand is not None:
        return
    from workers.doctor import Level, examine, worst

    settings = _settings(json_=json_)

    async def run() -> tuple[bool, list[dict[str, str]]]:
        checks = await examine(settings, live_too=live, at=await SystemClock().now())
        return worst(checks) is Level.FAIL, [check.model_dump(mode="json") for check in checks]

    failed, checks = asyncio.run(run())
    if json_:
        print_json({"ok": not failed, "checks": checks})
    else:
        _print(checks)
    if failed:
        raise typer.Exit(REFUSED)


@app.command()
def alarms(*, json_: AsJson = False) -> None:
    """Every open alarm is listed, with what to do and whether the duty manager was told."""

    async def run(store: Store) -> list[Alarm]:
        return await store.health.open_alarms()

    found = asyncio.run(_with_store(run))
    if json_:
        print_json([alarm.model_dump(mode="json") for alarm in found])
        return
    for alarm in found:
        told = f"told {alarm.told_at:%Y-%m-%d %H:%M} UTC" if alarm.told_at else "not told yet"
        say(f"{alarm.kind} {alarm.key} ({told})\n    {alarm.text}\n    -> {alarm.mend}")
    if not found:
        note("no alarm is open")


@app.command()
def clear(kind: str, key: str) -> None:
    """The alarm is closed: somebody has looked after it. It opens again when it is found again."""

    async def run(store: Store) -> bool:
        known = any(
            (each.kind, each.key) == (kind, key) for each in await store.health.open_alarms()
        )
        await store.health.clear(kind=kind, key=key, at=await SystemClock().now())
        return known

    if not asyncio.run(_with_store(run)):
        stop(f"no alarm {kind} {key} is open", mend="`escalate doctor alarms` lists them")
    note(f"{kind} {key} is closed")


async def _with_store(run: Callable[[Store], Awaitable[Answer]]) -> Answer:
    settings = _settings()
    try:
        async with Store(Database(settings.store), kek=kek_in(settings)) as store:
            await store.check()
            return await run(store)
    except StoreError as error:
        stop(str(error), mend=error.mend, code=UNREACHABLE)


def _settings(*, json_: bool = False) -> Settings:
    try:
        return Settings.load()
    except (ValidationError, UnknownSettingError, ConflictingSettingError) as error:
        text = _problems(error) if isinstance(error, ValidationError) else str(error)
        check = fail("settings", text, mend="`escalate config reference` lists every setting.")
        if json_:
            print_json({"ok": False, "checks": [check.model_dump(mode="json")]})
        else:
            _print([check.model_dump(mode="json")])
        raise typer.Exit(REFUSED) from None


def _problems(error: ValidationError) -> str:
    # Names and reasons only: the values may be secrets.
    return "; ".join(
        f"ESCALATE_{'__'.join(str(part) for part in found['loc']).upper()}: {found['msg']}"
        for found in error.errors(include_input=False, include_url=False, include_context=False)
    )


def _print(checks: list[dict[str, str]]) -> None:
    for check in checks:
        say(f"{_SIGNS[check['level']]} {check['name']}: {check['text']}")
        if check["mend"]:
            say(f"     -> {check['mend']}")
    worst = {level: sum(check["level"] == level for check in checks) for level in _SIGNS}
    say(f"{worst['ok']} ok, {worst['warn']} warnings, {worst['fail']} failures")
