"""A runbook in Mermaid: stages as boxes, gates as hexagons, outcomes as arrows."""

from collections.abc import Iterator

from runbooks.compile import compile_runbook
from runbooks.plan import Pathway, StageKind, StagePlan
from runbooks.planner import Hand, moves
from runbooks.rendering.wording import (
    condition,
    lasts,
    leads,
    orders,
    several,
    stage_title,
    times,
)
from runbooks.runbook import Runbook

_SHAPES = {
    StageKind.WORK: ('["', '"]'),
    StageKind.GATE: ('{{"', '"}}'),
    StageKind.CLOSURE: ('(["', '"])'),
}


def mermaid(runbook: Runbook) -> str:
    """The pathway as a flowchart, clocks in a box of their own."""
    pathway = compile_runbook(runbook)
    lines = ["flowchart TD", *_nodes(pathway), *_arrows(pathway)]
    if pathway.clocks:
        lines.append('  subgraph clocks["Clocks"]')
        for number, clock in enumerate(pathway.clocks):
            label = f"{clock.id}<br>{_safe(clock.title)}, {lasts(clock)}"
            lines.append(f'    c{number}(["{label}"])')
        lines.append("  end")
    return "\n".join(lines) + "\n"


def severity_mermaid(runbook: Runbook) -> str:
    """The severity table as a decision tree."""
    lines = ["flowchart TD"]
    rows = runbook.document.severity
    for number, row in enumerate(rows):
        leaf = f'v{number}["{row.severity.value}<br>{_safe(row.because)}"]'
        if row.otherwise is not None:
            lines.append(f"  {leaf}")
            continue
        lines.append(f'  r{number}{{"{_safe(condition(row))}?"}} -- yes --> {leaf}')
        if number + 1 < len(rows):
            last = rows[number + 1].otherwise is not None
            lines.append(f"  r{number} -- no --> {'v' if last else 'r'}{number + 1}")
    return "\n".join(lines) + "\n"


def _nodes(pathway: Pathway) -> Iterator[str]:
    for number, stage in enumerate(pathway.stages):
        left, right = _SHAPES[stage.kind]
        yield f"  s{number}{left}{_label(stage)}{right}"


def _arrows(pathway: Pathway) -> Iterator[str]:
    number = {stage.name: index for index, stage in enumerate(pathway.stages)}
    begin = number[pathway.first]
    yield f'  begin(("report")) --> s{begin}'
    outside: dict[str, str] = {}
    for stage in pathway.stages:
        for move in moves(stage):
            if move.hand is Hand.MACHINE and move.outcome in stage.outcomes:
                continue  # The same arrow; what completes the stage stands in the playbook.
            label = _safe(move.outcome) + (" (silence)" if move.hand is Hand.SILENCE else "")
            does = orders(stage.next[move.outcome], pathway)
            label += f"<br>{_safe(does)}" if does else ""
            line = "-.->" if move.hand is Hand.SILENCE else "-->"
            if move.to in number:
                to = f"s{number[move.to]}"
            else:
                away = leads(stage.next[move.outcome], pathway)
                known = outside.setdefault(away, f"m{len(outside)}")
                to = f'{known}[["{_safe(away)}"]]'
            yield f'  s{number[stage.name]} {line}|"{label}"| {to}'


def _label(stage: StagePlan) -> str:
    said = f"<b>{_safe(stage_title(stage))}</b><br>{stage.name}"
    said += f"<br>{stage.owner}, {times(stage)}"
    if stage.only_at:
        said += f"<br>only at {several(stage.only_at)}"
    return f"{said}<br>{_safe(stage.gate.ask)}" if stage.gate is not None else said


def _safe(text: str) -> str:
    """The text inside quotes of Mermaid."""
    return (
        text.replace("#", "#35;")
        .replace('"', "#quot;")
        .replace("<", "#lt;")
        .replace(">", "#gt;")
        .replace("\n", " ")
    )
