"""Before something happens that cannot be taken back, the policies are asked once more.

At the door they were asked about each person's act; here about what those acts have come to, under
today's policies and with today's record of the case. The roles are those that were signed: one that
was taken away since does not void what was validly decided.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from temporalio.exceptions import ApplicationError

from activities.outside import Outside
from cases.file import SYSTEM
from cases.gate import Round, RoundState
from cases.state import CasePicture
from integrations.errors import DirectoryError
from integrations.ports.access import (
    PERFORM,
    Circumstances,
    Decision,
    Kind,
    Principal,
    Resource,
)
from integrations.ports.directory import DirectorySnapshot
from runbooks import compile_runbook, load_runbook
from workflows.effects import EffectOrder
from workflows.ordering import attempt_key

NOT_ON_RECORD = "NotOnRecord"
"""The store does not show yet what was ordered."""
_MOST_KNOWN = 64


@dataclass(frozen=True)
class _Decider:
    """Somebody whose act the effect rests on, in the role they signed."""

    person: str
    role: str


@dataclass(frozen=True)
class _Rules:
    """What is asked of the runbook the case walks."""

    disclosing: frozenset[str]
    owners: Mapping[str, str]
    """By stage: the role that owns it."""


async def permitted(outside: Outside, order: EffectOrder) -> Decision | None:
    """What the policies say; None for what can be taken back and tells nobody outside anything.

    They are asked about the case as its record stood when this was ordered: until the store shows
    the order, the activity is tried again.
    """
    view = await outside.store.views.get(order.case)
    state = CasePicture.of(view.state) if view is not None else None
    row = await outside.store.cases.get(order.case)
    digests = {row.digest, state.digest if state is not None else None} - {None}
    rules = [
        _rules_in(digest, await outside.store.objects.get(digest))
        for digest in sorted(map(str, digests))
    ]
    discloses = any(order.name in each.disclosing for each in rules)
    if not (order.irreversible or order.report is not None or discloses):
        return None
    if state is None or not any(attempt_key(each) == order.key for each in state.effects):
        raise ApplicationError(NOT_ON_RECORD, type=NOT_ON_RECORD)
    answers = {name: given.value for name, given in state.answers.items()}
    resource = Resource(
        kind=Kind.EFFECT,
        id=order.case,
        case_class=outside.access.case_class(state.runbook, answers),
        name=order.name,
        irreversible=order.irreversible,
        discloses=discloses,
    )
    owners = {stage: owner for each in rules for stage, owner in each.owners.items()}
    people = list(dict.fromkeys(_deciders(state, order, owners)))
    asked: list[_Decider | None] = [*people] if people else [None]
    count = len({each.person for each in people})
    known = await _known(outside)
    decisions = [
        outside.access.may(
            _principal(outside, each, known),
            PERFORM,
            resource,
            Circumstances(people=count),
        )
        for each in asked
    ]
    await outside.keep_policies(at=order.at)
    return _of_all(decisions)


def _of_all(decisions: list[Decision]) -> Decision:
    """Denied where anybody's part in it is denied; else every policy that allowed somebody's."""
    denied = [each for each in decisions if not each.allowed]
    chosen = denied or decisions
    policies = tuple(sorted({name for each in chosen for name in each.policies}))
    return chosen[0].model_copy(update={"policies": policies})


def _principal(
    outside: Outside, decider: _Decider | None, known: DirectorySnapshot | None
) -> Principal:
    """The person as they signed; nobody, where the runbook ordered it by itself."""
    if decider is None:
        return Principal(id="escalate")
    roles = frozenset({decider.role})
    listed = known.find(decider.person) if known is not None else None
    named = listed.clearances if listed is not None else frozenset()
    today = listed.roles if listed is not None else frozenset()
    return Principal(
        id=decider.person,
        roles=roles,
        clearances=named | outside.access.clearances(roles | today),
    )


def _deciders(
    state: CasePicture, order: EffectOrder, owners: Mapping[str, str]
) -> Iterator[_Decider]:
    """Who has decided that it happens: at the gate it was ordered from, or by ending a stage."""
    round_ = _round(state, order.stage)
    if round_ is not None:
        for vote in round_.votes:
            if vote.verdict.approves:
                yield _Decider(vote.person, vote.role)
        for hand in round_.glass:
            yield _Decider(hand.person, hand.role)
    owner = owners.get(order.stage)
    for visit in state.visits:
        if visit.stage == order.stage and visit.by not in (None, SYSTEM) and owner is not None:
            yield _Decider(str(visit.by), owner)


def _round(state: CasePicture, stage: str) -> Round | None:
    decided = [
        each for each in state.rounds if each.state is RoundState.APPROVED and each.revoked is None
    ]
    here = [each for each in decided if each.gate == stage]
    return next(reversed(here or decided), None)


async def _known(outside: Outside) -> DirectorySnapshot | None:
    try:
        return await outside.directory.snapshot()
    except DirectoryError:
        # What was signed is enough: the directory can only add a clearance.
        return None


@lru_cache(maxsize=_MOST_KNOWN)
def _rules_in(digest: str, text: bytes) -> _Rules:
    pathway = compile_runbook(load_runbook(text, file=digest[:12]))
    return _Rules(
        disclosing=frozenset(effect.name for effect in pathway.effects if effect.discloses),
        owners={stage.name: stage.owner for stage in pathway.stages},
    )
