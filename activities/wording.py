"""What notices say: what is asked, of whom, by when, and where. Never what was reported (I13).

In whose locale, and why: `activities/voices.py`. The words: `activities/catalogues`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from activities.step_words import step_said
from activities.voices import Voice
from cases.notice import NoticeOrder


@dataclass(frozen=True)
class Wording:
    """A notice for one person."""

    subject: str
    text: str


def heading(order: NoticeOrder, voice: Voice) -> str:
    """What the notice is about, in one line."""
    return voice.say(
        f"subject.{order.purpose.value}",
        number=order.number,
        stage=_stage(order, voice),
        step=step_said(order, voice),
    )


def asked(order: NoticeOrder, voice: Voice) -> str:
    """What is asked, in a sentence or two."""
    return voice.say(
        f"ask.{order.purpose.value}",
        number=order.number,
        stage=_stage(order, voice),
        role=order.role,
        step=step_said(order, voice),
    )


def word(
    order: NoticeOrder,
    voice: Voice,
    *,
    link: str,
    own: str | None = None,
    instead_of: str = "",
) -> Wording:
    """The notice for the one person of the voice; plain text says everything.

    `own` is what the runbook itself says in a macro; it comes first. `instead_of` is who is away
    and has named this person.
    """
    lines = [own, ""] if own else []
    lines += [_asked(order, voice), ""]
    if instead_of:
        lines += [voice.say("mail.instead-of", who=instead_of), ""]
    lapsed = order.lapsed or (order.of_step.lapsed if order.of_step is not None else ())
    if lapsed:
        who = voice.together(lapsed)
        lines += [voice.say("mail.lapsed", count=len(lapsed), who=who), ""]
    if order.due_at is not None:
        lines += [voice.say("mail.due", due=order.due_at), ""]
    lines += [link, "", voice.say("mail.link"), voice.say("mail.forwarding")]
    return Wording(
        subject=f"[{order.severity.value}] {heading(order, voice)}",
        text="\n".join(lines) + "\n",
    )


def word_digest(items: Sequence[tuple[NoticeOrder, str]], voice: Voice) -> Wording:
    """Several notices for one person in one message, each with its link, what is due first."""
    last = datetime.max.replace(tzinfo=UTC)
    ordered = sorted(items, key=lambda item: (item[0].due_at or last, item[0].at, item[0].key))
    count = len(ordered)
    cases = voice.say("digest.cases", count=len({order.number for order, _ in ordered}))
    lines = [voice.say("digest.heading", count=count, cases=cases), ""]
    for order, link in ordered:
        lines.append(voice.say("digest.item", number=order.number, asked=_asked(order, voice)))
        if order.due_at is not None:
            lines.append(f"  {voice.say('mail.due', due=order.due_at)}")
        lines += [f"  {link}", ""]
    lines += [voice.say("digest.links"), voice.say("digest.forwarding")]
    return Wording(
        subject=voice.say("digest.subject", count=count, cases=cases),
        text="\n".join(lines) + "\n",
    )


def _asked(order: NoticeOrder, voice: Voice) -> str:
    return f"{order.severity.value}. {asked(order, voice)}"


def _stage(order: NoticeOrder, voice: Voice) -> str:
    return order.stage_title or voice.say("the-case")
