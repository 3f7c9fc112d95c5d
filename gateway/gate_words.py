"""What happens at a gate, in the words of its pages: who voted, what was taken back, and why."""

from cases.acts import ActBody, Decide
from cases.acts_on_tasks import Finish, HandOn, SetTask
from cases.gate import Change, Round, RoundKind, RoundState, Vote, roles_of, still_needed
from cases.gate_permissions import glass_waits
from gateway.casework import OpenCase
from gateway.form_content import verdict_label
from gateway.phrases import words
from gateway.times import Show
from runbooks.plan import GateRule

AT_A_GATE = {
    "dissent": "Object",
    "withdraw": "Take my verdict back",
    "revoke": "Take the decision back",
    "break-glass": "Break the glass",
}
"""By verb, what is done there."""


def gate_lines(body: ActBody, case: OpenCase, show: Show) -> list[tuple[str, str]]:
    """What was written with the act; empty where the plain list of its fields says it all."""
    if isinstance(body, Decide) and body.conditions:
        return [("Reason", body.reason), *_conditions(body, show)]
    if isinstance(body, Finish):
        task = case.state.task(body.task)
        said = [("Task", task.what if task is not None else body.task)]
        return [*said, ("Reference", body.reference), ("Note", body.note)]
    if isinstance(body, SetTask):
        waits = "waits for it" if body.before_closing else "may close without it"
        return [
            ("Task", body.what),
            *_whose(body),
            ("Due", show.text(body.due)),
            ("The case", waits),
        ]
    if isinstance(body, HandOn):
        task = case.state.task(body.task)
        return [
            ("Task", task.what if task is not None else body.task),
            *_whose(body),
            ("Reason", body.reason),
        ]
    return []


def difference(case: OpenCase, gate: str) -> str:
    """What the newest question of the gate shows otherwise than the one before, in one line."""
    newest = case.state.round_of(gate)
    waiting: list[Change] = case.state.changed.get(gate, [])
    changes = waiting or (newest.changed if newest is not None else [])
    return "; ".join(
        f"{change.what}: “{change.was or 'nothing'}” → “{change.now or 'nothing'}”"
        for change in changes
    )


def outcome_of(case: OpenCase, gate: str, number: int, show: Show) -> str:
    """What came of that round, in one line; empty while it is asked, and where nobody decided."""
    for round_ in case.state.rounds:
        if (round_.gate, round_.number) == (gate, number) and round_.closed_at is not None:
            return f"It was: {words(round_.state.value)}, {show.text(round_.closed_at)}"
    return ""


def others_of(case: OpenCase, round_: Round, rule: GateRule) -> str:
    """Who else must decide."""
    if (round_.gate, round_.number) in case.hidden and round_.state is RoundState.OPEN:
        asked = " and ".join(map(words, roles_of(round_, rule)))
        return f"Asked: {asked}. Who has voted, and how, is hidden until you have voted."
    owed = " and ".join(
        f"{number} verdict{'s' if number > 1 else ''} of {words(party)}"
        for party, number in still_needed(round_).items()
    )
    voted = ", ".join(
        f"{_voter(vote)} ({words(vote.role)}): {verdict_label(rule, vote.verdict)}"
        for vote in round_.votes
    )
    first = glass_waits(round_, at=case.now)
    glass = f"{first.person} has begun to break the glass" if first is not None else ""
    return ". ".join(
        part
        for part in (
            f"Still needed: {owed}" if owed else "",
            voted and f"So far: {voted}",
            glass,
        )
        if part
    )


def corrects(case: OpenCase, round_: Round) -> str:
    """Which decision the round corrects, who took it back and why; empty for any other round."""
    if round_.kind is not RoundKind.CORRECTION:
        return ""
    was = next(
        (
            item
            for item in case.state.rounds
            if (item.gate, item.number) == (round_.gate, round_.corrects)
        ),
        None,
    )
    if was is None or was.revoked is None:
        return ""
    back = was.revoked
    return (
        f"Round {was.number} was {was.state.value}; {back.by} ({words(back.role)}) took it back: "
        f"{back.reason}"
    )


def _conditions(body: Decide, show: Show) -> list[tuple[str, str]]:
    return [
        (f"Condition {number}", f"{each.what} ({words(each.owner)}, by {show.text(each.due)})")
        for number, each in enumerate(body.conditions, start=1)
    ]


def _whose(body: SetTask | HandOn) -> list[tuple[str, str]]:
    role = words(body.owner) if body.owner is not None else "by the person's role"
    return [("Role", role), *([("Person", body.person)] if body.person is not None else [])]


def _voter(vote: Vote) -> str:
    return f"{vote.person} for {vote.acting_for}" if vote.acting_for else vote.person
