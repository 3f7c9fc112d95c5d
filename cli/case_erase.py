"""`escalate case erase|erasure|custody`: content that goes, and evidence that is accounted for."""

import hashlib
from pathlib import Path
from typing import Annotated, Any

import typer

from cases.house_acts import CustodyEvent, LegalBasis
from cli.acting import ActId, Case, Reason
from cli.case_group import AFTER, app
from cli.erasure import rows_of, told
from cli.keeping_acts import Code, post
from cli.output import AsJson, local, print_json, say, show, table
from cli.reach import gateway, path_of
from cli.reading_text import prose


@app.command(rich_help_panel=AFTER)
def erase(
    case: Case,
    *,
    basis: Annotated[LegalBasis, typer.Option(help="On which ground.")],
    reason: Reason = None,
    code: Code = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """You ask for the case's content to be erased; a second person has to agree.

    The reason outlives the content: it says nothing of what the case says. What is handed out
    already (exports, tickets, mail) is not reached: `escalate case erasure` lists it.
    """
    body = {"basis": basis.value, "reason": prose(reason, what="the reason")}
    said = post(gateway(), path_of(case, "erasure"), body, act_id=act_id, code=code)
    told(said, json_=json_)


@app.command(rich_help_panel=AFTER)
def erasure(case: Case, *, json_: AsJson = False) -> None:
    """What is known of erasing the case: what forbids it, what left the house, what is left."""
    said = gateway().get(path_of(case, "erasure"))
    if json_:
        print_json(said)
        return
    say(f"Case {said['number']}: {'erased' if said['erased'] else 'not erased'}")
    for hold in said["holds"]:
        if hold["stands"]:
            say(f"- legal hold {hold['id']}, put by {hold['set_by'] or 'its runbook'}")
    for block in said["against"] if not said["erased"] else ():
        say(f"- against it now: {block['why']} {block['detail']}".rstrip())
    if said["erasures"]:
        show(rows_of(said["erasures"]))
    outside = said["outside"]
    gone = [f"export {each}" for each in outside["exports"]]
    gone += [f"{count} calls to {system}" for system, count in outside["calls"].items()]
    gone += [f"ticket {outside['ticket']}"] if outside["ticket"] else []
    say("Left the house: " + ("; ".join(gone) or "nothing that is known here"))
    if said["left"] is not None:
        rows = [
            (local(line["at"]), line["title"], line["details"], line["left_out"] or "")
            for line in said["left"]["lines"]
        ]
        show(table("at", "what is left", "", "fields gone", rows=rows))


@app.command(rich_help_panel=AFTER)
def custody(
    case: Case,
    item: Annotated[str, typer.Argument(help="The item's label, or the start of its digest.")] = "",
    event: Annotated[
        CustodyEvent | None, typer.Argument(help="What was done with it; without it: the chain.")
    ] = None,
    *,
    why: Annotated[str | None, typer.Option("--reason", "-m", help="Why; - reads stdin.")] = None,
    to: Annotated[str, typer.Option(help="Who has it now.")] = "",
    kept_at: Annotated[str, typer.Option(help="Where it is kept from now on.")] = "",
    file: Annotated[
        Path | None,
        typer.Option(help="The item: its SHA-256 is worked out here, nothing of it is sent."),
    ] = None,
    digest: Annotated[
        str | None, typer.Option(help="Or its SHA-256, worked out elsewhere.")
    ] = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """The chain of custody of each item of evidence; with an EVENT, its next link."""
    door = gateway()
    path = path_of(case, "custody")
    if event is not None:
        found = hashlib.sha256(file.read_bytes()).hexdigest() if file is not None else digest
        body: dict[str, Any] = {
            "item": item,
            "event": event.value,
            "why": prose(why, what="the reason"),
            "to": to,
            "kept_at": kept_at,
        }
        body |= {"found": found} if found else {}
        items = [post(door, path, body, act_id=act_id)]
    else:
        said = door.get(path)
        items = [
            each
            for each in said["items"]
            if not item or each["label"] == item or each["digest"].startswith(item)
        ]
    if json_:
        print_json({"items": items})
        return
    for each in items:
        state = "destroyed" if each["disposed"] else f"with {each['holder'] or 'us'}"
        sound = "unaltered" if each["intact"] else "ALTERED"
        say(f"{each['label']}  sha256 {each['digest'][:16]}…  {state}, {sound}")
        rows = [
            (local(s["at"]), s["event"], s["by"], s["to"] or s["kept_at"], _seen(s), s["why"])
            for s in each["steps"]
        ]
        show(table("at", "event", "by", "where", "looked", "why", rows=rows))
    if not items:
        say("The case lists no such item of evidence.")


def _seen(step: dict[str, Any]) -> str:
    if step["intact"] is None:
        return ""
    return "unaltered" if step["intact"] else "ALTERED"
