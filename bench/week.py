"""The simulated week: cases as they arrive in seven days, played to their end by the engine."""

from bench.line import Line
from runbooks import library, load_runbook
from workers.engine import Engine
from workers.simulation.model import load_model
from workers.simulation.simulation import Order, simulate

BUDGET = 600
THOUSAND = 1000


async def week(*, cases: int) -> list[Line]:
    """So many cases of the whole library, their people, clocks and waiting included."""
    order = Order(
        runbooks={
            name: load_runbook(text, file=f"{name}.yaml") for name, text in library().items()
        },
        cases=cases,
        seed=1,
        days=7,
        faults=frozenset(),
        model=load_model(),
    )
    async with Engine.start(simulation=True, listed=False, pinned_only=True) as engine:
        found = await simulate(order, engine=engine)
    performance, account = found.performance, found.account
    allowed = BUDGET * cases / THOUSAND
    return [
        Line(
            f"simulated week of {cases} cases through the real engine",
            f"<= {allowed:.0f} s, none stuck",
            f"{performance.seconds:.0f} s, {len(account.stuck)} stuck",
            performance.seconds <= allowed and not account.stuck and not account.forks,
            f"{performance.per_second:.1f} cases/s, {performance.places} at once at the end, "
            f"{performance.again} played again for punctuality; "
            f"{sum(len(s.played.placed.entries) for s in found.stories)} journal entries; effects "
            "in memory, everything else as in production; server in memory",
        )
    ]
