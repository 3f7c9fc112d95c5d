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
    from workflows.effects import Heading

STAGE = SearchAttributeKey.for_keyword("EscalationStage")
SEVERITY = SearchAttributeKey.for_keyword("EscalationSeverity")
RUNBOOK = SearchAttributeKey.for_keyword("EscalationRunbook")
WAITING_ON = SearchAttributeKey.for_keyword_list("WaitingOn")
DUE_AT = SearchAttributeKey.for_datetime("DueAt")
BREACHED = SearchAttributeKey.for_bool("Breached")


def at_start(runbook: str, severity: str) -> TypedSearchAttributes:
    """What is known before the first workflow task: free of an event of its own."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(RUNBOOK, runbook),
            SearchAttributePair(SEVERITY, severity),
            SearchAttributePair(STAGE, "intake"),
            SearchAttributePair(BREACHED, value=False),
        ]
    )


def show(before: Heading | None, now: Heading) -> None:
    """The attributes say what the heading says; nothing is written when no filter would differ.

    A due instant that moves within a stage is not worth an event: lists read the store.
    """
    if before is not None and (
        before.stage,
        before.severity,
        before.waiting_on,
        before.breached,
    ) == (now.stage, now.severity, now.waiting_on, now.breached):
        return
    updates: list[SearchAttributeUpdate[Any]] = [
        STAGE.value_set(now.stage or now.status),
        SEVERITY.value_set(now.severity.value),
        WAITING_ON.value_set(list(now.waiting_on)),
        BREACHED.value_set(now.breached),
        DUE_AT.value_unset() if now.due_at is None else DUE_AT.value_set(now.due_at),
    ]
    workflow.upsert_search_attributes(updates)
