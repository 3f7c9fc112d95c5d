"""`escalate runbook shadow`: what cases in the shadow say of a runbook, before it goes live."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.markup import escape

from cli.output import USAGE, AsJson, print_json, show, stop, table
from cli.reach import gateway
from gateway.shadow_words import length
from insights.shadow_totals import WORST, Totals


def register(app: typer.Typer) -> None:
    """The command stands in `escalate runbook`."""
    app.command()(shadow)


def shadow(
    name: Annotated[
        str | None, typer.Argument(help="The runbook; default: all that ran in the shadow.")
    ] = None,
    *,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="Cases opened from that day on.")
    ] = None,
    worst: Annotated[int, typer.Option(min=0, help="How many examples are shown.")] = WORST,
    json_: AsJson = False,
) -> None:
    """What shadow cases come to: today's process beside what the runbook would have done by then.

    To begin: escalate runbook release NAME --shadow.
    """
    asked = {"runbook": name or "", "since": _since(since), "worst": str(worst)}
    said = gateway().get("/api/shadow", **{key: value for key, value in asked.items() if value})
    if json_:
        print_json(said)
        return
    for part in page(Totals.model_validate(said["totals"])):
        show(part)


def page(totals: Totals) -> Iterator[RenderableType]:
    """The totals as they are read: how sure, who would be told, what was missed, examples."""
    if not totals.cases:
        yield "No case has run in the shadow. To begin: escalate runbook release NAME --shadow"
        return
    named = ", ".join(f"{name} ({number})" for name, number in totals.by_runbook.items())
    yield f"[bold]{totals.cases} shadow cases[/] of {escape(named)}"
    yield (
        f"{totals.ended} whose end in today's process is known, {totals.open} still open\n"
        f"Today's process took {length(totals.median)} (median), {length(totals.longest)} at most\n"
        f"The runbook would have paged {totals.pages} times, {totals.pages_a_case} a case\n"
    )
    if totals.clocks:
        yield table(
            "clock", "", "missed by today's process", "by at most",
            rows=[
                (
                    each.title,
                    "the law's" if each.statutory else "",
                    f"{each.missed} of {each.ran}",
                    length(each.longest) if each.missed else "",
                )
                for each in totals.clocks
            ],
        )  # fmt: skip
        yield ""
    if totals.gates:
        yield table(
            "gate", "asked", "answered in practice", "decided without asking", "not reached",
            rows=[
                (each.title, each.asked, each.answered, each.passed_over, each.not_reached)
                for each in totals.gates
            ],
        )  # fmt: skip
        yield ""
    if totals.told:
        yield table(
            "role", "pages", "pages a case", "other notices",
            rows=[
                (each.role, each.pages, round(each.pages / totals.cases, 2), each.others)
                for each in totals.told
            ],
        )  # fmt: skip
        yield ""
    if totals.effects:
        rows = [(each.title, each.times, each.unattended or "") for each in totals.effects]
        yield table("action", "times", "on nobody's word", rows=rows)
        yield ""
    for each in totals.worst:
        yield f"case {escape(each.number)} ({escape(each.runbook)}): {escape('; '.join(each.why))}"


def _since(text: str | None) -> str:
    """The beginning of that day, or that instant, in this machine's zone unless it names one."""
    if text is None:
        return ""
    try:
        return datetime.fromisoformat(text).astimezone().isoformat()
    except ValueError:
        stop("--since takes a day like 2026-11-22", code=USAGE)
