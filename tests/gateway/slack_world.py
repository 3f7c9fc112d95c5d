"""A gateway with a Slack beside it: cards are posted by the notices of a worker, and pressed."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from temporalio.testing import ActivityEnvironment

from activities import Channel, Outside, Rooms
from activities.notify import Notifying
from cases.ids import key_of
from cases.notice import NoticeOrder, NoticeResult, Purpose
from gateway.doors import SlackDoorParts
from integrations.file_directory import DEMO_FILE
from integrations.slack import Slack
from runbooks.plan import Severity
from store import Store
from tests.fakes.ports import FakeMessaging
from tests.fakes.slack import LEGAL_ROOM, ROOM, SECRET, TEAM, TOKEN, FakeSlack
from tests.gateway.world import MovableClock, World, make_world

IDS = {
    name: f"U0{name.upper()}"
    for name in ("lena", "luca", "tessa", "paula", "dora", "dmitri", "diana", "pedro", "petra")
}


@dataclass
class SlackWorld:
    """The gateway, the workspace, and the mails that were sent instead."""

    world: World
    slack: FakeSlack
    mail: FakeMessaging
    notifying: Notifying
    pressed_by: str = ""
    """Who pressed last."""

    async def ask(self, number: str, **changed: Any) -> NoticeResult:
        """The notice that asks at the case's gate, as a worker sends it."""
        view = await self.world.view(number)
        assert view is not None
        rounds = [r for r in await self.world.store.rounds.of(view.line.case) if r.open]
        fields: dict[str, Any] = {
            "key": key_of("test", number, str(len(rounds)), str(sorted(changed.items()))),
            "case": view.line.case,
            "number": number,
            "purpose": Purpose.ASK,
            "role": "legal",
            "stage": view.line.stage,
            "stage_title": view.line.stage,
            "round": rounds[-1].round if rounds else None,
            "severity": Severity(view.line.severity),
            "at": await self.world.clock.now(),
        }
        order = NoticeOrder(**{**fields, **changed})
        result: NoticeResult = await ActivityEnvironment().run(self.notifying.notify, order)
        return result

    async def send(self, posted: tuple[bytes, dict[str, str]]) -> httpx.Response:
        """What Slack posts, to the gateway."""
        body, headers = posted
        return await self.world.send("slack", body, headers)

    async def press(
        self,
        action: str,
        *,
        user: str = "U0LENA",
        card: dict[str, Any] | None = None,
        **how: Any,
    ) -> httpx.Response:
        """A button of that card, or of the newest in the room."""
        if card is None:
            card = self.slack.cards(how.get("room", ROOM))[-1]
        self.pressed_by = user
        return await self.send(await self.slack.press(card, action, user=user, **how))

    async def whisper(self) -> str:
        """What was whispered last to whoever pressed last; Slack hears it after its answer.

        What another press of before led to may still be on its way.
        """

        async def said() -> list[Any]:
            return [each for each in self.slack.whispers if each["user"] == self.pressed_by]

        whispers = await self.world.until(said)
        return str(whispers[-1]["text"])


def people_in(folder: Path) -> Path:
    """The demo's people, four of them with Slack ids."""
    text = DEMO_FILE.read_text()
    for person, user in IDS.items():
        text = re.sub(rf"(- id: {person}\n)", rf"\1    slack: {TEAM}/{user}\n", text)
    file = folder / "people.yaml"
    file.write_text(text)
    return file


@asynccontextmanager
async def make_slack_world(store: Store, folder: Path, **options: Any) -> AsyncIterator[SlackWorld]:
    """The gateway runs, and its roles are told in Slack."""
    clock = MovableClock()
    fake = FakeSlack(clock)
    for user in IDS.values():
        fake.join(user)
    async with fake.client() as client:
        slack = Slack(client, token=TOKEN, clock=clock)
        parts = SlackDoorParts(slack=slack, team=TEAM, secrets=("an earlier secret", SECRET))
        async with make_world(
            store, folder, slack=parts, people=people_in(folder), **options
        ) as world:
            mail = FakeMessaging()
            outside = Outside(
                store=store,
                directory=world.doors.directory,
                channels=(Channel("mail", mail),),
                public_url=world.url,
                mail_domain="escalate.test",
                zone=ZoneInfo("UTC"),
                rooms=Rooms(chat=slack, default=ROOM, of_role={"policy": LEGAL_ROOM}),
            )
            yield SlackWorld(world=world, slack=fake, mail=mail, notifying=Notifying(outside))
