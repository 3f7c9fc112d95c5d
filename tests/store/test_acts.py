"""Acts: signed and stored together, handed on in order, collected when silence takes effect."""

import asyncio
import random

import pytest

from cases.journal import Kind, Stream, check_chain
from cases.receipts import Outcome
from store import ActConflict, ActState, Duplicate, Recorded, RoundClosed, Store, UnknownCase
from tests.store.building import (
    CANARY,
    LEASE,
    START,
    accepted,
    batch,
    chain,
    later,
    open_round,
    receipt,
    record,
    recorded,
    signer,
)


@pytest.fixture
async def case(store: Store) -> str:
    """A case with an open round of legal review."""
    answer = await accepted(store)
    await store.append_case(batch(answer.case, chain(answer.case, "a"), rounds=(open_round(),)))
    return answer.case


async def test_recorded_act_is_signed_with_the_instant_it_was_recorded(
    store: Store, case: str
) -> None:
    """The instant in the signed envelope is the door's, taken when the act became durable."""
    answer = await recorded(store, case, "act-1", at=later(seconds=3))

    shown = await store.acts.show("act-1")
    assert answer.envelope.payload.startswith(later(seconds=3).isoformat())
    assert shown.envelope == answer.envelope
    assert (shown.state, shown.signed_at) == (ActState.PENDING, later(seconds=3))


async def test_door_journal_says_that_the_act_was_recorded(store: Store, case: str) -> None:
    """The entry commits to the signed bytes and repeats none of them."""
    await recorded(store, case, "act-1")

    entries = await store.journal.entries(case, stream=Stream.DOOR)
    check_chain(entries)
    assert entries[-1].kind is Kind.DOOR_ACT_RECORDED
    assert entries[-1].body["act"] == "act-1"
    assert CANARY not in entries[-1].model_dump_json()


async def test_same_act_again_is_a_duplicate_with_its_receipt(store: Store, case: str) -> None:
    """A form that is sent twice signs once and is answered with the first answer."""
    first = await recorded(store, case, "act-1")
    await store.acts.answered("act-1", receipt=receipt("act-1"), at=START)

    again = await record(store, case, "act-1", at=later(minutes=1))

    assert again == Duplicate(envelope=first.envelope, at=START, receipt=receipt("act-1"))


async def test_twenty_identical_acts_at_once_are_recorded_once(store: Store, case: str) -> None:
    """An impatient finger does not vote twenty times."""
    answers = await asyncio.gather(*(record(store, case, "act-1") for _ in range(20)))

    assert sum(isinstance(answer, Recorded) for answer in answers) == 1
    assert sum(isinstance(answer, Duplicate) for answer in answers) == 19
    assert len(await store.acts.list()) == 1


async def test_id_of_somebody_elses_act_is_a_conflict(store: Store, case: str) -> None:
    """Knowing an act's id does not show its receipt."""
    await recorded(store, case, "act-1")

    answer = await record(store, case, "act-1", person="somebody-else")

    assert answer == ActConflict(act_id="act-1")


async def test_act_on_an_unknown_case_is_refused(store: Store) -> None:
    """There is nothing to act on."""
    with pytest.raises(UnknownCase):
        await record(store, "case/none", "act-1")


async def test_act_that_cannot_be_signed_leaves_nothing(store: Store, case: str) -> None:
    """If the signature fails the act does not exist: neither row nor journal entry."""

    def broken(at: object) -> object:
        raise RuntimeError("no key")

    before = await store.journal.head(case, stream=Stream.DOOR)
    with pytest.raises(RuntimeError, match="no key"):
        await store.acts.record(
            act_id="act-1",
            case=case,
            person="p",
            verb="hold",
            sign=broken,  # type: ignore[arg-type]
            at=START,
        )

    assert await store.acts.list() == []
    assert await store.journal.head(case, stream=Stream.DOOR) == before


async def test_acts_of_a_case_are_handed_on_in_order(store: Store, case: str) -> None:
    """What was signed first arrives first, one at a time."""
    first = await recorded(store, case, "act-1")
    second = await recorded(store, case, "act-2")

    assert (first.behind, second.behind) == (0, 1)
    (claimed,) = await store.acts.claim(owner="one", at=START, lease=LEASE)
    assert claimed.id == "act-1"
    await store.acts.answered("act-1", receipt=receipt("act-1"), at=START)
    (claimed,) = await store.acts.claim(owner="one", at=START, lease=LEASE)
    assert claimed.id == "act-2"


async def test_door_that_records_may_hold_the_lease(store: Store, case: str) -> None:
    """The door that has the person waiting delivers the act itself, and no dispatcher does."""
    await record(store, case, "act-1", owner="door", lease=LEASE)

    assert await store.acts.claim(owner="dispatcher", at=START, lease=LEASE) == []
    (claimed,) = await store.acts.claim(owner="dispatcher", at=later(seconds=30), lease=LEASE)
    assert claimed.id == "act-1"


async def test_lease_runs_on_the_doors_own_instant(store: Store, case: str) -> None:
    """A simulated case may live in next week: its acts are handed on today."""
    await store.acts.record(
        act_id="act-1",
        case=case,
        person="p",
        verb="hold",
        sign=signer(),
        at=later(days=7),
        door_at=START,
        owner="door",
        lease=LEASE,
    )

    assert await store.acts.claim(owner="dispatcher", at=START, lease=LEASE) == []
    (claimed,) = await store.acts.claim(owner="dispatcher", at=later(seconds=30), lease=LEASE)
    assert claimed.signed_at == later(days=7)


async def test_ten_claimers_get_disjoint_acts(store: Store) -> None:
    """Dispatchers of several gateways never deliver the same act."""
    for number in range(30):
        answer = await accepted(store, key=f"zendesk:{number}", external_id=f"ticket-{number}")
        await recorded(store, answer.case, f"act-{number}")

    claims = await asyncio.gather(
        *(
            store.acts.claim(owner=f"owner-{number}", at=START, lease=LEASE, limit=3)
            for number in range(10)
        )
    )

    ids = [act.id for claimed in claims for act in claimed]
    assert len(ids) == len(set(ids))
    rest = await store.acts.claim(owner="rest", at=START, lease=LEASE, limit=100)
    assert len(ids) + len(rest) == 30


async def test_first_receipt_stays(store: Store, case: str) -> None:
    """An act has one answer, whoever brings another one later."""
    await recorded(store, case, "act-1")
    first = receipt("act-1")
    await store.acts.answered("act-1", receipt=first, at=START)
    entries = len(await store.journal.entries(case, stream=Stream.DOOR))

    kept = await store.acts.answered(
        "act-1", receipt=receipt("act-1", Outcome.REFUSED), at=later(seconds=1)
    )

    assert kept == first
    assert await store.acts.receipt("act-1") == first
    assert len(await store.journal.entries(case, stream=Stream.DOOR)) == entries


async def test_late_act_on_a_closed_case_is_journalled_by_the_door(store: Store, case: str) -> None:
    """Where no workflow answers any more, the door writes what became of the act (I8)."""
    await recorded(store, case, "act-1")

    await store.acts.answered(
        "act-1", receipt=receipt("act-1", Outcome.TOO_LATE), at=START, kind=Kind.DOOR_ACT_LATE
    )

    entries = await store.journal.entries(case, stream=Stream.DOOR)
    assert entries[-1].kind is Kind.DOOR_ACT_LATE


async def test_dead_act_can_be_redelivered(store: Store, case: str) -> None:
    """An act that was given up is still there, and is delivered when a person says so (I7)."""
    await recorded(store, case, "act-1")
    await store.acts.dead("act-1", reason="malformed", at=START)

    assert [alarm.kind for alarm in await store.health.open_alarms()] == ["dead-act"]
    assert await store.acts.redeliver("act-1", at=later(hours=1))
    assert len(await store.acts.claim(owner="one", at=later(hours=1), lease=LEASE)) == 1


async def test_collect_returns_what_was_signed_in_time(store: Store, case: str) -> None:
    """One second before and at the deadline count, one second after does not (I18)."""
    early = await recorded(store, case, "early", at=later(seconds=9))
    exact = await recorded(store, case, "exact", at=later(seconds=10))
    await recorded(store, case, "late", at=later(seconds=11))

    found = await store.acts.collect(
        case=case, gate="legal-review", round=1, deadline=later(seconds=10), at=later(seconds=12)
    )

    assert found == [early.envelope, exact.envelope]


async def test_collect_leaves_out_answered_acts_and_other_rounds(store: Store, case: str) -> None:
    """What the workflow has is not sent again; another round is another question."""
    await recorded(store, case, "answered")
    await store.acts.answered("answered", receipt=receipt("answered"), at=START)
    await recorded(store, case, "other", number=2)
    open_one = await recorded(store, case, "open")

    found = await store.acts.collect(
        case=case, gate="legal-review", round=1, deadline=later(hours=1), at=later(hours=1)
    )

    assert found == [open_one.envelope]


async def test_after_collect_the_door_refuses_the_round(store: Store, case: str) -> None:
    """Once silence took effect nobody can sign for the round; other rounds stay open."""
    await store.acts.collect(
        case=case, gate="legal-review", round=1, deadline=START, at=later(seconds=1)
    )

    refused = await record(store, case, "act-1", at=START)
    other = await record(store, case, "act-2", number=2)

    assert refused == RoundClosed(closed_at=later(seconds=1), expires_at=later(hours=4))
    assert isinstance(other, Recorded)


async def test_collect_gives_the_same_answer_after_a_retry(store: Store, case: str) -> None:
    """A retried activity sees what the first one saw, also if acts were answered in between."""
    await recorded(store, case, "act-1")
    ask = {"case": case, "gate": "legal-review", "round": 1, "deadline": later(hours=1)}
    first = await store.acts.collect(**ask, at=later(hours=1))  # type: ignore[arg-type]
    await store.acts.answered("act-1", receipt=receipt("act-1"), at=START)

    again = await store.acts.collect(**ask, at=later(hours=2))  # type: ignore[arg-type]

    assert again == first
    assert len(first) == 1


async def test_collect_without_a_gate_closes_no_door(store: Store, case: str) -> None:
    """Before a stage's own silence every undelivered act of the case comes back."""
    await recorded(store, case, "act-1")

    found = await store.acts.collect(
        case=case, gate=None, round=None, deadline=later(hours=1), at=later(hours=1)
    )

    assert len(found) == 1
    assert isinstance(await record(store, case, "act-2"), Recorded)


async def test_a_closed_door_stays_closed_when_the_round_is_published_again(
    store: Store, case: str
) -> None:
    """A batch that was under way when silence took effect does not open the door again."""
    await store.acts.collect(case=case, gate="legal-review", round=1, deadline=START, at=START)
    entries = chain(case, "b", after=chain(case, "a"))
    await store.append_case(batch(case, entries, rounds=(open_round(),)))

    assert isinstance(await record(store, case, "act-1"), RoundClosed)


async def test_record_and_collect_never_both_miss_an_act(store: Store, case: str) -> None:
    """Two hundred races: an act is collected, or refused, or signed too late; never lost (I18)."""
    rng = random.Random(18)  # noqa: S311 -- a race, not a secret

    for number in range(1, 201):
        deadline = later(seconds=10)
        signed_at = later(seconds=rng.choice((9, 10, 11)))
        acts = [
            record(store, case, f"act-{number}-{each}", at=signed_at, number=number)
            for each in range(2)
        ]
        collecting = store.acts.collect(
            case=case, gate="legal-review", round=number, deadline=deadline, at=later(seconds=12)
        )
        jobs = [*acts, collecting]
        order = rng.sample(range(3), 3)
        done = dict(
            zip(order, await asyncio.gather(*(jobs[index] for index in order)), strict=True)
        )

        answers, collected = [done[0], done[1]], done[2]
        assert isinstance(collected, list)
        in_time = [
            answer.envelope
            for answer in answers
            if isinstance(answer, Recorded) and signed_at <= deadline
        ]
        assert sorted(each.payload for each in collected) == sorted(e.payload for e in in_time)
        assert all(isinstance(answer, Recorded | RoundClosed) for answer in answers)
