"""`escalate case at|diff`: a case as it was, and what is different between two instants."""

from typing import Annotated, Any

import typer

from cli.acting import Case
from cli.case_group import app
from cli.case_page import case_page
from cli.output import AsJson, local, print_json, say, show, table
from cli.reach import gateway, path_of
from cli.reading_text import instant

Instant = Annotated[str, typer.Argument(help="ISO 8601; local time where no zone stands.")]


@app.command()
def at(case: Case, time: Instant, *, json_: AsJson = False) -> None:
    """The case as it was at that instant: stage, severity, rounds, votes, clocks, what it owed."""
    then = gateway().get(path_of(case, "at"), instant=instant(time))
    if json_:
        print_json(then)
    else:
        say(f"At {local(then['instant'])}:")
        show(case_page(then, may=False))


@app.command()
def diff(
    case: Case,
    before: Annotated[str, typer.Argument(metavar="FROM", help="The earlier instant.")],
    after: Annotated[
        str | None, typer.Argument(metavar="[TO]", help="The later one; default: now.")
    ] = None,
    *,
    json_: AsJson = False,
) -> None:
    """What is different in the case between two instants: what, was, now."""
    door = gateway()
    then = door.get(path_of(case, "at"), instant=instant(before))
    later = (
        door.get(path_of(case, "at"), instant=instant(after))
        if after is not None
        else door.get(path_of(case))
    )
    changes = differences(then, later)
    if json_:
        print_json(
            {
                "number": then["number"],
                "from": then["instant"],
                "to": later.get("instant") or later["now"],
                "changes": [{"what": what, "was": was, "now": now} for what, was, now in changes],
            }
        )
    elif changes:
        show(table("what", "was", "now", rows=changes))
    else:
        say("Nothing is different.")


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Every line of the case that is not the same, in a fixed order."""
    was, now = lines_of(before), lines_of(after)
    names = dict.fromkeys([*was, *now])
    return [
        (name, was.get(name, ""), now.get(name, ""))
        for name in names
        if was.get(name, "") != now.get(name, "")
    ]


def lines_of(case: dict[str, Any]) -> dict[str, str]:
    """The case as named lines, so that two of them can be laid side by side."""
    state = case["state"]
    lines = {
        "status": state["status"],
        "stage": state["stage"] or "",
        "severity": state["severity"]["current"],
        "revision": str(state["revision"]),
    }
    for name, given in sorted(state["answers"].items()):
        lines[f"answer {name}"] = given["value"]
    for gate, memo in sorted(state["memos"].items()):
        lines |= {f"memo {gate} {name}": text for name, text in sorted(memo.items())}
    for item in state["evidence"]:
        lines[f"evidence {item['label']}"] = item["reference"]
    for round_ in state["rounds"]:
        name = f"round {round_['gate']} {round_['number']}"
        lines[name] = round_["state"]
        for vote in round_["votes"]:
            lines[f"{name} {vote['person']}"] = f"{vote['verdict']} as {vote['role']}"
    for clock in case["clocks"]:
        running = "ended" if clock["ended"] else "runs" if clock["running"] else "stands still"
        breached = ", breached" if clock["breached_at"] else ""
        lines[f"clock {clock['id']}"] = f"{running}, due {clock['due_at'] or '—'}{breached}"
    for effect in state["effects"]:
        lines[f"action {effect['name']} {effect['attempt']}"] = effect["state"]
    for request in state["requests"]:
        lines[f"request {request['id']}"] = request["answer"] or "not answered"
    lines |= {f"assigned {role}": who for role, who in sorted(state["assignments"].items())}
    lines |= {f"conflict {who}": since for who, since in sorted(state["conflicts"].items())}
    if state["hold"] is not None:
        lines["hold"] = f"until {state['hold']['review_at']}"
    if state["closing"] is not None:
        lines["closed as"] = state["closing"]["disposition"]
    return lines
