"""A child-safety report in a runbook: second eyes, one report, kept for a year from its filing."""

from datetime import UTC, date, datetime
from pathlib import Path

from cases.acts import Answer, Complete, Decide, Memo, Verdict
from cases.drafts.cybertip_xml import files_of
from cases.receipts import Reason
from runbooks import lint, load_runbook
from tests.cases.house import House
from tests.cases.reporting import accepted, done

TEXT = (Path(__file__).parents[2] / "runbooks" / "broken" / "tip.yaml").read_bytes()
FILES = "\n".join(f"vault-{n} sha256:{n:064x} A{n % 2 + 1} viewed" for n in range(40))


def classified() -> House:
    """A case at its second look."""
    house = House.of(text=TEXT)
    answers = {
        "incident-type": "child-pornography",
        "incident-at": "2026-01-05T08:00:00+00:00",
        "account": "account-7",
    }
    accepted(house, Answer(answers=answers), person="sana")
    accepted(house, Complete(stage="classify", outcome="report"), person="sana")
    return house


def test_the_runbook_lints() -> None:
    """What the documentation says of child safety is a runbook in order."""
    runbook = load_runbook(TEXT, file="tip.yaml")

    assert lint(runbook, today=date(2026, 11, 22), library={}) == []


def test_forty_files_fit_in_a_memo_by_reference_and_hash() -> None:
    """Nothing but place, hash and classification of each is in the draft."""
    house = classified()
    memo = {"files": FILES, "escalate-to-high-priority": "The child is in reach of the account."}

    accepted(house, Memo(gate="second-look", fields=memo), person="sana")

    draft = house.state.drafts["tip"].draft
    assert draft.gaps == ()
    assert len(files_of(draft)) == 40
    assert draft.fields["where"] == "chat"


def test_a_broken_line_is_a_gap_at_the_memo() -> None:
    """A hash that is none stops the approval, and names the memo field to mend."""
    house = classified()
    memo = {"files": "vault-1 sha256:abc A1", "escalate-to-high-priority": "In reach."}
    accepted(house, Memo(gate="second-look", fields=memo), person="sana")

    refused = house.act(
        Decide(gate="second-look", verdict=Verdict.APPROVE), person="sana", role="safety-expert"
    )

    assert refused.reason is Reason.DRAFT_INCOMPLETE
    assert "memo:second-look.files" in refused.detail


def test_preservation_begins_once_the_report_is_filed() -> None:
    """A year is counted from the filing, by the law's own row; before, no such clock runs."""
    house = classified()
    memo = {"files": FILES, "escalate-to-high-priority": "The child is in reach of the account."}
    accepted(house, Memo(gate="second-look", fields=memo), person="sana")
    accepted(house, Decide(gate="second-look", verdict=Verdict.APPROVE), person="sana")
    assert house.state.clock("US-2258A-preserve") is None

    done(house, "tip")

    kept = house.state.clock("US-2258A-preserve")
    assert kept is not None
    due = kept.due_at(house.now)
    assert due is not None
    assert due >= datetime(2027, 1, 5, 9, tzinfo=UTC)
