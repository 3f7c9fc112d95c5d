"""Routing: the first row that matches, with its reason, else the default pathway."""

import pytest

from runbooks import (
    RouteFacts,
    RunbookProblems,
    check_routing,
    library,
    load_routing,
    load_runbook,
    route,
)
from runbooks.library import routing
from runbooks.routing import NO_MATCH

SHIPPED = load_routing(routing(), file="routing.yaml")
BOOKS = {name: load_runbook(text, file=name) for name, text in library().items()}


def test_a_tagged_ticket_walks_its_runbook() -> None:
    """A removal order is recognised by its tag, and its form fields answer the intake."""
    facts = RouteFacts(
        source="zendesk",
        tags=frozenset({"vip", "removal-order"}),
        fields={"order-reference": "TCO-7", "unrelated": "x"},
    )

    routed = route(SHIPPED, facts)

    assert routed.runbook == "terrorist-content-removal-order"
    assert routed.answers == {"order-reference": "TCO-7"}
    assert (routed.row, routed.reason) == (1, "the ticket is tagged as a removal order")


def test_a_form_field_routes_from_any_source() -> None:
    """The second row asks for no source, so a report of the API can match it."""
    routed = route(SHIPPED, RouteFacts(source="api", fields={"form": "removal-order"}))

    assert routed.row == 2


def test_everything_else_walks_the_default_pathway() -> None:
    """A report no row claims is not lost: it walks the default pathway, and says why."""
    routed = route(SHIPPED, RouteFacts(source="api", tags=frozenset({"unheard-of"})))

    assert routed.runbook == "user-safety-escalation"
    assert (routed.row, routed.reason, routed.answers) == (None, NO_MATCH, {})


def test_every_condition_of_a_row_must_hold() -> None:
    """The tag alone is not enough where the row asks for a source as well."""
    routed = route(SHIPPED, RouteFacts(source="api", tags=frozenset({"removal-order"})))

    assert routed.row is None


@pytest.mark.parametrize(
    "replace,by,expected",
    [
        ("default: user-safety-escalation", "default: ¦user-safety", "RB080"),
        (
            "rows:\n",
            "rows:\n  - {if: {tag: x}, runbook: ¦elsewhere, because: 'y'}\n",
            "RB080",
        ),
        ('{danger: "yes"}', '{¦dangr: "yes"}', "RB081"),
        ('{danger: "yes"}', "{danger: ¦maybe}", "RB081"),
        ("{tag: harassment}", "¦{}", "RB011"),
        ("{tag: harassment}", "{¦tags: harassment}", "RB010"),
    ],
)
def test_a_wrong_table_is_refused_at_its_place(replace: str, by: str, expected: str) -> None:
    """Unknown runbooks, questions and answers are told with line and column: where `¦` stands."""
    text = routing().decode()
    assert text.count(replace) == 1
    marked = text.replace(replace, by)
    before = marked[: marked.index("¦")]
    place = before.count("\n") + 1, len(before) - before.rfind("\n")

    with pytest.raises(RunbookProblems) as caught:
        check_routing(load_routing(marked.replace("¦", "").encode(), file="r.yaml"), library=BOOKS)

    assert (expected, *place) in {
        (each.rule, each.line, each.column) for each in caught.value.problems
    }


def test_a_row_that_can_never_route_is_refused() -> None:
    """A row all of whose tags an earlier row takes is a route nobody gets, and says whose it is."""
    row = (
        "  - {if: {source: zendesk, tag: [fraud, harassment]},"
        " runbook: user-safety-escalation, because: 'x'}\n"
    )
    table = load_routing(routing() + row.encode(), file="routing.yaml")

    with pytest.raises(RunbookProblems) as refused:
        check_routing(table, library=BOOKS)

    assert [problem.rule for problem in refused.value.problems] == ["RB093"]
    tagged = ("the report is tagged as fraud", "the report is tagged as harassment")
    rows = table.document.rows
    fraud, harassment = (n for n, each in enumerate(rows, start=1) if each.because in tagged)
    said = f"row {len(rows)} never decides: rows {fraud} and {harassment} hold before it"
    assert said in str(refused.value)
