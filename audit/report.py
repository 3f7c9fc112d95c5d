"""The readable account in an export: one page, no script, nothing loaded, good on paper."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape

from pydantic import JsonValue

from audit.custody import in_order
from audit.report_gates import HEADS, Asking, askings, memos
from cases.envelope import Act
from cases.journal import Entry, Kind
from cases.values import spoken
from runbooks import RunbookProblems, compile_runbook, load_runbook
from runbooks.rendering.pathway_picture import pathway_picture
from runbooks.runbook import Runbook
from workflows.messages import CaseInput

_STYLE = """
body{font:16px/1.45 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#111}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem;border-bottom:1px solid #999}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;
padding:.25rem .5rem;border-bottom:1px solid #ddd}th{font-weight:600}
td.at{white-space:nowrap;font-variant-numeric:tabular-nums}small{color:#555}
h3{font-size:1.05rem;margin:1.4rem 0 .3rem}figure{margin:1rem 0;overflow-x:auto}
.rb .passed-by{opacity:.35}td{overflow-wrap:anywhere}
@media print{body{margin:0;font-size:11pt}h2{break-after:avoid}tr{break-inside:avoid}}
"""

_DECISIONS = (
    Kind.STAGE_COMPLETED,
    Kind.VOTE_CAST,
    Kind.VOTE_WITHDRAWN,
    Kind.DISSENT_FILED,
    Kind.SILENCE_TAKEN,
    Kind.RATIFIED,
    Kind.SEVERITY_SET,
    Kind.MIGRATION_PROPOSED,
    Kind.CASE_MIGRATED,
    Kind.CASE_CLOSING,
    Kind.CASE_REOPENED,
    Kind.CASE_MERGING,
    Kind.CASE_UNMERGED,
)
_ROUNDS = (Kind.ROUND_OPENED, Kind.ROUND_SUPERSEDED, Kind.ROUND_CLOSED)
_UNREAD = frozenset(
    {"input", "result", "nonce", "content", "digest", "digest_was", "key", "calendar", "routing"}
    | {"envelope", "acts"}
)
"""Digests and keys: the journal has them, a reader does not need them."""


def write_report(
    request: CaseInput,
    entries: Sequence[Entry],
    door: Sequence[Entry],
    *,
    runbooks: Mapping[str, bytes] | None = None,
    acts: Mapping[str, Act] | None = None,
) -> str:
    """The whole page; with the documents its pathway is drawn, with the acts reasons are told."""
    signed = acts or {}
    title = f"Case {request.number}" + (" (shadow: nothing was sent)" if request.shadow else "")
    last = entries[-1] if entries else None
    closed = last is not None and last.kind in (Kind.CASE_CLOSED, Kind.CASE_CANCELLED)
    state = "not closed" if last is None or not closed else _said(last)
    facts = [
        (
            "Runbook",
            f"{request.pathway.title} ({request.pathway.runbook} {request.pathway.version})",
        ),
        ("Received", spoken(request.report.received_at)),
        ("Routed", request.routed.reason),
        ("Severity at the start", f"{request.severity.value}: {request.severity_because}"),
        ("Outcome", state),
        ("Entries", str(len(entries))),
    ]
    return "".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width,initial-scale=1">',
            f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
            f"<h1>{escape(title)}</h1>",
            _table(("", ""), facts),
            *_pictures(entries, runbooks or {}),
            _gates(askings(entries, signed, request.answers), signed),
            _section("Who decided what", _rows(entries, _DECISIONS)),
            _section("Rounds and what they showed", _rows(entries, _ROUNDS)),
            _section("Clocks", _area(entries, "clock:")),
            _section("Actions", _area(entries, "effect:")),
            _section("Notices", _area(entries, "notice:")),
            _section("Evidence and its custody", [_row(e) for e in in_order(entries, door)]),
            _section("Refusals", _rows(entries, (Kind.ACT_REFUSED, Kind.ACTS_REFUSED))),
            _section("Everything, in order", [_row(entry) for entry in entries]),
            _section("At the doors", [_row(entry) for entry in door]),
            "<p><small>Instants are UTC. An act below assurance L3 is attested by the door that ",
            "took it; it is not a personal signature. This page is for reading: what proves the ",
            "case is the journal and the histories beside it.</small></p></body></html>\n",
        )
    )


def _pictures(entries: Sequence[Entry], runbooks: Mapping[str, bytes]) -> list[str]:
    """The pathway of each version the case was under, with what came of each stage."""
    walked: dict[str, str] = {}
    for entry in entries:
        stage = entry.body.get("stage")
        if entry.kind is Kind.STAGE_ENTERED and isinstance(stage, str):
            walked[stage] = f"entered {spoken(entry.at)}"
        elif entry.kind is Kind.STAGE_LEFT and isinstance(stage, str):
            outcome = str(entry.body.get("outcome", "left"))
            walked[stage] = f"{outcome}, {spoken(entry.at)}"
    drawn = [pathway_picture(runbook, walked=walked) for runbook in _readable(runbooks)]
    if not drawn:
        return []
    # Inside a page the picture needs no namespace, and the page names no address at all.
    bare = [
        svg.replace(' xmlns="http://www.w3.org/2000/svg"', "", 1)
        .replace("pathway-title", f"pathway-title-{number}")
        .replace("pathway-desc", f"pathway-desc-{number}")
        for number, svg in enumerate(drawn, start=1)
    ]
    return ["<h2>The way it went</h2>", *(f"<figure>{svg}</figure>" for svg in bare)]


def _readable(documents: Mapping[str, bytes]) -> Iterator[Runbook]:
    for source in documents.values():
        # One that this release cannot read has no picture; everything else is told all the same.
        with contextlib.suppress(RunbookProblems):
            runbook = load_runbook(source, file="runbook.yaml")
            compile_runbook(runbook)
            yield runbook


def _gates(asked: Sequence[Asking], acts: Mapping[str, Act]) -> str:
    """Every round: what was asked on which facts, who said what, and what came of it."""
    if not asked:
        return ""
    parts = ["<h2>The gates</h2>"]
    for item in asked:
        shown = f"revision {item.revision}, content {item.content}"
        facts = "; ".join(f"{name}: {value}" for name, value in item.facts.items())
        rows = [
            ("Opened", spoken(item.opened)),
            ("Needed", item.wanted or "nothing"),
            ("On these facts", facts or "none were on record"),
            ("What was shown", shown),
            ("Came of it", item.came_of_it),
        ]
        parts += [f"<h3>{escape(item.title)}</h3>", _table(("", ""), rows)]
        if item.votes:
            parts.append(_table(HEADS, item.votes))
    written = list(memos(acts))
    if written:
        parts += ["<h3>Memos</h3>", _table(("Gate", "Field", "Text"), written)]
    return "".join(parts)


def _rows(entries: Iterable[Entry], kinds: Sequence[Kind]) -> list[tuple[str, ...]]:
    return [_row(entry) for entry in entries if entry.kind in kinds]


def _area(entries: Iterable[Entry], area: str) -> list[tuple[str, ...]]:
    return [_row(entry) for entry in entries if entry.kind.value.startswith(area)]


def _row(entry: Entry) -> tuple[str, ...]:
    what = " ".join(entry.kind.value.replace("-", " ").split(":"))
    return (str(entry.sequence), spoken(entry.at), what, _said(entry))


def _said(entry: Entry) -> str:
    return "; ".join(
        f"{name.replace('_', ' ')}: {_text(value)}"
        for name, value in entry.body.items()
        if name not in _UNREAD
    )


def _text(value: JsonValue) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(item)}" for name, item in value.items())
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value)
    return str(value)


def _section(title: str, rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    return f"<h2>{escape(title)}</h2>" + _table(("No.", "When", "What", "Details"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    heads = "".join(f"<th>{escape(item)}</th>" for item in head)
    body = "".join(
        "<tr>"
        + "".join(
            f'<td class="at">{escape(cell)}</td>'
            if index < len(head) and head[index] == "When"
            else f"<td>{escape(cell)}</td>"
            for index, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    top = f"<thead><tr>{heads}</tr></thead>" if any(head) else ""
    return f"<table>{top}<tbody>{body}</tbody></table>"
