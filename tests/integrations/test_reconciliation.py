"""Every kind of drift in the table is found, and mended or told; twice is as good as once."""

import csv
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from activities.tickets import KEPT
from cases.journal import Kind
from cases.records import Link
from gateway.reconciling.drift import SAID as TELLS
from gateway.reconciling.drift import DriftKind
from integrations.markers import marker
from store import DEMO_KEK, Store
from store.ticket_drift import OURS, PERSON
from tests.fakes.clock import FixedClock
from tests.integrations.drifting.bench import Bench
from tests.integrations.drifting.hands import HANDS
from tests.integrations.drifting.ways import BEFORE, SAID, WAYS
from tests.stores import empty_store

ROWS = list(
    csv.DictReader((Path(__file__).parent / "drift.csv").read_text(encoding="utf-8").splitlines())
)
EACH = [(row, system) for row in ROWS for system in row["on"].split()]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An open store."""
    url = f"sqlite:///{tmp_path / 'escalate.db'}"
    await empty_store(url)
    async with await Store.open(url, kek=DEMO_KEK) as opened:
        yield opened


async def settled(store: Store, folder: Path, system: str) -> tuple[Bench, Any]:
    """A case whose ticket is as it should be, seen once, and a person's hand at the tracker."""
    bench, hand = await begun(store, folder, system)
    await bench.says(SAID)
    await bench.look()
    assert await bench.standing() == []
    return bench, hand


async def begun(
    store: Store, folder: Path, system: str, *, runbook: str = "user-safety-escalation"
) -> tuple[Bench, Any]:
    """A case without a ticket, and a person's hand at the tracker."""
    clock = FixedClock()
    hand: Any = HANDS[system](clock)
    tickets: Any = hand.adapter()
    bench = Bench(
        store=store,
        clock=clock,
        folder=folder,
        tickets=tickets,
        system=system,
        instance=tickets.instance,
        queue=hand.queue,
        runbook=runbook,
    )
    await bench.open()
    return bench, hand


def writes(hand: Any) -> int:
    """How many requests changed something at the tracker."""
    return sum(method != "GET" and "search" not in path for method, path in hand.network.requests)


@pytest.mark.parametrize(
    "row,system", EACH, ids=[f"{row['kind']}-{system}" for row, system in EACH]
)
async def test_drift_is_mended_or_told(
    store: Store, tmp_path: Path, row: dict[str, str], system: str
) -> None:
    """Found, mended once or told once with what to do; the next look changes nothing more."""
    begin = begun if row["how"] in BEFORE else settled
    bench, hand = await begin(store, tmp_path, system)
    await WAYS[row["how"]](bench, hand)

    await looked(bench)
    (found,) = [each for each in await store.ticket_drift.list() if each.kind == row["kind"]]
    if row["kind"] == DriftKind.MERGED:
        # The ticket that took its place is brought to the case's mind at the look after.
        await looked(bench)
    before, alarms = writes(hand), await store.health.open_alarms()
    hand_was_fighting = row["kind"] == DriftKind.VERSION_CONFLICT
    await looked(bench)

    assert found.whose == row["whose"]
    if not hand_was_fighting and row["kind"] != DriftKind.REFUSED:
        assert writes(hand) == before, "what is mended is not mended again"
    if row["whose"] == OURS:
        assert not found.stands
        assert await bench.standing() == []
        (entry,) = await mended(bench, row["kind"])
        assert entry["ticket"]
    else:
        assert found.stands
        assert row["person must"] in found.mend
        assert [each.kind for each in await store.health.open_alarms()] == [
            each.kind for each in alarms
        ]
        assert any(alarm.text.endswith(found.says) for alarm in alarms)
        if found.case:
            told = await bench.journal(Kind.DOOR_TICKET_DIFFERS)
            assert [each["what"] for each in told].count(row["kind"]) == 1


async def looked(bench: Bench) -> None:
    """A look at every ticket, and at every mark."""
    await bench.look()
    for tracker in bench.doors().trackers:
        await bench.reconciler().sweep(tracker, at=bench.clock.at)


async def mended(bench: Bench, kind: str) -> Sequence[dict[str, Any]]:
    """What the door's journal says was mended of that kind."""
    entries = await bench.journal(Kind.DOOR_TICKET_MENDED)
    return [each for each in entries if each["what"] == kind]


def test_the_table_has_every_kind_once_and_more_than_twenty() -> None:
    """A kind that nobody induces is one that nobody knows to be found."""
    assert sorted(row["kind"] for row in ROWS) == sorted(DriftKind)
    assert len(ROWS) >= 20
    assert {row["kind"]: row["whose"] for row in ROWS} == {
        kind.value: said.whose for kind, said in TELLS.items()
    }
    assert {row["how"] for row in ROWS} <= WAYS.keys()
    for row in ROWS:
        assert bool(row["person must"]) is (row["whose"] == PERSON), row["kind"]


@pytest.mark.parametrize(
    "own,other",
    [
        ("user-safety-escalation", "child-safety-report"),
        ("child-safety-report", "user-safety-escalation"),
    ],
)
async def test_a_ticket_names_no_case_beside_one_that_few_may_see(
    store: Store, tmp_path: Path, own: str, other: str
) -> None:
    """Neither its page on another's ticket, nor others' on its own; nor how grave it is."""
    bench, hand = await begun(store, tmp_path, "zendesk", runbook=own)
    await bench.says(SAID)
    number = await bench.another(other)
    await bench.publish(links=[Link(number=number, why="same-subject")])

    await looked(bench)
    await looked(bench)

    assert await bench.standing() == []
    ((_, ticket),) = hand.fake.tickets.items()
    assert number not in str((ticket, hand.fake.comments))
    grave = {"user-safety-escalation": "high", "child-safety-report": "normal"}[own]
    assert ticket["priority"] == grave


@pytest.mark.parametrize("system", sorted(HANDS))
async def test_a_placeholder_is_adopted_with_all_that_was_said(
    store: Store, tmp_path: Path, system: str
) -> None:
    """Down for a while: the case goes on; then one ticket has every note once, and it knows."""
    bench, hand = await begun(store, tmp_path, system)
    for text in ("Case opened.", "Severity is SEV2.", "Triage: escalate."):
        hand.fail(503)
        result = await bench.says(text, attempt=5)
        assert (result.ticket, result.failed) == (None, KEPT)
    kept = await store.ticket_keeping.of(bench.case)
    assert kept is not None
    assert kept.placeholder_since is not None
    hand.fail(503)
    await bench.look(after=timedelta(minutes=2))
    assert {alarm.kind for alarm in await store.health.open_alarms()} == {"tracker"}

    await bench.look(after=timedelta(minutes=2))

    ticket = await store.tickets.of(bench.case)
    assert ticket is not None
    said = "\n".join(hand.seen(ticket.id)["notes"])
    for text in ("Case opened.", "Severity is SEV2.", "Triage: escalate."):
        assert said.count(text) == 1
    for key in bench.keys:
        assert said.count(marker(key)) == 1
    assert len([text for text in hand.seen(ticket.id)["notes"] if "Case opened." in text]) == 1
    assert [key for key in await bench.news() if "/opened/" in key]
    assert await store.health.open_alarms() == []


@pytest.mark.parametrize("system", sorted(HANDS))
async def test_what_was_owed_goes_first_when_the_case_speaks_again(
    store: Store, tmp_path: Path, system: str
) -> None:
    """The next note carries what the tracker did not take before, in order, as one comment."""
    bench, hand = await settled(store, tmp_path, system)
    hand.fail(503)
    await bench.says("One.", attempt=5)

    await bench.says("Two.")

    (note,) = [text for text in hand.seen(bench.ticket.id)["notes"] if "One." in text]
    assert note.index("One.") < note.index("Two.")
    assert await store.ticket_keeping.written(bench.case, owed=True) == []


async def test_a_try_that_said_less_is_read_and_not_guessed(store: Store, tmp_path: Path) -> None:
    """The comment stood, its answer was lost, more was owed by then: nothing is twice."""
    bench, hand = await settled(store, tmp_path, "jira")
    hand.network.lose_answer("POST")
    assert (await bench.says("One.", attempt=5)).failed

    await bench.says("Two.")

    said = "\n".join(hand.seen(bench.ticket.id)["notes"])
    assert (said.count("One."), said.count("Two.")) == (1, 1)


async def test_a_tracker_that_refuses_is_told_and_nothing_is_lost(
    store: Store, tmp_path: Path
) -> None:
    """A refusal is the case's to know at once; what it said is kept and tried at each look."""
    bench, hand = await settled(store, tmp_path, "jira")
    hand.fail(403)

    result = await bench.says("One.")
    await bench.look()

    assert result.failed == "RefusedError"
    assert "One." in "\n".join(hand.seen(bench.ticket.id)["notes"])


async def test_what_was_accepted_or_is_over_is_told_no_more(store: Store, tmp_path: Path) -> None:
    """A difference that a person has settled in the tracker is over, and its alarm is closed."""
    bench, hand = await settled(store, tmp_path, "zendesk")
    hand.status(bench.ticket.id, "solved")
    await bench.look()
    assert [row.kind for row in await bench.standing()] == [DriftKind.CLOSED_OUTSIDE]

    hand.status(bench.ticket.id, "open")
    await bench.look()

    assert await bench.standing() == []
    assert await store.health.open_alarms() == []


async def test_one_silent_tracker_costs_one_question(store: Store, tmp_path: Path) -> None:
    """While a tracker is down, its other tickets are not asked for in the same pass."""
    bench, hand = await settled(store, tmp_path, "jira")
    other = Bench(
        **{
            name: getattr(bench, name)
            for name in ("store", "clock", "folder", "tickets", "system", "instance", "queue")
        }
    )
    await other.open(key="zendesk:2", external_id="ticket-2")
    await other.says("The other case.")
    asked = len(hand.network.requests)
    hand.fail(503)

    await bench.look()

    assert len(hand.network.requests) == asked + 1
    assert {alarm.kind for alarm in await store.health.open_alarms()} == {"tracker"}


async def test_a_case_long_over_is_left_alone(store: Store, tmp_path: Path) -> None:
    """Two weeks after its end a ticket is its tracker's own business."""
    bench, hand = await settled(store, tmp_path, "jira")
    await bench.says("Case closed.", status="solved")
    await bench.publish(status="closed")
    await bench.look()
    hand.status(bench.ticket.id, "open")

    await bench.look(after=timedelta(days=15))

    assert await bench.standing() == []
