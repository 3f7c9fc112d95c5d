"""`escalate case revoke|break-glass`: about a decision that was given, or is missing."""

from cli.acting import ActId, Case, Reason, Role, act
from cli.case_gate import Code, For, Gate, Yes, asked_at, confirm, prove
from cli.case_group import GATES, app
from cli.output import AsJson
from cli.reading_text import prose


@app.command(rich_help_panel=GATES)
def revoke(
    case: Case,
    *,
    gate: Gate = None,
    reason: Reason = None,
    yes: Yes = False,
    acting_for: For = "",
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """A decision your verdict carried is taken back, after its gate had closed: it decides anew."""
    asked = asked_at(case, "revoke", gate)
    body = {
        "verb": "revoke",
        "gate": asked.gate,
        "reason": prose(reason, what="why the decision must not stand"),
    }
    confirm(asked, body, what=f"Take the decision back — {asked.shown['round']['title']}", yes=yes)
    act(
        asked.door,
        case,
        body,
        role=role,
        binding=asked.binding,
        act_id=act_id,
        acting_for=acting_for,
        json_=json_,
    )


@app.command("break-glass", rich_help_panel=GATES)
def break_glass(
    case: Case,
    *,
    gate: Gate = None,
    reason: Reason = None,
    yes: Yes = False,
    code: Code = None,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """You are one of two who pass a gate without those it asks; somebody else reviews it."""
    asked = asked_at(case, "break-glass", gate)
    body = {
        "verb": "break-glass",
        "gate": asked.gate,
        "reason": prose(reason, what="why the gate must be passed without those it asks"),
    }
    confirm(asked, body, what=f"Break the glass — {asked.shown['round']['title']}", yes=yes)
    prove(asked, code, at_least="L2")
    act(asked.door, case, body, role=role, binding=asked.binding, act_id=act_id, json_=json_)
