"""What a runbook says is owed after closing, as a list of obligations with names of their own."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from runbooks.grammar.base import refuse
from runbooks.grammar.closing import AfterClosing
from runbooks.grammar.effects import Effect
from runbooks.grammar.gags import GagRule
from runbooks.plan import FollowUp, OwedKind

LESSONS = "lessons"
LESSONS_WITHIN = timedelta(days=14)
"""How long the lessons of a case may wait, unless its runbook says otherwise."""
REVIEW = (timedelta(days=14), timedelta(days=3))
"""When the owner of a hold is asked before it expires, unless its runbook says otherwise."""

LONGEST_ORDER = timedelta(days=3650)
"""An order can be renewed for years: so far what it suppresses can be put off."""

_TITLES = {
    "recheck": "Look again",
    "follow-ups": "Follow up the lessons",
    "hold": "Preserved data",
    "appeals": "Appeals",
    "periodic": "Report again",
}


def obligations_of(items: Sequence[AfterClosing], *, owner: str) -> tuple[FollowUp, ...]:
    """Every obligation the items stand for; `owner` has those that name nobody."""
    return tuple(follow_up for item in items for follow_up in _obligations(item, owner=owner))


def unique(items: tuple[AfterClosing, ...]) -> tuple[AfterClosing, ...]:
    """The items, of which no two have the same name: each name is a record of its own."""
    names: set[str] = set()
    for index, item in enumerate(items):
        for follow_up in _obligations(item, owner=""):
            if follow_up.name in names:
                refuse("RB018", "a name nothing else owed has", at=(index,), found=follow_up.name)
            names.add(follow_up.name)
    return items


def carried(gags: Mapping[str, GagRule], effects: Mapping[str, Effect]) -> tuple[FollowUp, ...]:
    """What is owed of each suppressed effect when its case has closed before the order ended."""
    reviews = {name: gag.review for gag in gags.values() for name in gag.suppresses}
    return tuple(
        FollowUp(
            name=carrying(name),
            owner=effects[name].owner,
            after=review,
            title=effects[name].title,
            kind=OwedKind.SUPPRESSED,
            carries=name,
            extend=LONGEST_ORDER,
        )
        for name, review in reviews.items()
        if name in effects
    )


def carrying(effect: str) -> str:
    """What the obligation is called that carries the effect on."""
    return f"suppressed-{effect}"


def check_gags(gags: Mapping[str, GagRule], items: Sequence[AfterClosing]) -> None:
    """Nothing else owed has the name of what carries a suppressed effect on."""
    names = {carrying(effect) for gag in gags.values() for effect in gag.suppresses}
    for index, item in enumerate(items):
        taken = [each.name for each in _obligations(item, owner="") if each.name in names]
        if taken:
            at = ("after-closing", index)
            refuse("RB018", "a name nothing else owed has", at=at, found=taken[0])


def _obligations(item: AfterClosing, *, owner: str) -> Iterator[FollowUp]:
    def owed(name: str, kind: OwedKind, after: timedelta) -> FollowUp:
        return FollowUp(
            name=name,
            owner=item.owner or owner,
            after=after,
            title=item.title or _TITLES[item.thing],
            kind=kind,
            extend=item.extend,
            only=item.for_,
            only_at=item.only_at or (),
            sample=item.sample or "",
        )

    for after in item.recheck or ():
        yield owed(f"recheck-{_said(after)}", OwedKind.RECHECK, after)
    if item.follow_ups is not None:
        yield owed(item.follow_ups, OwedKind.FOLLOW_UP, item.within or LESSONS_WITHIN)
    if item.hold is not None:
        yield owed(item.name or "hold", OwedKind.HOLD, item.hold).model_copy(
            update={
                "review": _before(item.review or REVIEW, item.hold),
                "every": item.renew,
                "renewals": item.renewals,
                "minimum": item.minimum,
            }
        )
    if item.appeals is not None:
        yield owed(item.name or "appeals", OwedKind.APPEAL, item.appeals).model_copy(
            update={"review": _before(item.review, item.appeals)}
        )
    if item.periodic is not None:
        yield owed(item.name or "periodic", OwedKind.PERIODIC, item.periodic).model_copy(
            update={"every": item.periodic}
        )


def _before(review: Sequence[timedelta], term: timedelta) -> tuple[timedelta, ...]:
    """The reviews that fall into the term, the earliest first."""
    return tuple(sorted((each for each in review if each < term), reverse=True))


def _said(after: timedelta) -> str:
    """The duration as a name: `7d`, `36h`, `90m`."""
    seconds = int(after.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
