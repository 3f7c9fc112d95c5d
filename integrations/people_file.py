"""The people's file: YAML in, people and their secrets out; what is wrong is named with its line.

people:
  - id: ada
    name: Ada Example
    email: ada@example.org
    roles: [legal, deputy-counsel]
    phone: "+00 000 0001"
    time-zone: Europe/Dublin
    locale: en-IE
    password: "$argon2id$…"
    totp: "BASE32 SECRET"
    pagerduty: PLH1HKV
    slack: T0123ABCD/U0456EFGH
    digest: 30m
    same-person-as: [ada-admin]
    away:
      - {from: 2026-07-01T00:00:00Z, until: 2026-07-15T00:00:00Z, delegate: ben, roles: [legal]}
"""

import binascii
from datetime import UTC, timedelta
from functools import cache
from io import StringIO
from typing import Annotated, Any, NamedTuple, Self
from zoneinfo import available_timezones

import pyotp
from argon2 import extract_parameters
from argon2.exceptions import InvalidHashError
from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    model_validator,
)
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.timestamp import TimeStamp

from cases.hours import Hours
from cases.values import Inbound, Instant, Name
from integrations.errors import DirectoryUnreadableError
from integrations.locales import LocaleTag
from integrations.people_hours import read_hours
from integrations.ports.directory import (
    Absence,
    PagerDutyId,
    Person,
    PersonId,
    SecondFactor,
    SlackId,
)
from runbooks.grammar.base import parse_duration

_SHORTEST_TOTP = 10
_LONGEST_DIGEST = timedelta(days=1)
_EMAIL = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+$"


class Account(NamedTuple):
    """A person with what only the directory may know."""

    person: Person
    password: SecretStr | None
    totp: SecretStr | None
    away: tuple[Absence, ...] = ()


@cache
def _zones() -> frozenset[str]:
    """Every zone there is: hundreds of files are looked at to know, so they are once."""
    return frozenset(available_timezones())


def _zone(value: str) -> str:
    if value not in _zones():
        raise ValueError("is not a time zone such as Europe/Dublin")
    return value


def _argon2(value: SecretStr) -> SecretStr:
    try:
        extract_parameters(value.get_secret_value())
    except InvalidHashError:
        raise ValueError("is not an argon2 hash") from None
    return value


def _digest(value: Any) -> timedelta | None:
    """`30m`, `4h`, or `never`."""
    if value is None or isinstance(value, timedelta):
        return value
    if value == "never":
        return timedelta()
    try:
        window = parse_duration(str(value))
    except ValueError:
        raise ValueError("is neither a time such as 30m nor `never`") from None
    if window > _LONGEST_DIGEST:
        raise ValueError("is longer than a day")
    return window


def _base32(value: SecretStr) -> SecretStr:
    try:
        secret = pyotp.TOTP(value.get_secret_value()).byte_secret()
    except (binascii.Error, ValueError):
        raise ValueError("is not base32") from None
    if len(secret) < _SHORTEST_TOTP:
        raise ValueError(f"is shorter than {_SHORTEST_TOTP} bytes")
    return value


class _Away(Inbound):
    since: Instant = Field(alias="from")
    until: Instant
    delegate: PersonId | None = None
    roles: Annotated[list[Name], Field(max_length=100)] = []
    runbooks: Annotated[list[Name], Field(max_length=100)] = []

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.until <= self.since:
            raise ValueError("ends before it begins")
        return self


PlatformAccount = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""An account on the platform, written as reports write it."""


class _Entry(Inbound):
    # Inputs stay out of the messages: they hold secrets.
    model_config = ConfigDict(hide_input_in_errors=True)

    id: PersonId
    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    email: Annotated[str, StringConstraints(max_length=254, pattern=_EMAIL)]
    roles: Annotated[list[Name], Field(max_length=100)]
    phone: Annotated[str, StringConstraints(max_length=50)] | None = None
    time_zone: Annotated[str, AfterValidator(_zone)] = Field(default="UTC", alias="time-zone")
    locale: LocaleTag | None = None
    password: Annotated[SecretStr, AfterValidator(_argon2)] | None = None
    totp: Annotated[SecretStr, AfterValidator(_base32)] | None = None
    slack: SlackId | None = None
    pagerduty: PagerDutyId | None = None
    working: Any = None
    quiet: Any = None
    holidays: Annotated[list[Any], Field(max_length=400)] | None = None
    half_days: Any = Field(default=None, alias="half-days")
    channels: Annotated[list[Name], Field(max_length=10)] = Field(default_factory=list)
    digest: Annotated[timedelta | None, BeforeValidator(_digest)] = None
    same_person_as: Annotated[list[PersonId], Field(max_length=20, alias="same-person-as")] = []
    clearances: Annotated[list[Name], Field(max_length=50)] = []
    platform_accounts: Annotated[
        list[PlatformAccount], Field(max_length=20, alias="platform-accounts")
    ] = []
    close_accounts: Annotated[
        list[PlatformAccount], Field(max_length=50, alias="close-accounts")
    ] = []
    away: Annotated[list[_Away], Field(max_length=100)] = []

    @model_validator(mode="after")
    def _hours_can_be_read(self) -> Self:
        self.hours()
        return self

    def hours(self) -> Hours:
        """The hours the person keeps."""
        return read_hours(
            working=self.working,
            quiet=self.quiet,
            holidays=self.holidays,
            half_days=self.half_days,
        )


def read_people(content: bytes, *, file: str) -> tuple[Account, ...]:
    """The accounts, by id; `DirectoryUnreadableError` with line and column for anything wrong."""
    entries = _entries(content, file=file)
    accounts: dict[str, Account] = {}
    in_slack: set[str] = set()
    at_pagerduty: set[str] = set()
    for index in range(len(entries)):
        line, column = _place(entries, index)
        try:
            entry = _Entry.model_validate(plain(entries[index]))
        except ValidationError as error:
            # A misspelt name is two problems, one unknown and one missing: the first has a line.
            problem = min(error.errors(), key=lambda found: found["type"] == "missing")
            line, column = _place(entries, index, problem["loc"])
            where = ".".join(str(part) for part in problem["loc"])
            raise DirectoryUnreadableError(
                f"{where}: {problem['msg']}", file=file, line=line, column=column
            ) from None
        if entry.id in accounts:
            raise DirectoryUnreadableError(
                f"the id {entry.id} is used twice", file=file, line=line, column=column
            )
        if entry.slack is not None and entry.slack in in_slack:
            raise DirectoryUnreadableError(
                "two people have the same slack id", file=file, line=line, column=column
            )
        in_slack |= {entry.slack} if entry.slack is not None else set()
        if entry.pagerduty is not None and entry.pagerduty in at_pagerduty:
            raise DirectoryUnreadableError(
                "two people have the same pagerduty id", file=file, line=line, column=column
            )
        at_pagerduty |= {entry.pagerduty} if entry.pagerduty is not None else set()
        accounts[entry.id] = _account(entry)
    return tuple(accounts[id_] for id_ in sorted(accounts))


def _account(entry: _Entry) -> Account:
    person = Person(
        id=entry.id,
        name=entry.name,
        email=entry.email,
        roles=frozenset(entry.roles),
        phone=entry.phone,
        time_zone=entry.time_zone,
        locale=entry.locale,
        second_factor=SecondFactor.TOTP if entry.totp else SecondFactor.NONE,
        slack=entry.slack,
        pagerduty=entry.pagerduty,
        same_as=frozenset(entry.same_person_as),
        clearances=frozenset(entry.clearances),
        platform_accounts=frozenset(entry.platform_accounts),
        close_accounts=frozenset(entry.close_accounts),
        hours=entry.hours(),
        channels=tuple(entry.channels),
        digest=entry.digest,
    )
    away = tuple(
        Absence(
            id=f"directory:{entry.id}:{number}",
            person=entry.id,
            since=each.since,
            until=each.until,
            delegate=each.delegate,
            roles=frozenset(each.roles),
            runbooks=frozenset(each.runbooks),
        )
        for number, each in enumerate(entry.away, start=1)
    )
    return Account(person=person, password=entry.password, totp=entry.totp, away=away)


def _entries(content: bytes, *, file: str) -> CommentedSeq:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DirectoryUnreadableError("is not UTF-8", file=file, line=line, column=1) from error
    try:
        refuse_anchors(text, file=file)
        document = YAML(typ="rt").load(StringIO(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise DirectoryUnreadableError(
            (error.problem or "is not YAML").split("\n")[0], file=file, line=line, column=column
        ) from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise DirectoryUnreadableError("is not YAML", file=file, line=1, column=1) from error
    if not isinstance(document, CommentedMap) or list(document) != ["people"]:
        raise DirectoryUnreadableError(
            "the file holds one list, `people:`", file=file, line=1, column=1
        )
    people = document["people"]
    if not isinstance(people, CommentedSeq):
        raise DirectoryUnreadableError("`people:` is not a list", file=file, line=1, column=1)
    return people


def refuse_anchors(text: str, *, file: str) -> None:
    """Anchors have no use in a list of people, and can blow a small file up."""
    for event in YAML(typ="safe", pure=True).parse(StringIO(text)):
        if getattr(event, "anchor", None) is not None:
            mark = event.start_mark
            raise DirectoryUnreadableError(
                "anchors and aliases are not read here",
                file=file,
                line=mark.line + 1,
                column=mark.column + 1,
            )


def plain(value: Any) -> Any:
    """What YAML read, as plain values without its marks."""
    if isinstance(value, CommentedMap):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, CommentedSeq):
        return [plain(item) for item in value]
    if isinstance(value, TimeStamp) and value.tzinfo is None and value._yaml.get("tz"):  # noqa: SLF001 - where ruamel keeps the zone it has converted from
        return value.replace(tzinfo=UTC).isoformat()
    return str(value) if isinstance(value, str) else value


def _place(entries: CommentedSeq, index: int, path: tuple[int | str, ...] = ()) -> tuple[int, int]:
    line, column = entries.lc.item(index)
    entry = entries[index]
    if path and isinstance(entry, CommentedMap) and path[0] in entry:
        line, column = entry.lc.value(path[0])
    return line + 1, column + 1
