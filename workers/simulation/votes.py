"""How people vote at a gate: as many as it needs, as well as they see, and again when they must."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from cases.acts import Decide, Verdict
from cases.gate import Round, RoundKind, RoundState, roles_of
from cases.rules import may_vote, view_of
from cases.state import CasePicture
from runbooks.plan import GateRule
from workers.simulation import words
from workers.simulation.people import Somebody
from workers.simulation.wants import Want

if TYPE_CHECKING:
    from workers.simulation.cast import Cast


def votes(cast: "Cast", picture: CasePicture, *, at: datetime) -> Iterator[Want]:
    """Every vote that is going to be cast in the rounds that are open."""
    for round_ in picture.rounds:
        if round_.state is not RoundState.OPEN:
            continue
        rule = cast.pathway.stage(round_.gate).gate
        if rule is None:
            continue
        asked = list(_asked(cast, picture, round_, rule))
        if not asked:
            asked = list(_once_more(cast, picture, round_, rule))
        for person, since, verdict in asked:
            yield _vote(cast, picture, round_, person, since=since, verdict=verdict, at=at)


def _asked(
    cast: "Cast", picture: CasePicture, round_: Round, rule: GateRule
) -> Iterator[tuple[Somebody, int, Verdict | None]]:
    """Who is still to vote, since when, and what, where that is settled."""
    since = cast.since(round_.asked_at, *_answered(picture))
    for role in round_.asked:
        # Of several roles each has one voice.
        needed = max(round_.approve.get(role, 1), round_.reject.get(role, 1))
        voted = sum(vote.role == role and vote.instead_of is None for vote in round_.votes)
        free = eligible(cast, picture, round_, role, since=since)
        for person in free[: max(needed - voted, 0)]:
            yield person, since, None
    stand_in = rule.silence.stand_in
    if stand_in is None or round_.stand_in_from is None or round_.kind is not RoundKind.ASK:
        return
    since = cast.since(round_.stand_in_from)
    for role, needed in stand_in.allow.items():
        if role in round_.approving:
            continue
        voted = sum(vote.role == role for vote in round_.votes)
        free = eligible(cast, picture, round_, role, since=since)
        for person in free[: max(needed - voted, 0)]:
            yield person, since, Verdict(stand_in.only)


def _once_more(
    cast: "Cast", picture: CasePicture, round_: Round, rule: GateRule
) -> Iterator[tuple[Somebody, int, Verdict | None]]:
    """All have voted and the round is still open: they talk, and the first dissenter joins."""
    del rule
    if not round_.votes:
        return
    counted = [vote.verdict for vote in round_.votes]
    wanted = max((Verdict.APPROVE, Verdict.REJECT), key=counted.count)
    since = cast.since(max(vote.at for vote in round_.votes))
    for vote in round_.votes:
        if vote.verdict is not wanted:
            yield cast.habits.staff.person(vote.person), since, wanted
            return
    for role in roles_of(round_, cast.pathway.stage(round_.gate).gate):
        free = eligible(cast, picture, round_, role, since=since)
        if free:
            yield free[0], since, wanted
            return


def eligible(
    cast: "Cast", picture: CasePicture, round_: Round, role: str, *, since: int
) -> list[Somebody]:
    """Who may vote in that role and has not; whom the role was assigned to comes first."""
    file = view_of(picture, cast.pathway)
    assigned = picture.assignments.get(role)
    free = [
        person
        for person in cast.habits.asked(role, minute=since)
        if round_.vote_of(person.id) is None
        and not may_vote(file, round_, person=person.id, role=role)
    ]
    return sorted(free, key=lambda person: person.id != assigned)


def _vote(
    cast: "Cast",
    picture: CasePicture,
    round_: Round,
    person: Somebody,
    *,
    since: int,
    verdict: Verdict | None,
    at: datetime,
) -> Want:
    key = f"vote|{round_.gate}|{round_.number}|{person.id}"
    if round_.vote_of(person.id) is not None:
        key = f"{key}|again"
    clock = picture.stage_clock(round_.gate)
    minute = cast.habits.answers_at(person, since=since, clock=clock, at=at, key=key)
    chosen = verdict or _verdict(cast, picture, round_, person)
    body = Decide(gate=round_.gate, verdict=chosen, reason=_reason(cast, chosen, key=key))
    return Want(minute, key, person, person.role, lambda _: body, round=round_)


def _right(cast: "Cast", picture: CasePicture, round_: Round) -> str:
    """What the gate is rightly answered this time: a way may come to it again, improved."""
    right = [
        step.outcome
        for step in cast.habits.placed.case.truth.way.steps
        if step.stage == round_.gate
    ]
    answered = sum(
        other.gate == round_.gate and other.state in (RoundState.APPROVED, RoundState.REJECTED)
        for other in picture.rounds
    )
    return right[min(answered, len(right) - 1)] if right else "approved"


def _verdict(cast: "Cast", picture: CasePicture, round_: Round, person: Somebody) -> Verdict:
    """What the person sees of what is right; more is asked for a few times at most."""
    model = cast.habits.model
    chance = cast.habits.chance.of("verdict", round_.gate, round_.number, person.id)
    loops = sum(request.gate == round_.gate for request in picture.requests)
    if (
        round_.kind is RoundKind.ASK
        and loops < model.gate.loops
        and chance.of("more").happens(model.gate.more_information)
    ):
        return Verdict.MORE_INFORMATION
    tier = model.tier(person.role)
    rejected = _right(cast, picture, round_) == "rejected"
    right = chance.happens(tier.sensitivity if rejected else tier.specificity)
    return Verdict.REJECT if rejected == right else Verdict.APPROVE


def _reason(cast: "Cast", verdict: Verdict, *, key: str) -> str:
    if verdict is not Verdict.APPROVE:
        return words.REASONS.get(verdict.value, words.REASONS["reject"])
    conditions = cast.habits.model.gate.conditions
    chance = cast.habits.chance.of("conditions", key)
    return words.REASONS["conditions"] if chance.happens(conditions) else ""


def _answered(picture: CasePicture) -> list[datetime]:
    return [r.answered_at for r in picture.requests if r.answered_at is not None and r.material]
