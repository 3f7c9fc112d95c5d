"""What the answers of a runbook mean to the law, in the words its rows are written in."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from runbooks.grammar.base import Name, Strict, refuse
from runbooks.grammar.cells import AnyCell, as_cell
from runbooks.statutes.vocabulary import Age, CaseClass, Fact, Paper, Party, Place, Scope
from runbooks.tables import said


class LawRow(Strict):
    """What holds of a case where the answers match; without `if` it always does."""

    if_: Annotated[dict[Name, AnyCell], Field(min_length=1)] | None = None
    class_: tuple[CaseClass, ...] = ()
    paper: tuple[Paper, ...] = ()
    fact: tuple[Fact, ...] = ()
    age: Age | None = None
    out_of_scope: tuple[Scope, ...] = ()
    """What we are not in this case; everything else we are taken to be."""
    place: dict[Party, tuple[Place, ...]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set - {"if_"}:
            refuse("RB011", "one of `class`, `paper`, `fact`, `age`, `out-of-scope`, `place`")
        return self

    @property
    def looks_for(self) -> tuple[str, ...]:
        """The answers it looks for, in words; empty: it always holds."""
        return tuple(f"{name} {said(as_cell(cell))}" for name, cell in (self.if_ or {}).items())

    @property
    def means(self) -> tuple[str, ...]:
        """What then holds, in the law's words."""
        parts = [str(word) for words in (self.class_, self.paper, self.fact) for word in words]
        parts += [f"age {self.age}"] if self.age else []
        parts += [f"not {scope}" for scope in self.out_of_scope]
        parts += [f"{party} in {place}" for party, where in self.place.items() for place in where]
        return tuple(parts)
