"""The Jira adapters against a stateful fake that judges by Atlassian's published schemas."""

import json
from datetime import timedelta
from typing import Any

import pytest

from integrations._http import new_client
from integrations.errors import (
    ConflictError,
    MisansweredError,
    OutcomeUnknownError,
    RefusedError,
    ThrottledError,
    UnavailableError,
)
from integrations.jira import INDEX_LAG, Jira
from integrations.jira_adf import document, text_of
from integrations.jira_service import JiraService
from integrations.jira_site import JiraSite
from integrations.markers import fingerprint, marker
from integrations.ports.ticketing import (
    NewTicket,
    TicketChange,
    TicketLink,
    TicketPriority,
    TicketRef,
    TicketStatus,
)
from tests.fakes.clock import FixedClock
from tests.fakes.jira import EMAIL, TOKEN, FakeJira
from tests.integrations.drafting import draft

DRAFT = draft(body="A case was opened.\nhttps://escalate.example/cases/1042", queue="OPS")
PAGE = TicketLink(url="https://escalate.example/cases/1042", title="Case 1042")


@pytest.fixture
def site(clock: FixedClock) -> FakeJira:
    """An empty Jira site."""
    return FakeJira(clock)


def adapter(site: FakeJira, kind: type[Jira] = Jira, **changed: Any) -> Jira:
    """An adapter, connected to the site."""
    fields = {"url": site.url, "email": EMAIL, "token": TOKEN, "projects": ("OPS",), **changed}
    return kind(new_client(transport=site.network), JiraSite(**fields), clock=site.clock)


@pytest.fixture
def jira(site: FakeJira) -> Jira:
    """The adapter for plain issues."""
    return adapter(site)


@pytest.fixture
def service(site: FakeJira) -> Jira:
    """The adapter for a service desk's requests."""
    return adapter(site, JiraService, projects=("RISK",), desk="3", request_type="25")


def body_of(site: FakeJira, id_: str) -> list[str]:
    """The texts of an issue's comments."""
    return [text_of(comment["body"]) for comment in site.issues[id_]["comments"]]


async def test_ticket_is_opened_as_drafted(site: FakeJira, jira: Jira) -> None:
    """A draft becomes an issue that bears its mark twice, and is known by its id."""
    ticket = await jira.open_ticket(DRAFT)

    issue = site.issues[ticket.id]
    mark = fingerprint(DRAFT.key)
    assert ticket.url == f"https://example.atlassian.test/browse/{issue['key']}"
    assert ticket.instance == "example.atlassian.test"
    assert issue["fields"]["labels"] == ["escalate", f"escalate-{mark}"]
    assert issue["properties"] == {"escalate.case": {"mark": mark}}
    assert issue["fields"]["priority"] == "Highest"
    assert text_of(issue["fields"]["description"]).startswith(DRAFT.body)


async def test_lost_answer_opens_no_second_ticket(site: FakeJira, jira: Jira) -> None:
    """When the answer is lost, the next try waits for the index and then finds the issue."""
    site.lag = INDEX_LAG
    site.network.lose_answer("POST")
    await jira.own_id()

    with pytest.raises(OutcomeUnknownError):
        await jira.find(DRAFT.key)
    site.network.lose_answer("POST")
    site.network.pass_next("POST")
    with pytest.raises(OutcomeUnknownError) as caught:
        await jira.open_ticket(DRAFT)
    assert caught.value.retry_after == INDEX_LAG
    site.clock.move(caught.value.retry_after)
    ticket = await jira.open_ticket(DRAFT)

    assert list(site.issues) == [ticket.id]


async def test_what_search_shows_is_checked(site: FakeJira, jira: Jira) -> None:
    """An issue whose label is another opening's is not taken for ours."""
    other = site.someone_opens(labels=["escalate", "escalate-of-another-case"])

    ticket = await jira.open_ticket(DRAFT)

    assert ticket.id != other


@pytest.mark.parametrize("which", ["jira", "service"])
async def test_note_stands_once(request: pytest.FixtureRequest, site: FakeJira, which: str) -> None:
    """A note whose answer was lost is found by its mark, on a later page as well."""
    jira: Jira = request.getfixturevalue(which)
    ticket = await jira.open_ticket(DRAFT)
    site.network.lose_answer("POST")

    with pytest.raises(OutcomeUnknownError):
        await jira.comment(ticket, "Legal said yes.", key="note-1")
    for _ in range(5):
        site.someone_comments(ticket.id, "chatter")
    noted = await jira.comment(ticket, "Legal said yes.", key="note-1")

    ours = [text for text in body_of(site, ticket.id) if "Legal said yes." in text]
    assert noted.already
    assert len(ours) == 1
    assert marker("note-1") in ours[0]


async def test_a_note_for_several_bears_every_mark(site: FakeJira, jira: Jira) -> None:
    """What was gathered while the site was down stands once for each of its keys."""
    ticket = await jira.open_ticket(DRAFT)

    await jira.comment(ticket, "One.\nTwo.", key="note-1", also=["note-2"])

    assert (await jira.comment(ticket, "Two.", key="note-2")).already
    seen = await jira.look(ticket)
    assert seen is not None
    assert seen.notes == (fingerprint("note-1"), fingerprint("note-2"))


async def test_notes_of_a_request_are_internal(site: FakeJira, service: Jira) -> None:
    """A customer of the desk never reads what a case says."""
    ticket = await service.open_ticket(DRAFT)

    await service.comment(ticket, "Legal said yes.", key="note-1")

    assert [each["jsdPublic"] for each in site.issues[ticket.id]["comments"]] == [False]


async def test_a_request_is_marked_however_far_its_opening_came(
    site: FakeJira, service: Jira
) -> None:
    """Created and not yet labelled, it is found by its words, and labelled then."""
    site.network.lose_answer("PUT")

    with pytest.raises(OutcomeUnknownError):
        await service.open_ticket(DRAFT)
    assert [issue["fields"]["labels"] for issue in site.issues.values()] != [[]]
    (issue,) = site.issues.values()
    issue["fields"]["labels"] = []
    ticket = await service.open_ticket(DRAFT)

    assert list(site.issues) == [ticket.id]
    assert f"escalate-{fingerprint(DRAFT.key)}" in issue["fields"]["labels"]
    assert issue["properties"]


async def test_approval_records_are_hints(site: FakeJira, service: Jira) -> None:
    """What the desk's own approvals say is read, all pages of it; nothing is answered."""
    ticket = await service.open_ticket(DRAFT)
    site.approve(ticket.id, "pending")
    site.approve(ticket.id, "approved")

    seen = await service.look(ticket)

    assert seen is not None
    assert [each.verdict for each in seen.approvals] == ["pending", "approved"]
    assert not any("approval" in path for method, path in site.network.requests if method == "POST")


@pytest.mark.parametrize(
    "status,name",
    [
        (TicketStatus.SOLVED, "Done"),
        (TicketStatus.PENDING, "Waiting for customer"),
    ],
)
async def test_transition_is_chosen_by_where_it_leads(
    site: FakeJira, jira: Jira, status: TicketStatus, name: str
) -> None:
    """Ids differ by workflow and by status; being there already is success."""
    ticket = await jira.open_ticket(DRAFT)
    site.someone_moves(ticket.id, "In Progress")

    first = await jira.set_status(ticket, status, key="s")
    second = await jira.set_status(ticket, status, key="s")

    assert (first.already, second.already) == (False, True)
    assert site.issues[ticket.id]["fields"]["status"] == name


async def test_a_workflow_of_other_names_goes_by_category(site: FakeJira, jira: Jira) -> None:
    """A status nobody named is chosen by what its category means."""
    site.statuses = {"Backlog": "new", "Erledigt": "done"}
    ticket = await jira.open_ticket(DRAFT)

    await jira.set_status(ticket, TicketStatus.SOLVED, key="s")
    waiting = await jira.set_status(ticket, TicketStatus.PENDING, key="s")

    assert site.issues[ticket.id]["fields"]["status"] == "Erledigt"
    assert waiting.already, "a workflow without a word for waiting is left alone"


async def test_a_workflow_that_leads_nowhere_is_refused_with_a_mend(
    site: FakeJira, jira: Jira
) -> None:
    """Where no transition leads to the end, a person must change the workflow or the settings."""
    ticket = await jira.open_ticket(DRAFT)
    site.statuses = {"To Do": "new", "In Progress": "indeterminate"}

    with pytest.raises(RefusedError) as caught:
        await jira.set_status(ticket, TicketStatus.SOLVED, key="s")

    assert "transition" in caught.value.mend


async def test_a_screen_that_demands_a_resolution_gets_one(site: FakeJira, jira: Jira) -> None:
    """The resolution is filled in, any other field is a person's."""
    ticket = await jira.open_ticket(DRAFT)
    wanted = {"required": True, "allowedValues": [{"name": "Fixed"}, {"name": "Done"}]}
    site.asks_for = {"resolution": wanted}

    await jira.set_status(ticket, TicketStatus.SOLVED, key="s")
    site.asks_for = {"customfield_1": {"required": True}}
    with pytest.raises(RefusedError):
        await jira.set_status(ticket, TicketStatus.OPEN, key="s")

    assert site.issues[ticket.id]["fields"]["status"] == "Done"


async def test_somebody_faster_is_read_again(site: FakeJira, jira: Jira) -> None:
    """A transition that is gone because a person moved the issue is chosen anew."""
    ticket = await jira.open_ticket(DRAFT)
    site.race_next_write(lambda: site.someone_moves(ticket.id, "In Progress"))

    await jira.set_status(ticket, TicketStatus.SOLVED, key="s")

    assert site.issues[ticket.id]["fields"]["status"] == "Done"


async def test_others_that_never_stop_are_a_conflict(site: FakeJira, jira: Jira) -> None:
    """A rule that moves it back each time is told as what it is, and tried again later."""
    ticket = await jira.open_ticket(DRAFT)
    site.rule = lambda id_: site.someone_moves(id_, "In Progress", author="a-rule")

    with pytest.raises(ConflictError):
        await jira.set_status(ticket, TicketStatus.SOLVED, key="s")


async def test_priority_is_set_and_read_again(site: FakeJira, jira: Jira) -> None:
    """Having it already writes nothing; a field that does not take is found out."""
    ticket = await jira.open_ticket(DRAFT)

    already = await jira.set_priority(ticket, TicketPriority.URGENT, key="p")
    changed = await jira.set_priority(ticket, TicketPriority.LOW, key="p")

    assert (already.already, changed.already) == (True, False)
    assert site.issues[ticket.id]["fields"]["priority"] == "Low"
    site.frozen = {"priority"}
    with pytest.raises(MisansweredError):
        await jira.set_priority(ticket, TicketPriority.HIGH, key="p")


async def test_a_link_is_there_once_and_moves_with_the_address(site: FakeJira, jira: Jira) -> None:
    """The same case's link is the same link, also after the gateway got another name."""
    ticket = await jira.open_ticket(DRAFT)

    first = await jira.link(ticket, PAGE)
    second = await jira.link(ticket, PAGE)
    moved = PAGE.model_copy(update={"url": "https://new.example/cases/1042"})
    await jira.link(ticket, moved)

    seen = await jira.look(ticket)
    assert (first.already, second.already) == (False, True)
    assert seen is not None
    assert seen.links == (moved.url,)


@pytest.mark.parametrize("as_date", [False, True])
async def test_throttling_says_how_long_and_why(
    site: FakeJira, jira: Jira, *, as_date: bool
) -> None:
    """Both forms of Retry-After become a duration, and the limit that was met is named."""
    site.throttle_next(seconds=41, as_date=as_date)

    with pytest.raises(ThrottledError) as caught:
        await jira.open_ticket(DRAFT)

    assert caught.value.retry_after == timedelta(seconds=41)
    assert "jira-burst-based" in str(caught.value)


@pytest.mark.parametrize(
    "status,kind", [(500, UnavailableError), (503, UnavailableError), (403, RefusedError)]
)
async def test_failures_have_their_kind(
    site: FakeJira, jira: Jira, status: int, kind: type[Exception]
) -> None:
    """A broken site is tried again, a refusal is not."""
    site.fail_next(status)

    with pytest.raises(kind):
        await jira.open_ticket(DRAFT)


@pytest.mark.parametrize("arrives", [True, False])
async def test_a_write_without_an_answer_may_have_been_done(
    site: FakeJira, jira: Jira, *, arrives: bool
) -> None:
    """A site too slow to answer is asked again, and the link is there once either way."""
    ticket = await jira.open_ticket(DRAFT)
    if arrives:
        site.network.lose_answer("POST")
    else:
        site.network.slow_next("POST")

    with pytest.raises(OutcomeUnknownError):
        await jira.link(ticket, PAGE)

    assert (await jira.link(ticket, PAGE)).already is arrives
    assert len(site.issues[ticket.id]["links"]) == 1


async def test_an_answer_that_is_none_is_no_success(site: FakeJira, jira: Jira) -> None:
    """200 with a page of HTML is a misanswer: nothing is taken from it."""
    ticket = await jira.open_ticket(DRAFT)
    site.fail_next(200)

    with pytest.raises(MisansweredError):
        await jira.look(ticket)


async def test_a_ticket_that_is_gone_is_seen_to_be_gone(site: FakeJira, jira: Jira) -> None:
    """404 on a look is an answer, not a failure."""
    ticket = await jira.open_ticket(DRAFT)
    site.someone_deletes(ticket.id)

    assert await jira.look(ticket) is None
    with pytest.raises(RefusedError):
        await jira.set_status(ticket, TicketStatus.SOLVED, key="s")


async def test_a_lost_label_is_put_back(site: FakeJira, jira: Jira) -> None:
    """The mark is a label anybody may remove: what it stands for is written again, once."""
    ticket = await jira.open_ticket(DRAFT)
    site.issues[ticket.id]["fields"]["labels"] = ["theirs"]

    await jira.remark(ticket, key=DRAFT.key)

    assert await jira.find(DRAFT.key) == [ticket]
    assert "theirs" in site.issues[ticket.id]["fields"]["labels"]


async def test_poller_sees_what_others_did_and_not_our_echo(
    site: FakeJira, jira: Jira, clock: FixedClock
) -> None:
    """New issues and others' changes come, oldest first; our own writes do not."""
    clock.move(timedelta(minutes=10))
    start = clock.at
    ours = await jira.open_ticket(DRAFT)
    await jira.comment(ours, "note", key="n")
    await jira.set_status(ours, TicketStatus.PENDING, key="s")
    new = site.someone_opens(labels=["fraud"])
    site.someone_opens(project="RISK")
    site.someone_moves(ours.id, "Done")
    site.someone_sets(ours.id, "priority", "Low")
    site.someone_comments(new, "hello", public=True)

    news = await jira.changed_since(start)

    first = news[0]
    assert isinstance(first, NewTicket)
    assert (first.ticket.id, first.tags, first.queue) == (new, ("fraud",), "OPS")
    changes = [each for each in news if isinstance(each, TicketChange)]
    assert [(each.ticket.id, each.kind) for each in changes] == [
        (ours.id, "status"),
        (ours.id, "priority"),
        (new, "reply"),
    ]
    assert changes[0].status == "Done"
    assert changes[1].priority == "Low"
    assert await jira.changed_since(clock.at + timedelta(seconds=1)) == []
    assert {each.delivery for each in await jira.changed_since(start)} == {
        each.delivery for each in news
    }


async def test_marked_tickets_are_all_found(site: FakeJira, jira: Jira, clock: FixedClock) -> None:
    """Every issue that bears a mark of ours, whoever put it there."""
    start = clock.at
    ours = await jira.open_ticket(DRAFT)
    clone = site.someone_clones(ours.id)
    site.someone_opens()

    found = await jira.marked_since(start)

    assert {each.ticket.id for each in found} == {ours.id, clone}
    assert {each.mark for each in found} == {fingerprint(DRAFT.key)}


async def test_a_project_with_a_quote_is_never_searched_for(site: FakeJira) -> None:
    """A project's name cannot smuggle a query in."""
    with pytest.raises(RefusedError):
        await adapter(site, projects=('x" OR project IN ("y',)).changed_since(site.clock.at)


async def test_wrong_token_is_refused_and_shows_no_secret(site: FakeJira) -> None:
    """Bad credentials are no reason to try again; the error says where to look."""
    with pytest.raises(RefusedError) as caught:
        await adapter(site, token="no-such-token").open_ticket(DRAFT)

    assert caught.value.status == 401
    assert "credentials" in caught.value.mend
    assert "no-such-token" not in f"{caught.value!r}{caught.value}"


async def test_the_fake_refuses_what_jira_refuses(site: FakeJira, jira: Jira) -> None:
    """A string where the vendor wants a document is a 400: the fake is no echo of our client."""
    ticket = await jira.open_ticket(DRAFT)
    client = new_client(transport=site.network)
    url = f"{site.url}/rest/api/3/issue/{ticket.id}/comment"
    for body in ("plain", {"type": "doc", "version": 1, "content": [{"type": "text"}]}):
        answer = await client.post(
            url, auth=(EMAIL, TOKEN), content=json.dumps({"body": body}).encode()
        )
        assert answer.status_code == 400

    assert document("a\n\nb")["content"][1] == {"type": "paragraph", "content": []}
    assert text_of(document("see https://x.test/a.\nb")) == "see https://x.test/a.\nb\n"


async def test_a_ghost_is_refused(jira: Jira) -> None:
    """An issue that never was cannot be changed."""
    ghost = TicketRef(system="jira", instance="x", id="99999")

    with pytest.raises(RefusedError) as caught:
        await jira.set_priority(ghost, TicketPriority.LOW, key="p")

    assert caught.value.status == 404
