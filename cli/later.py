"""Commands whose packages are read when they are called: `escalate --help` answers at once."""

from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from cli import examples


class Later(NamedTuple):
    """Where a command stands, as a function or as its Typer, and what it is for."""

    module: str
    help: str
    attribute: str = "app"


LATER = {
    "access": Later("cli.access", "Say who may do what; ask to read a case; emergencies."),
    "audit": Later("cli.audit", "Export a case's whole record; verify and replay it."),
    "away": Later("cli.away", "Say that you are away, and who acts for you."),
    "backup": Later("cli.backup", "Copy store, engine and keys while they run.", "backup"),
    "clocks": Later("cli.clocks", "Show the law's clocks, and what one case carries."),
    "config": Later("cli.config", "Say what can be set."),
    "doctor": Later("cli.doctor", "Say what is wrong with this installation, and what mends it."),
    "engine": Later("cli.engine", "Say which Temporal is used, and why."),
    "erasure": Later("cli.erasure", "Agree to erasures, withdraw them, see how they stand."),
    "legal-hold": Later(
        "cli.legal_hold", "Forbid that anything of a case or about a subject is deleted."
    ),
    "on-call": Later("cli.on_call", "Say who is on call for which role."),
    "restore": Later("cli.backup", "Put a backup into an empty home, and compare.", "restore"),
    "retention": Later("cli.retention", "Show how long what is kept, and whose time is over."),
    "keys": Later("cli.keys", "Renew keys, and revoke those in wrong hands."),
    "passkey": Later(
        "cli.passkey", "Show, confirm and revoke the keys people sign with themselves."
    ),
    "log": Later("cli.log", "Show the transparency log, its checkpoint, and proofs."),
    "demo": Later(
        "cli.demo", "Run the whole of escalate on this machine, with cases to play with."
    ),
}
"""By the word that calls them."""


class LaterGroup(TyperGroup):
    """Shows every command, and imports the one that is called."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for name, later in LATER.items():
            # Its name and help, for the list of commands and for who mistypes it.
            self.commands[name] = TyperCommand(name, help=later.help)
        self._waiting = set(LATER)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is called, imported."""
        name = args[0] if args else ""
        if name in self._waiting:
            self.commands[name] = typer.main.get_command(loaded(name))
            self._waiting.remove(name)
        return super().resolve_command(ctx, args)


def loaded(name: str) -> typer.Typer:
    """The Typer behind that word, with its examples."""
    later = LATER[name]
    found = getattr(import_module(later.module), later.attribute)
    app = found if isinstance(found, typer.Typer) else typer.Typer()
    if app is not found:
        app.command()(found)
    examples.add_to(app, name=name, alone=alone(app))
    return app


def alone(app: typer.Typer) -> bool:
    """Whether it is one command that stands under its own name, and not a group."""
    return (
        len(app.registered_commands) == 1
        and not app.registered_groups
        and app.registered_callback is None
    )
