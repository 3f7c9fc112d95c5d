"""Which step a notice is, as a reader is told it: of a clock, of a policy, of something owed.

A case names its steps in words that are on record; those that are words of ours are said in the
reader's language here. What a runbook names itself (`75%`, an action, a clock) stays as it is.
"""

import re
from collections.abc import Callable, Mapping

from babel.units import format_unit

from activities.voices import Voice
from cases.escalation_steps import UNREAD
from cases.notice import NoticeOrder, Purpose
from cases.ticket_news import SAID

_WHOLE: Mapping[str, str] = {
    "": "step.now",
    "no update yet": "step.no-update",
    "begun": "step.begun",
    "due": "step.due",
    "overdue": "step.overdue",
    "a day overdue": "step.a-day-overdue",
    "expired": "step.expired",
    "lapsed": "step.lapsed",
    "handover": "step.handover",
}
_LAST: Mapping[str, str] = {
    "exhausted": "step.exhausted",
    **{said: f"step.ticket.{what}" for what, said in SAID.items()},
}
_UNITS = {"d": "duration-day", "m": "duration-minute"}


def _before(found: re.Match[str], voice: Voice) -> str:
    span = format_unit(int(found[1]), _UNITS[found[2]], locale=voice.cldr)
    return voice.say("step.before", span=span)


def _number(found: re.Match[str], voice: Voice) -> str:
    step = int(found[1])
    said = (
        voice.say("step.number-again", step=step, passage=int(found[2]))
        if found[2]
        else voice.say("step.number", step=step)
    )
    return voice.say("step.unread", said=said) if found[3] else said


_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Voice], str]], ...] = (
    (re.compile(r"(\d+)([dm]) before"), _before),
    (
        re.compile(r"overdue again (\d+)"),
        lambda found, voice: voice.say("step.overdue-again", times=int(found[1])),
    ),
    (
        re.compile(r"an update is on the case \((.+)\)"),
        lambda found, voice: voice.say("step.update", request=found[1]),
    ),
    # Whose step it is comes first: a clock's id, a policy's run.
    (re.compile(rf"(?:\S+ )?step (\d+)(?:, time (\d+))?({UNREAD})?"), _number),
)


def step_said(order: NoticeOrder, voice: Voice) -> str:
    """The step of the notice."""
    step = order.step
    if order.purpose is Purpose.BOUNCED and step in set(Purpose):
        return voice.say(f"kind.{step}")
    if step in _WHOLE:
        return voice.say(_WHOLE[step])
    for pattern, said in _PATTERNS:
        found = pattern.fullmatch(step)
        if found is not None:
            return said(found, voice)
    last = step.split(" ", 1)[-1]
    return voice.say(_LAST[last]) if last in _LAST else last
