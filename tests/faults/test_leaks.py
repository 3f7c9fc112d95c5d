"""What people report and write stays inside: thirty strings, looked for wherever anything goes."""

import asyncio
import base64
import email
import email.policy
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.faults.canaries import MANY, Canaries
from tests.faults.copies import kept_and_handed_out, opens_nowhere_once_erased
from tests.faults.course import open_round, step
from tests.faults.guarded_house import GuardedHouse, guarded_house, proven, subscribe
from tests.faults.quiet_room import (
    ROUTING,
    TAG,
    TEXT,
    compared,
    digested,
    mailed,
    murmured,
    words_of_structure,
)
from tests.stores import release
from workers.engine import Engine

APPROVE = "escalate.decide-approve"
RESTRICTED = {
    "intimate-imagery": "non-consensual-intimate-imagery",
    "self-harm": "self-harm-risk",
    "child-safety": "child-safety-report",
    TAG: "quiet-room",
}
"""Tags of four runbooks whose cases only those see who need to."""
OUTSIDE = (
    *("Zendesk", "Jira", "ServiceNow", "Request Tracker", "Teams", "pager"),
    *("Slack rooms", "event webhook"),
)
"""Channels whose readers nobody has looked up."""


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[GuardedHouse]:
    """The house, its engine on a file; the loggers are afterwards as pytest had them."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        async with (
            Engine.start(pinned_only=True, database=tmp_path / "engine.db") as engine,
            guarded_house(engine, tmp_path, routing=ROUTING) as made,
        ):
            await release(made.place.house.store, TEXT, datetime.now(UTC))
            await subscribe(made)
            yield made
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()


async def test_thirty_strings_of_restricted_cases_leave_by_no_channel(
    guarded: GuardedHouse, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Put into reports, reasons, names and evidence; found in no channel, file or copy.

    Nor is what such a case is about, or how grave it is, told to anybody whose right to see it
    was not looked up. Then one case is erased: nothing that was sealed for it opens, wherever a
    copy of it is.
    """
    canaries = Canaries()
    acts: list[str] = []
    numbers = [await reported(guarded, tag, canaries) for tag in RESTRICTED]
    for person in ("samir", "lena"):
        await proven(guarded, person)
    await asyncio.gather(
        worked_on(guarded, numbers[1], canaries, acts),
        handed_over(guarded, numbers[2], canaries, acts),
        refused_at_a_gate(guarded, numbers[0], canaries, acts),
        murmured(guarded, numbers[3], canaries, acts, other=numbers[1]),
    )
    assert await mailed(guarded, numbers, canaries) == "reply"
    numbers.append(await decided_in_a_room(guarded, canaries))
    digested_, compared_ = await digested(guarded), await compared(guarded)
    severities = [(await severity_of(guarded, number)) for number in numbers]
    for number in numbers:
        await step(guarded.place, number, acts, "imani", verb="cancel", reason="a test")
    await everything_sent(guarded, numbers)

    carried = {name: list(await sink()) for name, sink in guarded.sinks().items()}
    carried |= await kept_and_handed_out(guarded, numbers, tmp_path, canaries)
    leaks = await canaries.leaks({name: partial(kept, said) for name, said in carried.items()})

    record_property("canaries", len(canaries.placed))
    record_property("channels", len(carried))
    record_property("leaks", sum(len(places) for places in leaks.values()))
    words = words_of_structure(
        list(RESTRICTED.values()), severities={*severities[:-1]} - {severities[-1]}
    )
    record_property("words of structure", len(words))
    assert digested_ > 0
    assert compared_ == len(numbers)
    assert leaks == {}
    assert told_outside(carried, words) == {}
    mailed_ = carried_by_mail(carried)
    assert [word for word in words if word in mailed_], "those who may see are told what it is"
    assert len(canaries.placed) == MANY
    assert canaries.seen_in(await known(guarded, numbers, acts)) == set(canaries.placed)
    assert guarded.others.receiver.unbelieved == 0
    assert [name for name, said in carried.items() if not any(said)] == [], "silence proves nothing"
    for channel in ("Zendesk", "Jira", "ServiceNow", "Request Tracker", "Teams", "event webhook"):
        untold = [n for n in numbers if not any(n.encode() in said for said in carried[channel])]
        assert untold == [], f"{channel} was told of every case"
    restricted = [number.encode() for number in numbers[:-1]]
    assert any(number in said for number in restricted for said in carried["Slack rooms"])
    assert any(b"notify" in said for said in guarded.collector.said)
    assert '"event"' in guarded.log.getvalue()
    await opens_nowhere_once_erased(guarded, numbers[1], tmp_path, record_property)


@pytest.mark.parametrize(
    "written",
    [
        lambda word: word.encode(),
        lambda word: word.upper().encode(),
        lambda word: base64.b64encode(f"x{word} and more".encode()),
        lambda word: word.encode().hex().encode(),
        lambda word: (
            b"Subject: x\nContent-Transfer-Encoding: base64\n\n"
            + base64.b64encode(f"some {word} text".encode())
        ),
    ],
)
async def test_a_string_is_found_however_it_is_written(written: Callable[[str], bytes]) -> None:
    """The search would see a leak: in clear, in capitals, as base64, as hex, in a mail's part."""
    canaries = Canaries()
    word = canaries.word("a place")

    async def sink() -> list[bytes]:
        return [b"harmless", written(word)]

    async def clean() -> list[bytes]:
        return [b"harmless"]

    assert await canaries.leaks({"one": sink, "other": clean}) == {"one": ["a place"]}


async def reported(guarded: GuardedHouse, tag: str, canaries: Canaries) -> str:
    """A report full of what nobody else may read; the number of its case."""
    say, word = canaries.prose, canaries.word
    return await guarded.place.opened_case(
        tags=[tag],
        about=word(f"{tag}: whom it is about"),
        note=say(f"{tag}: the report"),
        reporter={"name": word(f"{tag}: the reporter's name"), "email": "x@example.test"},
        fields={"summary": say(f"{tag}: a field"), "title": say(f"{tag}: a title")},
    )


async def severity_of(guarded: GuardedHouse, number: str) -> str:
    """How grave the case is by now."""
    view = await guarded.place.view(number)
    assert view is not None
    return str(view.line.severity)


def told_outside(carried: Mapping[str, list[bytes]], words: set[str]) -> dict[str, list[str]]:
    """Channel → the words of structure that it carried."""
    found: dict[str, list[str]] = {}
    for channel in OUTSIDE:
        said = b"\n".join(carried[channel]).decode(errors="replace").lower()
        seen = sorted(word for word in words if word.lower() in said)
        if seen:
            found[channel] = seen
    return found


def carried_by_mail(carried: Mapping[str, list[bytes]]) -> str:
    """What those were told who may see their case: there the words stand, and are found."""
    parts: list[str] = []
    for piece in carried["mail"]:
        message: Any = email.message_from_bytes(piece, policy=email.policy.default)
        parts += [str(message["subject"]), message.get_content()]
    return "\n".join(parts)


async def refused_at_a_gate(
    guarded: GuardedHouse, number: str, canaries: Canaries, acts: list[str]
) -> None:
    """A request is refused by two roles, with memo and reasons, and one of them objects."""
    place, say = guarded.place, canaries.prose
    await place.at(number, stage="validity")
    valid_since = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    await step(
        place, number, acts, "tessa", verb="answer",
        answers={"requester": "person-shown", "age": "adult", "valid-since": valid_since},
    )  # fmt: skip
    await step(
        place, number, acts, "tessa", verb="complete", stage="validity", outcome="valid",
        note=say("the note of triage"),
    )  # fmt: skip
    await place.at(number, stage="removal")
    await step(
        place, number, acts, "rhea", verb="complete", stage="removal", outcome="refuse",
        note=say("the note of a reviewer"),
    )  # fmt: skip
    await place.at(number, stage="refusal")
    fields = ("facts", "ground", "why-not-intimate-or-consensual")
    await step(
        place, number, acts, "samir", verb="memo", gate="refusal",
        fields={name: say(f"the memo's {name}") for name in fields},
    )  # fmt: skip
    await open_round(place, number, "refusal")
    await step(
        place, number, acts, "samir", verb="decide", gate="refusal", verdict="reject",
        reason=say("the reason of a vote"),
    )  # fmt: skip


async def worked_on(
    guarded: GuardedHouse, number: str, canaries: Canaries, acts: list[str]
) -> None:
    """Evidence, severity, a page by hand, a task, a privileged comment."""
    place, say, word = guarded.place, canaries.prose, canaries.word
    await place.at(number, status="open")
    await step(
        place, number, acts, "imani", verb="evidence", label=word("evidence: label"),
        reference=f"vault://{word('evidence: reference')}", digest="0" * 64,
    )  # fmt: skip
    await step(
        place, number, acts, "imani", verb="evidence", label=word("evidence: another label"),
        reference=say("evidence: where it is"), digest="1" * 64,
    )  # fmt: skip
    await step(
        place, number, acts, "imani", verb="severity", severity="SEV0", reason=say("severity")
    )  # fmt: skip
    await step(
        place, number, acts, "imani", verb="raise", to="executive", reason=say("a page by hand")
    )  # fmt: skip
    due = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    await step(
        place, number, acts, "imani", verb="task", what=say("a task"), owner="incident-manager",
        due=due,
    )  # fmt: skip
    await step(
        place, number, acts, "imani", verb="comment", text=say("a privileged comment"),
        restricted_to=["incident-manager"], privileged=True,
    )  # fmt: skip


async def handed_over(
    guarded: GuardedHouse, number: str, canaries: Canaries, acts: list[str]
) -> None:
    """Held, resumed, given to somebody."""
    place, say = guarded.place, canaries.prose
    await place.at(number, status="open")
    review_at = (datetime.now(UTC) + timedelta(hours=3)).isoformat()
    await step(
        place, number, acts, "imani", verb="hold", review_at=review_at, reason=say("hold")
    )  # fmt: skip
    await step(place, number, acts, "imani", verb="resume", reason=say("resume"))
    await step(
        place, number, acts, "imani", verb="assign", role="incident-manager", person="imani",
        reason=say("assign"),
    )  # fmt: skip


async def decided_in_a_room(guarded: GuardedHouse, canaries: Canaries) -> str:
    """Everything placed so far is said again, in a case that is decided by Slack's own form.

    The gates of restricted cases are decided on our pages only: this one is shown in a form.
    """
    place, slack = guarded.place, guarded.others.slack
    number = await place.opened_case(
        tags=["fraud"], note=" ".join(canaries.placed), about=next(iter(canaries.placed))
    )
    await place.at(number, stage="triage")
    await step(
        place, number, [], "tessa", verb="complete", stage="triage", outcome="escalate",
        note=" ".join(canaries.placed),
    )  # fmt: skip

    async def card() -> Any:
        return next(
            (
                card
                for card in slack.cards()
                if number in slack.says(card) and APPROVE in slack.actions(card)
            ),
            None,
        )

    asked = await place.until(card, what="a card that asks")
    await from_slack(guarded, await slack.press(asked, APPROVE, user="U0TESSA"))
    await from_slack(guarded, await slack.press(asked, APPROVE, user="U0LENA"))

    async def form() -> Any:
        return next((view for user, view in slack.views if user == "U0LENA"), None)

    view = await place.until(form, what="the form")
    await from_slack(
        guarded, await slack.submit(view, user="U0LENA", text=" ".join(canaries.placed))
    )
    await place.at(number, stage="policy-sign-off")
    return number


async def from_slack(guarded: GuardedHouse, posted: tuple[bytes, dict[str, str]]) -> None:
    """Slack posts it, and is answered."""
    body, headers = posted
    answer = await guarded.place.http.post("/webhooks/slack", content=body, headers=headers)
    assert answer.status_code == 200, answer.text


async def kept(said: list[bytes]) -> list[bytes]:
    """What was read once."""
    return said


async def everything_sent(guarded: GuardedHouse, numbers: list[str]) -> None:
    """The cases rest, and nothing waits to be sent."""
    for number in numbers:
        await guarded.place.quiet(number)

    async def nothing_waits() -> bool:
        counts = await guarded.place.house.store.events.counts()
        return counts.get(("warehouse", "pending"), 0) == 0 and bool(counts)

    await guarded.place.until(nothing_waits, what="every event to be sent")


async def known(guarded: GuardedHouse, numbers: list[str], acts: list[str]) -> list[bytes]:
    """What the house itself knows: the reports as they came, and the acts as they were signed."""
    store = guarded.place.house.store
    found: list[bytes] = []
    for number in numbers:
        case = await guarded.place.case_of(number)
        rows = await store.deliveries.list(case=case)
        found += [(await store.deliveries.show(row.key)).body for row in rows]
        found += [each.text.encode() for each in (await store.comments.of_case(case)).values()]
        found += [mail.text.encode() for mail in await store.incoming.by_case(case)]
    for act in acts:
        envelope = (await store.acts.show(act)).envelope
        found.append(envelope.model_dump_json().encode())
        found.append(envelope.payload.encode())
    return found
