"""A gate: who must agree, and everything that can happen instead."""

from datetime import timedelta
from enum import StrEnum
from typing import Any

from pydantic import SerializerFunctionWrapHandler, model_serializer, model_validator

from runbooks.compact import Compact
from runbooks.plan.words import Assurance, Role
from runbooks.quorums import Party, enough_against, roles_named


class Votes(StrEnum):
    """Whether the verdicts of others are shown before one has voted."""

    BLIND = "blind"
    OPEN = "open"


class Distinct(StrEnum):
    """What must differ between the people of a quorum."""

    PEOPLE = "people"
    ROLES = "roles"


class Split(Compact):
    """Who decides, and by when, when both approval and rejection have votes and neither can win."""

    to: Role
    within: timedelta


class Ratify(Compact):
    """Who confirms a stand-in's approval afterwards, and by when."""

    by: Role
    within: timedelta


class StandIn(Compact):
    """After `within`, one role may vote in place of a silent one."""

    allow: dict[Role, int]
    instead_of: Role
    only: str = "approve"
    ratify: Ratify | None = None


class Silence(Compact):
    """What happens when `within` passes and the gate has not been decided.

    All unset means the gate waits; `go` is an outcome the gate takes by itself.
    """

    go: str | None = None
    stand_in: StandIn | None = None


class Dissent(Compact):
    """Who may object to a decision, and which role must then decide it."""

    who: Role
    to: Role
    within: timedelta


class BrokenGlass(Compact):
    """How two people pass the gate without those it asks, and who looks at it afterwards."""

    by: tuple[Role, ...]
    """The roles of which any two people may."""
    within: timedelta
    """How long the first of them waits for the second."""
    review: Role
    review_within: timedelta


class GateRule(Compact):
    """Who must agree for a gate to open, and everything that can happen instead."""

    ask: str
    approve: dict[Party, int]
    reject: dict[Party, int]
    approve_label: str = "Approve"
    reject_label: str = "Reject"
    reject_reason: bool = True
    veto: tuple[Role, ...] = ()
    distinct: Distinct = Distinct.PEOPLE
    not_the_same_person_as: tuple[str, ...] = ()
    """Stages whose deciders may not vote here."""
    votes: Votes = Votes.OPEN
    assurance: Assurance = Assurance.L1
    memo: tuple[str, ...] = ()
    """Memo fields that must be written before the round is asked."""
    split: Split | None = None
    approval_prevails: bool = False
    """An approval that has its number holds, whoever rejects: nobody can veto it."""
    silence: Silence = Silence()
    dissent: Dissent | None = None
    delegation: bool = True
    """Whether a delegate may vote in the place of whoever is away."""
    break_glass: BrokenGlass | None = None
    device_bound: bool = False
    """Whether a person's own key counts only if it cannot leave its device."""

    @property
    def delegable(self) -> bool:
        """Whether a delegate may vote here: never where the person signs the act themselves."""
        return self.delegation and self.assurance is not Assurance.L3

    @model_validator(mode="before")
    @classmethod
    def _one_of_each(cls, written: Any) -> Any:  # as it was written
        if isinstance(written, dict) and "reject" not in written and "approve" in written:
            return {**written, "reject": enough_against(written["approve"])}
        return written

    @model_serializer(mode="wrap")
    def _without_defaults(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written = self.without_defaults(handler(self))
        if self.reject == enough_against(self.approve):
            del written["reject"]
        return written

    @property
    def roles(self) -> tuple[Role, ...]:
        """Every role that may vote, in the order the runbook names them."""
        return tuple(dict.fromkeys((*roles_named(self.approve, self.reject), *self.veto)))
