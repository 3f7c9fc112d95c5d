"""Which clocks a case carries, with their reasons, and how conflicts among them are decided."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runbooks import RunbookProblems
from runbooks.library import clock_tables
from runbooks.statutes.conflicts import CHILD_SAFETY, Effect
from runbooks.statutes.facts import read_facts
from runbooks.statutes.resolver import Resolution, resolve
from runbooks.statutes.vocabulary import StartEvent


def resolved(text: str) -> Resolution:
    """What a case with these facts carries on 22 November 2026, unless the facts say otherwise."""
    head = "" if "at:" in text else "at: 2026-11-22T10:00:00Z\n"
    return resolve(read_facts((head + text).encode(), file="facts.yaml"))


def carried(found: Resolution) -> set[str]:
    """The ids of the rows."""
    return {each.statute.id for each in found.carried}


def ruled(found: Resolution) -> dict[str, tuple[Effect, tuple[str, ...]]]:
    """What was decided, by the name of the rule."""
    return {each.rule: (each.effect, each.rows) for each in found.consequences}


FOUR = """
class: [intimate-imagery]
paper: [removal-request]
fact: [restricted]
age: adult
place: {user: [DE], victim: [US-CA, IN], offender: [UK], entity: [IE, US]}
happened:
  valid-request: 2026-11-22T09:00:00Z
  complaint: 2026-11-22T08:30:00Z
  restriction: 2026-11-22T09:40:00Z
"""


def test_a_case_of_four_jurisdictions_carries_the_clocks_of_each() -> None:
    """A victim in California and India, a user in Germany, an offender in the United Kingdom."""
    found = resolved(FOUR)

    assert carried(found) == {"US-TIDA", "IN-2h", "EU-DSA17", "NCMEC-TID"}
    assert [each.statute.id for each in found.watched] == ["UK-NCII"]
    reasons = {each.statute.id: each.reasons for each in found.carried}
    assert reasons["US-TIDA"][-1] == "victim in US-CA"
    assert reasons["IN-2h"][-1] == "victim in IN"
    assert reasons["EU-DSA17"][-1] == "user in DE"


def test_the_earliest_hard_clock_comes_first() -> None:
    """India's two hours, although the American request asks for forty-eight."""
    found = resolved(FOUR)

    assert found.governing is not None
    assert found.governing.statute.id == "IN-2h"
    assert found.governing.running is not None
    assert found.governing.running.due is not None
    assert found.governing.running.due.conservative_due == datetime(
        2026, 11, 22, 10, 30, tzinfo=UTC
    )


def test_a_hold_never_comes_first() -> None:
    """Twenty-one days of keeping end before a month of reporting, and press nobody."""
    found = resolved("""
class: [child-safety, security-incident]
fact: [significant]
place: {entity: [CA, IE]}
happened: {notification: 2026-11-20T09:00:00Z}
""")

    assert {"CA-internet-child-keep", "EU-NIS2-1m"} <= carried(found)
    assert found.governing is not None
    assert found.governing.statute.id == "EU-NIS2-1m"


def test_a_clock_waits_for_its_own_event() -> None:
    """A breach is known; that it is material has not been decided, so four days do not run yet."""
    found = resolved("""
class: [data-breach]
place: {user: [FR, US-CA, UK], entity: [IE, US]}
happened: {awareness: 2026-11-22T08:00:00Z, discovery: 2026-11-22T08:00:00Z}
""")

    assert {"EU-GDPR33", "UK-GDPR33", "US-CA-446-30d", "US-SEC-105"} <= carried(found)
    waiting = {each.statute.id: each.waits_for for each in found.carried}
    assert waiting["US-SEC-105"] is StartEvent.MATERIALITY
    assert waiting["EU-GDPR33"] is None


def test_counsel_takes_a_duty_away_only_by_saying_so() -> None:
    """Scope flags are on until counsel turns them off."""
    text = "class: [data-breach]\nplace: {entity: [US]}\n"

    assert "US-SEC-105" in carried(resolved(text))
    assert "US-SEC-105" not in carried(resolved(text + "out-of-scope: [issuer]\n"))


def test_uncertain_age_goes_to_child_safety_and_the_clock_runs_on() -> None:
    """The queue of removal requests never sees what may show a child."""
    found = resolved(FOUR.replace("age: adult", "age: uncertain"))

    effect, rows = ruled(found)["uncertain-age"]
    assert effect is Effect.REROUTED
    assert {"US-TIDA", "IN-2h"} <= set(rows)
    assert next(each.queue for each in found.consequences) == CHILD_SAFETY
    assert "US-TIDA" in carried(found)


def test_certain_age_stays_where_it_is() -> None:
    """An adult's request is not sent elsewhere."""
    assert "uncertain-age" not in ruled(resolved(FOUR))


ORDER = """
class: [illegal-content]
paper: [content-order]
fact: [restricted{more}]
place: {{user: [FR], authority: [FR], entity: [IE]}}
"""


def test_an_order_to_act_needs_no_statement_of_reasons() -> None:
    """DSA, Art. 17(5)."""
    found = resolved(ORDER.format(more=""))

    assert ruled(found)["dsa-17-5"] == (Effect.SUPPRESSED, ("EU-DSA17",))
    assert "EU-DSA9" in carried(found)


def test_whether_a_removal_order_is_such_an_order_is_asked() -> None:
    """The statement stays due until a lawyer has said so; the other notice is due in any case."""
    found = resolved(ORDER.format(more="").replace("content-order", "removal-order"))

    assert ruled(found)["dsa-17-5"][0] is Effect.ASKED
    assert {"EU-DSA17", "EU-TCO11", "EU-TCO3-1h", "EU-TCO6"} <= carried(found)


def test_a_gag_silences_notices_and_nothing_else() -> None:
    """Telling the user is suppressed; reporting, keeping and the record are not."""
    text = ORDER.format(more=", non-disclosure").replace("content-order", "removal-order")
    found = resolved(text)

    effect, rows = ruled(found)["non-disclosure"]
    assert effect is Effect.SUPPRESSED
    assert set(rows) == {"EU-DSA17", "EU-TCO11"}
    assert {"EU-TCO3-1h", "EU-TCO6", "EU-DSA17"} <= carried(found)


@pytest.mark.parametrize(
    "held", ["fact: [under-13, legal-hold]", "fact: [under-13, reported-to-ncmec]"]
)
def test_a_hold_goes_before_erasure(held: str) -> None:
    """A child's data are due to be deleted, and a hold on them comes first."""
    found = resolved(
        f"class: [child-privacy, child-safety]\n{held}\nplace: {{user: [US], entity: [US]}}\n"
    )

    assert ruled(found)["hold-before-erasure"] == (Effect.OUTRANKED, ("COPPA",))


def test_what_ncmec_has_is_not_reported_twice() -> None:
    """A report to NCMEC frees from the British report of the same content."""
    text = "class: [child-safety]\n{fact}place: {{user: [UK], entity: [US]}}\n"

    assert "UK-OSA66-NCA" in carried(resolved(text.format(fact="")))
    reported = resolved(text.format(fact="fact: [reported-to-ncmec]\n"))
    assert "UK-OSA66-NCA" not in carried(reported)
    assert "US-2258A-preserve" in carried(reported)


def test_an_old_case_carries_the_law_of_its_day() -> None:
    """The NetzDG in January 2024, and not after."""
    text = "class: [illegal-content]\nplace: {user: [DE]}\n"

    assert "DE-NetzDG-24h" in carried(resolved("at: 2024-01-10T10:00:00Z\n" + text))
    assert not {"DE-NetzDG-24h"} & carried(resolved(text))


def test_our_own_member_states_calendar_is_used() -> None:
    """Established in Ireland, a complaint of 3 March 2026 has St Patrick's Day left out."""
    found = resolved("""
at: 2026-03-03T10:00:00Z
class: [terrorism]
fact: [restricted]
place: {user: [FR], entity: [IE]}
happened: {complaint: 2026-03-03T10:00:00Z}
""")

    running = next(each.running for each in found.carried if each.statute.id == "EU-TCO10")
    assert running is not None
    assert running.due is not None
    assert running.due.legal_latest == datetime(2026, 3, 19, tzinfo=UTC)


def test_the_facts_of_the_documentation_can_be_resolved() -> None:
    """What the page shows is read as it stands there, and the row it shows is the library's."""
    page = (Path(__file__).parents[2] / "docs" / "clocks.md").read_text(encoding="utf-8")
    row, facts, _ = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)

    assert row in clock_tables()["b3-orders-and-notices.yaml"].decode()
    assert resolved(facts).governing is not None


def test_facts_are_read_strictly() -> None:
    """A misspelt class is refused with its place: a law would silently not apply."""
    with pytest.raises(RunbookProblems) as refused:
        resolved("class: [data-braech]\n")

    problem = refused.value.problems[-1]
    assert (problem.rule, problem.line) == ("RB013", 2)
    assert "data-breach" in problem.mend
