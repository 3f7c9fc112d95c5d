"""Settings are read strictly: a misspelt name is an error, and a secret is never shown."""

from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from workers._settings_sources import ConflictingSettingError, UnknownSettingError
from workers.clock import SystemClock
from workers.errors import NotSetUpError
from workers.locales import locales
from workers.processes import door_settings
from workers.settings import Settings
from workers.settings_reference import reference
from workers.trackers import trackers


def test_defaults_are_safe() -> None:
    """Without any setting: only this machine can reach the doors, and demo keys are not allowed."""
    settings = Settings.load({})

    assert settings.gateway.host == "127.0.0.1"
    assert settings.demo is False
    assert settings.engine.retention == timedelta(days=30)
    assert settings.gateway.step_up_window == timedelta(minutes=5)


@pytest.mark.parametrize("name", ["ESCALATE_HOEM", "ESCALATE_SMTP__PASWORD", "ESCALATE_SMTP"])
def test_an_unknown_name_is_an_error(name: str) -> None:
    """A misspelt setting does not pass as a default."""
    with pytest.raises(UnknownSettingError, match=name):
        Settings.load({name: "synthetic"})


def test_names_of_other_programs_are_left_alone() -> None:
    """Only our own prefix is read."""
    assert Settings.load({"SMTP__HOST": "mail.test"}).smtp.host is None


def test_a_value_may_stand_in_a_file(tmp_path: Path) -> None:
    """A secret named by `_FILE` is read from there, without its line end."""
    (tmp_path / "secret").write_text("synthetic\n", encoding="utf-8")

    settings = Settings.load({"ESCALATE_SMTP__PASSWORD_FILE": str(tmp_path / "secret")})

    assert settings.smtp.password is not None
    assert settings.smtp.password.get_secret_value() == "synthetic"


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    """The setting is named, and why its file cannot be read."""
    with pytest.raises(UnknownSettingError, match=r"PASSWORD_FILE.*No such file"):
        Settings.load({"ESCALATE_SMTP__PASSWORD_FILE": str(tmp_path / "nothing")})


def test_a_value_given_twice_is_an_error(tmp_path: Path) -> None:
    """Which of two values holds is never guessed."""
    (tmp_path / "secret").write_text("synthetic", encoding="utf-8")

    with pytest.raises(ConflictingSettingError, match="ESCALATE_SMTP__PASSWORD"):
        Settings.load(
            {
                "ESCALATE_SMTP__PASSWORD": "other",
                "ESCALATE_SMTP__PASSWORD_FILE": str(tmp_path / "secret"),
            }
        )


def test_a_folder_of_secrets_fills_what_is_not_set(tmp_path: Path) -> None:
    """Mounted secrets are found by name; a file that is no setting is an error."""
    (tmp_path / "escalate_zendesk__token").write_text("synthetic", encoding="utf-8")

    settings = Settings.load({"ESCALATE_SECRETS_DIR": str(tmp_path)})

    assert settings.zendesk.token is not None
    (tmp_path / "escalate_zendesk__tokne").write_text("synthetic", encoding="utf-8")
    with pytest.raises(UnknownSettingError, match="tokne"):
        Settings.load({"ESCALATE_SECRETS_DIR": str(tmp_path)})


def test_temporals_own_names_are_understood_and_ours_win() -> None:
    """A shell set up for Temporal's other tools needs nothing more."""
    theirs = {"TEMPORAL_ADDRESS": "temporal.test:7233", "TEMPORAL_API_KEY": "synthetic"}

    settings = Settings.load(theirs | {"ESCALATE_ENGINE__ADDRESS": "ours.test:7233"})

    assert settings.engine.address == "ours.test:7233"
    assert settings.engine.uses_tls
    assert Settings.load(theirs).engine.address == "temporal.test:7233"


def test_several_secrets_stand_side_by_side() -> None:
    """While a secret is rotated, the old and the new one are both taken."""
    settings = Settings.load({"ESCALATE_WEBHOOKS__ZENDESK_SECRETS": "old, new"})

    secrets = [secret.get_secret_value() for secret in settings.webhooks.zendesk_secrets]
    assert secrets == ["old", "new"]


def test_connectors_are_named_in_the_setting() -> None:
    """An action's connector is a url and a secret under the action's name."""
    prefix = "ESCALATE_ACTIONS__CONNECTORS__REMOVE-CONTENT__"

    settings = Settings.load({f"{prefix}URL": "http://act.test/", f"{prefix}SECRET": "whsec_x"})

    connector = settings.actions.connectors["remove-content"]
    assert str(connector.url) == "http://act.test/"


def test_our_own_zendesk_user_is_told_to_the_doors() -> None:
    """The id in the setting is the actor whose updates the doors drop; other words are refused."""
    settings = Settings.load({"ESCALATE_ZENDESK__ACTOR": "901"})

    assert door_settings(settings).own_zendesk_actor == "901"
    assert door_settings(Settings.load({})).own_zendesk_actor == ""
    with pytest.raises(ValidationError, match=r"zendesk\.actor"):
        Settings.load({"ESCALATE_ZENDESK__ACTOR": "bot@example.test"})


@pytest.mark.parametrize("text,span", [("90s", 90), ("15m", 900), ("4h", 14_400), ("PT1M", 60)])
def test_lengths_of_time_are_written_as_people_write_them(text: str, span: int) -> None:
    """`15m` as in a runbook, or ISO 8601."""
    settings = Settings.load({"ESCALATE_WEBHOOKS__MAX_AGE": text})

    assert settings.webhooks.max_age == timedelta(seconds=span)


def test_a_wrong_value_is_not_shown() -> None:
    """The error names the setting, not what stands in it: it might be a secret."""
    with pytest.raises(ValidationError) as caught:
        Settings.load({"ESCALATE_GATEWAY__PORT": "synthetic-secret"})

    assert "gateway.port" in str(caught.value)
    assert "synthetic-secret" not in str(caught.value)


def test_a_secret_is_not_printed() -> None:
    """Settings may be logged."""
    settings = Settings.load(
        {
            "ESCALATE_SMTP__PASSWORD": "synthetic-secret",
            "ESCALATE_STORE_URL": "postgresql+psycopg://u:synthetic-secret@db.test/e",
        }
    )

    assert "synthetic-secret" not in repr(settings)
    assert "synthetic-secret" in settings.store


def test_a_time_zone_that_does_not_exist_is_refused() -> None:
    """Pages cannot show times in a zone nobody knows."""
    with pytest.raises(ValidationError, match="not an IANA time zone"):
        Settings.load({"ESCALATE_TIME_ZONE": "Mars/Olympus"})


def test_every_setting_is_explained() -> None:
    """`escalate config reference` has a sentence for each."""
    lines = list(reference())

    assert [line.name for line in lines if not line.description] == []
    assert "ESCALATE_SMTP__PASSWORD" in [line.name for line in lines if line.secret]


def test_trackers_are_settings() -> None:
    """Names with blanks, and form fields by their own name: what the doors and adapters get."""
    settings = Settings.load(
        {
            "ESCALATE_JIRA__URL": "https://example.atlassian.net",
            "ESCALATE_JIRA__TOKEN": "t",
            "ESCALATE_JIRA__ACCOUNT": "5b10",
            "ESCALATE_JIRA__SOLVED_STATUS": "Won't do, Done",
            "ESCALATE_JIRA__FIELDS__FORM_KIND": "customfield_10042",
            "ESCALATE_SERVICENOW__URL": "https://example.service-now.com",
            "ESCALATE_SERVICENOW__USER": "robot",
            "ESCALATE_TICKETS__OPEN_IN": "servicenow",
        }
    )

    doors = door_settings(settings)
    found = trackers(settings, http=httpx.AsyncClient(), clock=SystemClock())

    assert settings.jira.solved_status == ("Won't do", "Done")
    assert doors.jira_fields == {"customfield_10042": "form-kind"}
    assert (doors.jira_instance, doors.own_jira_account) == ("example.atlassian.net", "5b10")
    assert [(each.source.value, each.polls) for each in found] == [
        ("servicenow", True),
        ("jira", False),
    ]
    with pytest.raises(NotSetUpError, match="not connected"):
        trackers(
            Settings.load({"ESCALATE_TICKETS__OPEN_IN": "zendesk"}),
            http=httpx.AsyncClient(),
            clock=SystemClock(),
        )


def test_each_place_has_a_locale() -> None:
    """A role's room before the workspace, a service before the pager; unset it is English."""
    settings = Settings.load(
        {
            "ESCALATE_NOTICES__LOCALE": "fr_CH",
            "ESCALATE_SLACK__LOCALE": "de",
            "ESCALATE_SLACK__ROOMS__DUTY_COUNSEL__CHANNEL": "C0789JKLM",
            "ESCALATE_SLACK__ROOMS__DUTY_COUNSEL__LOCALE": "fr",
            "ESCALATE_TEAMS__ROOMS__LEGAL__WEBHOOK": "https://x.logic.azure.com/y",
            "ESCALATE_TEAMS__ROOMS__LEGAL__LOCALE": "de-AT",
            "ESCALATE_PAGERDUTY__SERVICES__LEGAL__KEY": "k" * 32,
            "ESCALATE_PAGERDUTY__SERVICES__LEGAL__LOCALE": "fr",
            "ESCALATE_RT__LOCALE": "de",
        }
    )

    found = locales(settings)

    assert found.people == "fr-CH"
    places = (
        *(("slack", "C0456EFGH"), ("slack", "C0789JKLM"), ("teams", "legal"), ("teams", "all")),
        *(("pagerduty", "legal"), ("pagerduty", "default"), ("request-tracker", "")),
        ("zendesk", ""),
    )
    assert [found.for_place(*place).locale for place in places] == [
        *("de", "fr", "de-AT", "en", "fr", "en", "de", "en"),
    ]
    with pytest.raises(ValidationError, match="not a locale"):
        Settings.load({"ESCALATE_ZENDESK__LOCALE": "german"})
