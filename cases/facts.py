"""What differs between two sets of facts, in the words a reviewer reads."""

from pydantic import JsonValue

from cases.gate import Change


def changes_between(before: dict[str, JsonValue], after: dict[str, JsonValue]) -> list[Change]:
    """What differs between two sets of facts, as sentences' parts: what, was, now."""
    changes: list[Change] = []
    for what in sorted(before.keys() | after.keys()):
        was, now = before.get(what), after.get(what)
        if was == now:
            continue
        if isinstance(was, dict) and isinstance(now, dict):
            changes.extend(
                Change(
                    what=f"{what}: {inner}", was=_text(was.get(inner)), now=_text(now.get(inner))
                )
                for inner in sorted(was.keys() | now.keys())
                if was.get(inner) != now.get(inner)
            )
        else:
            changes.append(Change(what=what, was=_text(was), now=_text(now)))
    return changes


def _text(value: JsonValue) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "; ".join(_text(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_text(item)}" for name, item in value.items())
    return str(value)
