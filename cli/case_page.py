"""One case on a terminal: what it waits for, its gates, facts and actions, what you can do."""

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from cli.case_owed import owed_part
from cli.case_standing import standing, tasks_part, voter
from cli.output import local, table
from gateway.shadow_words import parts as parts_beside
from insights.comparison import Comparison

_SHORT = 12
_HINTS = {
    "answer": "QUESTION=VALUE",
    "complete": "OUTCOME",
    "reply": "{request} TEXT",
    "memo": "--gate {gate} FIELD=TEXT",
    "evidence": "--label LABEL --reference WHERE --file FILE",
    "call-back": "confirmed --agency A --number N --source S --called-at INSTANT",
    "receipt": "{effect} done",
    "observe": "{effect} --checked N --wrong N",
    "roll-back": "{effect} --reason TEXT",
    "decide": "--gate {gate} approve",
    "dissent": "--gate {gate} --reason TEXT",
    "withdraw": "--gate {gate}",
    "revoke": "--gate {gate} --reason TEXT",
    "break-glass": "--gate {gate} --reason TEXT",
    "finish": "{task} done",
    "comment": "TEXT",
    "hand-on": "{task} --to ROLE --person PERSON",
    "task": "WHAT --to ROLE --due 2d",
    "assign": "ROLE PERSON",
    "hand-over": "ROLE PERSON",
    "accept": "ROLE",
    "hold": "--review-at 2d --reason TEXT",
    "severity": "SEV1 --reason TEXT",
    "raise": "ROLE --reason TEXT",
    "move": "RUNBOOK --reason TEXT",
    "attach": "OTHER",
    "split": "--reason TEXT",
    "close": "--disposition DISPOSITION --record TEXT",
    "cancel": "--reason TEXT",
    "reopen": "--reason TEXT",
    "link": "OTHER --as related",
    "merge": "OTHER --reason TEXT",
    "unmerge": "--reason TEXT",
}


def case_page(case: dict[str, Any], *, may: bool = True) -> RenderableType:
    """The case as the API described it; `may` adds the commands that are open to the reader."""
    state = case["state"]
    parts: list[RenderableType] = [
        Text(f"{case['number']} · {case['title']}", style="bold"),
        Text(
            f"{state['status']} · {state['severity']['current']} · stage {state['stage'] or '—'} · "
            f"{state['runbook']} {state['version']} · revision {state['revision']}"
        ),
        Text(case["next_step"], style="bold"),
    ]
    if case["shadow"]:
        parts.insert(1, Text("Shadow: nothing is sent. It runs beside today's process."))
    parts += _beside(case)
    for add in (
        _owed,
        _clocks,
        _gates,
        tasks_part,
        _facts,
        _requests,
        _effects,
        _reports,
        _ending,
        owed_part,
    ):
        parts += add(case)
    if may:
        parts += _commands(case)
    if case.get("pending"):
        parts.append(Text(f"\n{len(case['pending'])} recorded acts are still being applied."))
    parts.append(
        Text(f"\nAs of {local(case['as_of'])}, journal entry {case['sequence']}.", style="dim")
    )
    return Group(*parts)


def _beside(case: dict[str, Any]) -> list[RenderableType]:
    """What a shadow case that is over comes to, beside today's process."""
    if not case.get("comparison"):
        return []
    comparison = Comparison.model_validate(case["comparison"])
    found = parts_beside(comparison, at=lambda instant: local(instant.isoformat()))
    said: list[RenderableType] = []
    for part in found:
        said += [_title(part.title), *(Text(f"  {line}") for line in part.lines)]
    return said


def _owed(case: dict[str, Any]) -> list[RenderableType]:
    if not case["waiting"]:
        return []
    rows = [
        (local(each["due_at"]), each["person"] or each["role"], each["what"])
        for each in case["waiting"]
    ]
    return [_title("Waits for"), table("due", "who", "what", rows=rows)]


def _clocks(case: dict[str, Any]) -> list[RenderableType]:
    rows = [
        (
            each["title"],
            "statutory" if each["statutory"] else "",
            "ended" if each["ended"] else "runs" if each["running"] else "stands still",
            local(each["due_at"]),
            "BREACHED" if each["breached_at"] else "",
        )
        for each in case["clocks"]
    ]
    return [_title("Clocks"), table("clock", "", "state", "due", "", rows=rows)] if rows else []


def _gates(case: dict[str, Any]) -> list[RenderableType]:
    rows = []
    for round_ in case["state"]["rounds"]:
        votes = ", ".join(
            f"{voter(vote)} ({vote['role']}) {vote['verdict']}" for vote in round_["votes"]
        )
        rows.append(
            (
                round_["gate"],
                round_["number"],
                round_["kind"],
                standing(round_),
                votes,
                local(round_["asked_at"]),
            )
        )
    if not rows:
        return []
    return [
        _title("Gates"),
        table("gate", "round", "kind", "state", "verdicts", "asked", rows=rows),
    ]


def _facts(case: dict[str, Any]) -> list[RenderableType]:
    rows = [
        (name, given["value"], given["by"])
        for name, given in sorted(case["state"]["answers"].items())
    ]
    rows += [
        (f"memo {gate}: {name}", text, "")
        for gate, memo in sorted(case["state"]["memos"].items())
        for name, text in sorted(memo.items())
    ]
    rows += [
        (f"evidence: {item['label']}", f"{item['reference']} {item['digest'][:_SHORT]}", item["by"])
        for item in case["state"]["evidence"]
    ]
    return [_title("Facts"), table("fact", "value", "by", rows=rows)] if rows else []


def _requests(case: dict[str, Any]) -> list[RenderableType]:
    rows = [
        (each["id"], each["asked_by"], each["question"], each["answer"] or "not answered yet")
        for each in case["state"]["requests"]
    ]
    if not rows:
        return []
    return [_title("Asked for"), table("request", "by", "question", "answer", rows=rows)]


def _effects(case: dict[str, Any]) -> list[RenderableType]:
    rows = [
        (
            each["name"],
            each["title"],
            each["state"],
            each["owner"],
            local(each["due_at"]),
            each["reference"],
        )
        for each in case["state"]["effects"]
    ]
    if not rows:
        return []
    return [
        _title("Actions"),
        table("action", "what", "state", "owner", "due", "reference", rows=rows),
        *_on_many(case),
    ]


def _on_many(case: dict[str, Any]) -> list[RenderableType]:
    """How far actions on many have come, and what was seen of them."""
    rows = []
    for each in case["state"]["effects"]:
        run = each["run"]
        if run is None:
            continue
        reached = run["batches"][run["ordered"] - 1]["last"] if run["ordered"] else 0
        checked = sum(look["checked"] for look in run["looks"])
        wrong = sum(look["wrong"] for look in run["looks"])
        rows.append(
            (
                each["name"],
                f"{run['ordered']} of {len(run['batches'])}",
                f"{reached} of {run['total']}",
                f"{wrong} of {checked}",
                run["stopped"],
            )
        )
    if not rows:
        return []
    return [
        _title("Actions on many"),
        table("action", "steps", "reached", "wrong of checked", "stopped", rows=rows),
    ]


def _reports(case: dict[str, Any]) -> list[RenderableType]:
    rows = [(each["name"], each["title"], each["standing"]) for each in case.get("reports", [])]
    if not rows:
        return []
    said = table("report", "what", "how far", rows=rows)
    return [
        _title("Reports to authorities"),
        said,
        Text(f"  escalate case report {case['number']} REPORT"),
    ]


def _ending(case: dict[str, Any]) -> list[RenderableType]:
    said: list[RenderableType] = []
    state = case["state"]
    hold = state["hold"]
    if hold is not None:
        said += [
            _title("On hold"),
            Text(f"{hold['reason']} ({hold['by']}); review {local(hold['review_at'])}"),
        ]
    if state["assignments"]:
        given = ", ".join(f"{role}: {who}" for role, who in sorted(state["assignments"].items()))
        said += [_title("Assigned"), Text(given)]
    joined = [each for each in state["offered"] if each["because"]]
    if joined:
        said += [_title("Reports that joined"), *(Text(_joined(each)) for each in joined)]
    if case.get("links"):
        links = [f"{link['says']} {link['number']} ({link['status']})" for link in case["links"]]
        said += [_title("Belongs with"), Text(", ".join(links))]
    if state.get("merged"):
        said += [_title("Part of"), Text(f"case {state['merged']['number']}")]
    if state.get("taken_in"):
        others = [f"{item['number']} ({item['state']})" for item in state["taken_in"]]
        said += [_title("Merged into it"), Text(", ".join(others))]
    for time in state.get("reopenings", []):
        line = f"Reopened by {time['by']}, {local(time['at'])}: {time['reason']}"
        said += [Text(line)]
    if state["closing"] is not None:
        closing = state["closing"]
        said += [
            _title("Closed"),
            Text(f"{closing['disposition']} by {closing['by']}, {local(closing['at'])}"),
            Text(closing["record"]),
        ]
    return said


def _joined(report: dict[str, Any]) -> str:
    own = f", split off as {report['number']}" if report["number"] else ""
    return f"{local(report['at'])} by {report['source']}: {report['because']}{own}"


def _commands(case: dict[str, Any]) -> list[RenderableType]:
    lines = []
    for each in case["allowed"]:
        hint = _HINTS.get(each["verb"], "").format(
            gate=each["gate"] or "",
            effect=_name_of(case, each["effect"]),
            request=each["request"] or "",
            task=each["task"] or "",
        )
        hint += f" --for {each['acting_for']}" if each["acting_for"] else ""
        choices = f"   ({' | '.join(each['choices'])})" if each["choices"] else ""
        lines.append(Text(f"  escalate case {each['verb']} {case['number']} {hint}{choices}"))
    return [_title("You can"), *lines] if lines else []


def _name_of(case: dict[str, Any], key: str | None) -> str:
    effects = case["state"]["effects"]
    return next((str(each["name"]) for each in effects if each["key"] == key), key or "")


def _title(text: str) -> Text:
    return Text(f"\n{text}", style="underline")


_PARTS = (_owed, _clocks, _gates, tasks_part, _facts, _requests, _effects, _reports)
"""What a case has, in the order it is read."""
