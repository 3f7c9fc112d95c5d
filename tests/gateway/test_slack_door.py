"""Slack's door: anybody in a room can press, and only who may is believed, once, in time."""

import json
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from slack_sdk.signature import SignatureVerifier

from cases.notice import Purpose
from cases.receipts import Reason
from gateway.prompt_closer import UNDER_WAY
from gateway.wording import (
    LINK_DECIDED,
    REASONS,
    SLACK_NOT_HERE,
    SLACK_OUTSIDER,
    SLACK_STRANGER,
    SLACK_UNCHECKED,
)
from integrations.ports.chat import Button, Card, Place
from runbooks.library import library
from store import DEMO_KEK, CallFilter, Store
from tests.fakes.slack import ROOM, SECRET
from tests.gateway.slack_world import SlackWorld, make_slack_world
from tests.gateway.world import CANARY
from tests.stores import release, released_store

APPROVE, REJECT, OPEN = "escalate.decide-approve", "escalate.decide-reject", "escalate.open"
HAVE_IT = "escalate.acknowledge"


@pytest.fixture(scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SlackWorld]:
    """One gateway for all tests here: each has a case of its own."""
    folder = tmp_path_factory.mktemp("slack")
    url = f"sqlite:///{folder / 'escalate.db'}"
    await released_store(url)
    async with (
        await Store.open(url, kek=DEMO_KEK) as store,
        make_slack_world(store, folder) as made,
    ):
        yield made


@pytest.fixture
def slack(shared: SlackWorld) -> SlackWorld:
    """A workspace on its first day, and everything up."""
    shared.slack.forget()
    shared.world.engine.down = False
    shared.world.clock.ahead = timedelta(0)
    return shared


async def new_case(slack: SlackWorld, **delivery: Any) -> str:
    """Another case."""
    subject = f"R-{uuid.uuid4().hex[:8]}"
    return await slack.world.case(id=f"evt-{subject}", subject=subject, **delivery)


async def asked(slack: SlackWorld) -> str:
    """A case whose legal review is asked in the room."""
    number = await new_case(slack)
    await slack.world.to_gate(number)
    await slack.ask(number)
    return number


async def form(slack: SlackWorld, action: str = APPROVE, **how: Any) -> dict[str, Any]:
    """The form that the press of a button shows."""
    response = await slack.press(action, **how)
    assert response.status_code == 200
    assert slack.slack.views, slack.slack.whispers
    return slack.slack.views[-1][1]


async def send(slack: SlackWorld, view: dict[str, Any], **how: Any) -> dict[str, Any]:
    """The answer to the form."""
    fields = {"user": "U0LENA", "text": "as agreed", **how}
    response = await slack.send(await slack.slack.submit(view, **fields))
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def votes(slack: SlackWorld, number: str) -> list[dict[str, Any]]:
    """The votes of the first round."""
    found: list[dict[str, Any]] = (await slack.world.picture(number))["rounds"][0]["votes"]
    return found


async def test_a_verdict_from_slack_is_a_signed_act_like_any_other(slack: SlackWorld) -> None:
    """Press, form, reason: the vote stands in the case, by the person, at L1, through this door."""
    number = await asked(slack)
    view = await form(slack)
    assert slack.slack.views[-1][0] == "U0LENA"
    assert "Is the proposed action lawful?" in json.dumps(view)

    answer = await send(slack, view)

    assert "Your act counts." in json.dumps(answer)
    vote = (await votes(slack, number))[0]
    assert (vote["person"], vote["verdict"], vote["door"]) == ("lena", "approve", "slack")
    assert "door:act:recorded" in await slack.world.kinds(number, "door")


async def test_a_card_that_arrives_after_its_question_is_over_is_closed_too(
    slack: SlackWorld,
) -> None:
    """Slack is slow: the closer finds nothing, and the card stands there a moment later."""
    number = await new_case(slack)
    await slack.world.to_gate(number)
    await slack.ask(number, purpose=Purpose.INFORMATION, round=None)
    slack.slack.fail_next("chat.postMessage", "internal_error")
    await slack.ask(number)
    view = await slack.world.view(number)
    assert view is not None
    parts, case = slack.world.doors.slack, view.line.case
    assert parts is not None
    rows = await slack.world.store.prompts.by_case(case)
    [row] = [each for each in rows if each.message is None]
    lena = await slack.world.browser("lena")
    assert (await lena.act(f"/cases/{number}", "decide", "approve")).status == 200

    async def became(wanted: str) -> bool:
        known = await slack.world.store.prompts.get(row.key)
        return known is not None and known.became == wanted

    assert await slack.world.until(lambda: became("unseen"))
    card = Card(heading="Decide", buttons=(Button(action="x", label="x", value="x"),), link="l")
    await parts.slack.post(card, place=Place(room=row.room, thread=row.thread), key=row.key)
    slack.world.clock.ahead += UNDER_WAY

    assert await slack.world.until(lambda: became("decided"))
    assert slack.slack.actions(slack.slack.rooms[ROOM][-1]) == [OPEN]


async def test_every_card_is_closed_once_the_gate_is_decided(slack: SlackWorld) -> None:
    """Decided on our page, the cards in every room lose their buttons, and say not how."""
    number = await asked(slack)
    await slack.ask(number, role="policy", key="another-room")
    lena = await slack.world.browser("lena")
    assert (await lena.act(f"/cases/{number}", "decide", "approve")).status == 200

    view = await slack.world.view(number)
    assert view is not None
    case = view.line.case

    async def closed() -> bool:
        rows = await slack.world.store.prompts.by_case(case)
        return {row.became for row in rows if row.round is not None} == {"decided"}

    assert await slack.world.until(closed)
    cards = [card for room in slack.slack.rooms for card in slack.slack.cards(room)]
    assert [slack.slack.actions(card) for card in cards] == [[OPEN], [OPEN]]
    said = slack.slack.says(slack.slack.cards()[-1])
    assert "has been decided" in said
    assert "Lawful" not in said


async def test_whatever_is_said_to_slack_is_in_the_ledger_of_its_case(slack: SlackWorld) -> None:
    """The card, the form, who pressed, the whisper and the card's end: each call by its case."""
    number = await asked(slack)
    # Nobody before this pressed as Tessa, so Slack is asked who she is.
    assert (await slack.press(APPROVE, user="U0TESSA")).status_code == 200
    await slack.whisper()
    await form(slack)
    lena = await slack.world.browser("lena")
    assert (await lena.act(f"/cases/{number}", "decide", "approve")).status == 200
    view = await slack.world.view(number)
    assert view is not None

    async def closed() -> bool:
        rows = await slack.world.store.prompts.by_case(view.line.case)
        return all(row.became for row in rows if row.round is not None)

    assert await slack.world.until(closed)

    calls = await slack.world.store.calls.list(CallFilter(case=view.line.case, vendor="slack"))
    said = {call.operation for call in calls}
    assert {"chat.postMessage", "users.info", "views.open", "chat.update", "whisper"} <= said
    assert {call.outcome for call in calls} == {"answered"}
    assert all("hooks.slack.com/actions/…" in c.url for c in calls if c.operation == "whisper")


async def test_a_late_press_is_told_so_and_its_card_is_closed(slack: SlackWorld) -> None:
    """What stood there when the answer was lost is put right at the next press."""
    number = await asked(slack)
    slack.slack.fail_next("chat.update", "fatal_error")
    stale = json.loads(json.dumps(slack.slack.cards()[-1]))
    await send(slack, await form(slack))
    later = await slack.press(APPROVE, user="U0LUCA", card=stale)

    assert later.status_code == 200
    assert LINK_DECIDED.says in await slack.whisper()
    assert len(await votes(slack, number)) == 1

    async def closed() -> bool:
        return slack.slack.actions(slack.slack.cards()[-1]) == [OPEN]

    assert await slack.world.until(closed)


async def test_who_may_not_is_refused_on_record_once(slack: SlackWorld) -> None:
    """Anybody in the room can press all day: one entry in the door's stream says so."""
    number = await asked(slack)
    for _ in range(3):
        await slack.press(APPROVE, user="U0TESSA")

    assert REASONS[Reason.ROLE].says in await slack.whisper()
    assert await votes(slack, number) == []
    assert slack.slack.views == []
    refused = [k for k in await slack.world.kinds(number, "door") if k == "door:act:refused"]
    assert len(refused) == 1


@pytest.mark.hostile(24)
@pytest.mark.parametrize(
    "user,marks,says",
    [
        ("U0NOBODY", {}, SLACK_STRANGER.says),
        ("U0DORA", {"is_restricted": True}, SLACK_OUTSIDER.says),
        ("U0DMITRI", {"is_ultra_restricted": True}, SLACK_OUTSIDER.says),
        ("U0DIANA", {"is_stranger": True}, SLACK_OUTSIDER.says),
        ("U0PEDRO", {"is_bot": True}, SLACK_OUTSIDER.says),
        ("U0PETRA", {"deleted": True}, SLACK_OUTSIDER.says),
    ],
)
async def test_only_members_the_directory_knows_are_believed(
    slack: SlackWorld, user: str, marks: dict[str, bool], says: str
) -> None:
    """Guests, programs, strangers and those who have left act nowhere."""
    number = await asked(slack)
    slack.slack.join(user, **marks)
    await slack.press(APPROVE, user=user)

    assert says in await slack.whisper()
    assert (slack.slack.views, await votes(slack, number)) == ([], [])


@pytest.mark.hostile(24)
async def test_members_of_another_workspace_are_refused(slack: SlackWorld) -> None:
    """Slack Connect brings them into the room; their presses count for nothing."""
    await asked(slack)
    await slack.press(APPROVE, user="U0LENA", team="T0OTHER1")

    assert SLACK_OUTSIDER.says in await slack.whisper()
    assert slack.slack.views == []


async def test_a_form_of_nobody_we_know_is_answered_and_counts_for_nothing(
    slack: SlackWorld,
) -> None:
    """A member without an entry in the directory has decided nothing, and is told why."""
    number = await asked(slack)
    shown = await form(slack)
    slack.slack.join("U0GUSTAV")

    answer = await send(slack, shown, user="U0GUSTAV")

    assert SLACK_STRANGER.says in json.dumps(answer)
    assert await votes(slack, number) == []


async def test_slack_not_answering_who_it_is_acts_for_nobody(slack: SlackWorld) -> None:
    """A member who cannot be looked up is not believed on trust."""
    await asked(slack)
    slack.slack.fail_next("users.info", "internal_error")
    await slack.press(APPROVE, user="U0PAULA")

    assert SLACK_UNCHECKED.says in await slack.whisper()


async def test_an_expired_trigger_is_told_and_may_be_pressed_again(slack: SlackWorld) -> None:
    """A form shows only within three seconds of the press."""
    number = await asked(slack)
    await slack.press(APPROVE, delay=timedelta(seconds=4))
    assert SLACK_UNCHECKED.says in await slack.whisper()

    await send(slack, await form(slack))

    assert len(await votes(slack, number)) == 1


@pytest.mark.hostile(23)
async def test_a_form_sent_twice_counts_once_and_hears_the_same(slack: SlackWorld) -> None:
    """The view's id is the act's: the second answer is the first one's."""
    number = await asked(slack)
    view = await form(slack)

    first, second = await send(slack, view), await send(slack, view)

    assert first == second
    assert len(await votes(slack, number)) == 1


@pytest.mark.hostile(23)
async def test_a_press_delivered_twice_is_one_press(slack: SlackWorld) -> None:
    """The same bytes again show no second form."""
    await asked(slack)
    posted = await slack.slack.press(slack.slack.cards()[-1], APPROVE, user="U0LENA")
    for _ in range(2):
        assert (await slack.send(posted)).status_code == 200

    assert len(slack.slack.views) == 1


async def test_a_reason_is_asked_for_where_the_gate_asks_for_one(slack: SlackWorld) -> None:
    """The form stays open and says what is missing."""
    number = await asked(slack)
    view = await form(slack, REJECT)

    answer = await send(slack, view, text=None)

    assert answer["response_action"] == "errors"
    assert await votes(slack, number) == []
    assert "Your act counts." in json.dumps(await send(slack, view))


async def test_facts_that_change_under_the_form_void_it(slack: SlackWorld) -> None:
    """A verdict is bound to what was asked when the form was shown (I5)."""
    number = await asked(slack)
    view = await form(slack)
    imani = await slack.world.browser("imani")
    done = await imani.act(f"/cases/{number}", "answer", q__kind="fraud")
    assert done.status == 200, done.text

    answer = await send(slack, view)

    assert "earlier question" in json.dumps(answer) or "has been decided" in json.dumps(answer)
    assert all(not round_["votes"] for round_ in (await slack.world.picture(number))["rounds"])


async def test_a_gate_that_needs_more_proof_is_opened_never_decided(slack: SlackWorld) -> None:
    """Its card has no such button, and a forged press is told where to decide."""
    world, pathway = slack.world, "user-safety-escalation"
    at = await world.clock.now()
    strict = library()[pathway].replace(b"version: 1.", b"version: 7.")
    strict = strict.replace(b"    silence: wait\n", b"    silence: wait\n    assurance: L2\n")
    await release(world.store, strict, at)
    try:
        number = await asked(slack)
    finally:
        loose = library()[pathway].replace(b"version: 1.", b"version: 8.")
        await release(world.store, loose, at)
    card = slack.slack.cards()[-1]
    assert slack.slack.actions(card) == [HAVE_IT, OPEN]
    value = card["blocks"][-1]["elements"][0]["value"]

    await slack.press(APPROVE, forged=value)

    assert SLACK_NOT_HERE.says in await slack.whisper()
    assert await votes(slack, number) == []


async def test_acknowledging_is_one_press(slack: SlackWorld) -> None:
    """'I have it' is an act of its own, and is whispered back."""
    number = await asked(slack)
    await slack.press(HAVE_IT)

    assert "Your act counts." in await slack.whisper()
    assert "people:stage:acknowledged" in await slack.world.kinds(number, "case")


async def test_the_cases_page_says_where_people_were_asked_and_what_they_pressed(
    slack: SlackWorld,
) -> None:
    """Who pressed and what came of it; not which verdict, which may be hidden."""
    number = await asked(slack)
    await slack.press(APPROVE, user="U0TESSA")
    imani = await slack.world.browser("imani")

    page = (await imani.get(f"/cases/{number}")).text

    assert "tessa pressed “decide”" in page
    assert f"room {ROOM}: legal at legal review" in page


async def test_a_verdict_counts_while_the_engine_is_down(slack: SlackWorld) -> None:
    """Recorded at the door within Slack's three seconds; applied when the engine is back (I7)."""
    number = await asked(slack)
    view = await form(slack)
    slack.world.engine.down = True
    answer = await send(slack, view)
    assert "Recorded at" in json.dumps(answer)

    slack.world.engine.down = False

    async def applied() -> Any:
        return await votes(slack, number)

    assert len(await slack.world.until(applied)) == 1


@pytest.mark.hostile(21, 22)
@pytest.mark.parametrize("change", ["signature", "timestamp", "body", "missing", "words", "old"])
async def test_what_slack_did_not_sign_is_refused(slack: SlackWorld, change: str) -> None:
    """401, and never 500, whatever is wrong with the proof."""
    await asked(slack)
    body, headers = await slack.slack.press(slack.slack.cards()[-1], APPROVE, user="U0LENA")
    match change:
        case "signature":
            headers["X-Slack-Signature"] = "v0=" + "0" * 64
        case "timestamp":
            headers["X-Slack-Request-Timestamp"] = "not-a-number"
        case "body":
            body += b"&x=1"
        case "missing":
            del headers["X-Slack-Signature"]
        case "words":
            headers["X-Slack-Signature"] = "v1=abc"
        case "old":
            slack.world.clock.ahead = timedelta(seconds=302)

    response = await slack.send((body, headers))

    assert response.status_code == 401
    assert slack.slack.views == []


@pytest.mark.parametrize("payload", ["[]", "{", '{"type":"block_actions"}', '{"type":"x"}'])
async def test_authentic_junk_is_answered_and_does_nothing(slack: SlackWorld, payload: str) -> None:
    """Not as documented: 400; of another kind: 200."""
    body = urlencode({"payload": payload})
    seconds = str(int((await slack.world.clock.now()).timestamp()))
    signature = SignatureVerifier(SECRET).generate_signature(timestamp=seconds, body=body)
    headers = {"X-Slack-Request-Timestamp": seconds, "X-Slack-Signature": str(signature)}

    response = await slack.send((body.encode(), headers))

    assert response.status_code == (200 if payload == '{"type":"x"}' else 400)


async def test_no_word_of_a_report_reaches_slack(slack: SlackWorld) -> None:
    """Cards, threads, forms and whispers hold none of what was written (I13)."""
    number = await new_case(slack, data={"fields": {"text": CANARY}})
    tessa = await slack.world.browser("tessa")
    await tessa.act(f"/cases/{number}", "complete", "escalate", note=CANARY)
    await slack.ask(number)
    await send(slack, await form(slack), text="a reason")

    everything = json.dumps([slack.slack.rooms, slack.slack.views, slack.slack.whispers])
    assert "canary" not in everything
    assert number in everything
