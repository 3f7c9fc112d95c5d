"""`escalate case bulk …`: one order over many cases, previewed, watched, confirmed and undone."""

import sys
import time
import uuid
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.progress import Progress

from cli.case_group import app as cases
from cli.output import (
    REFUSED,
    USAGE,
    AsJson,
    errors,
    local,
    note,
    print_json,
    say,
    show,
    stop,
    table,
)
from cli.reach import Gateway, gateway
from cli.reading_text import instant, prose
from cli.shared_options import taking
from runbooks.plan import Severity

app = typer.Typer(help="One order for many cases.", no_args_is_help=True)
cases.add_typer(app, name="bulk")

_PATH = "/api/bulk"
_PAUSE = 0.5
_GIVES_UP = 240
_VERBS = ("acknowledge", "assign", "claim", "close", "hold", "move", "resume", "severity")

Verb = Annotated[str, typer.Argument(metavar="VERB", help=" | ".join(_VERBS))]
Order = Annotated[int, typer.Argument(metavar="ORDER", help="The order's number.")]
Numbers = Annotated[
    list[str] | None, typer.Option("--case", help="A case's number; may be repeated.")
]
Runbook = Annotated[str | None, typer.Option("--runbook", help="Cases of this runbook.")]
Stage = Annotated[str | None, typer.Option("--stage", help="Cases in this stage.")]
Severities = Annotated[
    list[Severity] | None, typer.Option("--severity", help="Cases this grave; may be repeated.")
]
WaitsOn = Annotated[str | None, typer.Option("--waits-on", help="Cases that wait on this role.")]
WorkOf = Annotated[str | None, typer.Option("--work-of", help="Cases this person has.")]
Held = Annotated[bool | None, typer.Option("--held/--not-held", help="Cases on hold, or not.")]
Because = Annotated[
    str | None, typer.Option("--reason", "-m", help="Why, in every case; - reads stdin.")
]
ReviewAt = Annotated[str | None, typer.Option("--review-at", help="hold: 2d, or an instant.")]
ToRole = Annotated[str | None, typer.Option("--role", help="assign: whose work.")]
ToPerson = Annotated[str | None, typer.Option("--person", help="assign: to whom.")]
NewSeverity = Annotated[Severity | None, typer.Option("--new", help="severity: the new one.")]
ToRunbook = Annotated[str | None, typer.Option("--to", help="move: to which runbook.")]
Disposition = Annotated[str | None, typer.Option("--disposition", help="close: how.")]
DecisionRecord = Annotated[
    str | None, typer.Option("--record", help="close: the decision record; - reads stdin.")
]
OrderId = Annotated[
    str | None,
    typer.Option("--id", help="Send an order again that may have arrived: it is done once."),
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Do not wait for the cases' answers.")]


@dataclass(frozen=True)
class _Said:
    """What the options say: of which cases, and of the act."""

    case: Numbers = None
    runbook: Runbook = None
    stage: Stage = None
    severity: Severities = None
    waits_on: WaitsOn = None
    work_of: WorkOf = None
    held: Held = None
    reason: Because = None
    review_at: ReviewAt = None
    role: ToRole = None
    person: ToPerson = None
    new: NewSeverity = None
    to: ToRunbook = None
    disposition: Disposition = None
    record: DecisionRecord = None

    @property
    def which(self) -> dict[str, Any]:
        """The cases that are meant."""
        which = {
            "numbers": self.case,
            "runbook": self.runbook,
            "stage": self.stage,
            "severity": [each.value for each in self.severity or ()],
            "role": self.waits_on,
            "person": self.work_of,
            "held": self.held,
        }
        return {name: value for name, value in which.items() if value not in (None, [])}

    def wish(self, verb: str, door: Gateway) -> dict[str, Any]:
        """The order's words; used wrongly, the command ends."""
        if verb not in _VERBS:
            stop(f"{verb} cannot be ordered for many cases", mend=" | ".join(_VERBS), code=USAGE)
        needed = verb in ("hold", "move", "severity")
        wish: dict[str, Any] = {"verb": verb}
        if verb not in ("claim", "close"):
            wish["reason"] = prose(self.reason, what="the reason", required=needed)
        match verb:
            case "assign":
                wish |= {
                    "role": _given(self.role, "--role"),
                    "person": _given(self.person, "--person"),
                }
            case "close":
                wish["disposition"] = _given(self.disposition, "--disposition")
                wish["record"] = prose(self.record, what="the decision record")
            case "hold":
                wish["review_at"] = instant(
                    _given(self.review_at, "--review-at"), now=door.get(_PATH)["as_of"]
                )
            case "move":
                wish["runbook"] = _given(self.to, "--to")
            case "severity":
                if self.new is None:
                    stop("--new is missing", code=USAGE)
                wish["severity"] = self.new.value
        return wish


@app.command("list")
def list_(*, json_: AsJson = False) -> None:
    """Your orders, the latest first; everybody's for incident managers."""
    said = gateway().get(_PATH)
    if json_:
        print_json(said)
        return
    rows = [
        (
            each["order"],
            each["verb"],
            each["person"],
            local(each["signed_at"]),
            each["state"],
            f"{each['answered']} of {each['cases']}",
            each["left_out"] or "",
        )
        for each in said["orders"]
    ]
    if rows:
        show(table("order", "what", "by", "signed", "state", "answered", "left out", rows=rows))
    else:
        say("There are no orders.")


@app.command()
@taking(_Said, as_="said")
def preview(verb: Verb, said: _Said, *, json_: AsJson = False) -> None:
    """What would happen to each case, or why it would be left out; nothing is done."""
    door = gateway()
    plan = _plan(door, said.wish(verb, door), said)
    if json_:
        print_json(plan)
    else:
        _show_plan(plan)


@app.command()
@taking(_Said, as_="said")
def run(
    verb: Verb,
    said: _Said,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask after the preview.")] = False,
    order_id: OrderId = None,
    no_wait: NoWait = False,
    json_: AsJson = False,
) -> None:
    """The cases that were shown get the act, each its own; exit code 1 if one of them said no."""
    door = gateway()
    wish = said.wish(verb, door)
    plan = _plan(door, wish, said)
    if not json_:
        _show_plan(plan)
    numbers = [each["number"] for each in plan["cases"] if each["willing"]]
    if not numbers:
        stop("None of these cases would take it; nothing was ordered.")
    if not yes:
        _ask(f"{verb} {len(numbers)} cases?")
    own = order_id or str(uuid.uuid4())
    note(f"Order id {own}: sent again with --id it is done once.")
    _ordered(door, "", {"id": own, "wish": wish, "numbers": numbers}, no_wait=no_wait, json_=json_)


@app.command("show")
def show_(order: Order, *, json_: AsJson = False) -> None:
    """The order, and what became of each case."""
    said = gateway().get(f"{_PATH}/{order}")
    if json_:
        print_json(said)
    else:
        _show_order(said)


@app.command()
def confirm(
    order: Order,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    no_wait: NoWait = False,
    json_: AsJson = False,
) -> None:
    """You do what another person asked for: an order above the cap needs a second one."""
    door = gateway()
    said = door.get(f"{_PATH}/{order}")
    if not yes:
        _ask(f"{said['verb']} {said['cases']} cases, as {said['person']} asked?")
    _ordered(door, f"/{order}/confirm", {"id": str(uuid.uuid4())}, no_wait=no_wait, json_=json_)


@app.command()
def undo(
    order: Order,
    *,
    reason: Because = None,
    dry_run: Annotated[
        bool, typer.Option("--preview", help="Only show what would be brought back.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    no_wait: NoWait = False,
    json_: AsJson = False,
) -> None:
    """Each case goes back to what it was, where there is a way; the others are named with why."""
    door = gateway()
    plan = door.get(f"{_PATH}/{order}/undo")
    if dry_run:
        if json_:
            print_json(plan)
        else:
            _show_plan(plan)
        return
    if not json_:
        _show_plan(plan)
    if not plan["willing"]:
        stop("There is no case that can be brought back.")
    if not yes:
        _ask(f"Bring back {plan['willing']} cases?")
    because = prose(reason, what="the reason", required=False)
    content = {"id": str(uuid.uuid4()), "reason": because}
    _ordered(door, f"/{order}/undo", content, no_wait=no_wait, json_=json_)


def _ordered(
    door: Gateway, path: str, content: dict[str, Any], *, no_wait: bool, json_: bool
) -> None:
    """The order is given; its cases are watched until each has answered."""
    answer = door.ask("POST", f"{_PATH}{path}?door=cli", content=content, again=True)
    if not answer.ok:
        stop(answer.says, mend=answer.mend, code=REFUSED)
    said = answer.content
    if said["state"] == "ordered" and not no_wait:
        _watch(door, said)
    seen = door.get(f"{_PATH}/{said['order']}")
    if json_:
        print_json(seen)
    else:
        _show_order(seen)
    fine = {"accepted", "on-its-way", "waits", "left-out"}
    if set(seen["outcomes"]) - fine:
        raise typer.Exit(REFUSED)


def _watch(door: Gateway, said: dict[str, Any]) -> None:
    """A bar on stderr that fills as cases answer; it does not wait for ever."""
    until = time.monotonic() + _GIVES_UP
    with Progress(console=errors, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(f"order {said['order']}", total=said["cases"])
        while time.monotonic() < until:
            orders = door.get(_PATH)["orders"]
            mine = next((each for each in orders if each["order"] == said["order"]), said)
            bar.update(task, completed=mine["answered"])
            if mine["answered"] >= mine["cases"]:
                return
            time.sleep(_PAUSE)
    note(f"Not every case has answered yet: escalate case bulk show {said['order']}")


def _show_plan(plan: dict[str, Any]) -> None:
    rows = [
        (
            each["number"],
            each.get("severity", ""),
            each.get("stage", ""),
            "yes" if each["willing"] else "no",
            ", ".join(each["would"]) or f"{each['says']} {each['detail']}".strip(),
            "yes" if each["can_be_undone"] else "",
        )
        for each in plan["cases"]
    ]
    show(table("case", "severity", "stage", "takes it", "what", "can be undone", rows=rows))
    say(f"{plan['willing']} would take it, {plan['refused']} would be left out.")
    if plan["needs_second"]:
        say(f"More than {plan['cap']} cases: a second person has to confirm the order.")


def _show_order(said: dict[str, Any]) -> None:
    say(
        f"Order {said['order']}: {said['verb']}, by {said['person']}, signed "
        f"{local(said['signed_at'])}, {said['answered']} of {said['cases']} answered."
    )
    if said["state"] == "asked":
        say(f"It waits for a second person: escalate case bulk confirm {said['order']}")
    elif said["confirmed_by"]:
        by = said["confirmed_by"]
        say(f"{by['person']} confirmed it: order {by['order']}.")
    rows = [
        (each["number"], each["result"], f"{each['says']} {each['detail']}".strip())
        for each in said["items"]
    ]
    if rows:
        show(table("case", "result", "what it said", rows=rows))
    if said["hidden"]:
        say(f"{said['hidden']} of its cases are not for you to see.")


def _plan(door: Gateway, wish: dict[str, Any], said: _Said) -> dict[str, Any]:
    return door.post(f"{_PATH}/preview", {"wish": wish, "which": said.which})


def _given(value: str | None, option: str) -> str:
    if value is None:
        stop(f"{option} is missing", code=USAGE)
    return value


def _ask(question: str) -> None:
    if not typer.confirm(question, err=True):
        stop("Nothing was ordered.")
