"""`--auto`: the people are played, every case is closed, exported, verified and replayed."""

import asyncio
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel

from cli.demo.checking import check
from cli.demo.installation import Installation
from cli.demo.steps import Scene

AT_ONCE = 4
"""Scenes that play at the same time; more would only queue on one engine."""


class Tally(BaseModel):
    """The account of a run, as `--json` prints it."""

    cases: int = 0
    closed: int = 0
    decisions: int = 0
    acts: int = 0
    refusals: int = 0
    notices: int = 0
    platform_orders: int = 0
    verified: int = 0
    replayed: int = 0
    failures: list[str] = []
    seconds: float = 0.0
    engine: str = ""


@dataclass
class Told:
    """One scene's end."""

    title: str
    number: str = ""
    disposition: str = ""
    entries: int = 0
    verified: str = ""
    problem: str = ""


@dataclass
class Account:
    """Everything that happened, readable and countable."""

    tally: Tally = field(default_factory=Tally)
    told: list[Told] = field(default_factory=list)


async def play(
    place: Installation,
    scenes: Mapping[str, Scene],
    *,
    exports: Path | None,
    progress: Callable[[Told], None],
    checked: bool = True,
) -> Account:
    """Every scene has been played and, where it closed, its export checked."""
    account = Account()
    turn = asyncio.Semaphore(AT_ONCE)
    began = await place.house.clock.now()

    async def one(title: str, scene: Scene) -> Told:
        async with turn:
            told = Told(title)
            try:
                told.number = await scene(place.theatre)
                if checked:
                    await _check(place, told, exports=exports, tally=account.tally)
            except Exception as error:  # noqa: BLE001 - the edge: a scene's failure is the result
                told.problem = f"{type(error).__name__}: {error}"
                account.tally.failures.append(f"{title}: {told.problem}")
                place.theatre.deeds.failures.append(traceback.format_exc())
            progress(told)
            return told

    account.told = list(
        await asyncio.gather(*(one(title, scene) for title, scene in scenes.items()))
    )
    deeds = place.theatre.deeds
    tally = account.tally
    tally.cases = len(place.theatre.cases)
    tally.decisions, tally.acts, tally.refusals = deeds.decisions, deeds.acts, deeds.refusals
    for case in place.theatre.cases.values():
        tally.notices += len(await place.house.store.notices.by_case(case))
    tally.platform_orders = len(place.platform.carried_out)
    tally.seconds = round((await place.house.clock.now() - began).total_seconds(), 1)
    tally.engine = place.engine.why
    return account


async def _check(place: Installation, told: Told, *, exports: Path | None, tally: Tally) -> None:
    view = await place.house.store.views.by_number(told.number)
    if view is None or view.line.status not in ("closed", "cancelled"):
        return
    tally.closed += 1
    closing = view.state.get("closing")
    told.disposition = str(closing.get("disposition")) if isinstance(closing, dict) else ""
    told.entries = view.line.sequence
    verified, replayed = await check(place, told.number, exports=exports)
    tally.verified += verified
    tally.replayed += replayed
    told.verified = "PASS" if verified and replayed else "FAIL"
    if not verified:
        tally.failures.append(f"{told.title}: the export does not verify")
