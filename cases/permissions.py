"""Who may do what to a case now, what is still owed, and what happens next: questions, no changes.

The desk refuses by these rules, and the pages show only what they allow: one source for both.
"""

from collections.abc import Iterable
from datetime import datetime

from cases.file import INCIDENT_MANAGER, CaseFile
from cases.gate import Round, RoundKind, RoundState, roles_of, still_needed
from cases.rounds import deciders, memo_missing
from cases.state import CaseState
from cases.values import Instant, Value
from runbooks.plan import GateRule, Pathway, StageKind, StagePlan

ANY_REVIEWER = "any-reviewer"


class Allowed(Value):
    """One act a person may do now; a form or a command can be made of it."""

    verb: str
    role: str
    stage: str | None = None
    gate: str | None = None
    round: int | None = None
    effect: str | None = None
    """An effect's key."""
    request: str | None = None
    label: str = ""
    choices: tuple[str, ...] = ()
    """Outcomes, verdicts, dispositions or questions that can be chosen."""


class Waiting(Value):
    """Who owes what by when."""

    role: str
    person: str | None = None
    what: str
    stage: str
    due_at: Instant | None = None


def view_of(state: CaseState, pathway: Pathway) -> CaseFile:
    """A file to ask questions of; nothing done to it would be recorded."""

    def refuse(*_: object, **__: object) -> str:
        message = "a picture of a case cannot be changed"
        raise RuntimeError(message)

    return CaseFile(state=state, pathway=pathway, record=refuse, new_nonce=refuse)  # type: ignore[arg-type]


def roles_for(file: CaseFile, verb: str) -> tuple[str, ...]:
    """The roles that may do `verb` in the stage the case is in."""
    stage = file.stage
    owner = stage.owner if stage is not None else INCIDENT_MANAGER
    first = file.pathway.stages[0].owner
    working = tuple(dict.fromkeys((owner, first, INCIDENT_MANAGER)))
    match verb:
        case "answer" | "evidence" | "reply" | "raise":
            return working
        case "complete":
            return tuple(dict.fromkeys((owner, INCIDENT_MANAGER)))
        case "memo":
            gate = roles_of_rule(stage.gate) if stage is not None and stage.gate else ()
            return tuple(dict.fromkeys((*working, *gate)))
        case "hold" | "resume" | "severity":
            return tuple(dict.fromkeys((INCIDENT_MANAGER, first)))
        case "attach" | "move":
            return tuple(dict.fromkeys((INCIDENT_MANAGER, first)))
        case "close":
            return (file.pathway.closure.owner,)
        case "assign" | "cancel":
            return (INCIDENT_MANAGER,)
        case _:
            return (INCIDENT_MANAGER,)


def roles_of_rule(rule: GateRule) -> tuple[str, ...]:
    """Every role the gate's rule names as a voter."""
    return rule.roles


def may_vote(file: CaseFile, round_: Round, *, person: str, role: str) -> str:
    """Empty when the person may vote in that role; else which rule stands against it.

    `role`, `conflicted` or `same-person`.
    """
    rule = file.gate_rule(round_.gate)
    if role not in roles_of(round_, rule):
        return "role"
    if person in file.state.conflicts:
        return "conflicted"
    if rule is not None and round_.kind is RoundKind.ASK:
        for stage in rule.not_the_same_person_as:
            if person in deciders(file, stage):
                return "same-person"
    if round_.kind in (RoundKind.SPLIT, RoundKind.DISSENT, RoundKind.RATIFY):
        # Whoever already voted on the question cannot be the one who breaks the tie over it.
        for earlier in file.state.rounds:
            if earlier.gate == round_.gate and earlier.number < round_.number:
                vote = earlier.vote_of(person)
                if vote is not None and earlier.state is not RoundState.SUPERSEDED:
                    return "same-person"
    return ""


def unmet(state: CaseState, pathway: Pathway, disposition: str) -> list[str]:
    """What still stands against closing with that disposition, all of it at once.

    The requirement words are the runbook language's. `decision-record` is written in the closing
    act itself, and so is `lessons`; the desk checks these two there.
    """
    plan = pathway.closure.dispositions.get(disposition)
    if plan is None:
        return ["no such disposition"]
    missing: list[str] = []
    for requirement in plan.requires:
        kind, _, name = requirement.partition(":")
        match kind:
            case "action-receipt":
                done = [effect for effect in state.effects if effect.state in ("done", "skipped")]
                if not done:
                    missing.append("action-receipt: no action has been recorded as done")
            case "receipt":
                effect = state.effect_named(name)
                if effect is None or effect.state not in ("done", "skipped"):
                    missing.append(f"receipt: {name}")
            case "answer":
                if name not in state.answers:
                    missing.append(f"answer: {name}")
            case "memo":
                if not any(state.memos.values()):
                    missing.append("memo")
            case "evidence":
                if not state.evidence:
                    missing.append("evidence")
            case "linked-case":
                if not any(link.why in ("moved-to", "attached-to") for link in state.links):
                    missing.append("linked-case")
            case _:
                continue
    missing.extend(f"open action: {effect.title}" for effect in state.effects if effect.open)
    missing.extend(
        f"ratification by {due.by}" for due in state.ratifications if due.settled is None
    )
    return missing


def waiting_on(state: CaseState, pathway: Pathway, *, at: datetime) -> list[Waiting]:
    """Who owes what by when, the nearest first."""
    file = view_of(state, pathway)
    waiting: list[Waiting] = []
    if state.closed:
        return waiting
    stage = file.stage
    for round_ in state.rounds:
        if round_.state is not RoundState.OPEN:
            continue
        clock = next((run for run in reversed(state.clocks) if run.stage == round_.gate), None)
        due = round_.expires_at or (clock.due_at(at) if clock is not None else None)
        waiting.extend(
            Waiting(
                role=role,
                person=state.assignments.get(role),
                what=_question(file, round_),
                stage=round_.gate,
                due_at=due,
            )
            for role in still_needed(round_)
        )
    if stage is not None and state.pending_outcome is None:
        memo = stage.gate is not None and state.open_round(stage.name) is None
        if stage.gate is None or memo:
            clock = next((run for run in reversed(state.clocks) if run.stage == stage.name), None)
            waiting.append(
                Waiting(
                    role=stage.owner,
                    person=state.assignments.get(stage.owner),
                    what=f"write the memo for {stage.title or stage.name}"
                    if memo
                    else stage.title or stage.name,
                    stage=stage.name,
                    due_at=clock.due_at(at) if clock is not None else None,
                )
            )
    waiting.extend(
        Waiting(
            role=effect.owner,
            person=state.assignments.get(effect.owner),
            what=effect.title if effect.state == "manual" else f"{effect.title} ({effect.state})",
            stage=effect.stage,
            due_at=effect.due_at,
        )
        for effect in state.effects
        if effect.state in ("manual", "failed")
    )
    if state.hold is not None:
        waiting.append(
            Waiting(
                role=INCIDENT_MANAGER,
                what="review the hold",
                stage=stage.name if stage is not None else "",
                due_at=state.hold.review_at,
            )
        )
    return sorted(waiting, key=lambda item: (item.due_at is None, item.due_at or at))


def next_step(state: CaseState, pathway: Pathway, *, at: datetime) -> str:
    """One sentence: what has to happen for the case to go on."""
    if state.closed:
        return f"Nothing: the case is {state.status}."
    if state.hold is not None:
        return "The case is on hold; it goes on when somebody resumes it."
    file = view_of(state, pathway)
    stage = file.stage
    if stage is None:
        return "The case is being opened."
    owed = waiting_on(state, pathway, at=at)
    name = stage.title or stage.name
    if stage.gate is not None:
        round_ = state.open_round(stage.name)
        if round_ is None:
            missing = memo_missing(file, stage.name, stage.gate)
            if missing:
                return f"{name}: the memo needs {', '.join(missing)}."
            return f"{name} is being settled."
        needed = " and ".join(
            f"{number} of {role}" for role, number in still_needed(round_).items()
        )
        return f"{name}: waits for the verdict of {needed or 'the people asked'}."
    if is_waiting(owed, stage):
        return f"{name}: waits for {stage.owner}."
    return f"{name} is under way."


def is_waiting(owed: Iterable[Waiting], stage: StagePlan) -> bool:
    """Whether somebody owes the stage something."""
    return any(item.stage == stage.name for item in owed)


def allowed_acts(
    state: CaseState, pathway: Pathway, *, person: str, roles: frozenset[str], at: datetime
) -> list[Allowed]:
    """Every act the person may do now; the first role that allows it is the one acted in."""
    if state.closed:
        return []
    file = view_of(state, pathway)
    acts: list[Allowed] = []

    def offer(verb: str, *, label: str = "", **where: object) -> None:
        role = next((role for role in roles_for(file, verb) if role in roles), None)
        if role is not None:
            acts.append(
                Allowed.model_validate({"verb": verb, "role": role, "label": label, **where})
            )

    held = state.hold is not None
    stage = file.stage
    for round_ in state.rounds:
        if round_.state is RoundState.OPEN and not held:
            acts.extend(_votes(file, round_, person=person, roles=roles))
    if stage is not None and not held:
        if stage.kind is StageKind.WORK:
            offer("complete", stage=stage.name, choices=tuple(stage.next))
        elif stage.kind is StageKind.CLOSURE:
            offer("close", stage=stage.name, choices=tuple(stage.dispositions))
        if stage.gate is not None and stage.gate.memo:
            offer("memo", gate=stage.name, choices=stage.gate.memo)
        mine = (stage.owner, *(stage.gate.roles if stage.gate else ()))
        role = next((role for role in mine if role in roles), None)
        if role is not None and person not in state.conflicts:
            acts.append(Allowed(verb="acknowledge", role=role, stage=stage.name))
    if pathway.questions:
        offer("answer", choices=tuple(pathway.questions))
    offer("evidence")
    for request in state.requests:
        if request.answer is None:
            offer("reply", request=request.id)
    for effect in state.effects:
        role = next((role for role in (effect.owner, INCIDENT_MANAGER) if role in roles), None)
        if effect.state in ("manual", "failed") and role is not None:
            choices = ("done", "skip") if effect.state == "manual" else ("done", "retry", "skip")
            acts.append(
                Allowed(
                    verb="receipt",
                    role=role,
                    effect=effect.key,
                    label=effect.title,
                    choices=choices,
                )
            )
    offer("assign", choices=all_roles(pathway))
    offer("resume" if held else "hold")
    offer("severity")
    offer("raise", choices=all_roles(pathway))
    offer("move")
    if any(link.why == "same-subject" for link in state.links):
        same = tuple(link.number for link in state.links if link.why == "same-subject")
        offer("attach", choices=same)
    offer("cancel")
    return acts


def all_roles(pathway: Pathway) -> tuple[str, ...]:
    """Every role the runbook gives work to or pages."""
    roles: dict[str, None] = {INCIDENT_MANAGER: None}
    for stage in pathway.stages:
        roles[stage.owner] = None
        roles.update(dict.fromkeys(stage.gate.roles if stage.gate else ()))
        for step in stage.late:
            roles.update(dict.fromkeys(role for role in (step.remind, step.page) if role))
    for clock in pathway.clocks:
        roles[clock.owner] = None
    return tuple(roles)


def _votes(file: CaseFile, round_: Round, *, person: str, roles: frozenset[str]) -> list[Allowed]:
    rule = file.gate_rule(round_.gate)
    voting = next(
        (
            role
            for role in roles_of(round_, rule)
            if role in roles and not may_vote(file, round_, person=person, role=role)
        ),
        None,
    )
    acts: list[Allowed] = []
    if voting is not None:
        acts.append(
            Allowed(
                verb="decide",
                role=voting,
                gate=round_.gate,
                round=round_.number,
                label=_question(file, round_),
                choices=("approve", "reject", "more-information", "abstain")
                if round_.kind is RoundKind.ASK
                else ("approve", "reject"),
            )
        )
        if round_.vote_of(person) is not None:
            acts.append(
                Allowed(verb="withdraw", role=voting, gate=round_.gate, round=round_.number)
            )
    objecting = dissent_role(file, round_, roles)
    if objecting is not None and round_.kind is RoundKind.ASK:
        acts.append(Allowed(verb="dissent", role=objecting, gate=round_.gate, round=round_.number))
    return acts


def dissent_role(file: CaseFile, round_: Round, roles: frozenset[str]) -> str | None:
    """The role in which somebody with these roles may object at this gate."""
    rule = file.gate_rule(round_.gate)
    if rule is None:
        return None
    who = rule.dissent.who if rule.dissent is not None else ANY_REVIEWER
    candidates = rule.roles if who == ANY_REVIEWER else (who,)
    return next((role for role in candidates if role in roles), None)


def _question(file: CaseFile, round_: Round) -> str:
    rule = file.gate_rule(round_.gate)
    asked = rule.ask if rule is not None else round_.gate
    prefix = {
        RoundKind.ASK: "",
        RoundKind.SPLIT: "Opinions are split. ",
        RoundKind.DISSENT: "A reviewer objects. ",
        RoundKind.RATIFY: "Confirm what was approved in your place. ",
    }[round_.kind]
    return prefix + asked
