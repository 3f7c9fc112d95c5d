"""Small makers of what the store takes; synthetic throughout."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

from cases.envelope import ActEnvelope
from cases.journal import Entry, Journal, Kind
from cases.receipts import ActReceipt, Outcome
from store import (
    Accepted,
    CaseBatch,
    CaseHeading,
    DeliveryConflict,
    DoorRound,
    Duplicate,
    Recorded,
    RoundClosed,
    Store,
)

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LEASE = timedelta(seconds=30)
CANARY = "canary-7f3a prose nobody else may read"


def later(**span: float) -> datetime:
    """An instant so long after the start."""
    return START + timedelta(**span)


async def accepted(
    store: Store,
    *,
    key: str = "zendesk:1",
    external_id: str = "ticket-1",
    body: bytes = CANARY.encode(),
    at: datetime = START,
    subject_ref: str | None = None,
) -> Accepted:
    """The answer to a delivery that is accepted."""
    answer = await accept(
        store, key=key, external_id=external_id, body=body, at=at, subject_ref=subject_ref
    )
    assert isinstance(answer, Accepted)
    return answer


async def accept(
    store: Store,
    *,
    key: str = "zendesk:1",
    external_id: str = "ticket-1",
    body: bytes = CANARY.encode(),
    at: datetime = START,
    subject_ref: str | None = None,
) -> Accepted | DeliveryConflict:
    """The answer to a delivery."""
    return await store.deliveries.accept(
        key=key,
        source="zendesk",
        instance="example",
        external_id=external_id,
        body=body,
        at=at,
        subject_ref=subject_ref,
    )


def signer(words: str = CANARY) -> Callable[[datetime], ActEnvelope]:
    """Signs nothing, but says when it was asked to."""
    return lambda at: ActEnvelope(payload=f"{at.isoformat()} {words}", signature="c2ln")


async def record(
    store: Store,
    case: str,
    act_id: str,
    *,
    at: datetime = START,
    gate: str | None = "legal-review",
    number: int | None = 1,
    person: str = "legal-one",
    owner: str = "",
    lease: timedelta = timedelta(0),
) -> object:
    """The answer to an act."""
    return await store.acts.record(
        act_id=act_id,
        case=case,
        person=person,
        verb="decide",
        gate=gate,
        round=number,
        sign=signer(),
        at=at,
        owner=owner,
        lease=lease,
    )


async def recorded(
    store: Store, case: str, act_id: str, *, at: datetime = START, number: int | None = 1
) -> Recorded:
    """The answer to an act that is recorded."""
    answer = await record(store, case, act_id, at=at, number=number)
    assert isinstance(answer, Recorded)
    return answer


def receipt(act_id: str, outcome: Outcome = Outcome.ACCEPTED) -> ActReceipt:
    """An answer of the workflow."""
    return ActReceipt(act=act_id, outcome=outcome, applied_at=later(seconds=5), sequence=3)


def chain(case: str, *words: str, after: Sequence[Entry] = (), at: datetime = START) -> list[Entry]:
    """Entries of the case stream, one a word, that follow `after`."""
    journal = Journal(case=case)
    if after:
        journal.sequence, journal.head = after[-1].sequence, after[-1].hash
    return [journal.record(Kind.STAGE_ENTERED, at=at, salt=b"s" * 32, stage=word) for word in words]


def heading(**fields: object) -> CaseHeading:
    """A heading with a few fields of one's own."""
    return CaseHeading.model_validate(
        {
            "number": "1001",
            "runbook": "user-safety-escalation",
            "version": "1.0.0",
            "status": "open",
            "stage": "triage",
            "severity": "SEV1",
            **fields,
        }
    )


def batch(
    case: str,
    entries: Sequence[Entry],
    *,
    run: str = "run-1",
    changes: dict[str, JsonValue] | None = None,
    rounds: tuple[DoorRound, ...] = (),
    at: datetime = START,
    **fields: object,
) -> CaseBatch:
    """A batch of the workflow."""
    return CaseBatch(
        case=case,
        original_run="run-1",
        run=run,
        entries=tuple(entries),
        heading=heading(**fields),
        changes=changes or {},
        rounds=rounds,
        at=at,
    )


def open_round(number: int = 1, *, is_open: bool = True) -> DoorRound:
    """A round of legal review."""
    return DoorRound(
        gate="legal-review",
        round=number,
        revision=1,
        content_hash="c" * 64,
        nonce="n",
        asked_at=START,
        expires_at=later(hours=4),
        open=is_open,
    )


__all__ = [
    "CANARY",
    "LEASE",
    "START",
    "Duplicate",
    "Recorded",
    "RoundClosed",
    "accept",
    "accepted",
    "batch",
    "chain",
    "heading",
    "later",
    "open_round",
    "receipt",
    "record",
    "recorded",
    "signer",
]
