"""What of a case is shown to whoever may see it: not votes that are blind, nor other cases."""

from collections.abc import Iterable, Mapping

from pydantic import JsonValue

from cases.file import DUTY_MANAGER, INCIDENT_MANAGER
from cases.gate import Round, RoundState
from cases.journal import Entry, Kind
from cases.state import CasePicture
from integrations.ports.access import Apart
from runbooks.plan import Pathway, Votes

ALWAYS = frozenset({INCIDENT_MANAGER, DUTY_MANAGER})
_OF_VOTES = frozenset({Kind.VOTE_CAST, Kind.VOTE_WITHDRAWN})
_OF_APART = frozenset({Kind.EVIDENCE_ADDED, Kind.CALLED_BACK, Kind.DOOR_CUSTODY})
_NAMING = frozenset(
    {"agency", "label", "note", "number", "reference", "source", "kept_at", "to", "why", "event"}
)
_VERDICT = frozenset(
    {"verdict", "reason", "instead_of", "on_behalf_of", "replaces", "conditions", "input"}
)


def hides_votes(round_: Round, pathway: Pathway, *, person: str) -> bool:
    """Whether the round's votes are hidden from the person: blind, open, and theirs not cast."""
    rule = next((stage.gate for stage in pathway.stages if stage.name == round_.gate), None)
    blind = rule is not None and rule.votes is Votes.BLIND
    return blind and round_.state is RoundState.OPEN and round_.vote_of(person) is None


def hidden_rounds(
    state: CasePicture, pathway: Pathway, *, person: str
) -> frozenset[tuple[str, int]]:
    """The rounds whose votes the person may not see yet."""
    return frozenset(
        (round_.gate, round_.number)
        for round_ in state.rounds
        if hides_votes(round_, pathway, person=person)
    )


def blinded(state: CasePicture, pathway: Pathway, *, person: str) -> CasePicture:
    """The state as the person may see it: no trace of a vote that is still hidden from them.

    Also what is derived from votes (who is still owed) must be derived from this state.
    """
    hidden = hidden_rounds(state, pathway, person=person)
    if not hidden:
        return state
    rounds = [
        round_.model_copy(update={"votes": []})
        if (round_.gate, round_.number) in hidden
        else round_
        for round_ in state.rounds
    ]
    return state.model_copy(update={"rounds": rounds})


KEPT_APART = "kept apart"
"""What stands where something of a restricted case is not for this reader."""


def without_apart(
    state: CasePicture, apart: frozenset[Apart], answers: Mapping[Apart, Iterable[str]]
) -> CasePicture:
    """The state without what is kept apart from this reader; that there is something stays.

    What a form is filled in with, and what a verdict is shown, goes to people who work on the case
    and read all of it.
    """
    if not apart:
        return state
    told: dict[str, object] = {}
    hidden = {name for each in apart for name in answers.get(each, ())}
    told["answers"] = {
        name: given.model_copy(update={"value": KEPT_APART}) if name in hidden else given
        for name, given in state.answers.items()
    }
    if Apart.EVIDENCE in apart:
        told["evidence"] = [
            item.model_copy(update={"reference": KEPT_APART, "digest": ""})
            for item in state.evidence
        ]
    if Apart.AUTHORITY_CONTACT in apart:
        told["call_backs"] = [
            item.model_copy(update={"agency": KEPT_APART, "number": "", "source": "", "note": ""})
            for item in state.call_backs
        ]
    if Apart.REPORTER in apart:
        told["report"] = state.report.model_copy(
            update={"content_ref": None, "fields": {}, "unknown": {}}
        )
    return state.model_copy(update=told)


def without_cases(state: CasePicture, unseen: frozenset[str]) -> CasePicture:
    """The state without the numbers of cases that the person may not know of."""
    if not unseen:
        return state
    merged = state.merged
    return state.model_copy(
        update={
            "links": [link for link in state.links if link.number not in unseen],
            "taken_in": [item for item in state.taken_in if item.number not in unseen],
            "merged": merged if merged is None or merged.number not in unseen else None,
        }
    )


def seen_entries(
    entries: Iterable[Entry],
    hidden: frozenset[tuple[str, int]],
    unseen: frozenset[str] = frozenset(),
    apart: frozenset[Apart] = frozenset(),
) -> list[tuple[Entry, dict[str, JsonValue]]]:
    """The entries, each with what of its body may be read."""
    seen: list[tuple[Entry, dict[str, JsonValue]]] = []
    for entry in entries:
        body = dict(entry.body)
        if entry.kind in _OF_VOTES and (body.get("gate"), body.get("round")) in hidden:
            body = {name: value for name, value in body.items() if name not in _VERDICT}
            body["note"] = "hidden until you have voted"
        if apart and entry.kind in _OF_APART:
            body = {name: value for name, value in body.items() if name not in _NAMING}
            body["note"] = KEPT_APART
        if body.get("number") in unseen:
            body = {"note": "about a case that you may not see"}
        seen.append((entry, body))
    return seen
