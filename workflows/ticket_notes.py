"""What the ticket is still to be told: notes of one quiet point become one comment."""

from datetime import datetime

from cases.file import PROMPT, CaseFile, Note
from cases.ids import key_of
from cases.ticket_note import RuleSaid, Standing
from workflows.company import COMPANY
from workflows.effects import TicketOrder


class TicketNotes:
    """Notes that wait for company, or for the ticket to be free."""

    def __init__(self, file: CaseFile) -> None:
        self._file = file
        self._notes: list[Note] = []
        self._due_at: datetime | None = None
        self._written_at: datetime | None = None
        self.busy = False
        """Whether the ticket is being written to."""

    @property
    def waiting(self) -> bool:
        """Whether there is anything to say."""
        return bool(self._notes)

    def due_at(self, at: datetime) -> datetime | None:
        """When what waits for company goes without it.

        None while the ticket is written to, if that instant has come: then it goes right after. An
        instant yet to come stays what it is, so that the case's one timer need not be set anew.
        """
        if self._due_at is None:
            return None
        if self.busy and (self._file.edition < PROMPT or self._due_at <= at):
            return None
        return self._due_at

    def add(self, note: Note, *, at: datetime) -> None:
        """The note is to be said: at once, or with what else is said soon."""
        self._notes.append(note)
        together = at if note.now else self._together(at)
        self._due_at = min(self._due_at or together, together)

    def _together(self, at: datetime) -> datetime:
        """Until when what is said now waits for what else is said soon."""
        if self._file.edition < PROMPT:
            return at + COMPANY
        return at if self._written_at is None else max(at, self._written_at + COMPANY)

    def due(self, at: datetime) -> bool:
        """Whether what is to be said waits no longer."""
        return self._due_at is not None and self._due_at <= at

    def take(self, *, at: datetime) -> TicketOrder:
        """Everything there is to say, as one comment with a key of its own (I9)."""
        notes, self._notes, self._due_at = self._notes, [], None
        self._written_at = at
        state = self._file.state
        lines = tuple(note.line for note in notes if note.line is not None)
        text = "\n".join(line.text for line in lines)
        status = next((note.status for note in reversed(notes) if note.status), None)
        state.ticket_notes += 1
        return TicketOrder(
            # The key is made of our own words: which macro says them does not change what is said.
            key=key_of(
                state.case,
                "ticket",
                str(state.ticket_notes),
                text,
                status or "",
                *state.life_word(),
            ),
            case=state.case,
            number=state.number,
            ticket=state.ticket,
            lines=lines,
            standing=_standing(self._file, at=at) if any(item.macro for item in lines) else None,
            status=status,
            severity=state.severity.current,
            runbook=self._file.moved_to,
            at=at,
        )


def _standing(file: CaseFile, *, at: datetime) -> Standing:
    stage = file.stage
    clock = file.state.stage_clock(stage.name) if stage is not None else None
    running = {run.id: run.due_at(at) for run in file.state.clocks if run.stage is None}
    return Standing(
        stage=(stage.title or stage.name) if stage is not None else "",
        owner=stage.owner if stage is not None else "",
        due_at=clock.due_at(at) if clock is not None else None,
        clocks={name: due for name, due in sorted(running.items()) if due is not None},
        rules={
            rule.name: RuleSaid(said=rule.said, obligation=rule.obligation)
            for rule in file.state.rules
            if rule.expires_at > at
        },
        answers=file.chosen_answers(),
    )
