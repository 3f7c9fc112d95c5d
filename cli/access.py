"""`escalate access …`: who may what and why, who was let in; asking to read; emergencies."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.access_grants import ask, grant, refuse, requests, revoke
from cli.output import AsJson, local, print_json, say, show, stop, table
from cli.reach import gateway

app = typer.Typer(
    help="Say who may do what, who was let in; ask to read a case, or open it in an emergency.",
    no_args_is_help=True,
)
for _command in (ask, requests, grant, refuse, revoke):
    app.command()(_command)

_PATH = "/api/access"
Number = Annotated[str, typer.Argument(help="The case's number.")]


@app.command()
def log(number: Number, *, json_: AsJson = False) -> None:
    """Who looked at the case, acted on it or was kept out, and by which policy."""
    said = gateway().get(f"{_PATH}/cases/{number}/log")
    if json_:
        print_json(said)
        return
    rows = [
        (
            local(each["at"]),
            each["title"],
            each.get("who") or each.get("about") or "",
            each.get("what", ""),
            ", ".join(each.get("policies", [])),
            each.get("times", ""),
        )
        for each in said["entries"]
    ]
    if rows:
        show(table("at", "what was recorded", "who", "what", "policies", "more times", rows=rows))
    else:
        say(
            "Nothing is on record: the case is of no restricted class, and nobody asked to read it "
            "or broke into it."
        )


@app.command()
def explain(
    person: Annotated[str, typer.Argument(help="Their id in the directory.")],
    action: Annotated[str, typer.Argument(help="`read`, `decode`, `decide`, `hold` …")],
    number: Number,
    *,
    gate: Annotated[
        str, typer.Option(help="Where they would decide; default: the stage it is in.")
    ] = "",
    assurance: Annotated[str, typer.Option(help="As proved in their session: L0 to L3.")] = "L1",
    json_: AsJson = False,
) -> None:
    """Which policy would allow it, or deny it, and what it rests on; nothing is done."""
    said = gateway().get(
        f"{_PATH}/explain",
        case=number,
        person=person,
        action=action,
        gate=gate or None,
        assurance=assurance,
    )
    if json_:
        print_json(said["explained"])
    else:
        for line in said["lines"]:
            say(line)


@app.command()
def lint(
    folder: Annotated[
        Path | None, typer.Argument(help="A team's own policies; default: the settings' folder.")
    ] = None,
    *,
    json_: AsJson = False,
) -> None:
    """Policies are held against their schema; those that can never decide anything are named."""
    from integrations.cedar import CedarAccess
    from integrations.cedar_folder import PoliciesRefusedError, checked, read_folder
    from integrations.cedar_reach import unreachable
    from runbooks.library import access_schema
    from workers.settings import Settings

    chosen = folder if folder is not None else Settings.load().access_dir
    try:
        texts, classes = read_folder(chosen)
        problems = list(checked(texts))
    except PoliciesRefusedError as refused:
        problems = list(refused.problems)
    found: list[dict[str, Any]] = [vars(each) for each in problems]
    digest = ""
    if not problems:
        access = CedarAccess(policies=texts, schema=access_schema(), classes=classes)
        digest = access.digest
        found = [
            {
                "file": statement.file,
                "line": statement.line,
                "found": "decides nothing: no question has this policy in its answer",
                "mend": "Correct what it asks for, or take it out.",
                "policy": policy,
            }
            for statement, policy in unreachable(access, texts)
        ]
    if json_:
        print_json({"problems": found, "digest": digest})
    else:
        for each in found:
            say(f"{each['file']}:{each['line']}: {each['found']}. {each['mend']}")
    if found:
        stop(f"{len(found)} found", mend="Correct the files, then run it again.")
    if not json_:
        say(f"Every policy is well, and can decide something. Digest {digest[:16]}.")


@app.command()
def schema(*, json_: AsJson = False) -> None:
    """What policies may speak of: who, what, and what holds between them."""
    from runbooks.library import access_schema

    text = access_schema().decode()
    if json_:
        print_json({"schema": text})
    else:
        say(text)


@app.command("open")
def open_(
    number: Number,
    *,
    reason: Annotated[str, typer.Option(help="Why it cannot wait; it is on record.")],
    minutes: Annotated[int, typer.Option(min=1, max=60, help="For how long.")] = 60,
    json_: AsJson = False,
) -> None:
    """The case can be read for an hour at most, by whoever has nothing to do with it.

    Its owner and data protection are told at once, and somebody else reviews it within 24 hours.
    """
    said = gateway().post(
        f"{_PATH}/cases/{number}/emergency", {"reason": reason, "minutes": minutes}
    )
    if json_:
        print_json(said)
    else:
        say(
            f"Case {number} is open to you, to read, until {local(said['until'])}. "
            f"`escalate access close {said['id']}` gives it back."
        )


@app.command()
def close(
    emergency: Annotated[str, typer.Argument(help="Its id, as `open` said it.")],
    *,
    json_: AsJson = False,
) -> None:
    """You need the case no more."""
    said = gateway().post(f"{_PATH}/emergencies/{emergency}/end", {})
    if json_:
        print_json(said)
    else:
        say("It is given back. Somebody else reviews it all the same.")


@app.command()
def emergencies(*, json_: AsJson = False) -> None:
    """What is open in an emergency, or waits for its review."""
    said = gateway().get(f"{_PATH}/emergencies")
    if json_:
        print_json(said)
        return
    rows = [
        (
            each["number"],
            each["person"],
            local(each["opened_at"]),
            "open" if each["open"] else each["ended_how"] or "over",
            each["reviewed_by"] or ("late" if each["overdue"] else local(each["review_by"])),
            each["id"],
        )
        for each in said["emergencies"]
    ]
    if rows:
        show(table("case", "who", "opened", "now", "reviewed, or due", "id", rows=rows))
    else:
        say("None is open, and none waits for a review.")


@app.command()
def review(
    emergency: Annotated[str, typer.Argument(help="Its id, as `emergencies` lists it.")],
    verdict: Annotated[str, typer.Argument(help="`in-order` or `misuse`.")],
    *,
    note: Annotated[str, typer.Option(help="What you found.")] = "",
    json_: AsJson = False,
) -> None:
    """You have looked at what somebody else opened in an emergency."""
    said = gateway().post(
        f"{_PATH}/emergencies/{emergency}/review", {"verdict": verdict, "note": note}
    )
    if json_:
        print_json(said)
    else:
        say(f"Recorded: {said['verdict']}.")
