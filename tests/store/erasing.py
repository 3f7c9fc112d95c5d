"""A case that has ended, with content, and two people who erase it."""

from datetime import datetime, timedelta

from audit.log.recorder import Recorder
from audit.redacted.gathering import skeleton_of
from cases.envelope import ActEnvelope
from cases.journal import Journal, Kind
from store import Blocked, CaseBatch, ErasureRow, Shred, Store, Waits
from tests.audit.log.building import SIGNER
from tests.store.building import CANARY, START, accepted, batch, heading, later

DUE = later(days=7)
AFTER = later(days=8)


def no_sign(at: datetime) -> ActEnvelope:
    """Signs nothing."""
    return ActEnvelope(payload=f"{at.isoformat()}", signature="c2ln")


async def ended_case(
    store: Store, name: str = "ticket-1", *, subject: str | None = None, held: str = ""
) -> str:
    """A case with a report, entries and a picture, that was closed; all of it in the log."""
    answer = await accepted(store, key=f"zendesk:{name}", external_id=name, subject_ref=subject)
    keys = await store.vault.keys(answer.case)
    journal = Journal(case=answer.case)
    for kind, body in (
        (Kind.CASE_OPENED, {"source": "zendesk", "number": answer.number}),
        (Kind.LEGAL_HOLD, {"role": held} if held else None),
        (Kind.VOTE_CAST, {"who": "lena", "verdict": "approve", "reason": CANARY, "gate": "g"}),
        (Kind.CASE_CLOSED, {"disposition": "actioned", "record": CANARY, "entries": 3}),
    ):
        if body is not None:
            journal.record(kind, at=START, salt=keys.salt, **body)
    made: CaseBatch = batch(answer.case, journal.pending, changes={"reason": CANARY})
    closed = heading(number=answer.number, status="closed")
    await store.append_case(made.model_copy(update={"heading": closed}))
    for row in await store.deliveries.claim(owner="test", at=START, lease=timedelta(hours=1)):
        await store.deliveries.done(row.key, state="started", at=START)  # type: ignore[arg-type]
    for ended in await store.seals.waiting():
        await store.seals.drop(ended)
    await logged(store)
    return answer.case


async def logged(store: Store, *, at: datetime = START) -> None:
    """Everything that was recorded is under a checkpoint."""
    recorder = Recorder(store, signer=SIGNER, apart=timedelta(0))
    await recorder.record(at=at)
    await recorder.record(at=at)


async def asked(store: Store, case: str, *, id_: str = "e-1") -> ErasureRow | Blocked:
    """Privacy asks."""
    return await store.erasures.ask(
        case,
        id=id_,
        person="paula",
        role="privacy",
        basis="retention-over",
        sign=no_sign,
        at=START,
    )


async def agreed(store: Store, *, id_: str = "e-1", person: str = "erin") -> ErasureRow | Blocked:
    """Security agrees."""
    return await store.erasures.agree(
        id_,
        person=person,
        role="security",
        allowed=lambda _row, _before: None,
        due_at=DUE,
        sign=no_sign,
        at=START,
    )


async def shredded(
    store: Store, *, id_: str = "e-1", at: datetime = AFTER
) -> Shred | Blocked | Waits:
    """What came of it."""
    row = await store.erasures.find(id_)
    assert row is not None
    await logged(store)
    return await store.shredding.shred(
        row,
        signed=await store.erasures.envelopes(id_),
        skeleton=await skeleton_of(store, row.case),
        note=lambda key_id: f"{{}} {key_id}",
        at=at,
    )


async def put_hold(
    store: Store, *, case: str | None = None, subject: str | None = None, id_: str = "h-1"
) -> None:
    """Legal puts a hold."""
    await store.legal_holds.set(
        id=id_,
        case=case,
        subject=subject,
        person="lena",
        role="legal",
        review_at=later(days=90),
        sign=no_sign,
        at=START,
    )


async def erase(store: Store, case: str) -> Shred:
    """The case is erased."""
    assert isinstance(await asked(store, case), ErasureRow)
    assert isinstance(await agreed(store), ErasureRow)
    done = await shredded(store)
    assert isinstance(done, Shred), done
    return done
