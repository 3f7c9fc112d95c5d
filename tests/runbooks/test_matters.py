"""Which reports are about one matter, by the rows of the routing table."""

import pytest

from runbooks import RouteFacts, RunbookProblems, check_routing, load_routing, route
from runbooks.library import routing
from runbooks.matters import Matter, matter

TABLE = """\
routing: 1.0.0
default: user-safety-escalation
rows:
  - {if: {tag: fraud}, runbook: user-safety-escalation, answers: {kind: fraud, channel: {field: channel}}, because: "fraud"}
matters:
  - {if: {tag: wave}, same: ["field:campaign"], within: 7d, then: link, because: "one campaign"}
  - {if: {tag: [fraud, scam]}, within: 24h, tell-at: 20, because: "one account"}
"""  # noqa: E501 - rows of a table stay rows


def of(*tags: str, subject: str | None = "s", **fields: str) -> Matter | None:
    """The matter of a report with these tags and fields."""
    table = load_routing(TABLE.encode(), file="routing.yaml")
    facts = RouteFacts(source="form", tags=frozenset(tags), fields=fields)
    return matter(table, facts, route=route(table, facts), subject=subject)


def parts(found: Matter | None) -> tuple[str, ...]:
    """What is compared."""
    assert found is not None
    return found.parts


def test_reports_are_alike_by_row_runbook_answers_and_subject() -> None:
    """Other tags and fields make no difference; another subject or answer does."""
    first = of("fraud", channel="mail")

    assert parts(first) == parts(of("fraud", "vip", channel="mail", colour="red"))
    assert parts(first) != parts(of("fraud", channel="mail", subject="t"))
    assert parts(first) != parts(of("fraud", channel="chat"))
    assert parts(first) != parts(of("scam"))


def test_the_first_row_that_matches_says_what_must_be_equal() -> None:
    """A campaign is told by its name, whoever the subject is, and only linked."""
    wave = of("wave", "fraud", campaign="k7", subject=None)

    assert wave is not None
    assert (wave.row, wave.joins, wave.because) == (1, False, "one campaign")
    assert parts(wave) == parts(of("wave", "fraud", campaign="k7", subject="u"))


@pytest.mark.parametrize("found", [of("x"), of("fraud", subject=None), of("wave")])
def test_what_cannot_be_compared_is_about_nothing_else(found: Matter | None) -> None:
    """No row, no subject, or no such field: the report is a case of its own."""
    assert found is None


@pytest.mark.parametrize(
    "old,new,rule",
    [
        ('["field:campaign"]', '["colour"]', "RB013"),
        ("tell-at: 20", "tell-at: 1", "RB014"),
        ("then: link", "then: merge", "RB013"),
        (", within: 24h", "", "RB011"),
        ("tag: wave", "tag: [fraud, scam]", "RB093"),
    ],
)
def test_a_wrong_row_is_refused(old: str, new: str, rule: str) -> None:
    """A part nobody compares, a bound that means nothing, a row that can never speak."""
    with pytest.raises(RunbookProblems) as refused:
        check_routing(load_routing(TABLE.replace(old, new).encode(), file="r.yaml"), library={})

    assert rule in {each.rule for each in refused.value.problems}


def test_the_table_that_ships_compares_reports_of_fraud() -> None:
    """Two reports of fraud about one account are one matter; a life in danger is another."""
    table = load_routing(routing(), file="routing.yaml")

    def shipped(*tags: str) -> Matter | None:
        facts = RouteFacts(source="form", tags=frozenset(tags))
        return matter(table, facts, route=route(table, facts), subject="s")

    assert parts(shipped("fraud")) == parts(shipped("scam"))
    assert parts(shipped("fraud")) != parts(shipped("fraud", "life-in-danger"))
    assert shipped("harassment") is None
