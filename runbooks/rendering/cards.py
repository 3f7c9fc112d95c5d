"""One stage as a card: who has it, by when, what is asked, and a row for every outcome."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from runbooks.plan import GateRule, Pathway, StagePlan
from runbooks.planner import APPROVED, DONE, GATE_OUTCOMES, MORE_INFORMATION, REJECTED
from runbooks.rendering.drawing import Canvas, width, wrap
from runbooks.rendering.wording import (
    duration,
    lateness,
    leads,
    orders,
    quorum,
    several,
    stage_title,
    times,
    words,
)

CARD = 312
PAD = 16

_ROOM = CARD - 2 * PAD - 4
_COLOURS = {APPROVED: "yes", REJECTED: "no", MORE_INFORMATION: "ask"}


@dataclass(frozen=True)
class Line:
    """A line of text on the card, and how far below it the next one stands."""

    text: str
    size: float
    look: str
    step: float


@dataclass(frozen=True)
class Row:
    """An outcome or a disposition on the card, and how far down it stands."""

    y: float
    name: str
    to: str
    """Where it leads, as it is printed."""
    target: str | None
    """The stage it leads to, None where it leads out of the pathway."""
    automatic: bool
    colour: str
    does: tuple[str, ...]

    @property
    def beside(self) -> bool:
        """Whether name and goal have room on one line."""
        return width(self.name, 13, bold=True) + width(self.to, 12) + 8 <= _ROOM - 15


@dataclass(frozen=True)
class Card:
    """A stage, laid out from its own upper left corner."""

    kind: str
    height: float
    rule: float
    """Where the line above the rows runs."""
    lines: tuple[Line, ...]
    rows: tuple[Row, ...]

    def draw(self, canvas: Canvas, *, x: float, y: float) -> None:
        """The card stands at that place."""
        canvas.box(x, y, CARD, self.height)
        canvas.box(x, y, 5, self.height, fill=self.kind, edge=None, round_=2.5)
        canvas.text(x + CARD - PAD, y + 24, self.kind, size=11, look="soft", end=True)
        foot = y + 27
        for line in self.lines:
            canvas.text(x + PAD, foot, line.text, size=line.size, look=line.look)
            foot += line.step
        at = y + self.rule
        canvas.path(f"M{x + PAD:g},{at:g} H{x + CARD - PAD:g}", colour="edge", look="rule")
        for row in self.rows:
            canvas.dot(x + PAD + 4, y + row.y, fill=row.colour)
            canvas.text(x + PAD + 15, y + row.y + 4.5, row.name, size=13, look="bold")
            below = y + row.y + 4.5 + (0 if row.beside else 17)
            canvas.text(x + CARD - PAD, below, row.to, size=12, look="soft", end=True)
            canvas.lines(x + PAD + 15, below + 16.5, row.does, size=12, look="soft", step=15)


def card(stage: StagePlan, pathway: Pathway) -> Card:
    """The stage laid out: lines first, then a row for every outcome or disposition."""
    lines = _about(stage, pathway)
    rule = 23 + sum(line.step for line in lines)
    rows: list[Row] = []
    y = rule + 18
    for row in (*_outcomes(stage, pathway), *_dispositions(stage)):
        rows.append(replace(row, y=y))
        y += 24 + 15 * len(row.does) + (0 if row.beside else 17)
    return Card(
        kind=stage.kind.value, height=y - 4, rule=rule, lines=tuple(lines), rows=tuple(rows)
    )


def _outcomes(stage: StagePlan, pathway: Pathway) -> Iterator[Row]:
    silent = {late.go for late in stage.late} | {stage.gate.silence.go if stage.gate else None}
    for outcome, after in stage.next.items():
        nobody = stage.gate is not None and outcome in silent and outcome not in GATE_OUTCOMES
        automatic = (
            nobody
            or (outcome == DONE and stage.skip_when_done is not None)
            or outcome not in stage.outcomes
        )
        does = orders(after, pathway)
        yield Row(
            y=0,
            name=_outcome(stage, outcome),
            to=f"→ {leads(after, pathway)}",
            target=after.then,
            automatic=automatic,
            colour=_COLOURS.get(outcome, "auto" if outcome in silent or automatic else "work"),
            does=tuple(wrap(does, 12, _ROOM - 15)) if does else (),
        )


def _dispositions(stage: StagePlan) -> Iterator[Row]:
    for name, plan in stage.dispositions.items():
        meaning = tuple(wrap(plan.title, 12, _ROOM - 15))
        yield Row(
            y=0, name=name, to="", target=None, automatic=False, colour="closure", does=meaning
        )


def _outcome(stage: StagePlan, outcome: str) -> str:
    gate = stage.gate
    if gate is None:
        return outcome
    label = {APPROVED: gate.approve_label, REJECTED: gate.reject_label}.get(outcome)
    return f"{outcome} · {label}" if label and label not in {"Approve", "Reject"} else outcome


def _about(stage: StagePlan, pathway: Pathway) -> list[Line]:
    titles = {effect.name: effect.title for effect in pathway.effects}
    lines = _wrapped(stage_title(stage), 16, "bold", 20, room=_ROOM - 56)
    told = f"{stage.owner} · within {times(stage)}"
    if stage.only_at:
        told += f" · only at {several(stage.only_at)}"
    if stage.title:
        lines += _wrapped(stage.name, 11, "soft code", 16)
    lines += _wrapped(told, 12.5, "soft", 18)
    if stage.enter:
        done = several(titles.get(name, name) for name in stage.enter)
        lines += _wrapped(f"First: {done}", 12.5, "", 17)
    if stage.needs:
        lines += _wrapped(f"Answer first: {several(map(words, stage.needs))}", 12.5, "", 17)
    if stage.independent_of:
        lines += _wrapped("Not for whoever decided before", 12.5, "", 17)
    if stage.gate is not None:
        lines += _gate(stage.gate)
    late = "; ".join(map(lateness, stage.late))
    if late:
        lines += _wrapped(f"Late: {late}", 12, "soft", 16)
    return lines


def _gate(gate: GateRule) -> list[Line]:
    lines = [Line(text="", size=1, look="", step=4), *_wrapped(gate.ask, 14, "asks", 19)]
    lines += _wrapped(f"{gate.approve_label}: {quorum(gate.approve)}", 12.5, "", 17)
    if gate.reject != gate.approve:
        lines += _wrapped(f"{gate.reject_label}: {quorum(gate.reject)}", 12.5, "", 17)
    if gate.not_the_same_person_as:
        others = several(map(words, gate.not_the_same_person_as), "or")
        lines += _wrapped(f"Not who decided: {others}", 12.5, "", 17)
    if gate.approval_prevails:
        lines += _wrapped("Split: the approval holds", 12.5, "", 17)
    if gate.split is not None:
        within = duration(gate.split.within)
        lines += _wrapped(f"Split: {gate.split.to} decides within {within}", 12.5, "", 17)
    return lines + _wrapped(f"Silence: {_silence(gate)}", 12.5, "", 17)


def _silence(gate: GateRule) -> str:
    if gate.silence.go:
        return f"takes “{gate.silence.go}”"
    stand_in = gate.silence.stand_in
    if stand_in is None:
        return "waits"
    return f"{quorum(stand_in.allow)} may {stand_in.only} for {stand_in.instead_of}"


def _wrapped(text: str, size: float, look: str, step: float, *, room: float = _ROOM) -> list[Line]:
    lines = wrap(text, size, room, bold="bold" in look)
    return [Line(text=line, size=size, look=look, step=step) for line in lines]
