"""Steps that several stories of the demo share, each taken as a person would take it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

from cases.journal import Kind
from cli.demo.theatre import Theatre

Scene = Callable[[Theatre], Awaitable[str]]
"""A story, played; it gives the number of its case."""

RECORD = "Facts: indicators K2 and K5 confirmed. Rule: account policy 4.1. Decision as recorded."
MINUTES = timedelta(minutes=1)
HOURS = timedelta(hours=1)


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


async def looked_at(t: Theatre, number: str) -> None:
    """It is an order, of whom it says, for a ticked reason."""
    samir = t.player("samir")
    await samir.act(number, "answer", **{"q.reasons": "incites", "q.declared-language": "yes"})
    await samir.act(number, "complete", button="an order")


async def confirmed(t: Theatre, number: str) -> None:
    """The authority is told what was removed, and that nothing happens now."""
    samir = t.player("samir")
    await samir.act(
        number,
        "answer",
        **{
            "q.order-reference": "TCO-2026-117",
            "qt.received-at": await received(t, "samir"),
            "q.cross-border": "yes",
            "q.real-world-attack": "no",
        },
    )
    await samir.act(number, "complete", button="confirmed")


async def review_the_order(t: Theatre, number: str) -> None:
    """From the removal to the end: confirmed, told, reviewed, closed."""
    samir = t.player("samir")
    for title in (
        "Find and disable identical copies",
        "Preserve content and related data",
        "Decide on sharing the hashes",
    ):
        await settle(t, number, title, who="samir")
    await confirmed(t, number)
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
