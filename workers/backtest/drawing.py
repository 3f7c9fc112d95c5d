"""One picture of a backtest: what differs, in how many cases, and what happens more or less often.

Plain SVG with its own light and dark colours; nothing is loaded from anywhere.
"""

from collections.abc import Iterator

from workers.backtest.backtest import Backtest
from workers.backtest.differences import Shift
from workers.backtest.outcome import Aspect
from workers.simulation.drawing import ROW, WIDTH, box, text
from workers.simulation.drawing import picture as drawn

LEFT, RIGHT = 380, 120
MOST = 24
"""Shifts in the picture; all of them stand in the JSON."""
SHOWN = frozenset(Aspect) - {Aspect.WAY, Aspect.APPROVERS}
"""Who approved is a list of names, and a way is one of many: they are read, not drawn."""


def picture(found: Backtest) -> str:
    """The backtest in one look."""
    different = found.differences
    title = (
        f"{', '.join(found.edited)}: {len(different.changes)} of {different.cases} cases differ, "
        f"{found.assumed} with something assumed"
    )
    shifts = largest(found, most=MOST)
    parts = [text(12, 24, title)]
    top = 44.0
    parts.append(text(12, top + 14, "cases that differ in", style="dim"))
    top += ROW
    whole = max(different.cases, 1)
    for aspect, count in different.by_aspect.items():
        parts.extend(_bar(aspect.value, count, whole, top=top))
        top += ROW
    top += ROW
    parts.append(text(12, top + 14, "how often, before and after", style="dim"))
    top += ROW
    most = max((max(shift.before, shift.after) for shift in shifts), default=1)
    for shift in shifts:
        parts.extend(_pair(shift, most, top=top))
        top += ROW
    return drawn(parts, height=int(top) + 24, label=title)


def largest(found: Backtest, *, most: int) -> list[Shift]:
    """The shifts that matter most: by aspect, and within one the largest first."""
    order = list(Aspect)
    chosen = [shift for shift in found.differences.shifts if shift.aspect in SHOWN]
    chosen.sort(key=lambda s: (order.index(s.aspect), -abs(s.after - s.before), s.what))
    return chosen[:most]


def _bar(name: str, count: int, whole: int, *, top: float) -> Iterator[str]:
    width = (WIDTH - LEFT - RIGHT) * count / whole
    yield text(12, top + 14, name)
    yield box((LEFT, top + 3), (max(width, 1), 14), "stage", f"{name}: {count} of {whole}")
    yield text(LEFT + width + 8, top + 14, f"{count} of {whole}", style="dim")


def _pair(shift: Shift, most: int, *, top: float) -> Iterator[str]:
    scale = (WIDTH - LEFT - RIGHT) / max(most, 1)
    said = f"{shift.aspect.value}: {shift.what}, {shift.before} before, {shift.after} after"
    worse = shift.aspect in (Aspect.STATUTORY, Aspect.BREACHES) and shift.after > shift.before
    yield text(12, top + 14, f"{shift.aspect.value}: {shift.what}"[:58])
    yield box((LEFT, top + 2), (max(shift.before * scale, 1), 7), "due", said)
    style = "late" if worse else "stage"
    yield box((LEFT, top + 10), (max(shift.after * scale, 1), 7), style, said)
    end = LEFT + max(shift.before, shift.after) * scale
    yield text(end + 8, top + 14, f"{shift.before} → {shift.after}", style="dim")
