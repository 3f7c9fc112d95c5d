"""Pictures: what lists, pages and the watch read, also while every worker is down."""

import pytest

from cases.ids import case_id
from store import CaseFilter, Store
from tests.store.building import CANARY, START, accepted, batch, chain, later, open_round


@pytest.fixture
async def case(store: Store) -> str:
    """A case whose workflow has written nothing yet."""
    return (await accepted(store)).case


async def other_case(store: Store, number: int) -> str:
    """Another case."""
    answer = await accepted(
        store, key=f"zendesk:{number}", external_id=f"t{number}", at=later(seconds=number)
    )
    return answer.case


async def test_picture_is_merged_field_by_field(store: Store, case: str) -> None:
    """A batch changes the fields it names and leaves the others."""
    entries = chain(case, "a", "b")
    await store.append_case(
        batch(case, entries[:1], changes={"answers": {"a": CANARY}, "stage": "triage"})
    )
    await store.append_case(
        batch(case, entries[1:], changes={"stage": "closure"}, stage="closure", at=later(hours=1))
    )

    view = await store.views.by_number("1001")

    assert view is not None
    assert view.state == {"answers": {"a": CANARY}, "stage": "closure"}
    assert (view.line.stage, view.line.sequence, view.line.as_of) == (
        "closure",
        2,
        later(hours=1),
    )


async def test_older_batch_does_not_turn_the_picture_back(store: Store, case: str) -> None:
    """A retried batch that arrives late leaves what is newer."""
    entries = chain(case, "a", "b")
    await store.append_case(batch(case, entries[:1], changes={"stage": "one"}))
    await store.append_case(batch(case, entries[1:], changes={"stage": "two"}))

    await store.append_case(batch(case, entries[:1], changes={"stage": "one"}))

    view = await store.views.get(case)
    assert view is not None
    assert view.state == {"stage": "two"}


async def test_case_as_it_was_at_an_instant(store: Store, case: str) -> None:
    """The past is read from the same rows as the present."""
    entries = chain(case, "a", "b")
    await store.append_case(batch(case, entries[:1], changes={"stage": "one"}, stage="one"))
    await store.append_case(
        batch(case, entries[1:], changes={"stage": "two"}, stage="two", at=later(hours=1))
    )

    before = await store.views.at(case, instant=later(minutes=-1))
    between = await store.views.at(case, instant=later(minutes=59))
    after = await store.views.at(case, instant=later(hours=1))

    assert before is None
    assert between is not None
    assert (between.line.stage, between.state) == ("one", {"stage": "one"})
    assert after == await store.views.get(case)


async def test_inbox_shows_what_waits_on_a_role_or_is_assigned(store: Store, case: str) -> None:
    """The inbox is of one's roles and of what was given to one, what is due first on top."""
    second, third, closed = [await other_case(store, number) for number in (2, 3, 4)]
    await store.append_case(
        batch(case, chain(case, "a"), waiting_on=("legal",), due_at=later(hours=2))
    )
    await store.append_case(
        batch(second, chain(second, "a"), waiting_on=("legal", "policy"), due_at=later(hours=1))
    )
    await store.append_case(
        batch(
            third,
            chain(third, "a"),
            waiting_on=("triage",),
            changes={"assignments": {"triage": "me"}},
        )
    )
    await store.append_case(
        batch(closed, chain(closed, "a"), waiting_on=("legal",), status="closed")
    )

    legal = await store.views.inbox(roles=frozenset({"legal"}), person="somebody")
    mine = await store.views.inbox(roles=frozenset(), person="me")
    both = await store.views.inbox(roles=frozenset({"legal"}), person="me")

    assert [view.line.case for view in legal] == [second, case]
    assert [view.line.case for view in mine] == [third]
    assert [view.line.case for view in both] == [second, case, third]


async def test_inbox_forgets_what_no_longer_waits(store: Store, case: str) -> None:
    """Once a case waits on somebody else it leaves the inbox."""
    entries = chain(case, "a", "b")
    await store.append_case(
        batch(
            case,
            entries[:1],
            waiting_on=("legal",),
            changes={"assignments": {"legal": "me"}},
        )
    )
    await store.append_case(
        batch(case, entries[1:], waiting_on=("policy",), changes={"assignments": {}})
    )

    assert await store.views.inbox(roles=frozenset({"legal"}), person="me") == []
    assert len(await store.views.inbox(roles=frozenset({"policy"}), person="me")) == 1


async def test_list_filters_by_what_is_in_clear(store: Store, case: str) -> None:
    """Lists open no sealed row."""
    second = await other_case(store, 2)
    await store.append_case(batch(case, chain(case, "a"), breached=True, waiting_on=("legal",)))
    await store.append_case(
        batch(second, chain(second, "a"), status="closed", stage="closure", severity="SEV3")
    )

    async def cases(**fields: object) -> list[str]:
        which = CaseFilter.model_validate(fields)
        return [line.case for line in await store.views.list(which)]

    assert await cases() == [second, case]
    assert await cases(status=("open",)) == [case]
    assert await cases(breached=True) == [case]
    assert await cases(severity=("SEV3",)) == [second]
    assert await cases(stage="closure") == [second]
    assert await cases(role="legal") == [case]
    assert await cases(person="nobody") == []
    assert await cases(runbook="other") == []
    assert await cases(limit=1, offset=1) == [case]


async def test_watch_sees_a_due_instant_that_nobody_served(store: Store, case: str) -> None:
    """A case whose next instant has passed without a word of its workflow is overdue (I17)."""
    entries = chain(case, "a", "b")
    await store.append_case(batch(case, entries[:1], next_at=later(minutes=10)))

    assert await store.views.due(before=later(minutes=9)) == []
    assert [line.case for line in await store.views.due(before=later(minutes=10))] == [case]

    await store.append_case(batch(case, entries[1:], next_at=later(hours=1), at=later(minutes=10)))
    assert await store.views.due(before=later(minutes=20)) == []


async def test_closed_case_is_never_due(store: Store, case: str) -> None:
    """What is over waits for nothing."""
    await store.append_case(
        batch(case, chain(case, "a"), status="closed", next_at=later(minutes=1))
    )

    assert await store.views.due(before=later(days=1)) == []


async def test_counts_are_of_open_cases(store: Store, case: str) -> None:
    """Metrics say what is going on now."""
    second = await other_case(store, 2)
    await store.append_case(
        batch(
            case,
            chain(case, "a"),
            waiting_on=("legal",),
            breached=True,
            rounds=(open_round(1, is_open=False), open_round(2)),
        )
    )
    await store.append_case(batch(second, chain(second, "a"), status="closed"))

    counts = await store.views.counts()

    assert counts.by_status == {"open": 1, "closed": 1}
    assert counts.by_stage == {"triage": 1}
    assert counts.by_severity == {"SEV1": 1}
    assert counts.waiting_on == {"legal": 1}
    assert (counts.breached, counts.open_rounds) == (1, 1)


async def test_case_that_has_not_started_is_known(store: Store, case: str) -> None:
    """Between the door and the first word of its workflow a case is not invisible."""
    assert [row.id for row in await store.cases.unstarted()] == [case]
    assert await store.views.get(case) is None

    await store.append_case(batch(case, chain(case, "a"), status="held"))

    assert await store.cases.unstarted() == []
    assert (await store.cases.get(case)).status == "held"


async def test_rounds_are_as_the_workflow_published_them(store: Store, case: str) -> None:
    """A door finds what a round shows, and whether it is open."""
    await store.append_case(batch(case, chain(case, "a"), rounds=(open_round(1),)))

    assert await store.rounds.get(case, gate="legal-review", round=1) == open_round(1)
    assert await store.rounds.get(case, gate="legal-review", round=2) is None
    assert await store.rounds.of(case) == [open_round(1)]


async def test_unknown_number_is_no_case(store: Store) -> None:
    """A number nobody gave out leads nowhere."""
    assert await store.views.by_number("9999") is None
    assert await store.views.get(case_id(source="a", instance="b", external_id="c")) is None
    assert START.tzinfo is not None
