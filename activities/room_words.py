"""What a card in a room says: no more than its strictest viewer may read (I13).

It is said in the room's own locale and in UTC, whoever is asked there.
"""

from datetime import datetime

from activities.voices import Voice
from activities.wording import asked, heading
from cases.notice import NoticeOrder, Purpose
from cases.saying import Sayable, Viewer, decidable_in_a_room, sayable
from integrations.ports.chat import Button, ButtonStyle, Card
from runbooks.plan import GateRule, Pathway
from store import Became

DECIDE, ACKNOWLEDGE = "decide", "acknowledge"
APPROVE, REJECT, MORE = "decide-approve", "decide-reject", "decide-more-information"
_ASKED = frozenset({Purpose.ASK, Purpose.ASK_AGAIN})
_WORK = frozenset({Purpose.WORK, Purpose.REMIND, Purpose.PAGE, Purpose.RAISED})


def card_for(
    order: NoticeOrder,
    pathway: Pathway,
    voice: Voice,
    *,
    mention: tuple[str, ...],
    link: str,
    key: str,
) -> Card:
    """The card of a notice, with the buttons that may stand in a room."""
    may = sayable(pathway, (Viewer.ROOM,))
    lines = [_asks(order, may, voice)]
    rule = _rule(pathway, order.stage)
    at_gate = rule is not None and order.round is not None
    if may.rules and at_gate and rule is not None:
        lines.append(rule.ask)
    if order.due_at is not None:
        lines.append(voice.say("room.due", due=order.due_at))
    direct = at_gate and decidable_in_a_room(pathway, order.stage or "")
    if at_gate and not direct:
        lines.append(voice.say("room.on-page"))
    return Card(
        heading=_heading(order, may, voice),
        lines=tuple(lines),
        mention=mention,
        buttons=_buttons(order, rule if direct else None, voice, key=key),
        link=link,
        link_label=voice.say("button.open"),
    )


def thread_card(order: NoticeOrder, pathway: Pathway, voice: Voice, *, link: str) -> Card:
    """The card that a case's thread begins with."""
    may = sayable(pathway, (Viewer.ROOM,))
    severity = f" · {order.severity.value}" if may.severity else ""
    return Card(
        heading=voice.say("case", number=order.number) + severity,
        lines=(voice.say("room.thread"),),
        link=link,
        link_label=voice.say("button.open-case"),
    )


def announcement(order: NoticeOrder, pathway: Pathway, voice: Voice, *, link: str) -> Card:
    """The card for a channel where nothing can be changed later: its page knows better."""
    card = card_for(order, pathway, voice, mention=(), link=link, key="")
    return card.model_copy(
        update={
            "lines": (*card.lines[:2], voice.say("room.stays")),
            "buttons": (),
            "link_label": voice.say("button.open-case"),
        }
    )


def closed_card(number: str, became: Became, voice: Voice, *, at: datetime, link: str) -> Card:
    """What a card reads once it is over: that it is, never how it was decided."""
    return Card(
        heading=voice.say("case", number=number),
        lines=(voice.say(f"room.{became.value}", at=at),),
        link=link,
        link_label=voice.say("button.open-case"),
    )


def closed_thread(number: str, voice: Voice, *, link: str) -> Card:
    """What the thread's first card reads once the case has ended."""
    return Card(
        heading=voice.say("case", number=number),
        lines=(voice.say("room.thread-ended"),),
        link=link,
        link_label=voice.say("button.open-case"),
    )


def _heading(order: NoticeOrder, may: Sayable, voice: Voice) -> str:
    if not may.rules:
        return voice.say("restricted.heading", number=order.number)
    return f"[{order.severity.value}] {heading(order, voice)}"


def _asks(order: NoticeOrder, may: Sayable, voice: Voice) -> str:
    return asked(order, voice) if may.rules else voice.say("restricted.line")


def _buttons(
    order: NoticeOrder, rule: GateRule | None, voice: Voice, *, key: str
) -> tuple[Button, ...]:
    made: list[Button] = []
    if rule is not None and order.purpose in _ASKED | _WORK:
        made += [
            Button(
                action=APPROVE,
                label=_label(rule.approve_label, "approve", voice),
                value=key,
                style=ButtonStyle.PRIMARY,
            ),
            Button(
                action=REJECT,
                label=_label(rule.reject_label, "reject", voice),
                value=key,
                style=ButtonStyle.DANGER,
            ),
            Button(action=MORE, label=voice.say("button.more-information"), value=key),
        ]
    if order.stage is not None and order.purpose in _ASKED | _WORK:
        made.append(Button(action=ACKNOWLEDGE, label=voice.say("button.have-it"), value=key))
    return tuple(made)


def _label(said: str, verdict: str, voice: Voice) -> str:
    """What the runbook calls the verdict; where it does not say, the room's word for it."""
    unsaid = said == GateRule.model_fields[f"{verdict}_label"].default
    return voice.say(f"button.{verdict}") if unsaid else said[:75]


def _rule(pathway: Pathway, gate: str | None) -> GateRule | None:
    return next((stage.gate for stage in pathway.stages if stage.name == gate), None)
