"""Everything durable: SQL tables on SQLite or Postgres, reached as `store.deliveries`, `store.acts` …

```
kek   = KeyEncryptionKey.read(file_bytes)                      # or DEMO_KEK
store = await Store.open(url, kek=kek)                         # StoreOutdated: run upgrade(url) first
await upgrade(url)                                             # creates or migrates
await store.close()                                            # Store is an async context manager too
await store.check()                                            # StoreUnavailable says what is wrong

store.vault      create(case) -> CaseKeys(key_id, key, salt)   keys(case) -> CaseKeys | UnknownCase
                 key(case, key_id=) -> CaseKeys | UnknownKey   installation() -> CaseKeys
                 seal(case, data, aad=) -> bytes               open_sealed(case, sealed, aad=) -> bytes
store.deliveries accept(key=, source=, instance=, external_id=, body=, at=, subject_ref=None)
                     -> Accepted(case, number, known) | DeliveryConflict     (journals door:delivery)
                 claim(owner=, at=, lease=, limit=) -> list[ClaimedDelivery]  oldest pending of a case only
                 done(key, state=DeliveryState.STARTED, at=)   failed(key, error=, next_attempt_at=)
                 dead(key, reason=, at=)  redeliver(key, at=)  list(state=, case=, limit=)  show(key)
                 cursor(name) -> str | None                    set_cursor(name, value=)
store.cases      get(case)  by_number(number) -> CaseRow | None
                 pin(case, runbook=, version=, digest=) -> CaseRow (first pin wins)
                 same_subject(subject_ref, except_case=) -> list[CaseRow] (open ones)   unstarted(limit=)
store.acts       record(act_id=, case=, person=, verb=, gate=, round=, sign=, at=, owner="", lease=0)
                     -> Recorded(envelope, behind) | Duplicate(envelope, receipt) | RoundClosed | ActConflict
                     sign: Callable[[datetime], ActEnvelope], called inside the transaction with `at`
                 claim(owner=, at=, lease=, limit=) -> list[ClaimedAct]      in order within a case
                 answered(act_id, receipt=, at=, kind=Kind.DOOR_ACT_ANSWERED) failed(act_id, error=, next_attempt_at=)
                 dead(act_id, reason=, at=)  redeliver(act_id, at=)  receipt(act_id) -> ActReceipt | None
                 show(act_id)  list(state=, case=, limit=)  pending(case) -> list[ActRow]
                 collect(case=, gate=, round=, deadline=, at=) -> list[ActEnvelope]
store.rounds     get(case, gate=, round=) -> DoorRound | None  of(case) -> list[DoorRound]
store.append_case(CaseBatch(case, original_run, run, entries, heading, changes, rounds, at)) -> Appended
store.journal    append(case=, original_run=, run=, entries=, at=) -> Appended(sequence, forked, branch)
                 append_door(case, kind, at=, **body) -> Entry
                 entries(case, stream=, branch=None) -> list[Entry]   head(case, stream=, branch=None) -> Head
                 branches(case) -> list[Branch]                forks(case) -> list[Fork]
store.views      get(case)  by_number(number) -> CaseView(line: CaseLine, state: dict) | None
                 at(case, instant=) -> CaseView | None         inbox(roles=, person=) -> list[CaseView]
                 list(CaseFilter(...)) -> list[CaseLine]       due(before=) -> list[CaseLine]
                 counts() -> Counts
store.objects    put(kind=, data=, at=) -> digest              get(digest) -> bytes | UnknownObject
store.releases   the `runbooks.release.ReleaseShelf`, and active(runbook) -> Release | None   runbooks()
store.effects    begin(key, case=, at=) -> Attempt(number, result)   remember(key, case=, result=, at=) -> dict
                 recall(key) -> dict | None                    written(case) -> list[EffectRow]
store.tickets    of(case) -> TicketRef | None   opened(case, ref=, at=) -> TicketRef   cases_of(ref) -> list[str]
store.notices    sent(key, recipient=) -> NoticeRow | None     record(NoticeRow) -> NoticeRow   by_case(case)  counts()
store.messages   put(message_id=, to=, body=, at=, case=None) -> StoredMessage   list(to=, case=, limit=)  get(id)
store.locators   mint(person=, case=, gate=, round=, at=, expires_at=, token=None) -> str
                 find(token, at=) -> Locator(state: live|expired|superseded|decided) | None   revoke(token, at=)
store.sessions   create(person=, assurance=, at=, expires_at=) -> NewSession(token, session)
                 find(token, at=) -> Session | None   step_up(token, assurance=, at=)  revoke(token, at=)
                 revoke_person(person, at=)  purge(at=)         spend(nonce, kind=, expires_at=) -> bool
store.health     heartbeat(kind=, id=, at=, detail=)  beats()  stale(at=, older_than=)
                 alarm(kind=, key=, text=, mend=, at=) -> Alarm  open_alarms()  told(kind=, key=, at=)
                 clear(kind=, key=, at=)  forget(kind=, id=)
                 outbox() -> OutboxLag
store.obligations record(ObligationRow)  due(before=)  done(key, at=)  by_case(case)
store.backup     copy_to(path)   reconcile() -> list[Finding]    restore(path, url=) is a function
```

Every instant is handed in. `StoreUnavailable` (disk full, database down or locked) means: nothing
was done, try again; a door answers 503. What people wrote or reported is sealed with the case's own
key; in clear stand only ids, roles, instants and kinds.
"""

from store.act_rows import (
    ActConflict,
    ActRow,
    ActState,
    ClaimedAct,
    Duplicate,
    Recorded,
    RoundClosed,
)
from store.backup import Finding, restore
from store.branches import MAIN, Branch
from store.cases import CaseRow
from store.core import CaseBatch, Store
from store.deliveries import (
    Accepted,
    ClaimedDelivery,
    DeliveryConflict,
    DeliveryRow,
    DeliveryState,
)
from store.effects import Attempt, EffectRow, ObligationRow
from store.errors import (
    BackupFailed,
    BrokenSeal,
    JournalGap,
    StoreError,
    StoreMisconfigured,
    StoreOutdated,
    StoreUnavailable,
    UnknownCase,
    UnknownKey,
    UnknownObject,
    UnknownRow,
)
from store.health import Alarm, Backlog, Beat, OutboxLag
from store.journal import Appended, Fork, Head
from store.locators import Locator, LocatorState
from store.notices import NoticeRow, StoredMessage
from store.rounds import DoorRound
from store.schema import upgrade
from store.sessions import NewSession, Session
from store.vault import DEMO_KEK, CaseKeys, KeyEncryptionKey, Vault
from store.view_rows import CaseFilter, CaseHeading, CaseLine, CaseView, Counts

__all__ = [
    "DEMO_KEK",
    "MAIN",
    "Accepted",
    "ActConflict",
    "ActRow",
    "ActState",
    "Alarm",
    "Appended",
    "Attempt",
    "Backlog",
    "BackupFailed",
    "Beat",
    "Branch",
    "BrokenSeal",
    "CaseBatch",
    "CaseFilter",
    "CaseHeading",
    "CaseKeys",
    "CaseLine",
    "CaseRow",
    "CaseView",
    "ClaimedAct",
    "ClaimedDelivery",
    "Counts",
    "DeliveryConflict",
    "DeliveryRow",
    "DeliveryState",
    "DoorRound",
    "Duplicate",
    "EffectRow",
    "Finding",
    "Fork",
    "Head",
    "JournalGap",
    "KeyEncryptionKey",
    "Locator",
    "LocatorState",
    "NewSession",
    "NoticeRow",
    "ObligationRow",
    "OutboxLag",
    "Recorded",
    "RoundClosed",
    "Session",
    "Store",
    "StoreError",
    "StoreMisconfigured",
    "StoreOutdated",
    "StoreUnavailable",
    "StoredMessage",
    "UnknownCase",
    "UnknownKey",
    "UnknownObject",
    "UnknownRow",
    "Vault",
    "restore",
    "upgrade",
]
