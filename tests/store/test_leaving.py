"""What leaves the house: calls on record without content, events in order, receivers sealed."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from cases.journal import Kind, Stream
from store import (
    CallFilter,
    EventFilter,
    EventState,
    Store,
    SubscriptionState,
    UnknownRow,
)
from store.events import wanted
from store.ledger_tables import calls, subscriptions
from tests.store.building import CANARY, LEASE, START, accepted, later

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
URL = "https://events.example/in/token-4711"


async def begun(store: Store, case: str | None, *, vendor: str = "zendesk", hours: int = 0) -> str:
    """A call that is under way."""
    return await store.calls.begin(
        case=case,
        key="notice-1",
        attempt=1,
        vendor=vendor,
        operation="add a note",
        method="POST",
        url="https://zendesk.example/tickets/17",
        request={"headers": {}, "summary": {}},
        body=CANARY.encode(),
        workflow="",
        run="",
        activity="",
        at=later(hours=hours),
    )


async def subscribed(store: Store, name: str = "warehouse", *kinds: str) -> None:
    """A receiver."""
    await store.subscriptions.subscribe(
        name=name, url=URL, secret=SECRET, shown="https://events.example/in/…", kinds=kinds,
        by="imani", at=START,
    )  # fmt: skip


async def told(store: Store, case: str, *kinds: Kind) -> None:
    """Entries of the door's stream."""
    for kind in kinds:
        await store.journal.append_door(case, kind, at=START)


async def test_a_call_is_on_record_before_it_ends_and_its_first_end_stays(store: Store) -> None:
    """A process that dies in between leaves a call that is visibly under way."""
    case = (await accepted(store)).case
    id_ = await begun(store, case)
    under_way = await store.calls.show(id_)
    for outcome in ("answered", "refused"):
        await store.calls.end(
            id_, outcome=outcome, answer={}, body=b"ok", status=200, error="", mend="",
            at=later(seconds=2),
        )  # fmt: skip

    ended = await store.calls.show(id_)
    assert (under_way.outcome, under_way.seconds) == ("under-way", None)
    assert (ended.outcome, ended.status, ended.seconds) == ("answered", 200, 2.0)
    assert ended.request["bytes"] == len(CANARY.encode())


async def test_nothing_of_a_body_is_kept_but_size_and_salted_digest(store: Store) -> None:
    """The same body has another digest in another case: it cannot be guessed (I13)."""
    first = (await accepted(store)).case
    second = (await accepted(store, key="zendesk:2", external_id="ticket-2")).case
    for case in (first, second, None):
        await begun(store, case)

    async with store.database.read() as connection:
        rows = [str(row) for row in await connection.execute(sa.select(calls))]
    digests = {str(call.request["digest"]) for call in await store.calls.list()}
    assert not [row for row in rows if "canary" in row]
    assert len(digests) == 3


async def test_calls_are_found_by_case_vendor_outcome_and_instant(store: Store) -> None:
    """Every filter alone narrows the list, and old ones are forgotten."""
    case = (await accepted(store)).case
    old, new = await begun(store, case), await begun(store, None, vendor="slack", hours=5)

    async def ids(**asked: object) -> list[str]:
        return [row.id for row in await store.calls.list(CallFilter.model_validate(asked))]

    assert await ids() == [new, old]
    assert await ids(case=case) == await ids(vendor="zendesk") == [old]
    assert await ids(since=later(hours=1)) == [new]
    assert await ids(outcome="refused") == []
    assert await store.calls.counts(since=later(hours=1)) == {("slack", "under-way"): 1}
    assert await store.calls.prune(before=later(hours=1)) == 1
    assert await ids() == [new]


async def test_every_entry_has_its_event_and_nobody_asked_has_none(store: Store) -> None:
    """Events are written with the entry, for the kinds that were asked for."""
    case = (await accepted(store)).case
    await subscribed(store, "all")
    await subscribed(store, "acts", "door:act")
    await told(store, case, Kind.DOOR_ACT_RECORDED, Kind.DOOR_LINK_OPENED)

    rows = {(row.subscription, row.kind): row for row in await store.events.list()}
    assert set(rows) == {
        ("all", Kind.DOOR_ACT_RECORDED),
        ("all", Kind.DOOR_LINK_OPENED),
        ("acts", Kind.DOOR_ACT_RECORDED),
    }
    one = rows["acts", Kind.DOOR_ACT_RECORDED]
    assert (one.number, one.stream, one.sequence) == ("1001", Stream.DOOR, 2)


@pytest.mark.parametrize(
    "kinds,meant",
    [((), True), (("gate",), True), (("gate:round",), True), (("ga",), False), (("case",), False)],
)
def test_a_kind_is_meant_by_its_beginning(kinds: tuple[str, ...], meant: bool) -> None:  # noqa: FBT001 - a case of the table
    """Whole words only."""
    assert wanted("gate:round:opened", kinds) is meant


async def test_a_shadow_case_is_announced_to_nobody(store: Store) -> None:
    """What runs beside today's process reaches no receiver either."""
    case = (await accepted(store)).case
    await store.cases.pin(case, runbook="r", version="1.0.0", digest="d", shadow=True)
    await subscribed(store)
    await told(store, case, Kind.DOOR_ACT_RECORDED)

    assert await store.events.list() == []


async def test_of_each_case_a_receiver_is_sent_the_oldest_only(store: Store) -> None:
    """In order within a case; another receiver and another case do not wait for it."""
    first = (await accepted(store)).case
    second = (await accepted(store, key="zendesk:2", external_id="ticket-2")).case
    await subscribed(store, "a")
    await subscribed(store, "b")
    await told(store, first, Kind.DOOR_ACT_RECORDED, Kind.DOOR_ACT_ANSWERED)
    await told(store, second, Kind.DOOR_ACT_RECORDED)

    claimed = await store.events.claim(owner="one", at=START, lease=LEASE)
    again = await store.events.claim(owner="two", at=START, lease=LEASE)
    await store.events.failed(claimed[0].key, error="503", next_attempt_at=later(hours=1))
    for row in claimed[1:]:
        await store.events.delivered(row.key, answer="200", at=START)
    next_ = await store.events.claim(owner="one", at=START, lease=LEASE)

    assert sorted((row.subscription, row.number) for row in claimed) == [
        ("a", "1001"), ("a", "1002"), ("b", "1001"), ("b", "1002"),
    ]  # fmt: skip
    assert again == []
    assert [(row.subscription, row.kind) for row in next_] == [("b", Kind.DOOR_ACT_ANSWERED)]


async def test_a_receiver_that_is_gone_is_sent_nothing_until_it_is_resumed(store: Store) -> None:
    """What waits is kept, what happens meanwhile is not announced."""
    case = (await accepted(store)).case
    await subscribed(store)
    await told(store, case, Kind.DOOR_ACT_RECORDED)
    assert await store.subscriptions.gone("warehouse", because="answered 410", at=START)
    await told(store, case, Kind.DOOR_ACT_ANSWERED)

    while_gone = await store.events.claim(owner="one", at=START, lease=LEASE)
    resumed = await store.subscriptions.resume("warehouse", by="imani", at=START)
    afterwards = await store.events.claim(owner="one", at=START, lease=LEASE)

    assert (while_gone, resumed) == ([], True)
    assert [row.kind for row in afterwards] == [Kind.DOOR_ACT_RECORDED]
    assert not await store.subscriptions.resume("warehouse", by="imani", at=START)


async def test_an_event_is_sent_again_under_its_own_key_whatever_it_was(store: Store) -> None:
    """Delivered or dead, it is tried again with the same id; old delivered ones are forgotten."""
    case = (await accepted(store)).case
    await subscribed(store)
    await told(store, case, Kind.DOOR_ACT_RECORDED, Kind.DOOR_ACT_ANSWERED)
    (first,) = await store.events.claim(owner="one", at=START, lease=LEASE)
    await store.events.delivered(first.key, answer="204", at=START)
    (second,) = await store.events.claim(owner="one", at=START, lease=LEASE)
    await store.events.dead(second.key, reason="answered 500", at=START)
    alarms = [alarm.kind for alarm in await store.health.open_alarms()]
    again = [await store.events.redeliver(row.key, at=START) for row in (first, second)]
    sent = await store.events.claim(owner="one", at=START, lease=LEASE)
    await store.events.delivered(first.key, answer="204", at=START)

    assert (alarms, again) == (["dead-event"], [True, True])
    assert [row.key for row in sent] == [first.key]
    assert await store.health.open_alarms() == []
    assert await store.events.prune(before=later(hours=1)) == 1
    assert [row.key for row in await store.events.list()] == [second.key]


async def test_address_and_secret_of_a_receiver_are_sealed(store: Store) -> None:
    """A dump of the table shows neither; unsubscribing forgets both and what waits."""
    case = (await accepted(store)).case
    await subscribed(store)
    await told(store, case, Kind.DOOR_ACT_RECORDED)
    async with store.database.read() as connection:
        (row,) = (await connection.execute(sa.select(subscriptions))).all()
    address = await store.subscriptions.address("warehouse")
    shown = await store.subscriptions.show("warehouse")
    await store.subscriptions.unsubscribe("warehouse")

    assert b"4711" not in row.url
    assert b"MfKQ" not in row.secret
    assert (address.url, address.secret) == (URL, SECRET)
    assert "4711" not in repr(address)
    assert (shown.state, shown.by) == (SubscriptionState.ACTIVE, "imani")
    assert await store.events.list(EventFilter(state=EventState.PENDING)) == []
    with pytest.raises(UnknownRow):
        await store.subscriptions.unsubscribe("warehouse")


async def test_leases_of_dead_dispatchers_run_out(store: Store) -> None:
    """An event whose dispatcher died is sent by another, under the same key."""
    case = (await accepted(store)).case
    await subscribed(store)
    await told(store, case, Kind.DOOR_ACT_RECORDED)
    (first,) = await store.events.claim(owner="one", at=START, lease=LEASE)
    (second,) = await store.events.claim(
        owner="two", at=START + LEASE + timedelta(seconds=1), lease=LEASE
    )

    assert (first.key, first.attempts, second.attempts) == (second.key, 1, 2)
