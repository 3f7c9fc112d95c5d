"""What the ticket is told: in the runbook's words where it has any, in ours otherwise."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities import Outside
from activities.tickets import Tickets
from cases.ticket_note import (
    TICKET_CLOSED,
    TICKET_DECIDED,
    TICKET_OPENED,
    RuleSaid,
    Standing,
    TicketLine,
)
from integrations.errors import UnavailableError
from integrations.file_directory import DEMO_FILE, FileDirectory
from integrations.ports.ticketing import TicketPriority
from runbooks import library
from runbooks.fragments import parted
from runbooks.plan import Severity
from store import DEMO_KEK, ObligationRow, Store
from tests.cases.house import compiled
from tests.fakes.clock import START, FixedClock
from tests.fakes.ports import FakeTicketing
from tests.store.building import accepted
from tests.stores import empty_store
from workflows.effects import TicketOrder, TicketResult

DUE = START + timedelta(minutes=15)
LINES = (
    TicketLine(text="Case 1001 opened: our words.", macro=TICKET_OPENED),
    TicketLine(
        text="Legal review: approved.",
        macro=TICKET_DECIDED,
        gate="legal-review",
        outcome="approved",
        at=START,
    ),
    TicketLine(text="Severity is SEV1."),
    TicketLine(text="Case 1001 closed: actioned.", macro=TICKET_CLOSED, outcome="actioned", at=DUE),
)
STANDING = Standing(stage="Triage", owner="triage", due_at=DUE, answers={"kind": "fraud"})


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An open store."""
    url = f"sqlite:///{tmp_path / 'escalate.db'}"
    await empty_store(url)
    async with await Store.open(url, kek=DEMO_KEK) as opened:
        yield opened


class Desk:
    """A case pinned to a runbook, and the tracker its ticket is in."""

    def __init__(self, store: Store, case: str) -> None:
        self.case = case
        self.tracker = FakeTicketing()
        outside = Outside(
            store=store,
            directory=FileDirectory(DEMO_FILE, clock=FixedClock()),
            channels=(),
            public_url="https://escalate.test",
            mail_domain="escalate.test",
            zone=ZoneInfo("UTC"),
            ticketing={"local": self.tracker},
            default_ticketing="local",
        )
        self._activity = Tickets(outside).sync_ticket

    async def told(
        self, *lines: TicketLine, key: str = "k-1", standing: Standing | None = STANDING
    ) -> TicketResult:
        """The ticket has been told."""
        order = TicketOrder(
            key=key,
            case=self.case,
            number="1001",
            ticket=None,
            lines=lines,
            standing=standing,
            severity=Severity.SEV3,
            at=START,
        )
        return await ActivityEnvironment().run(self._activity, order)

    @property
    def notes(self) -> list[str]:
        """The comments on the ticket."""
        return [text for _, text in self.tracker.notes]


async def desk(store: Store, text: bytes) -> Desk:
    """A case that runs on that runbook."""
    case = (await accepted(store)).case
    digest = await store.objects.put(kind="runbook", data=text, at=START)
    await store.cases.pin(case, runbook="test", version="1.0.0", digest=digest)
    return Desk(store, case)


async def test_the_runbooks_macros_word_the_notes(store: Store) -> None:
    """Opened, decided and closed are said as the runbook says it; the rest in our words."""
    case = await desk(store, library()["user-safety-escalation"])

    await case.told(*LINES)

    assert "".join(case.notes) == (
        "Case 1001 is open under User safety escalation (SEV3). "
        "Next: triage, due 2026-11-22 10:15 UTC.\n"
        "Case 1001: Is the proposed action lawful? Answer: approved, 2026-11-22 10:00 UTC.\n"
        "Severity is SEV1.\n"
        "Case 1001 is closed as actioned, 2026-11-22 10:15 UTC. The record stays with the case."
    )


async def test_a_ticket_of_a_case_that_few_may_see_says_that_there_is_one(store: Store) -> None:
    """Neither what it is about, nor how grave it is, nor what was decided (I13)."""
    case = await desk(store, library()["child-safety-report"])

    await case.told(*LINES)
    await case.told(LINES[2], key="k-2", standing=None)

    text = library()["child-safety-report"]
    titles = [stage.title or stage.name for stage in compiled(text).stages]
    said = "".join(case.notes)
    assert "Case 1001" in said
    assert "https://escalate.test/cases/1001" in said
    assert not [
        word
        for word in (*titles, compiled(text).title, "SEV", "approved", "actioned", "Legal")
        if word in said
    ]
    (draft,) = case.tracker.opened
    assert draft.priority is TicketPriority.NORMAL


async def test_without_macros_our_own_words_stand(store: Store) -> None:
    """A runbook that says nothing of tickets leaves the words to us."""
    own, _ = parted(library()["user-safety-escalation"])
    text, _, _ = own.partition(b"fragments:")
    case = await desk(store, text)

    await case.told(*LINES)

    assert case.notes == ["\n".join(line.text for line in LINES)]


async def test_a_macro_that_lacks_a_field_leaves_the_words_to_us(store: Store) -> None:
    """Nothing goes out with a hole in it, and nothing is left unsaid: the case has no stage now."""
    case = await desk(store, library()["user-safety-escalation"])

    await case.told(*LINES[:2], standing=Standing())

    assert "".join(case.notes) == (
        "Case 1001 opened: our words.\n"
        "Case 1001: Is the proposed action lawful? Answer: approved, 2026-11-22 10:00 UTC."
    )


@pytest.mark.parametrize("audience", ["memo", "notice", "reporter"])
async def test_a_macro_for_other_readers_is_not_said_to_the_ticket(
    store: Store, *, audience: str
) -> None:
    """A memo may carry what people wrote: under a ticket's name it goes nowhere (I13)."""
    text = library()["user-safety-escalation"].replace(
        b"ticket-opened:\n    for: ticket", f"ticket-opened:\n    for: {audience}".encode()
    )
    case = await desk(store, text)

    await case.told(LINES[0])

    assert case.notes == [LINES[0].text]


@pytest.mark.parametrize(
    "field,said", [("kind", "Kind: fraud."), ("summary", "Case 1001 opened: our words.")]
)
async def test_a_chosen_answer_may_be_said_and_a_written_one_is_not_there(
    store: Store, *, field: str, said: str
) -> None:
    """The order carries no prose, so a macro that asks for it is not used (I13)."""
    source = library()["user-safety-escalation"]
    start = source.index(b'    text: "', source.index(b"ticket-opened:"))
    end = source.index(b"\n", start)
    macro = f'    text: "{field.capitalize()}: {{{{ answer.{field} }}}}."'.encode()
    case = await desk(store, source[:start] + macro + source[end:])

    await case.told(LINES[0])

    assert case.notes == [said]


async def test_a_clock_of_the_case_is_said(store: Store) -> None:
    """The hour of an order stands in the note that opens its ticket, where readers may see it."""
    source = library()["terrorist-content-removal-order"]
    case = await desk(store, source.replace(b"need-to-know: true\n", b""))

    await case.told(LINES[0], standing=Standing(clocks={"EU-TCO3-1h": DUE}))

    assert case.notes[0].endswith("The order is to be followed by 2026-11-22 10:15 UTC.")


@pytest.mark.parametrize("over", [False, True])
async def test_an_interim_rule_is_named_while_it_holds(store: Store, *, over: bool) -> None:
    """A macro says its number and until when; once it was withdrawn, our own words stand."""
    source = library()["policy-precedent"]
    start = source.index(b'    text: "', source.index(b"ticket-opened:"))
    end = source.index(b"\n", start)
    macro = b'    text: "Holds for now: {{ rule.guidance }}."'
    case = await desk(store, source[:start] + macro + source[end:])
    await store.obligations.record(
        ObligationRow(
            key="k",
            case=case.case,
            name="rule-guidance",
            title="1001-R1: Guidance",
            owner="policy",
            due_at=DUE,
            recorded_at=START,
            done_at=START if over else None,
        )
    )
    rule = RuleSaid(said="1001-R1, until 2026-12-25 10:00:00Z", obligation="rule-guidance")

    await case.told(LINES[0], standing=Standing(rules={"guidance": rule}))

    named = "Holds for now: 1001-R1, until 2026-12-25 10:00:00Z."
    assert case.notes == [LINES[0].text if over else named]


async def test_a_retry_says_the_same_once(store: Store) -> None:
    """The same order is the same comment, whichever worker writes it (I9)."""
    case = await desk(store, library()["user-safety-escalation"])
    other = Desk(store, case.case)

    first = await case.told(*LINES)
    again = await case.told(*LINES)
    await other.told(*LINES)

    assert first == again
    assert len(case.notes) == 1
    assert other.notes == case.notes


class Vendor(Desk):
    """The same, with a tracker that may be down."""

    def __init__(self, store: Store, case: str) -> None:
        super().__init__(store, case)
        self._activity = Tickets(
            Outside(
                store=store,
                directory=FileDirectory(DEMO_FILE, clock=FixedClock()),
                channels=(),
                public_url="https://escalate.test",
                mail_domain="escalate.test",
                zone=ZoneInfo("UTC"),
                ticketing={"local": self.tracker},
                default_ticketing="local",
                local_ticketing=frozenset(),
            )
        ).sync_ticket


async def test_a_ticket_has_priority_and_way_to_the_case(store: Store) -> None:
    """Written once, with the first note; the next note writes neither again."""
    case = Vendor(store, (await desk(store, library()["user-safety-escalation"])).case)

    await case.told(LINES[0])
    case.tracker.priorities.clear()
    case.tracker.links.clear()
    await case.told(LINES[2], key="k-2")

    assert (case.tracker.priorities, case.tracker.links) == ({}, {})
    kept = await store.ticket_keeping.of(case.case)
    assert kept is not None
    assert (kept.priority, kept.link) == ("normal", "https://escalate.test/cases/1001")


async def test_a_tracker_that_is_down_is_tried_again_and_then_the_case_goes_on(
    store: Store,
) -> None:
    """The first tries fail to Temporal; the last one keeps what was said and answers."""
    case = Vendor(store, (await desk(store, library()["user-safety-escalation"])).case)
    down = UnavailableError("down", vendor="x", operation="y", mend="wait")
    case.tracker.fail_next(down)

    with pytest.raises(ApplicationError) as caught:
        await case.told(LINES[0])
    assert not caught.value.non_retryable
    result = await case.told(LINES[0])

    assert result.ticket is not None
    assert len(case.tracker.opened) == len(case.notes) == 1
