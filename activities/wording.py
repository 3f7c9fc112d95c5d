"""What notices say: what is asked, of whom, by when, and where. Never what was reported (I13)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cases.notice import NoticeOrder, Purpose
from integrations.ports.directory import Person

SUBJECTS = {
    Purpose.WORK: "Case {number}: {stage} waits for you",
    Purpose.ASK: "Case {number}: your decision is needed",
    Purpose.ASK_AGAIN: "Case {number}: the facts changed, please decide again",
    Purpose.REMIND: "Reminder, case {number}: {stage}",
    Purpose.PAGE: "PAGE, case {number}: {stage} is running late",
    Purpose.INFORMATION: "Case {number}: for your information",
    Purpose.TASK: "Case {number}: an action is yours to carry out",
    Purpose.FAILED: "Case {number}: an action failed and needs you",
    Purpose.BREACH: "BREACH, case {number}: a deadline has passed",
    Purpose.RAISED: "RAISED, case {number}: you are asked to look now",
    Purpose.REVIEW: "Case {number}: a hold has reached its review date",
    Purpose.CLOSED: "Case {number} has closed",
    Purpose.BOUNCED: "Case {number}: a notice did not reach its recipient",
    Purpose.OWED: "Case {number}, after closing: {stage}",
    Purpose.TICKET: "Case {number}: its ticket was changed ({step})",
    Purpose.RULE: "Case {number}, interim rule: {stage}",
    Purpose.LAPSED: "PAGE, case {number}: nobody has {stage} any more",
    Purpose.EXHAUSTED: "PAGE, case {number}: nobody has said that they have {stage}",
    Purpose.UPDATE: "Case {number}: how it stands",
}

ASKS = {
    Purpose.WORK: "The stage {stage} of case {number} waits for {role}.",
    Purpose.ASK: "At {stage} of case {number} your verdict is asked as {role}.",
    Purpose.ASK_AGAIN: (
        "The facts of case {number} changed. An earlier verdict at {stage} no longer counts; "
        "the page shows what is different."
    ),
    Purpose.REMIND: "{stage} of case {number} is still waiting for {role} ({step}).",
    Purpose.PAGE: "{stage} of case {number} is late ({step}). You are paged as {role}.",
    Purpose.INFORMATION: "Something happened at {stage} of case {number} that {role} should know.",
    Purpose.TASK: "An action of case {number} has to be carried out by hand by {role}.",
    Purpose.FAILED: "An action of case {number} failed. Retry it, do it by hand, or skip it.",
    Purpose.BREACH: "A deadline of case {number} has passed ({step}).",
    Purpose.RAISED: "Somebody working on case {number} asks {role} to look now.",
    Purpose.REVIEW: "Case {number} was put on hold until now. Resume it or extend the hold.",
    Purpose.CLOSED: "Case {number} has closed.",
    Purpose.BOUNCED: (
        "A mail about case {number} came back ({step}). Reach who was meant another way: the "
        "case's page says who it was."
    ),
    Purpose.OWED: (
        "{stage} is owed after case {number} has closed, and is yours as {role} ({step}). "
        "Settle or extend it on the case's page."
    ),
    Purpose.TICKET: (
        "In the tracker, somebody changed the ticket of case {number}: {step}. It is on record and "
        "decides nothing: act on the case's page if the case should follow."
    ),
    Purpose.RULE: (
        "{stage} is an interim rule of case {number}, and you watch it as {role} ({step}). Have it "
        "confirmed, replaced or withdrawn on the case's page; else it expires by itself."
    ),
    Purpose.LAPSED: "{stage} of case {number} is yours again as {role} ({step}).",
    Purpose.EXHAUSTED: (
        "Everybody who is to be told of {stage} of case {number} has been told, and nobody has "
        "said that they have it ({step}). You are paged as {role}."
    ),
    Purpose.UPDATE: "How case {number} stands, for {role}: {step}.",
}


def you_are_asked(number: str) -> str:
    """What a message says of a case that only those may see who need to."""
    return f"Case {number}: you are asked"


@dataclass(frozen=True)
class Wording:
    """A notice for one person."""

    subject: str
    text: str


def word(
    order: NoticeOrder,
    person: Person,
    *,
    link: str,
    zone: ZoneInfo,
    own: str | None = None,
    instead_of: str = "",
) -> Wording:
    """The notice, with instants in the person's own zone; plain text says everything.

    `own` is what the runbook itself says in a macro; it comes first. `instead_of` is who is away
    and has named this person.
    """
    local = zone_of(person, zone)
    values = _values(order)
    lines = [own, ""] if own else []
    lines += [_asked(order), ""]
    if instead_of:
        lines += [f"You are told in the place of {instead_of}, who is away.", ""]
    lapsed = order.lapsed or (order.of_step.lapsed if order.of_step is not None else ())
    if lapsed:
        who = " and ".join(lapsed)
        lines += [f"{who} had said “I have it”, and nothing has been done since.", ""]
    if order.due_at is not None:
        lines += [f"Due: {spoken(order.due_at, local)}.", ""]
    lines += [
        link,
        "",
        "The link shows the case after you log in; it does nothing by itself.",
        "Forwarding it is useless: it works for you only. Replies to this mail decide nothing.",
    ]
    return Wording(
        subject=f"[{order.severity.value}] " + SUBJECTS[order.purpose].format_map(values),
        text="\n".join(lines) + "\n",
    )


def word_digest(
    items: Sequence[tuple[NoticeOrder, str]], person: Person, *, zone: ZoneInfo
) -> Wording:
    """Several notices for one person in one message, each with its link, what is due first."""
    local = zone_of(person, zone)
    last = datetime.max.replace(tzinfo=UTC)
    ordered = sorted(items, key=lambda item: (item[0].due_at or last, item[0].at, item[0].key))
    cases = len({order.number for order, _ in ordered})
    lines = [f"{len(ordered)} notices that waited for company, of {_counted(cases, 'case')}:", ""]
    for order, link in ordered:
        lines.append(f"- Case {order.number}. {_asked(order)}")
        if order.due_at is not None:
            lines.append(f"  Due: {spoken(order.due_at, local)}.")
        lines += [f"  {link}", ""]
    lines += [
        "The links show the cases after you log in; they do nothing by themselves.",
        "Forwarding them is useless: they work for you only. Replies to this mail decide nothing.",
    ]
    return Wording(
        subject=f"{len(ordered)} notices of {_counted(cases, 'case')}", text="\n".join(lines) + "\n"
    )


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _asked(order: NoticeOrder) -> str:
    return f"{order.severity.value}. {ASKS[order.purpose].format_map(_values(order))}"


def _values(order: NoticeOrder) -> dict[str, str]:
    return {
        "number": order.number,
        "stage": order.stage_title or "the case",
        "role": order.role,
        "step": order.step.split(" ", 1)[-1] if order.step else "now",
    }


def spoken(at: datetime, zone: ZoneInfo) -> str:
    """An instant as a person reads it at night: local time, zone, and UTC beside it."""
    local = at.astimezone(zone)
    return f"{local:%a %d %b %H:%M} {local.tzname()} ({at:%Y-%m-%d %H:%M}Z)"


def spoken_in_utc(at: datetime) -> str:
    """An instant for readers in any zone."""
    return f"{at.astimezone(UTC):%a %d %b %H:%M} UTC"


def zone_of(person: Person, fallback: ZoneInfo) -> ZoneInfo:
    """The person's own zone; where it cannot be read, the installation's."""
    try:
        return ZoneInfo(person.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return fallback
