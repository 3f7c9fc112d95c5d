"""`escalate on-call`: who is on call for which role, as the rotas say it."""

from typing import Annotated, Any

import typer

from cli.output import AsJson, local, print_json, say, show, table
from cli.reach import gateway

app = typer.Typer(help="Say who is on call for which role.")


@app.command()
def on_call(
    *,
    at: Annotated[
        str | None, typer.Option("--at", help="Another instant: 2026-11-22T03:00:00Z.")
    ] = None,
    json_: AsJson = False,
) -> None:
    """Every role with a rota is listed with who is on call and by what source that is known."""
    said = gateway().get("/api/on-call", at=at)
    if json_:
        print_json(said)
        return
    rows = [
        (team["role"], _who(team), team["notices"], team["source"] or "—") for team in said["teams"]
    ]
    if not rows:
        say("No role has a rota: everybody who holds a role is told.")
        return
    show(table("role", "on call", "told of", "known by", rows=rows))
    say(f"\nAs of {local(said['as_of'])}.")


def _who(team: dict[str, Any]) -> str:
    if team["trouble"]:
        return f"the rota cannot be asked: everybody is told. {team['mend']}"
    people = ", ".join(team["people"])
    then = ", then ".join([*team["instead"], "duty-manager"])
    parts = [people or f"NOBODY; instead {then}"]
    if team["without_role"]:
        parts.append(f"without the role: {', '.join(team['without_role'])}")
    if team["strangers"]:
        parts.append(f"{team['strangers']} unknown to the directory")
    return "; ".join(parts)
