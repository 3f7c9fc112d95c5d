"""`escalate case decide|dissent|withdraw`: acts at a gate, bound to what was shown (I5)."""

import re
import sys
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from cases.acts import Verdict
from cli.acting import ActId, Because, Case, Reason, Role, act, checked, the_gate
from cli.case_group import GATES, app
from cli.output import USAGE, AsJson, errors, local, stop
from cli.reach import Gateway, gateway, path_of
from cli.reading_text import instant, prose

_LEVELS = ("L0", "L1", "L2", "L3")
_WRITTEN = re.compile(
    r"(?P<owner>[a-z0-9][a-z0-9-]*):"
    r"(?P<due>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)?)?):(?P<what>.+)",
    re.DOTALL,
)

Gate = Annotated[str | None, typer.Option("--gate", help="Default: the only one that asks you.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]
For = Annotated[
    str, typer.Option("--for", help="Whose verdict it is: somebody away who named you.")
]
Condition = Annotated[
    list[str] | None,
    typer.Option(
        "--condition",
        help="ROLE:INSTANT:TEXT, for approve-with-conditions; may be repeated.",
    ),
]
Code = Annotated[
    str | None, typer.Option(help="Your second factor's code, where the gate needs assurance L2.")
]


@dataclass(frozen=True)
class Asked:
    """The round as the gateway showed it."""

    door: Gateway
    number: str
    gate: str
    shown: dict[str, Any]

    @property
    def binding(self) -> dict[str, Any]:
        """What ties an act to exactly this."""
        binding: dict[str, Any] = self.shown["binding"]
        return binding


@app.command(rich_help_panel=GATES)
def decide(
    case: Case,
    verdict: Annotated[Verdict, typer.Argument(help="What you answer.")],
    *,
    gate: Gate = None,
    reason: Because = None,
    condition: Condition = None,
    acting_for: For = "",
    yes: Yes = False,
    code: Code = None,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """Your verdict counts at a gate, for the round, memo and facts that were shown to you."""
    asked = asked_at(case, "decide", gate)
    wanted = verdict is Verdict.MORE_INFORMATION or (
        verdict is Verdict.REJECT and asked.shown["reason_required"]
    )
    body = {
        "verb": "decide",
        "gate": asked.gate,
        "verdict": verdict.value,
        "reason": prose(reason, what="the reason", required=wanted),
        "conditions": [_condition(each) for each in condition or []],
    }
    label = asked.shown["labels"][verdict.value]
    confirm(asked, body, what=f"{label} — {asked.shown['round']['title']}", yes=yes)
    prove(asked, code)
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


@app.command(rich_help_panel=GATES)
def dissent(
    case: Case,
    *,
    gate: Gate = None,
    reason: Reason = None,
    yes: Yes = False,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """Your objection is on record; where the gate names one, a higher role must decide."""
    asked = asked_at(case, "dissent", gate)
    body = {
        "verb": "dissent",
        "gate": asked.gate,
        "reason": prose(reason, what="what you object to, and why"),
    }
    confirm(asked, body, what=f"Object — {asked.shown['round']['title']}", yes=yes)
    act(asked.door, case, body, role=role, binding=asked.binding, act_id=act_id, json_=json_)


@app.command(rich_help_panel=GATES)
def withdraw(
    case: Case,
    *,
    gate: Gate = None,
    reason: Because = None,
    acting_for: For = "",
    yes: Yes = False,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """Your own verdict is taken back while the gate is still open."""
    asked = asked_at(case, "withdraw", gate)
    body = {
        "verb": "withdraw",
        "gate": asked.gate,
        "reason": prose(reason, what="the reason", required=False),
    }
    confirm(asked, body, what=f"Take my verdict back — {asked.shown['round']['title']}", yes=yes)
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


def asked_at(case: str, verb: str, gate: str | None) -> Asked:
    """The round that the act would be about, as the gateway shows it."""
    door = gateway()
    named = gate or the_gate(door.get(path_of(case)), verb, None)
    return Asked(door, case, named, door.get(path_of(case, "rounds", named), verb=verb))


def confirm(asked: Asked, body: dict[str, Any], *, what: str, yes: bool) -> None:
    """What will be signed has been shown, and a person has agreed to it."""
    checked(body)
    # What is signed is shown where a pipe does not swallow it, also when nobody is asked.
    errors.print(page(asked.shown))
    errors.print(Text(f"\n{what}", style="bold"))
    if body["reason"]:
        errors.print(Text(f"Reason: {body['reason']}"))
    for each in body.get("conditions", ()):
        errors.print(Text(f"Condition: {each['what']} ({each['owner']}, by {each['due']})"))
    if yes:
        return
    if not sys.stdin.isatty():
        stop("nobody can be asked: stdin is not a terminal", mend="--yes", code=USAGE)
    if not typer.confirm("Sign and send this?", err=True):
        stop("Nothing was sent.")


def prove(asked: Asked, code: str | None, *, at_least: str = "L1") -> None:
    """The session proves as much of the person as the gate, or the act, asks for."""
    if asked.shown["assurance"] == _LEVELS[-1]:
        stop(
            "This gate counts only what you sign with your own key, which a terminal cannot ask.",
            mend="Sign it in a console, or through POST /api/cases/NUMBER/acts/options.",
        )
    reached = _LEVELS.index(asked.shown["assurance_reached"])
    if reached >= max(_LEVELS.index(asked.shown["assurance"]), _LEVELS.index(at_least)):
        return
    if asked.shown["proved_at"] == "provider" and code is None:
        stop(
            "This gate needs your second factor, which your provider asks for.",
            mend="escalate login --second-factor, then decide again.",
        )
    if code is None and not sys.stdin.isatty():
        stop("This gate needs your second factor.", mend="--code CODE", code=USAGE)
    given = code or typer.prompt("Code of your second factor", err=True)
    asked.door.post("/api/step-up", {"totp": given})


def page(shown: dict[str, Any]) -> RenderableType:
    """What a verdict is signed on: question, memo, facts, changes, silence, who else decides."""
    round_ = shown["round"]
    lines: list[Text] = [
        Text(f"{shown['number']} · {round_['title']}", style="bold"),
        Text(str(round_["question"]), style="bold"),
        Text(
            f"Round {round_['number']}, revision {round_['revision']}, "
            f"content {round_['content_hash'][:12]}, as of {local(shown['as_of'])}",
            style="dim",
        ),
    ]
    lines += _part("Memo", round_["memo"])
    for report in round_["reports"]:
        missing = [["Missing", gap] for gap in report["gaps"]]
        lines += _part(
            f"{report['title']}: {report['form_title']}, SHA-256 {report['digest'][:12]}",
            [*missing, *report["lines"]],
        )
    lines += _part("Facts", round_["facts"])
    if round_["corrects"]:
        lines += [Text("\nA decision was taken back", style="underline"), Text(round_["corrects"])]
    if round_["changed"]:
        lines.append(Text("\nChanged since the last round", style="underline"))
        lines += [
            Text(f"  {what}: {was or '(nothing)'} → {now or '(nothing)'}")
            for what, was, now in round_["changed"]
        ]
    lines.append(Text(f"\n{round_['silence']}"))
    if round_["others"]:
        lines.append(Text(str(round_["others"])))
    if shown["phone"]:
        lines.append(Text(f"Incident manager: {shown['phone']}"))
    return Group(*lines)


def _part(title: str, lines: list[list[str]]) -> list[Text]:
    if not lines:
        return []
    return [Text(f"\n{title}", style="underline")] + [
        Text(f"  {name}: {value or '—'}") for name, value in lines
    ]


def _condition(text: str) -> dict[str, str]:
    """`triage:2026-11-22T15:00+01:00:Blur the faces` in its three parts."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        stop(
            f'"{text}" is no condition',
            mend="--condition ROLE:INSTANT:TEXT, as triage:2026-11-22T15:00+01:00:'Blur the faces'",
            code=USAGE,
        )
    return {"owner": found["owner"], "due": instant(found["due"]), "what": found["what"]}
