"""Notices that are not pressing go in company; limits and outages lead another way, on record."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities import Channel, Outside
from activities.guarding import Guard, Limits, is_outage
from activities.notify import Notifying
from cases.notice import NoticeEnd, NoticeOrder, NoticeResult, Purpose
from integrations.errors import (
    OutcomeUnknownError,
    RefusedError,
    ThrottledError,
    UnavailableError,
    VendorError,
)
from integrations.people_hours import read_hours
from integrations.ports.directory import Person
from runbooks.plan import Severity
from store import DEMO_KEK, Store
from tests.fakes.clock import START, FixedClock
from tests.fakes.ports import FakeDirectory, FakeMessaging
from tests.store.building import accepted
from tests.stores import empty_store

HALF = timedelta(minutes=30)
DAY = timedelta(days=1)


def trouble(kind: type[VendorError] = UnavailableError, **more: Any) -> VendorError:
    """What a vendor fails with."""
    return kind("down", vendor="slack", operation="send", mend="wait", **more)


def person(id_: str, **more: Any) -> Person:
    """Somebody of Legal."""
    return Person(
        id=id_,
        name=id_.title(),
        email=f"{id_}@example.test",
        roles=frozenset({"legal"}),
        **more,
    )


class Desk:
    """A case, two channels and people; ada wants a digest, ben does not."""

    def __init__(self, store: Store, case: str) -> None:
        self.store = store
        self.case = case
        self.clock = FixedClock(START)
        self.chat = FakeMessaging()
        self.mail = FakeMessaging()
        self.limits = Limits(failures=2, pause=HALF)
        self.people = [person("ada", digest=HALF), person("ben")]

    async def notify(self, severity: Severity = Severity.SEV3, **other: Any) -> NoticeResult:
        """The notice has been sent, or put aside."""
        outside = Outside(
            store=self.store,
            directory=FakeDirectory(*self.people),
            channels=(Channel("chat", self.chat), Channel("mail", self.mail)),
            public_url="https://escalate.test",
            mail_domain="escalate.test",
            zone=ZoneInfo("UTC"),
            guard=Guard(self.store, clock=self.clock, limits=self.limits),
        )
        whole: dict[str, Any] = {
            "key": "n-1",
            "case": self.case,
            "number": "1001",
            "purpose": Purpose.WORK,
            "role": "legal",
            "stage": "legal-review",
            "stage_title": "Legal review",
            "severity": severity,
            "due_at": START + DAY,
            "at": START,
        }
        order = NoticeOrder(**{**whole, **other})
        return await ActivityEnvironment().run(Notifying(outside).notify, order)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A case in an open store."""
    url = f"sqlite:///{tmp_path / 'escalate.db'}"
    await empty_store(url)
    async with await Store.open(url, kek=DEMO_KEK) as store:
        yield Desk(store, (await accepted(store)).case)


def ends(result: NoticeResult) -> dict[str, NoticeEnd]:
    """How it ended for whom."""
    return {outcome.person: outcome.end for outcome in result.recipients}


async def test_who_wants_a_digest_waits_and_the_others_are_told(desk: Desk) -> None:
    """Each has an outcome of their own; a retry puts nothing aside twice."""
    result = await desk.notify()
    again = await desk.notify()

    assert result.end is again.end is NoticeEnd.DELIVERED
    assert ends(result) == ends(again) == {"ada": NoticeEnd.BUNDLED, "ben": NoticeEnd.DELIVERED}
    [waiting] = await desk.store.digests.waiting()
    assert (waiting.recipient, waiting.due_at) == ("ada", START + HALF)
    assert [mail.to for mail in desk.chat.sent] == ["ben@example.test"]


async def test_a_notice_that_only_waits_says_so(desk: Desk) -> None:
    """Nobody was told yet, and nobody else is told instead of them."""
    desk.people = [person("ada", digest=HALF)]

    result = await desk.notify()

    assert result.end is NoticeEnd.BUNDLED
    assert desk.chat.sent == desk.mail.sent == []


@pytest.mark.parametrize("severity", [Severity.SEV0, Severity.SEV1, Severity.SEV2])
async def test_what_is_grave_never_waits(desk: Desk, severity: Severity) -> None:
    """Also for who wants a digest."""
    assert ends(await desk.notify(severity)) == {
        "ada": NoticeEnd.DELIVERED,
        "ben": NoticeEnd.DELIVERED,
    }


async def test_one_question_waits_once_whatever_the_roles_are(desk: Desk) -> None:
    """Dedup key: case, gate, recipient, revision."""
    asked: dict[str, Any] = {"purpose": Purpose.ASK, "round": 1}
    await desk.notify(**asked)

    second = await desk.notify(key="n-2", role="legal", **asked)

    assert set(ends(second).values()) == {NoticeEnd.ALREADY_TOLD}
    assert len(await desk.store.digests.waiting()) == 1


async def test_a_digest_does_not_run_into_anybodys_night(desk: Desk) -> None:
    """Quiet hours begin before it would go: it goes at once."""
    begins = (START + HALF / 2).strftime("%H:%M")
    quiet = read_hours(working=None, quiet=f"{begins}-{START:%H}:00", holidays=None, half_days=None)
    desk.people = [person("ada", digest=HALF, hours=quiet)]

    assert ends(await desk.notify()) == {"ada": NoticeEnd.DELIVERED}


async def test_two_failures_in_a_row_and_nobody_waits_for_a_third(desk: Desk) -> None:
    """The next channel is tried at once, and the record says why; after the pause it is probed."""
    desk.people = [person("ben")]
    desk.chat.fail_next(trouble(), times=2)
    for key in ("n-1", "n-2", "n-3"):
        await desk.notify(Severity.SEV1, key=key)

    rows = [(await desk.store.notices.by_key(key))[0] for key in ("n-1", "n-2", "n-3")]
    assert [row.channel for row in rows] == ["mail"] * 3
    assert [row.detail.split(";")[0] for row in rows] == [
        "not by chat: UnavailableError",
        "not by chat: UnavailableError",
        "not by chat: OutageError",
    ]
    assert len(desk.chat.attempts) == 2

    desk.clock.at += HALF
    await desk.notify(Severity.SEV1, key="n-4")
    assert (await desk.store.notices.by_key("n-4"))[0].channel == "chat"
    assert await desk.store.channels.out() == []


async def test_where_no_other_way_is_left_what_is_urgent_is_tried_all_the_same(desk: Desk) -> None:
    """An outage of the last channel holds back what is not urgent only."""
    desk.people = [person("ben")]
    desk.mail.fail_next(trouble(), times=2)
    desk.chat.fail_next(trouble(), times=99)
    for key in ("n-1", "n-2"):
        with pytest.raises(ApplicationError):
            await desk.notify(Severity.SEV2, key=key)

    with pytest.raises(ApplicationError) as held:
        await desk.notify(Severity.SEV2, key="n-3")
    urgent = await desk.notify(Severity.SEV1, key="n-4")

    assert held.value.type == "OutageError"
    assert ends(urgent) == {"ben": NoticeEnd.DELIVERED}
    assert len(desk.mail.attempts) == 3


async def test_a_limit_delays_nothing_urgent_and_drops_nothing_else(desk: Desk) -> None:
    """Three mails an hour to one person: the mild fourth goes in company, the grave one at once."""
    desk.people = [person("ben")]
    desk.limits = Limits(person_per_hour=4)

    mild = [ends(await desk.notify(key=f"n-{n}"))["ben"] for n in range(4)]
    grave = [ends(await desk.notify(Severity.SEV1, key=f"u-{n}"))["ben"] for n in range(8)]

    assert mild == [NoticeEnd.DELIVERED] * 2 + [NoticeEnd.BUNDLED] * 2
    assert grave == [NoticeEnd.DELIVERED] * 8
    [row] = [row for row in await desk.store.paces.all() if row.name == "to/ben"]
    assert row.hits == 4
    [kept] = await desk.store.notices.by_key("n-2")
    assert kept.detail == "not by chat: PacedError; not by mail: PacedError; with the digest"


async def test_a_page_that_is_held_back_by_a_limit_is_tried_again_and_not_put_aside(
    desk: Desk,
) -> None:
    """Temporal waits as long as the limit says."""
    desk.people = [person("ben")]
    desk.limits = Limits(per_minute={"chat": 10, "mail": 10})
    await desk.notify(purpose=Purpose.PAGE)
    await desk.notify(purpose=Purpose.PAGE, key="n-2")

    with pytest.raises(ApplicationError) as held:
        await desk.notify(purpose=Purpose.PAGE, key="n-3")

    assert held.value.type == "PacedError"
    assert held.value.next_retry_delay == timedelta(seconds=6)


async def test_the_vendors_own_limit_holds_everybody_back_but_the_urgent(desk: Desk) -> None:
    """429 with Retry-After: no other process runs into it again."""
    desk.people = [person("ben")]
    desk.limits = Limits(per_minute={"chat": 600})
    desk.chat.fail_next(trouble(ThrottledError, retry_after=HALF))
    await desk.notify(Severity.SEV2)
    await desk.notify(Severity.SEV2, key="n-2")
    await desk.notify(Severity.SEV1, key="n-3")

    rows = [(await desk.store.notices.by_key(key))[0] for key in ("n-1", "n-2", "n-3")]
    assert [row.detail.split(";")[0] for row in rows[:2]] == [
        "not by chat: ThrottledError",
        "not by chat: PacedError",
    ]
    assert rows[2].channel == "chat"


async def test_a_channel_that_says_no_is_there(desk: Desk) -> None:
    """A refusal or a greylist ends an outage as an answer does, and begins the count anew."""
    desk.people = [person("ben")]
    desk.chat.fail_next(trouble(), times=1)
    desk.chat.fail_next(trouble(status=451), times=1)
    desk.chat.fail_next(trouble(), times=1)
    for key in ("n-1", "n-2", "n-3"):
        await desk.notify(Severity.SEV1, key=key)
    assert await desk.store.channels.out() == []

    desk.chat.fail_next(trouble())
    await desk.notify(Severity.SEV1, key="n-4")
    assert [row.name for row in await desk.store.channels.out()] == ["chat"]
    desk.clock.at += HALF
    desk.chat.fail_next(trouble(RefusedError, status=403))
    await desk.notify(Severity.SEV1, key="n-5")
    assert await desk.store.channels.out() == []


@pytest.mark.parametrize(
    "error, against_the_channel",
    [
        (trouble(), True),
        (trouble(status=503), True),
        (trouble(OutcomeUnknownError), True),
        (trouble(status=421), True),
        (trouble(status=451), False),
        (trouble(status=408), False),
        (trouble(ThrottledError), False),
        (trouble(RefusedError, status=550), False),
    ],
)
def test_only_some_failures_speak_against_a_channel(
    error: VendorError, *, against_the_channel: bool
) -> None:
    """A greylist takes the message later: the server is there."""
    assert is_outage(error) is against_the_channel
