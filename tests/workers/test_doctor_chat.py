"""What doctor says of Slack, Teams and the mailbox, and what the gateway refuses to start with."""

from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from tests.fakes.slack import SECRET as PUBLISHED_SECRET
from tests.fakes.slack import TEAM
from tests.fakes.teams import URL
from tests.servers.mail import GreenMail
from tests.workers.test_doctor import checked, settings
from workers.doctor import Level
from workers.errors import NotSetUpError
from workers.house import house
from workers.processes import mail_parts, slack_parts
from workers.settings import Settings

SLACK = {
    "ESCALATE_SLACK__TOKEN": "xoxb-a-token",
    "ESCALATE_SLACK__TEAM": TEAM,
    "ESCALATE_SLACK__SIGNING_SECRETS": "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "ESCALATE_SLACK__CHANNEL": "C0ALL001",
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty folder for an installation."""
    return tmp_path / "home"


async def test_slack_that_is_set_up_is_fit(home: Path, httpserver: HTTPServer) -> None:
    """`auth.test` says whose token it is, and that is whose buttons are believed."""
    httpserver.expect_request("/auth.test").respond_with_json(
        {"ok": True, "team_id": TEAM, "team": "x", "user_id": "U0ROBOT"}
    )
    given = settings(home, **SLACK, ESCALATE_SLACK__API=httpserver.url_for("/"))
    found = await checked(given, live=True)

    assert found["slack-secret"].level is Level.OK
    assert (found["live slack"].level, TEAM in found["live slack"].text) == (Level.OK, True)


async def test_a_token_of_another_workspace_fails(home: Path, httpserver: HTTPServer) -> None:
    """Its cards would have buttons that nobody is believed for."""
    httpserver.expect_request("/auth.test").respond_with_json({"ok": True, "team_id": "T0OTHER1"})
    given = settings(home, **SLACK, ESCALATE_SLACK__API=httpserver.url_for("/"))
    check = (await checked(given, live=True))["live slack"]

    assert check.level is Level.FAIL
    assert "ESCALATE_SLACK__TEAM=T0OTHER1" in check.mend


async def test_a_revoked_token_fails(home: Path, httpserver: HTTPServer) -> None:
    """Slack says 200 also then."""
    httpserver.expect_request("/auth.test").respond_with_json(
        {"ok": False, "error": "token_revoked"}
    )
    given = settings(home, **SLACK, ESCALATE_SLACK__API=httpserver.url_for("/"))

    assert (await checked(given, live=True))["live slack"].level is Level.FAIL


@pytest.mark.parametrize(
    "changed,check",
    [
        ({"ESCALATE_SLACK__TEAM": ""}, "slack-team"),
        ({"ESCALATE_SLACK__SIGNING_SECRETS": "short"}, "slack-secret"),
        ({"ESCALATE_SLACK__SIGNING_SECRETS": PUBLISHED_SECRET}, "slack-secret"),
        ({"ESCALATE_SLACK__CHANNEL": ""}, "slack-rooms"),
        ({"ESCALATE_TEAMS__WEBHOOK": "https://x.webhook.office.com/y"}, "teams all"),
    ],
)
async def test_what_cannot_work_fails(home: Path, changed: dict[str, str], check: str) -> None:
    """Each names what mends it, and no secret."""
    found = (await checked(settings(home, **{**SLACK, **changed})))[check]

    assert found.level is Level.FAIL
    assert found.mend
    assert "office.com/y" not in found.text


async def test_a_workflows_webhook_is_not_called(home: Path) -> None:
    """A call would post."""
    given = settings(home, ESCALATE_TEAMS__ROOMS__LEGAL__WEBHOOK=URL)

    assert (await checked(given))["teams legal"].level is Level.OK


@pytest.mark.mail
async def test_live_opens_the_mailbox(home: Path, greenmail: GreenMail) -> None:
    """Logs in and opens the folder; one that is away fails."""
    imap = {
        "ESCALATE_IMAP__HOST": greenmail.host,
        "ESCALATE_IMAP__PORT": str(greenmail.imap_port),
        "ESCALATE_IMAP__TLS": "none",
        "ESCALATE_IMAP__USER": "robot@example.test",
        "ESCALATE_IMAP__PASSWORD": "any",
    }
    assert (await checked(settings(home, **imap), live=True))["live mailbox"].level is Level.OK
    away = settings(home, **{**imap, "ESCALATE_IMAP__PORT": "9"})
    assert (await checked(away, live=True))["live mailbox"].level is Level.FAIL


def demo(home: Path, **more: str) -> Settings:
    """The demo's settings, with chat."""
    return settings(home, ESCALATE_DEMO="true", **more)


async def test_a_house_has_the_rooms_that_are_set(home: Path) -> None:
    """Roles are named as runbooks name them; what is not set is not there."""
    more = {
        "ESCALATE_SLACK__ROOMS__DUTY_COUNSEL__CHANNEL": "C0DUTY01",
        "ESCALATE_TEAMS__ROOMS__DUTY_COUNSEL__WEBHOOK": URL,
        "ESCALATE_IMAP__HOST": "imap.test",
        "ESCALATE_IMAP__USER": "robot",
        "ESCALATE_IMAP__PASSWORD": "any",
        "ESCALATE_IMAP__REPLY_TO": "Replies@cases.test",
        "ESCALATE_SMTP__SENDER": "robot@cases.test",
    }
    async with house(demo(home, **SLACK, **more), migrate=True) as built:
        outside, mail, slack = built.outside, mail_parts(built), slack_parts(built)

        assert outside.rooms is not None
        assert outside.rooms.room_of("duty-counsel") == "C0DUTY01"
        assert outside.rooms.room_of("legal") == "C0ALL001"
        assert outside.announcements is not None
        assert outside.announcements.webhook_of("legal") is None
        assert "sig=" not in repr(outside.announcements)
        assert mail is not None
        assert mail.own == {"robot@cases.test", "replies@cases.test"}
        assert slack is not None
        assert slack.team == TEAM


async def test_a_gateway_without_whose_buttons_it_believes_does_not_start(home: Path) -> None:
    """A token alone would post cards that nobody could answer or close."""
    without = {name: value for name, value in SLACK.items() if "SIGNING" not in name}
    async with house(demo(home, **without), migrate=True) as built:
        with pytest.raises(NotSetUpError, match="buttons"):
            slack_parts(built)


async def test_a_house_without_chats_has_none(home: Path) -> None:
    """Nothing is asked of anybody who is not set."""
    async with house(demo(home), migrate=True) as built:
        outside = built.outside
        assert (outside.rooms, outside.announcements) == (None, None)
        assert (mail_parts(built), slack_parts(built)) == (None, None)
