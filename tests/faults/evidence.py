"""What a case left behind, and whether anything of it is missing or there twice."""

from collections import Counter
from dataclasses import dataclass
from typing import Self

from cases.journal import Entry, Kind, check_chain
from store import ActState
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
    """Recipient or ticket → how many messages lie there."""
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
        rows = await store.notices.by_case(case)
        messages = await store.messages.list(case=case)
        notes = [m for m in await store.messages.list() if m.to.endswith(f"/{number}")]
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
            mails=Counter(m.to for m in messages) + Counter("ticket" for _ in notes),
            tickets=len(opened),
        )

    def check(self) -> None:
        """The record is whole, is the one the history implies, and nothing is there twice."""
        check_chain(self.stored)
        assert [e.data for e in self.stored] == [e.data for e in self.anew]
        assert self.answered, "an act has no answer"
        assert all(count <= 1 for count in self.acts.values()), "an act was applied twice"
        assert all(count == 1 for count in self.notices.values()), "a notice went out twice"
        assert self.tickets == 1, "not exactly one ticket"
        assert not any(e.kind in (Kind.ACT_REFUSED, Kind.ACTS_REFUSED) for e in self.stored)

    def check_like(self, other: "Evidence") -> None:
        """The same things happened as in the other case, in the same order."""
        assert self.told(outcomes=False) == other.told(outcomes=False)
        assert sorted(self.told()) == sorted(other.told())
        assert self.mails == other.mails, "messages were lost or doubled"
        assert sorted(self.acts.values()) == sorted(other.acts.values())

    def told(self, *, outcomes: bool = True) -> list[str]:
        """The journal without instants, ids and hashes; without what ran side by side if asked."""
        kept = [e for e in self.stored if outcomes or e.kind not in _ANSWERS]
        return without_what_varies(kept, number=self.number)
