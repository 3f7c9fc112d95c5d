"""Which cases a namespace has running, and which ended lately: Temporal's word and the store's.

Temporal lists what its index has, which may be a moment behind, and knows nothing of a case whose
run is gone; the store knows every case that was ever opened. What only one of them names is found
out by looking.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from temporalio.client import Client

from cases.values import Value
from store import CaseFilter, Store
from workflows.messages import OBLIGATION, WORKFLOW

_PAGE = 500
_OURS = f'WorkflowType IN ("{WORKFLOW}", "{OBLIGATION}")'


class Lately(Value):
    """How far back runs that have ended are looked at, and how many of them at most."""

    within: timedelta = timedelta(0)
    most: int = 0


async def live_runs(
    client: Client, store: Store, *, at: datetime, lately: Lately
) -> tuple[list[str], list[str]]:
    """The workflow ids of what goes on, and of what ended lately; each once, none in both."""
    going_on = {each async for each in _listed(client, f'{_OURS} AND ExecutionStatus = "Running"')}
    going_on |= {each async for each in _open_in(store)}
    ended: dict[str, None] = {}
    if lately.within and lately.most:
        since = (at - lately.within).astimezone(UTC).isoformat()
        query = f'{_OURS} AND ExecutionStatus != "Running" AND CloseTime >= "{since}"'
        async for each in _listed(client, query):
            if each not in going_on:
                ended.setdefault(each)
            if len(ended) >= lately.most:
                break
    return sorted(going_on), list(ended)


async def _listed(client: Client, query: str) -> AsyncIterator[str]:
    async for execution in client.list_workflows(query, page_size=_PAGE):
        yield execution.id


async def _open_in(store: Store) -> AsyncIterator[str]:
    """Whatever the store has as begun and not over."""
    offset = 0
    while True:
        wanted = CaseFilter(status=("open", "held"), limit=_PAGE, offset=offset)
        page = await store.views.list(wanted)
        for line in page:
            yield line.case
        if len(page) < _PAGE:
            break
        offset += _PAGE
    for row in await store.obligations.open_of():
        if row.started_at is not None:
            yield row.workflow_id
