"""Roles are told in a room: one card for all, in the case's thread, and mail where that fails."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities import Announcements, Channel, Outside, Rooms
from activities.notify import Notifying
from activities.room_words import announcement, card_for, closed_card, thread_card
from activities.voices import Voice
from cases.notice import NoticeEnd, NoticeOrder, NoticeResult, Purpose
from cases.saying import Viewer, decidable_in_a_room, sayable
from integrations.ports.directory import Person
from integrations.ports.messaging import message_id
from integrations.slack import Slack
from integrations.teams import Teams
from runbooks import Pathway, compile_runbook, library, load_runbook
from runbooks.grammar.locales import LANGUAGES
from runbooks.plan import Assurance, Severity
from store import DEMO_KEK, Became, Store
from tests.fakes.clock import START, FixedClock
from tests.fakes.ports import FakeDirectory, FakeMessaging
from tests.fakes.slack import LEGAL_ROOM, ROOM, TOKEN, FakeSlack
from tests.fakes.teams import URL, FakeTeams
from tests.store.building import accepted
from tests.stores import empty_store

PATHWAYS = {
    name: compile_runbook(load_runbook(text, file=name)) for name, text in library().items()
}
PEOPLE = [
    Person(id="lena", name="L", email="lena@x.test", roles=frozenset({"legal"}), slack="T0T/U0L"),
    Person(id="luca", name="L", email="luca@x.test", roles=frozenset({"legal"}), slack="T0T/U1L"),
    Person(id="nora", name="N", email="nora@x.test", roles=frozenset({"legal"})),
    Person(id="duc", name="D", email="duc@x.test", roles=frozenset({"duty-manager"})),
]


class House:
    """A worker's house with a Slack."""

    def __init__(self, store: Store, case: str, number: str) -> None:
        self.store, self.case, self.number = store, case, number
        self.slack, self.mail = FakeSlack(FixedClock()), FakeMessaging()
        slack = Slack(self.slack.client(), token=TOKEN, clock=FixedClock())
        self.outside = Outside(
            store=store,
            directory=FakeDirectory(*PEOPLE),
            channels=(Channel("mail", self.mail),),
            public_url="https://escalate.test",
            mail_domain="escalate.test",
            zone=ZoneInfo("UTC"),
            rooms=Rooms(chat=slack, default=ROOM, of_role={"policy": LEGAL_ROOM}),
        )
        self.notifying = Notifying(self.outside)

    def order(self, **changed: Any) -> NoticeOrder:
        """A notice that asks at the gate."""
        fields: dict[str, Any] = {
            "key": "notice-1",
            "case": self.case,
            "number": self.number,
            "purpose": Purpose.ASK,
            "role": "legal",
            "stage": "legal-review",
            "stage_title": "Legal review",
            "round": 1,
            "severity": Severity.SEV1,
            "at": START,
        }
        return NoticeOrder(**{**fields, **changed})

    async def notify(self, **changed: Any) -> NoticeResult:
        """The notice, told."""
        run = ActivityEnvironment().run
        result: NoticeResult = await run(self.notifying.notify, self.order(**changed))
        return result


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A case that walks the default pathway, and a Slack."""
    url = f"sqlite:///{tmp_path / 'escalate.db'}"
    await empty_store(url)
    async with await Store.open(url, kek=DEMO_KEK) as store:
        new = await accepted(store)
        source = library()["user-safety-escalation"]
        digest = await store.objects.put(kind="runbook", data=source, at=START)
        await store.cases.pin(new.case, runbook="r", version="1", digest=digest)
        yield House(store, new.case, new.number)


def channels(result: NoticeResult) -> dict[str, str]:
    """Who was told how."""
    return {outcome.person: outcome.channel for outcome in result.recipients}


async def test_one_card_names_all_who_are_asked(house: House) -> None:
    """Those without a Slack id get the mail; the others get no mail beside the card."""
    result = await house.notify()

    assert result.end is NoticeEnd.DELIVERED
    assert channels(result) == {"lena": "slack", "luca": "slack", "nora": "mail"}
    (card,) = house.slack.cards()
    assert "<@U0L> <@U1L>" in house.slack.says(card)
    assert [mail.to for mail in house.mail.sent] == ["nora@x.test"]


async def test_a_case_has_one_thread_a_room(house: House) -> None:
    """Its cards are replies to one message."""
    await house.notify()
    await house.notify(key="notice-2", purpose=Purpose.REMIND)

    roots = [message for message in house.slack.rooms[ROOM] if "thread_ts" not in message]
    assert len(roots) == 1
    assert {card["thread_ts"] for card in house.slack.cards()} == {roots[0]["ts"]}


async def test_a_retried_notice_posts_nothing_twice(house: House) -> None:
    """Also when the answer to the posting was lost: it is looked for by its mark."""
    await house.notify()
    posted = len(house.slack.rooms[ROOM])
    assert (await house.notify()).end is NoticeEnd.DELIVERED
    assert len(house.slack.rooms[ROOM]) == posted

    house.slack.transport.lose_answer("POST")
    second = await house.notify(key="notice-2", step="s 50%")
    assert channels(second) == {"lena": "mail", "luca": "mail", "nora": "mail"}
    assert len(house.slack.cards()) == 2


async def test_when_slack_refuses_people_are_told_by_mail(house: House) -> None:
    """A card that cannot be posted is no reason to be silent (I10)."""
    house.slack.fail_next("chat.postMessage", "not_in_channel")
    result = await house.notify()

    assert result.end is NoticeEnd.DELIVERED
    assert set(channels(result).values()) == {"mail"}


async def test_a_busy_room_is_waited_for(house: House) -> None:
    """429: the notice is tried again when Slack allows, and nobody gets it twice."""
    for _ in range(2):
        house.slack.fail_next("chat.postMessage", "ratelimited")
    with pytest.raises(ApplicationError) as caught:
        await house.notify()
    assert caught.value.type == "ThrottledError"
    assert caught.value.next_retry_delay is not None
    assert house.mail.sent == []


async def test_a_page_goes_its_own_way_too(house: House) -> None:
    """A card in a room wakes nobody."""
    result = await house.notify(purpose=Purpose.PAGE)

    assert set(channels(result).values()) == {"mail"}
    assert len(house.slack.cards()) == 1


async def test_a_card_another_notice_was_posting_is_taken_over_after_a_minute(house: House) -> None:
    """Until then people are told by mail rather than twice in the room."""
    house.slack.fail_next("chat.postMessage", "internal_error")
    await house.notify()
    soon = await house.notify(key="notice-2", step="s 50%")
    assert set(channels(soon).values()) == {"mail"}

    later = await house.notify(key="notice-3", step="s 75%", at=START + timedelta(seconds=61))
    assert channels(later)["lena"] == "slack"


def need_to_know() -> list[Pathway]:
    """Runbooks that only those who are asked may see."""
    return [pathway for pathway in PATHWAYS.values() if pathway.need_to_know]


@pytest.mark.parametrize("name", sorted(PATHWAYS))
def test_a_room_decides_only_what_needs_no_more_than_a_log_in(name: str) -> None:
    """Every gate of the library: more proof, a memo, a draft or the need to know forbid it."""
    pathway = PATHWAYS[name]
    for stage in pathway.stages:
        if stage.gate is None or not decidable_in_a_room(pathway, stage.name):
            continue
        assert stage.gate.assurance is Assurance.L1
        assert not stage.gate.memo
        assert not pathway.need_to_know


@pytest.mark.parametrize("purpose", list(Purpose))
def test_the_strictest_viewer_decides_what_a_card_says(purpose: Purpose) -> None:
    """Of a case for few, a room reads its number, when it is due and whom it names: no more."""
    assert need_to_know()
    for pathway in need_to_know():
        gate = next(stage for stage in pathway.stages if stage.gate is not None)
        order = NoticeOrder(
            key="k", case="c", number="1001", purpose=purpose, role=gate.owner, stage=gate.name,
            stage_title=gate.title or gate.name, round=1, severity=Severity.SEV0, at=START,
            due_at=START, step="s 75%",
        )  # fmt: skip
        assert gate.gate is not None
        cards = [
            card
            for voice in map(Voice.of, LANGUAGES)
            for card in (
                card_for(order, pathway, voice, mention=(), link="l", key="k"),
                thread_card(order, pathway, voice, link="l"),
                announcement(order, pathway, voice, link="l"),
                closed_card("1001", Became.DECIDED, voice, at=START, link="l"),
            )
        ]
        for card in cards:
            said = f"{card.heading} {' '.join(card.lines)}".lower()
            hidden = (pathway.title, order.stage_title, gate.gate.ask, gate.owner, "sev0")
            assert [word for word in hidden if word.lower() in said] == []
            assert all(not button.action.startswith("decide") for button in card.buttons)


def test_a_named_person_reads_more_than_a_room() -> None:
    """The rule is by viewer, and the strictest of several holds."""
    pathway = need_to_know()[0]

    assert sayable(pathway, (Viewer.NAMED,)).own
    assert not sayable(pathway, (Viewer.NAMED, Viewer.ROOM)).rules
    assert sayable(PATHWAYS["user-safety-escalation"], (Viewer.ROOM,)).rules


async def test_a_teams_channel_hears_beside_the_people_and_once(house: House) -> None:
    """Its card decides nothing and counts for nobody; a retry posts no second one."""
    teams = FakeTeams()
    outside = replace(
        house.outside,
        rooms=None,
        announcements=Announcements(teams=Teams(teams.client(), clock=FixedClock()), default=URL),
    )
    run = ActivityEnvironment().run
    for _ in range(2):
        result = await run(Notifying(outside).notify, house.order())

    assert set(channels(result).values()) == {"mail"}
    (card,) = teams.cards
    assert [action["type"] for action in card["actions"]] == ["Action.OpenUrl"]
    assert "stays as it is" in str(card["body"])


async def test_a_teams_channel_that_fails_holds_nobody_up(house: House) -> None:
    """Why it failed is on record, without the address."""
    teams = FakeTeams()
    teams.answer_next(429)
    outside = replace(
        house.outside,
        rooms=None,
        announcements=Announcements(teams=Teams(teams.client(), clock=FixedClock()), default=URL),
    )
    result = await ActivityEnvironment().run(Notifying(outside).notify, house.order())

    assert result.end is NoticeEnd.DELIVERED
    (row,) = await house.store.prompts.by_case(house.case)
    assert row.became == "not announced: ThrottledError"
    assert "sig=" not in str(row)


async def test_who_may_have_had_the_mail_has_it_again_and_not_the_card_instead(
    house: House,
) -> None:
    """The room was out, the mail left, the worker died: a try later the room answers."""
    lenas = message_id(domain="escalate.test", key=("notice-1", "lena"))
    await house.store.calls.begin(
        case=house.case,
        key="notice-1",
        attempt=1,
        vendor="smtp",
        operation="send mail",
        method="SMTP",
        url="smtp://mail.example",
        workflow="",
        run="",
        activity="",
        request={"headers": {"message-id": lenas}},
        body=b"",
        at=START,
    )
    again = ActivityEnvironment()
    again.info = replace(again.info, attempt=2)

    result: NoticeResult = await again.run(house.notifying.notify, house.order())

    assert channels(result) == {"lena": "mail", "luca": "slack", "nora": "mail"}
    assert lenas in [mail.message_id for mail in house.mail.sent]
