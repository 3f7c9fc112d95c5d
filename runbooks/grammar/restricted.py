"""Classes of case that need a clearance, as they are written."""

from typing import Annotated, Self

from pydantic import Field, StrictStr, model_validator

from runbooks.grammar.base import Name, Prose, Strict, refuse


class ClassRule(Strict):
    """Which cases are of the class, and which roles are cleared for it."""

    says: Prose
    runbooks: tuple[Name, ...] = ()
    answers: dict[Name, Annotated[tuple[StrictStr, ...], Field(min_length=1)]] = Field(
        default_factory=dict
    )
    """Questions of intake, and the answers that put a case into the class."""
    cleared: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _fits_something(self) -> Self:
        if not self.runbooks and not self.answers:
            refuse("RB017", "`runbooks` or `answers`: else no case is of this class")
        return self


class Apart(Strict):
    """Answers that are kept apart inside a restricted case, by whose they are."""

    authority_contact: tuple[Name, ...] = ()
    victim: tuple[Name, ...] = ()


class ClassesDocument(Strict):
    """Every class, in the order in which they are asked."""

    apart: Apart = Field(default_factory=Apart)
    classes: dict[Name, ClassRule]
