"""What a redacted bundle says to people: a report of what is left, and how to check it."""

from datetime import datetime
from html import escape

from audit.redacted.gathering import RedactedRecord
from audit.redacted.opening import OpenedEntry
from cases.values import spoken

_README = """\
Redacted bundle of case {number}
================================

{why}
What is left out is not in this directory. Of every field that is left out its salted digest stands
in its place, so the transparency log still proves that nothing was changed, added, taken out or
put in another order.

  report.html        what can be read, in order
  journal/*.jsonl    the streams: one entry a line, each field that is shown with its salt
  redactions.json    how many fields of which entry are left out, and why
  log/               the log's signed head, and of each entry the proof that it is in there
  order/             where decisions waited for the log: its signed word from before each of them
  keyring.json       public keys; redacted.json names every file, redacted.sig.json signs it

  escalate audit verify DIRECTORY --keys ROOT.json

says INCOMPLETE for content, and PASS for everything else, if nothing was tampered with.
"""
_ERASED = (
    "The content of this case was erased: its key was destroyed. Its order, who acted, its counts\n"
    "and its clocks were not.\n"
)
_READER = "It was written for a reader who may not see everything.\n"


def readme(number: str, *, erased: bool) -> str:
    """The text, for that case."""
    return _README.format(number=number, why=_ERASED if erased else _READER)


def told(entry: OpenedEntry) -> str:
    """What of an entry can be read, in one line."""
    said = [
        f"{name.replace('_', ' ')} {value}"
        for name, value in sorted(entry.body.items())
        if isinstance(value, str | int) and name not in ("input", "result", "key", "nonce")
    ]
    return " · ".join(said)


def report(record: RedactedRecord, *, number: str, at: datetime) -> str:
    """Every entry in order, each with what of it may be read."""
    every = sorted(
        ((name, entry) for name, read in record.streams.items() for entry in read.entries),
        key=lambda item: (item[1].text("at"), item[0], item[1].sequence),
    )
    rows = "\n".join(
        f"<tr><td>{escape(entry.text('at'))}</td><td>{escape(name)} {entry.sequence}</td>"
        f"<td>{escape(entry.text('kind'))}</td><td>{escape(told(entry))}</td>"
        f"<td>{len(entry.digests) or ''}</td></tr>"
        for name, entry in every
    )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width'>"
        f"<title>Case {escape(number)}, redacted</title>"
        "<style>body{font:1rem/1.5 sans-serif;margin:1rem}td{padding:.2rem .6rem;"
        "vertical-align:top;overflow-wrap:anywhere}</style>"
        f"<h1>Case {escape(number)}, redacted</h1><p>Written {spoken(at)}.</p>"
        "<table><thead><tr><th>At<th>Entry<th>What<th>Shown<th>Left out</tr></thead>"
        f"<tbody>{rows}</tbody></table></html>"
    )
