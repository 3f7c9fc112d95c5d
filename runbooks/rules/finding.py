"""What a rule has to say about a runbook, and what a rule is given to look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property

from pydantic import BaseModel, ConfigDict

from runbooks.exploring import MOST, Exploration, Progress, explore
from runbooks.grammar.document import RunbookDocument
from runbooks.plan import Pathway
from runbooks.planner import Trail, reachable, said
from runbooks.rules.catalogue import RULES
from runbooks.runbook import Runbook
from runbooks.tree import Step, place_of_use


class Weight(StrEnum):
    """Whether a finding stops a release."""

    ERROR = "error"
    WARNING = "warning"


class Finding(BaseModel):
    """One finding: which rule, where, what stands there, why it matters, how to mend it."""

    model_config = ConfigDict(frozen=True)

    rule: str
    severity: Weight
    file: str
    line: int
    column: int
    what: str
    why: str
    mend: str
    evidence: tuple[str, ...] = ()
    """The shortest way a case takes to the problem."""
    used: str = ""
    """Where the runbook uses the fragment the problem stands in, as `file:line:column`."""

    def __str__(self) -> str:
        """The finding on one line, as editors read it."""
        used = f" (used at {self.used})" if self.used else ""
        return f"{self.file}:{self.line}:{self.column}: {self.rule} {self.what}{used}"


@dataclass(frozen=True)
class Subject:
    """A runbook under review, and what it is reviewed against."""

    runbook: Runbook
    pathway: Pathway
    today: date
    library: Mapping[str, Runbook]
    directory: Mapping[str, int] | None
    """How many people hold each role; None when it is not known."""
    most: int = MOST
    """How many situations of a case are looked at."""
    progress: Progress | None = None

    @cached_property
    def exploration(self) -> Exploration:
        """What a case can have behind it in every stage."""
        return explore(self.pathway, most=self.most, progress=self.progress)

    @cached_property
    def ways(self) -> dict[str, Trail]:
        """The shortest way to every stage a case can come to."""
        return reachable(self.pathway)

    def way_to(self, stage: str) -> tuple[str, ...]:
        """The shortest way to the stage as a person reads it; empty where a case begins."""
        return said(self.ways.get(stage, ()))

    @property
    def document(self) -> RunbookDocument:
        """The runbook as it is written."""
        return self.runbook.document

    def finding(
        self,
        rule: str,
        path: Sequence[Step],
        what: str,
        *,
        weight: Weight = Weight.ERROR,
        mend: str = "",
        evidence: tuple[str, ...] = (),
        at_key: bool = False,
    ) -> Finding:
        """A finding of `rule` at the place `path` leads to."""
        place = self.runbook.place(path, key=at_key)
        return Finding(
            rule=rule,
            severity=weight,
            file=place.file or self.runbook.file,
            line=place.line,
            column=place.column,
            what=what,
            why=RULES[rule].why,
            mend=mend or RULES[rule].mend,
            evidence=evidence,
            used=place_of_use(place, file=self.runbook.file),
        )
