"""How right the cases went, measured against what was true of them and nobody in them knew."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from workers.simulation.story import Story


class Hits(BaseModel):
    """So many of so many."""

    model_config = ConfigDict(frozen=True)

    right: int
    of: int


class Judged(BaseModel):
    """What was judged rightly, and in which direction the rest was wrong."""

    model_config = ConfigDict(frozen=True)

    severity: Hits
    under_triaged: int
    """Ended milder than it was."""
    over_triaged: int
    escalated_rightly: int
    escalated_needlessly: int
    not_escalated: int
    """Should have been, and was not."""
    precision: float | None
    recall: float | None
    disposition: Hits
    clocks: Hits
    """Clocks that ran, and from the start were due in the minute they had to be."""


def judge(stories: Sequence[Story]) -> Judged:
    """The cases that ended, against their truth."""
    ended = [story for story in stories if story.closed]
    worse = [s.severity.value > s.played.case.truth.severity.value for s in ended]
    milder = [s.severity.value < s.played.case.truth.severity.value for s in ended]
    asked = [_escalated(story) for story in ended]
    should = [story.played.case.truth.should_escalate for story in ended]
    rightly = sum(a and b for a, b in zip(asked, should, strict=True))
    needless = sum(a and not b for a, b in zip(asked, should, strict=True))
    missed = sum(b and not a for a, b in zip(asked, should, strict=True))
    clocks = [right for story in ended for right in clocks_as_expected(story).values()]
    return Judged(
        severity=Hits(right=len(ended) - sum(worse) - sum(milder), of=len(ended)),
        under_triaged=sum(worse),
        over_triaged=sum(milder),
        escalated_rightly=rightly,
        escalated_needlessly=needless,
        not_escalated=missed,
        precision=_share(rightly, rightly + needless),
        recall=_share(rightly, rightly + missed),
        disposition=Hits(
            right=sum(s.disposition == s.played.case.truth.disposition for s in ended),
            of=len(ended),
        ),
        clocks=Hits(right=sum(clocks), of=len(clocks)),
    )


def clocks_as_expected(story: Story) -> dict[str, bool]:
    """For every clock that had to run from the beginning: whether it did, due in that minute."""
    ran = {clock.clock: clock for clock in story.clocks}
    return {
        name: name in ran and ran[name].first_due == due
        for name, due in story.played.case.truth.clocks.items()
        if due is not None
    }


def _escalated(story: Story) -> bool:
    return bool(story.rounds) or story.disposition == "moved"


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
