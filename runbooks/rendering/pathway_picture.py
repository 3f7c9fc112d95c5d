"""The pathway as a picture: a column of cards, as wide as a phone, outcomes led beside it."""

from collections.abc import Mapping
from dataclasses import dataclass

from runbooks.compile import compile_runbook
from runbooks.plan import ClockPlan, Pathway
from runbooks.planner import moves
from runbooks.rendering.cards import CARD, PAD, Card, card
from runbooks.rendering.drawing import LANES, Canvas, wrap
from runbooks.rendering.lanes import Lane, Wire, lanes
from runbooks.rendering.wording import begins, lasts, stage_title, times
from runbooks.runbook import Runbook

GAP = 24
STEP = 12
"""How far lanes are apart, while there is room for that on a phone."""

EDGE = 18
_CORNER = 7


@dataclass(frozen=True)
class _Side:
    """The lanes on one side of the column."""

    wires: tuple[Wire, ...]
    lanes: dict[str, Lane]
    most: float
    """How wide all lanes together may be."""

    @property
    def step(self) -> float:
        """How far its lanes are apart."""
        return min(STEP, self.most / max(self._ranks, 1))

    @property
    def room(self) -> float:
        """How wide the side is."""
        return EDGE + self.step * self._ranks

    @property
    def _ranks(self) -> int:
        return 1 + max((lane.rank for lane in self.lanes.values()), default=-1)


def pathway_picture(runbook: Runbook, *, walked: Mapping[str, str] | None = None) -> str:
    """The pathway as SVG: stages, gates, clocks, outcomes and where they lead.

    With `walked`, one case's way through it: a stage that is named says what came of it, and the
    others stand back.
    """
    pathway = compile_runbook(runbook)
    head = _head_height(runbook, pathway)
    tops: dict[str, float] = {}
    cards: dict[str, Card] = {}
    y = head + 56
    for stage in pathway.stages:
        cards[stage.name] = card(stage, pathway)
        tops[stage.name] = y
        y += cards[stage.name].height + GAP
    down, back = _sides(cards, tops)
    x = back.room
    wide = x + CARD + down.room
    canvas = Canvas()
    _head(canvas, runbook, pathway, x=x)
    _begin(canvas, x=x, y=head, to=tops[pathway.first])
    for number, side in enumerate((down, back)):
        _wires(canvas, side, x=x + CARD if number == 0 else x, outwards=1 if number == 0 else -1)
    for name, each in cards.items():
        drawn = Canvas()
        each.draw(drawn, x=x, y=tops[name])
        stage = pathway.stage(name)
        label = f"{stage_title(stage)} ({name})"
        look = f"stage {stage.kind}"
        if walked is not None:
            look += " walked" if name in walked else " passed-by"
            label += f": {walked.get(name, 'not entered')}"
            _came_of(drawn, walked.get(name, ""), x=x, y=tops[name])
        canvas.group(drawn, name=look, label=label)
    return canvas.svg(
        wide,
        y - GAP + EDGE,
        name="pathway",
        title=f"{runbook.document.title}: the way of a case",
        desc=describe(pathway),
    )


def _came_of(canvas: Canvas, said: str, *, x: float, y: float) -> None:
    """What came of a stage stands above its card, as much of it as there is room for."""
    if said:
        [line, *more] = wrap(said, 11, CARD - PAD)
        canvas.text(x + PAD, y - 6, line + (" …" if more else ""), size=11, look="bold")


def describe(pathway: Pathway) -> str:
    """The picture in words, for whoever hears it."""
    said = []
    for stage in pathway.stages:
        ways = "; ".join(str(move).partition(" ")[2] for move in moves(stage))
        said.append(
            f"{stage_title(stage)} ({stage.name}), {stage.kind}, {stage.owner}, "
            f"{times(stage)}: {ways or 'the case closes'}."
        )
    said += [f"Clock {clock.id}: {clock.title}, {_runs(clock)}." for clock in pathway.clocks]
    return " ".join(said)


def _sides(cards: dict[str, Card], tops: dict[str, float]) -> tuple[_Side, _Side]:
    down: list[Wire] = []
    back: list[Wire] = []
    order = list(cards)
    for name, each in cards.items():
        for row in each.rows:
            if row.target is None or row.target not in tops:
                continue
            ahead = order.index(row.target) > order.index(name)
            wire = Wire(
                start=tops[name] + row.y,
                # Wires from above come in at the head of a card, those from below under it.
                end=tops[row.target] + (22 if ahead else 34),
                target=row.target,
                automatic=row.automatic,
            )
            (down if ahead else back).append(wire)
    return (
        _Side(wires=tuple(down), lanes=lanes(down), most=5 * STEP),
        _Side(wires=tuple(back), lanes=lanes(back), most=3 * STEP),
    )


def _wires(canvas: Canvas, side: _Side, *, x: float, outwards: int) -> None:
    """The far lanes are drawn first, so that near ones pass over them."""
    for lane in sorted(side.lanes.values(), key=lambda each: -each.rank):
        wires = [wire for wire in side.wires if wire.target == lane.target]
        at = x + outwards * (EDGE - 4 + side.step * lane.rank)
        drawn = [(_course(wire, x=x, at=at, outwards=outwards), wire) for wire in wires]
        # All of a lane keep their distance from other lanes before any of them is drawn.
        for d, _ in drawn:
            canvas.halo(d)
        colour = f"l{lane.rank % LANES}"
        for d, wire in sorted(drawn, key=lambda each: not each[1].automatic):
            canvas.path(d, colour=colour, look="line auto" if wire.automatic else "line")
        canvas.tip(x, wires[0].end, colour=colour, towards="left" if outwards > 0 else "right")


def _course(wire: Wire, *, x: float, at: float, outwards: int) -> str:
    """Out of the card, along the lane, and into the other card."""
    turn = _CORNER if wire.end > wire.start else -_CORNER
    bend = outwards * _CORNER
    return (
        f"M{x:g},{wire.start:g} H{at - bend:g} Q{at:g},{wire.start:g} {at:g},{wire.start + turn:g} "
        f"V{wire.end - turn:g} Q{at:g},{wire.end:g} {at - bend:g},{wire.end:g} "
        f"H{x + outwards * 6:g}"
    )


def _head_height(runbook: Runbook, pathway: Pathway) -> float:
    lines = len(wrap(runbook.document.title, 20, CARD, bold=True))
    height = 44 + 26 * lines + (8 if pathway.clocks else 0)
    return height + sum(_clock_height(clock) + 8 for clock in pathway.clocks)


def _head(canvas: Canvas, runbook: Runbook, pathway: Pathway, *, x: float) -> None:
    document = runbook.document
    lines = wrap(document.title, 20, CARD, bold=True)
    y = canvas.lines(x, 36, lines, size=20, look="bold", step=26)
    said = f"{document.runbook} {document.version} · {document.owner}"
    canvas.text(x, y - 4, said, size=12, look="soft")
    y += 14
    for clock in pathway.clocks:
        high = _clock_height(clock)
        drawn = Canvas()
        drawn.box(x, y, CARD, high, fill="bg", edge="gate", round_=8)
        drawn.text(x + PAD, y + 19, clock.id, size=12, look="bold code")
        drawn.text(x + CARD - PAD, y + 19, f"clock · {clock.owner}", size=11, look="soft", end=True)
        drawn.lines(x + PAD, y + 36, _clock_lines(clock), size=12, look="soft", step=16)
        canvas.group(drawn, name="clock", label=f"Clock {clock.id}: {clock.title}")
        y += high + 8


def _clock_lines(clock: ClockPlan) -> list[str]:
    return wrap(f"{clock.title}: {_runs(clock)}", 12, CARD - 2 * PAD)


def _clock_height(clock: ClockPlan) -> float:
    return 28 + 16 * len(_clock_lines(clock))


def _runs(clock: ClockPlan) -> str:
    return f"{lasts(clock)} {begins(clock)}"


def _begin(canvas: Canvas, *, x: float, y: float, to: float) -> None:
    middle = x + CARD / 2
    canvas.box(middle - 62, y + 4, 124, 26, fill="bg", edge="soft", round_=13)
    canvas.text(middle - 50, y + 21.5, "A report arrives", size=12.5, look="bold")
    canvas.path(f"M{middle:g},{y + 30:g} V{to - 6:g}", colour="soft")
    canvas.tip(middle, to, colour="soft", towards="down")
