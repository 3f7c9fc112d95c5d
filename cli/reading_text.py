"""What people type: prose from a flag, stdin or their editor, instants and spans, name=value."""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cli.output import USAGE, stop

STDIN = "-"
_SPAN = re.compile(r"(\d+)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_MARK = "# Lines that begin with # are left out. An empty text ends the command."


def prose(given: str | None, *, what: str, required: bool = True) -> str:
    """The text of the flag; `-` reads stdin, and where none was given an editor opens."""
    if given == STDIN:
        given = sys.stdin.read()
    elif given is None and required and sys.stdin.isatty():
        lines = [line for line in _edited(what).splitlines() if not line.startswith("#")]
        given = "\n".join(lines)
    text = (given or "").strip()
    if required and not text:
        stop(f"{what} is missing", mend="Give it with its option; - reads stdin.", code=USAGE)
    return text


def pairs(given: list[str], *, what: str) -> dict[str, str]:
    """Every `name=value`; a value of `-` is read from stdin, once."""
    found: dict[str, str] = {}
    for each in given:
        name, separator, value = each.partition("=")
        if not separator or not name:
            stop(f'"{each}" is not {what}=VALUE', code=USAGE)
        if name in found:
            stop(f"{name} is given twice", code=USAGE)
        found[name] = prose(value, what=name) if value == STDIN else value
    return found


def instant(text: str, *, now: str | None = None) -> str:
    """The instant in UTC: ISO 8601, local where no zone stands, or a span from now like `2d`."""
    span = _SPAN.fullmatch(text.strip())
    if span is not None and now is not None:
        ahead = timedelta(**{_UNITS[span[2]]: int(span[1])})
        return (datetime.fromisoformat(now) + ahead).astimezone(UTC).isoformat()
    try:
        return datetime.fromisoformat(text.strip()).astimezone(UTC).isoformat()
    except ValueError:
        examples = "2026-11-22T15:00, 2026-11-22T15:00+01:00"
        more = ", 4h, 2d" if now is not None else ""
        stop(f'"{text}" is not an instant', mend=f"Like {examples}{more}", code=USAGE)


def span(text: str) -> timedelta:
    """A span of time like `12h` or `7d`."""
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        stop(f'"{text}" is not a span of time', mend="Like 30m, 12h, 7d.", code=USAGE)
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _edited(what: str) -> str:
    from workers._settings_sources import default_editor

    # 0600, and gone afterwards: what is written about a case is nobody else's.
    handle, name = tempfile.mkstemp(prefix="escalate-", suffix=".txt")
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(f"\n\n# {what}\n{_MARK}\n")
        editor = default_editor()
        try:
            subprocess.run([*shlex.split(editor), name], check=True)  # noqa: S603 - the user's own editor
        except (OSError, subprocess.CalledProcessError):
            stop(f"the editor ({editor}) failed", mend="Set EDITOR, or use the option.", code=USAGE)
        return draft.read_text(encoding="utf-8")
    finally:
        draft.unlink(missing_ok=True)
