"""What doctor says of an installation, and that it says what mends it."""

import asyncio
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError
from pytest_httpserver import HTTPServer
from temporalio.worker import Worker
from typer.testing import CliRunner

from cli import config as config_command
from cli import doctor as doctor_command
from cli import engine as engine_command
from cli.demo.installation import connectors_named
from integrations.file_directory import DEMO_FILE
from integrations.zendesk_webhook import PUBLIC_SECRET
from store import DEMO_KEK, KeyEncryptionKey, Pace, Store, Urgency, upgrade
from tests.fakes.clock import START
from tests.servers.mail import GreenMail
from tests.servers.openid import OpenIdProvider
from tests.workflows.playing import client_of
from tests.workflows.world import World
from workers._doctor_log_in import mapped_roles, provider
from workers.doctor import Check, Level, examine, worst
from workers.engine import Engine
from workers.house import house
from workers.key_files import KeyFiles
from workers.processes import release_library
from workers.settings import URGENT, Settings

REMOVAL = "runbook terrorist-content-removal-order"
PERSON = """\
  - id: ID
    name: ID Sample
    email: ID@demo.example
    roles: [ROLES]
    totp: WKRNR6LSCPPCWQPRM54W5TALAOFGB77H
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty folder for an installation."""
    return tmp_path / "home"


def settings(home: Path, **more: str) -> Settings:
    """The settings of an installation in that folder."""
    return Settings.load(
        {
            "ESCALATE_HOME": str(home),
            "ESCALATE_CACHE": str(home / "cache"),
            "ESCALATE_PUBLIC_URL": "https://escalate.example",
            "PATH": os.environ["PATH"],
            **more,
        }
    )


async def checked(given: Settings, *, live: bool = False) -> dict[str, Check]:
    """The checks by name; the gravest of those that share one."""
    found: dict[str, Check] = {}
    order = [Level.OK, Level.WARN, Level.FAIL]
    for check in await examine(given, live_too=live, at=START):
        known = found.get(check.name)
        if known is None or order.index(check.level) >= order.index(known.level):
            found[check.name] = check
    return found


def roles_file(home: Path, *roles: str) -> str:
    """A directory of two people who both hold these roles."""
    home.mkdir(exist_ok=True, parents=True)
    path = home / "people.yaml"
    held = PERSON.replace("ROLES", ", ".join(roles))
    people = "".join(held.replace("ID", person) for person in ("ada", "ben"))
    path.write_text(f"people:\n{people}", encoding="utf-8")
    return str(path)


async def test_every_trouble_names_what_mends_it(home: Path) -> None:
    """A check that is not fine says what to do."""
    checks = await examine(settings(home), live_too=False, at=START)

    assert worst(checks) is Level.FAIL
    assert [check.name for check in checks if check.level is not Level.OK and not check.mend] == []


async def test_empty_installation_lacks_store_and_people(home: Path) -> None:
    """Before anything is set up, doctor says so and makes nothing."""
    checks = await checked(settings(home))

    assert checks["store"].level is Level.FAIL
    assert checks["directory"].level is Level.FAIL
    assert checks["key-encryption-key"].level is Level.WARN
    assert not home.exists()


async def test_demo_house_is_fit(home: Path) -> None:
    """The demo fails nothing: everybody is there and the library is live."""
    configured = {
        f"ESCALATE_ACTIONS__CONNECTORS__{name.upper().replace('-', '_')}__{key}": value
        for name in connectors_named()
        for key, value in (
            ("URL", "https://moderation.example/act"),
            ("SECRET", "whsec_" + "A" * 32),
        )
    }
    demo = settings(home, ESCALATE_DEMO="true", **configured)
    async with house(demo, migrate=True) as opened:
        await release_library(opened.store, proposed_by="petra", approved_by="imani", at=START)

    checks = await checked(demo)

    assert {name: check.text for name, check in checks.items() if check.level is Level.FAIL} == {}
    assert checks["pager"].text == "pages go out by mail only"
    assert checks[REMOVAL].level is Level.OK


async def test_demo_key_outside_the_demo_fails(home: Path) -> None:
    """The key that everyone has protects nothing."""
    keys = home / "keys"
    keys.mkdir(parents=True)
    (keys / "kek").write_bytes(DEMO_KEK.written())

    checks = await checked(settings(home))

    assert checks["key-encryption-key"].level is Level.FAIL
    assert "demo's key" in checks["key-encryption-key"].text


async def test_key_that_others_can_read_fails(home: Path) -> None:
    """Permissions are part of a key."""
    keys = home / "keys"
    keys.mkdir(parents=True)
    (keys / "kek").write_bytes(KeyEncryptionKey.generate().written())
    (keys / "kek").chmod(0o644)

    checks = await checked(settings(home))

    assert checks["key-encryption-key"].mend == f"chmod 600 {keys / 'kek'}"


async def test_store_of_another_key_fails(home: Path) -> None:
    """Case keys that the key here does not open are lost work, told before a case is opened."""
    given = settings(home)
    await upgrade(given.store)
    async with await Store.open(given.store, kek=KeyEncryptionKey.generate()) as store:
        await store.vault.create("case/one")
    keys = home / "keys"
    keys.mkdir(parents=True)
    (keys / "kek").write_bytes(KeyEncryptionKey.generate().written())

    checks = await checked(given)

    assert checks["case-keys"].level is Level.FAIL


async def test_demo_people_outside_the_demo_fail(home: Path) -> None:
    """Passwords that everyone knows are no passwords."""
    home.mkdir()
    shutil.copyfile(DEMO_FILE, home / "people.yaml")

    checks = await checked(settings(home, ESCALATE_DIRECTORY_FILE=str(home / "people.yaml")))

    assert checks["directory-demo"].level is Level.FAIL


async def test_a_locale_that_nobody_speaks_is_told(home: Path) -> None:
    """Whoever names it is told in English, and should know."""
    people = Path(roles_file(home, "incident-manager", "duty-manager"))
    spoken = people.read_text(encoding="utf-8")
    people.write_text(
        spoken.replace("    roles:", "    locale: LOCALE\n    roles:"), encoding="utf-8"
    )

    found = {}
    for locale in ("es", "de-AT"):
        text = people.read_text(encoding="utf-8").replace("LOCALE", locale)
        path = home / f"{locale}.yaml"
        path.write_text(text, encoding="utf-8")
        found[locale] = await checked(settings(home, ESCALATE_DIRECTORY_FILE=str(path)))

    assert found["es"]["locales"].level is Level.WARN
    assert "locales" not in found["de-AT"]


async def test_role_that_nobody_holds_fails_with_its_runbook(home: Path) -> None:
    """A released runbook needs people for every role, and enough for its gates."""
    people = roles_file(home, "incident-manager", "duty-manager", "triage", "legal")
    given = settings(home, ESCALATE_DIRECTORY_FILE=people)
    async with house(given, migrate=True) as opened:
        await release_library(opened.store, proposed_by="ada", approved_by="ben", at=START)

    checks = await checked(given)

    assert checks["runbook user-safety-escalation"].level is Level.FAIL
    assert checks["runbook user-safety-escalation"].mend.startswith("Give somebody the role")


async def test_connector_that_a_runbook_needs_must_be_configured(home: Path) -> None:
    """An effect by webhook without its connector would fail when it is needed."""
    demo = settings(home, ESCALATE_DEMO="true")
    async with house(demo, migrate=True) as opened:
        await release_library(opened.store, proposed_by="petra", approved_by="imani", at=START)

    checks = await checked(demo)

    assert "connector content-platform" in checks[REMOVAL].text
    assert "ESCALATE_ACTIONS__CONNECTORS__CONTENT_PLATFORM__URL" in checks[REMOVAL].mend


async def test_public_secret_of_a_vendor_fails(home: Path) -> None:
    """The secret in a vendor's documentation proves nothing."""
    checks = await checked(settings(home, ESCALATE_WEBHOOKS__ZENDESK_SECRETS=PUBLIC_SECRET))

    assert checks["webhooks-zendesk"].level is Level.FAIL


async def test_local_link_in_mails_fails(home: Path) -> None:
    """A link to 127.0.0.1 leads every reader to their own machine."""
    checks = await checked(settings(home, ESCALATE_PUBLIC_URL="http://127.0.0.1:8080"))

    assert checks["public-url"].level is Level.FAIL


async def test_open_alarm_and_silent_processes_are_told(home: Path) -> None:
    """What the watch tells stands here too."""
    demo = settings(home, ESCALATE_DEMO="true")
    async with house(demo, migrate=True) as opened:
        await opened.store.health.alarm(
            kind="dead-act", key="act-1", text="an act waits", mend="redeliver it", at=START
        )
        await opened.store.health.heartbeat(kind="worker", id="w", at=START)

    checks = await checked(demo)

    assert checks["alarm dead-act act-1"].mend == "redeliver it"
    assert checks["worker"].level is Level.OK
    assert checks["gateway"].level is checks["watch"].level is Level.WARN


async def test_engine_by_address_is_asked(home: Path, engine: Engine) -> None:
    """A Temporal that somebody else runs is met, and what it lacks is told."""
    checks = await checked(
        settings(
            home,
            ESCALATE_ENGINE__ADDRESS=engine.address,
            ESCALATE_ENGINE__NAMESPACE=engine.namespace,
            ESCALATE_TASK_QUEUE="nobody-polls-this",
        )
    )

    assert checks["engine"].level is Level.OK
    assert checks["engine-pollers"].level is Level.WARN
    assert "engine-attributes" not in checks
    assert "engine-version" not in checks


async def test_engine_that_is_away_fails(home: Path) -> None:
    """An address where nobody answers is told within seconds."""
    checks = await checked(settings(home, ESCALATE_ENGINE__ADDRESS="127.0.0.1:9"))

    assert checks["engine"].level is Level.FAIL


async def test_live_asks_vendors(home: Path, httpserver: HTTPServer) -> None:
    """With --live the tracker is asked; a refused token fails, a connector's unknown host too."""
    httpserver.expect_request("/REST/2.0/rt").respond_with_data("", status=401)
    given = settings(
        home,
        ESCALATE_RT__URL=httpserver.url_for("").rstrip("/"),
        ESCALATE_RT__TOKEN="1-22-abc",
        ESCALATE_ACTIONS__CONNECTORS__MODERATION__URL="https://nowhere.invalid/act",
        ESCALATE_ACTIONS__CONNECTORS__MODERATION__SECRET="whsec_" + "A" * 32,
    )

    checks = await checked(given, live=True)

    assert checks["live request-tracker"].text == "answered 401"
    assert checks["live connector moderation"].level is Level.FAIL
    assert httpserver.log[0][0].headers["Authorization"] == "token 1-22-abc"


@pytest.mark.mail
async def test_live_greets_the_mail_server(home: Path, greenmail: GreenMail) -> None:
    """The mail server is greeted; no mail is sent."""
    given = settings(
        home,
        ESCALATE_SMTP__HOST=greenmail.host,
        ESCALATE_SMTP__PORT=str(greenmail.smtp_port),
        ESCALATE_SMTP__TLS="none",
    )

    checks = await checked(given, live=True)

    assert checks["live mail"].level is Level.OK


@pytest.fixture
def environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The process's own environment points to the installation."""
    monkeypatch.setenv("ESCALATE_HOME", str(home))
    monkeypatch.setenv("ESCALATE_CACHE", str(home / "cache"))
    return home


def test_command_fails_with_one_and_speaks_json(environment: Path) -> None:
    """Exit code 1 when a check fails; --json prints one object."""
    done = CliRunner().invoke(doctor_command.app, ["--json"])

    assert done.exit_code == 1
    assert '"ok": false' in done.stdout


def test_misspelt_setting_is_told_without_a_trace(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is no setting is a failed check, not a stack of frames."""
    monkeypatch.setenv("ESCALATE_SMPT__HOST", "mail.example")

    done = CliRunner().invoke(doctor_command.app, [])

    assert done.exit_code == 1
    assert "ESCALATE_SMPT__HOST is not a setting" in done.stdout


def test_alarms_are_listed_and_closed(environment: Path) -> None:
    """A person closes an alarm that nothing else ends."""

    async def raised() -> None:
        given = Settings.load()
        await upgrade(given.store)
        async with await Store.open(given.store, kek=DEMO_KEK) as store:
            await store.health.alarm(kind="fork", key="k", text="t", mend="m", at=START)

    asyncio.run(raised())

    listed = CliRunner().invoke(doctor_command.app, ["alarms"])
    closed = CliRunner().invoke(doctor_command.app, ["clear", "fork", "k"])
    again = CliRunner().invoke(doctor_command.app, ["clear", "fork", "k"])

    assert "fork k (not told yet)" in listed.stdout
    assert (closed.exit_code, again.exit_code) == (0, 1)


def test_reference_lists_every_setting() -> None:
    """The list comes from the settings themselves."""
    done = CliRunner().invoke(config_command.app, ["reference", "--match", "smtp"])

    assert "ESCALATE_SMTP__HOST" in done.stdout
    assert "ESCALATE_SMTP__PASSWORD (secret" in done.stdout


def test_engine_command_says_which_and_why(environment: Path) -> None:
    """Nothing is started to answer."""
    done = CliRunner().invoke(engine_command.app, ["--json"])

    assert done.exit_code == 0
    assert '"why": "no address is set;' in done.stdout
    assert not (environment / "engine.db").exists()


OIDC = {
    "ESCALATE_OIDC__ISSUER": "https://id.example",
    "ESCALATE_OIDC__CLIENT_ID": "escalate",
    "ESCALATE_OIDC__ROLES__LEGAL__GROUPS": "CN=Legal, OU=Teams; grp-legal",
    "ESCALATE_OIDC__ROLES__INCIDENT_MANAGER__GROUPS": "grp-duty",
}


async def test_a_log_in_provider_is_looked_at(home: Path) -> None:
    """What to register there, what groups give, and what was forgotten."""
    given = settings(home, **OIDC)
    assert given.oidc.roles["legal"].groups == ("CN=Legal, OU=Teams", "grp-legal")
    found = await checked(given)
    assert "https://escalate.example/login/callback" in found["log-in"].text

    half = await checked(settings(home, ESCALATE_OIDC__CLIENT_ID="escalate"))
    assert half["log-in"].level is Level.FAIL
    nameless = await checked(settings(home, **{**OIDC, "ESCALATE_OIDC__CLIENT_ID": ""}))
    assert nameless["log-in"].level is Level.FAIL
    assert "CLIENT_ID" in nameless["log-in"].mend


def test_groups_of_roles_nobody_asks_for_are_named(home: Path) -> None:
    """A misspelt role would give nobody anything, in silence."""
    given = settings(home, **OIDC)
    known = frozenset({"legal", "incident-manager"})
    (right,) = mapped_roles(given, known)
    assert right.level is Level.OK
    (wrong,) = mapped_roles(given, frozenset({"incident-manager"}))
    assert wrong.level is Level.WARN
    assert "legal" in wrong.text


@pytest.mark.parametrize(
    "name, value",
    [
        ("ISSUER", "http://id.example"),
        ("ISSUER", "id.example"),
        ("ISSUER", "https://id.example?x=1"),
        ("SCOPES", "profile email"),
        ("CLOCK_SKEW", "1h"),
    ],
)
def test_settings_of_a_provider_that_are_unsafe_are_refused(
    home: Path, name: str, value: str
) -> None:
    """A token over plain http, a client that asks for no token, clocks that prove nothing."""
    with pytest.raises(ValidationError):
        settings(home, **{f"ESCALATE_OIDC__{name}": value})


@pytest.mark.oidc
async def test_a_live_provider_is_asked(home: Path, openid_provider: OpenIdProvider) -> None:
    """It answers, is who the settings say, and has our time; another issuer is found out."""
    client_id, _ = openid_provider.register("https://escalate.example")
    there = {
        **OIDC,
        "ESCALATE_OIDC__ISSUER": openid_provider.issuer,
        "ESCALATE_OIDC__CLIENT_ID": client_id,
    }
    now = datetime.now(UTC)
    found = [check async for check in provider(settings(home, **there), at=now)]
    assert [check.level for check in found] == [Level.OK]
    late = now + timedelta(minutes=3)
    found = [check async for check in provider(settings(home, **there), at=late)]
    assert [check.name for check in found if check.level is Level.FAIL] == ["live log-in-clock"]
    elsewhere = {**there, "ESCALATE_OIDC__ISSUER": f"{openid_provider.issuer}/realm"}
    found = [check async for check in provider(settings(home, **elsewhere), at=now)]
    assert found[0].level is Level.FAIL


async def test_where_the_wrapping_key_comes_from_is_told(
    home: Path, httpserver: HTTPServer
) -> None:
    """The environment's key, one that is none, and a Vault that is sealed or lets us in."""
    key = KeyEncryptionKey.generate().written().decode().strip()
    env = {"ESCALATE_WRAPPING__SOURCE": "env", "ESCALATE_WRAPPING__KEY": key}
    given = await checked(settings(home, **env))
    assert given["key-encryption-key"].level is Level.OK
    earlier = KeyEncryptionKey.generate().written().decode().strip()
    both = await checked(settings(home, **env, ESCALATE_WRAPPING__EARLIER_KEYS=earlier))
    assert "rotate-kek" in both["key-encryption-key"].mend
    broken = await checked(settings(home, **{**env, "ESCALATE_WRAPPING__KEY": "none"}))
    assert broken["key-encryption-key"].level is Level.FAIL

    about = {"data": {"type": "aes256-gcm96", "latest_version": 3, "exportable": False}}
    httpserver.expect_ordered_request("/v1/transit/keys/escalate").respond_with_json(
        {"errors": ["Vault is sealed"]}, status=503
    )
    httpserver.expect_ordered_request("/v1/transit/keys/escalate").respond_with_json(about)
    vault = settings(
        home,
        ESCALATE_WRAPPING__SOURCE="vault",
        ESCALATE_WRAPPING__VAULT_ADDRESS=httpserver.url_for("").rstrip("/"),
        ESCALATE_WRAPPING__VAULT_TOKEN="hvs.test",
    )
    await upgrade(vault.store)
    assert (await checked(vault))["key-encryption-key"].level is Level.OK
    assert httpserver.log == []

    sealed = (await checked(vault, live=True))["live key-encryption-key"]
    fine = (await checked(vault, live=True))["live key-encryption-key"]

    assert (sealed.level, fine.level) == (Level.FAIL, Level.OK)
    assert "unseal" in sealed.mend
    assert "version 3" in fine.text
    assert httpserver.log[0][0].headers["X-Vault-Token"] == "hvs.test"


async def test_live_opens_a_key_of_every_epoch(home: Path) -> None:
    """What an epoch wraps is opened for a trial; one whose key is gone is named."""
    given = settings(home)
    await upgrade(given.store)
    async with await Store.open(given.store, kek=KeyFiles(given.kek, make=True)) as store:
        await store.vault.create("case/one")
        (epoch,) = await store.epochs.wrapping()

    checks = await checked(given, live=True)
    given.kek.write_bytes(KeyEncryptionKey.generate().written())
    lost = await checked(given, live=True)

    assert checks[f"live epoch {epoch}"].level is Level.OK
    assert lost[f"live epoch {epoch}"].level is Level.FAIL
    assert lost["case-keys"].level is Level.FAIL


async def test_a_channel_that_is_out_and_limits_that_are_hit_are_told(home: Path) -> None:
    """Since when, why, how many went another way; and which limit is in the way."""
    given = settings(home, ESCALATE_DEMO="true")
    home.mkdir(parents=True)
    await upgrade(given.store)
    async with await Store.open(given.store, kek=DEMO_KEK) as store:
        fine = await checked(given)
        await store.channels.failed(
            "slack", reason="UnavailableError", mend="look", at=START, most=1, pause=timedelta(1)
        )
        await store.channels.enter("slack", at=START, pause=timedelta(1))
        pace = Pace(name="to/ada", count=1, per=timedelta(hours=1), burst=1)
        for _ in range(101):
            await store.paces.take([pace], urgency=Urgency.LOW, at=START)
        told = await checked(given)

    assert {fine[name].level for name in ("channels", "limits")} == {Level.OK}
    out = told["channel slack"]
    assert out.level is Level.WARN
    assert "(UnavailableError); 1 messages went another way" in out.text
    assert told["limits"].text == "messages wait again and again for: messages to one person"


async def test_a_worker_of_an_earlier_release_leaves_urgent_work_to_nobody(
    home: Path, engine: Engine, task_queue: str
) -> None:
    """It polls the one queue there was; doctor says what waits, until one of this release does."""
    client = await client_of(engine, World())
    given = settings(
        home,
        ESCALATE_ENGINE__ADDRESS=engine.address,
        ESCALATE_ENGINE__NAMESPACE=engine.namespace,
        ESCALATE_TASK_QUEUE=task_queue,
    )
    async with Worker(client, task_queue=task_queue):
        before = await _once_polled(given, "engine-urgent")
        async with Worker(client, task_queue=given.urgent_queue):
            assert before.level is Level.FAIL
            assert task_queue + URGENT in before.text
            async with asyncio.timeout(20):
                while "engine-urgent" in await checked(given):  # noqa: ASYNC110 - the server's
                    await asyncio.sleep(0.1)


async def _once_polled(given: Settings, name: str) -> Check:
    """The check, as soon as the server has heard of a worker."""
    async with asyncio.timeout(20):
        while name not in (found := await checked(given)):  # noqa: ASYNC110 - the server's
            await asyncio.sleep(0.1)
    return found[name]
