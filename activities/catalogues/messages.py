"""What notices can say, and with what: every message with its context.

A message is asked with exactly the values of its context, each of its type. A catalogue words
every message; it may leave a value of the context out, but in every language the same one.
"""

from collections.abc import Mapping
from datetime import datetime

from cases.notice import Purpose
from cases.ticket_note import SENTENCES

Context = Mapping[str, type[str | int | datetime]]
"""The values that a message is asked with, by name."""

NOTICE: Context = {"number": str, "stage": str, "role": str, "step": str}
HEADING: Context = {"number": str, "stage": str, "step": str}
_CASE: Context = {"number": str}
_LINK: Context = {"number": str, "link": str}
_NOTHING: Context = {}

SEVERAL = frozenset({"mail.lapsed", "digest.subject", "digest.heading", "digest.cases"})
"""Messages that depend on how many there are: on their `count`."""

MESSAGES: Mapping[str, Context] = {
    **{f"subject.{purpose.value}": HEADING for purpose in Purpose},
    **{f"ask.{purpose.value}": NOTICE for purpose in Purpose},
    **{f"kind.{purpose.value}": _NOTHING for purpose in Purpose},
    "case": _CASE,
    "the-case": _NOTHING,
    # ── an instant ────────────────────────────────────────────────────────────────────────────
    "instant.day": {"date": str, "time": str, "zone": str},
    "instant.numeric": {"date": str, "time": str, "zone": str},
    # ── what those read who may not know more ─────────────────────────────────────────────────
    "restricted.heading": _CASE,
    "restricted.line": _NOTHING,
    "restricted.open": _LINK,
    "restricted.ended": _LINK,
    "restricted.gone-on": _LINK,
    # ── a mail to one person ──────────────────────────────────────────────────────────────────
    "mail.instead-of": {"who": str},
    "mail.lapsed": {"count": int, "who": str},
    "mail.due": {"due": datetime},
    "mail.link": _NOTHING,
    "mail.forwarding": _NOTHING,
    "digest.subject": {"count": int, "cases": str},
    "digest.heading": {"count": int, "cases": str},
    "digest.cases": {"count": int},
    "digest.item": {"number": str, "asked": str},
    "digest.links": _NOTHING,
    "digest.forwarding": _NOTHING,
    "reply.subject": _CASE,
    "reply.text": {"number": str, "next": str, "link": str},
    "reply.asked": _NOTHING,
    "reply.not-asked": _NOTHING,
    "emergency.subject": _CASE,
    "emergency.text": {"number": str, "who": str, "until": datetime, "link": str},
    "grant-asked.subject": _CASE,
    "grant-asked.text": {"number": str, "who": str, "until": datetime, "link": str},
    "grant-answered.subject": _CASE,
    "grant-answered.text": {"number": str, "link": str},
    "grant-ended.subject": _CASE,
    "grant-ended.text": {"number": str, "link": str},
    "grant-lapsed.subject": _CASE,
    "grant-lapsed.text": {"number": str, "link": str},
    # ── a card in a room ──────────────────────────────────────────────────────────────────────
    "room.due": {"due": datetime},
    "room.on-page": _NOTHING,
    "room.stays": _NOTHING,
    "room.thread": _NOTHING,
    "room.thread-ended": _NOTHING,
    "room.decided": {"at": datetime},
    "room.superseded": {"at": datetime},
    "room.over": {"at": datetime},
    "button.open": _NOTHING,
    "button.open-case": _NOTHING,
    "button.more-information": _NOTHING,
    "button.have-it": _NOTHING,
    "button.approve": _NOTHING,
    "button.reject": _NOTHING,
    # ── a ticket ──────────────────────────────────────────────────────────────────────────────
    "ticket.subject": _CASE,
    "ticket.body": {"number": str, "link": str},
    "ticket.twin": {"number": str, "link": str},
    **{f"ticket.{name}": dict.fromkeys(each.fields, str) for name, each in SENTENCES.items()},
    # ── which step of a clock, of a policy, or of something owed it is ────────────────────────
    "step.now": _NOTHING,
    "step.number": {"step": int},
    "step.number-again": {"step": int, "passage": int},
    "step.unread": {"said": str},
    "step.exhausted": _NOTHING,
    "step.begun": _NOTHING,
    "step.before": {"span": str},
    "step.due": _NOTHING,
    "step.overdue": _NOTHING,
    "step.a-day-overdue": _NOTHING,
    "step.overdue-again": {"times": int},
    "step.expired": _NOTHING,
    "step.lapsed": _NOTHING,
    "step.handover": _NOTHING,
    "step.update": {"request": str},
    "step.no-update": _NOTHING,
    "step.ticket.comment": _NOTHING,
    "step.ticket.reply": _NOTHING,
    "step.ticket.status": _NOTHING,
    "step.ticket.priority": _NOTHING,
    "step.ticket.owner": _NOTHING,
    "step.ticket.merged": _NOTHING,
    "step.ticket.deleted": _NOTHING,
    "step.ticket.approval": _NOTHING,
}
"""Every message, with its context."""
