"""How long each class of data is kept: a table as data, with its law and how well that is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from hashlib import sha256
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from runbooks.grammar.base import Day, Duration, Name, Prose, Strict, Version, refuse
from runbooks.library import retention_text
from runbooks.reading import read_model
from runbooks.statutes.grammar import Mark

DataClass = Literal["A", "B", "C", "D"]
CLASSES: tuple[DataClass, ...] = ("A", "B", "C", "D")


class Ends(StrEnum):
    """What happens when the time of a class is over."""

    PROPOSED = "proposed"
    """An erasure is proposed; two people decide."""
    AUTOMATIC = "automatic"
    """It is erased when the time to think is over, unless a hold or a person forbids it."""
    BY_HAND = "by-hand"
    """It is listed as over, and nothing of ours removes it."""


class Kept(Strict):
    """How long, on whose word."""

    keep: Duration
    law: Prose
    source: Prose
    mark: Mark


class ClassRule(Kept):
    """What holds of a class wherever nothing more special does."""

    title: Prose
    ends: Ends = Ends.PROPOSED


class Override(Kept):
    """What holds of a class in cases of one runbook, or of one of its dispositions."""

    class_: DataClass
    runbook: Name
    disposition: Name | None = None
    at_least: bool = False
    """The law names a minimum: where another line says longer, that one holds."""


class RetentionTable(Strict):
    """The whole table, as it is written."""

    retention: Name
    version: Version
    title: Prose
    note: Prose
    review_by: Day
    classes: dict[DataClass, ClassRule]
    overrides: Annotated[tuple[Override, ...], Field(max_length=500)] = ()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        missing = [name for name in CLASSES if name not in self.classes]
        if missing:
            refuse("RB011", "a rule for each of the classes A, B, C and D", found=missing[0])
        for name in ("A", "D"):
            if self.classes[name].ends is not Ends.BY_HAND:
                refuse("RB011", "`ends: by-hand`: nothing removes what proves the rest", found=name)
        seen: set[tuple[str, str, str | None]] = set()
        for index, line in enumerate(self.overrides):
            which = (line.class_, line.runbook, line.disposition)
            if which in seen:
                refuse("RB018", "one line for each case of a class", at=("overrides", index))
            seen.add(which)
        return self


@dataclass(frozen=True)
class Retention:
    """A table, and the digest that says which."""

    table: RetentionTable
    digest: str

    @property
    def reference(self) -> str:
        """How records name it: `escalate-classes@1.0.0`."""
        return f"{self.table.retention}@{self.table.version}"

    def rule(
        self, class_: DataClass, *, runbook: str | None, disposition: str | None = None
    ) -> Kept:
        """The most special line that holds; of two minima the longer one."""
        fits = [
            line
            for line in self.table.overrides
            if line.class_ == class_
            and line.runbook == runbook
            and line.disposition in (None, disposition)
        ]
        special = [line for line in fits if line.disposition is not None] or fits
        floors = [line for line in fits if line.at_least]
        general: list[Kept] = [self.table.classes[class_]]
        chosen: list[Kept] = [*(special or general), *floors]
        return max(chosen, key=lambda line: line.keep)

    def needs_disposition(self, runbook: str | None) -> bool:
        """Whether a line asks how such a case ended."""
        return any(
            line.runbook == runbook and line.disposition is not None
            for line in self.table.overrides
        )

    def over_at(
        self,
        class_: DataClass,
        *,
        ended_at: datetime,
        runbook: str | None,
        disposition: str | None = None,
    ) -> datetime:
        """When the time of that class is over, for a case that ended then."""
        kept: timedelta = self.rule(class_, runbook=runbook, disposition=disposition).keep
        return ended_at + kept

    def content_over_at(
        self, *, ended_at: datetime, runbook: str | None, disposition: str | None = None
    ) -> datetime:
        """When content and evidence may both go: one key opens both, so the longer time holds."""
        return max(
            self.over_at(each, ended_at=ended_at, runbook=runbook, disposition=disposition)
            for each in ("B", "C")
        )

    @property
    def automatic(self) -> bool:
        """Whether the table itself decides; both classes under the key must say so."""
        return all(self.table.classes[name].ends is Ends.AUTOMATIC for name in ("B", "C"))

    def overdue_review(self, today: date) -> bool:
        """Whether the table should have been looked at again."""
        return self.table.review_by < today

    def rules(self) -> Mapping[DataClass, ClassRule]:
        """The classes and what holds of each."""
        return self.table.classes


def read_retention(text: bytes, *, file: str) -> Retention:
    """The table; an error of the runbook language where it does not hold together."""
    table, _ = read_model(RetentionTable, text, file=file)
    return Retention(table=table, digest=sha256(text).hexdigest())


@cache
def shipped() -> Retention:
    """The table that ships."""
    return read_retention(retention_text(), file="classes.yaml")
