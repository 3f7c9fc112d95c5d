"""What another version of its runbook would mean for one running case, before anybody agrees.

The version is tried on a copy of the case, by the very function that moves it: what is shown is
what happens, as long as nothing else happens first.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from cases import migration
from cases.clock import ClockRun
from cases.file import CaseFile
from cases.gate import RoundState
from cases.recording import Record
from cases.state import CaseState
from cases.values import Instant, Value
from runbooks.plan import Pathway

_NOBODY = migration.Agreed(
    person="", role="", act="", signed_at=datetime.fromisoformat("2000-01-01T00:00:00+00:00")
)


class ClockMoved(Value):
    """A clock that would read otherwise: begun where it has no `was`, cancelled without a `now`."""

    clock: str
    title: str
    was: Instant | None = None
    now: Instant | None = None

    def said(self, written: Callable[[datetime], str]) -> str:
        """What becomes of it."""
        if self.now is None:
            return "runs no more"
        if self.was is None:
            return f"runs, due {written(self.now)}"
        return f"due {written(self.now)} instead of {written(self.was)}"


class MigrationPreview(Value):
    """What the version would change for the case at that instant."""

    version_was: str
    version: str
    wrong: tuple[str, ...] = ()
    """Why the case cannot be moved; nothing else is said then."""
    back: bool = False
    """Whether it is the way back, which one person can take."""
    clocks: tuple[ClockMoved, ...] = ()
    asked_again: tuple[str, ...] = ()
    """Gates with an open round: their people are asked again, under the version's rule."""
    ordered: tuple[str, ...] = ()
    """Actions that the stage under way begins with in the version: they are ordered at once."""
    unasked: tuple[str, ...] = ()
    """Questions whose answers the version does not ask for, or does not take."""
    restored: tuple[str, ...] = ()
    to_ask: tuple[str, ...] = ()
    """Questions without an answer that are asked in the version and were not before."""

    @property
    def fits(self) -> bool:
        """Whether the case can be moved."""
        return not self.wrong

    def said(
        self, *, written: Callable[[datetime], str], gate: Callable[[str], str] = str
    ) -> Iterator[tuple[str, str]]:
        """What it says to people, a heading and a text each, wherever they read it.

        `written` is how their instants are written, `gate` how a gate is called.
        """
        for why in self.wrong:
            yield "It cannot be moved", why
        for clock in self.clocks:
            yield clock.title, clock.said(written)
        for name in self.asked_again:
            yield "Asked again", gate(name)
        for title in self.ordered:
            yield "Ordered at once", title
        for label, names in (
            ("Not asked any more, or asked otherwise", self.unasked),
            ("Answered again as before", self.restored),
            ("To be answered", self.to_ask),
        ):
            if names:
                yield label, ", ".join(name.replace("-", " ") for name in names)
        if self.back:
            yield "One person is enough", "nobody has decided anything since the case was moved"


def preview(
    state: CaseState, pathway: Pathway, version: Pathway, *, at: datetime
) -> MigrationPreview:
    """The case as it would be under that version at `at`; `state` is left as it was."""
    file = _copy(state, pathway)
    wrong = tuple(migration.misfits(file, version))
    if wrong or version.digest == state.digest:
        return MigrationPreview(
            version_was=pathway.version,
            version=version.version,
            wrong=wrong or ("the case is under this version",),
        )
    before = _copy(state, pathway)
    back = migration.leads_back(file, version)
    migration.migrate(file, version, _NOBODY, reason="", at=at)
    return MigrationPreview(
        version_was=pathway.version,
        version=version.version,
        back=back,
        clocks=tuple(_moved(before, file, at=at)),
        asked_again=tuple(
            round_.gate for round_ in before.state.rounds if round_.state is RoundState.OPEN
        ),
        ordered=tuple(effect.title for effect in file.state.effects[len(state.effects) :]),
        unasked=tuple(sorted(before.state.answers.keys() - file.state.answers.keys())),
        restored=tuple(sorted(file.state.answers.keys() - before.state.answers.keys())),
        to_ask=tuple(
            name
            for name in file.asked()
            if name not in file.state.answers and name not in before.asked()
        ),
    )


def _copy(state: CaseState, pathway: Pathway) -> CaseFile:
    copied = state.model_copy(deep=True)
    return CaseFile(
        state=copied,
        pathway=pathway,
        record=Record(copied, salt=b"preview"),
        new_nonce=lambda: "preview",
    )


def _moved(before: CaseFile, after: CaseFile, *, at: datetime) -> Iterator[ClockMoved]:
    was, now = _running(before, at=at), _running(after, at=at)
    for name in dict.fromkeys((*was, *now)):
        clock = now.get(name) or was[name]
        moved = ClockMoved(
            clock=name,
            title=clock.title,
            was=was[name].due_at(at) if name in was else None,
            now=now[name].due_at(at) if name in now else None,
        )
        if moved.was != moved.now:
            yield moved


def _running(file: CaseFile, *, at: datetime) -> dict[str, ClockRun]:
    return {clock.id: clock for clock in file.state.clocks if not clock.reading(at).ended}
