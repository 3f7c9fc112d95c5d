"""The six search attributes: opaque values, for filtering in Temporal's own UI only."""

from typing import Any

from temporalio import workflow
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    SearchAttributeUpdate,
    TypedSearchAttributes,
)

with workflow.unsafe.imports_passed_through():
    from runbooks.quorums import roles_named
    from workflows.effects import Heading
    from workflows.messages import CaseInput, ObligationInput

STAGE = SearchAttributeKey.for_keyword("EscalationStage")
SEVERITY = SearchAttributeKey.for_keyword("EscalationSeverity")
RUNBOOK = SearchAttributeKey.for_keyword("EscalationRunbook")
WAITING_ON = SearchAttributeKey.for_keyword_list("WaitingOn")
DUE_AT = SearchAttributeKey.for_datetime("DueAt")
BREACHED = SearchAttributeKey.for_bool("Breached")

AFTER_CLOSING = "after-closing"
"""The stage of what is owed when all stages are over."""


def at_start(request: CaseInput) -> TypedSearchAttributes:
    """What is known before the first workflow task: whoever starts the case passes it along.

    It costs no event of its own, and the workflow finds that it need not say it again.
    """
    first = request.pathway.stage(request.pathway.first)
    waiting = roles_named(first.gate.approve) if first.gate is not None else (first.owner,)
    return TypedSearchAttributes(
        [
            SearchAttributePair(RUNBOOK, request.pathway.runbook),
            SearchAttributePair(SEVERITY, request.severity.value),
            SearchAttributePair(STAGE, request.pathway.first),
            SearchAttributePair(WAITING_ON, list(waiting)),
            SearchAttributePair(BREACHED, value=False),
        ]
    )


def at_reopening(request: CaseInput) -> TypedSearchAttributes:
    """What a reopened case is found by until it has said itself where it is."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(RUNBOOK, request.pathway.runbook),
            SearchAttributePair(SEVERITY, request.severity.value),
        ]
    )


def of_obligation(owed: ObligationInput) -> TypedSearchAttributes:
    """What an obligation is found by; it does not change while it is owed."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(SEVERITY, owed.severity.value),
            SearchAttributePair(STAGE, AFTER_CLOSING),
            SearchAttributePair(WAITING_ON, [owed.plan.owner]),
        ]
    )


def show(before: Heading | None, now: Heading) -> None:
    """The attributes say what the heading says; nothing is written when no filter would differ.

    A due instant that moves within a stage is not worth an event: lists read the store.
    """
    if _shown(before) == _words(now):
        return
    updates: list[SearchAttributeUpdate[Any]] = [
        STAGE.value_set(now.stage or now.status),
        SEVERITY.value_set(now.severity.value),
        WAITING_ON.value_set(list(now.waiting_on)),
        BREACHED.value_set(now.breached),
        DUE_AT.value_unset() if now.due_at is None else DUE_AT.value_set(now.due_at),
    ]
    if before is None:
        updates.append(RUNBOOK.value_set(now.runbook))
    workflow.upsert_search_attributes(updates)


def _words(heading: Heading) -> tuple[str, str, frozenset[str], bool]:
    return (
        heading.stage or heading.status,
        heading.severity.value,
        frozenset(heading.waiting_on),
        heading.breached,
    )


def _shown(before: Heading | None) -> tuple[str, str, frozenset[str], bool] | None:
    """What the attributes say now: what was said last, or what the run was started with."""
    if before is not None:
        return _words(before)
    given = workflow.info().typed_search_attributes
    return (
        given.get(STAGE, ""),
        given.get(SEVERITY, ""),
        frozenset(given.get(WAITING_ON, [])),
        given.get(BREACHED, default=False),
    )
