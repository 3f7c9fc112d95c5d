"""Updates for those who wait: asked for, written or missed, and told, again and again."""

from datetime import timedelta
from pathlib import Path

import pytest

from cases.acts import ChangeSeverity, Reply
from cases.clocks import take_due
from cases.file import WRITTEN, Tell
from cases.journal import Kind
from cases.notice import Purpose
from cases.permissions import allowed_acts
from cases.receipts import Reason
from cases.updates import UPDATE, missed, remind_writer
from cases.waiting import waiting_on
from runbooks.plan import Severity
from tests.cases.house import House

TEXT = (Path(__file__).parent / "paging.yaml").read_bytes() + (
    b"updates:\n  board: {to: executive, by: incident-manager, "
    b"every: {SEV1: 30m, otherwise: 4h}, until: triage}\n"
)


@pytest.fixture
def house() -> House:
    """A case whose board is told every four hours until triage is over."""
    return House.of(text=TEXT)


def _told(house: House, purpose: Purpose) -> list[Tell]:
    return [w for w in house.file.wishes if isinstance(w, Tell) and w.purpose is purpose]


def _pass(house: House, by: timedelta) -> None:
    """Time passes, as the workflow takes what comes due of an update."""
    house.later(by)
    for clock, step, _ in take_due(house.file, at=house.now):
        if clock.id.startswith(UPDATE):
            if step is None:
                missed(house.file, clock, at=house.now)
            else:
                remind_writer(house.file, clock)


def test_the_first_update_is_owed_from_the_beginning(house: House) -> None:
    """Whoever writes sees it among what is owed, with its time."""
    owed = waiting_on(house.state, house.file.pathway, at=house.now)

    assert [item.due_at - house.now for item in owed if "update" in item.what and item.due_at] == [
        timedelta(hours=4)
    ]


def test_an_update_that_is_written_is_told_and_the_next_one_is_asked_for(house: House) -> None:
    """The text stays on the case; the interval begins anew."""
    house.later(timedelta(hours=1))
    reply = Reply(request="update-board-1", text="Contained; two accounts are locked.")

    assert house.act(reply, person="ines", role="incident-manager").accepted

    assert [wish.role for wish in _told(house, Purpose.UPDATE)] == ["executive"]
    assert [item.id for item in house.state.requests if item.answer is None] == ["update-board-2"]
    clock = house.state.clock(f"{UPDATE}board")
    assert clock is not None
    assert clock.due_at(house.now) == house.now + timedelta(hours=4)


def test_that_nobody_has_written_is_told_and_on_record(house: House) -> None:
    """The writer is told before, the audience after, and the case counts as not breached."""
    _pass(house, timedelta(hours=3))
    assert [w.role for w in _told(house, Purpose.INFORMATION)] == ["incident-manager"]

    _pass(house, timedelta(hours=1))

    assert [wish.step for wish in _told(house, Purpose.UPDATE)] == ["no update yet"]
    assert Kind.UPDATE_MISSED in [entry.kind for entry in house.state.journal.pending]
    assert not house.state.breached


def test_a_graver_case_is_told_of_more_often(house: House) -> None:
    """The interval is the one of the severity in force."""
    worse = ChangeSeverity(severity=Severity.SEV1, reason="children may be involved")

    assert house.act(worse, person="ines", role="incident-manager").accepted

    clock = house.state.clock(f"{UPDATE}board")
    assert clock is not None
    assert clock.due_at(house.now) == house.now + timedelta(minutes=30)


ELSEWHERE = TEXT.replace(b"by: incident-manager, every", b"by: communications, every")


def test_whoever_is_asked_may_write_though_they_do_not_work_on_the_case() -> None:
    """They are offered it, and the update is accepted from them; a stranger's is not."""
    house = House.of(text=ELSEWHERE)
    reply = Reply(request="update-board-1", text="Nothing new; the next step is due at noon.")
    offered = allowed_acts(
        house.state,
        house.file.pathway,
        person="cora",
        roles=frozenset({"communications"}),
        at=house.now,
    )

    assert ("reply", "update-board-1") in {(each.verb, each.request) for each in offered}
    assert house.act(reply, person="pat", role="privacy").reason is Reason.ROLE
    assert house.act(reply, person="cora", role="communications").accepted


def test_in_a_case_of_an_earlier_edition_only_those_who_work_on_it_write() -> None:
    """What was refused there is refused when its history is replayed."""
    house = House.of(text=ELSEWHERE, edition=WRITTEN - 1)
    reply = Reply(request="update-board-1", text="Nothing new; the next step is due at noon.")

    assert house.act(reply, person="cora", role="communications").reason is Reason.ROLE


TWO = TEXT + b"  board-eu: {to: legal, by: incident-manager, every: 4h, until: triage}\n"


def test_an_update_goes_to_its_own_audience_though_another_begins_with_its_name() -> None:
    """Each is asked for, and told to whom its own plan names."""
    house = House.of(text=TWO)
    asked = [each.id for each in house.state.requests]
    reply = Reply(request="update-board-eu-1", text="Nothing new.")

    assert house.act(reply, person="ines", role="incident-manager").accepted

    assert asked == ["update-board-1", "update-board-eu-1"]
    assert [wish.role for wish in _told(house, Purpose.UPDATE)] == ["legal"]
    assert [each.id for each in house.state.requests] == [*asked, "update-board-eu-2"]


def test_in_a_case_of_an_earlier_edition_such_an_update_goes_where_it_went() -> None:
    """What was told there is told again when its history is replayed."""
    house = House.of(text=TWO, edition=WRITTEN - 1)
    reply = Reply(request="update-board-eu-1", text="Nothing new.")

    assert house.act(reply, person="ines", role="incident-manager").accepted

    assert [wish.role for wish in _told(house, Purpose.UPDATE)] == ["executive"]
