"""The runbooks that ship with escalate, as they were written.

The one module of this package that reads files: its own, from the installed package.
"""

from functools import cache
from importlib.resources import files

from runbooks.fragments import FOLDER, bundled

_ROUTING = "routing.yaml"
_CALENDARS = "calendars.yaml"
_PINS = "pins.yaml"


def library() -> dict[str, bytes]:
    """The text of every runbook that ships, by name, with the fragments it uses."""
    return dict(_shipped())


@cache
def _shipped() -> dict[str, bytes]:
    """What ships stays what it is while it runs, so it is put together once."""
    known = fragments()
    return {
        entry.name.removesuffix(".yaml"): bundled(entry.read_bytes(), known=known)
        for entry in sorted(files(__name__).iterdir(), key=lambda each: each.name)
        if entry.name.endswith(".yaml") and entry.name != _ROUTING
    }


def fragments() -> dict[str, bytes]:
    """The text of every fragment that ships, by name."""
    folder = files(__name__).joinpath(FOLDER)
    return {
        entry.name.removesuffix(".yaml"): entry.read_bytes()
        for entry in sorted(folder.iterdir(), key=lambda each: each.name)
        if entry.name.endswith(".yaml")
    }


def routing() -> bytes:
    """The text of the routing table that ships."""
    return files(__name__).joinpath(_ROUTING).read_bytes()


def taxonomy_texts() -> dict[str, bytes]:
    """The text of every taxonomy that ships, by file."""
    folder = files(__name__).joinpath("taxonomies")
    entries = sorted(folder.iterdir(), key=lambda each: each.name)
    return {each.name: each.read_bytes() for each in entries if each.name.endswith(".yaml")}


def retention_text() -> bytes:
    """The text of the retention table that ships."""
    return files(__name__).joinpath("retention", "classes.yaml").read_bytes()


def clock_tables() -> dict[str, bytes]:
    """The text of every table of statutory clocks that ships, by file."""
    return {
        entry.name: entry.read_bytes()
        for entry in sorted(files(__name__).joinpath("clocks").iterdir(), key=lambda e: e.name)
        if entry.name.endswith(".yaml") and entry.name not in {_CALENDARS, _PINS}
    }


def pinned_calendars() -> bytes:
    """The text of the calendars that statutory clocks are counted by."""
    return files(__name__).joinpath("clocks", _CALENDARS).read_bytes()


def clock_pins() -> bytes:
    """The text that says which digest every version of every row ever had."""
    return files(__name__).joinpath("clocks", _PINS).read_bytes()


def access_policies() -> dict[str, bytes]:
    """The text of every policy that ships of who may do what, by file."""
    entries = sorted(files(__name__).joinpath("access").iterdir(), key=lambda each: each.name)
    return {each.name: each.read_bytes() for each in entries if each.name.endswith(".cedar")}


def access_schema() -> bytes:
    """The text that says what those policies may speak of."""
    return files(__name__).joinpath("access", "schema.cedarschema").read_bytes()


def restricted_classes() -> bytes:
    """The text that says which cases need a clearance, and who has it."""
    return files(__name__).joinpath("access", "classes.yaml").read_bytes()
