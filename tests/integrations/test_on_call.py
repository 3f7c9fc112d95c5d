"""Who is on call: the file that says where it stands, and what each kind of rota answers."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
from pydantic import SecretStr

from integrations.errors import DirectoryUnreadableError, RefusedError, RotaUnreadableError
from integrations.on_call import OnCallRotas
from integrations.on_call_file import read_rotas
from integrations.on_call_sources import PagerDutyRota, Source
from integrations.ports.directory import Person
from integrations.ports.on_call import OnCallTeam
from tests.fakes.clock import FixedClock
from tests.fakes.pagerduty import TOKEN, FakePagerDuty
from tests.fakes.ports import FakeDirectory

DUBLIN = ZoneInfo("Europe/Dublin")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
EVENT = """\
BEGIN:VEVENT
UID:{uid}
DTSTAMP:20260101T000000Z
DTSTART{start}
DTEND{end}
{more}
END:VEVENT
"""
LEGAL = "teams:\n  legal: {calendar: rota.ics}\n"


def somebody(id_: str, *, pagerduty: str | None = None) -> Person:
    """A person with the role `legal`."""
    return Person(
        id=id_,
        name=id_.title(),
        email=f"{id_}@example.test",
        roles=frozenset({"legal"}),
        pagerduty=pagerduty,
    )


PEOPLE = FakeDirectory(
    somebody("ada", pagerduty="PADA001"), somebody("ben"), somebody("cleo", pagerduty="PCLEO01")
)


def event(uid: str, start: str, end: str, *more: str) -> str:
    """One event; `start` and `end` as after the property's name."""
    return EVENT.format(uid=uid, start=start, end=end, more="\n".join(more))


def rotas(
    folder: Path,
    teams: str,
    *events: str,
    schedule: Callable[[str], Source] | None = None,
) -> OnCallRotas:
    """The file, and a calendar beside it."""
    (folder / "on-call.yaml").write_text(teams, encoding="utf-8")
    calendar = "".join(("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n", *events, "END:VCALENDAR\n"))
    (folder / "rota.ics").write_bytes(calendar.replace("\n", "\r\n").encode())
    return OnCallRotas(folder / "on-call.yaml", directory=PEOPLE, schedule=schedule)


async def on_call(made: OnCallRotas, at: datetime, role: str = "legal") -> tuple[str, ...]:
    """Who is on call."""
    return (await made.who_is_on_call(role, at)).people


# The file.


async def test_a_role_with_people_is_static(tmp_path: Path) -> None:
    """The same people around the clock, with a digest of what was said."""
    made = rotas(tmp_path, "teams:\n  legal: {people: [ben, ada]}\n")

    answer = await made.who_is_on_call("legal", NOON)

    assert (answer.people, answer.source, answer.as_of) == (("ben", "ada"), "static", NOON)
    assert len(answer.digest) == 64


async def test_a_role_without_a_rota_has_everybody(tmp_path: Path) -> None:
    """No team of its own: whoever holds the role, as the chain needs it."""
    made = rotas(tmp_path, "teams: {}\n")

    assert await made.team("legal") is None
    assert await on_call(made, NOON) == ("ada", "ben", "cleo")


async def test_the_chain_and_the_reach_of_a_team(tmp_path: Path) -> None:
    """`else` in its order, and whether everything goes there."""
    made = rotas(
        tmp_path,
        "teams:\n  legal:\n    people: [ada]\n    notices: all\n    else: [triage, policy]\n",
    )

    assert await made.team("legal") == OnCallTeam(
        role="legal", every_notice=True, instead=("triage", "policy")
    )


async def test_a_change_of_the_file_counts_at_once(tmp_path: Path) -> None:
    """And so does a file that has become wrong: yesterday's rota is not used."""
    made = rotas(tmp_path, "teams:\n  legal: {people: [ada]}\n")
    assert await on_call(made, NOON) == ("ada",)

    (tmp_path / "on-call.yaml").write_text("teams:\n  legal: {people: [ben, cleo]}\n")
    assert await on_call(made, NOON) == ("ben", "cleo")
    (tmp_path / "on-call.yaml").write_text("teams:\n  legal: {poeple: [ben]}\n")

    with pytest.raises(DirectoryUnreadableError):
        await on_call(made, NOON)


@pytest.mark.parametrize(
    "text, place",
    [
        ("people: []\n", "1:1: the file holds one map"),
        ("teams: []\n", "1:1: `teams:` is not a map"),
        ("teams:\n  legal: {}\n", "2:3: legal: Value error, says exactly one of"),
        ("teams:\n  legal:\n    people: [ada]\n    calendar: a.ics\n", "2:3: legal: Value error"),
        ("teams:\n  legal:\n    people: [ada]\n    Else: [x]\n", "4:5: legal.Else: Extra"),
        ("teams:\n  legal:\n    calendar: ../etc/a.ics\n", "legal.calendar: String should match"),
        ("teams:\n  legal:\n    calendar: a/../../b.ics\n", "a calendar stands beside this file"),
        ("teams:\n  legal:\n    pagerduty: https://x\n", "3:5: legal.pagerduty"),
        ("teams:\n  legal:\n    people: [ada]\n    notices: most\n", "4:5: legal.notices"),
        ("teams:\n  legal:\n    people: [ada]\n    else: [legal]\n", "names the role itself"),
        ("teams:\n  Legal Team: {people: [ada]}\n", "2:3: Legal Team"),
        ("teams:\n  a: &x {people: [ada]}\n  b: *x\n", "anchors and aliases are not read"),
        ("teams: {legal: [\n", "on-call.yaml:"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, text: str, place: str) -> None:
    """As in every file a person writes here."""
    path = tmp_path / "on-call.yaml"
    path.write_text(text)

    with pytest.raises(DirectoryUnreadableError) as wrong:
        read_rotas(path)

    assert place in str(wrong.value)


# A calendar.


async def test_a_weekly_rota_follows_the_wall_clock_through_summer_time(tmp_path: Path) -> None:
    """Handover is Monday 09:00 in Dublin, in summer and winter, for a year of hours."""
    weekly = "RRULE:FREQ=WEEKLY;INTERVAL=2"
    made = rotas(
        tmp_path,
        LEGAL,
        event("1", ";TZID=Europe/Dublin:20260105T090000", ";TZID=Europe/Dublin:20260112T090000",
              weekly, "ATTENDEE:mailto:ada@example.test"),
        event("2", ";TZID=Europe/Dublin:20260112T090000", ";TZID=Europe/Dublin:20260119T090000",
              weekly, "ATTENDEE:mailto:BEN@Example.test"),
    )  # fmt: skip
    first = datetime(2026, 1, 5, 9, tzinfo=DUBLIN)

    for hours in range(0, 24 * 365, 157):
        at = datetime(2026, 1, 5, 9, 30, tzinfo=UTC) + timedelta(hours=hours)
        local = at.astimezone(DUBLIN).replace(tzinfo=None)
        weeks = (local - first.replace(tzinfo=None)) // timedelta(weeks=1)
        assert await on_call(made, at) == (("ada", "ben")[weeks % 2],), at


async def test_the_end_of_a_shift_is_the_next_ones(tmp_path: Path) -> None:
    """At the very instant of handover one person is on call, the one who comes."""
    made = rotas(
        tmp_path,
        LEGAL,
        event("1", ":20261124T000000Z", ":20261124T120000Z", "ATTENDEE:mailto:ada@example.test"),
        event("2", ":20261124T120000Z", ":20261125T000000Z", "ATTENDEE:mailto:ben@example.test"),
    )

    assert await on_call(made, NOON - timedelta(microseconds=1)) == ("ada",)
    assert await on_call(made, NOON) == ("ben",)


async def test_a_swapped_and_a_cancelled_shift_are_seen(tmp_path: Path) -> None:
    """One occurrence given to another, one taken out, one cancelled."""
    days = (":20261123T000000Z", ":20261124T000000Z")
    made = rotas(
        tmp_path,
        LEGAL,
        event("1", *days, "RRULE:FREQ=DAILY;COUNT=9", "EXDATE:20261126T000000Z",
              "ATTENDEE:mailto:ada@example.test"),
        event("1", ":20261124T000000Z", ":20261125T000000Z", "RECURRENCE-ID:20261124T000000Z",
              "ATTENDEE:mailto:ben@example.test"),
        event("1", ":20261127T000000Z", ":20261128T000000Z", "RECURRENCE-ID:20261127T000000Z",
              "STATUS:CANCELLED", "ATTENDEE:mailto:ada@example.test"),
    )  # fmt: skip

    found = [await on_call(made, NOON + timedelta(days=day)) for day in range(-1, 4)]

    assert found == [("ada",), ("ben",), ("ada",), (), ()]


async def test_who_declined_is_not_on_call(tmp_path: Path) -> None:
    """And two who share a shift both are, once each."""
    made = rotas(
        tmp_path,
        LEGAL,
        event("1", ":20261124T000000Z", ":20261125T000000Z",
              "ATTENDEE;PARTSTAT=DECLINED:mailto:ada@example.test",
              "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ben@example.test",
              "ATTENDEE:mailto:cleo@example.test"),
        event("2", ":20261124T060000Z", ":20261124T180000Z", "ATTENDEE:mailto:ben@example.test"),
    )  # fmt: skip

    assert await on_call(made, NOON) == ("ben", "cleo")


@pytest.mark.parametrize("title", ["ben", "ben@example.test", "Ben Example <ben@example.test>"])
async def test_a_title_names_one_person(tmp_path: Path, title: str) -> None:
    """Where an event has no attendees: an id or an e-mail, never a name that two may have."""
    day = (";VALUE=DATE:20261124", ";VALUE=DATE:20261125")
    made = rotas(tmp_path, LEGAL, event("1", *day, f"SUMMARY:{title}"))

    assert await on_call(made, NOON) == ("ben",)


async def test_a_stranger_is_counted_and_not_guessed(tmp_path: Path) -> None:
    """Somebody is on call whom the directory does not know."""
    made = rotas(
        tmp_path, LEGAL, event("1", ":20261124T000000Z", ":20261125T000000Z", "SUMMARY:Ada Example")
    )

    answer = await made.who_is_on_call("legal", NOON)

    assert (answer.people, answer.strangers) == ((), 1)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:yesterday\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        b"\xff\xfe\x00",
        b"<html>not found</html>",
        b"BEGIN:VEVENT\r\n",
    ],
)
async def test_a_broken_calendar_is_an_error_and_not_an_empty_rota(
    tmp_path: Path, content: bytes
) -> None:
    """An empty rota would page the next in line; a broken one pages everybody."""
    made = rotas(tmp_path, LEGAL)
    (tmp_path / "rota.ics").write_bytes(content)

    with pytest.raises(RotaUnreadableError) as broken:
        await on_call(made, NOON)

    assert broken.value.mend


async def test_a_calendar_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """As one that is broken."""
    made = rotas(tmp_path, LEGAL)
    (tmp_path / "rota.ics").unlink()

    with pytest.raises(RotaUnreadableError):
        await on_call(made, NOON)


# A schedule of PagerDuty.


@pytest.fixture
def vendor(clock: FixedClock) -> FakePagerDuty:
    """An account with a schedule."""
    made = FakePagerDuty(clock)
    made.on_call("PSCHED1", "PADA001", since=NOON - timedelta(hours=12), until=NOON)
    made.on_call(
        "PSCHED1",
        "PSTRANGE",
        since=NOON,
        until=NOON + timedelta(hours=12),
        email="ben@example.test",
    )
    return made


def schedules(vendor: FakePagerDuty, token: str = TOKEN) -> Callable[[str], Source]:
    """How its schedules are read."""

    def read(schedule: str) -> Source:
        return PagerDutyRota(
            httpx.AsyncClient(transport=vendor.network),
            schedule,
            token=SecretStr(token),
            clock=vendor.clock,
            url=vendor.api_url,
        )

    return read


SCHEDULE = "teams:\n  legal: {pagerduty: PSCHED1}\n"


async def test_a_schedule_is_asked_about_the_instant(tmp_path: Path, vendor: FakePagerDuty) -> None:
    """By PagerDuty's id where we know it, else by e-mail; nothing but GET leaves."""
    made = rotas(tmp_path, SCHEDULE, schedule=schedules(vendor))

    before = await made.who_is_on_call("legal", NOON - timedelta(hours=1))
    after = await made.who_is_on_call("legal", NOON)
    later = await made.who_is_on_call("legal", NOON + timedelta(days=3))

    assert [answer.people for answer in (before, after, later)] == [("ada",), ("ben",), ()]
    assert before.source == "pagerduty PSCHED1"
    assert before.digest != after.digest
    assert {method for method, _ in vendor.network.requests} == {"GET"}


async def test_a_schedule_that_is_refused_is_an_error(
    tmp_path: Path, vendor: FakePagerDuty
) -> None:
    """A wrong key, or a schedule that is gone."""
    stranger = rotas(tmp_path, SCHEDULE, schedule=schedules(vendor, "wrong"))
    with pytest.raises(RefusedError) as refused:
        await on_call(stranger, NOON)
    assert "wrong" not in str(refused.value)

    gone = rotas(tmp_path, "teams:\n  legal: {pagerduty: PGONE00}\n", schedule=schedules(vendor))
    with pytest.raises(RefusedError):
        await on_call(gone, NOON)


async def test_a_schedule_without_a_key_is_an_error(tmp_path: Path) -> None:
    """It is no empty rota."""
    with pytest.raises(RotaUnreadableError):
        await on_call(rotas(tmp_path, SCHEDULE), NOON)
