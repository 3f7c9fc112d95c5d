"""What the acts at a gate ask for: verdicts, conditions, taking back, breaking the glass, tasks."""

from collections.abc import Mapping
from datetime import datetime

from cases.acts import Verdict
from cases.permissions import Allowed, all_roles
from gateway.casework import OpenCase
from gateway.form_content import Ask, Buttons, Content, Field, Fill, verdict_label
from gateway.phrases import words
from gateway.raw import BadFormError
from gateway.times import Show

CONDITION = "c."
"""How the fields of a condition begin: `c.1.what`, `c.1.owner`, `c.1.due`."""

MOST = 3
"""Conditions a page asks for; the command line and the API take more."""

# Yes and no look alike: the page must not lean to either.
_SIDES = frozenset({Verdict.APPROVE, Verdict.REJECT})
_SETTLED = {
    "done": "It is done",
    "waived": "It need not be done any more",
    "overturned": "It must not stand: ask the gate again",
}


def _decide(ask: Ask) -> Content:
    rule = ask.case.rule(ask.allowed.gate or "")
    verdicts = [Verdict(choice) for choice in ask.allowed.choices]
    buttons: Buttons = tuple(
        (verdict.value, verdict_label(rule, verdict), verdict in _SIDES) for verdict in verdicts
    )
    return (_hidden("gate", ask.allowed.gate), _why(required=False)), buttons


def _dissent(ask: Ask) -> Content:
    return (_hidden("gate", ask.allowed.gate), _why("What you object to, and why")), ()


def _withdraw(ask: Ask) -> Content:
    return (_hidden("gate", ask.allowed.gate), _why(required=False)), ()


def _revoke(ask: Ask) -> Content:
    return (_hidden("gate", ask.allowed.gate), _why("Why it must not stand")), ()


def _break_glass(ask: Ask) -> Content:
    label = "Why the gate must be passed without those it asks"
    return (_hidden("gate", ask.allowed.gate), _why(label)), ()


def _finish(ask: Ask) -> Content:
    fields = (
        _hidden("task", ask.allowed.task),
        Field("reference", "Where it can be seen (when done)"),
        _why("What was done or found, or why not", required=False, name="note"),
    )
    buttons = tuple((way, _SETTLED[way], way == "done") for way in ask.allowed.choices)
    return fields, buttons


def _task(ask: Ask) -> Content:
    fields = (
        Field("what", "What has to be done", "prose", required=True),
        *_whose(ask),
        Field("due", "By when (your local time)", "datetime-local", required=True),
    )
    buttons = (
        ("before-closing", "Set it: the case does not close before it is settled", False),
        ("optional", "Set it: the case may close without it", False),
    )
    return fields, buttons


def _hand_on(ask: Ask) -> Content:
    return (_hidden("task", ask.allowed.task), *_whose(ask), _why(required=False)), ()


def _whose(ask: Ask) -> tuple[Field, ...]:
    roles = tuple((role, words(role)) for role in ask.allowed.choices)
    people = tuple((person.id, person.name) for person in ask.around.people.people)
    return (
        Field("owner", "Which role owes it (may be left to the person's)", "select", choices=roles),
        Field("person", "Which person, where it is one's", "select", choices=people),
    )


GATE_CONTENT: Mapping[str, Fill] = {
    "decide": _decide,
    "dissent": _dissent,
    "withdraw": _withdraw,
    "revoke": _revoke,
    "break-glass": _break_glass,
    "finish": _finish,
    "task": _task,
    "hand-on": _hand_on,
}
"""By verb."""


def condition_fields(allowed: Allowed, case: OpenCase) -> tuple[Field, ...]:
    """The fields of conditions, folded away; none where an approval cannot have any."""
    if allowed.verb != "decide" or Verdict.CONDITIONS.value not in allowed.choices:
        return ()
    roles = tuple((role, words(role)) for role in all_roles(case.pathway))
    fields: list[Field] = []
    for number in range(1, MOST + 1):
        at = f"{CONDITION}{number}."
        fields += [
            Field(f"{at}what", f"Condition {number}", "prose"),
            Field(f"{at}owner", "Who meets it", "select", choices=roles),
            Field(f"{at}due", "By when (your local time)", "datetime-local"),
        ]
    return tuple(fields)


def conditions_from(fields: Mapping[str, str], show: Show) -> list[dict[str, object]]:
    """The conditions that were written; `BadFormError` names one that is not whole."""
    found: list[dict[str, object]] = []
    for number in range(1, MOST + 1):
        at = f"{CONDITION}{number}."
        what = fields.get(f"{at}what", "").strip()
        if not what:
            continue
        found.append(
            {
                "what": what,
                "owner": fields.get(f"{at}owner", ""),
                "due": _instant(fields.get(f"{at}due", ""), f"condition {number}: by when", show),
            }
        )
    return found


def _instant(text: str, name: str, show: Show) -> datetime:
    try:
        return show.read_local(text)
    except ValueError as error:
        raise BadFormError(name) from error


def _why(label: str = "Why", *, required: bool = True, name: str = "reason") -> Field:
    return Field(name, label, "prose", required=required)


def _hidden(name: str, value: str | None) -> Field:
    return Field(name, kind="hidden", value=value or "")
