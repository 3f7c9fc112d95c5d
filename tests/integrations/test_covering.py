"""Who acts in whose place, and who is told: dated, scoped, and never passed on."""

from datetime import UTC, datetime, timedelta

import pytest

from integrations.covering import covered_by, reached
from integrations.errors import DirectoryUnreadableError
from integrations.people_file import read_people
from integrations.ports.directory import Absence, DirectorySnapshot, Person

AT = datetime(2026, 7, 5, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def person(id_: str, *roles: str, same_as: tuple[str, ...] = ()) -> Person:
    """Somebody."""
    return Person(
        id=id_,
        name=id_.title(),
        email=f"{id_}@example.org",
        roles=frozenset(roles),
        same_as=frozenset(same_as),
    )


def away(id_: str, delegate: str | None = None, **how: object) -> Absence:
    """They are away for a day on either side of now."""
    said = {"since": AT - DAY, "until": AT + DAY, **how}
    return Absence.model_validate({"id": f"a-{id_}", "person": id_, "delegate": delegate, **said})


HOUSE = DirectorySnapshot(
    digest="0",
    as_of=AT,
    people=(
        person("lena", "legal", "privacy", same_as=("lena-admin",)),
        person("lena-admin", "engineer"),
        person("luca", "legal"),
        person("pia", "policy"),
        person("paul", "policy"),
    ),
)


def places(delegate: str, *absences: Absence, runbook: str = "one") -> list[tuple[str, list[str]]]:
    """For whom the delegate acts, and in which roles."""
    found = covered_by(delegate, HOUSE, absences, at=AT, runbook=runbook)
    return [(each.person.id, sorted(each.roles)) for each in found]


def test_a_delegate_has_the_roles_of_whoever_named_them() -> None:
    """All of them, or those that were named and are held."""
    assert places("pia", away("lena", "pia")) == [("lena", ["legal", "privacy"])]
    only = away("lena", "pia", roles=["legal", "executive"])
    assert places("pia", only) == [("lena", ["legal"])]
    assert places("paul", away("lena", "pia")) == []
    assert places("pia", away("lena")) == []


def test_a_delegation_is_dated_and_scoped() -> None:
    """From its first instant until, not at, its last; in the cases of the runbooks it names."""
    assert places("pia", away("lena", "pia", since=AT)) != []
    assert places("pia", away("lena", "pia", until=AT)) == []
    scoped = away("lena", "pia", runbooks=["one"])
    assert places("pia", scoped, runbook="one") != []
    assert places("pia", scoped, runbook="other") == []


def test_a_delegation_is_never_passed_on() -> None:
    """Who is away acts for nobody, and who acts for them gets their own roles only."""
    chain = (away("lena", "pia"), away("pia", "paul"))

    assert places("pia", *chain) == []
    assert places("paul", *chain) == [("pia", ["policy"])]


def test_a_second_account_is_no_delegate() -> None:
    """It would be the same human twice."""
    assert HOUSE.accounts_of("lena") == ("lena-admin",)
    assert HOUSE.accounts_of("lena-admin") == ("lena",)
    assert places("lena-admin", away("lena", "lena-admin")) == []


def test_those_who_are_there_are_told_and_delegates_of_the_others() -> None:
    """Nobody twice, nobody who is away; nobody at all where nobody is left."""

    def told(role: str, *absences: Absence) -> list[tuple[str, str | None]]:
        holders = HOUSE.holders(role)
        found = reached(holders, HOUSE, absences, role=role, at=AT, runbook="one")
        return [(each.person.id, each.instead_of.id if each.instead_of else None) for each in found]

    assert told("legal") == [("lena", None), ("luca", None)]
    assert told("legal", away("lena", "pia")) == [("luca", None), ("pia", "lena")]
    assert told("legal", away("lena", "luca")) == [("luca", None)]
    assert told("legal", away("lena", "pia", roles=["privacy"])) == [("luca", None)]
    assert told("legal", away("lena"), away("luca")) == []


FILE = b"""people:
  - id: lena
    name: Lena
    email: lena@example.org
    roles: [legal]
    same-person-as: [lena-admin]
    away:
      - from: 2026-07-01T00:00:00Z
        until: "2026-07-15T00:00:00+02:00"
        delegate: luca
        roles: [legal]
"""


def test_the_peoples_file_says_who_is_away() -> None:
    """With or without quotes; an absence has an id that acts can name."""
    (account,) = read_people(FILE, file="people.yaml")

    (absence,) = account.away
    assert absence.id == "directory:lena:1"
    assert absence.since == datetime(2026, 7, 1, tzinfo=UTC)
    assert absence.until == datetime(2026, 7, 14, 22, tzinfo=UTC)
    assert account.person.same_as == {"lena-admin"}


@pytest.mark.parametrize(
    "was,now",
    [
        (b"2026-07-01T00:00:00Z", b"2026-08-01T00:00:00Z"),
        (b"2026-07-01T00:00:00Z", b"soon"),
        (b"delegate: luca", b"substitute: luca"),
    ],
)
def test_an_absence_that_makes_no_sense_is_named_with_its_line(was: bytes, now: bytes) -> None:
    """A typing mistake must not hand anybody's voice to anybody."""
    with pytest.raises(DirectoryUnreadableError) as error:
        read_people(FILE.replace(was, now), file="people.yaml")

    assert "away" in str(error.value)
