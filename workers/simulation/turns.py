"""What happens to a case now and then, once: a second report, late evidence, a conflict, a hold."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cases.acts import (
    Acknowledge,
    Assign,
    ChangeSeverity,
    Decide,
    Dissent,
    Evidence,
    Hold,
    Raise,
    Verdict,
)
from cases.acts_between_cases import Attach
from cases.file import INCIDENT_MANAGER
from cases.gate import Round, RoundKind, roles_of
from cases.records import StageVisit
from cases.report import Source
from cases.rules import all_roles, dissent_role
from cases.rules import view_of as file_of
from cases.state import CasePicture
from runbooks.plan import Severity, StageKind
from workers.simulation import words
from workers.simulation.people import Somebody
from workers.simulation.synthetic import KEPT_APART, MERGED
from workers.simulation.votes import eligible
from workers.simulation.wants import Body, Want
from workflows.messages import ReportReceived

if TYPE_CHECKING:
    from workers.simulation.cast import Cast

REVIEW = timedelta(hours=24)
EXECUTIVE = "executive"


def turns(cast: "Cast", picture: CasePicture, *, at: datetime) -> Iterator[Want]:
    """What the case's traits bring about where it stands."""
    del at
    visit = picture.current_visit()
    if visit is None:
        return
    traits = cast.habits.placed.case.traits
    for trait, turn in (
        ("duplicate", _duplicate),
        ("held", _held),
        ("severity-up", _up),
        ("severity-down", _down),
        ("raised", _raised),
        ("late-evidence", _evidence),
        (MERGED, _merged),
        (KEPT_APART, _kept_apart),
    ):
        if trait in traits:
            yield from turn(cast, picture, visit)
    round_ = picture.open_round(visit.stage)
    if round_ is None or round_.kind is not RoundKind.ASK:
        return
    for trait, at_gate in (
        ("acknowledged", _acknowledged),
        ("conflict", _conflict),
        ("stray", _stray),
        ("delegated", _delegated),
        ("dissent", _dissent),
    ):
        if trait in traits:
            yield from at_gate(cast, picture, round_)


def _duplicate(cast: "Cast", _: CasePicture, __: StageVisit) -> Iterator[Want]:
    """The same ticket is delivered again."""
    case = cast.habits.placed.case

    def again(at: datetime) -> ReportReceived:
        return ReportReceived(delivery=f"sim-{case.index}-again", source=Source.STANDARD, at=at)

    reporter = Somebody("reporter", "reporter", case.arrival.region)
    yield _once(cast, "duplicate", reporter, again, since=0)


def _held(cast: "Cast", _: CasePicture, visit: StageVisit) -> Iterator[Want]:
    if _first(cast, visit):
        return

    def hold(at: datetime) -> Hold:
        return Hold(reason=words.REASONS["hold"], review_at=at + REVIEW)

    yield from _by_manager(cast, "held", hold, visit)


def _up(cast: "Cast", picture: CasePicture, visit: StageVisit) -> Iterator[Want]:
    yield from _graded(cast, picture, visit, trait="severity-up", by=-1)


def _down(cast: "Cast", picture: CasePicture, visit: StageVisit) -> Iterator[Want]:
    yield from _graded(cast, picture, visit, trait="severity-down", by=1)


def _graded(
    cast: "Cast", picture: CasePicture, visit: StageVisit, *, trait: str, by: int
) -> Iterator[Want]:
    scale = list(Severity)
    to = scale.index(picture.severity.current) + by
    if _first(cast, visit) or not 0 <= to < len(scale):
        return
    body = ChangeSeverity(severity=scale[to], reason=words.REASONS["severity"])
    yield from _by_manager(cast, trait, lambda _: body, visit)


def _raised(cast: "Cast", _: CasePicture, visit: StageVisit) -> Iterator[Want]:
    roles = all_roles(cast.pathway)
    to = EXECUTIVE if EXECUTIVE in roles else roles[-1]
    if not _first(cast, visit):
        body = Raise(to=to, reason=words.REASONS["raise"])
        yield from _by_manager(cast, "raised", lambda _: body, visit)


def _evidence(cast: "Cast", picture: CasePicture, visit: StageVisit) -> Iterator[Want]:
    """After a first decision something new turns up."""
    decided = any(
        cast.pathway.stage(seen.stage).kind is StageKind.GATE and seen.left_at is not None
        for seen in picture.visits
    )
    if not decided:
        return
    item = words.digest(cast.habits.placed.case.key, "late")
    body = Evidence(label="late-indicator", reference=f"vault:{item[:8]}", digest=item)
    yield from _by_manager(cast, "late-evidence", lambda _: body, visit)


def _merged(cast: "Cast", _: CasePicture, visit: StageVisit) -> Iterator[Want]:
    yield from _about_the_same(cast, visit, trait=MERGED, apart=False)


def _kept_apart(cast: "Cast", _: CasePicture, visit: StageVisit) -> Iterator[Want]:
    yield from _about_the_same(cast, visit, trait=KEPT_APART, apart=True)


def _about_the_same(cast: "Cast", visit: StageVisit, *, trait: str, apart: bool) -> Iterator[Want]:
    """Another open case is about the same subject: the report is given to it, or not."""
    for number in cast.habits.placed.case.same_subject:
        body = Attach(to=number, keep_apart=apart, reason=words.REASONS["same-subject"])
        yield from _by_manager(cast, trait, lambda _: body, visit)  # noqa: B023


def _acknowledged(cast: "Cast", picture: CasePicture, round_: Round) -> Iterator[Want]:
    person = _voter(cast, picture, round_)
    if person is not None:
        body = Acknowledge(stage=round_.gate)
        yield _once(cast, "acknowledged", person, lambda _: body, since=cast.since(round_.asked_at))


def _conflict(cast: "Cast", picture: CasePicture, round_: Round) -> Iterator[Want]:
    person = _voter(cast, picture, round_)
    if person is not None:
        body = Acknowledge(stage=round_.gate, conflicted=True, reason=words.REASONS["conflict"])
        yield _once(cast, "conflict", person, lambda _: body, since=cast.since(round_.asked_at))


def _stray(cast: "Cast", _: CasePicture, round_: Round) -> Iterator[Want]:
    """Somebody whose question it is not tries to answer it."""
    voting = roles_of(round_, cast.pathway.stage(round_.gate).gate)
    role = next(role for role in all_roles(cast.pathway) if role not in voting)
    since = cast.since(round_.asked_at)
    person = cast.somebody(role, since=since)
    if person is not None:
        body = Decide(gate=round_.gate, verdict=Verdict.APPROVE)
        yield _once(cast, "stray", person, lambda _: body, since=since, round_=round_)


def _delegated(cast: "Cast", picture: CasePicture, round_: Round) -> Iterator[Want]:
    """The role's work on this case is given to the next in line."""
    since = cast.since(round_.asked_at)
    role = round_.approving[0]
    free = eligible(cast, picture, round_, role, since=since)
    manager = cast.somebody(INCIDENT_MANAGER, since=since)
    if len(free) > 1 and manager is not None:
        body = Assign(role=role, person=free[1].id, reason=words.REASONS["assign"])
        yield _once(cast, "delegated", manager, lambda _: body, since=since)


def _dissent(cast: "Cast", picture: CasePicture, round_: Round) -> Iterator[Want]:
    """Where the gate names who then decides, somebody who was asked objects."""
    rule = cast.pathway.stage(round_.gate).gate
    if rule is None or rule.dissent is None:
        return
    since = cast.since(round_.asked_at)
    file = file_of(picture, cast.pathway)
    for role in roles_of(round_, rule):
        for person in eligible(cast, picture, round_, role, since=since):
            if dissent_role(file, round_, person=person.id, roles=frozenset({role})) == role:
                body = Dissent(gate=round_.gate, reason=words.REASONS["dissent"])
                yield _once(cast, "dissent", person, lambda _: body, since=since, round_=round_)  # noqa: B023
                return


def _by_manager(cast: "Cast", trait: str, body: Body, visit: StageVisit) -> Iterator[Want]:
    since = cast.since(visit.entered_at)
    manager = cast.somebody(INCIDENT_MANAGER, since=since)
    if manager is not None:
        yield _once(cast, trait, manager, body, since=since)


def _once(
    cast: "Cast",
    trait: str,
    person: Somebody,
    body: Body,
    *,
    since: int,
    round_: Round | None = None,
) -> Want:
    wait = cast.habits.chance.of("turn", trait).minutes(cast.habits.model.page)
    minute = since + max(1, round(wait))
    return Want(minute, trait, person, person.role, body, round=round_, once=True)


def _voter(cast: "Cast", picture: CasePicture, round_: Round) -> Somebody | None:
    since = cast.since(round_.asked_at)
    role = round_.approving[0]
    return next(iter(eligible(cast, picture, round_, role, since=since)), None)


def _first(cast: "Cast", visit: StageVisit) -> bool:
    return visit.stage == cast.pathway.first
