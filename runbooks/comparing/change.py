"""One thing that means something else, and how much that matters."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from runbooks.grammar.base import Name, Version


class Group(StrEnum):
    """What a change is about, the most dangerous first."""

    SILENCE = "What happens on silence"
    APPROVAL = "Who must agree"
    EFFECTS = "What is done, and how it is undone"
    CLOCKS = "What the clocks say"
    WAY = "Where a case goes"
    SEVERITY = "How bad a case is"
    CLOSING = "What closing requires"
    TIME = "How long people have"
    TELLING = "Who is told, and when"
    INTAKE = "What is asked"
    OTHER = "What else holds"
    WORDS = "How it is said"


ORDER = {group: number for number, group in enumerate(Group)}


class Direction(StrEnum):
    """Whether less holds than before."""

    LOOSER = "looser"
    TIGHTER = "tighter"
    OTHER = "other"


class Change(BaseModel):
    """One change of meaning."""

    model_config = ConfigDict(frozen=True)

    group: Group
    direction: Direction = Direction.OTHER
    where: str
    """The stage, effect, clock, question it is about; empty for the runbook as a whole."""
    what: str
    was: str = ""
    """Empty where there was nothing."""
    now: str = ""
    """Empty where there is nothing any more."""
    example: str = ""
    """Answers for which it makes a difference."""

    def __str__(self) -> str:
        """The change as one sentence."""
        subject = f"{self.where}: {self.what}" if self.where else self.what
        if not self.was and not self.now:
            return subject
        if not self.was:
            return f"{subject} is new: {self.now}"
        if not self.now:
            return f"{subject} is gone; it was {self.was}"
        return f"{subject} was {self.was}, is {self.now}"


class Side(BaseModel):
    """One of the two that are compared."""

    model_config = ConfigDict(frozen=True)

    runbook: Name
    version: Version
    digest: str


class Comparison(BaseModel):
    """What changed in meaning from one to the other."""

    model_config = ConfigDict(frozen=True)

    old: Side
    new: Side
    changes: tuple[Change, ...]

    @property
    def same(self) -> bool:
        """Whether both mean the same."""
        return not self.changes
