"""Effects: what a case may do to the outside world, by whom, and how it is undone."""

import re
from datetime import timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, StrictBool, StrictStr, model_validator

from runbooks.grammar.base import Duration, Name, Prose, Strict, refuse
from runbooks.grammar.bulk import Bulk
from runbooks.grammar.guarding import ClearanceRule

_BY = re.compile(r"manual|webhook:[a-z][a-z0-9-]{0,60}")


def _by(value: str) -> str:
    if not _BY.fullmatch(value):
        refuse("RB013", "manual, or webhook:<connector>")
    return value


class Effect(Strict):
    """One action outside, as a person reads it before it happens."""

    title: Prose
    by: Annotated[StrictStr, AfterValidator(_by)] = "manual"
    owner: Name = "incident-manager"
    within: Duration = timedelta(hours=24)
    instruction: Prose | None = None
    compensate: Prose | None = None
    """How it is undone, in words for the person or the system that undoes it."""
    irreversible: StrictBool = False
    protective: StrictBool = False
    """Shields people, and is reviewed after: may proceed on silence (I11)."""
    discloses: StrictBool = False
    """Hands user data to somebody outside: never by silence (I11)."""
    clearance: ClearanceRule | None = None
    """Held back, once ordered, until somebody clears it."""
    bulk: Bulk | None = None
    """Concerns many: carried out step by step, above a number only with a gate's approval."""

    @model_validator(mode="after")
    def _one_guard(self) -> Self:
        if self.bulk is not None and self.clearance is not None:
            refuse("RB017", "either `bulk` or `clearance`", at=("clearance",))
        if self.bulk is not None and self.discloses:
            refuse(
                "RB017",
                "either `bulk` or `discloses`: what is known cannot be rolled back",
                at=("discloses",),
            )
        return self

    @property
    def manual(self) -> bool:
        """Whether a person does it."""
        return self.by == "manual"


STANDARD_EFFECTS: dict[str, Effect] = {
    "apply-action": Effect(
        title="Apply the approved action",
        instruction=(
            "Apply exactly the action that was approved, then record the receipt of the system in "
            "which it was applied."
        ),
        compensate="Reverse the action in the same system and record the receipt.",
    ),
}
"""Effects a runbook may name without describing them; its own description comes first."""
