"""Gates that somebody is left to pass, by the directory's count of who holds which role."""

from collections.abc import Iterable, Iterator, Mapping

from runbooks.grammar.gates import Quorum, counted
from runbooks.grammar.stages import Stage
from runbooks.planner import said, way
from runbooks.quorums import roles_named
from runbooks.rules.finding import Finding, Subject
from runbooks.tree import Step


def enough_people(subject: Subject) -> Iterator[Finding]:
    """Gates that nobody, or too few, are left to pass; needs the directory."""
    if subject.directory is None:
        return
    for index, stage in enumerate(subject.document.stages):
        path = ("stages", index)
        reject = stage.reject.quorum if stage.reject else {}
        for key, quorum, verb in (
            ("approve", stage.approve or {}, "agree"),
            ("reject", reject, "reject"),
        ):
            alone = {role: asked for role, asked in quorum.items() if isinstance(asked, int)}
            yield from _quorum(subject, stage, (*path, key), alone, verb)
            yield from _several(subject, stage, (*path, key), quorum, verb)
        yield from _afterwards(subject, stage, path)


def _quorum(
    subject: Subject,
    stage: Stage,
    path: tuple[Step, ...],
    quorum: Mapping[str, int],
    verb: str,
) -> Iterator[Finding]:
    for role, number in quorum.items():
        there = _there(subject, role)
        if there is None:
            continue
        gone = _gone(subject, stage, role)
        if there - sum(gone.values()) < number:
            why = " and ".join(f"{count} decided {other}" for other, count in gone.items() if count)
            yield subject.finding(
                "RB043",
                (*path, role),
                f"{number} of {role} must {verb}; the directory has {there}"
                + (f", of whom {why}" if why else ""),
                evidence=_evidence(subject, stage, gone),
            )


def _several(
    subject: Subject, stage: Stage, path: tuple[Step, ...], quorum: Quorum, verb: str
) -> Iterator[Finding]:
    """Several roles of which too few have anybody left."""
    for party, roles in quorum.items():
        if not isinstance(roles, tuple):
            continue
        empty = [
            role
            for role in dict.fromkeys(roles)
            if (there := _there(subject, role)) is not None
            and there - sum(_gone(subject, stage, role).values()) < 1
        ]
        number = int(party.removesuffix("-of"))
        if len(set(roles)) >= number > len(set(roles)) - len(empty):
            yield subject.finding(
                "RB043",
                (*path, party),
                f"{number} of {', '.join(roles)} must {verb}; nobody is left as {_and(empty)}",
                evidence=subject.way_to(stage.stage),
            )


def _and(roles: Iterable[str]) -> str:
    return " and ".join(roles)


def _afterwards(subject: Subject, stage: Stage, path: tuple[Step, ...]) -> Iterator[Finding]:
    """Who breaks a tie, hears a dissent or ratifies must not have voted at the gate."""
    named: list[tuple[tuple[Step, ...], str, str]] = []
    if stage.split and stage.split.to:
        named.append((("split", "to"), stage.split.to, "breaks a tie"))
    if stage.dissent:
        named.append((("dissent", "to"), stage.dissent.to, "hears a dissent"))
    if stage.silence and stage.silence.ratify:
        named.append((("silence", "ratify", "by"), stage.silence.ratify.by, "ratifies"))
    for at, role, does in named:
        there = _there(subject, role)
        if there is None:
            continue
        gone = _gone(subject, stage, role)
        voted = 0 if at[0] == "silence" else _deciders(stage, role)
        if there - sum(gone.values()) - voted < 1:
            out = {**gone, stage.stage: voted}
            why = " and ".join(f"{count} decided {other}" for other, count in out.items() if count)
            yield subject.finding(
                "RB043",
                (*path, *at),
                f"{role} {does}; the directory has {there}" + (f", of whom {why}" if why else ""),
                evidence=_evidence(subject, stage, gone),
            )
    if stage.silence and stage.silence.allow:
        yield from _quorum(
            subject, stage, (*path, "silence", "allow"), stage.silence.allow, "stand in"
        )


def _there(subject: Subject, role: str) -> int | None:
    """How many hold the role; None where the directory does not know it, which is RB024."""
    return None if subject.directory is None else subject.directory.get(role)


def _gone(subject: Subject, stage: Stage, role: str) -> dict[str, int]:
    """How many of the role have decided each stage whose deciders are excluded here."""
    named = {each.stage: each for each in subject.document.stages}
    return {
        other: _deciders(named[other], role)
        for other in stage.not_the_same_person_as
        if other in named and other != stage.stage
    }


def _evidence(subject: Subject, stage: Stage, gone: Mapping[str, int]) -> tuple[str, ...]:
    through = [other for other, count in gone.items() if count]
    ordered = sorted(through, key=lambda other: len(subject.ways.get(other, ())))
    trail = way(subject.pathway, through=ordered, to=stage.stage)
    return said(trail) if trail is not None else subject.way_to(stage.stage)


def _deciders(stage: Stage, role: str) -> int:
    if stage.approve is not None:
        # Of several roles any may be among those who decided, with one person.
        quorum = counted(stage.approve)
        return quorum.get(role, 1 if role in roles_named(quorum) else 0)
    return 1 if stage.owner == role else 0
