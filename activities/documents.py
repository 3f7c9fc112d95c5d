"""The runbook's own words for a notice, where it has any."""

from collections.abc import Mapping
from datetime import datetime

from cases.notice import NoticeOrder, Purpose
from runbooks import MacroContext, MacroError, Runbook, load_runbook, write_macro
from runbooks.grammar.macros import CaseFields, GateFields, StageFields
from store import CaseRow, Store

MACROS: Mapping[Purpose, str] = {
    Purpose.ASK: "gate-asked",
    Purpose.REMIND: "stage-late",
    Purpose.PAGE: "stage-late",
}
"""Which macro speaks for a notice; the others say only what every runbook says."""


class Documents:
    """Pinned runbooks, each read once, and what their macros say."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._runbooks: dict[str, Runbook] = {}

    async def of(self, digest: str) -> Runbook:
        """The runbook with exactly these bytes."""
        if digest not in self._runbooks:
            source = await self._store.objects.get(digest)
            self._runbooks[digest] = load_runbook(source, file=f"{digest[:12]}.yaml")
        return self._runbooks[digest]

    async def text(self, order: NoticeOrder, *, link: str, opened: datetime) -> str | None:
        """The macro's text for this notice; None when the runbook leaves the words to us.

        The macro may name only what a notice may say; lint refuses one that leaks (I13).
        """
        name = MACROS.get(order.purpose)
        row: CaseRow = await self._store.cases.get(order.case)
        if name is None or order.stage is None or order.due_at is None or row.digest is None:
            return None
        runbook = await self.of(row.digest)
        rule = next(
            (stage for stage in runbook.document.stages if stage.stage == order.stage), None
        )
        context = MacroContext(
            case=CaseFields(
                number=order.number,
                severity=order.severity.value,
                runbook=runbook.document.title,
                stage=order.stage_title,
                opened=opened,
                link=link,
            ),
            stage=StageFields(name=order.stage_title, owner=order.role, due=order.due_at),
            gate=GateFields(ask=rule.ask) if rule is not None and rule.ask is not None else None,
        )
        try:
            return write_macro(runbook, name, context=context).text
        except MacroError:
            # A macro that names what this case lacks must not silence the notice.
            return None
