"""Log-ins under way, accounts that are bound to people, and the record of it all."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from cases.journal import BrokenChain, Kind
from runbooks.plan import Assurance
from store import Account, ClaimedRow, NotTaken, Store
from store.side_tables import door_record, sign_ins
from tests.store.building import START, later


async def begin(store: Store, cookie: str = "cookie") -> str:
    """A log-in that somebody began."""
    return await store.sign_ins.begin(
        purpose="sign-in",
        secret=cookie,
        content=b"canary words",
        at=START,
        expires_at=later(minutes=10),
    )


async def take(
    store: Store, state: str, cookie: str = "cookie", *, purpose: str = "sign-in", after: int = 1
) -> bytes | NotTaken:
    """It is gone on with, so many minutes later."""
    return await store.sign_ins.take(state, purpose=purpose, secret=cookie, at=later(minutes=after))


async def test_a_log_in_is_taken_once_by_who_began_it(store: Store) -> None:
    """Another browser cannot take it, and cannot use it up; of many at once one succeeds."""
    state = await begin(store)
    assert await take(store, state, "another") is NotTaken.OTHER_SECRET
    assert await take(store, state, "") is NotTaken.OTHER_SECRET
    assert await take(store, state, purpose="step-up") is NotTaken.UNKNOWN
    assert await take(store, "x" * 43) is NotTaken.UNKNOWN
    assert await take(store, "junk") is NotTaken.UNKNOWN

    taken = await asyncio.gather(*(take(store, state) for _ in range(5)))

    assert sorted(map(str, taken)) == sorted([str(b"canary words"), *["used"] * 4])


async def test_a_log_in_ends_by_itself_and_is_forgotten(store: Store) -> None:
    """After its time it is unknown, and the next one that begins sweeps it away."""
    state = await begin(store)
    assert await take(store, state, after=10) is NotTaken.UNKNOWN
    await store.sign_ins.begin(
        purpose="sign-in", secret="", content=b"", at=later(minutes=11), expires_at=later(hours=1)
    )
    async with store.database.read() as connection:
        rows = (await connection.execute(sa.select(sign_ins))).all()
    assert len(rows) == 1


async def test_what_is_kept_of_a_log_in_is_closed(store: Store) -> None:
    """Neither the state nor what the person had written can be read in the table."""
    state = await begin(store)
    async with store.database.read() as connection:
        (row,) = (await connection.execute(sa.select(sign_ins))).all()
    assert state not in str(tuple(row))
    assert b"canary" not in row.content


async def test_an_account_is_bound_to_one_person(store: Store) -> None:
    """Another account of the same name changes nothing, until the person is forgotten."""
    first = ClaimedRow(
        person="ada", issuer="i", subject="1", name="Ada", email="", roles=("a",), told_at=START
    )
    assert await store.claimed.told(first)
    assert not await store.claimed.told(first.model_copy(update={"subject": "2"}))
    assert not await store.claimed.told(first.model_copy(update={"person": "eve"}))
    changed = first.model_copy(update={"roles": (), "told_at": later(hours=1)})
    assert await store.claimed.told(changed)
    assert await store.claimed.all() == (changed,)
    assert await store.claimed.of_account("i", "1") == changed
    assert await store.claimed.of_account("j", "1") is None

    assert await store.claimed.forget("ada")
    assert await store.claimed.told(first.model_copy(update={"subject": "2"}))


async def test_a_provider_ends_its_own_sessions_only(store: Store) -> None:
    """By its session, by the account, or not at all; a password's session is none of its."""

    async def session(subject: str | None, sid: str = "") -> str:
        account = Account(issuer="i", subject=subject, session=sid) if subject else None
        new = await store.sessions.create(
            person="p", assurance=Assurance.L1, at=START, expires_at=later(hours=8), account=account
        )
        return new.session.id

    ours, one, two, other = (
        await session(None),
        await session("1", "s"),
        await session("1", "t"),
        await session("2", "s"),
    )

    async def end(subject: str | None, sid: str | None, issuer: str = "i") -> list[str]:
        return await store.sessions.revoke_account(
            issuer=issuer, subject=subject, session=sid, at=later(minutes=1)
        )

    assert await end(None, None) == []
    assert await end("1", "s", issuer="j") == []
    assert await end("1", "s") == [one]
    assert await end("1", None) == [two]
    assert await end(None, "s") == [other]
    held = await store.sessions.of_person("p", at=later(minutes=2))
    assert [each.id for each in held] == [ours]
    assert held[0].csrf == ""


async def test_the_record_of_log_ins_is_a_chain(store: Store) -> None:
    """Entries that are made at once follow one another; a changed or missing one is found."""
    await asyncio.gather(
        *(
            store.door_record.append(Kind.DOOR_SESSION_REFUSED, person=f"p{n}", at=START, why="no")
            for n in range(6)
        )
    )
    assert await store.door_record.check() == 6
    assert [e.body["person"] for e in await store.door_record.entries(person="p3")] == ["p3"]

    async with store.database.write() as connection:
        await connection.execute(door_record.delete().where(door_record.c.sequence == 3))
    with pytest.raises(BrokenChain):
        await store.door_record.check()


async def test_a_second_factor_counts_from_when_it_was_given(store: Store) -> None:
    """The provider says when: a session's proof is not younger than that."""
    given = START - timedelta(minutes=4)
    new = await store.sessions.create(
        person="p",
        assurance=Assurance.L2,
        at=START,
        expires_at=later(hours=8),
        proved_at=given,
    )
    assert new.session.stepped_up_at == given
    found = await store.sessions.find(new.token, at=START)
    assert found is not None
    assert found.stepped_up_at == given
