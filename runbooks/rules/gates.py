"""Gates that hold: somebody must agree, disagreement has an end, four eyes are four."""

from collections.abc import Iterator

from runbooks.grammar.gates import Quorum, counted
from runbooks.grammar.stages import Stage
from runbooks.plan import StageKind
from runbooks.planner import reachable
from runbooks.quorums import roles_named
from runbooks.rules.finding import Finding, Subject, Weight
from runbooks.votes import Ballots, TooManyVotesError, stalemate


def quorums(subject: Subject) -> Iterator[Finding]:
    """Quorums of nobody."""
    for index, stage in enumerate(subject.document.stages):
        asked: dict[str, Quorum | None] = {
            "approve": stage.approve,
            "reject": stage.reject.quorum if stage.reject else None,
            "silence": _standing_in(stage),
        }
        for key, quorum in asked.items():
            if quorum is None:
                continue
            path = ("stages", index, key, *(("allow",) if key == "silence" else ()))
            parties = zip(quorum, counted(quorum).items(), strict=True)
            for written, (party, number) in parties:
                if number < 1:
                    yield subject.finding("RB040", (*path, written), f"{number} people of {party}")
            if not quorum:
                yield subject.finding("RB040", path, f"`{key}` names nobody")


def disagreement(subject: Subject) -> Iterator[Finding]:
    """Gates whose people can block one another with nobody to decide, and ties broken by voters."""
    for index, stage in enumerate(subject.document.stages):
        if stage.kind is not StageKind.GATE:
            continue
        try:
            tie = _tie(subject, stage) if stage.split is None else None
        except TooManyVotesError:
            tie = None
            yield subject.finding(
                "RB037",
                ("stages", index, "approve"),
                "so many people are asked that not every way to vote was looked at",
                weight=Weight.WARNING,
                at_key=True,
            )
        if tie:
            votes = tuple(str(ballot) for ballot in tie)
            yield subject.finding(
                "RB041",
                ("stages", index, "approve"),
                f"{', '.join(votes)}: neither side wins, and nobody decides",
                evidence=(
                    *subject.way_to(stage.stage),
                    *(f"{stage.stage}: {vote}" for vote in votes),
                ),
                at_key=True,
            )
        if stage.split and stage.split.to in _voting(stage):
            yield subject.finding(
                "RB045",
                ("stages", index, "split", "to"),
                f'"{stage.split.to}" breaks the tie of a gate it votes at',
                evidence=subject.way_to(stage.stage),
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
        if rule.instead_of not in roles_named(counted(stage.approve)):
            yield subject.finding(
                "RB044",
                ("stages", index, "silence", "instead-of"),
                f'the gate does not wait for "{rule.instead_of}"',
            )


def _standing_in(stage: Stage) -> Quorum | None:
    allow = stage.silence.allow if stage.silence else None
    return {**allow} if allow is not None else None


def _voting(stage: Stage) -> tuple[str, ...]:
    reject = counted(stage.reject.quorum) if stage.reject else {}
    return tuple(dict.fromkeys((*roles_named(counted(stage.approve or {}), reject), *stage.veto)))


def _tie(subject: Subject, stage: Stage) -> Ballots | None:
    """Votes after which everybody has been heard and nothing is decided."""
    rule = subject.pathway.stage(stage.stage).gate
    if rule is None or not rule.reject or sum(rule.approve.values()) < 1:
        return None  # A quorum of nobody is RB040.
    return stalemate(rule)
