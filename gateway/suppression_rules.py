"""Which rules hold reports back, where each stands, who answers for it, and what it has hidden.

The rules that stand are those of the routing table; one that has gone from it is still listed for
as long as anything it hid is kept, in the words it had then.
"""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum

from cases.values import Instant, Value
from gateway.doors import Doors
from gateway.sight import ALWAYS
from gateway.web import Viewer
from runbooks.grammar.routing import Condition, SuppressRow
from runbooks.routing import RoutingTable
from runbooks.tree import place_of
from store import Hidden
from store.suppression import Tally


class Standing(StrEnum):
    """Whether a rule hides reports today."""

    HOLDS = "holds"
    NOT_YET = "not-yet"
    OVER = "over"
    GONE = "gone"
    """It stands in the routing table no more."""


class RuleSeen(Value):
    """One rule, as whoever answers for reports has to know it."""

    rule: str
    standing: Standing
    source: str
    """File, version of the table and line; empty for one that has gone."""
    looks_for: str
    subject: str
    """Only reports about whom this digest stands for; empty: about anybody."""
    owner: str
    because: str
    since: str
    until: str
    tell_at: int
    """At how many held reports the duty manager is told; 0 for one that has gone."""
    hides: int
    released: int
    newest: Instant | None = None
    holds: bool


async def rules_seen(doors: Doors, viewer: Viewer) -> list[RuleSeen] | None:
    """Every rule the viewer answers for; None where they have to do with no rule at all.

    Incident and duty managers see all of them, an owner those of their role.
    """
    tallies = {each.rule: each for each in await doors.store.suppression.tallies()}
    today = (await doors.clock.now()).date()
    table = doors.shelf.routing
    rows = table.document.suppress
    found = [
        _standing(table, index, row, tallies.get(row.name), today=today)
        for index, row in enumerate(rows)
    ]
    found += _gone(tallies, known={row.name for row in rows})
    if viewer.roles & ALWAYS:
        return found
    own = [rule for rule in found if rule.owner in viewer.roles]
    return own or None


async def hidden_by(doors: Doors, rules: list[RuleSeen]) -> list[Hidden]:
    """What these rules hold back now, the latest first, without a word of it."""
    names = {rule.rule for rule in rules}
    return [each for each in await doors.store.suppression.hidden() if each.rule in names]


def _standing(
    table: RoutingTable, index: int, row: SuppressRow, tally: Tally | None, *, today: date
) -> RuleSeen:
    line = place_of(table.root, ("suppress", index)).line
    standing = Standing.HOLDS
    if today < row.since:
        standing = Standing.NOT_YET
    elif today > row.until:
        standing = Standing.OVER
    return RuleSeen(
        rule=row.name,
        standing=standing,
        holds=standing is Standing.HOLDS,
        source=f"{table.file} {table.document.routing}, line {line}",
        looks_for=", ".join(_words(row.if_)),
        subject=row.subject or "",
        owner=row.owner,
        because=row.because,
        since=row.since.isoformat(),
        until=row.until.isoformat(),
        tell_at=row.tell_at,
        hides=tally.held if tally else 0,
        released=tally.released if tally else 0,
        newest=tally.newest if tally else None,
    )


def _gone(tallies: dict[str, Tally], *, known: set[str]) -> Iterator[RuleSeen]:
    for tally in tallies.values():
        if tally.rule not in known:
            yield RuleSeen(
                rule=tally.rule,
                standing=Standing.GONE,
                holds=False,
                source="",
                looks_for="",
                subject="",
                owner=tally.owner,
                because=tally.because,
                since="",
                until=tally.until,
                tell_at=0,
                hides=tally.held,
                released=tally.released,
                newest=tally.newest,
            )


def _words(condition: Condition) -> Iterator[str]:
    """What a report must have, in words; the words are the table's, never a report's."""
    named = {"source": condition.source, "tag": condition.tag, **(condition.field or {})}
    for name, cell in named.items():
        if cell is not None:
            yield f"{name} {' or '.join(cell)}"
