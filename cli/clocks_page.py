"""Rows of the law on the terminal: lists, one row whole, what a case carries, a deadline drawn."""

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from rich.console import RenderableType

from cli.output import table
from runbooks.statutes.calendar import Calendar
from runbooks.statutes.resolver import HOLDS, Carried, Resolution, Running
from runbooks.statutes.span import Due
from runbooks.statutes.table import NOT_ADVICE, Statute
from runbooks.statutes.vocabulary import RowKind

_WIDE = 44
_MARKS = {"V": "text read", "S": "second hand", "K": "from knowledge", "L": "low confidence"}


def advice() -> str:
    """What stands under every page."""
    return f"\n{NOT_ADVICE}"


def listing(rows: Sequence[Statute], day: date) -> RenderableType:
    """One line a row."""
    return table(
        "row", "title", "kind", "length", "from", "mark", "law", "review by",
        rows=[
            (
                row.reference,
                row.row.title,
                row.row.kind,
                length(row),
                row.row.starts,
                row.mark,
                standing(row, day),
                f"{row.review_by}{', past due' if row.review_by < day else ''}",
            )
            for row in rows
        ],
    )  # fmt: skip


def length(statute: Statute) -> str:
    """How long it runs, and whose number that is."""
    row = statute.row
    if row.every is not None:
        every = row.every.length
        return f"every {every.n} {every.unit}" if every else f"yearly before {row.every.before}"
    if statute.length is None:
        return "no number"
    said = f"{statute.length.n} {statute.length.unit}"
    if row.opens is not None:
        said = f"{row.opens.n} to {said}"
    if row.renewals is not None:
        said += f" + {row.renewals.times} x {row.renewals.by.n} {row.renewals.by.unit}"
    return f"{said} (ours)" if statute.ours else said


def standing(statute: Statute, day: date) -> str:
    """Whether it is law that day."""
    if statute.row.is_law(day):
        return "yes" if statute.row.hard else "not hard"
    ended = statute.row.effective.to
    if ended is not None and day > ended:
        return f"until {ended}"
    begins = statute.row.effective.from_
    return "watch" if begins is None else f"from {begins}"


def details(statute: Statute, day: date) -> RenderableType:
    """Everything about one row."""
    row = statute.row
    signed = f"{row.signed_off.by}, {row.signed_off.on}" if row.signed_off else "by no lawyer yet"
    late = " — past due" if statute.review_by < day else ""
    said: list[tuple[str, object]] = [
        ("row", f"{statute.reference} ({statute.group})"),
        ("title", row.title),
        ("law", f"{row.instrument}, {row.article} ({row.jurisdiction})"),
        ("is law", standing(statute, day)),
        ("kind", f"{row.kind}, {'hard' if row.hard else 'not hard'}"),
        ("asks to", row.does),
        ("starts with", row.starts),
        ("length", length(statute)),
        ("counted", f"{row.counted}{', rolls' if row.roll else ''}, calendar {row.calendar}"),
        ("stops", "; ".join(row.stops) or "—"),
        ("stands still", "; ".join(row.suspends) or "never"),
        ("then", {"full": "from nothing", "remaining": "where it stood"}.get(row.restart or "")),
        ("approvers", ", ".join(row.approvers) or "none named"),
        ("notify", "; ".join(row.notify) or "—"),
        ("record", row.record),
        ("source", row.source),
        ("mark", f"{row.mark}: {_MARKS[row.mark]}"),
        ("", row.mark_note),
        ("open", row.open_question),
        ("review", f"by {statute.review_by}, {statute.reviewer}{late}"),
        ("signed off", signed),
        ("sha256", statute.digest),
    ]
    return table("", "", rows=[pair for pair in said if pair[1] is not None])


def record(statute: Statute, day: date) -> dict[str, Any]:
    """The row as plain values."""
    written: dict[str, Any] = statute.row.model_dump(
        mode="json", by_alias=True, exclude_none=True, exclude={"effective", "if_"}
    )
    row = statute.row
    begins = row.effective.from_
    return {
        "id": statute.id,
        "reference": statute.reference,
        **written,
        "if": row.if_.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        "effective": {
            "from": begins.isoformat() if isinstance(begins, date) else begins,
            "to": row.effective.to.isoformat() if row.effective.to else None,
        },
        "is_law": row.is_law(day),
        "target_is_ours": statute.ours,
        "review-by": statute.review_by.isoformat(),
        "reviewer": statute.reviewer,
        "digest": statute.digest,
        "not_legal_advice": True,
    }


def resolution(found: Resolution) -> Iterator[RenderableType]:
    """What a case carries, drawn by when it is due; what is watched; what conflicts."""
    yield table(
        "row", "title", "work to", "last lawful", "because",
        rows=[_carried(each) for each in sorted(found.carried, key=_when)],
    )  # fmt: skip
    yield ""
    yield from _bars(found)
    if found.watched:
        names = ", ".join(f"{each.statute.id}" for each in found.watched)
        yield f"\nWatched, not law: {names}"
    for each in found.consequences:
        where = f" → {each.queue}" if each.queue else ""
        yield f"{each.rule}: {', '.join(each.rows)} {each.effect}{where}: {each.because}"
    if found.governing is not None:
        yield f"Comes first: {found.governing.statute.reference}"


def resolution_record(found: Resolution) -> dict[str, Any]:
    """The same as plain values."""
    return {
        "carried": [
            {
                "row": each.statute.reference,
                "digest": each.statute.digest,
                "mark": each.statute.mark,
                "reasons": list(each.reasons),
                "starts": each.statute.row.starts.value,
                "waits_for": each.waits_for,
                **(due_record(each.statute, each.running) if each.running else {}),
            }
            for each in found.carried
        ],
        "watched": [each.statute.reference for each in found.watched],
        "consequences": [
            {
                "rule": each.rule,
                "effect": each.effect.value,
                "rows": list(each.rows),
                "because": each.because,
                "queue": each.queue,
            }
            for each in found.consequences
        ],
        "comes_first": found.governing.statute.reference if found.governing else None,
        "not_legal_advice": True,
    }


def due_record(statute: Statute, running: Running) -> dict[str, Any]:
    """A row's instants as plain values."""
    careful = running.careful(statute.row.kind)
    return {
        "row": statute.reference,
        "begun": running.begun.astimezone(UTC).isoformat(),
        "work_to": careful.astimezone(UTC).isoformat() if careful else None,
        **{
            key: value
            for key, value in _due(running.due).items()
            if key != "legal_latest" or not statute.ours
        },
        "opens": _due(running.opens) or None,
        "renewed": _due(running.renewed) or None,
        "target_is_ours": statute.ours,
        "not_legal_advice": True,
    }


def _due(due: Due | None) -> dict[str, Any]:
    if due is None:
        return {}
    return {
        "conservative_due": due.conservative_due.astimezone(UTC).isoformat(),
        "legal_latest": due.legal_latest.astimezone(UTC).isoformat(),
        "certain": due.certain,
    }


def timeline(statute: Statute, running: Running, calendar: Calendar) -> Iterator[str]:
    """The instants of one row under one another, in local time and in UTC."""
    hold = statute.row.kind in HOLDS
    yield f"{statute.reference}  {statute.row.title}"
    points = [(running.begun, str(statute.row.starts))]
    if running.opens is not None:
        points += [
            (running.opens.conservative_due, "opens, by the wall clock"),
            (running.opens.legal_latest, "opens surely: work to this"),
        ]
    if running.due is not None:
        first, last = running.due.conservative_due, running.due.legal_latest
        points.append((first, "earliest end" if hold else "conservative due: work to this"))
        if not statute.ours:
            points.append((last, "kept until this" if hold else "legal latest"))
    if running.renewed is not None:
        points.append((running.renewed.legal_latest, "kept until this, with every renewal"))
    for index, (at, what) in enumerate(points):
        mark = "●" if index == 0 else "└" if index == len(points) - 1 else "├"
        after = "" if index == 0 else f"  +{_span(at - running.begun)}"
        yield f"{mark} {_local(at, calendar)}  {_utc(at)}  {what}{after}"
    if running.due is None:
        yield "  no number: neither the law nor a target of ours says how long"
    if statute.ours:
        yield "  the length is a target of ours; the law names no number"
    if running.due is not None and not running.due.certain:
        yield "  beyond the pinned calendar: only week-ends were known"


def _carried(each: Carried) -> tuple[object, ...]:
    running = each.running
    if running is None:
        return (each.statute.reference, each.statute.row.title, f"waits for {each.waits_for}", "",
                "; ".join(each.reasons))  # fmt: skip
    careful = running.careful(each.statute.row.kind)
    return (
        each.statute.reference,
        each.statute.row.title,
        _utc(careful) + (" (ours)" if each.statute.ours else "") if careful else "no number",
        _utc(running.due.legal_latest) if running.due and not each.statute.ours else "",
        "; ".join(each.reasons),
    )


def _bars(found: Resolution) -> Iterator[str]:
    """Deadlines that run, as bars on a scale of powers: an hour is seen beside a month."""
    lengths = [
        (each, careful - each.running.begun)
        for each in sorted(found.carried, key=_when)
        if each.running is not None
        and (careful := each.running.careful(each.statute.row.kind)) is not None
    ]
    longest = max((_minutes(span) for _, span in lengths), default=1.0)
    for each, span in lengths:
        bar = "█" * max(1, round(_WIDE * _minutes(span) / longest))
        keeps = " kept" if each.statute.row.kind in HOLDS else ""
        note = " (window)" if each.statute.row.kind is RowKind.WINDOW else keeps
        yield f"{each.statute.id:<24} {bar} {_span(span)}{note}"


def _minutes(span: timedelta) -> float:
    return math.log1p(span.total_seconds() / 60)


def _when(each: Carried) -> tuple[bool, datetime, str]:
    careful = each.running.careful(each.statute.row.kind) if each.running else None
    return careful is None, careful or datetime.max.replace(tzinfo=UTC), each.statute.id


def _span(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    days, rest = divmod(minutes, 24 * 60)
    hours, left = divmod(rest, 60)
    parts = [f"{n}{unit}" for n, unit in ((days, "d"), (hours, "h"), (left, "m")) if n]
    return " ".join(parts) or "0m"


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}Z"


def _local(at: datetime, calendar: Calendar) -> str:
    return f"{calendar.local(at):%a %Y-%m-%d %H:%M} local"
