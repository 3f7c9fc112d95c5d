"""The runbooks that ship."""

import re
import zlib
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from runbooks import (
    Pathway,
    Runbook,
    Severity,
    assess,
    check_routing,
    compile_runbook,
    library,
    lint,
    load_routing,
    load_runbook,
)
from runbooks.grammar.clocks import RUNS_AS
from runbooks.grammar.macros import fields
from runbooks.library import routing
from runbooks.plan import ClockKind, Next
from runbooks.references import RefKind, references
from runbooks.statutes.table import calendars, statutes

TODAY = date(2026, 11, 22)
LARGEST = 8 * 1024


def shipped() -> dict[str, Runbook]:
    """The library, read."""
    return {name: load_runbook(text, file=f"{name}.yaml") for name, text in library().items()}


def removal_order() -> Pathway:
    """The pathway of a removal order."""
    return compile_runbook(shipped()["terrorist-content-removal-order"])


@pytest.mark.parametrize("name", sorted(library()))
def test_a_shipped_runbook_lints_clean(name: str) -> None:
    """Nothing is wrong, and nothing is a warning."""
    books = shipped()

    findings = lint(books[name], today=TODAY, library=books)

    assert [f"{finding}" for finding in findings] == []


@pytest.mark.parametrize("name", sorted(library()))
def test_a_compiled_runbook_fits_the_workflow_input(name: str) -> None:
    """The pathway is at most 8 KB as it travels, and reading it back gives the same pathway."""
    pathway = compile_runbook(shipped()[name])

    written = pathway.model_dump_json()

    # The converter deflates what travels.
    assert len(zlib.compress(written.encode())) <= LARGEST
    assert Pathway.model_validate_json(written) == pathway
    assert pathway.digest == sha256(library()[name]).hexdigest()


@pytest.mark.parametrize("name", sorted(library()))
def test_a_shipped_runbook_describes_every_effect_it_orders(name: str) -> None:
    """Nothing is left to the standard effects: who reads the runbook reads everything."""
    runbook = shipped()[name]

    ordered = {ref.name for ref in references(runbook.document) if ref.kind is RefKind.EFFECT}

    assert ordered <= set(runbook.document.effects)


@pytest.mark.parametrize("name", sorted(library()))
def test_ticket_notes_carry_no_answer(name: str) -> None:
    """What goes into the ticket speaks of number, stage and outcome only (I13)."""
    macros = shipped()[name].document.macros

    tickets = [macro for macro in macros.values() if macro.for_ == "ticket"]

    assert {"ticket-opened", "ticket-decided", "ticket-closed"} <= set(macros)
    assert not [f for macro in tickets for f in fields(macro.text) if f.startswith("answer.")]


def test_the_default_pathway_has_the_text_of_the_design() -> None:
    """Stages, owners, times and outcomes of the shipped runbook are those of design §11."""
    pathway = compile_runbook(shipped()["user-safety-escalation"])

    walked = {stage.name: (stage.owner, stage.within, set(stage.next)) for stage in pathway.stages}

    assert walked == {
        "triage": ("triage", timedelta(minutes=15), {"escalate", "no-violation", "threat-to-life"}),
        "legal-review": ("legal", timedelta(hours=4), {"approved", "rejected", "more-information"}),
        "policy-sign-off": (
            "policy",
            timedelta(hours=8),
            {"approved", "rejected", "more-information"},
        ),
        "closure": ("incident-manager", timedelta(hours=24), set()),
    }
    legal = pathway.stage("legal-review").gate
    assert legal is not None
    assert (legal.approve_label, legal.reject_label) == ("Lawful", "Not lawful")
    assert pathway.stage("triage").next["threat-to-life"] == Next(move_to="imminent-threat-to-life")
    assert [item.name for item in pathway.after_closing] == ["recheck-7d", "lessons"]


def test_a_removal_order_runs_one_hour_and_acts_by_itself() -> None:
    """People are paged at twenty and forty minutes; at fifty the platform disables by itself."""
    clock = next(clock for clock in removal_order().clocks if clock.id == "EU-TCO3-1h")

    assert clock.within == timedelta(hours=1)
    assert clock.kind is ClockKind.TOLLING
    assert clock.restart == "full"
    assert [(late.at, late.page, late.escalate, late.do) for late in clock.late] == [
        (timedelta(minutes=20), "incident-manager", None, None),
        (timedelta(minutes=40), None, "hour", None),
        (timedelta(minutes=50), None, None, "disable-content"),
    ]
    disable = removal_order().effect("disable-content")
    assert disable.by == "webhook:content-platform"
    assert disable.protective


def test_a_removal_order_is_followed_first_and_reviewed_after() -> None:
    """No gate stands before the removal; Legal reviews within a day; two roles put it back."""
    pathway = removal_order()

    look = pathway.stage(pathway.first)
    first = pathway.stage(look.next["an-order"].then or "")
    review = pathway.stage("legal-review")
    reinstatement = pathway.stage("reinstatement")

    assert look.gate is None
    assert look.within == timedelta(minutes=5)
    assert [late.go for late in look.late if late.go] == ["not-looked-at"]
    assert look.next["not-looked-at"].then == first.name
    assert first.gate is None
    assert first.next["disable"].do == ("disable-content",)
    assert first.skip_when_done == "disable-content"
    assert review.within == timedelta(hours=24)
    assert review.next["rejected"].then == "reinstatement"
    assert reinstatement.gate is not None
    assert reinstatement.gate.approve == {"legal": 1, "policy": 1}
    assert reinstatement.next["approved"].undo == ("disable-content",)


@pytest.mark.parametrize("outcome", ["clarification", "impossible"])
def test_a_removal_order_tolls_where_the_law_does(outcome: str) -> None:
    """Asking for clarification, or reporting impossibility, suspends the hour."""
    step = removal_order().stage("act-on-order").next[outcome]

    assert step.suspend == ("EU-TCO3-1h",)
    assert step.then == "tolled"


def test_every_removal_order_is_of_the_first_severity() -> None:
    """A hard clock of an hour is SEV0, whatever else is known."""
    runbook = shipped()["terrorist-content-removal-order"]

    assert assess(runbook, {}).severity is Severity.SEV0
    assert assess(runbook, {"threat-to-life": "no"}).severity is Severity.SEV0


def test_removed_content_is_kept_for_six_months() -> None:
    """The hold runs from the removal, for six calendar months by the law's own rule."""
    hold = next(clock for clock in removal_order().clocks if clock.id == "EU-TCO6")

    assert hold.kind is ClockKind.MIN_HOLD
    assert hold.starts_after == "disable-content"
    assert (hold.row, str(hold.span)) == ("EU-TCO6@1", "6month eu-1182-71")
    assert removal_order().calendars[hold.calendar] == calendars()["eu"]


def test_the_routing_that_ships_leads_to_the_library() -> None:
    """Every row of the table names a runbook that ships, and answers it takes."""
    table = load_routing(routing(), file="routing.yaml")

    check_routing(table, library=shipped())

    assert table.document.default == "user-safety-escalation"


def test_a_row_that_no_runbook_runs_is_named_with_its_reason() -> None:
    """What is law, has a length and is nobody's stands in the documents, and nothing else does."""
    text = (Path(__file__).parents[2] / "docs" / "clocks.md").read_text(encoding="utf-8")
    section = text.partition("## Rows that no shipped runbook runs")[2].partition("\n## ")[0]
    left_out = set(re.findall(r"`([A-Z][\w-]+)`", section.partition("| --- | --- |")[2]))
    clocks = [clock for book in shipped().values() for clock in book.document.clocks.values()]
    run = {clock.law.id for clock in clocks if clock.law is not None}

    idle = {
        row.id
        for row in statutes().values()
        if row.length is not None and row.row.kind in RUNS_AS and row.row.is_law(TODAY)
    }

    assert idle - run <= left_out
    assert not left_out & (run - {"EU-TCO3-1h", "US-2258A-report-imminent"})


@pytest.mark.parametrize("name", sorted(library()))
def test_every_shipped_runbook_cites_a_taxonomy(name: str) -> None:
    """Each decision says by which version of which shared words it was decided."""
    assert shipped()[name].document.taxonomy is not None


GRAVE = {
    "imminent-threat-to-life",
    "child-safety-report",
    "terrorist-content-removal-order",
    "self-harm-risk",
    "policy-precedent",
    "visible-escalation",
}


@pytest.mark.parametrize("name", sorted(GRAVE))
def test_a_grave_case_pages_until_somebody_has_it(name: str) -> None:
    """Its policy comes round again, tries a second way, ends, and then the duty manager has it."""
    policies = compile_runbook(shipped()[name]).escalations

    assert policies
    for policy in policies:
        assert policy.repeat >= 1
        assert policy.steps[-1].page == "duty-manager"
        assert any(step.unread for step in policy.steps)


@pytest.mark.parametrize("text", [*library().values(), routing()])
def test_shipped_texts_name_no_machine(text: bytes) -> None:
    """No host, no address, no path stands in what ships."""
    assert not re.search(rb"https?://|@[a-z]|/(home|root|tmp|work)/", text)
