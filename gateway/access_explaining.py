"""Which policy lets a person do something, or keeps them from it: asked, and nothing is done."""

from cases.acts import VERBS
from cases.journal import Kind, Stream
from cases.state import CasePicture
from cases.values import Value
from gateway.access import asking, question
from gateway.covering import standing_of
from gateway.doors import Doors
from gateway.openings import openings_of
from gateway.phrases import title
from gateway.wording import Wording
from integrations.ports.access import GRANT, OPEN_IN_EMERGENCY, Look
from runbooks.plan import Assurance
from store import CaseView

ACTIONS: tuple[str, ...] = (*(look.value for look in Look), *VERBS, OPEN_IN_EMERGENCY, GRANT)
"""What can be asked about."""

NO_SUCH_ACTION = Wording(
    "There is no such action.",
    "`read`, `list`, `decode`, `export`, `open-in-emergency`, `grant-access`, or an act's verb.",
)
NO_SUCH_LEVEL = Wording("There is no such level of proof.", "One of: L0, L1, L2, L3.")
NOBODY = Wording("The directory knows nobody of that name.", "Use the id they log in with.")

PROBLEMS: dict[str, Wording] = {
    "access-action": NO_SUCH_ACTION,
    "access-level": NO_SUCH_LEVEL,
    "access-person": NOBODY,
}
"""By the name `docs/errors.md` gives them."""

LET_IN = frozenset({Kind.LOOK_ALLOWED, Kind.LOOK_REPEATED, Kind.ACT_ALLOWED})
"""That somebody did what they may; only a reader of the access log wants to know."""

RECORDED = frozenset(kind for kind in Kind if kind.value.startswith("access:"))
"""What the access log of a case consists of."""


class Explained(Value):
    """The answer, with every fact it rests on."""

    person: str
    action: str
    case: str
    allowed: bool
    policies: tuple[str, ...]
    says: tuple[str, ...]
    reason: str
    digest: str
    case_class: str
    need_to_know: bool
    roles: tuple[str, ...]
    clearances: tuple[str, ...]
    relations: tuple[str, ...]
    against: tuple[str, ...]
    """What the runbook itself says against them."""
    assurance: str
    emergency_until: str | None = None
    granted_until: str | None = None
    granted_by: str | None = None


async def explain_access(
    doors: Doors,
    view: CaseView,
    *,
    person: str,
    action: str,
    gate: str = "",
    assurance: Assurance = Assurance.L1,
) -> Explained | None:
    """What the policies would say now; None where the directory knows nobody of that name."""
    snapshot = await doors.directory.snapshot()
    if snapshot.find(person) is None:
        return None
    state = CasePicture.of(view.state)
    shelved = await doors.shelf.by_digest(state.digest)
    at = await doors.clock.now(state.case)
    standing = await standing_of(doors, person, at=at, runbook=state.runbook, snapshot=snapshot)
    who = await asking(doors, person, standing=standing, assurance=assurance, snapshot=snapshot)
    openings = await openings_of(doors, person, state.case)
    asked = question(
        doors,
        who.with_open(openings),
        action,
        state,
        shelved.pathway,
        gate=gate or (state.stage or ""),
    )
    decision = doors.access.may(asked.person, asked.action, asked.resource, asked.context)
    opened, granted = openings.emergency, openings.grant
    return Explained(
        person=person,
        action=action,
        case=state.number,
        allowed=decision.allowed,
        policies=decision.policies,
        says=decision.says,
        reason=decision.reason,
        digest=decision.digest,
        case_class=asked.resource.case_class,
        need_to_know=asked.resource.need_to_know,
        roles=tuple(sorted(asked.person.roles)),
        clearances=tuple(sorted(asked.person.clearances)),
        relations=tuple(sorted(asked.context.relations)),
        against=tuple(sorted(asked.context.bars)),
        assurance=assurance.value,
        emergency_until=opened.until.isoformat() if opened is not None else None,
        granted_until=granted.until.isoformat() if granted and granted.until else None,
        granted_by=granted.answered_by if granted is not None else None,
    )


def in_sentences(explained: Explained) -> list[str]:
    """The answer first, then what it rests on."""
    verdict = "may" if explained.allowed else "may not"
    lines = [f"{explained.person} {verdict} `{explained.action}` on case {explained.case}."]
    lines += [
        f"{policy}: {says}."
        for policy, says in zip(explained.policies, explained.says, strict=True)
    ]
    if not explained.policies:
        lines.append("No policy permits it: ask an incident manager to assign the case to them.")
    lines.append(f"Their roles: {', '.join(explained.roles) or 'none'}.")
    lines.append(f"To this case they are: {', '.join(explained.relations) or 'nothing'}.")
    if explained.against:
        lines.append(f"The runbook says against them: {', '.join(explained.against)}.")
    if explained.case_class:
        cleared = "cleared" if explained.case_class in explained.clearances else "not cleared"
        lines.append(f"The case is of class {explained.case_class}; they are {cleared} for it.")
    if explained.emergency_until is not None:
        lines.append(f"They have it open in an emergency until {explained.emergency_until}.")
    if explained.granted_until is not None:
        lines.append(f"{explained.granted_by} lets them read it until {explained.granted_until}.")
    return lines


async def access_log(doors: Doors, case: str) -> list[dict[str, object]]:
    """Who was let in or kept out, by which policy, oldest first."""
    entries = await doors.store.journal.entries(case, stream=Stream.DOOR)
    return [
        {
            "at": entry.at.isoformat(),
            "sequence": entry.sequence,
            "kind": entry.kind.value,
            "title": title(entry.kind),
            **entry.body,
        }
        for entry in entries
        if entry.kind in RECORDED
    ]
