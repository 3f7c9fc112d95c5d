"""What a case left behind, and whether anything of it is missing or there twice."""

import difflib
from collections import Counter
from dataclasses import dataclass
from typing import Self

from cases.journal import Entry, Kind, check_chain
from integrations.local_outbox import StoredMail
from store import ActState, NoticeRow, StoredMessage
from tests.faults.place import Place
from tests.faults.rederive import rederived, without_what_varies

# Effects run side by side: which of two answers comes first is no part of what happened.
_ANSWERS = frozenset(
    {
        Kind.NOTICE_ENDED,
        Kind.TICKET_SYNCED,
        Kind.EFFECT_MANUAL,
        Kind.EFFECT_DONE,
        Kind.NOTICE_ORDERED,
    }
)

_HEADS = ("---", "+++", "@@ ")


@dataclass(frozen=True)
class Evidence:
    """A closed case: its stored journal, the one worked out anew, and what went outside."""

    number: str
    stored: list[Entry]
    anew: list[Entry]
    events: int
    acts: dict[str, int]
    """Act id → how many entries say that it was applied."""
    answered: bool
    notices: Counter[tuple[str, str]]
    """(purpose, recipient) → how often."""
    mails: Counter[str]
    """Recipient and subject, or ticket → how many messages lie there."""
    tickets: int

    @classmethod
    async def of(cls, place: Place, number: str, *, acts: list[str]) -> Self:
        """Everything, read once the run has ended."""
        case = await place.case_of(number)
        handle = place.client.get_workflow_handle(case)
        await handle.result()
        history = await handle.fetch_history()
        stored = await place.entries(number)
        store = place.house.store
        messages = await store.messages.list(case=case)

        async def on_record() -> list[NoticeRow] | None:
            rows = await store.notices.by_case(case)
            known = {row.message_id for row in rows}
            return rows if all(message.message_id in known for message in messages) else None

        told = await place.until(on_record, what=f"every mail of case {number} to be on record")
        # What is owed after closing tells people in its own time, sooner or later than we look.
        ordered = {e.body["key"] for e in stored if e.kind is Kind.NOTICE_ORDERED}
        rows = [row for row in told if row.key in ordered]
        own = {row.message_id for row in rows}
        notes = await store.messages.list(to=f"ticket:local/{number}")
        opened = {m.message_id for m in notes if m.message_id == f"note/open/{case}"}
        return cls(
            number=number,
            stored=stored,
            anew=await rederived(
                history, keyring=place.house.keyring, namespace=place.engine.namespace
            ),
            events=len(history.events),
            acts={act: sum(e.body.get("act") == act for e in stored) for act in acts},
            answered=all([(await store.acts.show(a)).state is ActState.ANSWERED for a in acts]),
            notices=Counter((str(row.key), row.recipient) for row in rows),
            mails=Counter(_heading(m, number=number) for m in messages if m.message_id in own)
            + Counter("ticket" for _ in notes),
            tickets=len(opened),
        )

    def wrong(self) -> list[str]:
        """What is wrong with it: the record is not whole, or something is there twice."""
        check_chain(self.stored)
        refused = [e for e in self.stored if e.kind in (Kind.ACT_REFUSED, Kind.ACTS_REFUSED)]
        claims = {
            "stored and re-derived journals differ": [e.data for e in self.stored]
            != [e.data for e in self.anew],
            "an act has no answer": not self.answered,
            "an act was applied twice": any(count > 1 for count in self.acts.values()),
            "a notice went out twice": any(count > 1 for count in self.notices.values()),
            f"{self.tickets} tickets": self.tickets != 1,
            f"{len(refused)} refusals": bool(refused),
        }
        return [claim for claim, holds in claims.items() if holds]

    def unlike(self, other: "Evidence") -> list[str]:
        """What happened otherwise than in the other case, or in another order."""
        order = difflib.unified_diff(
            other.told(outcomes=False), self.told(outcomes=False), lineterm="", n=0
        )
        whole = difflib.unified_diff(sorted(other.told()), sorted(self.told()), lineterm="", n=0)
        found = [line for diff in (order, whole) for line in diff if line[:3] not in _HEADS]
        if self.mails != other.mails:
            found.append(
                f"messages: {self.mails - other.mails} more, {other.mails - self.mails} fewer"
            )
        if sorted(self.acts.values()) != sorted(other.acts.values()):
            found.append("acts were lost or doubled")
        return found

    def told(self, *, outcomes: bool = True) -> list[str]:
        """The journal without instants, ids and hashes; without what ran side by side if asked."""
        kept = [e for e in self.stored if outcomes or e.kind not in _ANSWERS]
        return without_what_varies(kept, number=self.number)


def _heading(message: StoredMessage, *, number: str) -> str:
    # What went out too often is told from what somebody else had to say.
    mail = StoredMail.model_validate(message.body).message
    return f"{mail.to}: {mail.subject.replace(number, 'N')}"
