"""Twelve cases as the visitor of the demo finds them: most stop where something is to be done."""

from collections.abc import Mapping

from cases.journal import Kind
from cli.demo.connector import REFUSED_ITEM
from cli.demo.steps import (
    HOURS,
    MINUTES,
    Scene,
    confirmed,
    lawful,
    looked_at,
    received,
    removal_order,
    settle,
    to_legal,
)
from cli.demo.stories import approved, cancelled
from cli.demo.theatre import Theatre


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
    number = await t.zendesk(tags=("harassment",))
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
    await looked_at(t, number)
    await samir.act(number, "complete", button="disable")
    for title in ("Find and disable identical copies", "Preserve content and related data"):
        await settle(t, number, title, who="samir")
    await confirmed(t, number)
    await samir.act(
        number,
        "answer",
        **{"q.threat-to-life": "yes", "qt.aware-at": await received(t, "samir")},
    )
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
    await looked_at(t, number)
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
