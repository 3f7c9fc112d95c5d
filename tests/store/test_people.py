"""Links, sessions, notices, messages: what people are sent and how they are known."""

import asyncio
import re

import pytest

from cases.notice import NoticeEnd, Purpose
from runbooks.plan import Assurance
from store import LocatorState, NoticeRow, Store, UnknownRow
from tests.store.building import (
    CANARY,
    START,
    accepted,
    batch,
    chain,
    later,
    open_round,
)


@pytest.fixture
async def case(store: Store) -> str:
    """A case with an open first round of legal review."""
    answer = await accepted(store)
    await store.append_case(batch(answer.case, chain(answer.case, "a"), rounds=(open_round(),)))
    return answer.case


async def mint(store: Store, case: str, *, gate: str | None = "legal-review") -> str:
    """A link to the first round."""
    return await store.locators.mint(
        person="legal-one",
        case=case,
        gate=gate,
        round=None if gate is None else 1,
        at=START,
        expires_at=later(days=3),
    )


async def test_token_is_43_characters_that_say_nothing(store: Store, case: str) -> None:
    """A link holds 256 random bits and no word of the case."""
    token = await mint(store, case)

    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", token)
    assert await mint(store, case) != token


async def test_link_leads_to_its_round(store: Store, case: str) -> None:
    """Who follows a link is shown the round it was made for, while it asks."""
    found = await store.locators.find(await mint(store, case), at=START)

    assert found is not None
    assert (found.person, found.case, found.gate, found.round, found.state) == (
        "legal-one",
        case,
        "legal-review",
        1,
        LocatorState.LIVE,
    )


async def test_link_expires(store: Store, case: str) -> None:
    """After its time a link says so."""
    token = await mint(store, case)

    found = await store.locators.find(token, at=later(days=3))

    assert found is not None
    assert found.state is LocatorState.EXPIRED


async def test_revoked_link_has_expired(store: Store, case: str) -> None:
    """A link can be taken back."""
    token = await mint(store, case)
    await store.locators.revoke(token, at=START)

    found = await store.locators.find(token, at=START)

    assert found is not None
    assert found.state is LocatorState.EXPIRED


async def test_link_of_a_replaced_round_is_superseded(store: Store, case: str) -> None:
    """A newer round asks instead, and the old link says so, also when it is old."""
    token = await mint(store, case)
    entries = chain(case, "b", after=chain(case, "a"))
    await store.append_case(
        batch(case, entries, rounds=(open_round(1, is_open=False), open_round(2)))
    )

    found = await store.locators.find(token, at=later(days=9))

    assert found is not None
    assert found.state is LocatorState.SUPERSEDED


async def test_link_after_the_decision_says_decided(store: Store, case: str) -> None:
    """A round that closed asks nothing any more."""
    token = await mint(store, case)
    entries = chain(case, "b", after=chain(case, "a"))
    await store.append_case(batch(case, entries, rounds=(open_round(1, is_open=False),)))

    found = await store.locators.find(token, at=START)

    assert found is not None
    assert found.state is LocatorState.DECIDED


async def test_link_says_decided_once_silence_took_effect(store: Store, case: str) -> None:
    """The door knows that it closed before the workflow says so."""
    token = await mint(store, case)
    await store.acts.collect(case=case, gate="legal-review", round=1, deadline=START, at=START)

    found = await store.locators.find(token, at=START)

    assert found is not None
    assert found.state is LocatorState.DECIDED


async def test_link_of_a_closed_case_says_decided(store: Store, case: str) -> None:
    """Links without a round live as long as their case."""
    token = await mint(store, case, gate=None)
    entries = chain(case, "b", after=chain(case, "a"))

    before = await store.locators.find(token, at=START)
    await store.append_case(batch(case, entries, status="closed"))
    after = await store.locators.find(token, at=START)

    assert before is not None
    assert after is not None
    assert (before.state, after.state) == (LocatorState.LIVE, LocatorState.DECIDED)


async def test_retried_notice_has_the_same_link(store: Store, case: str) -> None:
    """Token bytes that are handed in give the same link every time."""
    links = [
        await store.locators.mint(
            person="p", case=case, at=START, expires_at=later(days=1), token=b"t" * 32
        )
        for _ in range(2)
    ]

    assert links[0] == links[1]
    assert await store.locators.find(links[0], at=START) is not None


@pytest.mark.parametrize(
    "token", ["", "a", "a" * 42, "a" * 44, "a" * 10_000, "\x00" * 43, "ä" * 43, "a" * 42 + "/"]
)
async def test_junk_is_no_link(store: Store, token: str) -> None:
    """Anything that was never minted is simply not found."""
    assert await store.locators.find(token, at=START) is None
    assert await store.sessions.find(token, at=START) is None


async def test_session_holds_until_it_expires(store: Store) -> None:
    """A log-in ends by itself."""
    new = await store.sessions.create(
        person="p", assurance=Assurance.L1, at=START, expires_at=later(hours=8)
    )

    found = await store.sessions.find(new.token, at=later(hours=7))

    assert found == new.session
    assert found.stepped_up_at is None
    assert await store.sessions.find(new.token, at=later(hours=8)) is None


async def test_second_factor_raises_a_session(store: Store) -> None:
    """The session says how well and when the person proved themselves."""
    new = await store.sessions.create(
        person="p", assurance=Assurance.L1, at=START, expires_at=later(hours=8)
    )

    found = await store.sessions.step_up(new.token, at=later(minutes=5))

    assert found is not None
    assert (found.assurance, found.stepped_up_at) == (Assurance.L2, later(minutes=5))
    assert found.csrf == new.session.csrf


async def test_revoked_session_is_over(store: Store) -> None:
    """Logging out ends one session, taking a person out ends all of theirs."""
    one, two, other = [
        await store.sessions.create(
            person=person, assurance=Assurance.L2, at=START, expires_at=later(hours=8)
        )
        for person in ("p", "p", "q")
    ]
    await store.sessions.revoke(one.token, at=START)
    assert await store.sessions.find(one.token, at=START) is None
    assert await store.sessions.step_up(one.token, at=START) is None

    await store.sessions.revoke_person("p", at=START)

    assert await store.sessions.find(two.token, at=START) is None
    assert await store.sessions.find(other.token, at=START) is not None


async def test_nonce_is_spent_once(store: Store) -> None:
    """Of twenty who use the same code at once, one succeeds."""
    spent = await asyncio.gather(
        *(
            store.sessions.spend("123456", kind="totp:p", expires_at=later(minutes=2))
            for _ in range(20)
        )
    )

    assert sum(spent) == 1
    assert await store.sessions.spend("123456", kind="totp:q", expires_at=later(minutes=2))


async def test_purge_forgets_what_has_expired(store: Store) -> None:
    """Old sessions and nonces do not pile up; what still holds stays."""
    new = await store.sessions.create(
        person="p", assurance=Assurance.L1, at=START, expires_at=later(hours=8)
    )
    await store.sessions.spend("old", kind="k", expires_at=later(minutes=1))
    await store.sessions.spend("new", kind="k", expires_at=later(hours=9))

    await store.sessions.purge(at=later(hours=1))

    assert await store.sessions.find(new.token, at=later(hours=1)) is not None
    assert await store.sessions.spend("old", kind="k", expires_at=later(hours=9))
    assert not await store.sessions.spend("new", kind="k", expires_at=later(hours=9))


def notice(case: str, *, end: NoticeEnd = NoticeEnd.DELIVERED, key: str = "k") -> NoticeRow:
    """A notice that was sent."""
    return NoticeRow(
        key=key,
        recipient="legal-one",
        case=case,
        purpose=Purpose.ASK,
        role="legal",
        channel="mail",
        end=end,
        message_id="<a@example.test>",
        at=START,
    )


async def test_first_outcome_of_a_notice_stays(store: Store, case: str) -> None:
    """A notice to one recipient ends once (I10)."""
    assert await store.notices.sent("k", recipient="legal-one") is None
    await store.notices.record(notice(case))

    kept = await store.notices.record(notice(case, end=NoticeEnd.FELL_BACK))

    assert kept == notice(case)
    assert await store.notices.sent("k", recipient="legal-one") == notice(case)
    assert await store.notices.by_case(case) == [notice(case)]


async def test_notices_are_counted_by_outcome(store: Store, case: str) -> None:
    """Metrics show who was told and who was not."""
    await store.notices.record(notice(case, key="a"))
    await store.notices.record(notice(case, key="b"))
    await store.notices.record(notice(case, key="c", end=NoticeEnd.NOBODY))

    assert await store.notices.counts() == {NoticeEnd.DELIVERED: 2, NoticeEnd.NOBODY: 1}


async def test_local_outbox_keeps_each_message_once(store: Store, case: str) -> None:
    """A message sent again under its Message-ID is the first one."""
    first = await store.messages.put(
        message_id="<a@example.test>", to="one@example.test", body={"text": CANARY}, at=START
    )
    again = await store.messages.put(
        message_id="<a@example.test>", to="one@example.test", body={"text": "x"}, at=later(days=1)
    )
    await store.messages.put(
        message_id="<b@example.test>",
        to="two@example.test",
        body={"text": "y"},
        at=START,
        case=case,
    )

    assert again == first
    assert first.body == {"text": CANARY}
    assert [m.message_id for m in await store.messages.list()] == [
        "<a@example.test>",
        "<b@example.test>",
    ]
    assert await store.messages.list(to="one@example.test") == [first]
    assert [m.case for m in await store.messages.list(case=case)] == [case]
    assert await store.messages.get(first.id) == first
    with pytest.raises(UnknownRow):
        await store.messages.get(9999)
