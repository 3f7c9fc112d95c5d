"""The runbook's own words for a notice or a ticket, where it has any."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from activities.voices import Voice
from cases.notice import NoticeOrder, Purpose
from cases.saying import NOTHING, Sayable, Viewer, sayable
from cases.ticket_note import (
    TICKET_CLOSED,
    TICKET_OPENED,
    Standing,
    TicketLine,
    understood,
)
from runbooks import (
    MacroContext,
    MacroError,
    Pathway,
    Runbook,
    Written,
    compile_runbook,
    load_runbook,
    write_macro,
)
from runbooks.grammar.macros import (
    Audience,
    CaseFields,
    ClosingFields,
    GateFields,
    StageFields,
    fields,
)
from store import CaseRow, Store
from workflows.effects import TicketOrder

MACROS: Mapping[Purpose, str] = {
    Purpose.ASK: "gate-asked",
    Purpose.REMIND: "stage-late",
    Purpose.PAGE: "stage-late",
}
"""Which macro speaks for a notice; the others say only what every runbook says."""


_TELLS_NOTHING = frozenset(
    {
        *("case.number", "case.link", "case.opened"),
        *("stage.due", "gate.decided", "closing.closed"),
    }
)
"""Fields of a macro that say that there is a case, where, and by when: no more."""


class Documents:
    """Pinned runbooks, each read once, and what their macros say."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._runbooks: dict[str, Runbook] = {}
        self._pathways: dict[str, Pathway] = {}

    async def of(self, digest: str) -> Runbook:
        """The runbook with exactly these bytes."""
        if digest not in self._runbooks:
            source = await self._store.objects.get(digest)
            self._runbooks[digest] = load_runbook(source, file=f"{digest[:12]}.yaml")
        return self._runbooks[digest]

    async def pathway(self, order: NoticeOrder) -> Pathway:
        """The rules that the notice's case runs by."""
        return await self.rules(
            order.runbook or (await self._store.cases.get(order.case)).digest or ""
        )

    async def may(self, order: NoticeOrder | TicketOrder, viewer: Viewer) -> Sayable:
        """What a message to such readers may say; nothing of a case whose rules are not known."""
        digest = order.runbook or (await self._store.cases.get(order.case)).digest
        return sayable(await self.rules(digest), (viewer,)) if digest else NOTHING

    async def rules(self, digest: str) -> Pathway:
        """The runbook with exactly these bytes, compiled."""
        if digest not in self._pathways:
            self._pathways[digest] = compile_runbook(await self.of(digest))
        return self._pathways[digest]

    async def text(self, order: NoticeOrder, voice: Voice, *, link: str) -> str | None:
        """The macro's text for this notice; None when the runbook leaves the words to us.

        The macro may name only what a notice may say; lint refuses one that leaks (I13).
        """
        name = MACROS.get(order.purpose)
        row: CaseRow = await self._store.cases.get(order.case)
        digest = order.runbook or row.digest
        if name is None or order.stage is None or order.due_at is None or digest is None:
            return None
        runbook = await self.of(digest)
        context = MacroContext(
            case=CaseFields(
                number=order.number,
                severity=order.severity.value,
                runbook=runbook.document.title,
                stage=order.stage_title,
                opened=row.opened_at,
                link=link,
            ),
            stage=StageFields(name=order.stage_title, owner=order.role, due=order.due_at),
            gate=_gate(runbook, order.stage),
        )
        written = _written(runbook, name, voice, context=context)
        return written.text if written is not None else None

    async def note(self, order: TicketOrder, voice: Voice, *, link: str) -> str:
        """The comment for the ticket, each line in the runbook's words where it has any for it.

        Its readers are several: the voice is the tracker's.

        The same order is the same comment: a retry says nothing else, but that it does not name an
        interim rule which has ended meanwhile.
        """
        row: CaseRow = await self._store.cases.get(order.case)
        standing = order.standing
        digest = order.runbook or row.digest
        may = await self.may(order, Viewer.TICKET)
        if standing is None or digest is None:
            if may.rules:
                return "\n".join(own_words(each, voice) for each in order.lines)
            return _joined(unsaid(each, order, voice, link=link) for each in order.lines)
        runbook = await self.of(digest)
        in_force = await self._in_force(order.case, standing)
        said: list[str] = []
        for line in order.lines:
            context = MacroContext(
                case=CaseFields(
                    number=order.number,
                    severity=order.severity.value,
                    runbook=runbook.document.title,
                    stage=standing.stage,
                    opened=row.opened_at,
                    link=link,
                ),
                stage=_stage(standing),
                gate=_gate(runbook, line.gate, outcome=line.outcome, decided=line.at),
                closing=_closing(line),
                answers=standing.answers,
                clocks=standing.clocks,
                rules=in_force,
            )
            written = _written(runbook, line.macro, voice, context=context) if line.macro else None
            if written is None or written.audience is not Audience.TICKET:
                # What is written for other readers may say what a ticket may not (I13).
                said.append(
                    own_words(line, voice) if may.rules else unsaid(line, order, voice, link=link)
                )
            elif may.rules or _tells_nothing(runbook, line.macro, voice):
                said.append(written.text)
            else:
                said.append(unsaid(line, order, voice, link=link))
        return "\n".join(said) if may.rules else _joined(said)

    async def _in_force(self, case: str, standing: Standing) -> dict[str, str]:
        """What can be said of the rules that hold: one that was withdrawn is named no more."""
        if not standing.rules:
            return {}
        ended = {
            row.name
            for row in await self._store.obligations.by_case(case)
            if row.done_at is not None
        }
        return {
            name: rule.said for name, rule in standing.rules.items() if rule.obligation not in ended
        }


def own_words(line: TicketLine, voice: Voice) -> str:
    """The line in the tracker's language; as the case has it where no sentence of ours is it."""
    found = understood(line)
    if found is None:
        return line.text
    name, values = found
    if name == "rule":
        # The one instant that stands in a sentence of the case's.
        values["until"] = _rewritten(values["until"], voice)
    return voice.say(f"ticket.{name}", **values)


def _rewritten(instant: str, voice: Voice) -> str:
    try:
        return voice.numeric(datetime.fromisoformat(instant))
    except ValueError:
        return instant


def unsaid(line: TicketLine, order: TicketOrder, voice: Voice, *, link: str) -> str:
    """What stands on a ticket whose readers may not know what the line says."""
    happened = {TICKET_OPENED: "open", TICKET_CLOSED: "ended"}.get(line.macro, "gone-on")
    return voice.say(f"restricted.{happened}", number=order.number, link=link)


def _joined(said: Iterable[str]) -> str:
    return "\n".join(dict.fromkeys(said))


def _tells_nothing(runbook: Runbook, macro: str, voice: Voice) -> bool:
    """Whether the team's own words name no part of the case that only some may know."""
    named = fields(runbook.document.macros[macro].words(voice.locale).text)
    return all(each in _TELLS_NOTHING or each.startswith("clock.") for each in named)


def _written(runbook: Runbook, name: str, voice: Voice, *, context: MacroContext) -> Written | None:
    try:
        return write_macro(
            runbook, name, context=context, locale=voice.locale, instant=voice.numeric
        )
    except MacroError:
        # A macro that names what this case lacks must not silence what is to be said.
        return None


def _stage(standing: Standing) -> StageFields | None:
    if not standing.stage or standing.due_at is None:
        return None
    return StageFields(name=standing.stage, owner=standing.owner, due=standing.due_at)


def _gate(
    runbook: Runbook, name: str, *, outcome: str = "", decided: datetime | None = None
) -> GateFields | None:
    rule = next((stage for stage in runbook.document.stages if stage.stage == name), None)
    if rule is None or rule.ask is None:
        return None
    return GateFields(ask=rule.ask, outcome=outcome or None, decided=decided)


def _closing(line: TicketLine) -> ClosingFields | None:
    if line.macro != TICKET_CLOSED or line.at is None:
        return None
    return ClosingFields(disposition=line.outcome, closed=line.at)
