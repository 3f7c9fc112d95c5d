"""Gates that hold: somebody must agree, disagreement has an end, four eyes are four."""

from collections.abc import Iterator
from itertools import product

from runbooks.grammar.gates import people
from runbooks.grammar.stages import Stage
from runbooks.plan import StageKind
from runbooks.planner import reachable
from runbooks.rules.finding import Finding, Subject


def quorums(subject: Subject) -> Iterator[Finding]:
    """Quorums of nobody."""
    for index, stage in enumerate(subject.document.stages):
        asked = {
            "approve": stage.approve,
            "reject": stage.reject.quorum if stage.reject else None,
            "silence": stage.silence.allow if stage.silence else None,
        }
        for key, quorum in asked.items():
            if quorum is None:
                continue
            path = ("stages", index, key, *(("allow",) if key == "silence" else ()))
            for role, number in quorum.items():
                if number < 1:
                    yield subject.finding("RB040", (*path, role), f"{number} people of {role}")
            if not quorum:
                yield subject.finding("RB040", path, f"`{key}` names nobody")


def disagreement(subject: Subject) -> Iterator[Finding]:
    """Gates whose roles can block one another with nobody to decide, and tie-breakers who voted."""
    for index, stage in enumerate(subject.document.stages):
        if stage.kind is not StageKind.GATE:
            continue
        tie = _tie(stage)
        if tie and stage.split is None:
            yield subject.finding(
                "RB041",
                ("stages", index, "approve"),
                f"{tie}: neither side wins, and nobody decides",
                at_key=True,
            )
        if stage.split and stage.split.to in _voting(stage):
            yield subject.finding(
                "RB045",
                ("stages", index, "split", "to"),
                f'"{stage.split.to}" breaks the tie of a gate it votes at',
            )


def independence(subject: Subject) -> Iterator[Finding]:
    """Exclusions of people who have not decided anything yet when the gate is asked."""
    known = {stage.stage for stage in subject.document.stages}
    for index, stage in enumerate(subject.document.stages):
        before = reachable(subject.pathway, without=(stage.stage,))
        for position, other in enumerate(stage.not_the_same_person_as):
            if other not in known or other in before:
                continue
            what = "itself" if other == stage.stage else f'"{other}", which only comes later'
            yield subject.finding(
                "RB042",
                ("stages", index, "not-the-same-person-as", position),
                f'"{stage.stage}" excludes who decided {what}',
            )


def stand_ins(subject: Subject) -> Iterator[Finding]:
    """Stand-ins for a role the gate does not wait for."""
    for index, stage in enumerate(subject.document.stages):
        rule = stage.silence
        if rule is None or rule.instead_of is None or stage.approve is None:
            continue
        if rule.instead_of not in stage.approve:
            yield subject.finding(
                "RB044",
                ("stages", index, "silence", "instead-of"),
                f'the gate does not wait for "{rule.instead_of}"',
            )


def enough_people(subject: Subject) -> Iterator[Finding]:
    """Gates that nobody, or too few, are left to pass; needs the directory."""
    if subject.directory is None:
        return
    named = {stage.stage: stage for stage in subject.document.stages}
    for index, stage in enumerate(subject.document.stages):
        for role, number in (stage.approve or {}).items():
            there = subject.directory.get(role, 0)
            gone = {
                other: _deciders(named[other], role)
                for other in stage.not_the_same_person_as
                if other in named
            }
            left = there - sum(gone.values())
            if left < number:
                why = " and ".join(f"{count} decided {other}" for other, count in gone.items())
                yield subject.finding(
                    "RB043",
                    ("stages", index, "approve", role),
                    f"{number} of {role} must agree; the directory has {there}"
                    + (f", of whom {why}" if sum(gone.values()) else ""),
                )


def _deciders(stage: Stage, role: str) -> int:
    if stage.approve is not None:
        return stage.approve.get(role, 0)
    return 1 if stage.owner == role else 0


def _voting(stage: Stage) -> tuple[str, ...]:
    reject = stage.reject.quorum if stage.reject else {}
    return tuple(dict.fromkeys((*(stage.approve or {}), *reject, *stage.veto)))


def _tie(stage: Stage) -> str | None:
    """Votes after which neither side has won, in words; every role speaks with one voice."""
    approve = stage.approve or {}
    reject = stage.reject.quorum if stage.reject else dict.fromkeys(approve, 1)
    roles = _voting(stage)
    if people(approve) == 0 or len(roles) > 8:  # noqa: PLR2004 - 256 ways to disagree are enough
        return None
    for sides in product((True, False), repeat=len(roles)):
        agrees = dict(zip(roles, sides, strict=True))
        blocked = any(not agrees[role] for role in stage.veto)
        opened = not blocked and all(agrees[role] for role in approve)
        closed = blocked or all(not agrees[role] for role in reject)
        if not opened and not closed:
            return ", ".join(f"{r} {'approves' if agrees[r] else 'rejects'}" for r in roles)
    return None
