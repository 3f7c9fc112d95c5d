"""A step of an escalation policy reaches who it means: in their hours, on their channels, once."""

from collections.abc import AsyncIterator
from datetime import time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from temporalio.testing import ActivityEnvironment

from activities import Outside
from activities.notify import Notifying
from activities.outside import Channel
from cases.hours import Hours, Span
from cases.notice import NoticeEnd, NoticeOrder, NoticeResult, Purpose, StepNotice
from integrations.errors import RefusedError
from integrations.ports.directory import Person
from runbooks.plan import Obeys, Severity
from store import DEMO_KEK, Store
from tests.fakes.clock import START
from tests.fakes.ports import FakeDirectory, FakeMessaging
from tests.store.building import accepted
from tests.stores import empty_store

NIGHT = Hours(quiet=Span(begin=time(0), end=time(23, 59)))


def person(
    name: str, *roles: str, hours: Hours | None = None, channels: tuple[str, ...] = ()
) -> Person:
    """Somebody who holds the roles."""
    return Person(
        id=name,
        name=name,
        email=f"{name}@example.org",
        roles=frozenset(roles),
        hours=hours or Hours(),
        channels=channels,
    )


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An open store."""
    url = f"sqlite:///{tmp_path / 'escalate.db'}"
    await empty_store(url)
    async with await Store.open(url, kek=DEMO_KEK) as opened:
        yield opened


class Office:
    """Two channels and the people a test names."""

    def __init__(self, store: Store, case: str, *people: Person) -> None:
        self.case = case
        self.store = store
        self.chat, self.mail = FakeMessaging(), FakeMessaging()
        outside = Outside(
            store=store,
            directory=FakeDirectory(*people),
            channels=(Channel("chat", self.chat), Channel("mail", self.mail)),
            public_url="https://escalate.test",
            mail_domain="escalate.test",
            zone=ZoneInfo("UTC"),
        )
        self._activity = Notifying(outside).notify

    async def told(
        self,
        key: str = "k-1",
        *,
        role: str = "legal",
        severity: Severity = Severity.SEV3,
        **step: object,
    ) -> NoticeResult:
        """The step has been sent."""
        part = StepNotice.model_validate(
            {"run": "reach#1", "passage": 1, "step": 1, "onward": True, **step}
        )
        order = NoticeOrder(
            key=key,
            case=self.case,
            number="1001",
            purpose=Purpose.PAGE,
            role=role,
            severity=severity,
            of_step=part,
            at=START,
        )
        return await ActivityEnvironment().run(self._activity, order)


async def test_nobody_of_a_step_is_passed_on_and_no_duty_manager_is_woken(store: Store) -> None:
    """The next step comes at once: it is not the duty manager's turn."""
    office = Office(store, (await accepted(store)).case, person("dana", "duty-manager"))

    result = await office.told()

    assert result.end is NoticeEnd.PASSED_ON
    assert office.chat.sent == []


async def test_the_last_page_reaches_the_duty_manager_or_is_nobody_on_record(store: Store) -> None:
    """An exhausted policy ends at a person, or says that there is none."""
    case = (await accepted(store)).case

    reached = await Office(store, case, person("dana", "duty-manager")).told(
        role="duty-manager", step=0, onward=False
    )
    nobody = await Office(store, case).told("k-2", role="duty-manager", step=0, onward=False)

    assert reached.end is NoticeEnd.DELIVERED
    assert nobody.end is NoticeEnd.NOBODY


async def test_a_channel_that_refuses_falls_back_to_the_next(store: Store) -> None:
    """By the person's own order of channels."""
    ada = person("ada", "legal", channels=("mail", "chat"))
    office = Office(store, (await accepted(store)).case, ada)
    office.mail.fail_next(RefusedError("no", vendor="mail", operation="send", mend="look"))

    result = await office.told()

    assert result.end is NoticeEnd.DELIVERED
    assert [each.channel for each in result.recipients] == ["chat"]


async def test_a_channel_that_is_not_connected_leaves_nobody_untold(store: Store) -> None:
    """Whoever named only such is told by what there is."""
    office = Office(store, (await accepted(store)).case, person("ada", "legal", channels=("fax",)))

    result = await office.told()

    assert [each.channel for each in result.recipients] == ["chat"]


async def test_whoever_has_not_read_it_is_told_on_the_next_channel(store: Store) -> None:
    """And only they; where no channel is left, that is said."""
    people = (person("ada", "legal"), person("ben", "legal"))
    office = Office(store, (await accepted(store)).case, *people)
    await office.told()
    await store.notices.read(office.case, recipient="ben", at=START)

    again = await office.told("k-2", unread_of="k-1", way=1)
    last = await office.told("k-3", unread_of="k-2", way=2)
    await store.notices.read(office.case, recipient="ada", at=START)
    read = await office.told("k-4", unread_of="k-1", way=1)

    assert [(each.person, each.channel) for each in again.recipients] == [("ada", "mail")]
    assert last.end is NoticeEnd.UNREAD
    assert read.end is NoticeEnd.READ


async def test_a_page_is_kept_until_quiet_hours_are_over_unless_it_is_grave(store: Store) -> None:
    """Who is awake is told now; the notice is not over before the last has been told."""
    asleep = person("ada", "legal", hours=NIGHT)
    case = (await accepted(store)).case

    kept = await Office(store, case, asleep).told()
    partly = await Office(store, case, asleep, person("ben", "legal")).told("k-2")
    grave = await Office(store, case, asleep).told("k-3", severity=Severity.SEV1)

    assert kept.end is NoticeEnd.HELD
    assert kept.later is not None
    assert kept.later > START
    assert [each.person for each in partly.recipients] == ["ben"]
    assert partly.later == kept.later
    assert grave.end is NoticeEnd.DELIVERED


async def test_a_step_that_obeys_hours_waits_for_them(store: Store) -> None:
    """Hours count only where the step says so."""
    day = START.weekday()
    other = Hours(week={(day + 1) % 7: (Span(begin=time(9), end=time(17)),)})
    office = Office(store, (await accepted(store)).case, person("ada", "legal", hours=other))

    waits = await office.told(obeys=Obeys.WAIT, since=START - timedelta(minutes=5), after="PT5M")
    at_once = await office.told("k-2")

    assert waits.end is NoticeEnd.HELD
    assert at_once.end is NoticeEnd.DELIVERED


async def test_a_team_without_a_rota_is_told_by_its_other_role(store: Store) -> None:
    """A gap in the rota is no gap in the night."""
    office = Office(store, (await accepted(store)).case, person("ada", "legal"))

    result = await office.told(on_call="legal-desk")

    assert [each.person for each in result.recipients] == ["ada"]
