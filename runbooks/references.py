"""Every name in a runbook that points at something else, with where it stands."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from runbooks.forms.sources import ANSWER, DONE, MEMO, origin
from runbooks.grammar.bulk import Bulk
from runbooks.grammar.clocks import Clock
from runbooks.grammar.closing import AfterClosing
from runbooks.grammar.document import RunbookDocument
from runbooks.grammar.effects import Effect
from runbooks.grammar.escalations import EscalationPolicy
from runbooks.grammar.gates import Quorum
from runbooks.grammar.macros import fields
from runbooks.grammar.scoring import SCORE
from runbooks.grammar.stages import LateStep, NextStep, Stage
from runbooks.tree import Step

ANY_REVIEWER = "any-reviewer"
"""Stands for whoever could vote at the gate; not a role of the directory."""


class RefKind(StrEnum):
    """What a name points at."""

    STAGE = "stage"
    EFFECT = "effect"
    CLOCK = "clock"
    QUESTION = "question"
    ROLE = "role"
    RUNBOOK = "runbook"
    DISPOSITION = "disposition"
    RULE = "interim rule"
    POLICY = "escalation policy"


_REQUIRED = {
    "receipt": RefKind.EFFECT,
    "done": RefKind.EFFECT,
    "answer": RefKind.QUESTION,
    "approved": RefKind.STAGE,
    "rejected": RefKind.STAGE,
}
"""What a requirement of a disposition names."""

_FILLED = {ANSWER: RefKind.QUESTION, MEMO: RefKind.STAGE, DONE: RefKind.EFFECT}
"""What fills a field of a report."""
_SAID = {"answer": RefKind.QUESTION, "clock": RefKind.CLOCK, "rule": RefKind.RULE}
"""What a field of a macro names."""


@dataclass(frozen=True)
class Reference:
    """One name, what it should be the name of, and the path to it."""

    kind: RefKind
    name: str
    path: tuple[Step, ...]


def references(document: RunbookDocument) -> Iterator[Reference]:
    """Every reference of the runbook, in no order that matters."""
    for each in _cells("severity", [row.if_ for row in document.severity]):
        if not (document.score and each.name == SCORE):
            yield each
    yield from _cells("score", [line.if_ for line in document.score])
    yield from _cells("law", [row.if_ for row in document.law])
    for name, runbook in document.elsewhere.items():
        yield Reference(RefKind.RUNBOOK, runbook, ("elsewhere", name))
    for index, stage in enumerate(document.stages):
        yield from _stage(stage, ("stages", index))
    yield from _guards(document)
    for name, effect in document.effects.items():
        yield Reference(RefKind.ROLE, effect.owner, ("effects", name, "owner"))
        yield from _report(effect, ("effects", name))
    for name, clock in document.clocks.items():
        yield from _clock(clock, ("clocks", name))
    for name, policy in document.escalations.items():
        yield from _policy(policy, ("escalations", name))
    for name, update in document.updates.items():
        yield Reference(RefKind.ROLE, update.to, ("updates", name, "to"))
        yield Reference(RefKind.ROLE, update.by, ("updates", name, "by"))
        if update.until:
            yield Reference(RefKind.STAGE, update.until, ("updates", name, "until"))
    yield from _macros(document)
    for index, item in enumerate(document.after_closing):
        yield from _after(item, ("after-closing", index))


def _macros(document: RunbookDocument) -> Iterator[Reference]:
    for name, macro in document.macros.items():
        for key, text in (("title", macro.title or ""), ("text", macro.text)):
            for field in fields(text):
                area, _, target = field.partition(".")
                if area in _SAID:
                    yield Reference(_SAID[area], target, ("macros", name, key))


def _policy(policy: EscalationPolicy, path: tuple[Step, ...]) -> Iterator[Reference]:
    for index, step in enumerate(policy.steps):
        for key in ("page", "remind", "otherwise"):
            role = getattr(step, key)
            if role:
                yield Reference(RefKind.ROLE, role, (*path, "steps", index, key))


def _cells(table: str, rows: Iterable[Mapping[str, object] | None]) -> Iterator[Reference]:
    for index, cells in enumerate(rows):
        for question in cells or {}:
            yield Reference(RefKind.QUESTION, question, (table, index, "if", question))


def _guards(document: RunbookDocument) -> Iterator[Reference]:
    if document.legal_hold:
        yield Reference(RefKind.ROLE, document.legal_hold.owner, ("legal-hold", "owner"))
    if document.handover:
        yield Reference(RefKind.ROLE, document.handover.by, ("handover", "by"))
        if document.handover.until:
            yield Reference(RefKind.STAGE, document.handover.until, ("handover", "until"))
    for name, rule in document.interim_rules.items():
        for key, role in (("owner", rule.owner), ("confirm", rule.confirm)):
            yield Reference(RefKind.ROLE, role, ("interim-rules", name, key))
    for name, gag in document.gags.items():
        yield Reference(RefKind.QUESTION, gag.order, ("gags", name, "order"))
        if gag.until:
            yield Reference(RefKind.QUESTION, gag.until, ("gags", name, "until"))
        for index, suppressed in enumerate(gag.suppresses):
            yield Reference(RefKind.EFFECT, suppressed, ("gags", name, "suppresses", index))
    for name, effect in document.effects.items():
        if effect.clearance:
            yield Reference(RefKind.ROLE, effect.clearance.by, ("effects", name, "clearance", "by"))
        if effect.bulk:
            yield from _bulk(effect.bulk, ("effects", name, "bulk"))


def _bulk(bulk: Bulk, path: tuple[Step, ...]) -> Iterator[Reference]:
    yield Reference(RefKind.QUESTION, bulk.count, (*path, "count"))
    yield Reference(RefKind.QUESTION, bulk.list_, (*path, "list"))
    yield Reference(RefKind.STAGE, bulk.approved_by, (*path, "approved-by"))
    if bulk.guard:
        yield Reference(RefKind.ROLE, bulk.guard.by, (*path, "guard", "by"))


def _report(effect: Effect, path: tuple[Step, ...]) -> Iterator[Reference]:
    if effect.gate:
        yield Reference(RefKind.STAGE, effect.gate, (*path, "gate"))
    for field, source in effect.fill.items():
        at = (*path, "fill", field)
        said, at = (source, at) if isinstance(source, str) else (source.from_, (*at, "from"))
        came = origin(said)
        if came.area in _FILLED:
            yield Reference(_FILLED[came.area], came.name, at)


def _stage(stage: Stage, path: tuple[Step, ...]) -> Iterator[Reference]:
    yield Reference(RefKind.ROLE, stage.owner, (*path, "owner"))
    yield from _late(stage.late, path)
    if stage.escalate:
        yield Reference(RefKind.POLICY, stage.escalate, (*path, "escalate"))
    for index, effect in enumerate(stage.do):
        yield Reference(RefKind.EFFECT, effect, (*path, "do", index))
    for index, question in enumerate(stage.needs):
        yield Reference(RefKind.QUESTION, question, (*path, "needs", index))
    for index, question in enumerate(stage.independent_of):
        yield Reference(RefKind.QUESTION, question, (*path, "independent-of", index))
    if stage.skip_when_done:
        yield Reference(RefKind.EFFECT, stage.skip_when_done, (*path, "skip-when-done"))
    for outcome, step in (stage.next or {}).items():
        yield from _next(step, (*path, "next", outcome))
    yield from _reopen(stage, (*path, "reopen"))
    for disposition, rule in (stage.dispositions or {}).items():
        for index, requirement in enumerate(rule.requires):
            area, colon, target = requirement.partition(":")
            if colon:
                yield Reference(
                    _REQUIRED[area], target, (*path, "dispositions", disposition, "requires", index)
                )
    yield from _gate(stage, path)


def _reopen(stage: Stage, path: tuple[Step, ...]) -> Iterator[Reference]:
    if stage.reopen is None:
        return
    for index, role in enumerate(stage.reopen.by):
        yield Reference(RefKind.ROLE, role, (*path, "by", index))
    for index, name in enumerate(stage.reopen.to):
        yield Reference(RefKind.STAGE, name, (*path, "to", index))


def _quorum(quorum: Quorum, path: tuple[Step, ...]) -> Iterator[Reference]:
    for party, asked in quorum.items():
        if isinstance(asked, tuple):
            for index, role in enumerate(asked):
                yield Reference(RefKind.ROLE, role, (*path, party, index))
        else:
            yield Reference(RefKind.ROLE, party, (*path, party))


def _gate(stage: Stage, path: tuple[Step, ...]) -> Iterator[Reference]:
    yield from _quorum(stage.approve or {}, (*path, "approve"))
    yield from _quorum(stage.reject.quorum if stage.reject else {}, (*path, "reject"))
    for index, role in enumerate(stage.veto):
        yield Reference(RefKind.ROLE, role, (*path, "veto", index))
    for index, name in enumerate(stage.not_the_same_person_as):
        yield Reference(RefKind.STAGE, name, (*path, "not-the-same-person-as", index))
    if stage.split and stage.split.to:
        yield Reference(RefKind.ROLE, stage.split.to, (*path, "split", "to"))
    if stage.silence:
        at = (*path, "silence")
        for role in stage.silence.allow or {}:
            yield Reference(RefKind.ROLE, role, (*at, "allow", role))
        if stage.silence.instead_of:
            yield Reference(RefKind.ROLE, stage.silence.instead_of, (*at, "instead-of"))
        if stage.silence.ratify:
            yield Reference(RefKind.ROLE, stage.silence.ratify.by, (*at, "ratify", "by"))
    if stage.break_glass:
        at = (*path, "break-glass")
        for index, role in enumerate(stage.break_glass.by):
            yield Reference(RefKind.ROLE, role, (*at, "by", index))
        yield Reference(RefKind.ROLE, stage.break_glass.review.by, (*at, "review", "by"))
    if stage.dissent:
        if stage.dissent.who != ANY_REVIEWER:
            yield Reference(RefKind.ROLE, stage.dissent.who, (*path, "dissent", "who"))
        yield Reference(RefKind.ROLE, stage.dissent.to, (*path, "dissent", "to"))


def _next(step: NextStep, path: tuple[Step, ...]) -> Iterator[Reference]:
    for key, effects in (("do", step.do), ("undo", step.undo)):
        for index, effect in enumerate(effects):
            yield Reference(RefKind.EFFECT, effect, (*path, key, index))
    for index, rule in enumerate(step.issue):
        yield Reference(RefKind.RULE, rule, (*path, "issue", index))
    for index, clock in enumerate(step.suspend):
        yield Reference(RefKind.CLOCK, clock, (*path, "suspend", index))
    for index, question in enumerate(step.needs):
        yield Reference(RefKind.QUESTION, question, (*path, "needs", index))
    if step.not_before:
        yield Reference(RefKind.CLOCK, step.not_before, (*path, "not-before"))
    if step.then:
        yield Reference(RefKind.STAGE, step.then, (*path, "then"))
    if step.move_to:
        yield Reference(RefKind.RUNBOOK, step.move_to, (*path, "move-to"))
    if step.closes_as:
        yield Reference(RefKind.DISPOSITION, step.closes_as, (*path, "closes-as"))
    for question in step.if_ or {}:
        yield Reference(RefKind.QUESTION, question, (*path, "if", question))
    if step.set_for:
        yield Reference(RefKind.QUESTION, step.set_for, (*path, "set-for"))


def _late(steps: tuple[LateStep, ...], path: tuple[Step, ...]) -> Iterator[Reference]:
    for index, step in enumerate(steps):
        at = (*path, "late", index)
        for key in ("remind", "page", "instead-of"):
            role = getattr(step, key.replace("-", "_"))
            if role:
                yield Reference(RefKind.ROLE, role, (*at, key))
        if step.do:
            yield Reference(RefKind.EFFECT, step.do, (*at, "do"))
        if step.escalate:
            yield Reference(RefKind.POLICY, step.escalate, (*at, "escalate"))


def _clock(clock: Clock, path: tuple[Step, ...]) -> Iterator[Reference]:
    yield from _late(clock.late, path)
    if clock.owner:
        yield Reference(RefKind.ROLE, clock.owner, (*path, "owner"))
    if clock.starts_at:
        yield Reference(RefKind.QUESTION, clock.starts_at, (*path, "starts-at"))
    if clock.starts_after:
        yield Reference(RefKind.EFFECT, clock.starts_after, (*path, "starts-after"))
    for key, question in (("starts-at", clock.starts_at), ("due-at", clock.due_at)):
        if question:
            yield Reference(RefKind.QUESTION, question, (*path, key))
    for index, stop in enumerate(clock.stops):
        area, colon, target = stop.partition(":")
        if colon:
            kind = RefKind.EFFECT if area == "effect" else RefKind.STAGE
            yield Reference(kind, target, (*path, "stops", index))


def _after(item: AfterClosing, path: tuple[Step, ...]) -> Iterator[Reference]:
    if item.owner:
        yield Reference(RefKind.ROLE, item.owner, (*path, "owner"))
    for index, disposition in enumerate(item.for_):
        yield Reference(RefKind.DISPOSITION, disposition, (*path, "for", index))
