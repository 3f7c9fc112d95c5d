"""What a case does where its clocks contradict one another, and which rows that touches."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from runbooks.statutes.facts import CaseFacts
from runbooks.statutes.vocabulary import Age, CaseClass, Does, Fact, Paper


class Effect(StrEnum):
    """What becomes of a row."""

    SUPPRESSED = "suppressed"
    """The duty does not arise, or may not be followed now; its row stays on record."""
    OUTRANKED = "outranked"
    """Another duty goes first; this one waits for it to end."""
    REROUTED = "rerouted"
    """It runs, and somewhere else."""
    ASKED = "asked"
    """It runs, and a lawyer is asked whether it must."""


@dataclass(frozen=True)
class Consequence:
    """One conflict, decided."""

    rule: str
    effect: Effect
    rows: tuple[str, ...]
    because: str
    queue: str | None = None
    """Where the work goes, for what is rerouted."""


@dataclass(frozen=True)
class Duty:
    """A row as conflicts are decided between: what it asks for, in cases about what."""

    id: str
    does: Does
    classes: tuple[CaseClass, ...] = ()


Rows = tuple[Duty, ...]

CHILD_SAFETY = "child-safety"
"""The queue of whatever may show a child; the queue of removal requests never sees it."""


def consequences(facts: CaseFacts, rows: Rows) -> Iterator[Consequence]:
    """Every conflict among the rows, in the order a lawyer would take them."""
    for rule in _RULES:
        yield from rule(facts, rows)


def _silence_to_users(facts: CaseFacts, rows: Rows) -> Iterator[Consequence]:
    told = _of(rows, Does.TELL_USER)
    if Fact.NON_DISCLOSURE in facts.fact and told:
        yield Consequence(
            rule="non-disclosure",
            effect=Effect.SUPPRESSED,
            rows=told,
            because="an order forbids telling the user; what was done is on record all the same",
        )


def _hold_before_erasure(facts: CaseFacts, rows: Rows) -> Iterator[Consequence]:
    erased, kept = _of(rows, Does.ERASE), _of(rows, Does.KEEP)
    if erased and (kept or Fact.LEGAL_HOLD in facts.fact):
        why = "a legal hold" if Fact.LEGAL_HOLD in facts.fact else ", ".join(kept)
        yield Consequence(
            rule="hold-before-erasure",
            effect=Effect.OUTRANKED,
            rows=erased,
            because=f"nothing is erased before {why} has ended",
        )


def _uncertain_age(facts: CaseFacts, rows: Rows) -> Iterator[Consequence]:
    imagery = tuple(
        row.id
        for row in rows
        if row.does is Does.REMOVE and CaseClass.INTIMATE_IMAGERY in row.classes
    )
    if (
        CaseClass.INTIMATE_IMAGERY in facts.class_
        and facts.age in (Age.MINOR, Age.UNCERTAIN)
        and imagery
    ):
        yield Consequence(
            rule="uncertain-age",
            effect=Effect.REROUTED,
            rows=imagery,
            because="who is shown may be a child: treated as child abuse material until resolved, "
            "and the removal clock runs on there",
            queue=CHILD_SAFETY,
        )


def _orders_need_no_statement(facts: CaseFacts, rows: Rows) -> Iterator[Consequence]:
    statement = tuple(row.id for row in rows if row.id == "EU-DSA17")
    if Paper.CONTENT_ORDER in facts.paper and statement:
        yield Consequence(
            rule="dsa-17-5",
            effect=Effect.SUPPRESSED,
            rows=statement,
            because="DSA Art. 17(5): no statement of reasons for an Art. 9 order",
        )
    elif Paper.REMOVAL_ORDER in facts.paper and statement:
        yield Consequence(
            rule="dsa-17-5",
            effect=Effect.ASKED,
            rows=statement,
            because="whether a removal order under Regulation (EU) 2021/784 counts as an Art. 9 "
            "order is for a lawyer; Art. 11's notice applies in any case, unless gagged",
        )


_RULES: tuple[Callable[[CaseFacts, Rows], Iterator[Consequence]], ...] = (
    _silence_to_users,
    _hold_before_erasure,
    _uncertain_age,
    _orders_need_no_statement,
)


def _of(rows: Rows, does: Does) -> tuple[str, ...]:
    return tuple(row.id for row in rows if row.does is does)
