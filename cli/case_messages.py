"""`escalate case messages`: who was told, what was pressed in chats, what came back by mail."""

from cli.acting import Case
from cli.case_group import app
from cli.output import AsJson, local, print_json, say, show, table
from cli.reach import gateway, path_of


@app.command()
def messages(case: Case, *, json_: AsJson = False) -> None:
    """Notices and how they ended, cards in chats, presses, and replies by mail are listed."""
    said = gateway().get(path_of(case, "messages"))
    if json_:
        print_json(said)
        return
    notices = [
        (
            local(each["at"]),
            each["person"],
            each["purpose"],
            each["channel"],
            each["locale"],
            each["end"] + (f" until {local(each['due_at'])}" if each["due_at"] else ""),
            each["detail"],
        )
        for each in said["notices"]
    ]
    if notices:
        show(table("told", "who", "why", "by", "in", "ended", "detail", rows=notices))
    cards = [
        (
            local(each["at"]),
            each["chat"],
            each["room"],
            each["role"],
            each["stage"],
            each["locale"],
            each["state"],
        )
        for each in said["cards"]
    ]
    if cards:
        show(table("posted", "chat", "room", "asks", "stage", "in", "stands", rows=cards))
    presses = [
        (local(each["at"]), each["who"], each["what"], each["came_of"]) for each in said["presses"]
    ]
    if presses:
        show(table("pressed", "who", "what", "came of it", rows=presses))
    for mail in said["mails"]:
        proof = "its sender proved" if mail["proved"] else "its sender not proved"
        say(f"\n{local(mail['at'])}  {mail['kind']} by mail, {mail['who']}, {proof}")
        if mail["text"]:
            say(mail["text"])
    if not any(said.values()):
        say("Nobody was told yet, and nothing came by mail.")
