"""Everything that notices can say, said in one locale: by channel, as its readers get it.

`python -m tests.activities.saying` writes the texts anew that the tests compare with.
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from activities.catalogues import catalogue_for
from activities.documents import own_words, unsaid
from activities.paging import page_of
from activities.room_words import (
    announcement,
    card_for,
    closed_card,
    closed_thread,
    thread_card,
)
from activities.voices import Voice
from activities.wording import heading, word, word_digest
from cases.notice import NoticeOrder, Purpose, StepNotice
from cases.saying import NOTHING, Sayable
from cases.ticket_news import SAID
from cases.ticket_note import SENTENCES, TICKET_CLOSED, TICKET_OPENED, TicketLine
from integrations.ports.chat import Card
from integrations.slack_blocks import blocks_of
from integrations.teams import message_of
from runbooks import Pathway, compile_runbook, library, load_runbook
from runbooks.plan import GateRule, Severity
from store import Became, PageRow
from tests.fakes.clock import START
from workflows.effects import TicketOrder

WORDS = Path(__file__).with_name("words")
ZONES = {
    "en": "Europe/Dublin",
    "en-US": "America/New_York",
    "de": "Europe/Berlin",
    "de-AT": "Europe/Vienna",
    "fr": "Europe/Paris",
    "fr-CA": "America/Toronto",
}
"""The locales that are looked at, each in a zone where it is spoken."""

LINK = "https://escalate.test/cases/1001"
EVERYTHING = Sayable(rules=True, severity=True, own=True, others=True)
STEPS = (
    *("", "stage/legal-review 75%", "r1 step 2", "r1 step 2, time 3", "r1 exhausted"),
    *("r1 step 1, unread so far", "begun", "14d before", "45m before", "due", "overdue"),
    *("a day overdue", "overdue again 2", "expired", "lapsed", "handover", "no update yet"),
    "an update is on the case (update-executives-1)",
    *(f"ticket {said}" for said in SAID.values()),
)
"""Which step of what it can be, as cases have it on record."""

VALUES = {
    "number": "1001",
    "title": "User safety escalation",
    "severity": "SEV1",
    "stage": "Legal review",
    "outcome": "approved",
    "disposition": "actioned",
    "rule": "R-7",
    "until": "2026-11-25 10:00:00Z",
    "other": "1002",
    "version": "1.2.0",
    "action": "Lock the accounts",
}


class Heard(Voice):
    """A voice that remembers which messages it was asked for."""

    asked: set[str] = set()

    def say(self, message: str, /, **values: Any) -> str:
        """The message."""
        self.asked.add(message)
        return super().say(message, **values)


def alone(locale: str) -> Voice:
    """One person's voice."""
    zone = ZoneInfo(ZONES[locale])
    return Heard(locale=locale, catalogue=catalogue_for(locale), zone=zone, alone=True)


def shared(locale: str) -> Voice:
    """A room's, a service's, or a tracker's."""
    return Heard(locale=locale, catalogue=catalogue_for(locale), zone=ZoneInfo("UTC"), alone=False)


def order(purpose: Purpose, **changed: Any) -> NoticeOrder:
    """A notice of that purpose."""
    fields: dict[str, Any] = {
        "key": f"k-{purpose.value}",
        "case": "c",
        "number": "1001",
        "purpose": purpose,
        "role": "legal",
        "stage": "legal-review",
        "stage_title": "Legal review",
        "round": 1,
        "severity": Severity.SEV1,
        "due_at": START + timedelta(hours=4),
        "step": "stage/legal-review 75%",
        "at": START,
    }
    return NoticeOrder(**{**fields, **changed})


@cache
def pathway_of(name: str) -> Pathway:
    """A runbook of the library's, compiled once."""
    return compile_runbook(load_runbook(library()[name], file=f"{name}.yaml"))


def unnamed(pathway: Pathway) -> Pathway:
    """The same, with gates that do not say what their verdicts are called."""
    names = ("approve_label", "reject_label")
    plain = {name: GateRule.model_fields[name].default for name in names}
    stages = [
        stage.model_copy(update={"gate": stage.gate.model_copy(update=plain)})
        if stage.gate is not None
        else stage
        for stage in pathway.stages
    ]
    return pathway.model_copy(update={"stages": tuple(stages)})


OPEN, FOR_FEW = "user-safety-escalation", "imminent-threat-to-life"
"""A runbook that everybody may read of, and one only of those who need to know."""


def mails(locale: str) -> Iterator[str]:
    """What one person is mailed."""
    voice = alone(locale)
    for purpose in Purpose:
        said = word(order(purpose), voice, link=LINK)
        yield f"{said.subject}\n{said.text.splitlines()[0]}"
    yield "\n".join(
        word(order(Purpose.ASK), voice, link=LINK, own="The runbook's own.").text.splitlines()
    )
    for lapsed in (("ada",), ("ada", "ben", "cleo")):
        of_step = StepNotice(run="r1", passage=1, step=1, lapsed=lapsed)
        told = order(Purpose.LAPSED, of_step=of_step, step="r1 exhausted")
        yield word(told, voice, link=LINK, instead_of="Dora Example").text
    for step in STEPS:
        yield word(order(Purpose.REMIND, step=step), voice, link=LINK).text.splitlines()[0]
    for purpose in Purpose:
        told = order(Purpose.BOUNCED, step=purpose.value, stage_title="")
        yield word(told, voice, link=LINK).text.splitlines()[0]
    yield heading(order(Purpose.WORK, stage_title=""), voice)
    yield voice.say("reply.subject", number="1001")
    for answer in ("reply.asked", "reply.not-asked"):
        yield voice.say("reply.text", number="1001", next=voice.say(answer), link=LINK)
    yield voice.say("emergency.subject", number="1001")
    yield voice.say("emergency.text", number="1001", who="ada", until=START, link=LINK)
    yield voice.say("grant-asked.subject", number="1001")
    yield voice.say("grant-asked.text", number="1001", who="ada", until=START, link=LINK)
    for became in ("grant-answered", "grant-ended", "grant-lapsed"):
        yield voice.say(f"{became}.subject", number="1001")
        yield voice.say(f"{became}.text", number="1001", link=LINK)


def digests(locale: str) -> Iterator[str]:
    """What one person is mailed in company."""
    voice = alone(locale)
    some = [order(Purpose.WORK), order(Purpose.REMIND, key="k", due_at=None)]
    other = order(Purpose.INFORMATION, number="1002", due_at=START)
    for orders in (some, [*some, other]):
        said = word_digest([(each, LINK) for each in orders], voice)
        yield f"{said.subject}\n\n{said.text}"


def cards(locale: str) -> Iterator[Card]:
    """What stands in rooms."""
    voice, pathway = shared(locale), pathway_of(OPEN)
    hidden = pathway_of(FOR_FEW)
    yield thread_card(order(Purpose.ASK), pathway, voice, link=LINK)
    for purpose in Purpose:
        yield card_for(order(purpose), pathway, voice, mention=(), link=LINK, key="k")
    yield card_for(order(Purpose.ASK), unnamed(pathway), voice, mention=(), link=LINK, key="k")
    gate = next(stage for stage in hidden.stages if stage.gate is not None)
    few = order(Purpose.ASK, stage=gate.name, stage_title=gate.title or gate.name)
    yield thread_card(few, hidden, voice, link=LINK)
    yield card_for(few, hidden, voice, mention=(), link=LINK, key="k")
    for became in Became:
        yield closed_card("1001", became, voice, at=START, link=LINK)
    yield closed_thread("1001", voice, link=LINK)


def announcements(locale: str) -> Iterator[Card]:
    """What stands in channels where nothing can be changed later."""
    for pathway in map(pathway_of, (OPEN, FOR_FEW)):
        gate = next(stage for stage in pathway.stages if stage.gate is not None)
        told = order(Purpose.ASK, stage=gate.name, stage_title=gate.title or gate.name)
        yield announcement(told, pathway, shared(locale), link=LINK)


def slack(locale: str) -> Iterator[str]:
    """The texts of Slack's blocks."""
    for card in cards(locale):
        yield "\n".join(_texts(blocks_of(card)))


def teams(locale: str) -> Iterator[str]:
    """The texts of Teams' cards."""
    for card in announcements(locale):
        yield "\n".join(_texts(message_of(card)))


def pages(locale: str) -> Iterator[str]:
    """What the pager shows."""
    voice = shared(locale)
    for may in (EVERYTHING, NOTHING):
        summary = (
            f"[SEV1] {heading(order(Purpose.PAGE), voice)} (legal)"
            if may.rules
            else voice.say("restricted.heading", number="1001")
        )
        row = PageRow(
            key="escalate/k", case="c", service="default", stage="legal-review", role="legal",
            severity="SEV1", summary=summary, link=LINK, at=START, changed_at=START, next_at=START,
        )  # fmt: skip
        page = page_of(row, may, voice, number="1001")
        yield f"{page.summary}\n{page.link_title}: {page.link}"


def tickets(locale: str) -> Iterator[str]:
    """What stands on tickets."""
    voice = shared(locale)
    yield voice.say("ticket.subject", number="1001")
    yield voice.say("ticket.body", number="1001", link=LINK)
    yield voice.say("ticket.twin", number="1001", link=LINK)
    for line in lines():
        yield own_words(line, voice)
    told = TicketOrder(
        key="k", case="c", number="1001", ticket=None, severity=Severity.SEV1, at=START
    )
    for macro in (TICKET_OPENED, "", TICKET_CLOSED):
        yield unsaid(TicketLine(text="hidden", macro=macro), told, voice, link=LINK)
    yield voice.numeric(START)


def lines() -> Iterator[TicketLine]:
    """Every line that a case can say in our own words."""
    for name, sentence in SENTENCES.items():
        text = sentence(**{field: VALUES[field] for field in sentence.fields})
        line = TicketLine(text=text)
        if name == "left":
            line = line.model_copy(update={"gate": "legal-review", "outcome": "approved"})
        yield line


CHANNELS = {
    "mail": mails,
    "digest": digests,
    "slack": slack,
    "teams": teams,
    "pager": pages,
    "ticket": tickets,
}


def said(channel: str, locale: str) -> str:
    """Everything that channel says in that locale."""
    return "\n――――\n".join(CHANNELS[channel](locale)) + "\n"


def _texts(value: Any) -> Iterator[str]:
    """The words in a message of a vendor's, in their order."""
    if isinstance(value, dict):
        for name, each in value.items():
            if isinstance(each, str) and name in ("text", "title"):
                yield each
            else:
                yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


if __name__ == "__main__":
    for one in CHANNELS:
        for spoken in ZONES:
            (WORDS / f"{one}.{spoken}.txt").write_text(said(one, spoken), encoding="utf-8")
