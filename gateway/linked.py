"""The cases that belong with one case, both ways, and only those that the viewer may see."""

from dataclasses import dataclass

from cases.acts_between_cases import OTHER_WAY, LinkKind
from cases.linking import KINDS
from cases.state import CasePicture
from gateway.access import Look, asking, judged
from gateway.doors import Doors
from store import CaseView
from store.cases import ENDED

_WORDS = {
    LinkKind.RELATED: "related to",
    LinkKind.DUPLICATE: "the same matter as",
    LinkKind.CAUSED_BY: "caused by",
    LinkKind.CAUSES: "the cause of",
    LinkKind.SUB_CASE: "has the sub-case",
    LinkKind.PART_OF: "a sub-case of",
}


@dataclass(frozen=True)
class LinkShown:
    """One link, as it reads from this case."""

    number: str
    kind: str
    says: str
    status: str
    own: bool
    """It was set on this case, and can be taken away here."""


async def links_of(
    doors: Doors, state: CasePicture, *, person: str, roles: frozenset[str]
) -> list[LinkShown]:
    """Every link of the case, set here or there, whose other end the person may see."""
    found = {(link.number, link.why): True for link in state.links}
    for number, kind in await doors.store.views.linked_to(state.number):
        if kind in KINDS:
            found.setdefault((number, OTHER_WAY[LinkKind(kind)].value), False)
    shown = []
    for (number, kind), own in found.items():
        view = await doors.store.views.by_number(number)
        if view is not None and await _seen(doors, view, person=person, roles=roles):
            says = _WORDS[LinkKind(kind)] if kind in KINDS else kind.replace("-", " ")
            shown.append(LinkShown(number, kind, says, view.line.status, own))
    return shown


async def unseen(
    doors: Doors, state: CasePicture, *, person: str, roles: frozenset[str]
) -> frozenset[str]:
    """The numbers of cases that this one names and the person may not see."""
    named = {link.number for link in state.links} | {item.number for item in state.taken_in}
    named |= {state.merged.number} if state.merged is not None else set()
    hidden = set()
    for number in named:
        view = await doors.store.views.by_number(number)
        if view is not None and not await _seen(doors, view, person=person, roles=roles):
            hidden.add(number)
    return frozenset(hidden)


async def open_sub_cases(doors: Doors, state: CasePicture) -> list[str]:
    """The numbers of the case's sub-cases that have not ended."""
    rows = [
        await doors.store.cases.by_number(link.number)
        for link in state.links
        if link.why == LinkKind.SUB_CASE
    ]
    return [row.number for row in rows if row is not None and row.status not in ENDED]


MOST_BELOW = 100
"""Cases that one act cancels together: more is a slip, and cancelled in parts."""


async def below(doors: Doors, state: CasePicture) -> list[CaseView]:
    """The open sub-cases of the case, and theirs, at whatever distance: the deepest first."""
    found: dict[str, CaseView] = {}

    async def go(of: CasePicture) -> None:
        for number in await open_sub_cases(doors, of):
            view = await doors.store.views.by_number(number)
            if view is None or view.line.case in found or view.line.case == state.case:
                continue
            await go(CasePicture.of(view.state))
            found[view.line.case] = view

    await go(state)
    return list(found.values())


async def is_above(doors: Doors, number: str, *, of: str) -> bool:
    """Whether the case is what `of` is a sub-case of, at whatever distance."""
    seen: set[str] = set()
    waiting = [of]
    while waiting:
        for parent, kind in await doors.store.views.linked_to(waiting.pop()):
            if kind == LinkKind.SUB_CASE and parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    return number in seen


async def _seen(doors: Doors, view: CaseView, *, person: str, roles: frozenset[str]) -> bool:
    state = CasePicture.of(view.state)
    shelved = await doors.shelf.by_digest(state.digest)
    who = await asking(doors, person, roles=roles)
    return judged(doors, who, Look.READ, state, shelved.pathway).allowed
