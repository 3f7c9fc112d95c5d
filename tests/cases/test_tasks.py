"""Tasks that people set: owed by somebody by an instant, whatever the stage."""

from datetime import timedelta

import pytest

from cases.acts import ActBody, Hold, Verdict
from cases.acts_on_tasks import Finish, HandOn, SetTask, Settlement
from cases.clocks import take_due
from cases.file import Tell
from cases.notice import Purpose
from cases.permissions import allowed_acts, waiting_on
from cases.receipts import ActReceipt, Reason
from cases.task_work import remind
from cases.tasks import Task, TaskState
from tests.cases.approving import Asked, condition
from tests.cases.house import House

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def to_do(house: House, **other: object) -> SetTask:
    """The bank is asked."""
    body: dict[str, object] = {
        "what": "Ask the bank for the trail",
        "owner": "triage",
        "due": house.now + 4 * HOUR,
    }
    return SetTask.model_validate(body | other)


def set_one(house: House, **other: object) -> ActReceipt:
    """Legal has asked triage for it."""
    return house.act(to_do(house, **other), person="lena", role="legal")


def done(house: House, body: ActBody, person: str, role: str) -> ActReceipt:
    """The person does it."""
    return house.act(body, person=person, role=role)


def told(house: House, step: str) -> list[Tell]:
    """The notices of that step."""
    return [wish for wish in house.file.wishes if isinstance(wish, Tell) and wish.step == step]


def the_task(house: House) -> Task:
    """The only one."""
    (task,) = house.state.tasks
    return task


def test_anybody_on_the_case_sets_a_task_and_its_owner_is_told() -> None:
    """In the inbox of the role, with its instant, and on record with who set it."""
    house = House.of()

    assert set_one(house).accepted

    (notice,) = told(house, "task-1")
    assert (notice.purpose, notice.role) == (Purpose.TASK, "triage")
    owed = [item for item in waiting_on(house.state, house.file.pathway, at=house.now) if item.task]
    assert [(item.role, item.what, item.due_at) for item in owed] == [
        ("triage", "task-1", house.now + 4 * HOUR)
    ]
    entry = next(e for e in house.state.journal.pending if e.kind == "task:work:opened")
    assert (entry.body["by"], entry.body["role"], entry.body["optional"]) == ("lena", "legal", True)


def test_whoever_owes_a_task_is_reminded_before_it_is_due_and_when_it_is() -> None:
    """The person by name; at its target the incident manager hears that it is late."""
    house = House.of()
    set_one(house, person="tess")
    for at in (3 * HOUR, HOUR):
        house.later(at)
        for clock, step, _ in take_due(house.file, at=house.now):
            if clock.id == "task/task-1" and step is not None:
                remind(house.file, clock, step)

    reminders = [
        (wish.person, wish.step)
        for wish in house.file.wishes
        if isinstance(wish, Tell) and wish.purpose is Purpose.REMIND and "task/" in wish.step
    ]

    assert reminders == [("tess", "task/task-1 75%"), ("tess", "task/task-1 due")]
    late = house.state.clock("task/task-1")
    assert late is not None
    assert late.breached_at == house.now


@pytest.mark.parametrize(
    "other,why",
    [
        ({"owner": None}, Reason.ROLE),
        ({"owner": "nobody-here"}, Reason.ROLE),
        ({"due": "2026-01-05T08:59:00Z"}, Reason.DUE_PASSED),
    ],
)
def test_a_task_for_nobody_or_for_yesterday_is_refused(
    other: dict[str, object], why: Reason
) -> None:
    """It would be owed by nobody, or be late before anybody heard of it."""
    house = House.of()

    assert set_one(house, **other).reason is why
    assert house.state.tasks == []


def test_only_a_marked_task_keeps_the_case_from_closing() -> None:
    """The other one falls away with it, on record, and its owner hears so."""
    asked = Asked()
    asked.approve_all()
    house = asked.house
    house.state.effects[0].state = "done"
    house.state.stage = "closure"
    done(house, to_do(house), "pia", "policy")
    done(house, to_do(house, before_closing=True), "pia", "policy")

    refused = asked.close()
    assert (refused.reason, refused.detail) == (Reason.UNMET, "task-2 (person), owed by triage")
    assert asked.finish("task-2", "tess", "triage").accepted
    assert asked.close().accepted
    assert asked.recounted() == []


def test_a_task_is_settled_by_its_role_its_person_or_who_runs_the_case() -> None:
    """And by nobody else; what was done stands beside it."""
    for person, role in (("tess", "triage"), ("luca", "legal"), ("ivan", "incident-manager")):
        house = House.of()
        set_one(house, person="luca")
        assert done(house, Finish(task="task-1", note="x"), "pia", "policy").reason is Reason.ROLE

        assert done(house, Finish(task="task-1", reference="OPS-9"), person, role).accepted
        task = the_task(house)
        assert (task.state, task.settled_by, task.reference) == (TaskState.DONE, person, "OPS-9")
        clock = house.state.clock("task/task-1")
        assert clock is not None
        assert clock.ended


def test_a_task_is_called_off_by_who_set_it_or_who_runs_the_case() -> None:
    """Never by who owes it, and never without a reason."""
    waived = Settlement.WAIVED
    for person, role in (("lena", "legal"), ("ivan", "incident-manager")):
        house = House.of()
        set_one(house)

        refused = done(house, Finish(task="task-1", settlement=waived, note="x"), "tess", "triage")
        assert refused.reason is Reason.ROLE
        empty = done(house, Finish(task="task-1", settlement=waived), person, role)
        assert empty.reason is Reason.REASON_REQUIRED
        said = Finish(task="task-1", settlement=waived, note="the bank wrote by itself")
        assert done(house, said, person, role).accepted
        assert the_task(house).state is TaskState.WAIVED


def test_a_task_handed_on_is_somebody_elses_by_the_same_instant() -> None:
    """They are told, and reminded instead of whoever had it."""
    house = House.of()
    set_one(house)
    due = the_task(house).due
    other = HandOn(task="task-1", owner="policy", person="pia", reason="they know the bank")

    assert done(house, other, "paul", "policy").reason is Reason.ROLE
    assert done(house, other, "tess", "triage").accepted

    task = the_task(house)
    assert (task.owner, task.person, task.due) == ("policy", "pia", due)
    (notice,) = told(house, "task-1 handed on")
    assert (notice.role, notice.person) == ("policy", "pia")
    clock = house.state.clock("task/task-1")
    assert clock is not None
    assert {step.remind for step in clock.late} == {"policy"}
    assert done(house, other, "ivan", "incident-manager").reason is Reason.UNCHANGED
    assert done(house, Finish(task="task-1", note="asked"), "tess", "triage").reason is Reason.ROLE
    assert done(house, Finish(task="task-1", note="asked"), "pia", "policy").accepted


def test_a_reminder_that_has_been_is_not_given_again_after_handing_on() -> None:
    """What lies ahead is for the new owner; what has been has been."""
    house = House.of()
    set_one(house)
    house.later(3 * HOUR + timedelta(minutes=1))
    take_due(house.file, at=house.now)
    done(
        house,
        HandOn(task="task-1", owner="policy"),
        "ivan",
        "incident-manager",
    )

    clock = house.state.clock("task/task-1")
    assert clock is not None
    assert [label for _, label, _ in clock.steps(house.now)] == ["due:policy", "target"]


def test_a_condition_stays_with_its_role() -> None:
    """A person of the role can be named; the vote said whose it is."""
    asked = Asked()
    asked.decide("lena", "legal", Verdict.CONDITIONS, conditions=(condition(asked),))
    asked.decide("luca", "legal")
    asked.decide("pia", "policy")
    house = asked.house

    elsewhere = done(house, HandOn(task="task-1", owner="policy"), "tess", "triage")
    assert elsewhere.reason is Reason.ROLE
    assert done(
        house, HandOn(task="task-1", owner="triage", person="tim"), "tess", "triage"
    ).accepted
    assert asked.recounted() == []


def test_a_page_offers_what_the_desk_takes() -> None:
    """Set to all, settle and hand on to whom it concerns."""
    house = House.of()
    set_one(house, person="luca")

    def offered(person: str, role: str) -> list[tuple[str, tuple[str, ...]]]:
        acts = allowed_acts(
            house.state, house.file.pathway, person=person, roles=frozenset({role}), at=house.now
        )
        return [
            (each.verb, each.choices if each.verb == "finish" else ())
            for each in acts
            if each.verb in ("task", "finish", "hand-on")
        ]

    assert offered("pia", "policy") == [("task", ())]
    assert offered("luca", "legal") == [("finish", ("done",)), ("hand-on", ()), ("task", ())]
    assert offered("lena", "legal") == [("finish", ("waived",)), ("hand-on", ()), ("task", ())]
    assert offered("ivan", "incident-manager") == [
        ("finish", ("done", "waived")),
        ("hand-on", ()),
        ("task", ()),
    ]


def test_in_a_closed_circle_only_who_runs_the_case_gives_tasks() -> None:
    """Who is given a task may see the case."""
    house = House.of("imminent-threat-to-life")

    assert set_one(house, owner="duty-counsel").reason is Reason.ROLE
    assert done(house, to_do(house, owner="duty-counsel"), "ivan", "incident-manager").accepted
    given = HandOn(task="task-1", owner="executive")
    assert done(house, given, "dora", "duty-counsel").reason is Reason.ROLE


def test_tasks_wait_while_the_case_is_held() -> None:
    """They are targets of ours: their clocks stand still with the others."""
    house = House.of()
    set_one(house)
    done(house, Hold(reason="wait", review_at=house.now + DAY), "ivan", "incident-manager")
    clock = house.state.clock("task/task-1")
    assert clock is not None
    assert clock.due_at(house.now) is None
