"""Every role, class, stage, action and relation, against an oracle that shares no code with it.

ESCALATE_ACCESS_MATRIX=full asks about every runbook of the library; else about four of them, one of
each kind: ordinary, need-to-know, and two restricted classes.
"""

import os
from collections.abc import Callable, Iterator
from functools import cache

from cases.acts import Verdict
from cases.gate import Round, RoundState, Vote
from cases.paging import EscalationRun
from cases.records import ClaimRecord, EffectRecord
from cases.relations import relations_of
from cases.rules import all_roles
from cases.state import CaseState
from integrations.cedar import CedarAccess, shipped
from integrations.ports.access import Circumstances, Kind, Principal, Resource
from runbooks.library import library
from runbooks.plan import Assurance, Pathway, StagePlan
from tests.cases.house import BEGIN, House
from tests.gateway.access_oracle import NAMED, OWES, Cell, Text, may

FULL = os.environ.get("ESCALATE_ACCESS_MATRIX") == "full"
RUNBOOKS = (
    tuple(library())
    if FULL
    else (
        "user-safety-escalation",
        "personal-data-breach",
        "child-safety-report",
        "law-enforcement-request",
    )
)
ACTIONS = (
    "list", "read", "decode", "export", "evidence-apart", "decide", "answer", "hold", "close",
    "open-in-emergency", "grant-access",
)  # fmt: skip
OUTSIDERS = ("auditor", "engineer", "recorder", "temporal-admin", "privacy", "trust-and-safety")
TIES = (
    "", "assigned", "claimed", "decided", "told", "owes", "granted", "conflicted", "subject",
    "relative",
)  # fmt: skip
PERSON = "somebody"


@cache
def policies() -> CedarAccess:
    """The policies that ship."""
    return shipped()


def cells() -> Iterator[tuple[Cell, CaseState, Pathway]]:
    """Every cell, with the case it is about."""
    for runbook in RUNBOOKS:
        house = House.of(runbook)
        pathway = house.file.pathway
        roles = sorted({*all_roles(pathway), *OUTSIDERS})
        for stage in stages(pathway):
            for tie in TIES:
                state = tied(house.state, pathway, stage=stage.name, tie=tie)
                for role in roles:
                    for action in ACTIONS:
                        level = 2 if action in ("export", "open-in-emergency") else 1
                        cell = Cell(
                            runbook=runbook,
                            stage=stage.name,
                            roles=frozenset({role}),
                            tie=tie,
                            action=action,
                            level=level,
                        )
                        yield cell, state, pathway


def stages(pathway: Pathway) -> list[StagePlan]:
    """All of them, or the first, the first gate, one in the middle and the last."""
    every = list(pathway.stages)
    gates = [stage for stage in every if stage.gate is not None]
    few = [every[0], *gates[:1], every[len(every) // 2], pathway.closure]
    return every if FULL else list({stage.name: stage for stage in few}.values())


def tied(state: CaseState, pathway: Pathway, *, stage: str, tie: str) -> CaseState:
    """The case at that stage, in which the person has that part by name."""
    case = state.model_copy(deep=True)
    case.stage = stage
    # What a stage orders at its beginning is a relation of its own: `owes`.
    case.effects = []
    match tie:
        case "assigned":
            case.assignments["nobody-else-has"] = PERSON
        case "claimed":
            case.claims = [ClaimRecord(stage=stage, role="x", person=PERSON, at=BEGIN, until=BEGIN)]
        case "decided":
            case.rounds = [voted(pathway)]
        case "told":
            case.escalations = [
                EscalationRun(key="a#1", policy="a", stage=stage, begun_at=BEGIN, told=[PERSON])
            ]
        case "owes":
            case.effects = [
                EffectRecord(
                    key="k",
                    name="e",
                    title="e",
                    by="manual",
                    owner=OWES,
                    stage=stage,
                    state="manual",
                    at=BEGIN,
                )
            ]
        case "conflicted":
            case.conflicts[PERSON] = stage
        case _:
            pass
    return case


def voted(pathway: Pathway) -> Round:
    """A round that asked nobody any more but has their vote."""
    gate = next((stage.name for stage in pathway.stages if stage.gate is not None), "none")
    return Round(
        gate=gate,
        number=1,
        revision=1,
        content_hash="",
        nonce="",
        asked_at=BEGIN,
        approve={},
        reject={},
        state=RoundState.APPROVED,
        votes=[
            Vote(
                person=PERSON,
                role="x",
                verdict=Verdict.APPROVE,
                at=BEGIN,
                act="a",
                assurance=Assurance.L1,
                door="web",
                key="k",
            )
        ],
    )


def answer(cell: Cell, state: CaseState, pathway: Pathway) -> bool:
    """What the policies say."""
    access = policies()
    relations = relations_of(state, pathway, person=PERSON, roles=cell.roles)
    if cell.tie in ("subject", "relative", "granted"):
        relations |= {cell.tie}
    apart = cell.action == "evidence-apart"
    return access.may(
        Principal(
            id=PERSON,
            roles=cell.roles,
            clearances=cell.clearances | access.clearances(cell.roles),
        ),
        "read-field" if apart else cell.action,
        Resource(
            kind=Kind.FIELD if apart else Kind.CASE,
            id=state.case,
            case_class=access.case_class(state.runbook, {}),
            need_to_know=pathway.need_to_know,
            stage=state.stage or "",
            name="evidence" if apart else "",
        ),
        Circumstances(relations=relations, assurance=cell.level),
    ).allowed


def test_policies_and_oracle_agree_in_every_cell(
    record_property: Callable[[str, object], None],
) -> None:
    """Roles, classes, stages, actions and relations: no cell is answered in two ways."""
    texts = {name: Text(library()[name]) for name in RUNBOOKS}
    asked, allowed, differing = 0, 0, []
    for cell, state, pathway in cells():
        said = answer(cell, state, pathway)
        asked, allowed = asked + 1, allowed + said
        if said != may(cell, texts[cell.runbook]):
            differing.append((said, cell))
    record_property("cells", asked)
    record_property("differences", len(differing))

    assert not differing, (len(differing), differing[:10])
    assert asked >= 5_000
    # A table in which everybody is refused, or nobody, would agree with many an oracle.
    assert asked // 20 < allowed < asked * 19 // 20


def test_whoever_works_on_a_restricted_runbook_is_cleared_for_it() -> None:
    """No shipped runbook asks somebody who could not see what they are asked about."""
    access = policies()
    for name in library():
        pathway = House.of(name).file.pathway
        restricted = access.case_class(name, {})
        if not restricted:
            continue
        asked = {pathway.closure.owner, *(stage.owner for stage in pathway.stages)}
        asked |= {role for stage in pathway.stages if stage.gate for role in stage.gate.roles}
        for role in asked:
            assert restricted in access.clearances(frozenset({role})), (name, role)


def test_the_ties_of_the_table_are_those_the_oracle_knows() -> None:
    """A tie that the oracle takes for nothing would make its cells agree by accident."""
    assert set(TIES) > NAMED
