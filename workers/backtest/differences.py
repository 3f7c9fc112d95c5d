"""Where two runs of the same cases differ: counted, added up, and every case by itself."""

from collections import Counter
from collections.abc import Iterator, Mapping

from pydantic import BaseModel, ConfigDict

from workers.backtest.outcome import Aspect, Outcome
from workers.simulation.figures import Spread, spread


class Figure(BaseModel):
    """A part of what is reported."""

    model_config = ConfigDict(frozen=True)


class Changed(Figure):
    """One aspect of one case: what is there no longer, and what is new."""

    aspect: Aspect
    before: tuple[str, ...]
    after: tuple[str, ...]


class CaseChange(Figure):
    """A case that came out in another way."""

    case: str
    changed: tuple[Changed, ...]


class Shift(Figure):
    """Something that happens more or less often over all cases."""

    aspect: Aspect
    what: str
    before: int
    after: int


class Differences(Figure):
    """Everything in which the runs differ; two runs that are alike differ in nothing."""

    cases: int
    """Cases in both runs."""
    unchanged: int
    appeared: tuple[str, ...]
    """Cases that only the second run has: somewhere a case moves to that did not before."""
    gone: tuple[str, ...]
    by_aspect: dict[Aspect, int]
    """In how many cases each aspect differs."""
    shifts: tuple[Shift, ...]
    minutes_before: Spread
    minutes_after: Spread
    changes: tuple[CaseChange, ...]

    @property
    def none(self) -> bool:
        """Whether every case came out as before."""
        return not (self.changes or self.appeared or self.gone)


def differences(
    before: Mapping[str, Outcome],
    after: Mapping[str, Outcome],
    *,
    tolerance: Mapping[str, int] | None = None,
) -> Differences:
    """How the cases of the second run differ from those of the first.

    A duration differs when it does by more minutes than the case's `tolerance`, which is none.
    """
    both = [name for name in before if name in after]
    spared = tolerance or {}
    found = {
        name: tuple(_changed(before[name], after[name], tolerance=spared.get(name, 0)))
        for name in both
    }
    changes = tuple(CaseChange(case=name, changed=each) for name, each in found.items() if each)
    counted = Counter(each.aspect for change in changes for each in change.changed)
    return Differences(
        cases=len(both),
        unchanged=len(both) - len(changes),
        appeared=tuple(name for name in after if name not in before),
        gone=tuple(name for name in before if name not in after),
        by_aspect={aspect: counted[aspect] for aspect in Aspect if counted[aspect]},
        shifts=tuple(_shifts(before, after)),
        minutes_before=spread(each.minutes for each in before.values()),
        minutes_after=spread(each.minutes for each in after.values()),
        changes=changes,
    )


def _changed(before: Outcome, after: Outcome, *, tolerance: int) -> Iterator[Changed]:
    for aspect in Aspect:
        if aspect is Aspect.DURATION:
            if abs(before.minutes - after.minutes) > tolerance:
                was, now = (spoken(each.minutes) for each in (before, after))
                yield Changed(aspect=aspect, before=(was,), after=(now,))
            continue
        was_parts, now_parts = before.parts(aspect), after.parts(aspect)
        if was_parts == now_parts:
            continue
        if aspect is Aspect.WAY:
            # The way is told whole: what is new in it only means something in its place.
            yield Changed(aspect=aspect, before=was_parts, after=now_parts)
            continue
        gone, new = Counter(was_parts), Counter(now_parts)
        yield Changed(
            aspect=aspect,
            before=tuple((gone - new).elements()),
            after=tuple((new - gone).elements()),
        )


def _shifts(before: Mapping[str, Outcome], after: Mapping[str, Outcome]) -> Iterator[Shift]:
    for aspect in Aspect:
        was = Counter(part for each in before.values() for part in each.parts(aspect))
        now = Counter(part for each in after.values() for part in each.parts(aspect))
        for what in sorted(was.keys() | now.keys()):
            if was[what] != now[what]:
                yield Shift(aspect=aspect, what=what, before=was[what], after=now[what])


def spoken(minutes: int) -> str:
    """A time as people say it: `1d4h`, `35m`."""
    days, rest = divmod(minutes, 24 * 60)
    hours, left = divmod(rest, 60)
    said = [f"{days}d" if days else "", f"{hours}h" if hours else "", f"{left}m" if left else ""]
    return "".join(said) or "0m"
