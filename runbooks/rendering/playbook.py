"""The playbook: who does what by when, what to write, how a case ends, in the words of the text."""

from collections.abc import Iterator

from runbooks.compile import compile_runbook
from runbooks.grammar.document import RunbookDocument
from runbooks.grammar.intake import Question
from runbooks.plan import FollowUp, Pathway, StagePlan
from runbooks.rendering.blocks import (
    Block,
    Figure,
    Grid,
    Heading,
    Page,
    Paragraph,
    Picture,
    Points,
    Quote,
)
from runbooks.rendering.escalations import escalation_steps, updated
from runbooks.rendering.many import carried_out
from runbooks.rendering.wording import (
    KINDS,
    answers,
    begins,
    condition,
    duration,
    ends,
    filling,
    gate_rules,
    hand,
    lasts,
    lateness,
    leads,
    nature,
    orders,
    provenance,
    requirement,
    several,
    stage_title,
    taken,
    times,
    undone,
    words,
)
from runbooks.runbook import Runbook
from runbooks.tables import Hit

NOT_ADVICE = "Clocks are working data for the team, not legal advice."


def playbook(runbook: Runbook) -> Page:
    """Everything the runbook says, in the order a person on call asks for it."""
    document, pathway = runbook.document, compile_runbook(runbook)
    return (
        Heading(document.title, level=1),
        *([Paragraph(document.summary)] if document.summary else []),
        Points(
            (
                ("Runbook", f"{document.runbook} {document.version}"),
                ("Owner", document.owner),
                ("Review by", document.review_by.isoformat()),
                ("SHA-256", runbook.digest),
            )
        ),
        Heading("The way of a case"),
        Figure(Picture.PATHWAY),
        *_severity(document),
        *_intake(document),
        *_codes(document),
        *_stages(pathway),
        *_law(document),
        *_clocks(document, pathway),
        *_told(pathway),
        *_actions(document, pathway),
        *_silenced(pathway),
        *_endings(pathway),
        *_texts(document),
        *_interim(pathway),
        *_afterwards(pathway),
        *_roles(document),
    )


_DECIDES = {
    Hit.FIRST: "The first row that holds decides.",
    Hit.UNIQUE: "The one row that holds decides.",
    Hit.ANY: "Rows that hold together agree; any of them decides.",
    Hit.PRIORITY: "The worst row that holds decides.",
}


def _severity(document: RunbookDocument) -> Iterator[Block]:
    yield Heading("How bad is it?")
    yield Paragraph(_DECIDES[document.severity_table.hit])
    yield Figure(Picture.SEVERITY)
    yield Grid(
        ("When", "Severity", "Because"),
        tuple((condition(row), row.severity.value, row.because) for row in document.severity),
    )
    if document.score:
        yield Paragraph("The score is the sum of the points of every line that holds.")
        yield Grid(
            ("When", "Points", "Because"),
            tuple((line.said, f"{line.points:+}", line.because) for line in document.score),
        )


def _codes(document: RunbookDocument) -> Iterator[Block]:
    rule = document.taxonomy
    if rule is None:
        return
    labels = rule.taxonomy.document.codes
    yield Heading("What decisions are called")
    yield Paragraph(f"{rule.taxonomy.document.title}: {rule.use}. {rule.taxonomy.document.source}.")
    rows = [*rule.codes.items(), ("otherwise", rule.otherwise)]
    yield Grid(
        (rule.question, "Code", "Meaning"),
        tuple((answer, code, labels[code].title) for answer, code in rows),
    )


def _intake(document: RunbookDocument) -> Iterator[Block]:
    yield Heading("What to ask")
    yield Grid(
        ("Question", "Name", "Answer", "When it changes"),
        tuple(
            (
                _asked(question),
                name,
                answers(question),
                "open gates are asked again" if question.material else "open gates stay open",
            )
            for name, question in document.intake.items()
        ),
    )


def _asked(question: Question) -> str:
    parts = [question.ask, question.help or ""]
    parts += [f"Asked only if {question.condition}."] if question.asked_if else []
    return " ".join(part for part in parts if part)


def _stages(pathway: Pathway) -> Iterator[Block]:
    yield Heading("Who does what, by when")
    for number, stage in enumerate(pathway.stages, start=1):
        yield Heading(f"{number}. {stage_title(stage)}", level=3)
        yield Points(tuple(_duties(stage, pathway)))
        if stage.gate is not None:
            yield Points(gate_rules(stage.gate))
        if stage.next:
            yield Grid(
                ("Outcome", "What is done", "Then"),
                tuple(
                    (
                        taken(outcome, after),
                        orders(after, pathway) or "nothing",
                        leads(after, pathway),
                    )
                    for outcome, after in stage.next.items()
                ),
            )


def _duties(stage: StagePlan, pathway: Pathway) -> Iterator[tuple[str, str]]:
    titles = {effect.name: effect.title for effect in pathway.effects}
    yield "Stage", stage.name
    yield "Owner", stage.owner
    yield "By when", f"within {times(stage)}"
    if stage.only_at:
        yield "Only at", f"{several(stage.only_at)}; passed over otherwise"
    if stage.independent_of:
        yield "Not for", f"whoever decided what {several(stage.independent_of, 'or')} names"
    if stage.enter:
        yield "First", several(titles.get(name, name) for name in stage.enter)
    if stage.needs:
        yield "Must be answered", several(stage.needs)
    if stage.skip_when_done:
        name = stage.skip_when_done
        yield "Over at once", f"when “{titles.get(name, name)}” has been performed"
    if stage.escalate:
        yield "Escalated by", stage.escalate
    if stage.late:
        yield "When late", "; ".join(map(lateness, stage.late))


def _clocks(document: RunbookDocument, pathway: Pathway) -> Iterator[Block]:
    if not pathway.clocks:
        return
    yield Heading("Clocks")
    yield Paragraph(NOT_ADVICE)
    yield Grid(
        ("Clock", "What it is", "Runs", "Stops when", "When late", "Owner", "Source"),
        tuple(
            (
                clock.id,
                f"{clock.title} ({KINDS[clock.kind]})",
                f"{lasts(clock)} {begins(clock)}",
                ends(clock),
                "; ".join(map(lateness, clock.late)) or "nobody is told",
                clock.owner,
                provenance(document.clocks[clock.id]),
            )
            for clock in pathway.clocks
        ),
    )


def _told(pathway: Pathway) -> Iterator[Block]:
    if pathway.escalations:
        yield Heading("Who is told until somebody has it")
    for policy in pathway.escalations:
        yield Heading(policy.title or words(policy.name), level=3)
        yield Points(tuple(escalation_steps(policy)))
    if pathway.updates:
        yield Heading("Who is told how it stands")
        yield Points(tuple((update.to, updated(update)) for update in pathway.updates))


def _law(document: RunbookDocument) -> Iterator[Block]:
    if not document.law:
        return
    yield Heading("What the answers mean to the law")
    yield Grid(
        ("Where", "The case is, to the law"),
        tuple((several(row.looks_for) or "always", several(row.means)) for row in document.law),
    )


def _actions(document: RunbookDocument, pathway: Pathway) -> Iterator[Block]:
    if not pathway.effects:
        return
    yield Heading("Actions")
    known = document.all_effects
    yield Grid(
        ("Action", "Name", "Done by", "Within", "How", "Undone", "Mind"),
        tuple(
            (
                effect.title,
                effect.name,
                hand(known[effect.name]),
                duration(effect.within),
                " ".join(filter(None, (effect.instruction, filling(known[effect.name])))) or "—",
                undone(known[effect.name]),
                nature(known[effect.name]) or "—",
            )
            for effect in pathway.effects
        ),
    )
    for effect in pathway.effects:
        if effect.bulk is not None:
            yield Heading(effect.title, level=3)
            yield Points(carried_out(effect))


def _silenced(pathway: Pathway) -> Iterator[Block]:
    if not pathway.gags:
        return
    titles = {effect.name: effect.title for effect in pathway.effects}
    yield Heading("Non-disclosure orders")
    yield Grid(
        ("Order", "Stands unless", "Until", "Not done while it stands", "Reviewed"),
        tuple(
            (
                words(gag.name),
                f"“{gag.order}” is answered no",
                f"the instant answered to “{gag.until}”" if gag.until else "it is lifted",
                several(titles.get(name, name) for name in gag.suppresses),
                f"every {duration(gag.review)}",
            )
            for gag in pathway.gags
        ),
    )


def _endings(pathway: Pathway) -> Iterator[Block]:
    yield Heading("How a case closes")
    yield Grid(
        ("Disposition", "Meaning", "Must be on record"),
        tuple(
            (
                name,
                plan.title or words(name),
                several(requirement(each, pathway) for each in plan.requires) or "nothing",
            )
            for name, plan in pathway.closure.dispositions.items()
        ),
    )


def _texts(document: RunbookDocument) -> Iterator[Block]:
    if not document.macros:
        return
    yield Heading("What to write")
    for name, macro in document.macros.items():
        yield Heading(f"{words(name)} (for: {macro.for_.value})", level=3)
        yield Quote(macro.title or "", macro.text)
        for tag, said in macro.locales.items():
            yield Quote(f"{tag}: {said.title}" if said.title else tag, said.text)


def _interim(pathway: Pathway) -> Iterator[Block]:
    if not pathway.interim_rules:
        return
    yield Heading("Interim rules")
    yield Points(
        tuple(
            (
                rule.owner,
                f"{rule.title}, {duration(rule.after)} at most. {rule.confirm} decides what stays.",
            )
            for rule in pathway.interim_rules
        )
    )


def _afterwards(pathway: Pathway) -> Iterator[Block]:
    if not pathway.after_closing:
        return
    yield Heading("After closing")
    yield Points(tuple((item.owner, _owed(item)) for item in pathway.after_closing))


def _owed(item: FollowUp) -> str:
    some = f", in {item.sample} of the cases" if item.sample else ""
    return f"{item.title} ({item.name}), {duration(item.after)} after closing{some}."


def _roles(document: RunbookDocument) -> Iterator[Block]:
    if document.roles:
        yield Heading("Roles of this runbook")
        yield Points(tuple(document.roles.items()))
