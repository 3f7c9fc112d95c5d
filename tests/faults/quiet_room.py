"""A case that few may see, with everything in it that people can say at a gate and around it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

from cases.report import Source
from cases.state import CasePicture
from gateway.digest_dispatcher import DigestDispatcher
from gateway.doors import MailDoorParts, Tracker
from gateway.mail_poller import MailPoller
from gateway.reconciling.reconciler import TicketReconciler
from integrations.imap import ImapInbox
from integrations.ports.clock import Clock
from runbooks import compile_runbook, library, load_runbook
from runbooks.library import routing
from store import NoticeRow
from tests.faults.canaries import Canaries
from tests.faults.course import open_round, step
from tests.faults.guarded_house import GuardedHouse
from tests.integrations.mails import reply

TAG = "murmur"
TEXT = b"""
runbook: quiet-room
version: 1.0.0
title: "Whispered murmurs"
owner: trust-and-safety
review-by: 2027-02-01
need-to-know: true
intake:
  kind: {ask: "What is murmured?", choice: [one, other]}
severity:
  - {otherwise: SEV4, because: "murmurs are mild"}
stages:
  - stage: murmur-work
    title: "Murmurs are worked on"
    owner: triage
    within: 4h
    late: [{at: 100%, page: incident-manager}]
    next: {ready: murmur-review}
  - stage: murmur-review
    title: "Murmurs are reviewed"
    owner: legal
    within: 8h
    ask: "Is the murmur lawful?"
    approve: {legal: 1, policy: 1}
    reject: {legal: 1, policy: 1, reason: required}
    split: {to: executive, within: 60m}
    late: [{at: 75%, page: incident-manager}]
    next: {approved: closure, rejected: closure, more-information: murmur-work}
  - stage: closure
    owner: incident-manager
    within: 24h
    late: [{at: 100%, page: incident-manager}]
    dispositions:
      done: [decision-record]
updates:
  whisperers: {to: executive, by: incident-manager, every: {otherwise: 4h}, until: closure}
"""
ROUTING = routing().replace(
    b"\nrows:\n",
    b'\nrows:\n  - if: {tag: murmur}\n    runbook: quiet-room\n    because: "it is murmured"\n',
    1,
)


async def murmured(
    guarded: GuardedHouse, number: str, canaries: Canaries, acts: list[str], *, other: str
) -> None:
    """More is asked for and told, somebody abstains, another approves on conditions."""
    place, say = guarded.place, canaries.prose
    await place.at(number, stage="murmur-work")
    away = {"until": (datetime.now(UTC) + timedelta(days=1)).isoformat(), "delegate": "dora"}
    answer = await place.http.post(
        "/api/absences",
        json=away,
        headers={"authorization": f"Bearer {await place.token('lena')}"},
    )
    answer.raise_for_status()
    await step(
        place, number, acts, "imani", verb="reply", request="update-whisperers-1",
        text=say("an update for those who wait"),
    )  # fmt: skip
    await step(place, number, acts, "imani", verb="link", number=other, reason=say("a link"))
    for asked in (True, False):
        await step(
            place, number, acts, "tessa", verb="complete", stage="murmur-work", outcome="ready"
        )
        await open_round(place, number, "murmur-review")
        if asked:
            await step(
                place, number, acts, "luca", verb="decide", gate="murmur-review",
                verdict="more-information", reason=say("what is asked to be told"),
            )  # fmt: skip
            view = await place.at(number, stage="murmur-work")
            (request,) = [
                each.id
                for each in CasePicture.of(view.state).requests
                if each.id.startswith("info-")
            ]
            await step(
                place, number, acts, "tessa", verb="reply", request=request,
                text=say("what was told"),
            )  # fmt: skip
    await step(
        place, number, acts, "dora", verb="decide", gate="murmur-review", verdict="abstain",
        reason=say("why no side is taken"),
    )  # fmt: skip
    due = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    await step(
        place, number, acts, "luca", verb="decide", gate="murmur-review",
        verdict="approve-with-conditions",
        conditions=[{"what": say("a condition"), "owner": "triage", "due": due}],
    )  # fmt: skip
    await step(place, number, acts, "paula", verb="decide", gate="murmur-review", verdict="approve")
    await place.at(number, stage="closure")


class Ahead:
    """A clock that is hours ahead: what waits for company goes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def now(self, case: str | None = None) -> datetime:
        """Some hours after the present."""
        return await self._clock.now(case) + timedelta(hours=3)


async def digested(guarded: GuardedHouse) -> int:
    """Everything that waited for company has gone out; how much that was."""
    doors = replace(guarded.doors, clock=cast("Clock", Ahead(guarded.doors.clock)))
    return await DigestDispatcher(doors, guarded.outside).once()


async def compared(guarded: GuardedHouse) -> int:
    """Every ticket was compared with its case, and what differed was mended."""
    doors = guarded.doors
    lines = await doors.store.views.list()
    kept = [await doors.store.ticket_keeping.of(line.case) for line in lines]
    (instance,) = {each.ticket.instance for each in kept if each and each.ticket}
    tracker = Tracker(
        source=Source.ZENDESK,
        tickets=guarded.others.trackers,
        instance=instance,
        opens_in="General",
    )
    doors = replace(
        doors,
        trackers=(tracker,),
        settings=replace(doors.settings, compare_every=timedelta(0), compare_owed=timedelta(0)),
    )
    return await TicketReconciler(doors).once()


async def mailed(guarded: GuardedHouse, numbers: list[str], canaries: Canaries) -> str:
    """Somebody answers a notice by mail, with words that are nobody else's business."""
    store = guarded.place.house.store

    async def sent() -> NoticeRow | None:
        rows = [
            row
            for number in numbers
            for row in await store.notices.by_case(await guarded.place.case_of(number))
        ]
        return next((row for row in rows if row.channel == "mail" and row.message_id), None)

    notice = await guarded.place.until(sent, what="a notice that went by mail")
    person = await guarded.doors.directory.person(notice.recipient)
    parts = MailDoorParts(
        # What came in is handed over below: nobody is asked for it.
        inbox=cast("ImapInbox", None),
        outside=guarded.outside,
        own=frozenset({"robot@example.test"}),
    )
    raw = reply(
        canaries.prose("a mail that answers a notice") + "\n",
        **{
            "from": f"{person.name} <{person.email}>",
            "in-reply-to": notice.message_id or "",
            "references": notice.message_id or "",
        },
    )
    return await MailPoller(guarded.doors, parts).take(raw)


def words_of_structure(restricted: list[str], *, severities: set[str]) -> set[str]:
    """What only those may know who may see such a case: titles of runbooks, stages, how grave."""
    ordinary = compile_runbook(load_runbook(library()["user-safety-escalation"], file="o.yaml"))
    common = {ordinary.title, *(stage.title or stage.name for stage in ordinary.stages)}
    words: set[str] = set()
    for name in restricted:
        text = TEXT if name == "quiet-room" else library()[name]
        pathway = compile_runbook(load_runbook(text, file="r.yaml"))
        words |= {pathway.title, *(stage.title or stage.name for stage in pathway.stages)}
    return (words - common) | severities
