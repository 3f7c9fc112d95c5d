"""The runbooks that ship with escalate, as they were written.

The one module of this package that reads files: its own, from the installed package.
"""

from importlib.resources import files

_ROUTING = "routing.yaml"


def library() -> dict[str, bytes]:
    """The text of every runbook that ships, by name."""
    return {
        entry.name.removesuffix(".yaml"): entry.read_bytes()
        for entry in sorted(files(__name__).iterdir(), key=lambda each: each.name)
        if entry.name.endswith(".yaml") and entry.name != _ROUTING
    }


def routing() -> bytes:
    """The text of the routing table that ships."""
    return files(__name__).joinpath(_ROUTING).read_bytes()
