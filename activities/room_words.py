"""What a card in a room says: no more than its strictest viewer may read (I13)."""

from datetime import datetime

from activities.wording import ASKS, SUBJECTS, spoken_in_utc, you_are_asked
from cases.notice import NoticeOrder, Purpose
from cases.saying import Sayable, Viewer, decidable_in_a_room, sayable
from integrations.ports.chat import Button, ButtonStyle, Card
from runbooks.plan import GateRule, Pathway
from store import Became

DECIDE, ACKNOWLEDGE = "decide", "acknowledge"
APPROVE, REJECT, MORE = "decide-approve", "decide-reject", "decide-more-information"
_ASKED = frozenset({Purpose.ASK, Purpose.ASK_AGAIN})
_WORK = frozenset({Purpose.WORK, Purpose.REMIND, Purpose.PAGE, Purpose.RAISED})
_BECAME = {
    Became.DECIDED: "This question has been decided.",
    Became.SUPERSEDED: "The facts have changed: a newer question is asked instead.",
    Became.OVER: "Nothing is asked here any more.",
}


def card_for(
    order: NoticeOrder, pathway: Pathway, *, mention: tuple[str, ...], link: str, key: str
) -> Card:
    """The card of a notice, with the buttons that may stand in a room."""
    may = sayable(pathway, (Viewer.ROOM,))
    lines = [_asks(order, may)]
    rule = _rule(pathway, order.stage)
    at_gate = rule is not None and order.round is not None
    if may.rules and at_gate and rule is not None:
        lines.append(rule.ask)
    if order.due_at is not None:
        lines.append(f"Due {spoken_in_utc(order.due_at)}.")
    direct = at_gate and decidable_in_a_room(pathway, order.stage or "")
    if at_gate and not direct:
        lines.append("It is decided on the page behind the button, not here.")
    return Card(
        heading=_heading(order, may),
        lines=tuple(lines),
        mention=mention,
        buttons=_buttons(order, rule if direct else None, key=key),
        link=link,
    )


def thread_card(order: NoticeOrder, pathway: Pathway, *, link: str) -> Card:
    """The card that a case's thread begins with."""
    may = sayable(pathway, (Viewer.ROOM,))
    severity = f" · {order.severity.value}" if may.severity else ""
    return Card(
        heading=f"Case {order.number}{severity}",
        lines=("What is asked in this case stands in the thread.",),
        link=link,
        link_label="Open the case",
    )


def announcement(order: NoticeOrder, pathway: Pathway, *, link: str) -> Card:
    """The card for a channel where nothing can be changed later: its page knows better."""
    card = card_for(order, pathway, mention=(), link=link, key="")
    stays = "This message stays as it is: the page says whether it has been decided since."
    return card.model_copy(
        update={"lines": (*card.lines[:2], stays), "buttons": (), "link_label": "Open the case"}
    )


def closed_card(number: str, became: Became, *, at: datetime, link: str) -> Card:
    """What a card reads once it is over: that it is, never how it was decided."""
    return Card(
        heading=f"Case {number}",
        lines=(f"{_BECAME[became]} (seen {spoken_in_utc(at)})",),
        link=link,
        link_label="Open the case",
    )


def closed_thread(number: str, *, link: str) -> Card:
    """What the thread's first card reads once the case has ended."""
    return Card(
        heading=f"Case {number}",
        lines=("This case has ended. Nothing is asked here any more.",),
        link=link,
        link_label="Open the case",
    )


def _heading(order: NoticeOrder, may: Sayable) -> str:
    if not may.rules:
        return you_are_asked(order.number)
    subject = SUBJECTS[order.purpose].format_map(
        {"number": order.number, "stage": order.stage_title or "the case"}
    )
    return f"[{order.severity.value}] {subject}"


def _asks(order: NoticeOrder, may: Sayable) -> str:
    if not may.rules:
        return "What it is about is shown to those who may see the case."
    return ASKS[order.purpose].format_map(
        {
            "number": order.number,
            "stage": order.stage_title or "the case",
            "role": order.role,
            "step": order.step.split(" ", 1)[-1] if order.step else "now",
        }
    )


def _buttons(order: NoticeOrder, rule: GateRule | None, *, key: str) -> tuple[Button, ...]:
    made: list[Button] = []
    if rule is not None and order.purpose in _ASKED | _WORK:
        made += [
            Button(
                action=APPROVE,
                label=rule.approve_label[:75],
                value=key,
                style=ButtonStyle.PRIMARY,
            ),
            Button(
                action=REJECT, label=rule.reject_label[:75], value=key, style=ButtonStyle.DANGER
            ),
            Button(action=MORE, label="More information", value=key),
        ]
    if order.stage is not None and order.purpose in _ASKED | _WORK:
        made.append(Button(action=ACKNOWLEDGE, label="I have it", value=key))
    return tuple(made)


def _rule(pathway: Pathway, gate: str | None) -> GateRule | None:
    return next((stage.gate for stage in pathway.stages if stage.name == gate), None)
