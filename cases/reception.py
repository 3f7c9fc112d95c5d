"""The one path of every act: it arrives, is checked, and is answered (I4 to I8).

What needs no state is checked by `cases.envelope`; here the act meets what it is about, a case
(`cases.desk`) or an obligation (`cases.obligations`). An act is accepted or refused with a typed
reason; both are on record.
"""

from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from cases.envelope import Act, ActEnvelope, RefusedEnvelope, signing_key, verify_envelope
from cases.journal import Entry, Journal, Kind
from cases.receipts import ActReceipt, Outcome, Reason
from cases.recording import Record
from cases.refusal import Refusal

REFUSALS_ONE_BY_ONE = 20
"""Beyond this many an actor's refusals in a round are counted by the minute (I8)."""


MINUTE = "%Y-%m-%dT%H:%M"


class Receiving(Protocol):
    """The state that remembers which acts came in."""

    case: str
    journal: Journal
    receipts: dict[str, ActReceipt]
    revoked_keys: list[str]
    refusals: dict[str, int]
    refused_since: dict[str, int]

    @property
    def closed(self) -> bool:
        """Whether the journal has its last entry."""
        ...


class File(Protocol):
    """What acts are about: state and record together."""

    @property
    def state(self) -> Receiving:
        """The state."""
        ...

    @property
    def record(self) -> Record:
        """Writes its journal."""
        ...

    def note(self, kind: Kind, at: datetime, **body: Any) -> Entry:
        """The entry is on record."""
        ...


class Reception(ABC):
    """Takes acts for one file and trusts one root key."""

    def __init__(self, file: File, *, root: bytes) -> None:
        self._file = file
        self._root = root

    @abstractmethod
    def apply(self, act: Act, *, key: str, commitment: str, at: datetime) -> None:
        """The authentic act has taken effect; Refusal says why not."""

    def receive(self, envelope: ActEnvelope, *, at: datetime) -> ActReceipt:
        """The act has taken effect or been refused; either way it is on record, once."""
        file = self._file
        try:
            act = verify_envelope(
                envelope,
                case=file.state.case,
                root=self._root,
                revoked=frozenset(file.state.revoked_keys),
            )
        except RefusedEnvelope as refused:
            return self.refuse(refused.reason, detail=refused.detail, at=at, envelope=envelope)
        first = file.state.receipts.get(act.act)
        if first is not None:
            return ActReceipt(
                act=act.act,
                outcome=Outcome.DUPLICATE,
                signed_at=act.signed_at,
                applied_at=at,
                sequence=first.sequence,
                first=first,
            )
        if file.state.closed:
            # The journal has its last entry; the door writes this one into its own stream (I8).
            return ActReceipt(
                act=act.act,
                outcome=Outcome.TOO_LATE,
                reason=Reason.CLOSED,
                signed_at=act.signed_at,
                applied_at=at,
                sequence=file.state.journal.sequence,
            )
        receipt = self._answer(act, envelope, at=at)
        file.state.receipts[act.act] = receipt
        return receipt

    def refuse(
        self,
        reason: Reason,
        *,
        at: datetime,
        detail: str = "",
        envelope: ActEnvelope | None = None,
        door: str = "temporal",
    ) -> ActReceipt:
        """Something that proves nothing was sent: refused, and on record (I4, I8)."""
        self._record_refusal(
            actor="unproven",
            round_key="",
            reason=reason,
            at=at,
            door=door,
            detail=detail,
            commitment=self._file.record.commit(envelope) if envelope is not None else None,
        )
        return ActReceipt(
            act="",
            outcome=Outcome.REFUSED,
            reason=reason,
            detail=detail[:500],
            applied_at=at,
            sequence=self._file.state.journal.sequence,
        )

    def _answer(self, act: Act, envelope: ActEnvelope, *, at: datetime) -> ActReceipt:
        file = self._file
        commitment = file.record.commit(envelope)
        try:
            self.apply(act, key=signing_key(envelope), commitment=commitment, at=at)
        except Refusal as refusal:
            binding = act.binding
            self._record_refusal(
                actor=act.actor.person,
                round_key=f"{binding.gate}/{binding.round}" if binding else act.body.verb,
                reason=refusal.reason,
                at=at,
                door=act.door.value,
                detail=refusal.detail,
                commitment=commitment,
                act=act,
            )
            return ActReceipt(
                act=act.act,
                outcome=refusal.outcome,
                reason=refusal.reason,
                detail=refusal.detail[:500],
                signed_at=act.signed_at,
                applied_at=at,
                sequence=file.state.journal.sequence,
            )
        return ActReceipt(
            act=act.act,
            outcome=Outcome.ACCEPTED,
            signed_at=act.signed_at,
            applied_at=at,
            sequence=file.state.journal.sequence,
        )

    def _record_refusal(
        self,
        *,
        actor: str,
        round_key: str,
        reason: Reason,
        at: datetime,
        door: str,
        detail: str,
        commitment: str | None,
        act: Act | None = None,
    ) -> None:
        state = self._file.state
        counted = f"{actor}|{round_key.replace('|', '/')}"
        state.refusals[counted] = state.refusals.get(counted, 0) + 1
        if state.refusals[counted] > REFUSALS_ONE_BY_ONE:
            self.count_refusals(at=at)
            minute = f"{counted}|{at.astimezone(UTC):{MINUTE}}"
            state.refused_since[minute] = state.refused_since.get(minute, 0) + 1
            return
        self._file.note(
            Kind.ACT_REFUSED,
            at,
            who=actor,
            what=act.body.verb if act is not None else None,
            act=act.act if act is not None else None,
            door=door,
            why=reason.value,
            detail=detail or None,
            signed=act.signed_at.isoformat() if act is not None else None,
            input=commitment,
        )

    @property
    def counting_until(self) -> datetime | None:
        """When the oldest minute in which refusals are being counted is over."""
        return min((_end_of(minute) for minute in self._file.state.refused_since), default=None)

    def count_refusals(self, *, at: datetime, ending: bool = False) -> None:
        """Refusals counted in a minute that is over are on record as one entry.

        When the case is `ending`, so are those of the minute that is not over.
        """
        state = self._file.state
        for minute, number in sorted(state.refused_since.items()):
            if _end_of(minute) > at and not ending:
                continue
            actor, round_key, when = minute.rsplit("|", 2)
            self._file.note(
                Kind.ACTS_REFUSED, at, who=actor, where=round_key, minute=when, number=number
            )
            del state.refused_since[minute]


def _end_of(minute: str) -> datetime:
    begun = datetime.strptime(minute.rsplit("|", 1)[1], MINUTE).replace(tzinfo=UTC)
    return begun + timedelta(minutes=1)
