"""The systems of a storm that are reached over HTTP: tracker, receiver, chat and pager."""

import itertools
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cases.journal import Kind
from gateway.pager_acts import ACKNOWLEDGED
from integrations.markers import fingerprint
from integrations.slack_blocks import OPEN
from store import PageRow, PageState, Store
from tests.fakes.clock import FixedClock
from tests.fakes.event_receiver import PATH, EventReceiver
from tests.fakes.pagerduty import KEY, FakePagerDuty, signed
from tests.fakes.slack import LEGAL_ROOM, ROOM, SECRET, TEAM, FakeSlack
from tests.fakes.slack import TOKEN as SLACK_TOKEN
from tests.fakes.zendesk import EMAIL, TOKEN, FakeZendesk
from tests.faults.weather import BehindDoor, Lived, People
from workers.clock import SystemClock

_HOOK_SECRET = "the-secret-of-the-storms-webhooks"
_ON_CALL = "PTESSA1"
_SLACK = {"tessa": "U0TESSA", "tariq": "U0TARIQ", "paula": "U0PAULA", "pedro": "U0PEDRO"}


class Tracker(BehindDoor):
    """Zendesk, as its documentation has it."""

    name = "tracker"

    def __init__(self) -> None:
        self.zendesk = FakeZendesk()
        super().__init__(self.zendesk.app)

    @property
    def environ(self) -> Mapping[str, str]:
        """A Zendesk account on this machine."""
        return {
            "ESCALATE_ZENDESK__SUBDOMAIN": "chaos",
            "ESCALATE_ZENDESK__BASE_URL": self.url,
            "ESCALATE_ZENDESK__EMAIL": EMAIL,
            "ESCALATE_ZENDESK__TOKEN": TOKEN,
        }

    @property
    def carried(self) -> Mapping[str, int]:
        """Tickets and what stands on them."""
        notes = sum(map(len, self.zendesk.comments.values()))
        return {"tickets": len(self.zendesk.tickets), "notes": notes}

    async def calm(self, store: Store, cases: Sequence[Lived]) -> bool:
        """What it did not take while it was down has been written since."""
        tickets = self.zendesk.tickets.values()
        return len(tickets) >= len(cases) and all(t["status"] == "solved" for t in tickets)

    def wrong(self, cases: Sequence[Lived]) -> dict[str, int]:
        """One ticket a case, every note once, solved at the end."""
        tickets = self.zendesk.tickets
        bodies = [[c["body"] for c in comments] for comments in self.zendesk.comments.values()]
        return {
            "tickets doubled": max(len(tickets) - len(cases), 0),
            "tickets missing": max(len(cases) - len(tickets), 0),
            "ticket notes doubled": sum(len(each) - len(set(each)) for each in bodies),
            "tickets not solved": sum(each["status"] != "solved" for each in tickets.values()),
        }


class Receiver(BehindDoor):
    """Who subscribed to everything."""

    name = "receiver"

    def __init__(self) -> None:
        self.events = EventReceiver()
        super().__init__(self.events.app)

    @property
    def address(self) -> str:
        """Where it is sent events."""
        return f"{self.url}{PATH}"

    @property
    def carried(self) -> Mapping[str, int]:
        """Events it took, each counted once."""
        return {"events": len(self.events.taken)}

    async def calm(self, store: Store, cases: Sequence[Lived]) -> bool:
        """No event waits."""
        counts = await store.events.counts()
        return not any(n for (_, state), n in counts.items() if state == "pending")

    def wrong(self, cases: Sequence[Lived]) -> dict[str, int]:
        """Every entry's event is there, and of each case in the order it was recorded."""
        missing = disordered = 0
        for case in cases:
            told = [e["sequence"] for e in self.events.told(case.number) if e["stream"] == "case"]
            missing += len({entry.sequence for entry in case.entries} - set(told))
            disordered += sum(a >= b for a, b in itertools.pairwise(told))
        return {
            "events lost": missing,
            "events out of order": disordered,
            "events not believed": self.events.unbelieved,
        }


class Room(BehindDoor):
    """Slack: triage and policy are told in rooms, everybody else by mail."""

    name = "slack"

    def __init__(self) -> None:
        self.slack = FakeSlack(SystemClock())
        super().__init__(self.slack.app)

    @property
    def environ(self) -> Mapping[str, str]:
        """Our app in a workspace on this machine."""
        return {
            "ESCALATE_SLACK__API": f"{self.url}/api",
            "ESCALATE_SLACK__TOKEN": SLACK_TOKEN,
            "ESCALATE_SLACK__TEAM": TEAM,
            "ESCALATE_SLACK__SIGNING_SECRETS": SECRET,
            "ESCALATE_SLACK__ROOMS__TRIAGE__CHANNEL": ROOM,
            "ESCALATE_SLACK__ROOMS__POLICY__CHANNEL": LEGAL_ROOM,
        }

    @property
    def known(self) -> Mapping[str, str]:
        """Who is a member."""
        return {person: f"slack: {TEAM}/{user}" for person, user in _SLACK.items()}

    @property
    def carried(self) -> Mapping[str, int]:
        """Cards that stand in the rooms."""
        return {"cards": len(self._messages)}

    async def calm(self, store: Store, cases: Sequence[Lived]) -> bool:
        """No card waits to be closed."""
        later = datetime.now(UTC) + timedelta(days=1)
        return not await store.prompts.over(chat=self.name, at=later)

    def wrong(self, cases: Sequence[Lived]) -> dict[str, int]:
        """Every card stands there once and asks nothing any more; who was told there was."""
        marks = Counter(m["metadata"]["event_payload"]["key"] for m in self._messages)
        buttons = [set(self.slack.actions(m)) - {OPEN} for m in self._messages]
        told = [row for case in cases for row in case.notices if row.channel == self.name]
        return {
            "cards doubled": sum(count - 1 for count in marks.values()),
            "cards that still ask": sum(map(bool, buttons)),
            "notices without their card": sum(
                row.message_id is None or fingerprint(row.message_id) not in marks for row in told
            ),
        }

    @property
    def _messages(self) -> list[dict[str, Any]]:
        return [message for room in self.slack.rooms.values() for message in room]


class WallClock(FixedClock):
    """The machine's own present, for a fake that counts requests a minute."""

    def __init__(self) -> None:
        """Nothing moves it."""

    @property
    def at(self) -> datetime:  # type: ignore[override]
        """Now."""
        return datetime.now(UTC)


class Pager(BehindDoor):
    """PagerDuty: every case pages triage, who says there that they have it."""

    name = "pager"

    def __init__(self) -> None:
        self.pagerduty = FakePagerDuty(WallClock())
        self.rows: list[PageRow] = []
        super().__init__(self.pagerduty.app)

    @property
    def environ(self) -> Mapping[str, str]:
        """One service, and its webhooks."""
        return {
            "ESCALATE_PAGERDUTY__KEY": KEY,
            "ESCALATE_PAGERDUTY__EVENTS_URL": f"{self.url}/v2/enqueue",
            "ESCALATE_WEBHOOKS__PAGERDUTY_SECRETS": _HOOK_SECRET,
        }

    @property
    def known(self) -> Mapping[str, str]:
        """Who answers it."""
        return {"tessa": f"pagerduty: {_ON_CALL}"}

    @property
    def carried(self) -> Mapping[str, int]:
        """Pages that rang, and everything it was told of them."""
        return {"pages": len(self.pagerduty.alerts), "events": len(self.pagerduty.events)}

    async def meet(self, case: Lived, stage: str, people: People) -> None:
        """It rang; the webhooks that say who has it came five times each, in any order."""
        if stage != "triage":
            return
        await people.act(case, "imani", verb="raise", to="triage", reason="it must ring")

        async def rang() -> str | None:
            rows = await people.store.pages.of_case(case.id)
            keys = {key for _, key in self.pagerduty.alerts}
            return next((row.key for row in rows if row.key in keys), None)

        page = await people.until(rang, what=f"the pager to ring for case {case.number}")
        kinds = ("incident.triggered", ACKNOWLEDGED, "incident.annotated")
        said = [self.pagerduty.said(kind, page, user=_ON_CALL)[0] for kind in kinds] * 5
        random.Random(case.number).shuffle(said)  # noqa: S311 - an order, not a secret
        for body in said:
            await people.post("/webhooks/pagerduty", body, signed(body, _HOOK_SECRET))

        async def had() -> bool:
            entries = await people.store.journal.entries(case.id, stream="case")
            return any(entry.kind is Kind.ACKNOWLEDGED for entry in entries)

        await people.until(had, what=f"the acknowledgement of case {case.number}")

    async def calm(self, store: Store, cases: Sequence[Lived]) -> bool:
        """The pager knows how every page ended."""
        self.rows = [row for case in cases for row in await store.pages.of_case(case.id)]
        return not await store.pages.standing()

    def wrong(self, cases: Sequence[Lived]) -> dict[str, int]:
        """Every page rang once, is called off, and was acknowledged here once."""
        alerts = self.pagerduty.alerts
        wanted = [row for row in self.rows if row.state is not PageState.SUPERSEDED]
        had = [sum(e.kind is Kind.ACKNOWLEDGED for e in case.entries) for case in cases]
        return {
            "pages doubled": self.pagerduty.opened - len(alerts),
            "pages missing": sum((KEY, row.key) not in alerts for row in wanted),
            "pages of no case": len({key for _, key in alerts} - {row.key for row in self.rows}),
            "pages not called off": sum(a["status"] != "resolved" for a in alerts.values()),
            "acknowledgements lost": sum(count == 0 for count in had),
            "acknowledgements doubled": sum(count > 1 for count in had),
        }
