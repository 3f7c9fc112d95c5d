"""Twelve cases, played by the people who would work on them.

`PLAYED` are whole stories for `--auto`, each ending in a closed case; `SEEDED` stop where the
demo's visitor should find them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

from cases.journal import Kind
from cli.demo.connector import REFUSED_ITEM
from cli.demo.people import PatienceError
from cli.demo.theatre import Theatre

Scene = Callable[[Theatre], Awaitable[str]]

RECORD = "Facts: indicators K2 and K5 confirmed. Rule: account policy 4.1. Decision as recorded."
MINUTES = timedelta(minutes=1)
HOURS = timedelta(hours=1)


# -- steps that several stories share --------------------------------------------------------


async def to_legal(t: Theatre, number: str) -> None:
    """Triage has answered its questions and escalated."""
    tariq = t.player("tariq")
    await tariq.act(
        number,
        "answer",
        **{"q.danger": "no", "q.proposed-action": "restrict", "q.subject": "account-demo-17"},
    )
    await tariq.act(number, "complete", button="escalate", note="Indicators K2 and K5.")


async def lawful(t: Theatre, number: str, *, who: str = "lena") -> None:
    """Legal has approved from the link in a mail."""
    link = await t.link(number, who)
    await t.player(who).decide(link, "Lawful")


async def follows_policy(t: Theatre, number: str, *, who: str = "paula") -> None:
    """Policy has signed off from the link in a mail."""
    link = await t.link(number, who)
    await t.player(who).decide(link, "Follows policy")


async def applied(t: Theatre, number: str) -> None:
    """The approved action was carried out by hand, and its receipt recorded."""
    await t.recorded(number, Kind.EFFECT_MANUAL)
    await t.player("imani").act(
        number, "receipt", button="It is done", reference="console-change-8841"
    )


async def close(t: Theatre, number: str, disposition: str) -> None:
    """The incident manager has closed the case."""
    await t.player("imani").act(
        number, "close", disposition=disposition, record=RECORD, lessons="None this time."
    )
    await t.closed(number)


async def removal_order(t: Theatre, *, content: str, receipt_ago: timedelta | None = None) -> str:
    """A removal order has come in through the form."""
    number = await t.standard(
        form="removal-order",
        fields={"order-reference": "TCO-2026-117", "authority": "authority-de", "gagged": "no"},
        receipt_ago=receipt_ago,
    )
    await t.player("samir").act(
        number,
        "answer",
        **{"q.content": content, "q.threat-to-life": "no", "q.gagged": "no", "q.signature": "yes"},
    )
    return number


async def received(t: Theatre, person: str) -> str:
    """The present minute as the person's own wall shows it, for a field of local time."""
    zone = ZoneInfo((await t.house.directory.person(person)).time_zone)
    return (await t.clock.now()).astimezone(zone).strftime("%Y-%m-%dT%H:%M")


async def review_the_order(t: Theatre, number: str) -> None:
    """From the removal to the end: confirmed, told, reviewed, closed."""
    samir = t.player("samir")
    for title in ("Find and disable identical copies", "Preserve content and related data"):
        await settle(t, number, title, who="samir")
    await samir.act(
        number,
        "answer",
        **{"q.order-reference": "TCO-2026-117", "qt.received-at": await received(t, "samir")},
    )
    await samir.act(number, "complete", button="confirmed")
    await settle(t, number, "Confirm the removal (Annex II)", who="samir")
    await samir.act(number, "complete", button="no threat")
    await samir.act(number, "complete", button="notify")
    await settle(t, number, "Tell the content provider", who="samir")
    await lawful(t, number)
    await t.player("lena").act(number, "complete", button="accept")
    await close(t, number, "removed")


async def settle(t: Theatre, number: str, title: str, *, who: str) -> None:
    """The manual action of that title has its receipt."""
    view = await _effect(t, number, title)
    await t.player(who).act(
        number, "receipt", button="It is done", where=view, reference="register-entry-12"
    )


async def _effect(t: Theatre, number: str, title: str) -> str:
    found: list[str] = []

    async def there() -> bool:
        case = await t.picture(number)
        effects = case.effects if case is not None else []
        found[:] = [
            effect.key
            for effect in effects
            if effect.title == title and effect.state in ("manual", "failed")
        ]
        return bool(found)

    await t.until(there, what=f"the action {title!r} of case {number}")
    return found[-1]


# -- whole stories ---------------------------------------------------------------------------


async def approved(t: Theatre) -> str:
    """Five copies of one webhook, one case; approved by Legal and Policy, applied, closed."""
    number = await t.zendesk(tags=("fraud",), copies=5)
    await to_legal(t, number)
    await t.skip(number, 12 * MINUTES)
    await lawful(t, number)
    await follows_policy(t, number)
    await applied(t, number)
    await close(t, number, "actioned")
    return number


async def rejected(t: Theatre) -> str:
    """Legal rejects with a reason."""
    number = await t.zendesk(tags=("harassment",))
    await to_legal(t, number)
    link = await t.link(number, "luca")
    luca = t.player("luca")
    await luca.decide(link, "Not lawful", reason="")  # refused: a rejection needs its reason
    await luca.decide(link, "Not lawful", reason="The measure goes further than the rule allows.")
    await close(t, number, "not-approved")
    return number


async def no_violation(t: Theatre) -> str:
    """Triage finds nothing to act on."""
    number = await t.zendesk(tags=("harassment",))
    await t.player("tessa").act(number, "complete", button="no violation")
    await close(t, number, "no-violation")
    return number


async def more_information(t: Theatre) -> str:
    """Legal asks back; triage answers; the second round is approved."""
    number = await t.zendesk(tags=("scam",))
    await to_legal(t, number)
    link = await t.link(number, "lena")
    await t.player("lena").decide(
        link, "I need more information", reason="Since when has the pattern been seen?"
    )
    tariq = t.player("tariq")
    await tariq.act(number, "reply", text="Since the first of the month, indicator K7.")
    await tariq.act(number, "complete", button="escalate")
    fresh = await t.newer_link(number, "lena", than=link)
    await t.player("lena").decide(fresh, "Lawful")
    await follows_policy(t, number, who="pedro")
    await applied(t, number)
    await close(t, number, "actioned")
    return number


async def facts_change(t: Theatre) -> str:
    """A fact changes while Legal looks at it: the old link no longer counts."""
    number = await t.zendesk(tags=("fraud",))
    await to_legal(t, number)
    link = await t.link(number, "lena")
    await t.player("tariq").act(number, "answer", **{"q.danger": "yes"})
    fresh = await t.newer_link(number, "lena", than=link)
    page = await t.player("lena").open(link)
    if not page.refused:
        message = f"a superseded link still offers something: {page.text[:200]}"
        raise PatienceError(message)
    t.deeds.refusals += 1
    await t.player("lena").decide(fresh, "Lawful")
    await follows_policy(t, number)
    await applied(t, number)
    await close(t, number, "actioned")
    return number


async def two_at_once(t: Theatre) -> str:
    """Two lawyers decide at the same moment: both are answered, one decision counts."""
    number = await t.zendesk(tags=("fraud",))
    await to_legal(t, number)
    first, second = await asyncio.gather(t.link(number, "lena"), t.link(number, "luca"))
    forwarded = await t.player("paula").open(first)
    if not forwarded.refused:
        message = "a forwarded link showed something"
        raise PatienceError(message)
    t.deeds.refusals += 1
    await asyncio.gather(
        t.player("lena").decide(first, "Lawful"), t.player("luca").decide(second, "Lawful")
    )
    await follows_policy(t, number)
    await applied(t, number)
    await close(t, number, "actioned")
    return number


async def held(t: Theatre) -> str:
    """On hold for two days, resumed at its review date, decided late."""
    number = await t.zendesk(tags=("harassment",))
    await to_legal(t, number)
    imani = t.player("imani")
    now = await t.clock.now(t.cases[number])
    await imani.act(
        number,
        "hold",
        reason="The reporter was asked to confirm.",
        review_at=(now + 48 * HOURS).strftime("%Y-%m-%dT%H:%M"),
    )
    await t.skip(number, 49 * HOURS)
    await imani.act(number, "resume", reason="Confirmed.")
    await t.skip(number, 5 * HOURS)
    await lawful(t, number, who="luca")
    await follows_policy(t, number, who="petra")
    await applied(t, number)
    await close(t, number, "actioned")
    return number


async def overdue(t: Theatre) -> str:
    """Nobody at Legal moves for five hours: reminders, pages, then a decision."""
    number = await t.zendesk(tags=("self-harm",))
    await to_legal(t, number)
    await t.skip(number, 5 * HOURS)
    await t.recorded(number, Kind.CLOCK_BREACHED)
    await lawful(t, number)
    await follows_policy(t, number)
    await applied(t, number)
    await close(t, number, "actioned")
    return number


async def order_in_time(t: Theatre) -> str:
    """A removal order is followed within the hour, by a person."""
    number = await removal_order(t, content="list-17")
    await t.player("samir").act(number, "complete", button="disable")
    await t.recorded(number, Kind.EFFECT_DONE)
    await review_the_order(t, number)
    return number


async def order_unattended(t: Theatre) -> str:
    """Nobody acts on a removal order: at minute fifty the content is disabled by itself."""
    number = await removal_order(t, content="list-18")
    await t.skip(number, 51 * MINUTES)
    await t.recorded(number, Kind.EFFECT_DONE)
    await review_the_order(t, number)
    return number


async def failed_effect(t: Theatre) -> str:
    """The platform refuses the order; the action is done by hand, on record."""
    number = await removal_order(t, content=REFUSED_ITEM)
    await t.player("samir").act(number, "complete", button="disable")
    await settle(t, number, "Disable the content Union-wide", who="samir")
    await review_the_order(t, number)
    return number


async def cancelled(t: Theatre) -> str:
    """Opened by mistake: ended with its reason."""
    number = await t.zendesk(tags=("fraud",))
    await t.player("imani").act(number, "cancel", reason="A test ticket, opened by mistake.")
    await t.closed(number)
    return number


PLAYED: Mapping[str, Scene] = {
    "approved, five copies of its webhook": approved,
    "rejected by Legal": rejected,
    "no violation": no_violation,
    "more information asked": more_information,
    "facts change during review": facts_change,
    "two approvers at once": two_at_once,
    "on hold, then late": held,
    "overdue, then decided": overdue,
    "removal order, in time": order_in_time,
    "removal order, unattended": order_unattended,
    "failed action, done by hand": failed_effect,
    "cancelled": cancelled,
}


# -- stories that stop half-way --------------------------------------------------------------


async def new(t: Theatre) -> str:
    """Just arrived: waits for triage."""
    return await t.zendesk(tags=("harassment",))


async def waits_on_legal(t: Theatre) -> str:
    """Waits for Legal."""
    number = await t.zendesk(tags=("fraud",))
    await to_legal(t, number)
    return number


async def waits_on_policy(t: Theatre) -> str:
    """Lawful; waits for Policy."""
    number = await t.zendesk(tags=("scam",))
    await to_legal(t, number)
    await lawful(t, number)
    return number


async def is_overdue(t: Theatre) -> str:
    """Legal is five hours late: reminded, paged, breached."""
    number = await t.zendesk(tags=("self-harm",))
    await to_legal(t, number)
    await t.skip(number, 5 * HOURS)
    return number


async def order_overdue(t: Theatre) -> str:
    """A removal order whose hour began 70 minutes ago: breached, disabled automatically."""
    number = await removal_order(t, content="list-19", receipt_ago=70 * MINUTES)
    await t.recorded(number, Kind.CLOCK_BREACHED)
    return number


async def was_rejected(t: Theatre) -> str:
    """Rejected by Legal; waits to be closed."""
    number = await t.zendesk(tags=("harassment",))
    await to_legal(t, number)
    link = await t.link(number, "luca")
    await t.player("luca").decide(link, "Not lawful", reason="No ground in the rule.")
    return number


async def is_split(t: Theatre) -> str:
    """Two reviewers disagree: the executive decides."""
    number = await removal_order(t, content="list-20")
    samir = t.player("samir")
    await samir.act(number, "complete", button="disable")
    for title in ("Find and disable identical copies", "Preserve content and related data"):
        await settle(t, number, title, who="samir")
    await samir.act(number, "answer", **{"qt.received-at": await received(t, "samir")})
    await samir.act(number, "complete", button="confirmed")
    await samir.act(number, "complete", button="threat")
    await t.player("diana").act(
        number,
        "memo",
        **{
            "m.facts": "Indicators K1 and K9, time and place named.",
            "m.legal-basis": "Article 14(5).",
            "m.data-fields": "Account reference, time of last log-in.",
            "m.recipient": "authority-de",
        },
    )
    await samir.decide(await t.link(number, "samir"), "Inform")
    diana = t.player("diana")
    await diana.decide(
        await t.link(number, "diana"), "Do not inform", reason="The place cannot be verified."
    )
    return number


async def asked_back(t: Theatre) -> str:
    """Legal has asked for more information."""
    number = await t.zendesk(tags=("scam",))
    await to_legal(t, number)
    link = await t.link(number, "lena")
    await t.player("lena").decide(
        link, "I need more information", reason="Which accounts are linked to it?"
    )
    return number


async def is_held(t: Theatre) -> str:
    """On hold until the day after tomorrow."""
    number = await t.zendesk(tags=("harassment",))
    await to_legal(t, number)
    now = await t.clock.now(t.cases[number])
    await t.player("imani").act(
        number,
        "hold",
        reason="The reporter was asked to confirm.",
        review_at=(now + 48 * HOURS).strftime("%Y-%m-%dT%H:%M"),
    )
    return number


async def has_failed(t: Theatre) -> str:
    """The platform refused the order: retry, do by hand, or skip."""
    number = await removal_order(t, content=REFUSED_ITEM)
    await t.player("samir").act(number, "complete", button="disable")
    await t.recorded(number, Kind.EFFECT_FAILED)
    return number


SEEDED: Mapping[str, Scene] = {
    "new, waits for triage": new,
    "waits on Legal": waits_on_legal,
    "waits on Policy": waits_on_policy,
    "overdue at Legal": is_overdue,
    "removal order past its hour": order_overdue,
    "rejected, to be closed": was_rejected,
    "split, waits on the executive": is_split,
    "more information asked": asked_back,
    "on hold": is_held,
    "a failed action": has_failed,
    "closed, actioned": approved,
    "closed, cancelled": cancelled,
}
