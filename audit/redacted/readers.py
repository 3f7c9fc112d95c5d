"""Which classes of data somebody gets who is handed an export: a table as data."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from audit.redacted.fields import FieldClass
from runbooks.grammar.base import Name, Strict, Version
from runbooks.reading import read_model

EVERYTHING = frozenset(FieldClass)
_OF_THE_CASE = frozenset({FieldClass.CONTENT, FieldClass.EVIDENCE})
"""What only somebody gets who may see the case itself."""


class ReadersTable(Strict):
    """The table as it is written."""

    readers: Name
    version: Version
    otherwise: tuple[FieldClass, ...]
    roles: dict[Name, tuple[FieldClass, ...]]


@dataclass(frozen=True)
class Readers:
    """Who gets what."""

    table: ReadersTable

    def of_role(self, role: str) -> frozenset[FieldClass]:
        """What somebody in that role gets."""
        return frozenset(self.table.roles.get(role, self.table.otherwise))

    def of_person(self, roles: Iterable[str], *, sees_case: bool) -> frozenset[FieldClass]:
        """What somebody with these roles gets; of a case they may not see, only what it proves."""
        every = frozenset(self.table.otherwise).union(*(self.of_role(role) for role in roles))
        return every if sees_case else every - _OF_THE_CASE


def read_readers(text: bytes, *, file: str) -> Readers:
    """The table; an error of the runbook language where it does not hold together."""
    table, _ = read_model(ReadersTable, text, file=file)
    return Readers(table=table)


@cache
def shipped() -> Readers:
    """The table that ships."""
    text = files("audit.redacted").joinpath("readers.yaml").read_bytes()
    return read_readers(text, file="readers.yaml")
