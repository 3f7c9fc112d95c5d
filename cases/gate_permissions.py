"""Who may do what at a gate, open or decided, and to the tasks that gates have set."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from cases.acts_on_tasks import Settlement
from cases.correction import can_be_revoked, carried
from cases.file import INCIDENT_MANAGER, CaseFile
from cases.gate import GlassHand, Round, RoundKind, RoundState, answers_to, roles_of
from cases.objection import can_be_disputed
from cases.people import human
from cases.rules import dissent_role, may_decide, may_vote
from cases.task_rules import barred_from_handing_on, barred_from_settling
from cases.tasks import Task
from cases.values import Value
from cases.waiting import question_of


class Allowed(Value):
    """One act a person may do now; a form or a command can be made of it."""

    verb: str
    role: str
    stage: str | None = None
    gate: str | None = None
    round: int | None = None
    effect: str | None = None
    """An effect's key."""
    request: str | None = None
    task: str | None = None
    acting_for: str | None = None
    """The person in whose place it would be done, by their delegate."""
    label: str = ""
    choices: tuple[str, ...] = ()
    """Outcomes, verdicts, dispositions or questions that can be chosen."""


class Place(Value):
    """Somebody a person acts for: who it is, in which roles, and their other accounts."""

    person: str
    roles: frozenset[str]
    accounts: tuple[str, ...] = ()


class Voter(NamedTuple):
    """A person at a gate, for themselves or in somebody's place."""

    person: str
    roles: frozenset[str]
    accounts: tuple[str, ...] = ()
    acting_for: str | None = None

    @property
    def names(self) -> frozenset[str]:
        """Every name an act of theirs would be bound to."""
        principal = (self.acting_for,) if self.acting_for is not None else ()
        return frozenset((self.person, *self.accounts, *principal))


def acts_at(file: CaseFile, round_: Round, voter: Voter, *, at: datetime) -> Iterator[Allowed]:
    """What the person may do about the round; `at` is when they would."""
    if round_.state is RoundState.OPEN:
        yield from _votes(file, round_, voter)
    if voter.acting_for is None:
        if round_.state is RoundState.OPEN or can_be_disputed(file, round_):
            yield from _objections(file, round_, voter)
        if round_.state is RoundState.OPEN:
            yield from _glass(file, round_, voter, at=at)
    yield from _revocations(file, round_, voter)


def glass_waits(round_: Round, *, at: datetime) -> GlassHand | None:
    """The first of two people who pass the gate, while they wait for the second."""
    if round_.state is not RoundState.OPEN:
        return None
    return next((hand for hand in round_.glass if at <= hand.until), None)


def settles(file: CaseFile, task: Task, voter: Voter) -> tuple[str, tuple[str, ...]]:
    """The role in which the person settles the task, and the ways they may; none: they may not."""
    if not task.open:
        return "", ()
    names = human(file.state, voter.names)
    found = ((way, _role_to_settle(file, task, way, voter.roles, names)) for way in Settlement)
    ways = [(way.value, role) for way, role in found if role]
    # The role of the first way does for all of them, or the act is offered without the others.
    role = ways[0][1] if ways else ""
    return role, tuple(
        way
        for way, _ in ways
        if barred_from_settling(file, task, Settlement(way), role=role, names=names) is None
    )


def _role_to_settle(
    file: CaseFile, task: Task, way: Settlement, roles: frozenset[str], names: frozenset[str]
) -> str:
    owners = [role for role in (task.owner, INCIDENT_MANAGER) if role in roles]
    return next(
        (
            role
            for role in (*owners, *sorted(roles))
            if barred_from_settling(file, task, way, role=role, names=names) is None
        ),
        "",
    )


def hands_on(file: CaseFile, task: Task, voter: Voter) -> str:
    """The role in which the person gives the task to somebody else; empty: they may not."""
    if not task.open:
        return ""
    names = human(file.state, voter.names)
    return next(
        (
            role
            for role in (task.owner, INCIDENT_MANAGER, *sorted(voter.roles))
            if role in voter.roles
            and barred_from_handing_on(file, task, role=role, names=names) is None
        ),
        "",
    )


def _votes(file: CaseFile, round_: Round, voter: Voter) -> Iterator[Allowed]:
    rule = file.gate_rule(round_.gate)
    voting = next(
        (
            role
            for role in roles_of(round_, rule)
            if role in voter.roles
            and not may_vote(
                file,
                round_,
                person=voter.person,
                role=role,
                also=voter.names,
                acting_for=voter.acting_for,
            )
        ),
        None,
    )
    where = {"gate": round_.gate, "round": round_.number, "acting_for": voter.acting_for}
    if voting is not None:
        yield Allowed.model_validate(
            {
                **where,
                "verb": "decide",
                "role": voting,
                "label": question_of(file, round_),
                "choices": tuple(verdict.value for verdict in answers_to(round_)),
            }
        )
    mine = round_.vote_of(voter.person)
    if mine is not None and mine.acting_for == voter.acting_for and mine.role in voter.roles:
        yield Allowed.model_validate({**where, "verb": "withdraw", "role": mine.role})


def _objections(file: CaseFile, round_: Round, voter: Voter) -> Iterator[Allowed]:
    objecting = dissent_role(file, round_, person=voter.person, roles=voter.roles)
    if objecting is not None:
        yield Allowed(verb="dissent", role=objecting, gate=round_.gate, round=round_.number)


def _glass(file: CaseFile, round_: Round, voter: Voter, *, at: datetime) -> Iterator[Allowed]:
    rule = file.gate_rule(round_.gate)
    glass = rule.break_glass if rule is not None else None
    if glass is None or round_.kind is not RoundKind.ASK:
        return
    names = human(file.state, voter.names)
    role = next((name for name in glass.by if name in voter.roles), None)
    first = glass_waits(round_, at=at)
    if role is None or may_decide(file, round_.gate, names):
        return
    if first is None or not names & first.names:
        label = f"{first.person} waits for a second person" if first is not None else ""
        yield Allowed(
            verb="break-glass", role=role, gate=round_.gate, round=round_.number, label=label
        )


def _revocations(file: CaseFile, round_: Round, voter: Voter) -> Iterator[Allowed]:
    if not can_be_revoked(file, round_):
        return
    vote = round_.vote_under(voter.names)
    if vote is not None and vote.role in voter.roles and carried(round_, vote):
        yield Allowed(
            verb="revoke",
            role=vote.role,
            gate=round_.gate,
            round=round_.number,
            acting_for=voter.acting_for,
        )
