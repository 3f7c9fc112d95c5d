"""A case's clocks, one turn at a time: what is on record, and what comes due when."""

from datetime import timedelta
from typing import Any

import pytest

from cases.clock import (
    OPENS,
    TARGET,
    ClockEvent,
    ClockRun,
    ClockVerb,
    Reading,
    Retarget,
    read,
)
from cases.clocks import (
    HOLD,
    begin_over,
    clock_of,
    end_clocks,
    late_at,
    pause_operational,
    resume_operational,
    running,
    start,
    start_clock,
    start_stage_clock,
    stop_stage_clock,
    suspend,
    take_due,
    turn,
    unsuspend,
)
from cases.escalations import begin
from cases.file import EVEN, SILENT
from cases.gate import RoundState
from cases.journal import Kind
from cases.paging import EscalationRun
from cases.records import HoldRecord
from runbooks.plan import ClockKind, Late
from runbooks.statutes.span import Due
from tests.cases.house import BEGIN, House

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def clock(name: str = "ours", **said: Any) -> ClockRun:
    """A clock of four hours."""
    whole = {
        "id": name,
        "title": "Ours",
        "within": 4 * HOUR,
        "statutory": False,
        "owner": "legal",
        **said,
    }
    return ClockRun.model_validate(whole)


def alone(*clocks: ClockRun) -> House:
    """A case in which only these clocks run, since it began."""
    house = House.of()
    house.state.clocks = []
    house.state.journal.pending.clear()
    for each in clocks:
        start(house.file, each, at=BEGIN)
    return house


def recorded(house: House) -> list[tuple[Kind, dict[str, Any]]]:
    """What the journal says of clocks."""
    return [
        (entry.kind, entry.body)
        for entry in house.state.journal.pending
        if entry.kind.value.startswith("clock")
    ]


def kinds(house: House) -> list[Kind]:
    """Of each the kind alone."""
    return [kind for kind, _ in recorded(house)]


def test_a_start_is_on_record_with_what_is_said_of_it() -> None:
    """The deadline, by which calendar, since when, why, and what else is known."""
    house = alone()
    ours = clock()

    start(
        house.file,
        ours,
        at=BEGIN + HOUR,
        begun=BEGIN,
        because="asked",
        said={"decided": "by tess"},
    )

    assert house.state.clocks == [ours]
    assert recorded(house) == [
        (
            Kind.CLOCK_STARTED,
            {
                "clock": "ours",
                "since": BEGIN.isoformat(),
                "because": "asked",
                "due": (BEGIN + 4 * HOUR).isoformat(),
                "calendar": "elapsed-time/1",
                "decided": "by tess",
            },
        )
    ]
    assert ours.events == [ClockEvent(verb=ClockVerb.START, at=BEGIN, because="asked")]


def test_every_turn_has_a_kind_of_its_own_and_a_stopped_clock_no_deadline() -> None:
    """Nothing is said of a calendar by which nothing is due."""
    house = alone(clock())
    for hours, verb in enumerate(list(ClockVerb)[1:], start=1):
        turn(house.file, house.state.clocks[0], verb, at=BEGIN + hours * HOUR)

    assert kinds(house) == [
        Kind.CLOCK_STARTED,
        Kind.CLOCK_PAUSED,
        Kind.CLOCK_RESUMED,
        Kind.CLOCK_RESTARTED,
        Kind.CLOCK_STOPPED,
        Kind.CLOCK_CANCELLED,
    ]
    paused, resumed = recorded(house)[1][1], recorded(house)[2][1]
    assert paused == {"clock": "ours"}
    assert resumed["due"] == (BEGIN + 5 * HOUR).isoformat()


def test_a_clock_of_ours_that_begins_while_the_case_is_held_stands_still() -> None:
    """The law's does not."""
    house = alone()
    house.state.hold = HoldRecord(by="ines", reason="so", at=BEGIN, review_at=BEGIN + DAY)
    ours, law = clock(), clock("law", statutory=True)

    start(house.file, ours, at=BEGIN)
    start(house.file, law, at=BEGIN)

    assert [event.verb for event in ours.events] == [ClockVerb.START, ClockVerb.PAUSE]
    assert ours.events[-1].because == HOLD
    assert law.reading(BEGIN).running


def test_a_hold_stops_ours_and_its_end_starts_those_it_stopped() -> None:
    """A clock that stood still for another reason, or had ended, is left as it was."""
    ours, law, other, over = (
        clock("ours"),
        clock("law", statutory=True),
        clock("other"),
        clock("over"),
    )
    house = alone(ours, law, other, over)
    turn(house.file, other, ClockVerb.PAUSE, at=BEGIN, because="asked")
    turn(house.file, over, ClockVerb.STOP, at=BEGIN)

    pause_operational(house.file, at=BEGIN + HOUR)
    held = {each.id: each.reading(BEGIN + HOUR).running for each in house.state.clocks}
    resume_operational(house.file, at=BEGIN + 3 * HOUR, because="go on")
    again = {each.id: each.reading(BEGIN + 3 * HOUR).running for each in house.state.clocks}

    assert held == {"ours": False, "law": True, "other": False, "over": False}
    assert again == {"ours": True, "law": True, "other": False, "over": False}
    assert ours.due_at(BEGIN + 3 * HOUR) == BEGIN + 6 * HOUR
    assert ours.events[-1].because == "go on"
    assert ours.events[-2].because == HOLD


def test_the_time_in_which_a_gate_is_asked_moves_with_its_clock() -> None:
    """Only of a round that is open and ends by itself."""
    stage = clock("review#1", stage="review")
    house = alone(stage)
    template = {
        "gate": "review",
        "revision": 1,
        "content_hash": "",
        "nonce": "",
        "asked_at": BEGIN,
        "approve": {},
        "reject": {},
    }
    ends = BEGIN + 4 * HOUR
    from cases.gate import Round  # noqa: PLC0415 -- only here

    house.state.rounds = [
        Round.model_validate({**template, "number": 1, "expires_at": ends}),
        Round.model_validate({**template, "number": 2}),
        Round.model_validate(
            {**template, "number": 3, "expires_at": ends, "state": RoundState.APPROVED}
        ),
        Round.model_validate({**template, "number": 4, "expires_at": ends, "gate": "elsewhere"}),
    ]

    pause_operational(house.file, at=BEGIN + HOUR)
    resume_operational(house.file, at=BEGIN + 2 * HOUR, because="go on")

    assert [round_.expires_at for round_ in house.state.rounds] == [
        BEGIN + 5 * HOUR,
        None,
        ends,
        ends,
    ]


def test_a_wait_that_began_again_is_the_one_that_runs() -> None:
    """What ended is not taken for it, nor another's."""
    first, second = clock("wait"), clock("wait")
    house = alone(first, clock("other"), second)
    turn(house.file, first, ClockVerb.STOP, at=BEGIN)

    assert running(house.file, "wait", at=BEGIN) is second
    assert running(house.file, "none", at=BEGIN) is None


def test_only_a_running_clock_is_suspended_and_only_a_standing_one_goes_on() -> None:
    """A clock that is not the runbook's has no rule by which it would."""
    ours = clock()
    house = alone(ours)

    suspend(house.file, "none", at=BEGIN, because="the law")
    suspend(house.file, "ours", at=BEGIN, because="the law")
    suspend(house.file, "ours", at=BEGIN + HOUR, because="again")
    unsuspend(house.file, "ours", at=BEGIN + HOUR, because="asked")

    assert kinds(house) == [Kind.CLOCK_STARTED, Kind.CLOCK_PAUSED]
    assert recorded(house)[-1][1]["because"] == "the law"


def test_a_stage_that_is_left_takes_its_own_clock_with_it() -> None:
    """Met or cancelled; another's runs on, and what had ended ends once."""
    own, other, over = (
        clock("a#1", stage="a"),
        clock("b#1", stage="b"),
        clock("a#0", stage="a"),
    )
    house = alone(own, other, over)
    turn(house.file, over, ClockVerb.STOP, at=BEGIN)

    stop_stage_clock(house.file, "a", at=BEGIN + HOUR)
    stop_stage_clock(house.file, "b", at=BEGIN + HOUR, cancel=True)

    assert [each.events[-1].verb for each in house.state.clocks] == [
        ClockVerb.STOP,
        ClockVerb.CANCEL,
        ClockVerb.STOP,
    ]
    assert kinds(house)[-3:] == [
        Kind.CLOCK_STOPPED,
        Kind.CLOCK_STOPPED,
        Kind.CLOCK_CANCELLED,
    ]


def test_a_case_that_has_closed_leaves_only_holds_running() -> None:
    """They are cancelled because it closed; what had ended is not ended again."""
    ours, hold, over = clock("ours"), clock("hold", hold=True), clock("over")
    house = alone(ours, hold, over)
    turn(house.file, over, ClockVerb.STOP, at=BEGIN)

    end_clocks(house.file, at=BEGIN + HOUR)

    assert [each.ended for each in (ours, hold, over)] == [True, False, True]
    assert ours.events[-1].because == "closed"
    assert recorded(house)[-1] == (Kind.CLOCK_CANCELLED, {"clock": "ours", "because": "closed"})


def test_what_has_come_due_is_taken_once_oldest_first() -> None:
    """Steps and targets of all clocks in the order of their instants; each is on record."""
    steps = [
        Late(at=3 * HOUR, label="75%", page="deputy"),
        Late(at=2 * HOUR, label="50%", remind="legal"),
        Late(at=5 * HOUR, label="125%", escalate="policy"),
    ]
    ours, hold = clock(late=steps), clock("hold", hold=True, within=HOUR)
    house = alone(ours, hold)

    due = take_due(house.file, at=BEGIN + 4 * HOUR)

    assert [(each.id, step and step.label, at - BEGIN) for each, step, at in due] == [
        ("hold", None, HOUR),
        ("ours", "50%", 2 * HOUR),
        ("ours", "75%", 3 * HOUR),
        ("ours", None, 4 * HOUR),
    ]
    assert ours.fired == ["50%:legal", "75%:deputy", TARGET]
    assert (ours.breached_at, hold.breached_at) == (BEGIN + 4 * HOUR, None)
    assert recorded(house)[-4:] == [
        (Kind.CLOCK_REACHED, {"clock": "hold", "step": "held long enough"}),
        (
            Kind.CLOCK_REACHED,
            {"clock": "ours", "step": "50%:legal", "due": (BEGIN + 2 * HOUR).isoformat()},
        ),
        (
            Kind.CLOCK_REACHED,
            {"clock": "ours", "step": "75%:deputy", "due": (BEGIN + 3 * HOUR).isoformat()},
        ),
        (Kind.CLOCK_BREACHED, {"clock": "ours", "due": (BEGIN + 4 * HOUR).isoformat()}),
    ]
    assert take_due(house.file, at=BEGIN + 4 * HOUR) == []
    ((_, step, _),) = take_due(house.file, at=BEGIN + 5 * HOUR)
    assert step is not None
    assert step.escalate == "policy"


def test_a_share_is_one_of_the_time_that_the_stage_has() -> None:
    """Fixed times stay; a stage that has the time it was written with keeps its steps."""
    house = House.of()
    stage = house.file.pathway.stages[0]
    steps = late_at(stage, stage.within)
    doubled = late_at(stage, 2 * stage.within)

    assert steps == list(stage.late)
    assert [each.label for each in doubled] == [each.label for each in steps]
    assert [each.at for each in doubled] == [
        2 * each.at if each.label.endswith("%") else each.at for each in steps
    ]


def test_the_steps_to_come_are_named_and_in_order() -> None:
    """A share of a computed deadline is one of it; the target comes last of its instant."""
    steps = [
        Late(at=4 * HOUR, label="100%", go="leave"),
        Late(at=HOUR, label="50%", do="freeze"),
        Late(at=HOUR, label=OPENS, remind="legal"),
        Late(at=HOUR, label="1h"),
    ]
    law = clock(late=steps, statutory=True)
    law.note(
        ClockVerb.START,
        at=BEGIN,
        due=Due(conservative_due=BEGIN + DAY, legal_latest=BEGIN + 2 * DAY),
    )
    plain = clock(late=steps[:2])
    plain.note(ClockVerb.START, at=BEGIN)

    assert [(at - BEGIN, name) for at, name, _ in law.steps(BEGIN)] == [
        (HOUR, "opens:legal"),
        (HOUR, "1h:"),
        (12 * HOUR, "50%:freeze"),
        (24 * HOUR, "100%:leave"),
        (24 * HOUR, TARGET),
    ]
    assert [(at - BEGIN, name) for at, name, _ in plain.steps(BEGIN)] == [
        (HOUR, "50%:freeze"),
        (4 * HOUR, "100%:leave"),
        (4 * HOUR, TARGET),
    ]
    plain.fired = ["50%:freeze", TARGET]
    assert [(name, step) for _, name, step in plain.steps(BEGIN)] == [("100%:leave", steps[0])]
    plain.note(ClockVerb.PAUSE, at=BEGIN + HOUR)
    assert plain.steps(BEGIN + HOUR) == []


def test_who_was_paged_in_whose_place_once_it_has_happened() -> None:
    """Only pages, and only those that have come."""
    steps = [
        Late(at=HOUR, label="1h", page="deputy", instead_of="legal"),
        Late(at=HOUR, label="1h", page="somebody"),
        Late(at=2 * HOUR, label="2h", page="other", instead_of="policy"),
    ]
    ours = clock(late=steps, fired=["1h:deputy", "1h:somebody"])

    assert ours.backups == {"deputy": "legal"}


def test_a_past_instant_has_the_target_of_then() -> None:
    """A change of severity sets another from its instant on, not before."""
    ours = clock(retargeted=[Retarget(at=BEGIN + HOUR, within=9 * HOUR)])
    ours.note(ClockVerb.START, at=BEGIN, because="opened")

    assert ours.target(BEGIN) == 9 * HOUR
    assert ours.target(BEGIN + HOUR) == 4 * HOUR
    assert ours.due_at(BEGIN) == BEGIN + 9 * HOUR
    assert ours.due_at(BEGIN + HOUR) == BEGIN + 4 * HOUR
    assert ours.events[0].because == "opened"
    assert ours.latest_at(BEGIN) is None


def test_a_reading_tells_all_of_a_clock() -> None:
    """Since when, how long without pauses, its deadline, and when it ended."""
    events = [
        ClockEvent(verb=ClockVerb.START, at=BEGIN, due=BEGIN + DAY, latest=BEGIN + 2 * DAY),
        ClockEvent(verb=ClockVerb.PAUSE, at=BEGIN + HOUR),
        ClockEvent(verb=ClockVerb.RESUME, at=BEGIN + 2 * HOUR),
    ]

    def told(*more: ClockEvent, hours: int = 3) -> Reading:
        return read([*events, *more], at=BEGIN + hours * HOUR)

    known = {"started_at": BEGIN, "counted_from": BEGIN, "due": BEGIN + DAY}
    known["latest"] = BEGIN + 2 * DAY
    resumed = BEGIN + 2 * HOUR
    assert told() == Reading(
        running=True, ended=False, elapsed=2 * HOUR, resumed_at=resumed, **known
    )
    assert told(hours=1) == Reading(running=False, ended=False, elapsed=HOUR, **known)
    for verb in (ClockVerb.STOP, ClockVerb.CANCEL):
        over = ClockEvent(verb=verb, at=BEGIN + 3 * HOUR)
        late = ClockEvent(verb=ClockVerb.RESUME, at=BEGIN + 4 * HOUR)
        assert told(over, late, hours=9) == Reading(
            running=False, ended=True, elapsed=2 * HOUR, stopped_at=BEGIN + 3 * HOUR, **known
        )
    anew = ClockEvent(verb=ClockVerb.RESET, at=BEGIN + 3 * HOUR, due=BEGIN + 9 * HOUR)
    assert told(anew, hours=5) == Reading(
        running=True,
        ended=False,
        started_at=BEGIN,
        elapsed=2 * HOUR,
        resumed_at=BEGIN + 3 * HOUR,
        counted_from=BEGIN + 3 * HOUR,
        due=BEGIN + 9 * HOUR,
    )


@pytest.mark.parametrize(
    "verb,hours",
    [
        (ClockVerb.RESUME, -1),
        (ClockVerb.RESET, -1),
        (ClockVerb.PAUSE, -1),
        (ClockVerb.START, 1),
        (ClockVerb.RESUME, 1),
        (ClockVerb.START, 3),
        (ClockVerb.PAUSE, 3),
    ],
)
def test_what_makes_no_sense_changes_nothing(verb: ClockVerb, hours: int) -> None:
    """Anything before the start, a second start, going on while it runs, standing still twice."""
    whole = [
        ClockEvent(verb=ClockVerb.START, at=BEGIN, due=BEGIN + DAY),
        ClockEvent(verb=ClockVerb.PAUSE, at=BEGIN + 2 * HOUR),
    ]
    odd = ClockEvent(verb=verb, at=BEGIN + hours * HOUR)

    for now in (-1, 1, 2, 5):
        at = BEGIN + now * HOUR
        assert read([odd, *whole], at=at) == read(whole, at=at), now


def test_a_clock_that_never_began_has_run_for_nothing() -> None:
    """Nor is anything due of it; one that was only stopped has ended."""
    at = BEGIN + 5 * HOUR
    never = read([], at=at)
    stopped = read([ClockEvent(verb=ClockVerb.STOP, at=BEGIN)], at=at)

    assert never == Reading(running=False, ended=False)
    assert never.reached(HOUR, at=at) is None
    assert stopped == Reading(running=False, ended=True, stopped_at=BEGIN)


def of_a_rule(restart: str) -> tuple[House, ClockRun]:
    """A case in which the first clock of its runbook runs, and would begin again so."""
    house = House.of("terrorist-content-removal-order")
    plan = house.file.pathway.clocks[0].model_copy(
        update={"id": "ours", "restart": restart, "span": None, "opens": None}
    )
    house.file.pathway = house.file.pathway.model_copy(update={"clocks": (plan,)})
    house.state.clocks = []
    ours = clock(statutory=True, fired=["50%:legal"])
    start(house.file, ours, at=BEGIN)
    house.state.journal.pending.clear()
    suspend(house.file, "ours", at=BEGIN + HOUR, because="the law")
    return house, ours


@pytest.mark.parametrize(
    "restart,ending,verb,fired",
    [
        ("remaining", False, ClockVerb.RESUME, ["50%:legal"]),
        ("full", False, ClockVerb.RESET, []),
        ("full", True, ClockVerb.CANCEL, ["50%:legal"]),
    ],
)
def test_a_clock_that_the_law_suspended_goes_on_as_its_rule_says(
    restart: str, *, ending: bool, verb: ClockVerb, fired: list[str]
) -> None:
    """With what was left, from nothing, or not at all where the case ends; and why is on record."""
    house, ours = of_a_rule(restart)
    at = BEGIN + 3 * HOUR

    unsuspend(house.file, "ours", at=at, because="answered", ending=ending)

    assert ours.events[-1] == ClockEvent(verb=verb, at=at, because="answered")
    assert ours.fired == fired
    assert [body["because"] for _, body in recorded(house)] == ["the law", "answered"]
    assert len(recorded(house)) == 2
    # Once is enough: it runs, or has ended.
    unsuspend(house.file, "ours", at=at, because="again")
    assert ours.events[-1].because == "answered"
    unsuspend(house.file, "none", at=at, because="again")


@pytest.mark.parametrize("restart", ["remaining", "full"])
def test_nobody_is_called_because_of_a_clock_that_stands_still(restart: str) -> None:
    """What its lateness began ends with it; where it runs again, the step comes again."""
    house, ours = of_a_rule(restart)
    ours.late = [Late(at=2 * HOUR, label="2h", escalate="hour")]
    unsuspend(house.file, "ours", at=BEGIN + HOUR, because="answered")
    late = BEGIN + 5 * HOUR
    ours.fired.append("2h:hour")
    for name in ("ours", "another"):
        begin(house.file, "hour", stage="review", clock=name, because="2h", at=late)

    suspend(house.file, "ours", at=late, because="the law")

    assert [run.active for run in house.state.escalations] == [False, True]
    assert ours.steps(late) == []
    again = late + DAY
    unsuspend(house.file, "ours", at=again, because="answered")
    ahead = [label for _, label, step in ours.steps(again) if step is not None]
    assert ahead == ["2h:hour"]


def test_cases_of_an_earlier_edition_go_on_calling() -> None:
    """As they began: what is on record must come out of their histories again (I14)."""
    house, ours = of_a_rule("remaining")
    house.file.edition = SILENT - 1
    ours.late = [Late(at=2 * HOUR, label="2h", escalate="hour")]
    ours.fired.append("2h:hour")
    run = EscalationRun(key="hour#1", policy="hour", stage="review", clock="ours", begun_at=BEGIN)
    house.state.escalations.append(run)
    unsuspend(house.file, "ours", at=BEGIN + HOUR, because="answered")

    suspend(house.file, "ours", at=BEGIN + 3 * HOUR, because="the law")
    unsuspend(house.file, "ours", at=BEGIN + 4 * HOUR, because="answered")

    assert run.active
    assert "2h:hour" in ours.fired


@pytest.mark.parametrize(
    "edition,late,since",
    [(EVEN, 2, 4 * HOUR), (EVEN, 11, None), (EVEN - 1, 2, None)],
)
def test_a_missed_interval_begins_over_when_it_was_over(
    edition: int, *, late: int, since: timedelta | None
) -> None:
    """Not seconds later, unless an outage lay between, or the case is of an earlier edition."""
    ours = clock(fired=[TARGET])
    house = alone(ours)
    house.file.edition = edition
    at = BEGIN + 4 * HOUR + timedelta(seconds=late)

    begin_over(house.file, ours, at=at)

    begun = at if since is None else BEGIN + since
    assert ours.events[-1].at == begun
    assert ours.due_at(at) == begun + 4 * HOUR
    assert ours.fired == []
    assert recorded(house)[-1][1].get("since") == (begun.isoformat() if since else None)


def test_the_runbooks_clock_is_made_of_its_plan() -> None:
    """All it says; where it names no source, the row of the law is one."""
    plan = House.of("terrorist-content-removal-order").file.pathway.clocks[0]
    named = plan.model_copy(update={"source": "An act, Article 2", "kind": ClockKind.MIN_HOLD})
    by_row = plan.model_copy(update={"source": "", "row": "EU-TCO6@1", "kind": ClockKind.DEADLINE})

    made = clock_of(named)

    assert made == ClockRun(
        id=plan.id,
        title=plan.title,
        within=plan.within,
        statutory=plan.statutory,
        owner=plan.owner,
        late=list(plan.late),
        hold=True,
        source="An act, Article 2",
    )
    assert (clock_of(by_row).source, clock_of(by_row).hold) == ("EU-TCO6@1", False)


def test_the_runbooks_clock_begins_when_its_event_was() -> None:
    """Before the case knew of it, with why and whatever else is said."""
    house = House.of("terrorist-content-removal-order")
    (plan, *_) = house.file.pathway.clocks
    house.state.clocks = []
    house.state.journal.pending.clear()

    start_clock(house.file, plan, begun=BEGIN - HOUR, at=BEGIN, because="told", said={"by": "tess"})

    (ours,) = house.state.clocks
    assert (ours.id, ours.events[0].at, ours.events[0].because) == (plan.id, BEGIN - HOUR, "told")
    started = recorded(house)[0][1]
    assert (started["by"], started["because"]) == ("tess", "told")
    assert started["since"] == (BEGIN - HOUR).isoformat()
    # Its deadline was computed by the row's own calendar, not as hours pass.
    assert plan.span is not None
    assert "calendar" not in started


def test_a_stages_own_target_is_ours_and_named_by_its_visit() -> None:
    """The time the stage has at the case's severity, and its steps."""
    house = alone()
    stage = house.file.pathway.stages[0]

    start_stage_clock(house.file, stage, visit=2, at=BEGIN)

    (ours,) = house.state.clocks
    assert ours.model_copy(update={"events": []}) == ClockRun(
        id=f"{stage.name}#2",
        title=f"{stage.title or stage.name} target",
        within=stage.within,
        statutory=False,
        owner=stage.owner,
        stage=stage.name,
        late=list(stage.late),
    )
    assert ours.reading(BEGIN).started_at == BEGIN
    untitled = stage.model_copy(update={"title": ""})
    start_stage_clock(house.file, untitled, visit=3, at=BEGIN)
    assert house.state.clocks[-1].title == f"{stage.name} target"


def test_a_clock_that_has_not_begun_is_left_alone_by_the_end_of_a_hold() -> None:
    """It has nothing that a hold could have stopped."""
    house = alone()
    house.state.clocks = [clock()]

    resume_operational(house.file, at=BEGIN, because="go on")

    assert house.state.clocks[0].events == []
