"""The readable account: the way the case took, and who decided what on which facts."""

import re
from collections.abc import Mapping
from html import escape

from audit.report_gates import askings, memos
from cases.acts import Decide, Memo, Verdict
from cases.envelope import Act
from cases.journal import Journal, Kind
from tests.fuzz.small_bundle import AT, act_payload


def _page(files: Mapping[str, bytes]) -> str:
    return files["report.html"].decode()


def test_the_way_it_took_is_drawn(whole: Mapping[str, bytes], short: Mapping[str, bytes]) -> None:
    """Of each version it was under; stages that were not entered stand back."""
    page = _page(whole)

    assert page.count("<svg") == 2
    assert len(re.findall(r'class="stage work walked"', page)) == 2
    assert "Legal review (legal-review): approved, 20" in page
    assert 'class="stage gate passed-by"' in _page(short)
    assert "policy-sign-off): not entered" in _page(short)
    identifiers = re.findall(r' id="([^"]+)"', page)
    assert len(identifiers) == len(set(identifiers))


def test_gates_say_who_decided_what_on_which_facts(whole: Mapping[str, bytes]) -> None:
    """Every round has its people, its facts and what came of it; nothing is loaded."""
    page = _page(whole)

    for said in ("The gates", "legal-review, round 1", "legal-review, round 2", "1 of policy"):
        assert escape(said) in page
    assert "<td>luca</td><td>legal</td><td>approve</td>" in page
    assert "L2, web, " in page
    assert "<script" not in page
    assert "http" not in page


def test_reasons_memos_and_answers_come_from_what_was_signed() -> None:
    """The journal has digests; the acts have the words."""
    act = Act.model_validate_json(act_payload())
    decided = act.model_copy(
        update={"body": Decide(gate="review", verdict=Verdict.REJECT, reason="<b>unlawful</b>")}
    )
    memo = act.model_copy(
        update={"act": "m", "body": Memo(gate="review", fields={"facts": "seen on Monday"})}
    )
    journal = Journal(case=act.case)

    def record(kind: Kind, **body: object) -> None:
        journal.record(kind, at=AT, salt=b"s", **body)

    record(
        Kind.ROUND_OPENED, gate="review", round=1, revision=3, content="ab", approve={"legal": 2}
    )
    record(
        Kind.VOTE_CAST, gate="review", round=1, who="lena", role="legal", verdict="reject", act="d"
    )
    record(Kind.ROUND_CLOSED, gate="review", round=1, state="rejected")

    [asked] = askings(journal.pending, {"d": decided}, {"kind": "fraud"})

    assert (asked.wanted, asked.facts) == ("2 of legal", {"kind": "fraud"})
    assert asked.votes[0][:4] == ("lena", "legal", "reject", "<b>unlawful</b>")
    assert asked.came_of_it == "rejected, 2026-11-22 09:00:00Z"
    assert list(memos({"m": memo})) == [("review", "facts", "seen on Monday")]
