"""An authority's form: its fields, the rules between them, and whether a machine can hand it in."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from runbooks.forms.field import Field, Filled

Across = Callable[[Mapping[str, Filled]], Iterator[tuple[str, str]]]
"""A rule between fields: the field at fault, and what is wrong with it."""


@dataclass(frozen=True)
class Fault:
    """What is missing in a field, or wrong with it."""

    field: str
    what: str


@dataclass(frozen=True)
class Form:
    """One form, in one version of its rules."""

    name: str
    version: int
    title: str
    receiver: str
    law: str
    mark: str
    """How well its rules were read: V, S, K or L."""
    fields: tuple[Field, ...]
    across: Across | None = None
    submitted: bool = False
    """Whether there is a connector that hands it in; otherwise a person always does."""

    @property
    def by_name(self) -> dict[str, Field]:
        """Its fields by their names."""
        return {field.name: field for field in self.fields}

    def fill(self, said: Mapping[str, str]) -> tuple[dict[str, Filled], list[Fault]]:
        """What of the form can be filled in from what the case says, and every fault left.

        A field that does not belong, as another one says, is left out whatever is said of it.
        """
        filled: dict[str, Filled] = {}
        faults: list[Fault] = []
        for field in self.fields:
            if field.only is not None and not field.only.holds(filled):
                continue
            text = said.get(field.name, "")
            if not text.strip():
                if field.required:
                    faults.append(Fault(field.name, "is missing"))
                continue
            try:
                filled[field.name] = field.read(text)
            except ValueError as error:
                faults.append(Fault(field.name, str(error)))
        if self.across is not None:
            faulty = {fault.field for fault in faults}
            faults += [
                Fault(name, what) for name, what in self.across(filled) if name not in faulty
            ]
        return filled, faults
