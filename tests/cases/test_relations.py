"""What each role has to do with one case: exactly these words, from which policies decide."""

from datetime import timedelta

import pytest

from cases.paging import EscalationRun, RunState
from cases.records import ClaimRecord, EffectRecord, IssuedRule, WorkOffer
from cases.relations import Relation, bars_at, relations_of
from cases.tasks import Task, TaskState
from tests.cases.approving import Asked
from tests.cases.house import BEGIN, House
from tests.workflows.runbooks import FOUR_EYES, TWO_OF_THREE, UNDELEGATED

HOUR = timedelta(hours=1)


def of(house: House, *roles: str, person: str = "somebody") -> set[str]:
    """The relations of somebody with these roles."""
    found = relations_of(house.state, house.file.pathway, person=person, roles=frozenset(roles))
    return set(found)


def effect(owner: str, *, state: str = "manual") -> EffectRecord:
    """Something to be done outside."""
    return EffectRecord(
        key="k", name="e", title="e", by="manual", owner=owner, stage="s", state=state, at=BEGIN
    )


def task(owner: str, *, person: str | None = None, state: TaskState = TaskState.OPEN) -> Task:
    """Something that somebody owes the case."""
    return Task(
        id="task-1",
        what="x",
        owner=owner,
        person=person,
        due=BEGIN,
        origin="person",
        by="ines",
        at=BEGIN,
        state=state,
    )


def at_the_gate() -> House:
    """At a gate that has whatever a gate can have."""
    house = House.of(text=FOUR_EYES)
    assert house.state.stage == "review"
    return house


def test_the_roles_of_a_gate_and_of_those_who_decide_in_turn() -> None:
    """Each role by itself: what it has to do with the case, and nothing more."""
    house = at_the_gate()

    assert {
        role: of(house, role)
        for role in (
            "legal",
            "policy",
            "incident-manager",
            "executive",
            "duty-counsel",
            "triage",
            "duty-manager",
            "visitor",
        )
    } == {
        "legal": {"concerned", "asked", "works", "approver", "steers"},
        "policy": {"concerned", "asked", "approver"},
        # Stands in for legal, and owns the closure.
        "incident-manager": {"concerned", "asked", "approver", "steers", "owns"},
        "executive": {"concerned", "approver"},
        "duty-counsel": {"concerned", "approver"},
        "triage": {"concerned", "steers"},
        "duty-manager": {"concerned", "asked", "steers"},
        "visitor": set(),
    }
    assert of(house) == set()
    assert of(house, "visitor", "executive") == {"concerned", "approver"}


def test_whoever_has_the_closing_role_by_name_owns_it_alone() -> None:
    """Another holder of the role owns it only while nobody has it by name."""
    house = at_the_gate()
    house.state.assignments["incident-manager"] = "imani"

    assert "owns" in of(house, person="imani")
    assert "owns" not in of(house, "incident-manager", person="ivar")


def test_who_pages_a_deputy_at_a_late_step() -> None:
    """The deputy votes in its place then, and decides in turn before."""
    house = House.of(text=TWO_OF_THREE)

    assert of(house, "deputy-counsel") == {"concerned", "approver"}
    assert of(house, "quality") == {"concerned", "approver"}
    clock = house.state.stage_clock("review")
    assert clock is not None
    clock.fired = ["50%:deputy-counsel"]
    assert of(house, "deputy-counsel") == {"concerned", "asked", "approver"}
    house.state.stage = None
    assert of(house, "deputy-counsel") == {"concerned", "approver"}
    asked = Asked().round.model_copy(
        update={"approve": {"guest": 1}, "reject": {}, "backups": {"stranger": "legal"}}
    )
    house.state.rounds = [asked]
    assert of(house, "stranger") == {"asked", "approver"}
    assert of(house, "guest") == {"concerned", "asked", "approver"}


def test_work_that_is_open_is_worked_on_and_work_that_was_is_concerning() -> None:
    """An effect and a task, before and after they are settled."""
    house = at_the_gate()
    house.state.effects = [effect("x"), effect("y", state="done")]
    house.state.tasks = [task("z"), task("w", state=TaskState.DONE)]

    for role in ("x", "z"):
        assert of(house, role) == {"concerned", "asked", "works"}, role
    for role in ("y", "w"):
        assert of(house, role) == {"concerned"}, role
    # What the runbook orders sometime is its owner's before it is ordered.
    assert "concerned" in of(house, "triage")


def test_whatever_else_there_is_takes_no_relation_from_anybody() -> None:
    """A case that has all of it at once: each role keeps what it had for its own reason."""
    house = at_the_gate()
    state = house.state
    state.stage = "work"
    state.effects = [effect("x"), effect("y", state="done")]
    state.tasks = [task("z"), task("w", state=TaskState.DONE)]
    state.rounds = [
        Asked().round.model_copy(update={"approve": {who: 1}, "reject": {}, "backups": backups})
        for who, backups in (("guest", {"stranger": "legal"}), ("other", {}))
    ]

    for role in ("legal", "x", "y", "z", "w", "guest", "other", "executive", "duty-counsel"):
        assert "concerned" in of(house, role), role
    assert {role for role in ("triage", "x", "z") if "works" in of(house, role)} == {
        "triage",
        "x",
        "z",
    }
    for role in ("legal", "policy", "incident-manager", "guest", "stranger", "other", "executive"):
        assert "approver" in of(house, role), role
    assert "approver" in of(house, "duty-counsel")
    assert "approver" not in of(house, "triage")
    for role in ("x", "guest", "duty-manager", "legal", "incident-manager"):
        assert "asked" in of(house, role), role


def test_what_is_owed_after_closing_concerns_its_owner_once_the_case_has_closed() -> None:
    """Not before: nobody looks into a case for what they may owe it one day."""
    house = House.of("policy-precedent")
    owners = {owed.owner for owed in house.file.pathway.after_closing}
    before = {owner for owner in owners if "concerned" in of(house, owner)}
    house.state.effects = []
    plan = house.file.pathway.after_closing[0].model_copy(update={"owner": "keeper"})
    pathway = house.file.pathway.model_copy(update={"after_closing": (plan,)})

    def related() -> frozenset[str]:
        return relations_of(house.state, pathway, person="somebody", roles=frozenset({"keeper"}))

    assert before <= owners
    assert related() == frozenset()
    house.state.status = "closed"
    assert related() == {"concerned"}
    assert "concerned" in of(house, "policy-executive")


def test_an_interim_rule_is_watched_by_its_owner_and_by_who_decides_what_stays() -> None:
    """Once it was issued; another that was not is watched by nobody."""
    house = House.of("policy-precedent")
    assert Relation.WATCHER not in of(house, "policy", "policy-executive")
    house.state.rules = [
        IssuedRule(
            name="crisis-rule",
            number="1001-R1",
            title="x",
            obligation=house.file.pathway.interim_rules[0].name,
            gate="urgent-rule",
            by=("ines",),
            at=BEGIN,
            expires_at=BEGIN + HOUR,
        )
    ]

    assert Relation.WATCHER in of(house, "policy")
    assert {"watcher", "asked", "concerned"} <= of(house, "policy-executive")
    assert Relation.WATCHER not in of(house, "legal")
    house.state.rules = [house.state.rules[0].model_copy(update={"obligation": "unknown"})]
    assert Relation.WATCHER not in of(house, "policy")


def test_the_parts_a_person_has_by_name() -> None:
    """Each by itself; nobody else has it, whatever their role."""
    parts = {}
    for part in ("assigned", "task", "done", "offer", "claim", "told", "over", "conflict"):
        house = at_the_gate()
        state = house.state
        match part:
            case "assigned":
                state.assignments["x"] = "lena"
            case "task":
                state.tasks = [task("x", person="lena")]
            case "done":
                state.tasks = [task("x", person="lena", state=TaskState.DONE)]
            case "offer":
                state.work_offers = [
                    WorkOffer(role="x", by="ines", person="lena", at=BEGIN, until=BEGIN)
                ]
            case "claim":
                state.claims = [
                    ClaimRecord(stage="s", role="x", person="lena", at=BEGIN, until=BEGIN)
                ]
            case "told" | "over":
                running = RunState.RUNNING if part == "told" else RunState.ENDED
                state.escalations = [
                    EscalationRun(
                        key="a#1",
                        policy="a",
                        stage="s",
                        begun_at=BEGIN,
                        told=["lena"],
                        state=running,
                    )
                ]
            case _:
                state.accounts["lena"] = ["lena2"]
                state.conflicts["lena2"] = "s"
        parts[part] = of(house, person="lena")
        assert of(house, person="luca") == set(), part

    assert parts == {
        "assigned": {"assigned"},
        "task": {"assigned"},
        "done": set(),
        "offer": {"assigned"},
        "claim": {"claimed"},
        "told": {"on-call"},
        "over": set(),
        "conflict": {"conflicted"},
    }


def test_who_has_voted_has_decided() -> None:
    """In whichever round; a role that voted makes nobody else a decider."""
    asked = Asked()
    asked.decide("lena", "legal")

    assert of(asked.house, person="lena") == {"decided"}
    assert of(asked.house, person="luca") == set()


@pytest.mark.parametrize(
    "text,delegate,bars",
    [
        (None, False, set()),
        (None, True, set()),
        (UNDELEGATED, False, set()),
        (UNDELEGATED, True, {"not-delegable"}),
    ],
    ids=["own", "delegate", "own, no delegates", "delegate, no delegates"],
)
def test_what_a_gate_says_of_delegates(
    text: bytes | None, *, delegate: bool, bars: set[str]
) -> None:
    """Only of those, and only where its rule refuses them."""
    house = (Asked(text) if text is not None else Asked()).house

    found = bars_at(
        house.state, house.file.pathway, gate="review", names={"lena"}, delegate=delegate
    )

    assert found == bars


def test_what_a_gate_says_against_one_human() -> None:
    """Under every account of theirs; a stage without a gate says nothing."""
    house = Asked().house
    house.state.accounts["tess"] = ["tess2"]

    def bars(*names: str, gate: str = "review", delegate: bool = False) -> frozenset[str]:
        return bars_at(house.state, house.file.pathway, gate=gate, names=names, delegate=delegate)

    assert bars("tess") == bars("tess2") == {"same-person"}
    assert bars("lena") == frozenset()
    assert bars("tess", gate="triage", delegate=True) == frozenset()
    assert bars("tess", gate="none", delegate=True) == frozenset()
    house.state.conflicts["tess"] = "review"
    assert bars("tess2") == {"conflicted"}
