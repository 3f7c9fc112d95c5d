"""Reports: approved word for word before a machine hands them in, and filled from something."""

from collections.abc import Iterator

from runbooks.forms import Field, Form, Kind, form_of
from runbooks.forms.sources import ANSWER, MEMO, WORD, origin
from runbooks.grammar.document import RunbookDocument
from runbooks.grammar.effects import Effect
from runbooks.planner import Consent, said
from runbooks.reading import suggestion
from runbooks.rules.catalogue import RULES
from runbooks.rules.finding import Finding, Subject, Weight
from runbooks.rules.silence import name_at, performances
from runbooks.tree import Step


def approval(subject: Subject) -> Iterator[Finding]:
    """Reports that are handed in by a machine without a gate, or by a way that passes none."""
    document = subject.document
    gates = {stage.stage for stage in document.stages if stage.ask}
    known = {stage.stage for stage in document.stages}
    for name, effect, form in _reports(document):
        if effect.gate is None and form.submitted:
            yield subject.finding(
                "RB140",
                ("effects", name),
                f'"{effect.title}" can be handed in by a connector, and no gate approves its draft',
                at_key=True,
            )
        if effect.gate in known - gates:
            yield subject.finding(
                "RB140", ("effects", name, "gate"), f"{effect.gate} asks nobody to approve anything"
            )
    told: set[tuple[Step, ...]] = set()
    for path, consent, trail in performances(subject):
        ordered = document.all_effects.get(name_at(subject, path))
        if ordered is None or not ordered.gate or consent is Consent.APPROVED or path in told:
            continue
        told.add(path)
        yield subject.finding(
            "RB141",
            path,
            f'"{ordered.title}" is ordered before {ordered.gate} has approved its draft',
            evidence=said(trail),
        )


def sources(subject: Subject) -> Iterator[Finding]:
    """Fields that nothing fills, and sources that can never fill theirs."""
    document = subject.document
    for name, effect, form in _reports(document):
        for unknown in sorted(set(effect.fill) - set(form.by_name)):
            yield subject.finding(
                "RB142",
                ("effects", name, "fill", unknown),
                f'{form.name} has no field "{unknown}"',
                mend=suggestion(unknown, form.by_name, otherwise=RULES["RB142"].mend),
                at_key=True,
            )
        for field in form.fields:
            if field.name in effect.fill:
                yield from _fits(subject, name, effect, field)
            elif field.name in document.intake:
                yield from _answers(subject, field, field.name, {}, ("intake", field.name))
            elif field.required and field.only is None and not _written(effect, field, document):
                yield subject.finding(
                    "RB143",
                    ("effects", name),
                    f'nothing fills "{field.name}" ({field.title})',
                    at_key=True,
                )


def _fits(subject: Subject, name: str, effect: Effect, field: Field) -> Iterator[Finding]:
    source = effect.fill[field.name]
    text, words = (source, {}) if isinstance(source, str) else (source.from_, source.as_)
    path: tuple[Step, ...] = ("effects", name, "fill", field.name)
    if not isinstance(source, str):
        path = (*path, "from")
    came = origin(text)
    if came.area == WORD:
        try:
            field.read(text)
        except ValueError as error:
            yield subject.finding("RB144", path, f'"{field.name}" {error}')
    elif came.area == ANSWER:
        yield from _answers(subject, field, came.name, words, path)
    elif came.area == MEMO and came.field not in _memo(subject.document, came.name):
        yield subject.finding("RB142", path, f'the memo of {came.name} has no "{came.field}"')


def _answers(
    subject: Subject,
    field: Field,
    question: str,
    words: dict[str, str],
    path: tuple[Step, ...],
) -> Iterator[Finding]:
    """Answers the question can have and the field never takes."""
    asked = subject.document.intake.get(question)
    if asked is None or field.kind not in (Kind.WORD, Kind.WORDS, Kind.YES_NO):
        return
    if not asked.answers:
        return
    refused = []
    for answer in asked.answers:
        word = words.get(answer, answer)
        if not word and not field.required:
            # Translated to nothing: an optional field is left out.
            continue
        try:
            field.read(word)
        except ValueError:
            refused.append(answer)
    if len(refused) == len(asked.answers):
        yield subject.finding(
            "RB144", path, f'no answer to "{question}" is one that "{field.name}" takes'
        )
    elif refused:
        yield subject.finding(
            "RB144",
            path,
            f'"{field.name}" does not take the answer {", ".join(refused)} to "{question}"',
            weight=Weight.WARNING,
        )


def _written(effect: Effect, field: Field, document: RunbookDocument) -> bool:
    """Whether a memo has a field of that name: that of the report's gate, or of any."""
    gates = [effect.gate] if effect.gate else [stage.stage for stage in document.stages]
    return any(field.name in _memo(document, gate) for gate in gates)


def _memo(document: RunbookDocument, gate: str) -> tuple[str, ...]:
    return next((stage.memo for stage in document.stages if stage.stage == gate), ())


def _reports(document: RunbookDocument) -> Iterator[tuple[str, Effect, Form]]:
    for name, effect in document.effects.items():
        form = form_of(effect.by)
        if form is not None:
            yield name, effect, form
