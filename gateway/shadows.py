"""Shadow cases beside today's process, out of what the store knows of them."""

from datetime import datetime
from typing import Any

from cases.journal import Stream
from gateway.casework import OpenCase, every_line, find_case
from gateway.doors import Doors
from gateway.shadow_words import Part, parts
from gateway.times import Show
from gateway.web import Viewer
from insights.comparison import Comparison
from insights.shadow import compare
from store import CaseFilter


async def compared(doors: Doors, case: OpenCase) -> Comparison:
    """The shadow case as it stands, compared."""
    journal = doors.store.journal
    return compare(
        case.state,
        await journal.entries(case.row.id, stream=Stream.CASE),
        case.pathway,
        door=await journal.entries(case.row.id, stream=Stream.DOOR),
        now=case.now,
    )


async def beside_today(doors: Doors, case: OpenCase, *, show: Show) -> list[Part]:
    """The comparison for a page, in the reader's time; nothing while the case is open."""
    if not case.state.shadow or not case.state.closed:
        return []
    return parts(await compared(doors, case), at=show.text)


async def comparison_told(doors: Doors, case: OpenCase) -> dict[str, Any] | None:
    """The comparison as JSON; None while the case is open, or where it is no shadow."""
    if not case.state.shadow or not case.state.closed:
        return None
    return (await compared(doors, case)).model_dump(mode="json")


async def all_compared(
    doors: Doors, viewer: Viewer, *, runbook: str | None, since: datetime | None
) -> list[Comparison]:
    """Every shadow case the person may see, opened since then; open ones as they stand."""
    found: list[Comparison] = []
    async for line in every_line(doors, CaseFilter(shadow=True, runbook=runbook)):
        if since is not None and line.opened_at < since:
            continue
        case = await find_case(doors, line.number, person=viewer.id, roles=viewer.roles)
        if case is not None:
            found.append(await compared(doors, case))
    return found
