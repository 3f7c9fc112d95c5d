"""What an obligation does by itself, and which answers it takes: the pure part."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.acts import Extend, Settle
from cases.envelope import Act, Actor, Door
from cases.journal import Journal, Kind, obligation_stream
from cases.obligations.answers import answers_of, roles_of
from cases.obligations.desk import ObligationDesk
from cases.obligations.schedule import (
    move_due,
    next_after,
    next_step,
    open_turn,
    take_steps,
    waits_from,
)
from cases.obligations.state import DAY, ObligationFile, ObligationState
from cases.receipts import Reason
from cases.recording import Record
from cases.refusal import Refusal
from runbooks.plan import Assurance, FollowUp, OwedKind, Severity

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
TERM = 30 * DAY


def a_file(kind: OwedKind, **more: object) -> ObligationFile:
    """An obligation that has just begun."""
    plan = FollowUp.model_validate(
        {"name": "owed", "owner": "legal", "after": TERM, "kind": kind, **more}
    )
    state = ObligationState(
        case="case/x",
        number="1001",
        severity=Severity.SEV2,
        plan=plan,
        begun_at=START,
        planned_at=START,
        first_due=START + TERM,
        due_at=START + TERM,
        journal=Journal(case="case/x", stream=obligation_stream(plan.name)),
    )
    return ObligationFile(state=state, record=Record(state, salt=b"salt"))


def lived(file: ObligationFile, *, until: datetime) -> list[tuple[datetime, str]]:
    """Each step at its instant, from now up to then."""
    before = file.state.journal.sequence
    while (at := next_step(file.state).at) <= until:
        take_steps(file, at=at)
    return [
        (entry.at, str(entry.body["step"]))
        for entry in file.state.journal.pending
        if entry.sequence > before
    ]


def test_an_overdue_obligation_pages_for_ever() -> None:
    """A day after it is overdue, and then every week: owner and incident manager."""
    file = a_file(OwedKind.FOLLOW_UP)
    due = file.state.due_at

    steps = lived(file, until=due + 30 * DAY)

    assert steps == [
        (START, "begun"),
        (due, "due"),
        (due, "overdue"),
        (due + DAY, "a day overdue"),
        *((due + 7 * DAY * week, f"overdue again {week}") for week in range(1, 5)),
    ]
    assert {wish.role for wish in file.wishes} == {"legal", "incident-manager"}
    assert file.state.overdue


@settings(deadline=None, max_examples=40)
@given(moments=st.lists(st.integers(0, 400), min_size=1, max_size=30))
def test_looking_seldom_takes_the_same_steps_as_looking_often(moments: list[int]) -> None:
    """A worker that was away for weeks takes every step it missed, once, in order."""
    often, seldom = (a_file(OwedKind.HOLD, review=(14 * DAY, 3 * DAY)) for _ in range(2))
    last = START + max(moments) * DAY

    for day in sorted(moments):
        take_steps(often, at=START + day * DAY)
    take_steps(seldom, at=last)

    assert often.state.taken == seldom.state.taken
    assert len(set(often.state.taken)) == len(often.state.taken)


def test_an_extension_puts_off_what_is_late_and_repeats_no_beginning() -> None:
    """What was due is due anew; a review that would lie in the past is not made up for."""
    file = a_file(OwedKind.HOLD, review=(14 * DAY, 3 * DAY))
    due = file.state.due_at
    lived(file, until=due)

    move_due(file.state, until=due + 5 * DAY, at=due + timedelta(hours=1))
    steps = lived(file, until=due + 5 * DAY)

    assert steps == [
        (due + 2 * DAY, "3d before"),
        (due + 5 * DAY, "due"),
        (due + 5 * DAY, "overdue"),
    ]


def test_the_next_turn_starts_afresh() -> None:
    """Steps and lateness of the turn before do not count."""
    file = a_file(OwedKind.PERIODIC, every=30 * DAY)
    lived(file, until=file.state.due_at + 3 * DAY)

    open_turn(file, due_at=file.state.due_at + 30 * DAY, at=file.state.due_at + 3 * DAY)

    assert (file.state.turn, file.state.overdue, file.state.taken) == (2, False, [])
    assert file.state.journal.pending[-1].kind is Kind.OBLIGATION_TURN
    assert next_step(file.state).label == "due"


@given(st.integers(1, 400), st.integers(0, 4000))
def test_the_rhythm_is_kept_and_lies_ahead(days: int, late: int) -> None:
    """However late the answer: a whole number of periods after, and not in the past."""
    every, at = days * DAY, START + late * DAY

    following = next_after(START, every=every, at=at)

    assert following > at
    assert (following - START) % every == timedelta(0)
    assert following - every <= max(at, START)


def test_who_owes_and_the_incident_manager_settle() -> None:
    """Nobody else, and the incident manager once where they are the owner themselves."""
    assert roles_of(FollowUp(name="x", owner="legal", after=DAY)) == ("legal", "incident-manager")
    assert roles_of(FollowUp(name="x", owner="incident-manager", after=DAY)) == (
        "incident-manager",
    )


def test_every_kind_has_an_answer_that_ends_it() -> None:
    """Nothing can be owed that nobody can ever settle."""
    for kind in OwedKind:
        plan = FollowUp(name="x", owner="legal", after=DAY, kind=kind, every=DAY)

        assert any(not answer.again for answer in answers_of(plan).values()), kind


def test_a_hold_that_cannot_be_renewed_offers_no_renewal() -> None:
    """What the runbook does not say is not offered."""
    plan = FollowUp(name="x", owner="legal", after=DAY, kind=OwedKind.HOLD)

    assert list(answers_of(plan)) == ["release"]
    assert waits_from(plan, due_at=START) == START - DAY


def acts(file: ObligationFile, body: Settle | Extend, *, at: datetime) -> None:
    """Its owner acts at that instant; Refusal says why not."""
    act = Act(
        act="00000000-0000-4000-8000-000000000001",
        case="case/x",
        actor=Actor(person="lena", roles=("legal",), directory_digest="0" * 64, directory_as_of=at),
        role="legal",
        assurance=Assurance.L1,
        door=Door.WEB,
        signed_at=at,
        body=body,
    )
    ObligationDesk(file, root=b"root").apply(act, key="k", commitment="c", at=at)


def settles(file: ObligationFile, answer: str, *, at: datetime) -> None:
    """The turn that is asked is settled with that answer."""
    body = Settle(obligation="owed", turn=file.state.turn, answer=answer, note="as ordered")
    acts(file, body, at=at)


def test_what_an_order_forbids_is_done_only_once_it_has_ended() -> None:
    """Before its end nobody can say that it was done; at its end the owner is asked for it."""
    file = a_file(OwedKind.SUPPRESSED, carries="tell-user")

    with pytest.raises(Refusal) as early:
        settles(file, "done", at=START + DAY)
    told = lived(file, until=START + TERM)
    settles(file, "done", at=START + TERM)

    assert early.value.reason is Reason.NOT_DUE
    assert told == [(START + TERM, "due")]
    assert file.state.settled_by is not None


def test_an_order_that_is_lifted_makes_it_due_now() -> None:
    """The turn is over, the next one is due at once and is the one that is asked."""
    file = a_file(OwedKind.SUPPRESSED, carries="tell-user")

    settles(file, "lifted", at=START + 5 * DAY)
    told = lived(file, until=START + 5 * DAY)
    settles(file, "done", at=START + 5 * DAY)

    assert [step for _, step in told] == ["due"]
    assert file.state.turn == 2
    assert file.state.settled_by is not None


def test_an_order_that_is_renewed_puts_it_off() -> None:
    """Its owner extends it to the new end, as often as the order is renewed."""
    file = a_file(OwedKind.SUPPRESSED, carries="tell-user", extend=3650 * DAY)

    for year in (1, 2):
        until = START + TERM + 365 * year * DAY
        acts(
            file,
            Extend(obligation="owed", turn=1, until=until, reason="renewed"),
            at=START + DAY,
        )

    assert file.state.due_at == START + TERM + 730 * DAY
