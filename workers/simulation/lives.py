"""Lives of cases for the comparison of clocks: one for each drawn case, at moments that count.

Instants fall where deadlines go wrong (week-ends, ends of months, nights in which the clocks
change, the days on which laws begin), and a case may be told something wrong before it is told
right.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from runbooks.grammar.document import RunbookDocument
from runbooks.plan import AnswerKind
from workers.simulation.chance import Chance
from workers.simulation.expected import ANSWERED, Life, Said
from workers.simulation.generator import Generator
from workers.simulation.model import Model
from workers.simulation.synthetic import Synthetic

FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2029, 12, 31, tzinfo=UTC)
_DAYS = {
    2026: "0220 0308 0329 0405 0818 0831 1025 1101 1224 1231",
    2027: "0101 0130 0328 0528 0702 1031 1202 1231",
    2028: "0228 0331 1130",
    2029: "0330",
}
TURNS = tuple(
    datetime.fromisoformat(f"{year}{day}T003000+00:00")
    for year, days in _DAYS.items()
    for day in days.split()
)
"""Around these something changes: a law, the clocks, a year, the number of working days."""
NUMBERS = ("0", "1", "20", "499", "500", "501", "2500")
_DAY = timedelta(days=1)


def lives(
    documents: Mapping[str, RunbookDocument], generator: Generator, *, number: int, seed: int
) -> Iterator[tuple[Synthetic, Life]]:
    """So many cases of the generator, each with what happens to it."""
    for case in generator.cases(number, days=7):
        yield case, life_of(documents[case.runbook], case, chance=Chance("lives", seed, case.key))


def even(model: Model) -> Model:
    """The model in which every runbook has as many cases as any other, and answers weigh alike."""
    profiles = {
        name: profile.model_copy(update={"share": 1.0}) for name, profile in model.runbooks.items()
    }
    others = model.other_runbooks.model_copy(update={"share": 1.0})
    return model.model_copy(update={"runbooks": profiles, "other_runbooks": others, "answers": {}})


def life_of(document: RunbookDocument, case: Synthetic, *, chance: Chance) -> Life:
    """What happens to the case: reported, looked at, corrected, worked on."""
    opened = _moment(chance.of("opened"))
    received = opened - timedelta(minutes=case.receipt_lag)
    looked = opened + timedelta(minutes=chance.of("looked").wait(90))
    corrected = looked + timedelta(minutes=1 + chance.of("corrected").wait(600))
    first = {**case.truth.answers, **_facts(document, before=looked, chance=chance.of("facts"))}
    second = _facts(document, before=looked, chance=chance.of("corrections"), often=0.3)
    working = corrected
    done = []
    effects = list(case.truth.way.effects)
    # What some clock counts from is done now and then, whichever way the case should have gone.
    effects += [
        effect
        for effect in dict.fromkeys(clock.starts_after for clock in document.clocks.values())
        if effect is not None and effect not in effects and chance.of("also", effect).happens(0.3)
    ]
    for effect in effects:
        working += timedelta(minutes=1 + chance.of("done", effect).wait(900))
        done.append((working, effect))
    return Life(
        runbook=case.runbook,
        opened=opened,
        received=received,
        said=(Said(opened, case.reported), Said(looked, first), Said(corrected, second)),
        done=tuple(done),
    )


def _moment(chance: Chance) -> datetime:
    if chance.of("turn").happens(0.5):
        around = timedelta(hours=chance.of("around").share() * 72 - 36)
        moment = chance.of("which").one_of(TURNS) + around
    else:
        moment = FIRST + chance.of("any").share() * (LAST - FIRST)
    return moment.replace(microsecond=0)


def _facts(
    document: RunbookDocument, *, before: datetime, chance: Chance, often: float = 0.8
) -> dict[str, str]:
    """Instants and numbers, which a report does not say; and now and then another choice."""
    starting = {clock.starts_at for clock in document.clocks.values()} | {*ANSWERED.values()}
    found: dict[str, str] = {}
    for name, question in document.intake.items():
        source = chance.of(name)
        if not source.happens(often):
            continue
        match question.kind:
            case AnswerKind.NUMBER:
                found[name] = source.of("number").one_of(NUMBERS)
            case AnswerKind.INSTANT if name in starting:
                ago = timedelta(minutes=int(source.of("ago").wait(60 * 24)))
                found[name] = (before - ago).replace(microsecond=0).isoformat()
            case AnswerKind.INSTANT:
                ahead = source.of("ahead").share() * 20 * _DAY
                found[name] = (before + ahead - 2 * _DAY).replace(microsecond=0).isoformat()
            case _ if question.answers and often < 0.5:  # noqa: PLR2004 - a correction, not a fact
                found[name] = source.of("answer").one_of(question.answers)
            case _:
                continue
    return found
