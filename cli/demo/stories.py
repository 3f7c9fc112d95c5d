"""Twelve whole stories for `--auto`, each ending in a closed case."""

import asyncio
from collections.abc import Mapping

from cases.journal import Kind
from cli.demo.connector import REFUSED_ITEM
from cli.demo.people import PatienceError
from cli.demo.steps import (
    HOURS,
    MINUTES,
    Scene,
    applied,
    close,
    follows_policy,
    lawful,
    looked_at,
    removal_order,
    review_the_order,
    settle,
    to_legal,
)
from cli.demo.theatre import Theatre


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
    number = await t.zendesk(tags=("harassment",))
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
    await looked_at(t, number)
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
    await looked_at(t, number)
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
