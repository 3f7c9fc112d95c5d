"""The case page's part about what is owed after closing: one line and two forms an obligation."""

import dataclasses
from typing import Any

from gateway.casework import OpenCase
from gateway.doors import Doors
from gateway.form_content import ActForm, Field
from gateway.owed import OwedLine, owed_of
from gateway.times import Show


async def owed_in(doors: Doors, case: OpenCase) -> list[OwedLine]:
    """What the case owes after closing, and the interim rules it has issued; else nothing."""
    if not (case.state.closed or case.state.rules):
        return []
    return await owed_of(doors, case.row.id, case.pathway, roles=case.roles)


async def owed_lines(doors: Doors, case: OpenCase, *, show: Show) -> list[dict[str, Any]]:
    """Every obligation of the case as the page shows it, with what the viewer may do about it."""
    return [
        {
            **line.model_dump(),
            "due": dataclasses.replace(show, now=line.as_of).due(line.due_at),
            "open": line.open,
            "settled": [
                {**answer.model_dump(), "label": answer.answer.replace("-", " ")}
                for answer in line.settled
            ],
            "forms": forms_of_owed(line, show) if line.role else [],
        }
        for line in await owed_in(doors, case)
    ]


def forms_of_owed(line: OwedLine, show: Show) -> list[ActForm]:
    """How it is settled, and how it is extended."""
    where = (
        Field("obligation", kind="hidden", value=line.name),
        Field("turn", kind="hidden", value=str(line.turn)),
    )
    latest = show.text(line.latest) if line.latest is not None else ""
    settle = ActForm(
        verb="settle",
        title="Settle",
        role=line.role,
        fields=(
            *where,
            Field("reference", "Receipt: where it can be seen"),
            Field("note", "What you found or did, and why", "prose"),
        ),
        buttons=tuple(
            (answer.name, answer.label, not answer.needs_note or answer.receipt)
            for answer in line.answers
        ),
    )
    extend = ActForm(
        verb="extend",
        title="Extend",
        role=line.role,
        fields=(
            *where,
            Field(
                "until",
                f"Due instead (your local time, at the latest {latest})",
                "datetime-local",
                required=True,
            ),
            Field("reason", "Why", "prose", required=True),
        ),
        buttons=(("", "Extend", False),),
    )
    return [settle, extend] if line.latest is not None else [settle]
