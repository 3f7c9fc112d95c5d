"""A whole simulation: cases drawn, played on a server of its own, and accounted for."""

import gc
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from cases.rules import all_roles
from runbooks import Runbook, compile_runbook
from workers.clock import SystemClock
from workers.engine import Engine
from workers.simulation.account import Account, account_of
from workers.simulation.beginning import coming_monday, not_yet_come
from workers.simulation.coverage import Coverage, coverage_of
from workers.simulation.faults import Trouble
from workers.simulation.generator import Generator
from workers.simulation.model import Model
from workers.simulation.outside import Outside
from workers.simulation.people import Staff, seats_of
from workers.simulation.play import Director, Performance, Progress, unseen
from workers.simulation.story import Story, story_of
from workers.simulation.synthetic import Synthetic
from workers.simulation.tabletop import Table
from workers.simulation.theatre import theatre


@dataclass(frozen=True)
class Order:
    """What is to be simulated."""

    runbooks: Mapping[str, Runbook]
    cases: int
    seed: int
    days: int
    faults: frozenset[str]
    model: Model
    begins: datetime | None = None
    """The Monday of its week, 00:00 UTC; None is the coming one."""

    def placed_after(self, now: datetime) -> "Order":
        """The same order, in a week that has not begun: its own, or one of the same weekdays."""
        if self.begins is None:
            return replace(self, begins=coming_monday(now))
        return replace(self, begins=not_yet_come(self.begins, now=now))

    @property
    def trouble(self) -> Trouble:
        """Its faults."""
        return Trouble(model=self.model, faults=self.faults, days=self.days)

    @property
    def staff(self) -> Staff:
        """Everybody its runbooks can ask for."""
        pathways = [compile_runbook(runbook) for runbook in self.runbooks.values()]
        roles = sorted({role for pathway in pathways for role in all_roles(pathway)})
        return Staff(self.model, seats_of(pathways, roles))

    @property
    def generator(self) -> Generator:
        """Draws its cases."""
        return Generator(self.model, self.runbooks, seed=self.seed)

    def drawn(self, generator: Generator) -> list[Synthetic]:
        """Its cases."""
        return generator.cases(self.cases, days=self.days, faults=frozenset(self.faults))

    @property
    def lacking(self) -> list[str]:
        """Runbooks the model knows and that are not there."""
        return sorted(self.model.runbooks.keys() - self.runbooks.keys())


@dataclass(frozen=True)
class Simulated:
    """What came out."""

    order: Order
    account: Account
    coverage: list[Coverage]
    stories: list[Story]
    performance: Performance


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """What a week leaves behind is little and lives to its end: looking for it costs more."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


@asynccontextmanager
async def at_table(order: Order, *, engine: Engine) -> AsyncIterator[Table]:
    """One case of the order's first runbook has arrived, for whoever sits at the table."""
    staff, trouble = order.staff, order.trouble
    outside = Outside(staff=staff, trouble=trouble, seed=order.seed)
    name = min(order.runbooks)
    chosen = {name: order.runbooks[name]}
    case = Generator(order.model, chosen, seed=order.seed).cases(1, days=order.days)[0]
    async with theatre(engine, chosen, outside=outside) as place:
        director = Director(
            theatre=place,
            model=order.model,
            runbooks=chosen,
            staff=staff,
            trouble=trouble,
            seed=order.seed,
            generator=order.generator,
        )
        placed = await place.open(case, attempt=0)
        yield Table(director=director, placed=placed, cast=director.cast(placed))


async def simulate(
    order: Order,
    *,
    engine: Engine,
    progress: Progress = unseen,
    cases: Sequence[Synthetic] | None = None,
) -> Simulated:
    """The order's cases, or these, have been played on that engine, which must skip time.

    The order that comes back says in which week.
    """
    order = order.placed_after(await SystemClock().now())
    staff, trouble = order.staff, order.trouble
    outside = Outside(staff=staff, trouble=trouble, seed=order.seed)
    generator = order.generator
    drawn = order.drawn(generator) if cases is None else list(cases)
    async with theatre(engine, order.runbooks, outside=outside, begins=order.begins) as place:
        director = Director(
            theatre=place,
            model=order.model,
            runbooks=order.runbooks,
            staff=staff,
            trouble=trouble,
            seed=order.seed,
            generator=generator,
        )
        with _seldom_collecting():
            performance = await director.perform(drawn, progress=progress)
    stories = [story_of(played) for played in performance.played]
    account = account_of(
        stories,
        model=order.model,
        runbooks=order.runbooks,
        staff=staff,
        seed=order.seed,
        days=order.days,
        begins=order.begins,
        faults=order.faults,
        restarts=performance.restarts,
    )
    return Simulated(
        order=order,
        account=account,
        coverage=coverage_of(stories, order.runbooks),
        stories=stories,
        performance=performance,
    )
