"""Which report belongs to which case: joined by a rule, whatever the order, and taken out again."""

import asyncio
import random
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cases.ids import case_id
from cases.journal import Kind, Stream, check_chain
from store import Accepted, DeliveryState, KnownMatter, Store, UnknownRow
from store.tables import cases
from tests.store.building import START, later

DAY = timedelta(days=1)


def alike(fingerprint: str, *, joins: bool = True) -> KnownMatter:
    """What a rule says of a report."""
    return KnownMatter(
        fingerprint=fingerprint, within=DAY, joins=joins, because="many report one", row=1
    )


async def put(
    store: Store,
    report: str,
    fingerprint: str | None = "f",
    *,
    key: str = "",
    joins: bool = True,
    hours: float = 0,
) -> Accepted:
    """One delivery of that report."""
    answer = await store.deliveries.accept(
        key=key or f"standard:{report}",
        source="standard",
        instance="form",
        external_id=report,
        body=f"report {report}".encode(),
        at=later(hours=hours),
        matter=alike(fingerprint, joins=joins) if fingerprint is not None else None,
    )
    assert isinstance(answer, Accepted)
    return answer


def own(report: str) -> str:
    """The case the report would have by itself."""
    return case_id(source="standard", instance="form", external_id=report)


async def end(store: Store, case: str) -> None:
    """The case has closed."""
    async with store.database.write() as connection:
        await connection.execute(sa.update(cases).where(cases.c.id == case).values(status="closed"))


async def test_a_second_report_of_a_matter_joins_the_open_case(store: Store) -> None:
    """No second case is opened, and the door's journal says which rule said so, and why."""
    first = await put(store, "a")
    second = await put(store, "b", hours=1)

    assert (second.case, second.number, second.joined) == (first.case, first.number, True)
    entries = await store.journal.entries(first.case, stream=Stream.DOOR)
    check_chain(entries)
    assert [entry.kind for entry in entries] == [Kind.DOOR_DELIVERY] * 2
    said = entries[1].body
    assert (said["why"], said["because"], said["row"]) == ("joined", "many report one", "1")
    assert said["matter"] == "f"


async def test_what_came_before_stays_where_it_is(store: Store) -> None:
    """Delivered again, at whatever time and under another key, a report is in the same case."""
    first = await put(store, "a")
    await put(store, "b", hours=1)

    again = await put(store, "b", hours=1)
    much_later = await put(store, "b", "another", key="standard:b-2", hours=900)

    assert again.known
    assert (again.case, much_later.case) == (first.case, first.case)
    assert much_later.joined


@pytest.mark.parametrize(
    "fingerprint,hours,ends,joins",
    [("g", 1, False, True), ("f", 25, False, True), ("f", 1, True, True), ("f", 1, False, False)],
    ids=["another matter", "too late", "the case has ended", "only linked"],
)
async def test_a_report_opens_a_case_of_its_own(
    store: Store, *, fingerprint: str, hours: float, ends: bool, joins: bool
) -> None:
    """Where matter, window or rule do not say otherwise, one report is one case."""
    first = await put(store, "a")
    if ends:
        await end(store, first.case)

    second = await put(store, "b", fingerprint, joins=joins, hours=hours)

    assert (second.case, second.joined) == (own("b"), False)
    door = await store.journal.entries(second.case, stream=Stream.DOOR)
    assert door[0].body.get("why") == (None if joins else "linked")


async def test_every_report_makes_the_window_longer(store: Store) -> None:
    """It is counted from the newest report of the case, not from the first."""
    first = await put(store, "a")
    await put(store, "b", hours=20)

    assert (await put(store, "c", hours=40)).case == first.case


async def test_two_hundred_deliveries_at_once_are_as_many_cases_as_matters(store: Store) -> None:
    """Forty reports of eight matters, each delivered five times, in any order, eight at a time."""
    deliveries = [
        (f"r{report}", f"m{report % 8}", f"standard:r{report}-{turn}")
        for report in range(40)
        for turn in range(5)
    ]
    random.Random(7).shuffle(deliveries)  # noqa: S311 - an order, not a secret
    gate = asyncio.Semaphore(8)

    async def deliver(report: str, matter: str, key: str) -> tuple[str, str]:
        async with gate:
            return matter, (await put(store, report, matter, key=key)).case

    found = await asyncio.gather(*(deliver(*each) for each in deliveries))

    assert len(found) == 200
    assert len(set(found)) == 8
    assert len({case for _, case in found}) == 8
    assert len(await store.deliveries.list(limit=500)) == 200
    for case in {case for _, case in found}:
        assert len({each.report for each in await store.belonging.within(case)}) == 5


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.data(),
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from("xyz")), min_size=1, max_size=10),
)
async def test_order_and_duplicates_never_change_who_belongs_together(
    sqlite_store: Store, data: st.DataObject, reports: list[tuple[int, str]]
) -> None:
    """Whatever comes first and however often: the same reports are in one case, each in one."""
    # One store for all examples: each has names of its own.
    run = uuid4().hex
    matters = {f"{run}-{number}": f"{run}-{matter}" for number, matter in reports}
    deliveries = [(report, turn) for report in matters for turn in range(2)]
    order = data.draw(st.permutations(deliveries))

    found: dict[str, set[str]] = {}
    for at, (report, turn) in enumerate(order):
        answer = await put(
            sqlite_store, report, matters[report], key=f"{report}-{turn}", hours=at / 10
        )
        found.setdefault(answer.case, set()).add(report)

    together = {frozenset(reports) for reports in found.values()}
    wanted: dict[str, set[str]] = {}
    for report, matter in matters.items():
        wanted.setdefault(matter, set()).add(report)
    assert together == {frozenset(reports) for reports in wanted.values()}


async def test_a_joined_report_is_taken_out_with_everything_it_brought(store: Store) -> None:
    """Its deliveries are sealed under its own case, wait to be handed on, and both journals say."""
    first = await put(store, "a")
    await put(store, "b", hours=1)
    await put(store, "b", key="standard:b-2", hours=2)
    await store.deliveries.done("standard:b", state=DeliveryState.ATTACHED, at=later(hours=1))

    split = await store.splitting.split("standard:b-2", because="another", at=later(hours=3))

    assert split.id == own("b")
    assert split.number != first.number
    kept = [await store.deliveries.show(key) for key in ("standard:b", "standard:b-2")]
    assert [(each.case, each.body, each.state) for each in kept] == [
        (own("b"), b"report b", DeliveryState.PENDING)
    ] * 2
    assert [each.case for each in await store.deliveries.list(case=first.case)] == [first.case]
    old = await store.journal.entries(first.case, stream=Stream.DOOR)
    new = await store.journal.entries(split.id, stream=Stream.DOOR)
    check_chain(old)
    check_chain(new)
    assert [e.body["number"] for e in old if e.kind is Kind.DOOR_SPLIT] == [split.number] * 2
    assert [e.body["why"] for e in new] == ["split-off"] * 2


async def test_what_was_taken_out_stays_out(store: Store) -> None:
    """Asked again it is done once; a redelivery finds it there; it draws nothing after it."""
    first = await put(store, "a")
    await put(store, "b", hours=1)
    once = await store.splitting.split("standard:b", because="another", at=later(hours=2))

    twice = await store.splitting.split("standard:b", because="another", at=later(hours=3))
    again = await put(store, "b", key="standard:b-2", hours=4)
    third = await put(store, "c", hours=5)

    assert (twice.id, again.case, third.case) == (once.id, once.id, first.case)
    belongs = await store.belonging.of(own("b"))
    assert belongs is not None
    assert (belongs.joined, belongs.split_from) == (False, first.number)


async def test_only_a_joined_report_is_taken_out(store: Store) -> None:
    """The report that opened the case stays, and one that no rule spoke for is not known here."""
    first = await put(store, "a")
    await put(store, "b", None)

    assert (await store.splitting.split("standard:a", because="x", at=START)).id == first.case
    with pytest.raises(UnknownRow):
        await store.splitting.split("standard:b", because="x", at=START)
    with pytest.raises(UnknownRow):
        await store.splitting.split("standard:nothing", because="x", at=START)
