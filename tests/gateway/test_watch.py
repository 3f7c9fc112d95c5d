"""The eye that needs neither a worker nor Temporal (I17)."""

import shutil
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.watch import Watch
from gateway.watching.finding import FindingKind
from gateway.watching.telling import Telling
from integrations.errors import DirectoryUnreadableError, UnavailableError
from integrations.ports.directory import Person
from integrations.smtp import SmtpMail, SmtpServer, Tls
from store import DEMO_KEK, DeliveryState, ObligationRow, Store
from tests.fakes.clock import FixedClock
from tests.fakes.ports import FakeDirectory, FakeMessaging
from tests.servers.mail import GreenMail
from tests.store.building import START, accepted, batch, chain, later
from tests.stores import empty_store

ELISE = Person(
    id="elise",
    name="Elise Sample",
    email="elise@demo.example",
    roles=frozenset({"duty-manager"}),
)


@pytest.fixture(scope="module")
async def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty store, to be copied."""
    path = tmp_path_factory.mktemp("template") / "escalate.db"
    await empty_store(f"sqlite:///{path}")
    return path


class House:
    """A store, a clock, a duty manager, and the watch over them."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.folder = folder
        self.clock = FixedClock(START)
        self.directory = FakeDirectory(ELISE)
        self.outbox = FakeMessaging()
        self.watch = self.new_watch()

    def new_watch(self) -> Watch:
        """A watch that has seen nothing yet."""
        telling = Telling(
            [self.outbox],
            directory=self.directory,
            address="fallback@demo.example",
            mail_domain="demo.example",
        )
        return Watch(self.store, telling=telling, clock=self.clock)

    @property
    def subjects(self) -> list[str]:
        """The mails so far, by their subjects."""
        return [mail.subject for mail in self.outbox.sent]

    async def open_case(self, *, due_in: timedelta, number: str = "1") -> str:
        """A case whose workflow has said when it will move next; its worker is alive."""
        opened = await accepted(self.store, key=f"zendesk:{number}", external_id=number)
        await self.store.deliveries.done(f"zendesk:{number}", state=DeliveryState.STARTED, at=START)
        await self.store.append_case(
            batch(
                opened.case,
                chain(opened.case, "triage"),
                next_at=START + due_in,
                next_label="triage target",
            )
        )
        await self.beat()
        return opened.case

    async def beat(self) -> None:
        """Worker and gateway are heard of."""
        for kind in ("worker", "gateway"):
            await self.store.health.heartbeat(kind=kind, id="one", at=self.clock.at)

    async def after(self, *, alive: bool = True, **span: float) -> list[str]:
        """The kinds that the watch finds so much later."""
        self.clock.move(timedelta(**span))
        if alive:
            await self.beat()
        return [finding.kind for finding in await self.watch.look()]


@pytest.fixture
async def house(template: Path, tmp_path: Path) -> AsyncIterator[House]:
    """An empty house, all well."""
    folder = tmp_path / "home"
    folder.mkdir()
    shutil.copyfile(template, folder / "escalate.db")
    async with await Store.open(f"sqlite:///{folder / 'escalate.db'}", kek=DEMO_KEK) as store:
        yield House(store, folder)


async def test_nothing_is_said_while_all_is_well(house: House) -> None:
    """A case that waits for its next instant is no finding."""
    await house.open_case(due_in=timedelta(minutes=15))

    found = await house.after(minutes=10)

    assert found == []
    assert house.outbox.sent == []


async def test_overdue_case_is_told_with_what_to_do(house: House) -> None:
    """A due instant that passes by two minutes without a journal entry reaches the duty manager."""
    await house.open_case(due_in=timedelta(minutes=15))

    early = await house.after(minutes=16)
    found = await house.after(minutes=1, seconds=5)

    assert early == []
    assert found == [FindingKind.OVERDUE]
    (mail,) = house.outbox.sent
    assert mail.to == "elise@demo.example"
    assert "case 1001" in mail.text
    assert "escalate case explain 1001" in mail.text


async def test_simulated_case_is_overdue_in_its_own_time(house: House) -> None:
    """In a simulation each case lives in its own time, years ahead if need be."""
    case = await house.open_case(due_in=timedelta(days=400))

    class Virtual(FixedClock):
        """Cases live ahead."""

        async def now(self, case: str | None = None) -> datetime:
            """A case is ahead of the present."""
            return self.at + timedelta(days=401) if case else self.at

    house.clock = Virtual(START)
    telling = Telling([house.outbox], directory=house.directory, address=None, mail_domain="d.e")
    watch = Watch(house.store, telling=telling, clock=house.clock, simulated=True)

    found = await watch.look()

    assert [(each.kind, each.key) for each in found] == [(FindingKind.OVERDUE, case)]


async def test_finding_is_told_once_repeated_and_cleared(house: House) -> None:
    """One mail when it begins, one every half hour, one when it is over."""
    case = await house.open_case(due_in=timedelta(minutes=15))
    await house.after(minutes=18)
    await house.after(seconds=30)
    told_once = len(house.outbox.sent)

    await house.after(minutes=31)
    told_twice = len(house.outbox.sent)
    entries = chain(case, "triage")
    await house.store.append_case(
        batch(case, chain(case, "legal-review", after=entries), at=house.clock.at)
    )
    found = await house.after(seconds=30)
    again = await house.after(seconds=30)

    assert (told_once, told_twice) == (1, 2)
    assert found == again == []
    assert house.subjects[2:] == [
        "[escalate watch] cleared: cases did not move when they should have"
    ]
    assert await house.store.health.open_alarms() == []


async def test_findings_of_one_kind_share_a_mail(house: House) -> None:
    """Ten overdue cases are one mail, not ten."""
    for number in range(10):
        await house.open_case(due_in=timedelta(minutes=1), number=str(number))

    await house.after(minutes=4)

    assert house.subjects == ["[escalate watch] 10 x cases did not move when they should have"]


async def test_dead_worker_is_heard_within_two_looks(house: House) -> None:
    """While cases are open, a worker that is silent for 45 seconds is missed."""
    await house.open_case(due_in=timedelta(hours=4))
    await house.after(seconds=1)

    soon = await house.after(seconds=30, alive=False)
    found = await house.after(seconds=30, alive=False)

    assert soon == []
    assert found == [FindingKind.NO_WORKER, FindingKind.NO_GATEWAY]
    assert house.subjects == ["[escalate watch] no worker runs", "[escalate watch] no gateway runs"]


async def test_worker_that_never_was_is_missed_when_a_report_waits(house: House) -> None:
    """A report that waits for its first worker is no peace."""
    await accepted(house.store)
    await house.watch.look()

    found = await house.after(seconds=50, alive=False)

    assert FindingKind.NO_WORKER in found


async def test_empty_house_without_workers_is_quiet(house: House) -> None:
    """Before the first case nobody has to be there."""
    await house.watch.look()

    assert await house.after(hours=1, alive=False) == []


async def test_acts_that_nobody_applies_are_told(house: House) -> None:
    """What is recorded and not applied for two minutes means that the engine is down."""
    await house.open_case(due_in=timedelta(hours=4))
    await accepted(house.store, key="zendesk:later", external_id="later", at=house.clock.at)

    found = await house.after(minutes=3)

    assert found == [FindingKind.OUTBOX_STUCK]


async def test_alarm_of_others_is_told_and_its_end_too(house: House) -> None:
    """What any part of the house raises reaches the duty manager through the watch."""
    await house.store.health.alarm(
        kind="dead-act",
        key="act-1",
        text="an act could not be handed on",
        mend="redeliver",
        at=START,
    )
    await house.after(seconds=5)
    await house.store.health.clear(kind="dead-act", key="act-1", at=house.clock.at)

    await house.after(seconds=30)

    assert house.subjects == [
        "[escalate watch] acts could not be applied",
        "[escalate watch] cleared: acts could not be applied",
    ]


async def test_lost_notice_is_over_when_its_case_has_ended(house: House) -> None:
    """Nobody is reminded of a lost notice of a case that is closed."""
    case = await house.open_case(due_in=timedelta(hours=4))
    await house.store.health.alarm(
        kind="notice-lost", key=f"{case}/7", text="case 1001: a notice", mend="explain", at=START
    )
    before = await house.after(seconds=5)
    await house.store.append_case(
        batch(
            case,
            chain(case, "end", after=chain(case, "triage")),
            status="closed",
            at=later(seconds=9),
        )
    )

    after = await house.after(seconds=30)

    assert (before, after) == (["notice-lost"], [])


async def test_due_obligation_is_told(house: House) -> None:
    """What is owed after closing, is due and does nothing is not forgotten with its case."""
    case = await house.open_case(due_in=timedelta(hours=4))
    await house.store.obligations.record(
        ObligationRow(
            key="o1",
            case=case,
            name="recheck",
            title="Look again",
            owner="triage",
            due_at=later(minutes=5),
            recorded_at=START,
        )
    )

    found = await house.after(minutes=8)

    assert found == [FindingKind.OBLIGATION_DUE]


async def test_an_obligation_that_does_what_it_should_is_not_told(house: House) -> None:
    """It tells its owner itself, also when it is overdue; the watch hears only its silence."""
    case = await house.open_case(due_in=timedelta(hours=4))
    row = ObligationRow(
        key="o1",
        case=case,
        name="recheck",
        title="Look again",
        owner="triage",
        due_at=later(minutes=5),
        recorded_at=START,
        started_at=START,
        next_at=later(minutes=20),
        next_label="a day overdue",
        overdue=True,
    )
    await house.store.obligations.record(row)

    found = [await house.after(minutes=10), await house.after(minutes=13)]

    assert found == [[], [FindingKind.OBLIGATION_DUE]]


async def test_store_down_for_a_minute_is_told_from_memory(house: House) -> None:
    """Without store and directory the watch still knows whom to tell, also that it is over."""
    await house.watch.look()
    await house.store.database.close()
    away = house.folder.rename(house.folder.with_name("away"))
    house.directory.fail_next(
        DirectoryUnreadableError("gone", file="people.yaml", line=1, column=1), times=9
    )

    first = await house.after(seconds=30, alive=False)
    found = await house.after(seconds=61, alive=False)
    away.rename(house.folder)
    back = await house.after(seconds=30, alive=False)

    assert first == []
    assert found == [FindingKind.STORE_DOWN]
    assert back == []
    assert [mail.to for mail in house.outbox.sent] == ["elise@demo.example"] * 2
    assert house.subjects == [
        "[escalate watch] the store cannot be used",
        "[escalate watch] cleared: the store cannot be used",
    ]


async def test_mail_that_fails_is_tried_at_the_next_look(house: House) -> None:
    """Nobody counts as told before a channel took the mail."""
    await house.open_case(due_in=timedelta(minutes=1))
    house.outbox.fail_next(
        UnavailableError("no", vendor="smtp", operation="connect", mend="wait"), times=1
    )

    await house.after(minutes=4)
    missed = list(house.outbox.sent)
    await house.after(seconds=30)

    assert missed == []
    assert len(house.outbox.sent) == 1


async def test_without_a_directory_the_setting_names_the_duty_manager(house: House) -> None:
    """An address in the settings is told when the directory never answered."""
    house.directory.fail_next(
        DirectoryUnreadableError("gone", file="people.yaml", line=1, column=1), times=99
    )
    await house.open_case(due_in=timedelta(minutes=1))

    await house.after(minutes=4)

    assert [mail.to for mail in house.outbox.sent] == ["fallback@demo.example"]


async def test_restarted_watch_does_not_tell_twice(house: House) -> None:
    """What was told stands in the store: a new process of the watch goes on from there."""
    await house.open_case(due_in=timedelta(minutes=1))
    await house.after(minutes=4)
    house.watch = house.new_watch()

    found = await house.after(seconds=50)

    assert found == [FindingKind.OVERDUE]
    assert len(house.outbox.sent) == 1


@pytest.mark.mail
async def test_duty_manager_has_a_real_mail(house: House, greenmail: GreenMail) -> None:
    """The mail goes over SMTP by the watch itself and lies in the duty manager's inbox."""
    server = SmtpServer(
        host=greenmail.host,
        port=greenmail.smtp_port,
        tls=Tls.NONE,
        sender="escalate@demo.example",
    )
    telling = Telling(
        [SmtpMail(server, clock=house.clock)],
        directory=None,
        address="watch-duty@demo.example",
        mail_domain="demo.example",
    )
    house.watch = Watch(house.store, telling=telling, clock=house.clock)
    await house.open_case(due_in=timedelta(minutes=1))

    await house.after(minutes=4)

    (mail,) = greenmail.wait_for_mail("watch-duty@demo.example")
    assert mail["Subject"] == "[escalate watch] cases did not move when they should have"
    assert "escalate case explain 1001" in mail.get_content()
