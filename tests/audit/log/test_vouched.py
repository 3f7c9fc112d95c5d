"""What others vouched for, on SQLite and on Postgres: kept, found, and pruned."""

from datetime import timedelta

from audit.log.cosignature import WitnessSigner
from audit.log.policy import read_policy
from audit.log.vouched import best_head, cosigned, published_head, witnessed_size
from cases.journal import Kind
from store import LogHead, Store
from tests.audit.log.building import SIGNER, case_with, door_says, recorder
from tests.store.building import START, later

NAMES = ("w.example/1", "w.example/2")
WITNESSES = [WitnessSigner(name=name, private=SIGNER.private) for name in NAMES]
"""One key: the store does not look at it, and two names are two rows."""


async def vouch(store: Store, *, by: int = 2, minutes: int = 0) -> int:
    """So many cosigned the newest checkpoint; its size."""
    head = await store.log.head()
    at = later(minutes=minutes)
    text = head.checkpoint.partition("\n\n")[0] + "\n"
    for signer in WITNESSES[:by]:
        line = signer.cosign(text, at=at).line
        assert await store.vouching.cosigned(
            head, witness=str(signer.key), line=line, at=at, signed_at=START
        )
    return head.size


async def test_what_was_vouched_for_is_found_by_who_needs_it(store: Store) -> None:
    """The newest, the one of a size, those that cover, and the best for an export."""
    case = await case_with(store, "a", "triage")
    await recorder(store).record(at=START)
    assert await store.vouching.newest() is None
    assert await cosigned(store, case, within=timedelta(0))
    first = await vouch(store)
    await door_says(store, case, 3)
    await recorder(store).record(at=START)
    second = await vouch(store, by=1, minutes=3)

    assert (first, second) == (2, 5)
    newest = await store.vouching.newest()
    assert newest is not None
    assert (newest.size, len(newest.lines)) == (second, 1)
    assert [row.size for row in await store.vouching.covering(0)] == [first, second]
    assert [row.size for row in await store.vouching.covering(3)] == [second]
    assert (await best_head(store, leaves=1)).head.size == first
    assert (await best_head(store, leaves=3)).head.size == second
    assert (await published_head(store)).checkpoint == newest.published
    standing = await store.vouching.standing()
    assert standing.cosigned == {
        str(WITNESSES[0].key): later(minutes=3),
        str(WITNESSES[1].key): later(minutes=0),
    }
    assert (standing.stamped_at, standing.stamped_size) == (None, 0)
    policy = read_policy(f"witness w {WITNESSES[0].key}\nquorum w\n".encode())
    assert await witnessed_size(store, policy) == second
    assert await cosigned(store, case, within=timedelta(seconds=9))
    await door_says(store, case)
    await recorder(store).record(at=START)
    assert not await cosigned(store, case, within=timedelta(milliseconds=50))
    assert await store.vouching.unvouched_since(second) == START


async def test_the_first_token_over_a_checkpoint_stays(store: Store) -> None:
    """And what it is over: a second one changes nothing, and another checkpoint has no place."""
    await case_with(store, "a", "triage")
    await recorder(store).record(at=START)
    head = await store.log.head()

    async def stamp(over: LogHead, token: bytes) -> bool:
        at = later(minutes=1)
        return await store.vouching.stamped(
            over, data=b"bytes", token=token, at=at, signed_at=START
        )

    assert await stamp(head, b"first")
    assert not await stamp(head, b"second")
    other = head.model_copy(update={"checkpoint": "another"})
    assert not await stamp(other, b"third")
    assert not await store.vouching.cosigned(
        other, witness="w", line="l", at=START, signed_at=START
    )

    row = await store.vouching.at(head.size)
    assert row is not None
    assert (row.token, row.stamped, row.published) == (b"first", b"bytes", "bytes")
    standing = await store.vouching.standing()
    assert (standing.stamped_at, standing.stamped_size) == (later(minutes=1), head.size)


async def test_closures_and_actions_are_worth_a_token(store: Store) -> None:
    """The last of them among the leaves that no token covers yet."""
    case = await case_with(store, "a", "triage")
    kinds = (Kind.CASE_CLOSED, Kind.DOOR_LINK_OPENED, Kind.EFFECT_DONE, Kind.DOOR_LINK_OPENED)
    for kind in kinds:
        await store.journal.append_door(case, kind, at=START, by="one")
    await recorder(store).record(at=START)

    assert await store.vouching.worth_a_token(0, 6) == 4
    assert await store.vouching.worth_a_token(0, 4) == 2
    assert await store.vouching.worth_a_token(3, 4) is None
    assert await store.vouching.worth_a_token(5, 6) is None


async def test_tokens_outlive_what_is_pruned(store: Store) -> None:
    """Many later checkpoints: the stamped one is still there, with its cosignatures."""
    case = await case_with(store, "a", "triage")
    await recorder(store).record(at=START)
    first = await vouch(store)
    head = await store.log.head()
    await store.vouching.stamped(head, data=b"x", token=b"t", at=START, signed_at=START)
    for _ in range(18):
        await door_says(store, case)
        await recorder(store).record(at=START)
        await vouch(store, by=1)

    rows = await store.vouching.covering(0, limit=1000)

    assert len(rows) == 17
    assert (rows[0].size, len(rows[0].lines)) == (first, 2)
