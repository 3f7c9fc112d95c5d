"""Macros: text with fields of the case, and nothing that computes."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbooks import MacroContext, MacroError, library, load_runbook, write_macro
from runbooks.grammar.macros import CaseFields, GateFields, StageFields

RUNBOOK = load_runbook(library()["user-safety-escalation"], file="default.yaml")
AT = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)
CASE = CaseFields(
    number="K7-42",
    severity="SEV1",
    runbook="user-safety-escalation",
    stage="triage",
    opened=AT,
    link="the case page",
)


def test_a_macro_is_written_with_the_fields_of_the_case() -> None:
    """Numbers, stages and instants in UTC stand where the runbook names them."""
    context = MacroContext(case=CASE, stage=StageFields(name="triage", owner="triage", due=AT))

    written = write_macro(RUNBOOK, "ticket-opened", context=context)

    assert written.audience == "ticket"
    assert written.text == (
        "Case K7-42 is open under user-safety-escalation (SEV1). "
        "Next: triage, due 2026-11-22 14:05 UTC."
    )


@pytest.mark.parametrize("name", ["ticket-opened", "ticket-decided", "no-such-macro"])
def test_a_macro_without_its_fields_is_refused(name: str) -> None:
    """Nothing goes out with a hole in it."""
    gate = GateFields(ask="Is it lawful?")

    with pytest.raises(MacroError):
        write_macro(RUNBOOK, name, context=MacroContext(case=CASE, gate=gate))


@given(st.text(max_size=40))
def test_a_value_is_never_read_as_a_template(answer: str) -> None:
    """Braces in an answer stay braces: what people write is put in as it is."""
    context = MacroContext(
        case=CASE, answers={"kind": answer, "proposed-action": "{{ case.link }}", "summary": "s"}
    )

    written = write_macro(RUNBOOK, "decision-memo", context=context)

    assert written.text == f"Reported: {answer}. Proposed: {{{{ case.link }}}}. For reviewers: s"


def test_a_macro_is_said_in_the_nearest_language() -> None:
    """The country's, the language's, else the text itself; instants as the reader has them."""
    text = library()["user-safety-escalation"].replace(
        b"macros:\n",
        b'macros:\n  opened:\n    for: ticket\n    text: "Open, due {{ stage.due }}."\n'
        b'    locales: {de: {text: "Offen, bis {{ stage.due }}."}}\n',
        1,
    )
    runbook = load_runbook(text, file="default.yaml")
    context = MacroContext(case=CASE, stage=StageFields(name="triage", owner="triage", due=AT))

    said = {
        locale: write_macro(
            runbook, "opened", context=context, locale=locale, instant=lambda at: f"{at:%H:%M}"
        ).text
        for locale in ("de-AT", "de", "fr")
    }

    assert said == {
        "de-AT": "Offen, bis 14:05.",
        "de": "Offen, bis 14:05.",
        "fr": "Open, due 14:05.",
    }
