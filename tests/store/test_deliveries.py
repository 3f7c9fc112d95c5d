"""Deliveries: one report, one case, whatever arrives how often."""

import asyncio
from datetime import timedelta

import pytest

from cases.ids import case_id
from cases.journal import Kind, Stream, check_chain
from store import DeliveryConflict, DeliveryState, Store, UnknownRow
from tests.store.building import CANARY, LEASE, START, accept, accepted, later


async def test_first_delivery_opens_the_case_with_the_first_number(store: Store) -> None:
    """A report gets a case id that anyone can compute and a number that people can say."""
    answer = await accepted(store)

    assert answer.case == case_id(source="zendesk", instance="example", external_id="ticket-1")
    assert (answer.number, answer.known) == ("1001", False)


async def test_numbers_count_up_without_gaps(store: Store) -> None:
    """Neither a known delivery nor a refused one uses up a number."""
    await accepted(store, key="zendesk:1")
    await accept(store, key="zendesk:1", body=b"other", external_id="ticket-9")
    await accepted(store, key="zendesk:1")

    answer = await accepted(store, key="zendesk:2", external_id="ticket-2")

    assert answer.number == "1002"


async def test_twenty_identical_deliveries_at_once_are_one(store: Store) -> None:
    """However many doors store the same delivery at the same moment, it is there once (I1)."""
    answers = await asyncio.gather(*(accepted(store) for _ in range(20)))

    assert {answer.case for answer in answers} == {answers[0].case}
    assert sum(not answer.known for answer in answers) == 1
    assert len(await store.deliveries.list()) == 1
    assert len(await store.journal.entries(answers[0].case, stream=Stream.DOOR)) == 1


async def test_twenty_deliveries_of_one_ticket_at_once_are_one_case(store: Store) -> None:
    """Different deliveries about one ticket belong to one case, each of them kept."""
    answers = await asyncio.gather(
        *(accepted(store, key=f"zendesk:{number}") for number in range(20))
    )

    assert {(answer.case, answer.number) for answer in answers} == {(answers[0].case, "1001")}
    assert len(await store.deliveries.list()) == 20
    entries = await store.journal.entries(answers[0].case, stream=Stream.DOOR)
    check_chain(entries)
    assert [entry.kind for entry in entries] == [Kind.DOOR_DELIVERY] * 20


async def test_twenty_new_cases_at_once_have_twenty_numbers(store: Store) -> None:
    """Cases opened at the same moment never share a number."""
    answers = await asyncio.gather(
        *(
            accepted(store, key=f"zendesk:{number}", external_id=f"ticket-{number}")
            for number in range(20)
        )
    )

    assert {answer.number for answer in answers} == {str(1001 + number) for number in range(20)}


async def test_known_key_with_another_body_is_a_conflict(store: Store) -> None:
    """A sender that uses an id twice for different things is told so, and nothing is stored."""
    await accepted(store)

    answer = await accept(store, body=b"another body", external_id="ticket-2")

    assert answer == DeliveryConflict(key="zendesk:1")
    assert len(await store.deliveries.list()) == 1
    assert await store.cases.by_number("1002") is None


async def test_same_key_with_two_bodies_at_once_is_one_delivery_and_conflicts(
    store: Store,
) -> None:
    """Of two different bodies under one key one wins and every other one is a conflict."""
    answers = await asyncio.gather(
        *(
            accept(store, body=f"body {number % 2}".encode(), external_id=f"t-{number % 2}")
            for number in range(20)
        )
    )

    assert sum(isinstance(answer, DeliveryConflict) for answer in answers) == 10
    assert len(await store.deliveries.list()) == 1
    assert await store.cases.by_number("1002") is None


async def test_claimed_delivery_carries_its_exact_bytes(store: Store) -> None:
    """What was signed by the sender is what the dispatcher reads."""
    body = b'{"a": 1,  "b"\t: "\xff not text"}'
    await accepted(store, body=body)

    claimed = await store.deliveries.claim(owner="one", at=START, lease=LEASE)

    assert [(delivery.key, delivery.body) for delivery in claimed] == [("zendesk:1", body)]


async def test_ten_claimers_get_disjoint_deliveries(store: Store) -> None:
    """Dispatchers of several gateways never work on the same row."""
    for number in range(30):
        await accepted(store, key=f"zendesk:{number}", external_id=f"ticket-{number}")

    claims = await asyncio.gather(
        *(
            store.deliveries.claim(owner=f"owner-{number}", at=START, lease=LEASE, limit=3)
            for number in range(10)
        )
    )

    keys = [delivery.key for claimed in claims for delivery in claimed]
    assert len(keys) == len(set(keys))
    rest = await store.deliveries.claim(owner="rest", at=START, lease=LEASE, limit=100)
    assert len(keys) + len(rest) == 30


async def test_an_expired_lease_is_free_again(store: Store) -> None:
    """A dispatcher that died does not take its deliveries with it."""
    await accepted(store)
    await store.deliveries.claim(owner="dead", at=START, lease=LEASE)

    early = await store.deliveries.claim(owner="next", at=later(seconds=29), lease=LEASE)
    late = await store.deliveries.claim(owner="next", at=later(seconds=30), lease=LEASE)

    assert early == []
    assert [(delivery.lease_owner, delivery.attempts) for delivery in late] == [("next", 2)]


async def test_deliveries_of_one_case_are_handed_on_in_order(store: Store) -> None:
    """The report that begins a case goes before the ones that add to it."""
    await accepted(store, key="zendesk:1")
    await accepted(store, key="zendesk:2")

    first = await store.deliveries.claim(owner="one", at=START, lease=LEASE)
    await store.deliveries.done("zendesk:1", state=DeliveryState.STARTED, at=START)
    second = await store.deliveries.claim(owner="one", at=START, lease=LEASE)

    assert [delivery.key for delivery in first] == ["zendesk:1"]
    assert [delivery.key for delivery in second] == ["zendesk:2"]


async def test_failed_delivery_waits_for_its_next_attempt(store: Store) -> None:
    """A failure frees the lease and says when to try again."""
    await accepted(store)
    await store.deliveries.claim(owner="one", at=START, lease=LEASE)
    await store.deliveries.failed(
        "zendesk:1", error="EngineUnavailable", next_attempt_at=later(seconds=8)
    )

    assert await store.deliveries.claim(owner="two", at=later(seconds=7), lease=LEASE) == []
    (again,) = await store.deliveries.claim(owner="two", at=later(seconds=8), lease=LEASE)
    assert again.last_error == "EngineUnavailable"


async def test_dead_delivery_raises_an_alarm_until_it_is_redelivered(store: Store) -> None:
    """What is given up reaches a person, with a way to mend it (I17)."""
    await accepted(store)
    await store.deliveries.dead("zendesk:1", reason="no runbook", at=START)

    assert await store.deliveries.claim(owner="one", at=later(days=1), lease=LEASE) == []
    (alarm,) = await store.health.open_alarms()
    assert (alarm.kind, alarm.key) == ("dead-delivery", "zendesk:1")
    assert await store.deliveries.redeliver("zendesk:1", at=later(days=1))
    assert len(await store.deliveries.claim(owner="one", at=later(days=1), lease=LEASE)) == 1
    assert await store.health.open_alarms() == []


async def test_done_delivery_is_not_redelivered(store: Store) -> None:
    """A delivery that began its case is over."""
    await accepted(store)
    await store.deliveries.done("zendesk:1", state=DeliveryState.STARTED, at=START)

    assert not await store.deliveries.redeliver("zendesk:1", at=START)
    assert (await store.deliveries.show("zendesk:1")).state is DeliveryState.STARTED


async def test_unknown_delivery_is_an_error_with_a_name(store: Store) -> None:
    """Asking for what is not there is answered clearly."""
    with pytest.raises(UnknownRow, match="no delivery nothing"):
        await store.deliveries.show("nothing")
    with pytest.raises(UnknownRow):
        await store.deliveries.failed("nothing", error="x", next_attempt_at=START)


async def test_case_is_pinned_once(store: Store) -> None:
    """A case that was pinned to a version never sees another one (I2)."""
    answer = await accepted(store)

    first = await store.cases.pin(answer.case, runbook="one", version="1.0.0", digest="d1")
    second = await store.cases.pin(answer.case, runbook="two", version="2.0.0", digest="d2")

    assert (first.runbook, first.version, first.digest) == ("one", "1.0.0", "d1")
    assert second == first


async def test_open_cases_about_the_same_subject_are_found(store: Store) -> None:
    """A further report about a subject can be offered to its open case."""
    first = await accepted(store, key="zendesk:1", external_id="a", subject_ref="s1")
    second = await accepted(store, key="zendesk:2", external_id="b", subject_ref="s1")
    await accepted(store, key="zendesk:3", external_id="c", subject_ref="s2")

    found = await store.cases.same_subject("s1", except_case=second.case)

    assert [row.number for row in found] == [first.number]


async def test_pollers_remember_how_far_they_read(store: Store) -> None:
    """A cursor survives and can be moved."""
    await store.deliveries.set_cursor("request-tracker", value="one")
    await store.deliveries.set_cursor("request-tracker", value="two")

    assert await store.deliveries.cursor("request-tracker") == "two"
    assert await store.deliveries.cursor("other") is None


async def test_lag_counts_what_waits_and_what_is_dead(store: Store) -> None:
    """Operators see how far behind the dispatchers are."""
    await accepted(store, key="zendesk:1", external_id="a")
    await accepted(store, key="zendesk:2", external_id="b", at=later(minutes=1))
    await accepted(store, key="zendesk:3", external_id="c")
    await store.deliveries.dead("zendesk:3", reason="x", at=START)

    lag = (await store.health.outbox()).deliveries

    assert (lag.pending, lag.dead, lag.oldest_at) == (2, 1, START)


async def test_nothing_of_a_report_is_in_clear(sqlite_store: Store) -> None:
    """Who reads the database file without the key finds no word of the report (I13)."""
    answer = await accepted(sqlite_store)
    await sqlite_store.close()

    file = sqlite_store.database.file
    assert file is not None
    everything = b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))
    assert answer.case.encode() in everything
    assert CANARY.encode() not in everything


async def test_lease_is_a_span(store: Store) -> None:
    """A lease of no length is free at once."""
    await accepted(store)
    await store.deliveries.claim(owner="one", at=START, lease=timedelta(0))

    assert len(await store.deliveries.claim(owner="two", at=START, lease=LEASE)) == 1
