"""Whole cases for audits: a real engine, a real store, doors that record what they sign."""

import asyncio
import base64
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from temporalio import activity
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError
from temporalio.testing import TimeSkipper, TimeSkippingConfig
from temporalio.worker import Worker

from activities.intents import LoggedIntents
from activities.merging import Merging
from activities.other_cases import Cancelling
from activities.outside import Outside
from activities.record import Recording
from audit.export import Seal, export_case
from audit.log.note import NoteSigner
from audit.log.recorder import Recorder
from audit.sealing import seal_of
from cases.acts import BOUND_VERBS, ActBody, Close, Reopen
from cases.acts_between_cases import Unmerge
from cases.envelope import Act, ActEnvelope
from cases.file import EDITION
from cases.journal import Entry, Kind
from cases.merging import MergeAnswer
from cases.receipts import ActReceipt, Outcome
from cases.reopening import inherited
from cases.report import Report, Source
from gateway.engine_runs import ended_run
from gateway.log_waiting import release
from runbooks import assess, library
from runbooks.plan import Severity
from store import Accepted, Recorded, Store
from tests.workflows.world import CERTIFICATE, DOOR, ROOT, CaseUnderTest, World
from workers.engine import Engine
from workers.temporal import connect
from workflows.attributes import at_reopening, at_start
from workflows.effects import EFFECTS, EffectOrder, EffectResult, MergeOrder
from workflows.messages import ACT_UPDATE, WORKFLOW, CaseInput, Reopened, RoutedBy, arguments
from workflows.runner import Sign

ROOT_KEY = base64.b64encode(ROOT.public_key().public_bytes_raw()).decode()
PINNED = frozenset({ROOT.public_key().public_bytes_raw()})
LOG = NoteSigner(name="example.org/log", private=ROOT)
PINNED_LOG = frozenset({LOG.key})
SEAL = Seal(key=DOOR, certificate=CERTIFICATE, root=ROOT_KEY, log=str(LOG.key))
MADE_AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class VaultKeyring:
    """Payload keys out of the store, as production has them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def key(self, case: str) -> tuple[str, bytes]:
        """The case's own key."""
        keys = await self._store.vault.keys(case)
        return keys.key_id, keys.key


@dataclass
class Office:
    """An engine, a store and a worker, and the doors in front of them."""

    store: Store
    world: World
    client: Client
    task_queue: str

    async def open(
        self,
        *,
        runbook: str = "user-safety-escalation",
        walk: str | None = None,
        answers: dict[str, str] | None = None,
        continue_after: int | None = None,
        receipt_at: datetime | None = None,
        text: bytes | None = None,
        shadow: bool = False,
        leaf_first: bool = False,
    ) -> "Matter":
        """A case has come in at a door and runs; `text` is a runbook that does not ship."""
        external = uuid.uuid4().hex
        at = datetime.now(UTC)
        accepted = await self.store.deliveries.accept(
            key=f"standard:{external}",
            source="standard",
            instance="test",
            external_id=external,
            body=b"{}",
            at=at,
        )
        assert isinstance(accepted, Accepted)
        keys = await self.store.vault.keys(accepted.case)
        source = text or library()[runbook]
        await self.store.objects.put(kind="runbook", data=source, at=at)
        pathway = self.world.pathway(runbook, text=text)
        if walk is not None:
            pathway = pathway.walked_by(walk)
        severity = assess(self.world.runbooks[pathway.digest], answers or {})
        request = CaseInput(
            case=accepted.case,
            number=accepted.number,
            report=Report(
                source=Source.STANDARD,
                instance="test",
                external_id=external,
                delivery=f"standard:{external}",
                received_at=at,
                receipt_at=receipt_at,
            ),
            pathway=pathway,
            routed=RoutedBy(reason="test"),
            severity=severity.severity,
            severity_row=str(severity.row),
            severity_because=severity.because,
            answers=answers or {},
            root_key=ROOT_KEY,
            salt=base64.b64encode(keys.salt).decode(),
            continue_after=continue_after,
            shadow=shadow,
            edition=EDITION,
            leaf_first=leaf_first,
        )
        skipper = TimeSkipper(self.client, config=TimeSkippingConfig(enabled=False))
        handle = await skipper.client.start_workflow(
            WORKFLOW,
            args=arguments(request),
            id=accepted.case,
            task_queue=self.task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            search_attributes=at_start(request),
        )
        return Matter(
            world=self.world,
            handle=handle,
            skipper=skipper,
            request=request,
            store=self.store,
            task_queue=self.task_queue,
        )

    async def log(self) -> None:
        """Every run that ended is sealed, and everything recorded so far is under a checkpoint."""
        for ended in await self.store.seals.waiting():
            run = await ended_run(self.client, ended.workflow_id, ended.run)
            keys = await self.store.vault.keys(ended.case)
            if run is not None:
                seal = seal_of(run, stream=ended.stream, salt=keys.salt)
                await self.store.seals.seal(ended, at=MADE_AT, **seal.model_dump())
        await record_log(self.store)

    async def export(self, matter: "Matter", out: Path) -> Path:
        """The case's export, at `out`, once everything of it is in the log."""
        await self.log()
        return await export_case(
            matter.handle.id,
            store=self.store,
            client=self.client,
            seal=SEAL,
            out=out,
            at=MADE_AT,
            version="test",
        )


@dataclass
class Matter(CaseUnderTest):
    """A case whose acts go through a door that records them."""

    store: Store
    task_queue: str = ""

    async def record(self, envelope: ActEnvelope) -> bool:
        """Whether the door had not recorded the envelope yet; it has now."""
        act = Act.model_validate_json(envelope.payload)
        gate = act.binding.gate if act.binding is not None else None
        recorded = await self.store.acts.record(
            act_id=act.act,
            case=self.handle.id,
            person=act.actor.person,
            verb=act.body.verb,
            gate=gate,
            round=act.binding.round if act.binding is not None else None,
            sign=lambda _: envelope,
            at=act.signed_at,
            after_log=self.waits(act),
        )
        return isinstance(recorded, Recorded)

    def waits(self, act: Act) -> bool:
        """Whether the act takes effect only once the log has it."""
        return self.request.leaf_first and act.body.verb in BOUND_VERBS

    async def logged(self, act: Act) -> ActEnvelope:
        """The envelope as it is delivered, once the log has the door's entry of it."""
        await record_log(self.store)
        await release(self.store)
        return (await self.store.acts.show(act.act)).envelope

    async def deliver(self, envelope: ActEnvelope) -> ActReceipt:
        """The envelope is recorded at the door, delivered, and its answer recorded."""
        act = Act.model_validate_json(envelope.payload)
        await self.record(envelope)
        if self.waits(act):
            envelope = await self.logged(act)
        receipt: ActReceipt = await self.handle.execute_update(
            ACT_UPDATE, envelope, result_type=ActReceipt, id=act.act
        )
        await self.store.acts.answered(act.act, receipt=receipt, at=act.signed_at)
        return receipt

    async def does(self, body: ActBody, *, person: str, **how: Any) -> ActReceipt:
        """The act was accepted."""
        receipt = await self.act(body, person=person, **how)
        assert receipt.outcome is Outcome.ACCEPTED, receipt
        return receipt

    async def reopen(self, *, person: str = "ines", to: str | None = None) -> "Matter":
        """The closed case has been reopened at a door, and runs again."""
        head = await self.store.journal.head(self.handle.id)
        body = Reopen(reason="a new report of the same", to=to, head=head.hash)
        return await self._by_act(body, person=person)

    async def unmerge(self, *, person: str = "ines") -> "Matter":
        """The case that was part of another one is a case of its own, and runs again."""
        head = await self.store.journal.head(self.handle.id)
        return await self._by_act(Unmerge(reason="two people", head=head.hash), person=person)

    async def _by_act(self, body: ActBody, *, person: str) -> "Matter":
        envelope = await self.envelope(body, person=person)
        await self.record(envelope)
        again = await self._begin_again(envelope)
        assert (await again.deliver(envelope)).first is not None
        return again

    async def begin_again(self, forged: str) -> "Matter":
        """A run has been begun by somebody who can start workflows and sign nothing."""
        head = await self.store.journal.head(self.handle.id)
        other = "0" * 64 if forged == "another_ending" else head.hash
        person = "tess" if forged == "nobody's_role" else "ines"
        envelope = await self.envelope(Reopen(reason="mine", head=other), person=person)
        if forged == "unsigned":
            envelope = ActEnvelope(payload=envelope.payload)
        return await self._begin_again(
            None if forged == "no_act" else envelope,
            worse=Severity.SEV0 if forged == "an_earlier_severity" else None,
        )

    async def _begin_again(
        self, envelope: ActEnvelope | None, *, worse: Severity | None = None
    ) -> "Matter":
        head = await self.store.journal.head(self.handle.id)
        view = await self.store.views.get(self.handle.id)
        assert view is not None
        state = inherited(view.state, sequence=head.sequence, head=head.hash)
        if worse is not None:
            state.severity = state.severity.model_copy(update={"current": worse})
        owed = await self.store.obligations.by_case(self.handle.id)
        reopened = (
            Reopened(
                envelope=envelope,
                run=await self.store.journal.last_run(self.handle.id),
                owed=tuple(sorted(item.name for item in owed)),
            )
            if envelope is not None
            else None
        )
        pathway = self.request.pathway.walked_by("runbook")
        request = self.request.model_copy(update={"pathway": pathway, "reopened": reopened})
        handle = await self.skipper.client.start_workflow(
            WORKFLOW,
            args=[request, state],
            id=self.handle.id,
            task_queue=self.task_queue,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            search_attributes=at_reopening(request),
        )
        return replace(self, handle=handle)

    async def close(self, disposition: str) -> None:
        """The incident manager closes the case."""
        await self.does(Close(disposition=disposition, record="facts, rule"), person="ines")

    @staticmethod
    def kinds_stored(entries: Sequence[Entry]) -> list[Kind]:
        """The kinds of these entries."""
        return [entry.kind for entry in entries]

    async def quiet(self) -> None:
        """It is where it can be closed, and no action is under way any more.

        A case that is on its way there has not ordered its actions yet.
        """
        await self.until(
            lambda seen: (
                seen.stage == "closure" and all(item.state != "intended" for item in seen.effects)
            )
        )


async def record_log(store: Store) -> None:
    """Everything recorded so far is under a checkpoint."""
    await Recorder(store, signer=LOG, apart=timedelta(0)).record(at=MADE_AT)


@asynccontextmanager
async def office(
    engine: Engine, store: Store, *, cached: int = 1000, sign: Sign | None = None
) -> AsyncIterator[Office]:
    """Everything runs until the block ends; `sign` marks what its worker writes."""
    world = World()
    outside = cast("Outside", SimpleNamespace(store=store))
    recording, merging = Recording(outside), Merging(outside)

    @activity.defn(name="merge_away")
    async def merge_away(order: MergeOrder) -> MergeAnswer:
        answer = await merging.merge_away(order)
        if world.lost_answers:
            world.lost_answers -= 1
            kind = "LostAnswer"
            raise ApplicationError(kind, type=kind)
        return answer

    @activity.defn(name="perform_effect")
    async def perform_effect(order: EffectOrder) -> EffectResult:
        result = await world.perform_effect(order)
        if not order.entry:
            return result
        waiting = asyncio.create_task(
            LoggedIntents(store).logged(order.case, order.entry, at=order.at)
        )
        while not waiting.done():
            await record_log(store)
            await release(store)
            await asyncio.sleep(0.02)
        logged = await waiting
        return result.model_copy(update={"logged": logged})

    durable = {
        "perform_effect": perform_effect,
        "merge_away": merge_away,
        "give_back": merging.give_back,
        "cancel_along": Cancelling(outside).cancel_along,
        EFFECTS[0]: recording.append_journal,
        "append_obligation": recording.append_obligation,
        "collect_acts": recording.collect_acts,
        "assess_severity": recording.assess_severity,
    }
    activities = [durable.get(getattr(item, "__name__", ""), item) for item in world.activities]
    client = await connect(
        engine.address,
        namespace=engine.namespace,
        keyring=VaultKeyring(store),
        activities=activities,
        sign=sign,
    )
    queue = f"audit-{uuid.uuid4().hex[:8]}"
    async with Worker(client, task_queue=queue, max_cached_workflows=cached):
        yield Office(store=store, world=world, client=client, task_queue=queue)


Scenario = Callable[[Office], Awaitable[Matter]]

HOUR = timedelta(hours=1)

__all__ = [
    "HOUR",
    "LOG",
    "MADE_AT",
    "PINNED",
    "PINNED_LOG",
    "ROOT_KEY",
    "SEAL",
    "Matter",
    "Office",
    "Scenario",
    "VaultKeyring",
    "office",
]
