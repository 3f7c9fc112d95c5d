"""A world for one worker: the eight effects kept in memory, and a door that signs acts.

The effects here obey the rules the real ones obey (same key, same answer; a journal key with other
bytes is a fork), so a workflow that misuses them is caught.
"""

import asyncio
import base64
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from cases.acts import BOUND_VERBS, ActBody
from cases.cancelling import CancelAnswer
from cases.envelope import Act, ActEnvelope, Actor, Door, RoundBinding, issue_certificate, sign_act
from cases.file import EDITION
from cases.ids import case_id
from cases.journal import Entry
from cases.merging import BackAnswer, MergeAnswer
from cases.notice import NoticeEnd, NoticeOrder, NoticeResult, OnCallNote
from cases.receipts import ActReceipt, Reason
from cases.records import Decider, Pinned
from cases.report import Report, Source, TicketRef
from cases.state import CasePicture
from runbooks import assess, compile_runbook, library, load_runbook
from runbooks.plan import Assurance, Pathway
from workflows.attributes import at_start
from workflows.effects import (
    Assessed,
    AssessOrder,
    CancelOrder,
    Children,
    ChildrenOrder,
    Collected,
    CollectOrder,
    DecidersOrder,
    EffectOrder,
    EffectResult,
    EffectState,
    GiveBackOrder,
    JournalBatch,
    Linked,
    LinkOrder,
    MergeOrder,
    Owed,
    SplitOrder,
    Stored,
    TicketOrder,
    TicketResult,
)
from workflows.messages import ACT_UPDATE, WORKFLOW, CaseInput, RoutedBy, arguments
from workflows.obligation_effects import ObligationBatch

ROOT = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
DOOR = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
CERTIFICATE = issue_certificate(
    ROOT,
    DOOR.public_key(),
    use="door",
    not_before=datetime(2020, 1, 1, tzinfo=UTC),
    not_after=datetime(2100, 1, 1, tzinfo=UTC),
)
SALT = bytes(range(64, 96))

PEOPLE: dict[str, tuple[str, ...]] = {
    "ines": ("incident-manager",),
    "tess": ("triage",),
    "lena": ("legal",),
    "luca": ("legal", "policy"),
    "pia": ("policy",),
    "paul": ("policy",),
    "carl": ("sme-ct", "triage"),
    "dora": ("duty-counsel",),
    "eve": ("executive",),
    "erik": ("executive",),
    "cora": ("counter-terror",),
    "ivan": ("incident-manager",),
    "sana": ("safety-expert",),
    "sven": ("safety-expert",),
    "nora": ("safety-expert", "duty-counsel"),
    "dean": ("deputy-counsel",),
    "levi": ("law-enforcement",),
    "hana": ("self-harm-expert",),
    "hugo": ("self-harm-expert",),
    "pola": ("policy-lead",),
    "kira": ("child-safety-expert",),
    "kofi": ("child-safety-expert",),
    "kaya": ("child-safety-expert",),
    "kyle": ("child-safety-lead",),
    "abel": ("appeals-reviewer", "appeals-lead", "blind-reviewer"),
    "anna": ("appeals-reviewer",),
    "ada": ("appeals-lead",),
    "aldo": ("appeals",),
    "cato": ("copyright-agent",),
    "xena": ("policy-executive",),
    "fern": ("affected-function",),
    "quin": ("quality",),
    "bina": ("blind-reviewer",),
    "fritz": ("fraud-expert",),
    "enid": ("engineering",),
    "coco": ("communications",),
    "priya": ("privacy",),
    "suna": ("support",),
    "iris": ("influence-expert",),
    "ivo": ("influence-expert",),
    "ilka": ("influence-expert",),
    "adva": ("devils-advocate",),
    "polly": ("policy-executive",),
    "petra": ("policy-lead",),
    "lara": ("law-enforcement",),
    "cleo": ("cleared-counsel",),
    "cyra": ("cleared-counsel",),
    "rhea": ("reviewer",),
    "rolf": ("senior-reviewer",),
    "rosa": ("senior-reviewer",),
    "paula": ("privacy",),
    "gwen": ("general-counsel",),
    "cass": ("ciso",),
    "seth": ("security",),
    "colin": ("communications",),
    "fay": ("frontier-safety-lead",),
    "finn": ("frontier-safety-lead",),
    "vera": ("engineering-lead",),
}


DECIDERS = {
    "77": Pinned(
        number="77",
        case="case/original",
        people=(Decider(person="abel", did="decided"), Decider(person="ines", did="led")),
    )
}
"""Who decided in cases that have closed: in this world there is one."""


def nobody_known(number: str) -> Pinned:
    """There is no case of that number."""
    return Pinned(number=number, failed="no-such-case")


class OneKeyring:
    """The test key: every case has the same one, and golden histories carry it."""

    async def key(self, case: str) -> tuple[str, bytes]:
        """The same key for every case."""
        del case
        return "test", bytes(range(100, 132))


@dataclass
class World:
    """What the effects did, and how they are told to fail."""

    entries: dict[str, list[Entry]] = field(default_factory=dict)
    forks: list[Entry] = field(default_factory=list)
    obligations: list[ObligationBatch] = field(default_factory=list)
    fields: dict[str, dict[str, Any]] = field(default_factory=dict)
    batches: list[JournalBatch] = field(default_factory=list)
    notices: list[NoticeOrder] = field(default_factory=list)
    rota: tuple[OnCallNote, ...] = ()
    """What rotas say of every notice."""
    performed: list[EffectOrder] = field(default_factory=list)
    ticket_orders: list[TicketOrder] = field(default_factory=list)
    linked: list[LinkOrder] = field(default_factory=list)
    split: list[str] = field(default_factory=list)
    owed: list[Owed] = field(default_factory=list)
    deciders: dict[str, Pinned] = field(default_factory=lambda: dict(DECIDERS))
    """By number: who decided in that case; there are no others."""
    undelivered: list[ActEnvelope] = field(default_factory=list)
    runbooks: dict[str, Any] = field(default_factory=dict)
    effect_results: dict[str, EffectResult] = field(default_factory=dict)
    open_cases: set[str] = field(default_factory=set)
    """Numbers of sub-cases that have not ended."""
    lost_answers: int = 0
    """How often another case's answer to a merge is lost on its way."""
    failing: dict[str, int] = field(default_factory=dict)
    table_answers: asyncio.Event = field(default_factory=asyncio.Event)
    """Cleared by a test that lets the severity table take its time."""

    def __post_init__(self) -> None:
        """The table answers at once."""
        self.table_answers.set()

    def fail_next(self, effect: str, times: int = 1) -> None:
        """The effect fails for good so many times."""
        self.failing[effect] = times

    def _maybe_fail(self, effect: str) -> None:
        if self.failing.get(effect, 0) > 0:
            self.failing[effect] -= 1
            raise ApplicationError("told to fail", type="VendorRefused", non_retryable=True)

    @activity.defn(name="append_journal")
    async def append_journal(self, batch: JournalBatch) -> Stored:
        """Entries are kept once; the same sequence with other bytes is a fork."""
        forked = self._keep(batch.case, batch.restore())
        self.fields.setdefault(batch.case, {}).update(batch.changes)
        self.batches.append(batch)
        self.owed.extend(batch.owed)
        return Stored(sequence=batch.last, forked=forked)

    @activity.defn(name="append_obligation")
    async def append_obligation(self, batch: ObligationBatch) -> Stored:
        """The same for an obligation, under its workflow's id."""
        self.obligations.append(batch)
        return Stored(sequence=batch.last, forked=self._keep(batch.workflow_id, batch.restore()))

    def _keep(self, stream: str, entries: Sequence[Entry]) -> bool:
        kept = self.entries.setdefault(stream, [])
        known = {entry.sequence: entry for entry in kept}
        forked = False
        for entry in entries:
            before = known.get(entry.sequence)
            if before is None:
                kept.append(entry)
            elif before.data != entry.data:
                self.forks.append(entry)
                forked = True
        return forked

    @activity.defn(name="assess_severity")
    async def assess_severity(self, order: AssessOrder) -> Assessed:
        """The pinned table's answer, when it answers."""
        await self.table_answers.wait()
        self._maybe_fail("assess_severity")
        result = assess(self.runbooks[order.runbook_digest], order.answers)
        return Assessed(severity=result.severity, row=str(result.row), because=result.because)

    @activity.defn(name="notify")
    async def notify(self, order: NoticeOrder) -> NoticeResult:
        """Everybody is reachable."""
        self._maybe_fail("notify")
        self.notices.append(order)
        return NoticeResult(end=NoticeEnd.DELIVERED, on_call=self.rota)

    @activity.defn(name="perform_effect")
    async def perform_effect(self, order: EffectOrder) -> EffectResult:
        """Done, unless a test said otherwise."""
        self._maybe_fail("perform_effect")
        self.performed.append(order)
        return self.effect_results.get(
            order.name, EffectResult(state=EffectState.DONE, reference="receipt-1")
        )

    @activity.defn(name="sync_ticket")
    async def sync_ticket(self, order: TicketOrder) -> TicketResult:
        """The ticket is written; one is opened where there was none."""
        self._maybe_fail("sync_ticket")
        self.ticket_orders.append(order)
        return TicketResult(
            ticket=order.ticket or TicketRef(system="local", instance="test", id=order.number)
        )

    @activity.defn(name="collect_acts")
    async def collect_acts(self, order: CollectOrder) -> Collected:
        """What was signed in time and not delivered."""
        in_time = [
            envelope
            for envelope in self.undelivered
            if Act.model_validate_json(envelope.payload).signed_at <= order.deadline
        ]
        return Collected(envelopes=tuple(in_time))

    @activity.defn(name="open_linked_case")
    async def open_linked_case(self, order: LinkOrder) -> Linked:
        """Another case."""
        self._maybe_fail("open_linked_case")
        self.linked.append(order)
        return Linked(case="case/other", number="9001", runbook=order.runbook or "")

    @activity.defn(name="split_off_report")
    async def split_off_report(self, order: SplitOrder) -> Linked:
        """A case of its own, unless the report is not known."""
        self._maybe_fail("split_off_report")
        self.split.append(order.delivery)
        if "unknown" in order.delivery:
            return Linked(failed="no-such-report")
        return Linked(case="case/own", number="9002")

    @activity.defn(name="look_up_deciders")
    async def look_up_deciders(self, order: DecidersOrder) -> Pinned:
        """Who decided there; there may be no such case."""
        self._maybe_fail("look_up_deciders")
        return self.deciders.get(order.number, nobody_known(order.number))

    @activity.defn(name="merge_away")
    async def merge_away(self, order: MergeOrder) -> MergeAnswer:
        """There is no other case in this world."""
        del order
        return MergeAnswer(accepted=False, reason=Reason.NO_SUCH_CASE)

    @activity.defn(name="cancel_along")
    async def cancel_along(self, order: CancelOrder) -> CancelAnswer:
        """There is no other case in this world."""
        del order
        return CancelAnswer(accepted=False, reason=Reason.NO_SUCH_CASE)

    @activity.defn(name="give_back")
    async def give_back(self, order: GiveBackOrder) -> BackAnswer:
        """The other case has closed."""
        del order
        return BackAnswer(became="closed")

    @activity.defn(name="look_at_sub_cases")
    async def look_at_sub_cases(self, order: ChildrenOrder) -> Children:
        """Those that a test says are open."""
        return Children(open=tuple(each for each in order.sub_cases if each in self.open_cases))

    @property
    def activities(self) -> list[Any]:
        """All of them, for a worker."""
        return [
            self.append_journal,
            self.append_obligation,
            self.assess_severity,
            self.notify,
            self.perform_effect,
            self.sync_ticket,
            self.collect_acts,
            self.open_linked_case,
            self.split_off_report,
            self.look_up_deciders,
            self.look_at_sub_cases,
            self.merge_away,
            self.cancel_along,
            self.give_back,
        ]

    def pathway(self, name: str, *, text: bytes | None = None) -> Pathway:
        """The runbook, compiled; its tables can be asked for by digest."""
        runbook = load_runbook(text or library()[name], file=f"{name}.yaml")
        pathway = compile_runbook(runbook)
        self.runbooks[pathway.digest] = runbook
        return pathway

    def kinds(self, case: str) -> list[str]:
        """The kinds of the case's entries, in order."""
        return [entry.kind.value for entry in self.entries.get(case, [])]


@dataclass
class CaseUnderTest:
    """A running case and a door to it."""

    world: World
    handle: WorkflowHandle[Any, Any]
    skipper: TimeSkipper
    request: CaseInput

    async def now(self) -> datetime:
        """The case's virtual instant."""
        return await self.skipper.get_current_time(self.handle)

    async def forward(self, by: timedelta) -> None:
        """So much later."""
        await self.skipper.fast_forward(self.handle, by)

    async def picture(self) -> CasePicture:
        """The case as it stands."""
        async with asyncio.timeout(20):
            while True:
                try:
                    return CasePicture.of(await self.handle.query("picture"))
                except RPCError as error:
                    # A run that has just continued another one has no task to ask yet.
                    if error.status is not RPCStatusCode.FAILED_PRECONDITION:
                        raise
                await asyncio.sleep(0.02)

    async def until(self, holds: Callable[[CasePicture], bool]) -> CasePicture:
        """The picture, once that holds of it; TimeoutError when it does not come about."""
        async with asyncio.timeout(20):
            while not holds(picture := await self.picture()):  # noqa: ASYNC110 - a query is asked
                await asyncio.sleep(0.02)
        return picture

    async def in_stage(self, stage: str) -> CasePicture:
        """The picture, once the case is in that stage."""
        return await self.until(lambda picture: picture.stage == stage)

    async def forward_to(self, instant: datetime) -> None:
        """At that instant, or just after it."""
        left = instant - await self.now()
        if left > timedelta(0):
            await self.forward(left)

    async def envelope(
        self,
        body: ActBody,
        *,
        person: str,
        role: str | None = None,
        signed_at: datetime | None = None,
        assurance: Assurance = Assurance.L2,
        binding: RoundBinding | None = None,
        act: str | None = None,
    ) -> ActEnvelope:
        """The act as a door signs it; a decision is bound to the round that is open now."""
        at = signed_at or await self.now()
        gate = getattr(body, "gate", None)
        if binding is None and body.verb in BOUND_VERBS:
            binding = await self.binding(str(gate))
        roles = PEOPLE[person]
        return sign_act(
            Act(
                act=act or str(uuid.uuid4()),
                case=self.handle.id,
                actor=Actor(
                    person=person, roles=roles, directory_digest="0" * 64, directory_as_of=at
                ),
                role=role or roles[0],
                assurance=assurance,
                door=Door.WEB,
                signed_at=at,
                body=body,
                binding=binding,
            ),
            key=DOOR,
            certificate=CERTIFICATE,
        )

    async def binding(self, gate: str) -> RoundBinding | None:
        """What the gate's newest round shows; None where there is none."""
        round_ = (await self.picture()).round_of(gate)
        if round_ is None:
            return None
        return RoundBinding(
            gate=gate,
            round=round_.number,
            revision=round_.revision,
            content_hash=round_.content_hash,
            nonce=round_.nonce,
        )

    async def act(self, body: ActBody, *, person: str, **how: Any) -> ActReceipt:
        """The act is signed and delivered; the workflow's receipt."""
        return await self.deliver(await self.envelope(body, person=person, **how))

    async def deliver(self, envelope: ActEnvelope) -> ActReceipt:
        """The envelope is delivered as it is."""
        receipt: ActReceipt = await self.handle.execute_update(
            ACT_UPDATE, envelope, result_type=ActReceipt, id=uuid.uuid4().hex
        )
        return receipt

    @property
    def kinds(self) -> list[str]:
        """The kinds of the case's stored entries."""
        return self.world.kinds(self.handle.id)


async def open_case(
    world: World,
    client: Client,
    *,
    task_queue: str,
    runbook: str = "user-safety-escalation",
    text: bytes | None = None,
    walk: str | None = None,
    answers: dict[str, str] | None = None,
    receipt_at: datetime | None = None,
    continue_after: int | None = None,
    same_subject: tuple[str, ...] = (),
    external_id: str | None = None,
    shadow: bool = False,
    urgent_queue: str = "",
) -> CaseUnderTest:
    """A case has been started on the engine, with time that moves only when told to."""
    skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
    pathway = world.pathway(runbook, text=text)
    if walk is not None:
        pathway = pathway.walked_by(walk)
    external = external_id or uuid.uuid4().hex
    case = case_id(source="standard", instance="test", external_id=external)
    severity = assess(world.runbooks[pathway.digest], answers or {})
    request = CaseInput(
        case=case,
        number="1001",
        report=Report(
            source=Source.STANDARD,
            instance="test",
            external_id=external,
            delivery=external,
            received_at=datetime.now(UTC),
            receipt_at=receipt_at,
        ),
        pathway=pathway,
        routed=RoutedBy(reason="test"),
        severity=severity.severity,
        severity_row=str(severity.row),
        severity_because=severity.because,
        answers=answers or {},
        root_key=base64.b64encode(ROOT.public_key().public_bytes_raw()).decode(),
        salt=base64.b64encode(SALT).decode(),
        same_subject=same_subject,
        continue_after=continue_after,
        shadow=shadow,
        edition=EDITION,
        urgent_queue=urgent_queue,
    )
    handle = await skipper.client.start_workflow(
        WORKFLOW,
        args=arguments(request),
        id=case,
        task_queue=task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        search_attributes=at_start(request),
    )
    return CaseUnderTest(world=world, handle=handle, skipper=skipper, request=request)
