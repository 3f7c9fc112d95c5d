"""May this person do this? The one place where doors ask it, by the policies of the installation.

Facts come from the store's picture of the case and from the directory; the engine behind
`doors.access` decides by policies alone. Codec server, exports and pages ask `may`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TypedDict, Unpack

from cases.relations import Relation, bars_at, relations_of
from cases.state import CasePicture, CaseState
from gateway.covering import NOBODY_ELSE, Standing, standing_of
from gateway.doors import Doors
from gateway.openings import Openings, cases_of, openings_of
from gateway.reports import salted
from integrations.ports.access import (
    Apart,
    Circumstances,
    Decision,
    Kind,
    Look,
    Principal,
    Resource,
)
from integrations.ports.directory import DirectorySnapshot
from runbooks.plan import Assurance, Pathway

LEVELS = {Assurance.L0: 0, Assurance.L1: 1, Assurance.L2: 2, Assurance.L3: 3}


@dataclass(frozen=True)
class Asking:
    """Somebody who asks, with everything the directory says of them."""

    principal: Principal
    standing: Standing = NOBODY_ELSE
    """Their other accounts, and the roles they may act in for somebody else."""
    lent: frozenset[str] = frozenset()
    """Roles of the one person in whose place they act now."""
    assurance: int = 1
    subjects: frozenset[str] = frozenset()
    """Salted digests of their own accounts on the platform, as a report says whom it is about."""
    close: frozenset[str] = frozenset()
    """The same of accounts of people close to them."""
    opened: frozenset[str] = field(default_factory=frozenset)
    """Cases they have open in an emergency."""
    granted: frozenset[str] = field(default_factory=frozenset)
    """Cases whose owner lets them read."""

    def with_open(self, openings: Openings) -> "Asking":
        """The same person, with what they have open besides."""
        return replace(
            self,
            opened=self.opened | cases_of(openings.emergencies),
            granted=self.granted | cases_of(openings.grants),
        )


async def asking(
    doors: Doors,
    person: str,
    *,
    roles: frozenset[str] | None = None,
    standing: Standing = NOBODY_ELSE,
    lent: frozenset[str] = frozenset(),
    assurance: Assurance = Assurance.L1,
    snapshot: DirectorySnapshot | None = None,
) -> Asking:
    """The person as the directory knows them now; nobody it does not know holds anything."""
    known = (snapshot or await doors.directory.snapshot()).find(person)
    held = roles if roles is not None else known.roles if known is not None else frozenset()
    named = known.clearances if known is not None else frozenset()
    own = known.platform_accounts if known is not None else frozenset()
    close = known.close_accounts if known is not None else frozenset()
    salt = (await doors.store.vault.installation()).salt if own or close else b""
    return Asking(
        principal=Principal(
            id=person, roles=held, clearances=named | doors.access.clearances(held)
        ),
        standing=standing,
        lent=lent,
        assurance=LEVELS[assurance],
        subjects=frozenset(salted(salt, name.encode()) for name in own),
        close=frozenset(salted(salt, name.encode()) for name in close),
    )


class More(TypedDict, total=False):
    """What else may stand between the person and the case."""

    apart: Apart | None
    gate: str
    """Where they would decide."""
    names: Iterable[str]
    """Every name that their act would be bound to."""
    delegate: bool
    principal_cleared: bool
    also: frozenset[str]
    """What stands against them besides what the gate's rule says."""


@dataclass(frozen=True)
class Question:
    """What is asked of the policies, with every fact that the answer can rest on."""

    person: Principal
    action: str
    resource: Resource
    context: Circumstances


def judged(
    doors: Doors, who: Asking, action: str, state: CaseState, pathway: Pathway, **more: Unpack[More]
) -> Decision:
    """What the policies say of that person and this case, as the store last knew it."""
    asked = question(doors, who, action, state, pathway, **more)
    return doors.access.may(asked.person, asked.action, asked.resource, asked.context)


def question(
    doors: Doors, who: Asking, action: str, state: CaseState, pathway: Pathway, **more: Unpack[More]
) -> Question:
    """The facts, gathered; nothing is decided."""
    relations = relations_of(
        state,
        pathway,
        person=who.principal.id,
        roles=who.principal.roles | who.standing.roles | who.lent,
    )
    about = state.report.subject_ref
    if about is not None and about in who.subjects:
        relations |= {Relation.SUBJECT.value}
    if about is not None and about in who.close:
        relations |= {Relation.RELATIVE.value}
    if state.case in who.granted:
        relations |= {Relation.GRANTED.value}
    delegate = more.get("delegate", False)
    names = {who.principal.id, *who.standing.accounts, *more.get("names", ())}
    gate = more.get("gate", "")
    bars = bars_at(state, pathway, gate=gate, names=names, delegate=delegate)
    return Question(
        person=who.principal,
        action=action,
        resource=resource_of(doors, state, pathway, apart=more.get("apart")),
        context=Circumstances(
            relations=relations,
            bars=bars | more.get("also", frozenset()),
            assurance=who.assurance,
            glass=state.case in who.opened,
            delegate=delegate,
            principal_cleared=more.get("principal_cleared", True),
        ),
    )


def resource_of(
    doors: Doors, state: CaseState, pathway: Pathway, *, apart: Apart | None = None
) -> Resource:
    """The case, or what is kept apart in it, as policies see it."""
    return Resource(
        kind=Kind.CASE if apart is None else Kind.FIELD,
        id=state.case,
        case_class=class_of(doors, state),
        need_to_know=pathway.need_to_know,
        stage=state.stage or "",
        ended=state.closed,
        name=apart.value if apart is not None else "",
    )


def class_of(doors: Doors, state: CaseState) -> str:
    """The restricted class of the case; empty for an ordinary one."""
    answers = {name: given.value for name, given in state.answers.items()}
    return doors.access.case_class(state.runbook, answers)


async def looking(
    doors: Doors,
    who: Asking,
    action: str,
    state: CaseState,
    pathway: Pathway,
    *,
    apart: Apart | None = None,
    known: Openings | None = None,
) -> Decision:
    """As `judged`, of somebody who may have the case open for a time; `known` is all they have."""
    decision = judged(doors, who, action, state, pathway, apart=apart)
    if decision.allowed:
        return decision
    openings = await openings_of(doors, who.principal.id, state.case, known=known)
    if not openings.emergencies and not openings.grants:
        return decision
    return judged(doors, who.with_open(openings), action, state, pathway, apart=apart)


def kept_apart(doors: Doors, who: Asking, state: CaseState, pathway: Pathway) -> frozenset[Apart]:
    """What inside the case the person does not read, though they read the case."""
    return frozenset(
        each
        for each in Apart
        if not judged(doors, who, Look.READ_FIELD, state, pathway, apart=each).allowed
    )


async def may(
    doors: Doors,
    person: str,
    action: str,
    case: str,
    *,
    apart: Apart | None = None,
    assurance: Assurance = Assurance.L1,
) -> Decision:
    """Whether the person may do that to the case of this id, with the policies that say so.

    `action` is one of `Look`, or the verb of an act. A case that has not begun is nobody's.
    """
    view = await doors.store.views.get(case)
    if view is None:
        return Decision(allowed=False, digest=doors.access.digest)
    state = CasePicture.of(view.state)
    shelved = await doors.shelf.by_digest(state.digest)
    at = await doors.clock.now(case)
    known = await doors.directory.snapshot()
    standing = await standing_of(doors, person, at=at, runbook=state.runbook, snapshot=known)
    who = await asking(doors, person, standing=standing, assurance=assurance, snapshot=known)
    return await looking(doors, who, action, state, shelved.pathway, apart=apart)


__all__ = [
    "Apart",
    "Asking",
    "Decision",
    "Look",
    "asking",
    "class_of",
    "judged",
    "kept_apart",
    "looking",
    "may",
    "question",
]
