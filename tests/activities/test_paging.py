"""A notice that gets somebody up: to the pager, to who is on call, and what is recorded of it."""

import uuid
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from pydantic import SecretStr
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities import Channel, Outside
from activities.notify import Notifying
from cases.acts import Acknowledge, ActBody, Complete, Evidence
from cases.envelope import Act, Actor, Door, sign_act
from cases.notice import NoticeEnd, NoticeOrder, NoticeResult, Purpose
from cases.receipts import ActReceipt, Outcome
from integrations.errors import DirectoryUnreadableError, RefusedError, UnavailableError
from integrations.pagerduty import DEFAULT, PagerDuty
from integrations.ports.directory import Person
from integrations.ports.on_call import OnCallAnswer, OnCallTeam
from runbooks import library
from runbooks.plan import Assurance, Severity
from store import DEMO_KEK, PageState, Store
from tests.cases.house import CERTIFICATE, DOOR
from tests.fakes.clock import START
from tests.fakes.pagerduty import KEY, FakePagerDuty
from tests.fakes.ports import FakeDirectory, FakeMessaging
from tests.store.building import accepted
from tests.stores import empty_store

CANARY = "canary-4711"


def person(id_: str, *roles: str) -> Person:
    """Somebody of the tests."""
    return Person(id=id_, name=id_.title(), email=f"{id_}@example.test", roles=frozenset(roles))


class FakeRotas:
    """Rotas as the test says them."""

    def __init__(self) -> None:
        self.of: dict[str, tuple[str, ...] | Exception] = {}
        self.by_role: dict[str, OnCallTeam] = {}
        self.asked: list[tuple[str, datetime]] = []

    def has(self, role: str, *people: str, **team: Any) -> None:
        """The role has a rota."""
        self.by_role[role] = OnCallTeam(role=role, **team)
        self.of[role] = people

    async def teams(self) -> dict[str, OnCallTeam]:
        """Every team the test made."""
        return self.by_role

    async def team(self, role: str) -> OnCallTeam | None:
        """The team, if the test made one."""
        return self.by_role.get(role)

    async def who_is_on_call(self, team: str, at: datetime) -> OnCallAnswer:
        """Who the test said; the holders' stand-in for a role without a rota is `everyone`."""
        self.asked.append((team, at))
        found = self.of.get(team, ())
        if isinstance(found, Exception):
            raise found
        return OnCallAnswer(team=team, as_of=at, people=found, source="static", digest="d" * 64)


class Desk:
    """A case, people, a pager and rotas."""

    def __init__(self, store: Store, case: str) -> None:
        self.store = store
        self.case = case
        self.vendor = FakePagerDuty()
        self.mail = FakeMessaging()
        self.rotas = FakeRotas()
        self.pager: PagerDuty | None = PagerDuty(
            httpx.AsyncClient(transport=self.vendor.network),
            keys={DEFAULT: SecretStr(KEY)},
            clock=self.vendor.clock,
            events_url=self.vendor.events_url,
        )
        self.directory = FakeDirectory(
            person("ada", "legal"),
            person("ben", "legal"),
            person("cleo", "legal", "incident-manager"),
            person("dan", "duty-manager"),
            person("eve", "triage"),
        )

    async def notify(self, purpose: Purpose = Purpose.PAGE, **other: Any) -> NoticeResult:
        """The notice has been sent."""
        outside = Outside(
            store=self.store,
            directory=self.directory,
            channels=(Channel("mail", self.mail),),
            public_url="https://escalate.test",
            mail_domain="escalate.test",
            zone=ZoneInfo("UTC"),
            pager=self.pager,
            on_call=self.rotas,
        )
        whole: dict[str, Any] = {
            "key": "n-1",
            "case": self.case,
            "number": "1001",
            "purpose": purpose,
            "role": "legal",
            "stage": "legal-review",
            "stage_title": "Legal review",
            "severity": Severity.SEV1,
            "step": "75%",
            "at": START,
        }
        order = NoticeOrder(**{**whole, **other})
        return await ActivityEnvironment().run(Notifying(outside).notify, order)

    def told(self) -> set[str]:
        """Who had a mail."""
        return {message.to.partition("@")[0] for message in self.mail.sent}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A case in an open store."""
    url = f"sqlite:///{tmp_path / 'escalate.db'}"
    await empty_store(url)
    async with await Store.open(url, kek=DEMO_KEK) as store:
        row = await accepted(store)
        await pinned(store, row.case, "user-safety-escalation")
        yield Desk(store, row.case)


async def pinned(store: Store, case: str, runbook: str) -> None:
    """The case walks that runbook."""
    digest = await store.objects.put(kind="runbook", data=library()[runbook], at=START)
    await store.cases.pin(case, runbook=runbook, version="1", digest=digest)


def outcomes(result: NoticeResult) -> dict[str, str]:
    """Each recipient's outcome."""
    return {item.person: item.end.value for item in result.recipients}


async def test_a_page_rings_once_and_people_are_told_too(desk: Desk) -> None:
    """The pager and the mails each have their outcome; a retry rings nobody again."""
    first = await desk.notify()
    second = await desk.notify()

    assert outcomes(first) == {
        "pagerduty/default": "delivered",
        "ada": "delivered",
        "ben": "delivered",
        "cleo": "delivered",
    }
    assert second == first
    assert len(desk.vendor.events) == 1
    [row] = await desk.store.pages.of_case(desk.case)
    assert row.state is PageState.TRIGGERED
    kinds = [e.kind.value for e in await desk.store.journal.entries(desk.case, stream="door")]
    assert kinds.count("door:page:changed") == 1


@pytest.mark.parametrize("purpose", [Purpose.ASK, Purpose.REMIND, Purpose.WORK, Purpose.CLOSED])
async def test_only_pages_ring(desk: Desk, purpose: Purpose) -> None:
    """A question or a reminder is no reason to wake anybody."""
    result = await desk.notify(purpose)

    assert desk.vendor.events == []
    assert "pagerduty/default" not in outcomes(result)


@pytest.mark.parametrize("purpose", [Purpose.PAGE, Purpose.RAISED, Purpose.BREACH])
async def test_what_gets_people_up_rings(desk: Desk, purpose: Purpose) -> None:
    """Pages, raised hands and breaches."""
    await desk.notify(purpose)

    assert [event["event_action"] for event in desk.vendor.events] == ["trigger"]


async def test_two_steps_of_a_stage_are_two_pages(desk: Desk) -> None:
    """The next step pages somebody else: it must not be taken for the same alert."""
    await desk.notify(key="n-1", step="75%")
    await desk.notify(key="n-2", step="100%", role="incident-manager")

    assert len({event["dedup_key"] for event in desk.vendor.events}) == 2


async def test_a_pager_that_is_down_delays_nobody(desk: Desk) -> None:
    """People are told at once; the page waits for the gateway, which tries again."""
    desk.vendor.throttle_next(seconds=30)

    result = await desk.notify()

    assert outcomes(result)["pagerduty/default"] == "fell-back"
    assert desk.told() == {"ada", "ben", "cleo"}
    assert result.end is NoticeEnd.DELIVERED
    [row] = await desk.store.pages.of_case(desk.case)
    assert (row.state, row.failure) == (PageState.WANTED, "ThrottledError")
    assert row.next_at == START + timedelta(seconds=30)


async def test_a_pager_that_refuses_is_not_asked_again(desk: Desk) -> None:
    """400 is final for the page, and people are told."""
    desk.vendor.keys = set()

    result = await desk.notify()

    assert outcomes(result)["pagerduty/default"] == "fell-back"
    [row] = await desk.store.pages.of_case(desk.case)
    assert row.state is PageState.REFUSED
    assert result.end is NoticeEnd.DELIVERED


async def test_a_pager_does_not_stand_for_people(desk: Desk) -> None:
    """Nobody holds the role: the duty manager is told although the pager rings."""
    result = await desk.notify(role="nobody-here")

    assert desk.told() == {"dan"}
    assert result.end is NoticeEnd.FELL_BACK


async def test_with_neither_pager_nor_people_it_is_nobody(desk: Desk) -> None:
    """The watch raises an alarm for that."""
    desk.pager = None
    desk.directory = FakeDirectory()

    assert (await desk.notify()).end is NoticeEnd.NOBODY


async def test_a_page_says_nothing_that_was_reported(desk: Desk) -> None:
    """A title of a stage is the runbook's; nothing else of the case is in it (I13)."""
    await desk.notify()

    assert CANARY not in str(desk.vendor.events)
    assert desk.vendor.events[0]["payload"]["summary"] == (
        "[SEV1] PAGE, case 1001: Legal review is running late (legal)"
    )


# Who is on call.


async def test_a_page_goes_to_who_is_on_call(desk: Desk) -> None:
    """And the record says who that was, as of when, by what."""
    desk.rotas.has("legal", "ben")

    result = await desk.notify()

    assert desk.told() == {"ben"}
    [note] = result.on_call
    assert (note.team, note.as_of, note.on_call) == ("legal", START, ("ben",))
    assert (note.source, note.digest) == ("static", "d" * 64)
    assert note.said()["on_call"] == ["ben"]


async def test_a_question_goes_to_everybody_unless_the_rota_is_for_everything(desk: Desk) -> None:
    """Pages only is the default."""
    desk.rotas.has("legal", "ben")
    await desk.notify(Purpose.ASK, key="n-1")
    assert desk.told() == {"ada", "ben", "cleo"}

    desk.mail.sent.clear()
    desk.rotas.has("legal", "ben", every_notice=True)
    await desk.notify(Purpose.ASK, key="n-2")

    assert desk.told() == {"ben"}


async def test_an_empty_rota_falls_down_the_chain(desk: Desk) -> None:
    """First who stands for the role, and the notice says that it fell back."""
    desk.rotas.has("legal", instead=("triage", "incident-manager"))
    desk.rotas.has("triage")
    desk.rotas.has("incident-manager", "cleo")

    result = await desk.notify()

    assert desk.told() == {"cleo"}
    assert result.end is NoticeEnd.FELL_BACK
    assert [note.team for note in result.on_call] == ["legal", "triage", "incident-manager"]


async def test_at_the_end_of_the_chain_stands_the_duty_manager(desk: Desk) -> None:
    """Nobody anywhere: the duty manager."""
    desk.pager = None
    desk.rotas.has("legal", instead=("triage",))
    desk.rotas.has("triage")

    result = await desk.notify()

    assert desk.told() == {"dan"}
    assert result.end is NoticeEnd.FELL_BACK


@pytest.mark.parametrize(
    "error",
    [
        UnavailableError("x", vendor="pagerduty", operation="who", mend="m"),
        RefusedError("x", vendor="pagerduty", operation="who", mend="m"),
        DirectoryUnreadableError("x", file="f", line=1, column=1),
    ],
)
async def test_a_rota_that_cannot_be_asked_takes_nobody_away(desk: Desk, error: Exception) -> None:
    """Everybody of the role is told, and the record says why."""
    desk.rotas.has("legal", "ben")
    desk.rotas.of["legal"] = error

    result = await desk.notify()

    assert desk.told() == {"ada", "ben", "cleo"}
    assert [note.trouble for note in result.on_call] == [type(error).__name__]


async def test_who_lacks_the_role_or_is_conflicted_is_passed_over(desk: Desk) -> None:
    """They could do nothing about it."""
    desk.rotas.has("legal", "eve", "ada", "ben")

    result = await desk.notify(except_people=("ada",))

    assert desk.told() == {"ben"}
    assert result.on_call[0].passed_over == ("eve", "ada")


async def test_who_it_is_assigned_to_is_told_whoever_is_on_call(desk: Desk) -> None:
    """An assignment is more than a rota."""
    desk.rotas.has("legal", "ben")

    result = await desk.notify(person="ada")

    assert desk.told() == {"ada"}
    assert result.on_call == ()


async def test_a_notice_without_rotas_is_written_as_before(desk: Desk) -> None:
    """Old histories say nothing of rotas; neither does a new notice without one."""
    result = await desk.notify(Purpose.ASK)

    assert "on_call" not in result.model_dump(mode="json")


async def recorded(desk: Desk, body: ActBody, *, person: str = "ada") -> str:
    """The door has the act, and the case has not; the act's id."""
    act = Act(
        act=str(uuid.uuid4()),
        case=desk.case,
        actor=Actor(
            person=person, roles=("legal",), directory_digest="0" * 64, directory_as_of=START
        ),
        role="legal",
        assurance=Assurance.L1,
        door=Door.WEB,
        signed_at=START,
        body=body,
    )
    await desk.store.acts.record(
        act_id=act.act,
        case=desk.case,
        person=person,
        verb=body.verb,
        sign=lambda _: sign_act(act, key=DOOR, certificate=CERTIFICATE),
        at=START,
    )
    return act.act


async def test_an_answer_that_the_case_has_had_meanwhile_counts_as_well(desk: Desk) -> None:
    """Whoever sends is not called back: it looks whether the case was answered since it ordered."""
    early = await recorded(desk, Acknowledge(stage="legal-review"))
    await answered(desk, early, at=START - timedelta(minutes=1))
    told_before = await desk.notify(Purpose.PAGE, key="n-1")
    late = await recorded(desk, Acknowledge(stage="legal-review"))
    await answered(desk, late, at=START + timedelta(seconds=1))

    held_up = await desk.notify(Purpose.PAGE, key="n-2")

    assert told_before.acts == ()
    assert [each.act for each in held_up.acts] == [late]


async def answered(desk: Desk, act: str, *, at: datetime) -> None:
    """The case has answered the act."""
    receipt = ActReceipt(act=act, outcome=Outcome.ACCEPTED, applied_at=at)
    await desk.store.acts.answered(act, receipt=receipt, at=at)


CALLS = [Purpose.PAGE, Purpose.REMIND, Purpose.RAISED, Purpose.LAPSED, Purpose.WORK]


@pytest.mark.parametrize("purpose", CALLS)
async def test_nobody_is_called_about_what_somebody_at_the_door_has(
    desk: Desk, purpose: Purpose
) -> None:
    """The case hears the act instead; once it says that it is none, people are told."""
    act = await recorded(desk, Acknowledge(stage="legal-review"))

    first = await desk.notify(purpose)
    rung, told = len(desk.vendor.events), desk.told()
    second = await desk.notify(purpose, heard=(act,))

    assert [each.act for each in first.acts] == [act]
    assert (rung, told) == (0, set())
    assert second.acts == ()
    assert desk.told() == {"ada", "ben", "cleo"}


@pytest.mark.parametrize(
    "purpose,body",
    [
        (Purpose.PAGE, Acknowledge(stage="triage")),
        (Purpose.PAGE, Evidence(label="item", reference="vault:1", digest="ab" * 32)),
        (Purpose.BREACH, Acknowledge(stage="legal-review")),
        (Purpose.ASK, Acknowledge(stage="legal-review")),
    ],
    ids=["another stage", "no answer", "a target missed", "a question to all"],
)
async def test_what_is_no_answer_holds_nothing_up(
    desk: Desk, purpose: Purpose, body: ActBody
) -> None:
    """Only an act about the same work can stop a call about it."""
    await recorded(desk, body)

    result = await desk.notify(purpose)

    assert result.acts == ()
    assert result.end is NoticeEnd.DELIVERED


async def test_the_case_hears_what_was_done_before_the_answer_as_well(desk: Desk) -> None:
    """A stage is completed after its evidence: out of order the case would refuse it."""
    item = Evidence(label="item", reference="vault:1", digest="ab" * 32)
    acts = [
        await recorded(desk, item),
        await recorded(desk, Complete(stage="legal-review", outcome="escalate")),
    ]

    result = await desk.notify(Purpose.REMIND)

    assert [each.act for each in result.acts] == acts


async def test_an_answer_between_two_tries_stops_the_second(desk: Desk) -> None:
    """A mail server that is down for an hour, and somebody who takes it meanwhile."""
    desk.mail.fail_next(UnavailableError("down", vendor="mail", operation="send", mend="wait"))
    with pytest.raises(ApplicationError):
        await desk.notify(Purpose.REMIND)
    act = await recorded(desk, Acknowledge(stage="legal-review"))

    again = await desk.notify(Purpose.REMIND)

    assert [each.act for each in again.acts] == [act]
    assert desk.told() == set()


async def test_the_pager_is_told_nothing_of_a_case_that_few_may_see(desk: Desk) -> None:
    """Neither what it is about, nor who is asked, nor how grave it is (I13): number and way."""
    other = await accepted(desk.store, key="zendesk:2", external_id="ticket-2")
    await pinned(desk.store, other.case, "child-safety-report")
    desk.case = other.case

    for severity in (Severity.SEV0, Severity.SEV3):
        await desk.notify(key=f"n-{severity.value}", severity=severity)

    said = [event["payload"] for event in desk.vendor.events]
    assert {each["summary"] for each in said} == {"Case 1001: you are asked"}
    assert {each["severity"] for each in said} == {"critical"}
    text = str(desk.vendor.events)
    assert not [word for word in ("legal", "Legal review", "SEV", "75%") if word in text]
