"""Content goes with its key, once two people and nothing else decide so."""

import asyncio
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from audit.redacted.gathering import skeleton_of
from cases.house_acts import HouseRefusal
from cases.journal import Kind, Stream
from cases.notice import NoticeEnd, NoticeOrder, Purpose
from runbooks.plan import Severity
from store import (
    DEMO_KEK,
    Blocked,
    ContentErased,
    ErasureRow,
    ErasureState,
    NoticeRow,
    Shred,
    Store,
    Waits,
    restore,
    upgrade,
)
from store.columns import metadata
from store.database import Database
from store.tables import case_keys, cases
from tests.store.building import CANARY, START, accept, later
from tests.store.erasing import (
    AFTER,
    agreed,
    asked,
    ended_case,
    erase,
    logged,
    no_sign,
    put_hold,
    shredded,
)

RACES = int(os.environ.get("SHRED_RACES", "3"))
"""Acceptance raises it."""


async def sealed_bytes(store: Store, case: str) -> list[tuple[str, bytes]]:
    """Every ciphertext of the case, with its table and column."""
    found: list[tuple[str, bytes]] = []
    async with store.database.read() as connection:
        for table in metadata.sorted_tables:
            if "case" not in table.c or table.name in ("case_keys", "erased_streams", "erasures"):
                continue
            for row in await connection.execute(sa.select(table).where(table.c.case == case)):
                found += [
                    (f"{table.name}.{name}", value)
                    for name, value in row._mapping.items()  # noqa: SLF001
                    if isinstance(value, bytes) and value[:1] == b"\x01"
                ]
    return found


async def test_no_ciphertext_of_a_shredded_case_opens(
    store: Store, record_property: Callable[[str, object], None]
) -> None:
    """Every sealed byte that the case had is as good as noise; its order and signers are left."""
    case = await ended_case(store)
    before = await sealed_bytes(store, case)
    old = await store.vault.keys(case)

    shred = await erase(store, case)

    keys = await store.vault.keys(case)
    record_property("ciphertexts", len(before))
    assert len(before) >= 5
    assert shred.key_id == old.key_id != keys.key_id
    assert keys.salt != old.salt
    for _, data in before:
        with pytest.raises(ContentErased):
            keys.open_sealed(data, aad="anywhere")
    left = b"".join((await store.shredding.streams(case))[shred.key_id].values())
    assert CANARY.encode() not in left
    assert b'"lena"' in left
    assert b'"approve"' in left


async def test_what_is_said_after_the_shredding_can_be_read(store: Store) -> None:
    """The case has a new key: who asked, who agreed and what was counted stand under it."""
    case = await ended_case(store)
    shred = await erase(store, case)
    await store.database.scrub()

    door = await store.journal.entries(case, stream=Stream.DOOR)
    gone = door[-1]
    row = await store.cases.get(case)

    assert gone.kind is Kind.KEY_SHREDDED
    assert gone.body["key"] == shred.key_id
    assert (gone.body["asked_by"], gone.body["agreed_by"]) == ("paula", "erin")
    counts = gone.body["counts"]
    assert isinstance(counts, dict)
    assert counts["gate:vote:cast"] == 1
    assert row.erased == 1
    assert await store.views.get(case) is None
    assert (await store.erasures.of_case(case))[0].state is ErasureState.DONE
    assert await store.backup.reconcile() == []


async def test_the_wrapped_key_is_in_no_byte_of_the_file(sqlite_store: Store) -> None:
    """Overwritten, not only unlinked: also in the write-ahead log."""
    case = await ended_case(sqlite_store)
    async with sqlite_store.database.read() as connection:
        wrapped = (
            await connection.execute(sa.select(case_keys.c.wrapped).where(case_keys.c.case == case))
        ).scalar_one()
    file = sqlite_store.database.file
    assert file is not None

    await erase(sqlite_store, case)
    await sqlite_store.database.scrub()

    for each in file.parent.glob(f"{file.name}*"):
        assert wrapped[:24] not in each.read_bytes(), each.name


async def test_another_process_forgets_the_key(store: Store) -> None:
    """It writes under the new key at once, and holds the old one no longer than until it asks."""
    case = await ended_case(store)
    async with await Store.open(
        store.database.url.render_as_string(hide_password=False), kek=DEMO_KEK
    ) as other:
        old = await other.vault.keys(case)
        await erase(store, case)

        written = await other.journal.append_door(case, Kind.DOOR_LINK_OPENED, at=AFTER, by="x")
        assert await other.vault.keys(case) != old
        assert (await store.journal.entries(case, stream=Stream.DOOR))[-1] == written

        await other.vault.forget_erased()
        assert (await other.vault.keys(case)).key_id == (await store.vault.keys(case)).key_id


async def test_a_report_that_comes_again_is_known(store: Store) -> None:
    """Redelivered after the erasure it is the same delivery, and brings nothing back."""
    case = await ended_case(store)
    await erase(store, case)

    again = await accept(store, key="zendesk:ticket-1")

    assert getattr(again, "known", False)
    assert getattr(again, "case", "") == case


async def test_whom_it_was_about_is_forgotten(store: Store) -> None:
    """What stood in clear about the subject goes with the content."""
    case = await ended_case(store, subject="account-9")
    await erase(store, case)

    assert (await store.cases.get(case)).subject_ref is None
    assert [row.subject_ref for row in await store.belonging.within(case)] in ([], [None])


@pytest.mark.hostile(61)
@pytest.mark.parametrize("scope", ["case", "subject"])
async def test_a_legal_hold_refuses_on_record(store: Store, scope: str) -> None:
    """Asked for under a hold it is refused, and says so in the doors' stream (hostile case 61)."""
    case = await ended_case(store, subject="account-9")
    await put_hold(store, **({"case": case} if scope == "case" else {"subject": "account-9"}))

    answer = await asked(store, case)

    assert isinstance(answer, Blocked)
    assert answer.why is HouseRefusal.UNDER_HOLD
    door = await store.journal.entries(case, stream=Stream.DOOR)
    assert [entry.kind for entry in door[-2:]] == [Kind.DOOR_HOLD_SET, Kind.DOOR_ERASURE_REFUSED]
    assert door[-1].body["who"] == "paula"


@pytest.mark.hostile(61)
async def test_a_hold_put_in_the_time_to_think_keeps_the_key(store: Store) -> None:
    """It ends the erasure; after the lift it has to be asked for and agreed to anew."""
    case = await ended_case(store)
    await asked(store, case)
    await agreed(store)
    await put_hold(store, case=case)

    answer = await shredded(store)

    assert isinstance(answer, Blocked)
    assert answer.why is HouseRefusal.UNDER_HOLD
    row = await store.erasures.find("e-1")
    assert row is not None
    assert row.state is ErasureState.REFUSED
    assert (await store.vault.keys(case)).destroyed == frozenset()

    await store.legal_holds.ask_to_lift("h-1", person="lena", role="legal", sign=no_sign, at=START)
    assert (await asked(store, case, id_="e-2")).model_dump()["why"] == "under-legal-hold"
    await store.legal_holds.lift(
        "h-1", person="erin", role="security", allowed=lambda *_: None, sign=no_sign, at=START
    )
    assert isinstance(await asked(store, case, id_="e-2"), ErasureRow)
    assert isinstance(await agreed(store, id_="e-2"), ErasureRow)
    assert isinstance(await shredded(store, id_="e-2"), Shred)


async def test_the_hold_of_a_runbook_is_one(store: Store) -> None:
    """A case whose runbook says `legal-hold` is held from its opening."""
    case = await ended_case(store, held="duty-counsel")

    (hold,) = await store.legal_holds.over(case)
    assert (hold.origin.value, hold.role, hold.set_by) == ("runbook", "duty-counsel", None)
    assert isinstance(await asked(store, case), Blocked)


@pytest.mark.parametrize(
    "what", ["open", "owed", "act"], ids=["runs", "owes something", "act on its way"]
)
async def test_what_runs_or_is_owed_refuses(store: Store, what: str) -> None:
    """No running workflow, obligation or act loses its key."""
    case = await ended_case(store)
    async with store.database.write() as connection:
        if what == "open":
            await connection.execute(cases.update().values(status="open"))
        elif what == "owed":
            await connection.execute(
                sa.text(
                    'INSERT INTO obligations (key, "case", name, title, owner, due_at, '
                    "recorded_at, next_label, overdue) VALUES "
                    "('k', :case, 'hold', 't', 'legal', '2027-01-01', '2026-01-01', '', false)"
                ),
                {"case": case},
            )
    if what == "act":
        await store.acts.record(
            act_id="a-1", case=case, person="p", verb="reopen", sign=no_sign, at=START
        )
    expected = {
        "open": HouseRefusal.NOT_ENDED,
        "owed": HouseRefusal.STILL_OWED,
        "act": HouseRefusal.UNDELIVERED,
    }

    answer = await asked(store, case)

    assert isinstance(answer, Blocked)
    assert answer.why is expected[what]


async def test_nothing_happens_before_its_time(store: Store) -> None:
    """Until the time to think is over it waits, and can be withdrawn."""
    case = await ended_case(store)
    await asked(store, case)
    await agreed(store)

    assert await store.erasures.due(at=later(days=6)) == []
    assert isinstance(await shredded(store, at=later(days=6)), Waits)
    withdrawn = await store.erasures.withdraw(
        "e-1", person="lena", role="legal", sign=no_sign, at=later(days=6)
    )
    assert isinstance(withdrawn, ErasureRow)
    assert isinstance(await shredded(store), Waits)
    assert (await store.vault.keys(case)).destroyed == frozenset()


async def test_what_the_log_does_not_hold_yet_is_waited_for(store: Store) -> None:
    """A leaf is worked out from the entry: afterwards nobody could."""
    case = await ended_case(store)
    await asked(store, case)
    row = await agreed(store)
    assert isinstance(row, ErasureRow)
    await logged(store)
    skeleton = await skeleton_of(store, case)
    await store.journal.append_door(case, Kind.DOOR_LINK_OPENED, at=START, by="x")

    async def tried() -> Any:
        return await store.shredding.shred(
            row, signed=(), skeleton=skeleton, note=lambda _: "{}", at=AFTER
        )

    assert (await tried()).what == "entries are not in the transparency log yet"
    await logged(store)
    assert (await tried()).what == "something was recorded meanwhile"


async def test_a_notice_that_waits_for_company_is_waited_for(store: Store) -> None:
    """It is sealed with the key that is to go: afterwards nobody could send it."""
    case = await ended_case(store)
    await asked(store, case)
    row = await agreed(store)
    assert isinstance(row, ErasureRow)
    order = NoticeOrder(
        key="n-1",
        case=case,
        number="1001",
        purpose=Purpose.CLOSED,
        role="triage",
        severity=Severity.SEV3,
        at=START,
    )
    waits = NoticeRow(
        key="n-1",
        recipient="ada",
        case=case,
        purpose=order.purpose,
        role=order.role,
        channel="digest",
        end=NoticeEnd.BUNDLED,
        at=START,
    )
    await store.digests.put(waits, order, due_at=START)

    async def tried() -> Any:
        await logged(store)
        return await store.shredding.shred(
            row,
            signed=(),
            skeleton=await skeleton_of(store, case),
            note=lambda _: "{}",
            at=AFTER,
        )

    assert (await tried()).what == "a notice waits for company"
    [item] = await store.digests.claim(
        await store.digests.waiting(), owner="a", at=START, lease=timedelta(seconds=30)
    )
    await store.digests.end(item, NoticeEnd.READ, at=START)
    assert isinstance(await tried(), Shred)


async def test_a_second_erasure_keeps_what_the_first_one_left(store: Store) -> None:
    """What came in after the first goes as well; both skeletons stand."""
    case = await ended_case(store)
    first = await erase(store, case)
    await accept(store, key="zendesk:2", at=AFTER)
    async with store.database.write() as connection:
        await connection.execute(sa.text("UPDATE deliveries SET state = 'attached'"))
    await asked(store, case, id_="e-2")
    await agreed(store, id_="e-2")

    second = await shredded(store, id_="e-2")

    assert isinstance(second, Shred)
    assert set(await store.shredding.streams(case)) == {first.key_id, second.key_id}
    assert (await store.cases.get(case)).erased == 2


@pytest.mark.parametrize("scope", ["case", "subject"])
async def test_a_hold_and_a_shredding_at_once_never_both_hold(
    store: Store, scope: str, record_property: Callable[[str, object], None]
) -> None:
    """Whatever comes first: a hold that stands before a key is gone keeps it; never both."""
    kept = gone = 0
    for number in range(RACES):
        subject = f"account-{number}"
        case = await ended_case(store, f"t-{number}", subject=subject)
        await asked(store, case, id_=f"e-{number}")
        row = await agreed(store, id_=f"e-{number}")
        assert isinstance(row, ErasureRow)
        await logged(store)
        skeleton = await skeleton_of(store, case)
        over = {"case": case} if scope == "case" else {"subject": subject}

        async def destroy(row: ErasureRow = row, skeleton: Any = skeleton) -> Any:
            return await store.shredding.shred(
                row, signed=(), skeleton=skeleton, note=lambda _: "{}", at=AFTER
            )

        answer, _ = await asyncio.gather(destroy(), put_hold(store, id_=f"h-{number}", **over))

        destroyed = bool((await store.vault.keys(case)).destroyed)
        assert destroyed is isinstance(answer, Shred)
        kept += not destroyed
        gone += destroyed
        door = [e.kind for e in await store.journal.entries(case, stream=Stream.DOOR)]
        if not destroyed and isinstance(answer, Blocked):
            assert door.index(Kind.DOOR_HOLD_SET) < door.index(Kind.DOOR_ERASURE_REFUSED)
        elif destroyed and Kind.DOOR_HOLD_SET in door:
            assert door.index(Kind.KEY_SHREDDED) < door.index(Kind.DOOR_HOLD_SET)
    record_property("kept", kept)
    record_property("gone", gone)
    assert kept + gone == RACES


async def test_a_lift_and_a_shredding_at_once_let_nothing_through(store: Store) -> None:
    """An erasure whose time comes while its hold is lifted is refused, or waits for a new one."""
    for number in range(RACES):
        case = await ended_case(store, f"t-{number}")
        await asked(store, case, id_=f"e-{number}")
        row = await agreed(store, id_=f"e-{number}")
        assert isinstance(row, ErasureRow)
        await put_hold(store, case=case, id_=f"h-{number}")
        await store.legal_holds.ask_to_lift(
            f"h-{number}", person="lena", role="legal", sign=no_sign, at=START
        )
        await logged(store)
        skeleton = await skeleton_of(store, case)

        async def destroy(row: ErasureRow = row, skeleton: Any = skeleton) -> Any:
            return await store.shredding.shred(
                row, signed=(), skeleton=skeleton, note=lambda _: "{}", at=AFTER
            )

        async def lift(id_: str = f"h-{number}") -> Any:
            return await store.legal_holds.lift(
                id_, person="erin", role="security", allowed=lambda *_: None,
                sign=no_sign, at=START,
            )  # fmt: skip

        answer, _ = await asyncio.gather(destroy(), lift())

        # Either it saw the hold, or the lift's own entry, which is not in the log yet.
        assert isinstance(answer, Blocked | Waits)
        assert (await store.vault.keys(case)).destroyed == frozenset()


async def test_a_copy_from_before_holds_the_key_until_it_is_destroyed_again(
    sqlite_store: Store, tmp_path: Path
) -> None:
    """A restored store is brought to where the live one is: no key, the same skeleton."""
    case = await ended_case(sqlite_store)
    copy = tmp_path / "copy.db"
    await sqlite_store.backup.copy_to(copy)
    shred = await erase(sqlite_store, case)
    left = (await sqlite_store.shredding.streams(case))[shred.key_id]

    async with await Store.open(f"sqlite:///{copy}", kek=DEMO_KEK) as old:
        assert await old.journal.entries(case)
    back = tmp_path / "back.db"
    await restore(copy, url=f"sqlite:///{back}", gone=[(case, shred.key_id)])
    async with await Store.open(f"sqlite:///{back}", kek=DEMO_KEK) as old:
        with pytest.raises(ContentErased):
            await old.journal.entries(case)

        assert await old.shredding.reapply(shred, left)

        assert await old.journal.entries(case) == []
        assert (await old.shredding.streams(case))[shred.key_id] == left
        assert (await old.cases.get(case)).erased == 1
        assert not await old.shredding.reapply(shred, left)


async def test_holds_that_runbooks_put_before_this_are_found(empty_url: str) -> None:
    """They stood in journals only; what kind an entry is was always readable without a key."""
    await upgrade(empty_url, to="0014")
    database = Database(empty_url)
    async with database.write() as connection:
        for statement in (
            (
                "INSERT INTO cases (id, number, source, instance, external_id, opened_at, status, "
                "shadow) VALUES ('case/a', '1001', 's', 'i', 'e', :at, 'open', false)"
            ),
            (
                'INSERT INTO journal ("case", stream, branch, sequence, previous, hash, kind, at, '
                "entry, run, original_run) VALUES ('case/a', 'case', 'main', 1, 'p', 'h', "
                "'case:legal-hold:begun', :at, :sealed, 'r', 'r')"
            ),
        ):
            values: dict[str, object] = {"at": "2026-01-01 00:00:00.000000"}
            values |= {"sealed": b"x"} if ":sealed" in statement else {}
            await connection.execute(sa.text(statement), values)
    await database.close()
    await upgrade(empty_url)

    async with await Store.open(empty_url, kek=DEMO_KEK) as store:
        (hold,) = await store.legal_holds.over("case/a")
        assert (hold.origin.value, hold.stands) == ("runbook", True)
        assert await store.legal_holds.envelopes(hold.id) == []
