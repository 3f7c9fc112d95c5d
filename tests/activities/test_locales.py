"""Who reads a notice decides its words and times; what several see has the words of its place."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from pydantic import SecretStr
from temporalio.testing import ActivityEnvironment

from activities import Announcements, Channel, Outside, Rooms
from activities.notify import Notifying
from activities.tickets import Tickets
from activities.voices import Locales
from cases.notice import NoticeOrder, Purpose
from cases.ticket_note import TICKET_DECIDED, TICKET_OPENED, Standing, TicketLine
from integrations.pagerduty import DEFAULT, PagerDuty
from integrations.ports.directory import Person
from integrations.slack import Slack
from integrations.teams import Teams
from runbooks import library
from runbooks.plan import Severity
from store import DEMO_KEK, Store
from tests.activities.saying import FOR_FEW, order
from tests.fakes.clock import START, FixedClock
from tests.fakes.pagerduty import KEY, FakePagerDuty
from tests.fakes.ports import FakeDirectory, FakeMessaging, FakeTicketing
from tests.fakes.slack import LEGAL_ROOM, ROOM, TOKEN, FakeSlack
from tests.fakes.teams import URL, FakeTeams
from tests.store.building import accepted
from tests.stores import empty_store
from workflows.effects import TicketOrder

LEGAL = frozenset({"legal"})
ANNA = Person(
    id="anna", name="A", email="anna@x.test", roles=LEGAL, time_zone="Europe/Vienna", locale="de-AT"
)
PAUL = Person(
    id="paul", name="P", email="paul@x.test", roles=LEGAL, time_zone="Europe/Paris", locale="fr"
)
OLA = Person(id="ola", name="O", email="ola@x.test", roles=LEGAL)
PABLO = Person(id="pablo", name="P", email="pablo@x.test", roles=LEGAL, locale="es")
TRANSLATED = """macros:
  gate-asked:
    for: notice
    text: "{{ gate.ask }} Decide by {{ stage.due }}: {{ case.link }}"
    locales:
      de: {text: "{{ gate.ask }} Bitte bis {{ stage.due }} entscheiden: {{ case.link }}"}
"""


class House:
    """A case, people, and every way to tell them."""

    def __init__(self, store: Store, case: str, *people: Person) -> None:
        self.store, self.case = store, case
        self.mail, self.tracker = FakeMessaging(), FakeTicketing()
        self.slack, self.teams, self.vendor = FakeSlack(FixedClock()), FakeTeams(), FakePagerDuty()
        self.outside = Outside(
            store=store,
            directory=FakeDirectory(*people),
            channels=(Channel("mail", self.mail),),
            public_url="https://escalate.test",
            mail_domain="escalate.test",
            zone=ZoneInfo("UTC"),
            ticketing={"zendesk": self.tracker},
            default_ticketing="zendesk",
            local_ticketing=frozenset(),
        )

    def speaks(self, **changed: Any) -> None:
        """The house is set up otherwise."""
        self.outside = replace(self.outside, **changed)

    async def notify(self, purpose: Purpose = Purpose.ASK, **changed: Any) -> None:
        """The notice, told."""
        told: NoticeOrder = order(purpose, case=self.case, step="", **changed)
        await ActivityEnvironment().run(Notifying(self.outside).notify, told)

    async def write(self, *lines: TicketLine, standing: Standing | None = None) -> str:
        """What stands on the ticket then."""
        said = TicketOrder(
            key="t-1", case=self.case, number="1001", ticket=None, lines=lines, standing=standing,
            severity=Severity.SEV1, at=START,
        )  # fmt: skip
        await ActivityEnvironment().run(Tickets(self.outside).sync_ticket, said)
        return "\n".join(text for _, text in self.tracker.notes)

    async def recorded(self) -> dict[str, tuple[str, str]]:
        """In which locale and language each was told."""
        rows = await self.store.notices.by_key("k-ask")
        return {row.recipient: (row.locale, row.words.partition("@")[0]) for row in rows}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An open store."""
    url = f"sqlite:///{tmp_path / 'escalate.db'}"
    await empty_store(url)
    async with await Store.open(url, kek=DEMO_KEK) as opened:
        yield opened


async def house(store: Store, *people: Person, text: bytes = b"") -> House:
    """A case that runs on that runbook, or on the default one with a translated macro."""
    source = text or library()["user-safety-escalation"].replace(
        b"macros:\n", TRANSLATED.encode(), 1
    )
    case = (await accepted(store)).case
    digest = await store.objects.put(kind="runbook", data=source, at=START)
    await store.cases.pin(case, runbook="r", version="1", digest=digest)
    return House(store, case, *people)


async def test_each_is_told_in_their_own_locale_and_zone(store: Store) -> None:
    """Subject, words, the runbook's own words and every instant; and it is on record."""
    here = await house(store, ANNA, PAUL, OLA, PABLO)

    await here.notify()

    mails = {mail.to.partition("@")[0]: mail for mail in here.mail.sent}
    anna, paul, ola = mails["anna"], mails["paul"], mails["ola"]
    assert anna.subject == "[SEV1] Fall 1001: Ihre Entscheidung wird benötigt"
    assert "Bitte bis 22.11.2026, 15:00 Uhr CET entscheiden" in anna.text
    assert "Fällig: So., 22. Nov., 15:00 Uhr CET (2026-11-22 14:00Z)." in anna.text
    assert paul.subject == "[SEV1] Dossier 1001\u00a0: votre décision est requise"
    assert "Decide by 22/11/2026 à 15:00 CET" in paul.text
    assert "Échéance\u00a0: dim. 22 nov. à 15:00 CET (2026-11-22 14:00Z)." in paul.text
    assert ola.subject == "[SEV1] Case 1001: your decision is needed"
    assert "Due: Sun 22 Nov 14:00 UTC (2026-11-22 14:00Z)." in ola.text
    assert mails["pablo"].subject == ola.subject
    assert {name: mail.language for name, mail in mails.items()} == {
        "anna": "de-AT", "paul": "fr", "ola": "en", "pablo": "en",
    }  # fmt: skip
    assert await here.recorded() == {
        "anna": ("de-AT", "de"), "paul": ("fr", "fr"), "ola": ("en", "en"), "pablo": ("en", "en"),
    }  # fmt: skip


async def test_whoever_names_no_locale_is_told_in_the_installations(store: Store) -> None:
    """A wish of one's own comes first."""
    here = await house(store, PAUL, OLA)
    here.speaks(locales=Locales(people="de"))

    await here.notify()

    assert await here.recorded() == {"paul": ("fr", "fr"), "ola": ("de", "de")}


@pytest.mark.parametrize(
    "role, room, locale, heading",
    [
        ("legal", ROOM, "fr", "Dossier 1001\u00a0: votre décision est requise"),
        ("policy", LEGAL_ROOM, "de-CH", "Fall 1001: Ihre Entscheidung wird benötigt"),
    ],
)
async def test_a_room_is_told_in_its_own_locale(
    store: Store, role: str, room: str, locale: str, heading: str
) -> None:
    """Whoever is asked there: many read it, in UTC. The card and the notice have it on record."""
    ola = OLA.model_copy(update={"slack": "T0T/U0L", "roles": frozenset({role})})
    here = await house(store, ola)
    chat = Slack(here.slack.client(), token=TOKEN, clock=FixedClock())
    here.speaks(
        rooms=Rooms(chat=chat, default=ROOM, of_role={"policy": LEGAL_ROOM}),
        locales=Locales(people="en", places={"slack": "fr", f"slack/{LEGAL_ROOM}": "de-CH"}),
    )

    await here.notify(role=role)

    (card,) = here.slack.cards(room)
    assert f"[SEV1] {heading}" in here.slack.says(card)
    assert "14:00" in here.slack.says(card)
    assert "UTC" in here.slack.says(card)
    assert (await here.recorded())["ola"] == (locale, locale[:2])
    rows = await store.prompts.by_case(here.case)
    assert {(row.locale, row.words[:3]) for row in rows} == {(locale, f"{locale[:2]}@")}


async def test_a_channel_of_teams_is_told_in_its_own_locale(store: Store) -> None:
    """Beside the people, who are told in theirs."""
    here = await house(store, PAUL)
    teams = Teams(here.teams.client(), clock=FixedClock())
    here.speaks(
        announcements=Announcements(teams=teams, default=URL, of_role={"legal": URL}),
        locales=Locales(places={"teams/legal": "de"}),
    )

    await here.notify()

    (card,) = here.teams.cards
    assert "Ihre Entscheidung wird benötigt" in str(card)
    assert card["actions"][0]["title"] == "Fall öffnen"
    (row,) = await store.prompts.by_case(here.case)
    assert row.locale == "de"


async def test_a_pager_rings_in_its_services_locale(store: Store) -> None:
    """What the screen at night shows, and what its link is called."""
    here = await house(store, OLA)
    pager = PagerDuty(
        httpx.AsyncClient(transport=here.vendor.network),
        keys={DEFAULT: SecretStr(KEY)},
        clock=here.vendor.clock,
        events_url=here.vendor.events_url,
    )
    here.speaks(pager=pager, locales=Locales(places={"pagerduty": "de"}))

    await here.notify(Purpose.PAGE)

    (row,) = [
        row for row in await store.notices.by_key("k-page") if row.recipient.startswith("pagerduty")
    ]
    assert row.locale == "de"
    assert "Fall 1001: Legal review ist in Verzug (legal)" in str(here.vendor.__dict__)


async def test_a_ticket_is_written_in_its_trackers_locale(store: Store) -> None:
    """Subject, link, our own sentences; names out of the runbook stay as they are."""
    here = await house(store, OLA)
    here.speaks(locales=Locales(people="fr", places={"zendesk": "de"}))

    note = await here.write(
        TicketLine(text="Severity is SEV1."),
        TicketLine(text="Triage: escalate.", gate="triage", outcome="escalate", at=START),
        TicketLine(text="Something that an older release said."),
    )

    assert note == ("Schweregrad: SEV1.\nTriage: escalate.\nSomething that an older release said.")
    (draft,) = here.tracker.opened
    assert draft.subject == "Eskalationsfall 1001"
    assert [link.title for links in here.tracker.links.values() for link in links] == ["Fall 1001"]


async def test_a_translation_tells_a_ticket_no_more_than_its_readers_may_know(
    store: Store,
) -> None:
    """Also one that lint refuses: of a case for few, German says no more than English (I13)."""
    text = library()[FOR_FEW].replace(
        b"stages:\n",
        b'macros:\n  ticket-opened:\n    for: ticket\n    text: "Case {{ case.number }}."\n'
        b'    locales: {de: {text: "Fall {{ case.number }}, {{ case.severity }}."}}\nstages:\n',
        1,
    )
    here = await house(store, OLA, text=text)
    here.speaks(locales=Locales(places={"zendesk": "de"}))
    opened = TicketLine(text="Case 1001 opened: Threat, SEV1.", macro=TICKET_OPENED)
    decided = TicketLine(text="Legal review: approved.", macro=TICKET_DECIDED, outcome="approved")

    note = await here.write(opened, decided, standing=Standing())

    page = "https://escalate.test/cases/1001"
    assert note.splitlines() == [
        f"Fall 1001 ist offen. Wer ihn einsehen darf, findet ihn unter {page}",
        f"Fall 1001 ist weitergegangen. Wer ihn einsehen darf, findet ihn unter {page}",
    ]
