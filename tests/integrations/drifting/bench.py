"""A case with a ticket, and who compares the two; time passes when the test says so."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from temporalio.testing import ActivityEnvironment

from activities import Outside
from activities.ticket_writing import opening
from activities.tickets import Tickets
from cases.journal import Entry, Journal, Kind
from cases.records import SeverityRecord
from cases.report import Report, Source, TicketRef
from cases.state import CaseState, default_of, fields_of
from cases.ticket_note import TicketLine
from gateway.doors import Doors, DoorSettings, Tracker
from gateway.reconciling.reconciler import TicketReconciler
from gateway.reports import read_arrival
from gateway.shelf import Shelf
from gateway.signer import load_or_create_keys
from integrations.file_directory import DEMO_FILE, FileDirectory
from integrations.markers import fingerprint
from integrations.ports.ticketing import Ticketing
from runbooks.library import library
from runbooks.plan import Severity
from store import CaseBatch, CaseHeading, DeliveryState, DriftRow, Store
from tests.fakes.clock import FixedClock
from tests.gateway.engine import InProcessEngine
from tests.store.building import accepted
from workflows.effects import TicketOrder, TicketResult

URL = "https://escalate.example"


@dataclass
class Bench:
    """One case and its ticket."""

    store: Store
    clock: FixedClock
    folder: Path
    tickets: Ticketing
    system: str
    instance: str
    queue: str
    public_url: str = URL
    case: str = ""
    number: str = ""
    state: CaseState = field(init=False)
    entries: list[Entry] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    connected: bool = True
    runbook: str = "user-safety-escalation"

    async def another(self, runbook: str) -> str:
        """The number of another case, on that runbook."""
        other = replace(self, entries=[], keys=[], runbook=runbook)
        await other.open(key="zendesk:2", external_id="ticket-2")
        return other.number

    async def open(self, *, key: str = "zendesk:1", external_id: str = "ticket-1") -> None:
        """The case is open, and its view is in the store."""
        taken = await accepted(self.store, at=self.clock.at, key=key, external_id=external_id)
        self.case, self.number = taken.case, taken.number
        severity = SeverityRecord(current=Severity.SEV2, computed=Severity.SEV2)
        digest = await self.store.objects.put(
            kind="runbook", data=library()[self.runbook], at=self.clock.at
        )
        await self.store.cases.pin(self.case, runbook=self.runbook, version="1.0.0", digest=digest)
        self.state = CaseState(
            case=self.case,
            number=self.number,
            report=Report(
                source=Source.STANDARD,
                instance="form",
                external_id="r-1",
                delivery="d-1",
                received_at=self.clock.at,
            ),
            runbook=self.runbook,
            version="1.0.0",
            digest=digest,
            opened_at=self.clock.at,
            severity=severity,
            journal=Journal(case=self.case),
        )
        await self.publish()

    async def publish(self, **changes: Any) -> None:
        """The case says this of itself from now on."""
        for name, value in changes.items():
            setattr(self.state, name, value)
        # What is as it was at the start is said too: the store merges what it is told.
        said = {name: default_of(name) for name in changes} | fields_of(self.state)
        journal = Journal(case=self.case)
        if self.entries:
            journal.sequence, journal.head = self.entries[-1].sequence, self.entries[-1].hash
        entry = journal.record(Kind.STAGE_ENTERED, at=self.clock.at, salt=b"s" * 32, stage="triage")
        self.entries.append(entry)
        await self.store.append_case(
            CaseBatch(
                case=self.case,
                original_run="run-1",
                run="run-1",
                entries=(entry,),
                heading=CaseHeading(
                    number=self.number,
                    runbook=self.state.runbook,
                    version="1.0.0",
                    status=self.state.status,
                    stage="triage",
                    severity=self.state.severity.current.value,
                ),
                changes=said,
                at=self.clock.at,
            )
        )

    async def says(self, text: str, *, status: str | None = None, attempt: int = 1) -> TicketResult:
        """The case writes to its ticket."""
        key = f"note-{len(self.keys) + 1}"
        self.keys.append(key)
        order = TicketOrder(
            key=key,
            case=self.case,
            number=self.number,
            ticket=self.state.ticket,
            lines=(TicketLine(text=text),),
            status=status,
            severity=self.state.severity.current,
            at=self.clock.at,
        )
        environment = ActivityEnvironment()
        environment.info = replace(ActivityEnvironment.default_info(), attempt=attempt)
        result: TicketResult = await environment.run(Tickets(self._outside()).sync_ticket, order)
        if result.ticket is not None:
            await self.publish(ticket=result.ticket)
        return result

    async def look(self, *, after: timedelta = timedelta(minutes=16)) -> int:
        """Time passes, and case and ticket are compared."""
        self.clock.move(after)
        looked = await self.reconciler().once()
        await self.hear()
        return looked

    async def hear(self) -> None:
        """What was delivered to the case has reached it."""
        for row in await self.store.deliveries.list(case=self.case, state=DeliveryState.PENDING):
            if "compared/" not in row.key:
                continue
            body = (await self.store.deliveries.show(row.key)).body
            arrival = read_arrival(Source(row.source), body, instance="", found=True)
            assert arrival is not None
            await self.store.ticket_keeping.heard(self.case, word=arrival.status, at=self.clock.at)
            if arrival.into is not None:
                await self.publish(ticket=arrival.into)
            await self.store.deliveries.done(
                row.key, state=DeliveryState.ATTACHED, at=self.clock.at
            )

    def reconciler(self) -> TicketReconciler:
        """Who compares: a new process each time, that remembers nothing."""
        return TicketReconciler(self.doors())

    def doors(self) -> Doors:
        """The doors it works with."""
        return Doors(
            store=self.store,
            directory=FileDirectory(DEMO_FILE, clock=self.clock),
            clock=self.clock,
            signer=load_or_create_keys(self.folder / "keys"),
            engine=InProcessEngine(self.store, self.clock),
            shelf=Shelf(self.store),
            settings=DoorSettings(public_url=self.public_url),
            trackers=(self.tracker,) if self.connected else (),
        )

    @property
    def tracker(self) -> Tracker:
        """The tracker, as the doors know it."""
        return Tracker(
            source=Source(self.system),
            tickets=self.tickets,
            instance=self.instance,
            opens_in=self.queue,
        )

    @property
    def ticket(self) -> TicketRef:
        """The case's ticket."""
        assert self.state.ticket is not None
        return self.state.ticket

    @property
    def mark(self) -> str:
        """What the ticket bears of its case."""
        return fingerprint(opening(self.case))

    async def standing(self) -> list[DriftRow]:
        """What differs now."""
        return await self.store.ticket_drift.standing()

    async def journal(self, kind: Kind) -> list[dict[str, Any]]:
        """The bodies of the door's entries of that kind."""
        entries = await self.store.journal.entries(self.case, stream="door")
        return [dict(entry.body) for entry in entries if entry.kind is kind]

    async def news(self) -> Sequence[str]:
        """The keys of what our own comparing delivered to the case."""
        rows = await self.store.deliveries.list(case=self.case)
        return [row.key for row in rows if "compared/" in row.key]

    def _outside(self) -> Outside:
        return Outside(
            store=self.store,
            directory=FileDirectory(DEMO_FILE, clock=self.clock),
            channels=(),
            public_url=self.public_url,
            mail_domain="escalate.example",
            zone=ZoneInfo("UTC"),
            ticketing={self.system: self.tickets},
            default_ticketing=self.system,
            ticket_queues={self.system: self.queue},
        )
