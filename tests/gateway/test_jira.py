"""Jira at the door: signed, known by its identifier, in any order, and never an echo."""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from cases.report import TicketRef
from integrations.errors import UnreadableBodyError, WebhookRefusedError
from integrations.jira_body import JiraNews, parse_jira
from integrations.jira_webhook import IDENTIFIER, SIGNATURE, JiraVerifier, sign_jira
from integrations.markers import marker
from store import Store
from tests.fakes.clock import START, FixedClock
from tests.fakes.jira import ACCOUNT, PERSON, FakeJira
from tests.gateway.world import JIRA, World, make_world
from workflows.messages import TICKET_SIGNAL, TicketUpdated

VECTOR = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"


def headers(**values: str) -> list[tuple[bytes, bytes]]:
    """Raw headers."""
    return [(name.replace("_", "-").encode(), value.encode()) for name, value in values.items()]


def test_the_signature_is_websubs() -> None:
    """The published pair of secret, body and signature verifies, under a list of secrets."""
    verifier = JiraVerifier(["another secret that is old", "It's a Secret to Everybody"])

    proved = verifier.verify(headers(X_Hub_Signature=VECTOR), b"Hello World!", now=START)

    assert proved.id == "signed-" + hashlib.sha256(b"Hello World!").hexdigest()


@pytest.mark.parametrize(
    "signature",
    [
        VECTOR.replace("a4", "a5"),
        "sha1=" + hmac.new(JIRA.encode(), b"Hello World!", "sha1").hexdigest(),
        VECTOR.removeprefix("sha256="),
        VECTOR.upper(),
        "",
    ],
)
def test_anything_else_is_refused(signature: str) -> None:
    """Another method, another form, another key: none of them is a proof."""
    with pytest.raises(WebhookRefusedError):
        JiraVerifier(["It's a Secret to Everybody"]).verify(
            headers(X_Hub_Signature=signature), b"Hello World!", now=START
        )


def body(event: str = "jira:issue_created", **more: Any) -> bytes:
    """A delivery about one issue."""
    issue = {
        "id": "10042",
        "key": "OPS-42",
        "self": "https://example.atlassian.test/rest/api/3/issue/10042",
        "fields": {
            "status": {"name": "To Do"},
            "project": {"key": "OPS"},
            "labels": ["fraud"],
            "summary": "words of a report",
            "customfield_10042": {"value": "fraud"},
        },
    }
    content = {"timestamp": 1_700_000_000_000, "webhookEvent": event, "issue": issue}
    return json.dumps({**content, "user": {"accountId": PERSON}, **more}).encode()


def test_a_body_is_read_without_the_reports_words() -> None:
    """What routing may know is read; what was reported is not there."""
    event = parse_jira(body(), form={"customfield_10042": "kind"})

    assert (event.news, event.id, event.key) == (JiraNews.OPENED, "10042", "OPS-42")
    assert event.fields == {"kind": "fraud"}
    assert "words of a report" not in event.model_dump_json()


@pytest.mark.parametrize(
    "event,more,news",
    [
        ("jira:issue_updated", {"changelog": {"items": [{"field": "status"}]}}, JiraNews.STATUS),
        ("jira:issue_updated", {"changelog": {"items": [{"field": "summary"}]}}, JiraNews.CHANGED),
        ("jira:issue_updated", {"comment": {"body": "x"}}, JiraNews.NOTHING),
        ("jira:issue_deleted", {}, JiraNews.DELETED),
        ("comment_created", {"comment": {"body": "x", "jsdPublic": True}}, JiraNews.REPLY),
        ("comment_created", {"comment": {"body": "x"}}, JiraNews.COMMENT),
        ("sprint_started", {}, JiraNews.NOTHING),
    ],
)
def test_events_have_their_meaning(event: str, more: dict[str, Any], news: JiraNews) -> None:
    """Each event of Jira's is one kind of news, or none."""
    assert parse_jira(body(event, **more)).news is news


@pytest.mark.parametrize(
    "spoilt", [b"[]", b"{}", body(issue={"id": "x"}), body(timestamp="soon"), body(user=7)]
)
def test_an_authentic_body_that_cannot_be_read_is_an_error_of_its_own(spoilt: bytes) -> None:
    """Never another exception: the door answers 400."""
    with pytest.raises(UnreadableBodyError):
        parse_jira(spoilt)


async def send(world: World, delivered: tuple[dict[str, str], bytes]) -> int:
    """The status the door answers."""
    signed, content = delivered
    return (await world.send("jira", content, signed)).status_code


async def test_an_issue_becomes_a_case_once_in_any_order(store: Store, tmp_path: Path) -> None:
    """Created, moved, commented; late, twice and out of order: one case that heard each once."""
    site = FakeJira(FixedClock())
    id_ = site.someone_opens()
    site.someone_moves(id_, "In Progress")
    site.someone_moves(id_, "Done")
    site.someone_comments(id_, "a customer's words", public=True)
    created, first, second, comment = site.deliver()
    async with make_world(
        store, tmp_path, own_jira_account=ACCOUNT, jira_instance="example.atlassian.test"
    ) as world:
        assert await send(world, first) == 200, "news of a ticket that has no case yet"
        assert await send(world, created) == 202
        assert await send(world, created) == 200
        await world.until(lambda: world.view("1001"))
        for late in (second, comment, first):
            assert await send(world, late) == 202
        assert await send(world, second) == 200

        async def told() -> bool:
            return len(world.engine.signals) >= 3

        await world.until(told)
        heard = [message for _, name, message in world.engine.signals if name == TICKET_SIGNAL]
        changes = [message for message in heard if isinstance(message, TicketUpdated)]
        assert len(world.engine.cases) == 1
        assert sorted(each.what for each in changes) == ["reply", "status", "status"]
        assert [each.status for each in changes if each.what == "status"].count("Done") == 1
        forged = ({**sign_jira("a secret of a stranger", body=b"x"), IDENTIFIER: "h"}, b"x")
        assert await send(world, forged) == 401
        assert await send(world, ({SIGNATURE: "sha256=zz"}, b"x")) == 401


async def test_what_we_did_ourselves_is_no_news(store: Store, tmp_path: Path) -> None:
    """Our account's changes, and our marked notes by whoever's account, are echo."""
    site = FakeJira(FixedClock())
    id_ = site.someone_opens()
    (created,) = site.deliver()
    async with make_world(
        store, tmp_path, own_jira_account=ACCOUNT, jira_instance="example.atlassian.test"
    ) as world:
        await send(world, created)
        await world.until(lambda: world.view("1001"))
        site.someone_moves(id_, "Done", author=ACCOUNT)
        site.someone_comments(id_, f"Legal said yes. {marker('note-1')}")
        site.someone_opens(labels=["escalate", "escalate-x"])
        for echo in site.deliver():
            assert await send(world, echo) == 200

        assert world.engine.signals == []
        assert await store.cases.by_number("1002") is None


async def test_news_of_an_issue_that_a_case_opened_reach_that_case(
    store: Store, tmp_path: Path
) -> None:
    """The case came of a form; its issue is Jira's: what people do there is told to the case."""
    site = FakeJira(FixedClock())
    id_ = site.someone_opens()
    site.deliver()
    site.someone_moves(id_, "Done")
    (moved,) = site.deliver()
    async with make_world(store, tmp_path, jira_instance="example.atlassian.test") as world:
        number = await world.case()
        row = await store.cases.by_number(number)
        assert row is not None
        ref = TicketRef(system="jira", instance="example.atlassian.test", id=id_, url="")
        await store.tickets.opened(
            row.id, ref=ref.model_copy(update={"url": "u"}), at=await world.clock.now()
        )

        assert await send(world, moved) == 202

        async def told() -> bool:
            return bool(world.engine.signals)

        await world.until(told)
        ((case, name, message),) = world.engine.signals
        assert (case, name) == (row.id, TICKET_SIGNAL)
        assert isinstance(message, TicketUpdated)
        assert (message.what, message.status) == ("status", "Done")


async def test_projects_that_are_not_watched_open_no_case(store: Store, tmp_path: Path) -> None:
    """An issue elsewhere in the site is nobody's report."""
    site = FakeJira(FixedClock())
    site.someone_opens(project="RISK")
    async with make_world(store, tmp_path, jira_projects=("OPS",)) as world:
        assert [await send(world, each) for each in site.deliver()] == [200]
        assert await store.cases.by_number("1001") is None
