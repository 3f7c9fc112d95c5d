"""Compares two runbooks by what they mean: fact by fact, and severity by what it answers."""

from collections.abc import Iterator

from runbooks.comparing.change import ORDER, Change, Comparison, Direction, Group, Side
from runbooks.comparing.facts import Fact, Path, facts
from runbooks.comparing.meanings import meaning, said
from runbooks.comparing.severities import severities
from runbooks.runbook import Runbook

_THINGS = {
    "stages": (Group.WAY, "the stage"),
    "effects": (Group.EFFECTS, "the action"),
    "clocks": (Group.CLOCKS, "the clock"),
    "intake": (Group.INTAKE, "the question"),
    "score": (Group.SEVERITY, "the points"),
    "macros": (Group.WORDS, "the text"),
    "gags": (Group.EFFECTS, "the order"),
    "after-closing": (Group.CLOSING, "the follow-up"),
    "escalations": (Group.TELLING, "the escalation policy"),
    "updates": (Group.TELLING, "the updates"),
}
_PARTS = {"next": (Group.WAY, "the outcome"), "dispositions": (Group.CLOSING, "the disposition")}


def compare(old: Runbook, new: Runbook) -> Comparison:
    """Every change of meaning, grouped, the most dangerous first; none for the same meaning."""
    changes = [*_facts(old, new), *severities(old, new)]
    weight = {Direction.LOOSER: 0, Direction.OTHER: 1, Direction.TIGHTER: 2}
    ordered = sorted(
        changes, key=lambda each: (ORDER[each.group], weight[each.direction], each.where, each.what)
    )
    return Comparison(old=_side(old), new=_side(new), changes=tuple(ordered))


def _facts(old: Runbook, new: Runbook) -> Iterator[Change]:
    before, after = facts(old), facts(new)
    told: set[Path] = set()
    for path in dict.fromkeys((*before, *after)):
        was, now = before.get(path), after.get(path)
        if was == now:
            continue
        thing = _whole(path, before, after)
        if thing is None:
            yield _change(path, was, now)
        elif thing not in told:
            told.add(thing)
            yield _came_or_went(thing, came=was is None)


def _whole(path: Path, before: dict[Path, Fact], after: dict[Path, Fact]) -> Path | None:
    """The stage, outcome, effect … that came or went with this fact; None when it is in both."""
    things = [path[:2]] if len(path) > 1 and path[0] in _THINGS else []
    if len(path) > 3 and path[0] == "stages" and path[2] in _PARTS:  # noqa: PLR2004 - of a stage
        things.append(path[:4])
    for thing in things:
        there = [any(each[: len(thing)] == thing for each in side) for side in (before, after)]
        if there[0] != there[1]:
            return thing
    return None


def _came_or_went(thing: Path, *, came: bool) -> Change:
    name = thing[-1]
    group, what = _THINGS[thing[0]]
    where = ""
    if len(thing) > 2:  # noqa: PLR2004 - a part of a stage
        group, what = _PARTS[thing[2]]
        where = thing[1]
    return Change(
        group=group,
        direction=Direction.OTHER if came else Direction.LOOSER,
        where=where,
        what=f"{what} “{name}” is {'new' if came else 'gone'}",
    )


def _change(path: Path, was: Fact | None, now: Fact | None) -> Change:
    where, means = meaning(path)
    return Change(
        group=means.group,
        direction=means.direction(was, now) if means.direction else Direction.OTHER,
        where=where,
        what=means.what,
        was=said(was),
        now=said(now),
    )


def _side(runbook: Runbook) -> Side:
    return Side(runbook=runbook.name, version=runbook.version, digest=runbook.digest)
