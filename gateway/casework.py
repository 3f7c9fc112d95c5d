"""A case as the store last knew it, with its pinned runbook: what every page starts from."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from cases.acts import DECIDED_VERBS
from cases.correction import can_be_revoked
from cases.gate import Round
from cases.independence import kept_out
from cases.objection import can_be_disputed
from cases.permissions import Allowed, Waiting, allowed_acts, next_step, view_of, waiting_on
from cases.state import CasePicture
from gateway.access import (
    Apart,
    Asking,
    Decision,
    Look,
    asking,
    kept_apart,
    looking,
)
from gateway.covering import NOBODY_ELSE, Standing, standing_of
from gateway.doors import Doors
from gateway.linked import unseen
from gateway.openings import Openings, openings_of
from gateway.shelf import Shelved
from gateway.sight import ALWAYS, blinded, hidden_rounds, without_apart, without_cases
from integrations.ports.access import EMERGENCY, GRANTED
from integrations.ports.directory import Absence, DirectorySnapshot
from runbooks.plan import EffectPlan, GateRule, Pathway
from store import (
    CaseFilter,
    CaseLine,
    CaseRow,
    CaseView,
    ContentErased,
    Emergency,
    Grant,
    Seen,
)


@dataclass(frozen=True)
class OpenCase:
    """One case in front of one person."""

    row: CaseRow
    state: CasePicture
    """As this person may see it."""
    shelved: Shelved
    as_of: datetime
    sequence: int
    """The journal entry the picture goes up to."""
    now: datetime
    person: str
    roles: frozenset[str]
    hidden: frozenset[tuple[str, int]]
    standing: Standing = NOBODY_ELSE
    """Their other accounts, and in whose place they may act."""
    unseen: frozenset[str] = frozenset()
    """Numbers of cases that the record names and this person may not see."""
    apart: frozenset[Apart] = frozenset()
    """What of a restricted case is kept apart from this reader."""
    emergency: Emergency | None = None
    """By which they read it, where they have nothing else to do with it: they may not act."""
    grant: Grant | None = None
    """As `emergency`, where the case's owner lets them."""

    @property
    def pathway(self) -> Pathway:
        """The rules the case runs by."""
        return self.shelved.pathway

    def rule(self, gate: str) -> GateRule | None:
        """The gate's rule."""
        return next((stage.gate for stage in self.pathway.stages if stage.name == gate), None)

    def effect_plan(self, name: str) -> EffectPlan | None:
        """The plan of the effect called `name`."""
        return next((plan for plan in self.pathway.effects if plan.name == name), None)

    def round_for(self, verb: str, gate: str) -> Round | None:
        """The round an act of that verb is about: the open one, or a decided one it doubts."""
        asked = self.state.open_round(gate)
        if (asked is not None and verb != "revoke") or verb not in DECIDED_VERBS:
            return asked
        file = view_of(self.state, self.pathway)
        can_be = can_be_revoked if verb == "revoke" else can_be_disputed
        return next(
            (
                round_
                for round_ in self.state.rounds
                if round_.gate == gate and can_be(file, round_)
            ),
            None,
        )

    def title_of(self, stage: str) -> str:
        """How the runbook calls a stage."""
        for plan in self.pathway.stages:
            if plan.name == stage:
                return plan.title or plan.name.replace("-", " ")
        return stage

    def kept_out(self, stage: str) -> bool:
        """Whether the person decided the matter before and has no part in that stage."""
        file = view_of(self.state, self.pathway)
        plan = next((plan for plan in self.pathway.stages if plan.name == stage), None)
        return plan is not None and self.person in kept_out(file, plan)

    def allowed(self) -> list[Allowed]:
        """Every act this person may do now."""
        if self.emergency is not None or self.grant is not None:
            return []
        return allowed_acts(
            self.state,
            self.pathway,
            person=self.person,
            roles=self.roles,
            at=self.now,
            accounts=self.standing.accounts,
            places=self.standing.places,
        )

    def waiting(self) -> list[Waiting]:
        """Who owes what by when."""
        return waiting_on(self.state, self.pathway, at=self.now)

    def next_step(self) -> str:
        """What has to happen for the case to go on."""
        return next_step(self.state, self.pathway, at=self.now)


_PAGE = 200


async def every_line(doors: Doors, which: CaseFilter) -> AsyncIterator[CaseLine]:
    """Every case that the filter lets through, read page by page."""
    offset = 0
    while True:
        page = which.model_copy(update={"limit": _PAGE, "offset": offset})
        lines = await doors.store.views.list(page)
        for line in lines:
            yield line
        if len(lines) < _PAGE:
            return
        offset += _PAGE


_FOR_A_TIME = frozenset({EMERGENCY, GRANTED})


@dataclass(frozen=True)
class Answer:
    """Whether somebody may read a case, with what was gathered to say so."""

    who: Asking
    state: CasePicture
    shelved: Shelved
    now: datetime
    decision: Decision

    @property
    def recorded(self) -> bool:
        """Whether the answer goes on record: the case is restricted, or open only for a time."""
        return self.decision.restricted or not _FOR_A_TIME.isdisjoint(self.decision.policies)

    def seen(self, look: Look) -> Seen:
        """The answer as it goes on record."""
        return Seen(
            case=self.state.case,
            person=self.who.principal.id,
            action=look.value,
            allowed=self.decision.allowed,
            policies=self.decision.policies,
            digest=self.decision.digest,
            at=self.now,
        )


@dataclass(frozen=True)
class Around:
    """What is the same for every case that one person asks about at once."""

    snapshot: DirectorySnapshot
    absences: tuple[Absence, ...] | None = None
    openings: Openings | None = None


async def may_read(
    doors: Doors,
    view: CaseView,
    *,
    person: str,
    roles: frozenset[str],
    around: Around | None = None,
) -> Answer:
    """The policies' answer to whether the person may read the case; nothing is recorded."""
    state = CasePicture.of(view.state)
    shelved = await doors.shelf.by_digest(state.digest)
    now = await doors.clock.now(state.case)
    if around is None:
        around = Around(await doors.directory.snapshot())
    known = around.snapshot
    standing = await standing_of(
        doors,
        person,
        at=now,
        runbook=state.runbook,
        snapshot=known,
        absences=around.absences,
    )
    who = await asking(doors, person, roles=roles, standing=standing, snapshot=known)
    decision = await looking(doors, who, Look.READ, state, shelved.pathway, known=around.openings)
    return Answer(who=who, state=state, shelved=shelved, now=now, decision=decision)


async def open_case(
    doors: Doors, view: CaseView, *, person: str, roles: frozenset[str]
) -> OpenCase | None:
    """The case in front of the person; None when no policy lets them read it.

    A look at a restricted case is on record before anything of it is shown.
    """
    answer = await may_read(doors, view, person=person, roles=roles)
    if answer.recorded:
        await doors.store.looks.note([answer.seen(Look.READ)])
    return await opened(doors, view, answer) if answer.decision.allowed else None


async def opened(doors: Doors, view: CaseView, answer: Answer) -> OpenCase:
    """The case as the person of the answer may see it."""
    person, roles = answer.who.principal.id, answer.who.principal.roles
    state, shelved = answer.state, answer.shelved
    apart: frozenset[Apart] = frozenset()
    if answer.decision.restricted:
        apart = kept_apart(doors, answer.who, state, shelved.pathway)
    hidden = await unseen(doors, state, person=person, roles=roles)
    opened_by = Openings()
    if not _FOR_A_TIME.isdisjoint(answer.decision.policies):
        opened_by = await openings_of(doors, person, state.case)
    return OpenCase(
        row=await doors.store.cases.get(state.case),
        state=without_apart(
            without_cases(blinded(state, shelved.pathway, person=person), hidden),
            apart,
            {each: doors.access.answers_of(each) for each in apart},
        ),
        shelved=shelved,
        as_of=view.line.as_of,
        sequence=view.line.sequence,
        now=answer.now,
        person=person,
        roles=roles,
        hidden=hidden_rounds(state, shelved.pathway, person=person),
        standing=answer.who.standing,
        unseen=hidden,
        apart=apart,
        emergency=opened_by.emergency,
        grant=opened_by.grant,
    )


def knows_erased(doors: Doors, roles: frozenset[str]) -> bool:
    """Whether somebody with these roles hears that a case was erased, not that there is none."""
    return doors.settings.keepers.knows(roles) or bool(roles & ALWAYS)


async def find_case(
    doors: Doors, number: str, *, person: str, roles: frozenset[str]
) -> OpenCase | None:
    """The case of that number, if there is one and the person may see it.

    ContentErased, for those who may know of it, when it was erased.
    """
    view = await doors.store.views.by_number(number)
    if view is None:
        row = await doors.store.cases.by_number(number)
        if row is not None and row.erased and knows_erased(doors, roles):
            raise ContentErased(row.id)
        return None
    return await open_case(doors, view, person=person, roles=roles)


async def read_by(doors: Doors, case: OpenCase, person: str) -> None:
    """The person has the case before them, by whatever door: their notices of it have been read.

    Whoever has read is not told again on another channel.
    """
    await doors.store.notices.read(case.row.id, recipient=person, at=case.now)
