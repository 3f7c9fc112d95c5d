"""So many of several roles: enough of them, each counted once, one answer for the same votes."""

from collections.abc import Iterator

from runbooks.grammar.gates import Quorum, counted
from runbooks.quorums import roles_in
from runbooks.rules.finding import Finding, Subject


def voices(subject: Subject) -> Iterator[Finding]:
    """Quorums of several roles that cannot be reached, count twice, or hang on who comes first."""
    for index, stage in enumerate(subject.document.stages):
        if stage.approve is None:
            continue
        sides = {"approve": stage.approve, "reject": stage.reject.quorum if stage.reject else {}}
        for key, quorum in sides.items():
            path = ("stages", index, key)
            for party, asked in quorum.items():
                if not isinstance(asked, tuple):
                    continue
                number = int(party.removesuffix("-of"))
                if number > len(set(asked)):
                    yield subject.finding(
                        "RB120",
                        (*path, party),
                        f"{number} of {len(set(asked))} roles can never agree",
                        evidence=subject.way_to(stage.stage),
                    )
                for position, role in enumerate(asked):
                    if role in asked[:position] or _elsewhere(quorum, party, role):
                        yield subject.finding(
                            "RB121",
                            (*path, party, position),
                            f'"{role}" is counted twice under `{key}`',
                        )
        yield from _first_come(subject, index)


def _elsewhere(quorum: Quorum, party: str, role: str) -> bool:
    """Whether the role stands by itself too, or in a list before this one."""
    before = list(quorum)[: list(quorum).index(party)]
    return role in quorum or any(
        role in asked for name in before if isinstance(asked := quorum[name], tuple)
    )


def _first_come(subject: Subject, index: int) -> Iterator[Finding]:
    """Several roles of whom some can approve while others reject."""
    stage = subject.document.stages[index]
    if stage.reject is None:
        return
    against = {frozenset(roles_in(party)): n for party, n in counted(stage.reject.quorum).items()}
    for key, asked in (stage.approve or {}).items():
        if not isinstance(asked, tuple):
            continue
        number, opposing = int(key.removesuffix("-of")), against.get(frozenset(asked))
        alone = len(stage.approve or {}) == len(against) == 1
        if alone and opposing is not None and 0 < number + opposing <= len(set(asked)):
            yield subject.finding(
                "RB122",
                ("stages", index, "reject"),
                f"{number} of {', '.join(asked)} can approve while {opposing} others reject",
                evidence=subject.way_to(stage.stage),
            )
