"""What a rule has to say about a runbook, and what a rule is given to look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from runbooks.grammar.document import RunbookDocument
from runbooks.plan import Pathway
from runbooks.rules.catalogue import RULES
from runbooks.runbook import Runbook
from runbooks.tree import Step


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

    def __str__(self) -> str:
        """The finding on one line, as editors read it."""
        return f"{self.file}:{self.line}:{self.column}: {self.rule} {self.what}"


@dataclass(frozen=True)
class Subject:
    """A runbook under review, and what it is reviewed against."""

    runbook: Runbook
    pathway: Pathway
    today: date
    library: Mapping[str, Runbook]
    directory: Mapping[str, int] | None
    """How many people hold each role; None when it is not known."""

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
            file=self.runbook.file,
            line=place.line,
            column=place.column,
            what=what,
            why=RULES[rule].why,
            mend=mend or RULES[rule].mend,
            evidence=evidence,
        )
