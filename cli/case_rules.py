"""`escalate case rules`: the interim rules that hold now."""

from cli.case_group import AFTER, app
from cli.output import AsJson, local, print_json, say, show, table
from cli.reach import gateway


@app.command(rich_help_panel=AFTER)
def rules(*, json_: AsJson = False) -> None:
    """The interim rules that hold now are listed, the next to expire first."""
    said = gateway().get("/api/rules")
    if json_:
        print_json(said)
        return
    if not said["rules"]:
        say("No interim rule holds.")
        return
    rows = [
        (
            rule["number"],
            local(rule["expires_at"]),
            rule["owner"],
            rule["confirm"],
            f"escalate case settle {rule['case']} {rule['obligation']}",
            rule["title"],
        )
        for rule in said["rules"]
    ]
    show(table("rule", "until", "watched by", "confirmed by", "settle", "what holds", rows=rows))
    say(f"\nAs of {local(said['as_of'])}.")
