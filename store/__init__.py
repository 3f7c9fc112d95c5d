"""Everything durable: SQL tables on SQLite or Postgres, reached by idea as `store.acts` and others.

    kek = KeyEncryptionKey.read(file_bytes)             or DEMO_KEK
    await upgrade(url)                                  creates or migrates
    store = await Store.open(url, kek=kek)              StoreOutdated: upgrade first

    vault        keys of cases: create, keys, seal, open_sealed, installation
    epochs       the key-encryption keys there were, and how much each wraps
    rotation     rotate: every key wrapped anew, in batches; retire an epoch
    cases        which report belongs to which case, its number, its pinned runbook
    belonging    which report was put into which case by a rule
    splitting    a joined report has its own case after all
    suppression  reports that a rule holds back: hold, list, release
    deliveries   accept, claim, done, failed, dead, redeliver; cursors of pollers
    acts         record, claim, answered, failed, dead, redeliver, collect
    bulk_orders  one order over many cases, and what became of each
    legal_holds  what may not be deleted: set, keep, ask_to_lift, lift, over
    erasures     ask, agree, withdraw; which are due
    shredding    destroys a case's key: shred, reapply; what forbids it, and what stays
    rounds       what a gate asks, and whether the door has closed
    append_case  journal, picture and rounds in one transaction
    journal      append_door, entries, head, branches, forks
    seals        runs that ended and wait for their seal
    log          what waits, leaves, tiles and the head of the transparency log
    log_spool    what was decided while the log could not be written, until it has that
    log_glass    who ordered to go on without the log, and who looked at it afterwards
    vouching     which of its checkpoints witnesses cosigned and a clock stamped
    views        pictures for pages, inbox, lists, the watch and metrics; `at` a past instant
    objects      immutable bytes by digest
    releases     the shelf of `runbooks.release`; `active` is what new cases walk
    effects      begin, remember, recall; tickets beside it
    ticket_keeping  what each case's ticket should be like, and what it is owed
    ticket_drift    what differed between a case and its ticket
    obligations  what cases owe after closing: record, unstarted, started, append, picture, due
    pages        what was said to a pager, how it stands, and what the pager said
    calls        every call to a system outside: begin, end, list, show, prune
    subscriptions  who is sent events; subscribe, unsubscribe, gone, resume
    events       claim, delivered, failed, dead, redeliver; written with the journal
    digests      notices that wait for company: put, due, claim, later, end
    channels     which of them are out: enter, failed, answered
    paces        how fast channels and people are told: take, closed
    notices      what became of each; `messages` is the demo's local outbox
    comments     what people said about cases: keep, of_case
    incoming     mail that came in: known, keep, drop, by_case, recent
    prompts      cards in a chat: which message asks what, which are over, what was pressed
    locators     links to a round: live, expired, superseded, decided
    sessions     log-ins, step-up, revocation, nonces that are spent once
    sign_ins     log-ins under way at a provider: begun, taken once
    passkeys     people's own keys: enrol, confirm, revoke, count
    worker_keys  workers' own keys: ask, certify, refuse, widen, revoke, certificates
    claimed      what the provider last said of people
    door_record  how log-ins began and ended, as a chain
    looks        who looked at restricted cases: an entry, then a count
    emergencies  cases opened in an emergency: until when, and who reviewed it
    grants       who asked to read a case for a time: ask, give, refuse, lapse, end
    health       heartbeats, alarms, lag of the outbox
    backup       copy_to, reconcile; `restore` brings a copy back

Every instant is handed in. `StoreUnavailable` (disk full, database down or locked) means: nothing
was done, try again; a door answers 503. What people wrote or reported is sealed with the case's own
key; in clear stand only ids, roles, instants and kinds.
"""

from cases.ids import MAIN
from store.absences import AbsenceRow
from store.act_rows import (
    ActConflict,
    ActRow,
    ActState,
    ClaimedAct,
    Duplicate,
    Recorded,
    RoundClosed,
    WaitingAct,
)
from store.arrivals import ArrivalFilter, ArrivalRow
from store.backup import Finding, restore
from store.belonging import Belongs, KnownMatter
from store.branches import Branch
from store.bulk_orders import BulkConflict, BulkItemRow, BulkRow, BulkState, NewBulkItem
from store.calls import CallFilter, CallRow
from store.case_keys import CaseKeys
from store.cases import CaseRow
from store.channels import ChannelRow
from store.claimed import ClaimedRow
from store.core import CaseBatch, Store
from store.deliveries import (
    Accepted,
    ClaimedDelivery,
    DeliveryConflict,
    DeliveryRow,
    DeliveryState,
)
from store.digests import DigestItem, WaitingNotice
from store.effects import Attempt, EffectRow
from store.emergencies import LONGEST, UNREVIEWED, UNTOLD, Emergency
from store.erasure_rows import (
    Blocked,
    EndedCase,
    ErasureOrigin,
    ErasureRow,
    ErasureState,
    Shred,
    Skeleton,
    Waits,
)
from store.errors import (
    BackupFailed,
    BrokenSeal,
    ContentErased,
    EpochInUse,
    JournalGap,
    LogBehind,
    NoNewKey,
    ProgramMissing,
    StoreError,
    StoreMisconfigured,
    StoreOutdated,
    StoreUnavailable,
    UnknownCase,
    UnknownKey,
    UnknownObject,
    UnknownRow,
)
from store.events import EventFilter, EventRow, EventState
from store.grants import UNHEARD, Grant, GrantVerdict
from store.health import Alarm, Backlog, Beat, OutboxLag
from store.incoming import IncomingRow, ReadMail
from store.journal import Appended, Fork, Head, Link
from store.key_encryption import (
    DEMO_KEK,
    Epoch,
    HeldKeys,
    KeyEncryptionKey,
    KeyRing,
    KeySource,
)
from store.legal_holds import HoldOrigin, HoldRow
from store.locators import Locator, LocatorState
from store.log import LogHead, LogKey, NewLeaf, Placed, Pressing, Waiting
from store.log_glass import GlassRow
from store.log_spool import Spooled, SpooledLine
from store.log_tiles import Published, Tiles
from store.looks import WINDOW, Seen
from store.notices import NoticeRow, StoredMessage
from store.obligations import ObligationEntries, ObligationRow
from store.openings import GIVEN_BACK, RAN_OUT, REVOKED
from store.paces import Pace, PaceRow, Refusal, Urgency
from store.pages import PagerEvent, PageRow, PageState
from store.passkeys import PasskeyRow, PasskeyState
from store.prompts import Became, Click, OverPrompt, Prompt
from store.rotation import Rotated
from store.rounds import DoorRound
from store.schema import upgrade
from store.seals import EndedRun
from store.sessions import Account, NewSession, Session
from store.sign_ins import NotTaken
from store.subscriptions import Address, Subscription, SubscriptionState
from store.suppression import Hidden, HiddenBy
from store.ticket_drift import DriftRow
from store.ticket_keeping import KeptTicket, TicketWrite
from store.vault import Vault
from store.view_rows import CaseFilter, CaseHeading, CaseLine, CaseView, Counts
from store.vouched import Standing, Vouched
from store.worker_keys import WorkerKeyRow, WorkerKeyState

__all__ = [
    "DEMO_KEK",
    "GIVEN_BACK",
    "LONGEST",
    "MAIN",
    "RAN_OUT",
    "REVOKED",
    "UNHEARD",
    "UNREVIEWED",
    "UNTOLD",
    "WINDOW",
    "AbsenceRow",
    "Accepted",
    "Account",
    "ActConflict",
    "ActRow",
    "ActState",
    "Address",
    "Alarm",
    "Appended",
    "ArrivalFilter",
    "ArrivalRow",
    "Attempt",
    "Backlog",
    "BackupFailed",
    "Beat",
    "Became",
    "Belongs",
    "Blocked",
    "Branch",
    "BrokenSeal",
    "BulkConflict",
    "BulkItemRow",
    "BulkRow",
    "BulkState",
    "CallFilter",
    "CallRow",
    "CaseBatch",
    "CaseFilter",
    "CaseHeading",
    "CaseKeys",
    "CaseLine",
    "CaseRow",
    "CaseView",
    "ChannelRow",
    "ClaimedAct",
    "ClaimedDelivery",
    "ClaimedRow",
    "Click",
    "ContentErased",
    "Counts",
    "DeliveryConflict",
    "DeliveryRow",
    "DeliveryState",
    "DigestItem",
    "DoorRound",
    "DriftRow",
    "Duplicate",
    "EffectRow",
    "Emergency",
    "EndedCase",
    "EndedRun",
    "Epoch",
    "EpochInUse",
    "ErasureOrigin",
    "ErasureRow",
    "ErasureState",
    "EventFilter",
    "EventRow",
    "EventState",
    "Finding",
    "Fork",
    "GlassRow",
    "Grant",
    "GrantVerdict",
    "Head",
    "HeldKeys",
    "Hidden",
    "HiddenBy",
    "HoldOrigin",
    "HoldRow",
    "IncomingRow",
    "JournalGap",
    "KeptTicket",
    "KeyEncryptionKey",
    "KeyRing",
    "KeySource",
    "KnownMatter",
    "Link",
    "Locator",
    "LocatorState",
    "LogBehind",
    "LogHead",
    "LogKey",
    "NewBulkItem",
    "NewLeaf",
    "NewSession",
    "NoNewKey",
    "NotTaken",
    "NoticeRow",
    "ObligationEntries",
    "ObligationRow",
    "OutboxLag",
    "OverPrompt",
    "Pace",
    "PaceRow",
    "PageRow",
    "PageState",
    "PagerEvent",
    "PasskeyRow",
    "PasskeyState",
    "Placed",
    "Pressing",
    "ProgramMissing",
    "Prompt",
    "Published",
    "ReadMail",
    "Recorded",
    "Refusal",
    "Rotated",
    "RoundClosed",
    "Seen",
    "Session",
    "Shred",
    "Skeleton",
    "Spooled",
    "SpooledLine",
    "Standing",
    "Store",
    "StoreError",
    "StoreMisconfigured",
    "StoreOutdated",
    "StoreUnavailable",
    "StoredMessage",
    "Subscription",
    "SubscriptionState",
    "TicketWrite",
    "Tiles",
    "UnknownCase",
    "UnknownKey",
    "UnknownObject",
    "UnknownRow",
    "Urgency",
    "Vault",
    "Vouched",
    "Waiting",
    "WaitingAct",
    "WaitingNotice",
    "Waits",
    "WorkerKeyRow",
    "WorkerKeyState",
    "restore",
    "upgrade",
]
