"""Non-disclosure orders that can be answered, end, and hold up nothing but notices."""

from collections.abc import Iterator

from runbooks.plan import AnswerKind
from runbooks.rules.finding import Finding, Subject

_ORDER = (AnswerKind.YES_NO_UNKNOWN, AnswerKind.YES_NO)


def questions(subject: Subject) -> Iterator[Finding]:
    """Orders whose questions take no yes or no, or no instant."""
    intake = subject.document.intake
    for name, gag in subject.document.gags.items():
        order, until = intake.get(gag.order), intake.get(gag.until or "")
        if order is not None and order.kind not in _ORDER:
            yield subject.finding(
                "RB117", ("gags", name, "order"), f'"{gag.order}" takes {order.kind}'
            )
        if until is not None and until.kind is not AnswerKind.INSTANT:
            yield subject.finding(
                "RB117", ("gags", name, "until"), f'"{gag.until}" takes {until.kind}'
            )


def endings(subject: Subject) -> Iterator[Finding]:
    """Dispositions that ask for a suppressed effect to have been really done."""
    document = subject.document
    suppressed = {effect for gag in document.gags.values() for effect in gag.suppresses}
    index = next(
        number for number, stage in enumerate(document.stages) if stage.dispositions is not None
    )
    for name, rule in (document.closure.dispositions or {}).items():
        for position, requirement in enumerate(rule.requires):
            area, _, effect = requirement.partition(":")
            if area == "done" and effect in suppressed:
                yield subject.finding(
                    "RB118",
                    ("stages", index, "dispositions", name, "requires", position),
                    f'"{name}" waits for "{effect}", which an order can suppress',
                    mend=f"Require receipt:{effect}.",
                )


def silences(subject: Subject) -> Iterator[Finding]:
    """Orders that would hold up what protects people, or what an authority is told."""
    effects = subject.document.all_effects
    for name, gag in subject.document.gags.items():
        for position, suppressed in enumerate(gag.suppresses):
            effect = effects.get(suppressed)
            if effect is not None and (effect.protective or effect.discloses):
                what = "protects people" if effect.protective else "answers somebody else"
                yield subject.finding(
                    "RB119",
                    ("gags", name, "suppresses", position),
                    f'"{effect.title}" {what}',
                )
