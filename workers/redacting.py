"""An export for somebody who may not see everything, or of a case that was erased."""

from datetime import datetime
from pathlib import Path

from audit.errors import ExportRefusedError
from audit.export import Seal
from audit.redacted.bundle import write_redacted
from audit.redacted.fields import FieldClass, class_of
from audit.redacted.gathering import gather_redacted
from audit.redacted.opening import Shows
from audit.redacted.readers import EVERYTHING, Readers, read_readers, shipped
from cases.journal import Kind
from cases.state import CasePicture
from gateway.access import Look, may
from gateway.shelf import Shelf
from gateway.sight import hidden_rounds
from store import CaseRow
from workers.house import House
from workers.processes import doors_of

_NOWHERE = "127.0.0.1:7233"
_OF_VOTES = frozenset({Kind.VOTE_CAST, Kind.VOTE_WITHDRAWN})


async def export_redacted(
    home: House,
    case: CaseRow,
    *,
    reader: str,
    seal: Seal,
    out: Path,
    at: datetime,
    version: str,
) -> Path:
    """The bundle is at `out`; ExportRefusedError where nobody of that name is known.

    `reader` is a role, or a person of the directory; empty: whoever sees everything that is left.
    """
    shows = await shown_to(home, case, reader) if reader else _everything
    record = await gather_redacted(home.store, case.id, shows=shows)
    return write_redacted(
        record,
        case=case.id,
        number=case.number,
        reader=reader,
        seal=seal,
        out=out,
        at=at,
        version=version,
    )


async def shown_to(home: House, case: CaseRow, reader: str) -> Shows:
    """Which fields that role, or that person, may see."""
    table = readers_of(home)
    people = await home.directory.snapshot()
    person = people.find(reader)
    if person is None:
        known = {role for each in people.people for role in each.roles} | set(table.table.roles)
        if reader not in known:
            raise ExportRefusedError(f"{reader} is neither a role nor a person here")
        return _of(table.of_role(reader))
    view = await home.store.views.get(case.id)
    if view is None:
        return _of(table.of_person(person.roles, sees_case=False))
    state = CasePicture.of(view.state)
    shelved = await Shelf(home.store).by_digest(state.digest)
    # No act is delivered from here: the doors are only asked what they would say.
    doors = await doors_of(home, home.settings.engine.address or _NOWHERE)
    sees = await may(doors, person.id, Look.READ, case.id)
    classes = table.of_person(person.roles, sees_case=sees.allowed)
    if hidden_rounds(state, shelved.pathway, person=person.id):
        # While a vote is blind to this person, no verdict of the case leaves in their export.
        return lambda kind, path: kind not in _OF_VOTES and class_of(kind, path) in classes
    return _of(classes)


def readers_of(home: House) -> Readers:
    """The table of this installation."""
    file = home.settings.keeping.readers_file
    return shipped() if file is None else read_readers(file.read_bytes(), file=file.name)


def _of(classes: frozenset[FieldClass]) -> Shows:
    return lambda kind, path: class_of(kind, path) in classes


def _everything(kind: Kind, path: str) -> bool:
    return class_of(kind, path) in EVERYTHING
