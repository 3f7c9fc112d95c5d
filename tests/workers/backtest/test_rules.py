"""The stated rules: each has its words, and what they decide follows from the texts alone."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast
from xml.etree import ElementTree as ET

import pytest

from cli.backtest_page import backtest_page
from runbooks import compile_runbook
from tests.workers.backtest.edits import RENAMED, UNTOUCHED, WITHOUT_LEGAL
from tests.workers.backtest.test_differences import BEFORE
from workers.backtest.assumed import SAID, Assumed, Ledger, Rule
from workers.backtest.backtest import Assumption, Backtest
from workers.backtest.differences import differences
from workers.backtest.drawing import picture
from workers.backtest.people import RecordedStaff, without_chance
from workers.backtest.recorded import Recorded
from workers.backtest.script import outcome_for
from workers.simulation.chance import Chance
from workers.simulation.model import load_model

PAGE = Path(__file__).parents[3] / "docs" / "backtest.md"
WAS = compile_runbook(UNTOUCHED)
RECORDED = cast("Recorded", SimpleNamespace(request=SimpleNamespace(pathway=WAS), acts=()))


@pytest.mark.parametrize("rule", Rule)
def test_every_rule_is_said_and_documented(rule: Rule) -> None:
    """Who reads `assumed` finds the rule in words, with the result and on the page."""
    assert SAID[rule]
    assert f"| `{rule}` |" in PAGE.read_text()


def test_an_outcome_that_is_there_is_taken() -> None:
    """Nothing is renamed without need."""
    stage = WAS.stage("triage")

    assert [outcome_for(RECORDED, WAS, stage, name) for name in stage.next] == list(stage.next)


def test_a_renamed_outcome_leads_to_the_same_stage() -> None:
    """`escalate` led to Legal, and so does `send-on`."""
    now = compile_runbook(RENAMED)

    assert outcome_for(RECORDED, now, now.stage("triage"), "escalate") == "send-on"


def test_an_outcome_that_led_nowhere_known_leads_to_the_closure() -> None:
    """Where no outcome leads to the same stage, the nearest to the closure is taken."""
    now = compile_runbook(WITHOUT_LEGAL)
    without = now.stage("triage")
    fewer = without.model_copy(
        update={"next": {n: s for n, s in without.next.items() if n != "escalate"}}
    )

    chosen = outcome_for(RECORDED, now, fewer, "escalate")
    assert fewer.next[chosen].then in (None, now.closure.name)


def test_nothing_that_is_assumed_is_left_to_chance() -> None:
    """People answer, see what was true, and take the measured time, whatever is drawn."""
    model = without_chance(load_model(), {"legal": 25.0, "unheard-of": 7.0})
    drawn = {round(Chance("any", n).minutes(model.role("legal").handle), 6) for n in range(20)}

    assert drawn == {25.0}
    assert model.role("unheard-of").handle.median == 7.0
    assert {(t.sensitivity, t.specificity) for t in model.tiers.values()} == {(1.0, 1.0)}
    assert (model.no_response.day, model.no_response.night, model.gate.reject) == (0, 0, 0)


def test_somebody_the_record_does_not_name_is_no_name() -> None:
    """Others of a role are numbered, so that nobody takes them for a colleague."""
    staff = RecordedStaff(load_model(), [])

    assert {one.id.rpartition("-")[0] for one in staff.asked("legal", minute=0, site="any")} == {
        "another-legal"
    }


def test_an_assumption_is_noted_once() -> None:
    """A ledger says what was assumed, not how often it was met."""
    ledger = Ledger()
    for _ in range(3):
        ledger.assume(Rule.TOLD, "page legal")

    assert ledger.assumed == [Assumed(Rule.TOLD, "page legal")]
    assert str(ledger.assumed[0]) == "told: page legal"


def _found() -> Backtest:
    after = BEFORE.model_copy(
        update={"disposition": "not-approved", "breaches": ("triage#1", *BEFORE.breaches)}
    )
    return Backtest(
        edited={"user-safety-escalation": "2.0.0 0123456789ab"},
        simulated=0,
        recorded=3,
        other=1,
        known=2,
        assumed=1,
        rules={Rule.NEW_ACT: SAID[Rule.NEW_ACT]},
        differences=differences(
            {"1": BEFORE, "2": BEFORE, "3": BEFORE}, {"1": after, "2": BEFORE, "3": after}
        ),
        assumptions=(
            Assumption(
                case="1",
                assumed=("new-act: decide second-look approve by another-quality-1",),
                dropped=("decide legal-review approve by lena: there is no such stage",),
            ),
        ),
        stuck=(),
    )


def test_a_picture_counts_what_differs() -> None:
    """It parses, names the cases that differ, and shows more breaches as worse."""
    drawn = picture(_found())

    assert ET.fromstring(drawn).tag.endswith("svg")  # noqa: S314 - our own picture
    assert "2 of 3 cases differ, 1 with something assumed" in drawn
    assert "disposition: not-approved" in drawn
    assert 'class="late"' in drawn


def test_known_examples_come_before_assumed_ones() -> None:
    """A page shows what is known first, marks what is not, and says by which rule."""
    parts = [part for part in backtest_page(_found(), examples=2) if isinstance(part, str)]
    page = "\n".join(parts)

    assert page.index("case 3") < page.index("case 1")
    assert "[bold]case 1[/] [yellow](assumed)[/]" in page
    assert "no place for decide legal-review approve by lena" in page
    assert "new-act (1 cases)" in page
    assert "disposition: actioned → not-approved" in page
