"""Pictures of a simulation: one of the whole week, and one of each case that is worth a look.

Plain SVG with its own light and dark colours; nothing is loaded from anywhere.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape

from workers.simulation.arrivals import DAY, HOUR
from workers.simulation.story import Running, Story

Point = tuple[float, float]

WIDTH = 960
LEFT = 190
RIGHT = 24
ROW = 22
STYLE = (
    "<style>text{font:12px system-ui,sans-serif;fill:#1b1f24}.dim{fill:#59636e}"
    ".stage{fill:#7aa7d9}.clock{stroke:#59636e;stroke-width:2}.breached{stroke:#c62828}"
    ".late{fill:#c62828}.due{fill:#59636e}.deed{fill:#1b5e20}.grid{stroke:#d0d7de}.page{fill:#fff}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.dim{fill:#9aa4af}.page{fill:#0d1117}"
    ".stage{fill:#3b6ea5}.deed{fill:#7ee787}.late{fill:#ff7b72}.breached{stroke:#ff7b72}"
    ".grid{stroke:#30363d}}</style>"
)


def interesting(stories: Sequence[Story], *, most: int = 12) -> list[Story]:
    """The cases worth a look, of every runbook: stuck, breached, disputed, or simply long."""
    by_runbook: dict[str, list[Story]] = {}
    for story in stories:
        by_runbook.setdefault(story.played.case.runbook, []).append(story)
    for group in by_runbook.values():
        group.sort(key=lambda s: (s.closed, -s.breaches, -sum(s.rounds.values()), -s.ended))
    found: list[Story] = []
    for place in range(most):
        for name in sorted(by_runbook):
            if place < len(by_runbook[name]) and len(found) < most:
                found.append(by_runbook[name][place])
    return found


def timeline(story: Story) -> str:
    """One case: its stages, its clocks with their targets, and what people did."""
    case = story.played.case
    end = max([story.ended, *(passage.left for passage in story.passages), 1])
    clocks = [clock for clock in story.clocks if not clock.staged or clock.breached]
    rows = len(story.passages) + len(clocks) + 1
    height = 64 + rows * ROW + 30
    scale = (WIDTH - LEFT - RIGHT) / end
    title = (
        f"Case {case.index}: {case.runbook}, {story.severity.value}, "
        f"{story.disposition or 'not ended'}"
    )
    parts = [text(12, 24, title), *_hours(end, scale=scale, top=44, bottom=height - 30)]
    top = 52.0
    for passage in story.passages:
        x = LEFT + passage.entered * scale
        width = max((passage.left - passage.entered) * scale, 1)
        said = f"{passage.stage}: {passage.outcome} after {_span(passage.left - passage.entered)}"
        parts.append(text(12, top + 14, passage.stage))
        parts.append(box((x, top + 3), (width, 14), "stage", said))
        top += ROW
    for clock in clocks:
        parts.extend(_clock(clock, end=end, scale=scale, top=top))
        top += ROW
    parts.append(text(12, top + 14, "acts of people"))
    parts.extend(
        _dot(LEFT + deed.minute * scale, top + 10, "deed", f"{deed.what} by {deed.who}")
        for deed in story.deeds
    )
    return picture(parts, height=height, label=title)


def overview(stories: Sequence[Story], *, days: int) -> str:
    """The whole time: arrivals by the hour, how many cases were open, and when clocks ran out."""
    arrivals: Counter[int] = Counter()
    opened: Counter[int] = Counter()
    breached: Counter[int] = Counter()
    last = days * DAY // HOUR
    for story in stories:
        begin = story.played.case.arrival.minute
        arrivals[begin // HOUR] += 1
        for hour in range(begin // HOUR, (begin + story.ended) // HOUR + 1):
            opened[hour] += 1
        for clock in story.clocks:
            if clock.breached and clock.due is not None:
                breached[(begin + clock.due) // HOUR] += 1
    last = max([last, *opened]) + 1
    title = f"{len(stories)} simulated cases: arrivals, open cases and breaches by the hour"
    parts = [text(12, 24, title)]
    scale = (WIDTH - LEFT - RIGHT) / last
    for name, counted, style, top in (
        ("arrivals", arrivals, "stage", 50),
        ("open cases", opened, "stage", 160),
        ("clocks run out", breached, "late", 270),
    ):
        most = max(counted.values(), default=0)
        parts.append(text(12, top + 50, name))
        parts.append(text(12, top + 66, f"at most {most}", style="dim"))
        parts.extend(
            box(
                (LEFT + hour * scale, top + 90 - counted[hour] / most * 90),
                (max(scale - 0.2, 0.4), counted[hour] / most * 90),
                style,
                f"hour {hour}: {counted[hour]} {name}",
            )
            for hour in sorted(counted)
        )
    parts.extend(_days(last, scale=scale, top=40, bottom=370))
    return picture(parts, height=400, label=title)


def _clock(clock: Running, *, end: int, scale: float, top: float) -> Iterable[str]:
    begin = LEFT + max(clock.began, 0) * scale
    stop = LEFT + min(clock.ended, end) * scale
    style = "clock breached" if clock.breached else "clock"
    due = "no target" if clock.due is None else f"due at {_span(clock.due)}"
    said = f"{clock.clock}: {due}{', run out' if clock.breached else ''}"
    yield text(12, top + 14, f"{clock.name} target" if clock.staged else clock.name)
    yield (
        f'<line class="{style}" x1="{begin:.1f}" x2="{stop:.1f}" y1="{top + 10:.1f}" '
        f'y2="{top + 10:.1f}"><title>{escape(said)}</title></line>'
    )
    if clock.due is not None and 0 <= clock.due <= end:
        yield box(
            (LEFT + clock.due * scale - 1, top + 3),
            (2, 14),
            "late" if clock.breached else "due",
            said,
        )


def _hours(end: int, *, scale: float, top: float, bottom: float) -> Iterable[str]:
    step = next((s for s in (15, HOUR, 4 * HOUR, DAY, 7 * DAY) if end / s <= 14), 28 * DAY)  # noqa: PLR2004 - lines that still can be read
    for minute in range(0, end + 1, step):
        x = LEFT + minute * scale
        yield _line(x, top, bottom)
        yield text(x + 2, bottom + 16, _span(minute), style="dim")


def _days(hours: int, *, scale: float, top: float, bottom: float) -> Iterable[str]:
    for day in range(hours // 24 + 1):
        x = LEFT + day * 24 * scale
        yield _line(x, top, bottom)
        yield text(x + 2, bottom + 16, f"d{day + 1}", style="dim")


def _span(minutes: int) -> str:
    days, rest = divmod(minutes, DAY)
    hours, left = divmod(rest, HOUR)
    said = [f"{days}d" if days else "", f"{hours}h" if hours else "", f"{left}m" if left else ""]
    return "".join(said) or "0"


def text(x: float, y: float, said: str, *, style: str = "") -> str:
    """Words at a place."""
    marked = f' class="{style}"' if style else ""
    return f'<text{marked} x="{x:.1f}" y="{y:.1f}">{escape(said)}</text>'


def box(at: Point, size: Point, style: str, said: str) -> str:
    """A bar that says what it is."""
    (x, y), (width, height) = at, size
    return (
        f'<rect class="{style}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}"><title>{escape(said)}</title></rect>'
    )


def _dot(x: float, y: float, style: str, said: str) -> str:
    return (
        f'<circle class="{style}" cx="{x:.1f}" cy="{y:.1f}" r="4">'
        f"<title>{escape(said)}</title></circle>"
    )


def _line(x: float, top: float, bottom: float) -> str:
    return f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}"/>'


def picture(parts: Iterable[str], *, height: int, label: str) -> str:
    """The whole drawing, light and dark."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(label)}">{STYLE}'
        f'<rect class="page" width="{WIDTH}" height="{height}"/>' + "".join(parts) + "</svg>\n"
    )
