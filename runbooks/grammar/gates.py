"""Gates: who must agree, and everything that can happen instead of agreement."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StrictInt, StrictStr, model_validator

from runbooks.grammar.base import Duration, Name, Strict, check_name, refuse
from runbooks.quorums import any_of

_OF = re.compile(r"(\d{1,2})-of")


def _party(value: str) -> str:
    return value if _OF.fullmatch(value) else check_name(value)


def _fitting(value: dict[str, int | tuple[str, ...]]) -> dict[str, int | tuple[str, ...]]:
    for key, asked in value.items():
        several = _OF.fullmatch(key) is not None
        if several and not isinstance(asked, tuple):
            refuse("RB012", "a list of roles", at=(key,))
        if not several and isinstance(asked, tuple):
            refuse("RB012", "how many people", at=(key,))
    return value


Quorum = Annotated[
    dict[
        Annotated[StrictStr, AfterValidator(_party)],
        StrictInt | Annotated[tuple[Name, ...], Field(min_length=1)],
    ],
    AfterValidator(_fitting),
]
"""How many people of each role; beside them `2-of: [roles]`, two voices of different roles."""


def _rejection(value: Any) -> Any:  # whatever stands in the document
    if isinstance(value, dict) and "quorum" not in value:
        quorum = {role: number for role, number in value.items() if role != "reason"}
        return {"quorum": quorum} | ({"reason": value["reason"]} if "reason" in value else {})
    return value


class Rejection(Strict):
    """Who can reject, and whether a reason is owed."""

    quorum: Quorum
    reason: Literal["required", "optional"] = "required"


Reject = Annotated[
    Rejection,
    BeforeValidator(
        _rejection, json_schema_input_type=dict[str, int | Literal["required", "optional"]]
    ),
]
"""Written flat: `{legal: 1, reason: required}`."""


class SplitRule(Strict):
    """Who decides when the people of a gate disagree, or that an approval then holds."""

    to: Name | None = None
    within: Duration | None = None
    go: Literal["approved"] | None = None
    """An approval that has its number holds, whoever rejects: nobody can veto it."""

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if self.go is not None and (self.to is not None or self.within is not None):
            refuse("RB017", "`go` alone, or `to` and `within`", at=("go",))
        if self.go is None:
            for key in ("to", "within"):
                if getattr(self, key) is None:
                    refuse("RB011", f"`{key}`, or `go: approved`", found="no such key")
        return self


class RatifyRule(Strict):
    """Who confirms a stand-in's vote afterwards."""

    by: Name
    within: Duration


class SilenceRule(Strict):
    """What silence does: an outcome taken by itself, or a role that may vote in another's place."""

    go: Name | None = None
    allow: Annotated[dict[Name, StrictInt], Field(min_length=1)] | None = None
    instead_of: Name | None = None
    only: Literal["approve", "reject"] = "approve"
    ratify: RatifyRule | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if self.go is not None and self.allow is not None:
            refuse("RB017", "either `go` or `allow`", at=("allow",))
        if self.go is None and self.allow is None:
            refuse("RB011", "`go` with an outcome, or `allow` with a role")
        if self.allow is not None and self.instead_of is None:
            refuse("RB011", "`instead-of` with the role that was silent")
        if self.go is not None and (self.instead_of is not None or self.ratify is not None):
            refuse("RB017", "`go` alone", at=("go",))
        return self


def _silence(value: Any) -> Any:  # whatever stands in the document
    if value == "wait":
        return None
    if isinstance(value, str) or value is None:
        refuse("RB013", "wait, {go: outcome} or {allow: …}")
    return value


Silence = Annotated[
    SilenceRule | None,
    BeforeValidator(_silence, json_schema_input_type=Literal["wait"] | SilenceRule),
]
"""`wait`, or what happens instead of waiting."""


class DissentRule(Strict):
    """Who may object to a decision, and who then decides it."""

    who: Name
    to: Name
    within: Duration


class ReviewRule(Strict):
    """Who looks at it afterwards, and by when."""

    by: Name
    within: Duration


class BreakGlassRule(Strict):
    """Two named people pass the gate without those it asks; somebody else reviews it."""

    by: Annotated[tuple[Name, ...], Field(min_length=1)]
    within: Duration
    review: ReviewRule


def counted(quorum: Quorum) -> dict[str, int]:
    """The quorum as it is counted: so many of each party (`runbooks.quorums`)."""
    return {
        any_of(asked) if isinstance(asked, tuple) else key: (
            int(key.removesuffix("-of")) if isinstance(asked, tuple) else asked
        )
        for key, asked in quorum.items()
    }


def people(quorum: Quorum) -> int:
    """How many people a quorum needs."""
    return sum(counted(quorum).values())
