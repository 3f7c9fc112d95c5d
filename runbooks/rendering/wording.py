"""How rules are said: one sentence for each, wherever they are printed."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from runbooks.forms import form_of
from runbooks.grammar.clocks import Clock
from runbooks.grammar.effects import Effect
from runbooks.grammar.intake import Question
from runbooks.grammar.severity import SeverityRow
from runbooks.plan import (
    AnswerKind,
    ClockEffect,
    ClockKind,
    ClockPlan,
    GateRule,
    Late,
    Next,
    Pathway,
    StagePlan,
    Votes,
)
from runbooks.quorums import roles_in
from runbooks.statutes.span import Unit

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six")

MARKS = {
    "V": "read in the text itself",
    "S": "read second hand",
    "K": "from knowledge, to be checked",
    "L": "low confidence",
}

KINDS = {
    ClockKind.DEADLINE: "deadline",
    ClockKind.PROMPT: "prompt: the law names no number",
    ClockKind.TOLLING: "deadline that the law can suspend",
    ClockKind.MIN_HOLD: "minimum hold: nothing is deleted before",
    ClockKind.WINDOW: "window: not before it opens, not after it closes",
}

_RECORDS = {
    "decision-record": "a decision record, written when closing",
    "action-receipt": "the receipt of an action",
    "linked-case": "the case it continues in",
    "memo": "a memo",
    "evidence": "an item of evidence",
    "lessons": "lessons, written when closing",
    "duties-met": "that no clock of the law still waits for what fulfils it",
}

_ANSWERS = {
    AnswerKind.YES_NO_UNKNOWN: "yes, no or unknown",
    AnswerKind.YES_NO: "yes or no",
    AnswerKind.TEXT: "a text",
    AnswerKind.NUMBER: "a number",
    AnswerKind.INSTANT: "a date and time with its offset",
    AnswerKind.REFERENCE: "a reference",
    AnswerKind.CASE: "the number of a case",
    AnswerKind.PEOPLE: "names, separated by commas",
}


def words(name: str) -> str:
    """A name in kebab case as words: `legal-review` is `Legal review`."""
    spaced = name.replace("-", " ")
    return spaced[:1].upper() + spaced[1:]


def duration(span: timedelta) -> str:
    """The duration in whole units: `15 minutes`, `1 day 12 hours`."""
    seconds = int(span.total_seconds())
    said = []
    for unit, size in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            said.append(f"{count} {unit}{'' if count == 1 else 's'}")
    # A day is counted in hours where nothing is left over: deadlines say forty-eight hours.
    if span <= timedelta(hours=72) and span.total_seconds() % 3600 == 0:
        hours = int(span.total_seconds()) // 3600
        return f"{hours} hour{'' if hours == 1 else 's'}"
    return " ".join(said)


def times(stage: StagePlan) -> str:
    """How long a stage may take: `4 hours`, or `15 minutes at SEV0, otherwise 4 hours`."""
    usual = duration(stage.within)
    graver = ", ".join(f"{duration(time)} at {name}" for name, time in stage.within_at.items())
    return f"{graver}, otherwise {usual}" if graver else usual


def several(items: Iterable[str], joint: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    listed = list(items)
    if len(listed) < 2:  # noqa: PLR2004 - two things need a word between them
        return "".join(listed)
    return f"{', '.join(listed[:-1])} {joint} {listed[-1]}"


def quorum(people: Mapping[str, int]) -> str:
    """Who must say so: `one of legal and one of policy`."""
    return several(
        f"{_number(count)} of {several(roles_in(party), 'or')}" for party, count in people.items()
    )


def stage_title(stage: StagePlan) -> str:
    """What the stage is called in a heading."""
    return stage.title or words(stage.name)


def lateness(late: Late) -> str:
    """What a late step does: `at 75% page legal`."""
    if late.remind:
        return f"at {late.label} remind {late.remind}"
    if late.page:
        return f"at {late.label} page {late.page}"
    if late.escalate:
        return f"at {late.label} escalate by {late.escalate}"
    return f"at {late.label} do {late.do}" if late.do else f"at {late.label} take “{late.go}”"


def silence(rule: GateRule) -> str:
    """What happens when nobody decides."""
    if rule.silence.go:
        return f"Silence takes “{rule.silence.go}” when the time is over."
    stand_in = rule.silence.stand_in
    if stand_in is None:
        return "The gate waits; nothing is decided by silence."
    said = (
        f"When the time is over, {quorum(stand_in.allow)} may {stand_in.only} "
        f"in place of {stand_in.instead_of}"
    )
    if stand_in.ratify is None:
        return f"{said}."
    within = duration(stand_in.ratify.within)
    return f"{said}; {stand_in.ratify.by} ratifies within {within}."


def gate_rules(rule: GateRule) -> tuple[tuple[str, str], ...]:
    """Every rule of a gate as a word and a sentence."""
    reason = "with a reason" if rule.reject_reason else "a reason is optional"
    said = [
        ("Question", rule.ask),
        (rule.approve_label, f"{quorum(rule.approve)}."),
        (rule.reject_label, f"{quorum(rule.reject)}, {reason}."),
    ]
    if rule.veto:
        said.append(("Veto", f"{several(rule.veto, 'or')} alone can reject."))
    if rule.not_the_same_person_as:
        stages = several(rule.not_the_same_person_as, "or")
        said.append(("Not the same person", f"as whoever decided {stages}."))
    if rule.memo:
        said.append(("Write first", f"a memo with {several(rule.memo)}."))
    if rule.approval_prevails:
        said.append(("When opinions are split", "the approval holds: nobody can veto it."))
    if rule.split:
        within = duration(rule.split.within)
        said.append(("When opinions are split", f"{rule.split.to} decides within {within}."))
    if rule.dissent:
        who = "anybody who votes" if rule.dissent.who == "any-reviewer" else rule.dissent.who
        within = duration(rule.dissent.within)
        said.append(
            ("Dissent", f"{who} can object; {rule.dissent.to} then decides within {within}.")
        )
    if not rule.delegable:
        said.append(("Delegates", "nobody votes in the place of somebody else."))
    if rule.break_glass:
        glass = rule.break_glass
        said.append(
            (
                "Break-glass",
                (
                    f"any two people of {several(glass.by, 'or')} can pass it, the second within "
                    f"{duration(glass.within)}; {glass.review} reviews it within "
                    f"{duration(glass.review_within)}."
                ),
            )
        )
    blind = rule.votes is Votes.BLIND
    said.append(
        (
            "Votes",
            ("hidden until one has voted; " if blind else "open; ")
            + f"proof of person {rule.assurance.value}"
            + (", by a key that cannot leave its device." if rule.device_bound else "."),
        )
    )
    said.append(("Silence", silence(rule)))
    return tuple(said)


def orders(after: Next, pathway: Pathway) -> str:
    """What an outcome orders before it leads on; empty where it orders nothing."""
    titles = {effect.name: effect.title for effect in pathway.effects}
    said = [f"answer first: {several(after.needs)}"] if after.needs else []
    ordered = [titles.get(name, name) for name in after.do]
    if after.set_for is not None:
        ordered = [f"at the instant {after.set_for}: {several(ordered)}"]
    said += ordered
    said += [f"undo: {titles.get(name, name)}" for name in after.undo]
    said += [f"suspend {name}" for name in after.suspend]
    if after.clock is not ClockEffect.RESTARTS:
        said.append(f"the target {after.clock.value.replace('-', ' ')}")
    return "; ".join(said)


def taken(outcome: str, after: Next) -> str:
    """The outcome, and the answers with which alone it can be taken."""
    held = [f"{name} is {several(words, 'or')}" for name, words in after.only_if.items()]
    return f"{outcome} (only if {several(held)})" if held else outcome


def leads(after: Next, pathway: Pathway) -> str:
    """Where an outcome leads."""
    if after.move_to:
        return f"runbook {after.move_to}"
    name = after.then or ""
    stage = next((stage for stage in pathway.stages if stage.name == name), None)
    said = stage_title(stage) if stage is not None else name
    if after.only_at:
        said = f"{said}, only at {several(after.only_at, 'or')}"
    return f"{said}, not before {after.not_before} opens" if after.not_before else said


def condition(row: SeverityRow) -> str:
    """What a row of the severity table looks for."""
    return row.said


def answers(question: Question) -> str:
    """What counts as an answer."""
    return _ANSWERS.get(question.kind) or several(question.answers, "or")


def requirement(name: str, pathway: Pathway) -> str:
    """Something that must be on record, in words."""
    area, colon, target = name.partition(":")
    if not colon:
        return _RECORDS.get(name, name)
    if area == "answer":
        return f"an answer to “{target}”"
    title = next((each.title for each in pathway.effects if each.name == target), target)
    return f"the receipt of “{title}”"


def lasts(clock: ClockPlan) -> str:
    """How long a clock has."""
    if clock.span is not None and clock.span.unit is Unit.BUSINESS_DAY:
        return f"{clock.span.n} working days"
    return duration(clock.within)


def begins(clock: ClockPlan) -> str:
    """What a clock counts from, and what says when it is due."""
    due = f", due at the instant answered to “{clock.due_at}”" if clock.due_at else ""
    only = ", where the row holds" if clock.trigger is not None else ""
    return _counts_from(clock) + only + due


def _counts_from(clock: ClockPlan) -> str:
    if clock.starts_after:
        return f"once {clock.starts_after} is done"
    if clock.starts_at:
        return f"from the instant answered to “{clock.starts_at}”"
    said = {
        "receipt": "from receipt",
        "awareness": "from awareness",
        "opened": "from the opening of the case",
    }[clock.starts.value]
    if clock.only_at:
        return f"{said}, or once severity comes to {several(clock.only_at, 'or')}"
    return said


CLOSED = "closed"


def ends(clock: ClockPlan) -> str:
    """What stops a clock."""
    said = []
    for stop in clock.stops:
        area, _, name = stop.partition(":")
        said.append(
            {
                "effect": f"{name} is done",
                "stage": f"{name} is left",
                CLOSED: "the case closes",
            }.get(area, f"{name} ends as {area}")
        )
    return several(said, "or") or "nothing: it runs to its end"


def provenance(clock: Clock) -> str:
    """Where a clock comes from, and how well that was read."""
    if clock.law is not None:
        row = clock.law.row
        read = MARKS[row.mark]
        return (
            f"{row.instrument}, {row.article} ({row.mark}: {read}); review by {clock.law.review_by}"
        )
    said = clock.source or ("our own promise" if not clock.statutory else "no source")
    if clock.mark:
        said += f" ({clock.mark}: {MARKS[clock.mark]})"
    return said + (f"; review by {clock.review_by}" if clock.review_by else "")


def hand(effect: Effect) -> str:
    """Who or what performs an action."""
    form = form_of(effect.by)
    if form is not None:
        by = f"{effect.owner}, with the draft of “{form.title}”"
        return f"{by}, or the connector where it is switched on" if form.submitted else by
    return effect.owner if effect.manual else f"{effect.by.partition(':')[2]} (connector)"


def filling(effect: Effect) -> str:
    """Where the fields of a report come from, beyond the questions of their own names."""
    said = []
    for field, source in effect.fill.items():
        text = source if isinstance(source, str) else source.from_
        words = {} if isinstance(source, str) else source.as_
        turned = "; ".join(f"{answer} is {word}" for answer, word in words.items())
        said.append(f"{field} by {text}" + (f" ({turned})" if turned else ""))
    return f"Filled in: {', '.join(said)}." if said else ""


def undone(effect: Effect) -> str:
    """How an action is undone."""
    if effect.irreversible:
        return "cannot be undone"
    return effect.compensate or "not said"


def nature(effect: Effect) -> str:
    """What an action must be known for before it happens."""
    known = []
    if effect.protective:
        known.append("protective: may go ahead on time-out, reviewed after")
    if effect.gate:
        known.append(f"its draft is approved at {effect.gate}, word for word")
    if effect.discloses:
        known.append("hands over user data: only after people approved")
    if effect.where_due:
        known.append("only where a clock waits for it")
    return "; ".join(known)


def _number(count: int) -> str:
    return _NUMBERS[count] if 0 <= count < len(_NUMBERS) else str(count)
