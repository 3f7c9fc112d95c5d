"""A runbook on the terminal, as it is read aloud."""

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from runbooks import Runbook, compile_runbook
from runbooks.grammar.intake import Question
from runbooks.grammar.scoring import ScoreLine
from runbooks.plan import ClockPlan, GateRule, Late, Next, Pathway, StagePlan
from runbooks.rendering.wording import answers


def page(runbook: Runbook) -> Iterator[RenderableType]:
    """The runbook in the order a reader asks: what it is, how bad, who does what by when."""
    document, pathway = runbook.document, compile_runbook(runbook)
    yield f"[bold]{escape(document.title)}[/] ({document.runbook} {document.version})"
    if document.summary:
        yield escape(document.summary)
    yield f"Owner {document.owner}, review by {document.review_by}, sha256 {runbook.digest[:12]}\n"
    yield _questions(document.intake)
    severity = Table(
        "when", "severity", "because", title="Severity", title_justify="left", box=None
    )
    for row in document.severity:
        severity.add_row(escape(row.said), row.severity, escape(row.because))
    yield severity
    yield from points(document.score)
    yield from _policy(runbook)
    yield _stages(pathway)
    if pathway.clocks:
        yield _clocks(pathway.clocks)
    if pathway.effects:
        yield _effects(pathway)
    for gag in pathway.gags:
        until = f" until {gag.until}" if gag.until else ""
        yield f"\nWhile the order {gag.order} stands{until}: no {', '.join(gag.suppresses)}"


def _questions(intake: Mapping[str, Question]) -> Table:
    table = Table(
        "question", "asks", "takes", "asked if", title="Intake", title_justify="left", box=None
    )
    for name, question in intake.items():
        table.add_row(
            name, escape(question.ask), escape(answers(question)), escape(question.condition)
        )
    return table


def points(lines: tuple[ScoreLine, ...], *, counting: Collection[int] = ()) -> Iterator[Table]:
    """The lines of the risk score, those that count marked; nothing where there are none."""
    if lines:
        table = Table(
            "", "when", "points", "because", title="Score", title_justify="left", box=None
        )
        for number, line in enumerate(lines, start=1):
            mark = "+" if number in counting else ""
            table.add_row(mark, escape(line.said), f"{line.points:+}", escape(line.because))
        yield table


def _policy(runbook: Runbook) -> Iterator[RenderableType]:
    """Which row decides, what is worse, and the priorities, where the runbook says so."""
    policy, matrix = runbook.document.severity_table, runbook.document.priority
    if "severity_table" in runbook.document.model_fields_set:
        yield f"Of the rows that match: {policy.hit}"
    for name, order in policy.worse.items():
        yield f"Worse: {name} {escape(', '.join(order))}"
    if matrix is None:
        return
    urgencies = list(next(iter(matrix.matrix.values())))
    table = Table(
        f"{matrix.impact} \\ {matrix.urgency}", *(escape(urgency) for urgency in urgencies),
        title="\nPriority", title_justify="left", box=None,
    )  # fmt: skip
    for impact, line in matrix.matrix.items():
        table.add_row(escape(impact), *(line[urgency] for urgency in urgencies))
    yield table
    yield f"otherwise {matrix.otherwise}"


def _stages(pathway: Pathway) -> Table:
    table = Table(
        "stage", "owner", "within", "decision", "when late", "then",
        title="\nStages", title_justify="left", box=None, show_lines=False,
    )  # fmt: skip
    for stage in pathway.stages:
        table.add_row(
            stage.name,
            stage.owner,
            _times(stage),
            escape(_decision(stage)),
            escape("\n".join(_late(late) for late in stage.late)),
            escape("\n".join(_then(outcome, after) for outcome, after in stage.next.items())),
        )
    return table


def _starts(clock: ClockPlan) -> str:
    if clock.starts_at:
        return f"at {clock.starts_at}"
    return f"after {clock.starts_after}" if clock.starts_after else clock.starts


def _clocks(clocks: tuple[ClockPlan, ...]) -> Table:
    table = Table(
        "clock", "kind", "within", "starts", "stops", "when late", "source",
        title="\nClocks", title_justify="left", box=None,
    )  # fmt: skip
    for clock in clocks:
        table.add_row(
            clock.id,
            clock.kind,
            str(clock.span) if clock.span else span(clock.within),
            _starts(clock),
            escape("\n".join(clock.stops)),
            escape("\n".join(_late(late) for late in clock.late)),
            escape(clock.source or clock.row),
        )
    return table


def _begins(clock: ClockPlan) -> str:
    if clock.starts_after:
        return f"after {clock.starts_after}"
    return f"at {clock.starts_at}" if clock.starts_at else clock.starts


def _effects(pathway: Pathway) -> Table:
    table = Table(
        "effect", "what", "by", "within", "undone",
        title="\nEffects", title_justify="left", box=None,
    )  # fmt: skip
    for effect in pathway.effects:
        table.add_row(
            effect.name,
            escape(effect.title),
            effect.owner if effect.by == "manual" else effect.by,
            span(effect.within),
            "cannot be" if effect.irreversible else escape(effect.compensate or "not said"),
        )
    return table


def _times(stage: StagePlan) -> str:
    graver = [f"{name} {span(time)}" for name, time in stage.within_at.items()]
    return "\n".join([*graver, span(stage.within)])


def _decision(stage: StagePlan) -> str:
    lines = [stage.title] if stage.title else []
    if stage.only_at:
        lines.append(f"only at {', '.join(stage.only_at)}")
    lines += [f"first: do {effect}" for effect in stage.enter]
    lines += [f"answer first: {question}" for question in stage.needs]
    lines += stage.dispositions
    if stage.gate is None:
        return "\n".join(lines)
    gate = stage.gate
    lines += [gate.ask, f"{gate.approve_label}: {_quorum(gate.approve)}"]
    lines.append(f"{gate.reject_label}: {_quorum(gate.reject)}")
    if gate.approval_prevails:
        lines.append("split: the approval holds")
    if gate.split:
        lines.append(f"split: {gate.split.to} within {span(gate.split.within)}")
    lines.append(f"silence: {_silence(gate)}")
    return "\n".join(lines)


def _silence(gate: GateRule) -> str:
    if gate.silence.go:
        return f"takes {gate.silence.go}"
    if gate.silence.stand_in:
        stand_in = gate.silence.stand_in
        return f"{_quorum(stand_in.allow)} may {stand_in.only} instead of {stand_in.instead_of}"
    return "waits"


def _quorum(quorum: dict[str, int]) -> str:
    return " and ".join(f"{number} {party}" for party, number in quorum.items())


def _late(late: Late) -> str:
    if late.remind:
        return f"{late.label} remind {late.remind}"
    if late.page:
        return f"{late.label} page {late.page}"
    if late.escalate:
        return f"{late.label} escalate by {late.escalate}"
    return f"{late.label} do {late.do}" if late.do else f"{late.label} take {late.go}"


def _then(outcome: str, after: Next) -> str:
    orders = [f"answer first {question}" for question in after.needs]
    orders += [f"do {effect}" for effect in after.do]
    orders += [f"undo {effect}" for effect in after.undo]
    orders += [f"suspend {clock}" for clock in after.suspend]
    orders.append(after.then or f"move to {after.move_to}")
    return f"{outcome}: {', '.join(orders)}"


def span(duration: timedelta) -> str:
    """The duration in the largest units that say it exactly: `1d 12h`, `15m`."""
    seconds = int(duration.total_seconds())
    said = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            said.append(f"{count}{unit}")
    return " ".join(said) or "0s"
