"""The directory in a file, and the demo's people."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from argon2 import PasswordHasher

from cases.rules import ANY_REVIEWER
from integrations.errors import DirectoryUnreadableError, UnknownPersonError
from integrations.file_directory import DEMO_FILE, FileDirectory
from integrations.people_file import read_people
from integrations.ports.directory import SecondFactor
from runbooks import Pathway, compile_runbook, library, load_runbook
from runbooks.plan import ClockPlan, EffectPlan, FollowUp, StagePlan
from tests.fakes.clock import START, FixedClock

HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("open sesame")
TOTP = "JBSWY3DPEHPK3PXPJBSWY3DP"
ADA = f"""people:
  - id: ada
    name: Ada Sample
    email: ada@example.test
    roles: [legal, deputy-counsel]
    time-zone: Europe/Dublin
    password: "{HASH}"
    totp: {TOTP}
"""
BEN = """  - id: ben
    name: Ben Sample
    email: ben@example.test
    roles: [policy]
"""
ROLES_BEYOND_THE_LIBRARY = {
    "analyst",
    "auditor",
    "deputy-counsel",
    "duty-counsel",
    "duty-manager",
    "engineer",
    "executive",
    "incident-manager",
    "policy-lead",
    "reviewer",
    "safety-expert",
    "sme-ct",
}


def roles_of(pathway: Pathway) -> Iterator[str]:
    """Every role a pathway names."""
    yield pathway.owner
    owned: tuple[EffectPlan | FollowUp, ...] = (*pathway.effects, *pathway.after_closing)
    yield from (part.owner for part in owned)
    timers: tuple[StagePlan | ClockPlan, ...] = (*pathway.stages, *pathway.clocks)
    for timed in timers:
        yield timed.owner
        for step in timed.late:
            yield from (role for role in (step.remind, step.page) if role)
    for gate in (stage.gate for stage in pathway.stages if stage.gate):
        yield from gate.roles
        if gate.split:
            yield gate.split.to
        if gate.dissent:
            # Whoever reviews is no role of its own.
            yield from {gate.dissent.who, gate.dissent.to} - {ANY_REVIEWER}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with Ada and Ben."""
    path = tmp_path / "people.yaml"
    path.write_text(ADA + BEN)
    return path


@pytest.fixture
def directory(file: Path, clock: FixedClock) -> FileDirectory:
    """The directory in that file."""
    return FileDirectory(file, clock=clock)


async def test_people_are_found_by_role_and_id(directory: FileDirectory) -> None:
    """A role has its holders; a role nobody holds has none; an unknown id is an error."""
    assert [p.id for p in await directory.people_with("legal")] == ["ada"]
    assert await directory.people_with("nobody") == ()
    assert (await directory.person("ada")).second_factor is SecondFactor.TOTP
    with pytest.raises(UnknownPersonError):
        await directory.person("eve")


async def test_snapshot_names_digest_and_instant(
    directory: FileDirectory, file: Path, clock: FixedClock
) -> None:
    """The digest changes with the file, the instant with the clock."""
    first = await directory.snapshot()
    clock.move(timedelta(seconds=30))
    second = await directory.snapshot()
    file.write_text(ADA)
    third = await directory.snapshot()

    assert (first.as_of, second.as_of) == (START, START + timedelta(seconds=30))
    assert first.digest == second.digest != third.digest
    assert [p.id for p in first.people] == ["ada", "ben"]
    assert third.find("ben") is None


async def test_changed_file_counts_at_once(directory: FileDirectory, file: Path) -> None:
    """A role that is taken away is gone with the next question."""
    assert await directory.people_with("policy")

    file.write_text(ADA + BEN.replace("policy", "triage"))

    assert await directory.people_with("policy") == ()


async def test_broken_file_gives_nobody_a_role(directory: FileDirectory, file: Path) -> None:
    """While the file is broken, yesterday's people do not count."""
    assert await directory.people_with("policy")

    file.write_text(ADA + BEN + "  - id: [")
    with pytest.raises(DirectoryUnreadableError):
        await directory.people_with("policy")
    file.unlink()
    with pytest.raises(DirectoryUnreadableError):
        await directory.people_with("policy")
    file.write_text(ADA + BEN)

    assert await directory.people_with("policy")


async def test_password_is_checked(directory: FileDirectory) -> None:
    """Only the right person with the right password passes; who has none never does."""
    assert await directory.check_password("ada", "open sesame")
    assert not await directory.check_password("ada", "open says me")
    assert not await directory.check_password("ada", "")
    assert not await directory.check_password("ben", "open sesame")
    assert not await directory.check_password("eve", "open sesame")


async def test_second_factor_is_checked(directory: FileDirectory) -> None:
    """A code of the present step, or one beside it, passes and names its step."""
    step = int(START.timestamp()) // 30
    codes = {n: pyotp.TOTP(TOTP).generate_otp(step + n) for n in (-2, -1, 0, 1, 2)}

    found = {
        n: await directory.check_second_factor("ada", code, at=START) for n, code in codes.items()
    }

    assert found == {-2: None, -1: step - 1, 0: step, 1: step + 1, 2: None}
    assert await directory.check_second_factor("ada", "", at=START) is None
    assert (
        await directory.check_second_factor("ada", "\uff11\uff12\uff13\uff14\uff15\uff16", at=START)
        is None
    )
    assert await directory.check_second_factor("ben", codes[0], at=START) is None
    assert await directory.check_second_factor("eve", codes[0], at=START) is None


async def test_nothing_secret_is_in_a_person(directory: FileDirectory) -> None:
    """A person can be shown and stored: hash and secret stay in the directory."""
    snapshot = (await directory.snapshot()).model_dump_json()

    assert "argon2" not in snapshot
    assert TOTP not in snapshot


def test_how_long_somebody_waits_for_company_is_their_own_wish() -> None:
    """A time, never, or as the installation is set up."""
    ada = ADA.replace("    totp:", "    digest: 2h\n    totp:")
    ben = BEN + "    digest: never\n"
    cleo = BEN.replace("ben", "cleo")

    found = read_people((ada + ben + cleo).encode(), file="people.yaml")

    windows = {account.person.id: account.person.digest for account in found}
    assert windows == {"ada": timedelta(hours=2), "ben": timedelta(), "cleo": None}
    for wrong in ("soon", "3d"):
        with pytest.raises(DirectoryUnreadableError, match="digest"):
            read_people(ADA.replace("totp:", f"digest: {wrong}\n    totp:").encode(), file="f")


@pytest.mark.parametrize(
    "content,line",
    [
        (b"", 1),
        (b"- a", 1),
        (b"people: none", 1),
        (b"people: []\nmore: 1\n", 1),
        (b"people:\n  - id: ada\n   name: x\n", 3),
        (b"people:\n  - just text\n", 2),
        (b"people:\n  - \xff\n", 2),
        (ADA.replace("roles:", "rolls:").encode(), 5),
        (ADA.replace("[legal, deputy-counsel]", "legal").encode(), 5),
        (ADA.replace("[legal, deputy-counsel]", "[Legal Team]").encode(), 5),
        (ADA.replace("ada@example.test", "ada").encode(), 4),
        (ADA.replace("Europe/Dublin", "Dublin").encode(), 6),
        (ADA.replace(HASH, "demo").encode(), 7),
        (ADA.replace(TOTP, "0189").encode(), 8),
        (ADA.replace(TOTP, "ABCD").encode(), 8),
        (ADA.replace("id: ada", "id: 5").encode(), 2),
        ((ADA + BEN.replace("ben", "ada")).encode(), 9),
        ((ADA + BEN + "    email: twice@example.test\n").encode(), 13),
        (b"people:\n  - &a {id: x}\n  - *a\n", 2),
    ],
)
def test_mistake_is_named_with_its_line(content: bytes, line: int) -> None:
    """Whatever is wrong with the file, the error says where."""
    with pytest.raises(DirectoryUnreadableError) as caught:
        read_people(content, file="people.yaml")

    assert caught.value.line == line
    assert f"people.yaml:{line}:" in str(caught.value)
    assert "demo" not in str(caught.value)
    assert TOTP not in str(caught.value)


async def test_demo_has_people_for_every_role(clock: FixedClock) -> None:
    """All roles of the library are held, those of its gates by two people at least."""
    pathways = [compile_runbook(load_runbook(b, file=n)) for n, b in library().items()]
    named = {role for pathway in pathways for role in roles_of(pathway)}

    snapshot = await FileDirectory(DEMO_FILE, clock=clock).snapshot()

    for role in named | ROLES_BEYOND_THE_LIBRARY:
        assert snapshot.holders(role), role
    for role in ("incident-manager", "triage", "legal", "policy", "safety-expert", "duty-counsel"):
        assert len(snapshot.holders(role)) >= 2, role
    assert all(p.second_factor is SecondFactor.TOTP for p in snapshot.people)
    assert all(p.email.endswith("@demo.example") for p in snapshot.people)


async def test_demo_people_log_in_with_demo(clock: FixedClock) -> None:
    """Everybody's password in the demo is `demo`."""
    directory = FileDirectory(DEMO_FILE, clock=clock)

    for person in (await directory.snapshot()).people:
        assert await directory.check_password(person.id, "demo")


async def test_unreadable_file_is_a_directory_error(tmp_path: Path, clock: FixedClock) -> None:
    """A file that is no file, or far too large, is named as such."""
    huge = tmp_path / "huge.yaml"
    with huge.open("wb") as out:
        os.truncate(out.fileno(), 5 * 1024 * 1024)

    for path in (tmp_path, huge):
        with pytest.raises(DirectoryUnreadableError):
            await FileDirectory(path, clock=clock).snapshot()


def test_a_locale_is_read_in_any_usual_spelling() -> None:
    """One that Unicode does not know is refused where it stands."""
    written = ADA + "    locale: de_at\n"

    assert read_people(written.encode(), file="p.yaml")[0].person.locale == "de-AT"
    with pytest.raises(DirectoryUnreadableError, match="not a locale") as caught:
        read_people(written.replace("de_at", "german").encode(), file="p.yaml")
    assert caught.value.line == 9
