"""`escalate passkey list|confirm|revoke`: the keys that people sign with themselves."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from cli.output import AsJson, local, print_json, say, show, table
from cli.reach import gateway

app = typer.Typer(
    help="Show, confirm and revoke the keys people sign with themselves.", no_args_is_help=True
)

Key = Annotated[str, typer.Argument(help="The key's id, as `passkey list` shows it.")]
_PATH = "/api/passkeys"


@app.command("list")
def list_(*, json_: AsJson = False) -> None:
    """Your own keys; and for who runs cases those that wait for a second person."""
    said = gateway().get(_PATH)
    if json_:
        print_json(said)
        return
    rows = [
        (
            key["person"],
            key["label"],
            key["state"],
            _kind(key),
            local(key["enrolled_at"]),
            key["confirmed_by"],
            key["id"],
        )
        for key in (*said["mine"], *said["waiting"])
    ]
    if rows:
        show(table("who", "key", "state", "", "enrolled", "confirmed by", "id", rows=rows))
    else:
        say("You have no key of your own.")


@app.command()
def confirm(key: Key, *, json_: AsJson = False) -> None:
    """You have asked its owner, and say that the key is theirs: from now on it signs."""
    done = gateway().post(f"{_PATH}/{quote(key, safe='')}/confirm", {})
    if json_:
        print_json(done)
    else:
        say(f"{done['label']} of {done['person']} is confirmed")


@app.command()
def revoke(key: Key, *, json_: AsJson = False) -> None:
    """The key signs nothing more; what it has signed stays valid."""
    done = gateway().post(f"{_PATH}/{quote(key, safe='')}/revoke", {})
    if json_:
        print_json(done)
    else:
        say(f"{done['label']} of {done['person']} is revoked")


def _kind(key: dict[str, Any]) -> str:
    """Whether it can leave its device, and whose word that is."""
    stays = "stays on its device" if key["device_bound"] else "is synced"
    return f"{stays} ({key['model']})" if key["model"] else stays
