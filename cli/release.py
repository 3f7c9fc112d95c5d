"""`escalate runbook release|retire`: two people make a runbook live, through the gateway (I4)."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.kept_session import kept_session
from cli.output import USAGE, AsJson, note, print_json, say, show, stop
from cli.reach import Gateway, gateway, refuse
from cli.runbook_folder import text_of
from runbooks import Runbook, RunbookProblems, library, load_runbook

Folder = Annotated[
    Path | None,
    typer.Option("--runbooks", help="A team's own runbooks, beside the library.", file_okay=False),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]
Version = Annotated[str | None, typer.Option(help="Which version; default: the one that is meant.")]

Shadow = Annotated[
    bool,
    typer.Option("--shadow", help="Beside today's process: what would be sent is recorded only."),
]

_PROPOSED = "runbook:release:proposed"
_LIVE = "runbook:release:live"


def register(app: typer.Typer) -> None:
    """Both commands stand in `escalate runbook`."""
    app.command()(release)
    app.command()(retire)


def release(
    name: Annotated[str, typer.Argument(help="The runbook's name.")],
    *,
    approve: Annotated[
        bool, typer.Option("--approve", help="Approve what somebody else proposed.")
    ] = False,
    shadow: Shadow = False,
    version: Version = None,
    runbooks: Folder = None,
    yes: Yes = False,
    json_: AsJson = False,
) -> None:
    """The runbook is proposed in your name, or live by your approval of another's proposal.

    With --shadow its cases run beside today's process, and nothing of them leaves the house.
    """
    door = gateway()
    answer = (
        _approve(door, name, version, shadow=shadow, yes=yes)
        if approve
        else _propose(door, name, folder=runbooks, shadow=shadow)
    )
    moved = answer["release"]
    if json_:
        print_json(answer)
        return
    for finding in answer.get("findings", []):
        note(f"{finding['rule']} line {finding['line']}: {finding['what']}")
    if answer.get("beside"):
        note(
            f"Reports for {name} walk {answer['beside']} until then: in the shadow nothing live "
            "handles them, so today's process must."
        )
    if moved["live"] and moved["shadow"]:
        say(f"{name} {moved['version']} runs in the shadow: its new cases send nothing.")
        say(f"What they come to: escalate runbook shadow {name}")
    elif moved["live"]:
        say(f"{name} {moved['version']} is live: new cases walk it, running ones keep theirs.")
    else:
        flag = " --shadow" if moved["shadow"] else ""
        where = ", to run in the shadow" if moved["shadow"] else ""
        say(f"{name} {moved['version']} ({moved['digest'][:12]}) is proposed{where}.")
        say(f"Somebody else makes it live: escalate runbook release {name}{flag} --approve")


def retire(
    name: Annotated[str, typer.Argument(help="The runbook's name.")],
    *,
    shadow: Shadow = False,
    version: Version = None,
    yes: Yes = False,
    json_: AsJson = False,
) -> None:
    """No new case walks the version; running cases keep it."""
    door = gateway()
    meant = _meant(door, name, version, state=_LIVE, shadow=shadow)
    _confirm(f"Retire {name} {meant['version']}?", yes=yes)
    answer = door.post(f"/api/runbooks/{name}/retire", _which(meant))
    if json_:
        print_json(answer)
    else:
        say(f"{name} {meant['version']} is retired.")


def standing() -> dict[str, dict[str, Any]] | None:
    """Every version that a gateway knows, by digest; None when none can be asked."""
    session = kept_session()
    if session is None:
        return None
    try:
        answer = Gateway(session.url, token=session.token).get("/api/runbooks")
    except typer.Exit:
        # The library can be listed without a gateway; why it did not answer was said on stderr.
        return None
    newest: dict[str, dict[str, Any]] = {}
    for each in answer["releases"]:
        known = newest.get(each["digest"])
        # A version may stand there twice: what its new cases walk is what counts.
        if known is None or not (known["walked"] and not each["walked"]):
            newest[each["digest"]] = each
    return newest


def source_of(name: str, version: str) -> bytes | None:
    """The text of a version that a gateway keeps; None when none can be asked, or has it."""
    session = kept_session()
    if session is None:
        return None
    try:
        answer = Gateway(session.url, token=session.token).get(f"/api/runbooks/{name}/{version}")
    except typer.Exit:
        # Why the gateway did not answer was said on stderr; the caller says what is missing.
        return None
    return str(answer["source"]).encode()


def said(known: dict[str, dict[str, Any]] | None, digest: str) -> str | None:
    """How far the version with these bytes has come; None when nobody could be asked."""
    if known is None:
        return None
    found = known.get(digest)
    if found is None:
        return "no"
    state = str(found["state"]).rpartition(":")[2]
    return f"{state} (shadow)" if found["shadow"] else state


def _propose(door: Gateway, name: str, *, folder: Path | None, shadow: bool) -> dict[str, Any]:
    text = _text(name, folder)
    try:
        source = text.decode()
        load_runbook(text, file=f"{name}.yaml")
    except (RunbookProblems, UnicodeDecodeError) as refused:
        stop(str(refused), mend="escalate runbook lint tells more", code=USAGE)
    content = {"source": source, "shadow": shadow}
    answer = door.ask("POST", f"/api/runbooks/{name}/propose", content=content)
    for problem in [*answer.content.get("refused", []), *answer.content.get("findings", [])]:
        if not answer.ok:
            what = problem.get("what") or f"{problem['found']}, expected {problem['expected']}"
            note(f"line {problem['line']}: {problem['rule']} {what}")
            if problem.get("evidence"):
                note(f"    The way there: {', '.join(problem['evidence'])}")
    if not answer.ok:
        refuse(answer)
    return answer.content


def _approve(
    door: Gateway, name: str, version: str | None, *, shadow: bool, yes: bool
) -> dict[str, Any]:
    meant = _meant(door, name, version, state=_PROPOSED, shadow=shadow)
    shown = door.get(f"/api/runbooks/{name}/{meant['version']}")
    if not yes:
        # Whoever approves has read what becomes live; with --yes they read it elsewhere.
        from cli.runbook_page import page

        proposed = load_runbook(shown["source"].encode(), file=f"{name}.yaml")
        for part in page(proposed):
            show(part)
        _tell_what_changes(door, proposed)
        note(f"Digest {meant['digest']}, proposed by {meant['proposed_by']}.")
    does = f"Let {name} {meant['version']} run in the shadow, with nothing sent?"
    _confirm(does if shadow else f"Make {name} {meant['version']} live?", yes=yes)
    content = {**_which(meant), "digest": shown["release"]["digest"]}
    return door.post(f"/api/runbooks/{name}/approve", content)


def _tell_what_changes(door: Gateway, proposed: Runbook) -> None:
    """What the proposed version means that the live ones do not is printed."""
    from cli.runbook_diff import tell
    from runbooks.comparing import compare

    for each in door.get("/api/runbooks")["releases"]:
        if each["runbook"] == proposed.name and each["state"] == _LIVE:
            at = f"/api/runbooks/{proposed.name}/{each['version']}"
            source = str(door.get(at)["source"]).encode()
            live = load_runbook(source, file=f"{proposed.name} {each['version']}")
            tell(compare(live, proposed))


def _which(meant: dict[str, Any]) -> dict[str, Any]:
    return {"version": meant["version"], "shadow": meant["shadow"]}


def _meant(
    door: Gateway, name: str, version: str | None, *, state: str, shadow: bool
) -> dict[str, Any]:
    known = [
        each
        for each in door.get("/api/runbooks")["releases"]
        if each["runbook"] == name and each["shadow"] == shadow
    ]
    found = [
        each
        for each in known
        if (each["version"] == version if version is not None else each["state"] == state)
    ]
    if not found:
        kind = ("proposed" if state == _PROPOSED else "live") + (" in the shadow" if shadow else "")
        stop(
            f"No version of {name} is {kind}." if version is None else f"No {name} {version}.",
            mend="escalate runbook list shows what stands.",
        )
    if len(found) > 1:
        versions = " | ".join(each["version"] for each in found)
        stop("which version?", mend=f"--version {versions}", code=USAGE)
    meant: dict[str, Any] = found[0]
    return meant


def _confirm(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        stop("nobody can be asked: stdin is not a terminal", mend="--yes", code=USAGE)
    if not typer.confirm(question, err=True):
        stop("Nothing was sent.")


def _text(name: str, folder: Path | None) -> bytes:
    own = (folder / f"{name}.yaml") if folder is not None else None
    if own is not None and own.is_file():
        return text_of(own)
    known = library()
    if name not in known:
        known_names = ", ".join(known)
        stop(f'no runbook is called "{name}"', mend=f"There are: {known_names}", code=USAGE)
    return known[name]
