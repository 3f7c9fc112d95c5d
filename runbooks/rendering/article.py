"""The knowledge article: what somebody who meets such a case for the first time must know."""

from collections.abc import Iterator

from runbooks.compile import compile_runbook
from runbooks.grammar.macros import Audience
from runbooks.grammar.severity import SeverityRow
from runbooks.plan import StagePlan
from runbooks.rendering.blocks import (
    Block,
    Figure,
    Heading,
    Page,
    Paragraph,
    Picture,
    Points,
    Quote,
)
from runbooks.rendering.playbook import NOT_ADVICE
from runbooks.rendering.wording import (
    begins,
    condition,
    duration,
    lasts,
    lateness,
    quorum,
    several,
    silence,
    stage_title,
    times,
    words,
)
from runbooks.runbook import Runbook

_OUTSIDE = {Audience.REPORTER, Audience.PROVIDER}


def article(runbook: Runbook) -> Page:
    """What it is, how bad, what happens, by when, and what people outside are told."""
    document, pathway = runbook.document, compile_runbook(runbook)
    blocks: list[Block] = [
        Heading(document.title, level=1),
        Paragraph(document.summary or f"How the team handles: {document.title.lower()}."),
        Heading("When it is urgent"),
        Points(
            tuple(
                (row.severity.value, f"{_when(row)}, because {row.because}.")
                for row in document.severity
            )
        ),
        Heading("What happens"),
        Points(
            tuple((stage_title(stage), _sentence(stage)) for stage in pathway.stages),
            numbered=True,
        ),
        Figure(Picture.PATHWAY),
    ]
    if pathway.clocks:
        blocks.append(Heading("What the clock says"))
        blocks.append(Paragraph(NOT_ADVICE))
        blocks.append(
            Points(
                tuple(
                    (clock.id, f"{clock.title}: {lasts(clock)} {begins(clock)}.")
                    for clock in pathway.clocks
                )
            )
        )
    if pathway.interim_rules:
        blocks.append(Heading("What holds in the meantime"))
        blocks.append(
            Points(
                tuple(
                    (
                        rule.title,
                        f"{duration(rule.after)} at most; {rule.confirm} decides what stays.",
                    )
                    for rule in pathway.interim_rules
                )
            )
        )
    blocks.extend(_told(runbook))
    blocks.append(Heading("How it ends"))
    blocks.append(
        Points(
            tuple(
                (name, f"{plan.title or words(name)}.")
                for name, plan in pathway.closure.dispositions.items()
            )
        )
    )
    blocks.append(
        Paragraph(
            f"From runbook {document.runbook} {document.version}, {runbook.digest[:12]}; owner "
            f"{document.owner}, review by {document.review_by}. Where this article and the runbook "
            "differ, the runbook holds."
        )
    )
    return tuple(blocks)


def _when(row: SeverityRow) -> str:
    return "otherwise" if row.otherwise is not None else f"when {condition(row)}"


def _sentence(stage: StagePlan) -> str:
    within = times(stage)
    if stage.gate is not None:
        return f"{stage.gate.ask} {quorum(stage.gate.approve)}, within {within}. " + silence(
            stage.gate
        )
    outcomes = several((words(name).lower() for name in stage.outcomes), "or")
    late = next((lateness(step) for step in stage.late if step.page), "")
    said = f"{stage.owner}, within {within}" + (f"; {late}" if late else "")
    return f"{said}. It ends as {outcomes}." if outcomes else f"{said}."


def _told(runbook: Runbook) -> Iterator[Block]:
    macros = [each for each in runbook.document.macros.items() if each[1].for_ in _OUTSIDE]
    if not macros:
        return
    yield Heading("What people outside are told")
    for name, macro in macros:
        yield Heading(f"{words(name)} ({macro.for_.value})", level=3)
        yield Quote(macro.title or "", macro.text)
        for tag, said in macro.locales.items():
            yield Quote(f"{tag}: {said.title}" if said.title else tag, said.text)
