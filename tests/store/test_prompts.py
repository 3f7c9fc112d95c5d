"""Cards in chats and mails that come in: kept once, and over when their question is."""

from datetime import timedelta
from typing import Any

import pytest

from cases.journal import Kind, Stream
from cases.notice import NoticeEnd, Purpose
from store import Click, DoorRound, IncomingRow, NoticeRow, Prompt, Store
from store.prompts import NEVER_POSTED
from tests.store.building import CANARY, START, accepted, later

LATER = later(minutes=1)


def prompt(case: str, **changed: Any) -> Prompt:
    """A card that asks at legal review."""
    fields: dict[str, Any] = {
        "key": "card",
        "case": case,
        "chat": "slack",
        "room": "C1",
        "stage": "legal-review",
        "round": 1,
        "role": "legal",
        "begun_by": "notice",
        "begun_at": START,
    }
    return Prompt(**{**fields, **changed})


@pytest.fixture
async def case(store: Store) -> str:
    """A case of this store."""
    return (await accepted(store)).case


async def round_(store: Store, case: str, number: int, *, open_: bool) -> None:
    """The round, as the workflow published it."""
    async with store.database.write() as connection:
        await store.rounds.publish_in(
            connection, case, [DoorRound(gate="legal-review", round=number, open=open_)]
        )


async def over(store: Store) -> list[tuple[str, str]]:
    """The cards that are over, and what became of their question."""
    found = await store.prompts.over(chat="slack", at=LATER)
    return [(each.prompt.key, each.became.value) for each in found]


async def test_a_card_is_begun_once(store: Store, case: str) -> None:
    """Whoever comes second sees who is posting it, and then where it stands."""
    _, first = await store.prompts.begin(prompt(case))
    known, second = await store.prompts.begin(prompt(case, begun_by="another"))
    assert (first, second, known.begun_by) == (True, False, "notice")

    await store.prompts.posted("card", message="1.2", thread="1.1")

    found = await store.prompts.at(chat="slack", room="C1", message="1.2")
    assert found is not None
    assert (found.key, found.thread) == ("card", "1.1")
    assert await store.prompts.at(chat="slack", room="C2", message="1.2") is None


async def test_a_card_is_over_when_its_round_is(store: Store, case: str) -> None:
    """Decided, closed at the door, or replaced by a newer round; not before."""
    await store.prompts.begin(prompt(case))
    assert await over(store) == []
    await round_(store, case, 1, open_=True)
    assert await over(store) == []

    await store.acts.collect(case=case, gate="legal-review", round=1, deadline=START, at=START)
    assert await over(store) == [("card", "decided")]
    await round_(store, case, 2, open_=True)
    assert await over(store) == [("card", "superseded")]
    await store.prompts.closed("card", became="superseded", at=LATER)
    assert await over(store) == []


async def test_a_card_that_cannot_be_changed_waits_longer_each_time(
    store: Store, case: str
) -> None:
    """Or as long as the chat asks for."""
    row = prompt(case)
    await store.prompts.begin(row)
    await round_(store, case, 1, open_=False)
    await store.prompts.failed(row, at=LATER, wait=timedelta(seconds=30))

    assert await over(store) == []
    found = await store.prompts.over(chat="slack", at=LATER + timedelta(seconds=30))
    assert [each.prompt.attempts for each in found] == [1]


async def test_a_click_is_kept_once(store: Store, case: str) -> None:
    """Delivered twice it is one, with what came of it."""
    click = Click(key="k", chat="slack", member="T/U", what="decide", came_of="", received_at=START)
    assert [await store.prompts.clicked(click) for _ in range(2)] == [True, False]
    await store.prompts.came_of("k", "accepted", case=case)

    assert [each.came_of for each in await store.prompts.clicks_of(case)] == ["accepted"]


async def test_a_mail_is_kept_once_and_its_words_are_sealed(store: Store, case: str) -> None:
    """The door's stream says that it came, and commits to what it says."""
    row = IncomingRow(key="a" * 64, kind="reply", person="lena", received_at=START)
    kept = [
        await store.incoming.keep(row, case=case, kind=Kind.DOOR_MAIL_RECEIVED, text=CANARY)
        for _ in range(2)
    ]

    assert kept == [True, False]
    assert await store.incoming.known(row.key)
    (read,) = await store.incoming.by_case(case)
    assert read.text == CANARY
    entries = await store.journal.entries(case, stream=Stream.DOOR)
    (said,) = [entry for entry in entries if entry.kind is Kind.DOOR_MAIL_RECEIVED]
    assert said.body["reference"] == "mail:" + "a" * 16
    assert CANARY not in str(said.body)


async def test_a_dropped_mail_says_why(store: Store) -> None:
    """It belongs to no case, and holds no word."""
    row = IncomingRow(key="b", kind="loop", why="our own mail came back", received_at=START)
    for _ in range(2):
        await store.incoming.drop(row)

    assert await store.incoming.recent() == [row]


async def test_a_notice_that_came_back_was_not_delivered(store: Store, case: str) -> None:
    """Found by its Message-ID; known the second time."""
    row = NoticeRow(
        key="n",
        recipient="lena",
        case=case,
        purpose=Purpose.ASK,
        role="legal",
        channel="mail",
        end=NoticeEnd.DELIVERED,
        message_id="<m@x>",
        at=START,
    )
    await store.notices.record(row)

    assert await store.notices.by_message(["<other@x>", "<m@x>"]) == row
    assert [await store.notices.came_back(row, detail="5.1.1") for _ in range(2)] == [True, False]
    again = await store.notices.sent("n", recipient="lena")
    assert again is not None
    assert (again.end, again.detail) == (NoticeEnd.FELL_BACK, "5.1.1")


async def test_a_card_that_comes_after_all_is_closed_after_all(store: Store, case: str) -> None:
    """It was taken for never posted, and then it was: by a retry, or by a post that took long."""
    card, _ = await store.prompts.begin(prompt(case))
    await round_(store, case, 1, open_=False)
    await store.prompts.unseen(card, until=later(seconds=70))
    assert await over(store) == []
    await store.prompts.closed("card", became=NEVER_POSTED, at=later(seconds=71))

    again, fresh = await store.prompts.begin(prompt(case, begun_by="another"))

    assert (fresh, again.closed_at, again.became) == (False, None, None)
    await store.prompts.closed("card", became=NEVER_POSTED, at=later(seconds=72))
    await store.prompts.posted("card", message="1.2", thread=None)
    [found] = await store.prompts.over(chat="slack", at=later(minutes=2))
    assert found.prompt.message == "1.2"

    await store.prompts.closed("card", became="decided", at=later(minutes=2))
    await store.prompts.posted("card", message="1.2", thread=None)
    await store.prompts.begin(prompt(case))
    assert await store.prompts.over(chat="slack", at=later(minutes=3)) == []
