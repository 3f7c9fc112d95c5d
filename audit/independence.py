"""Whether anybody decided who had decided the matter before, recounted from the entries alone."""

from collections.abc import Iterator

from cases.journal import Entry, Kind
from runbooks.plan import AnswerKind, Pathway


class Independent:
    """Who is kept out of which stage, as the entries so far say it."""

    def __init__(self, pathway: Pathway) -> None:
        self._people: dict[str, set[str]] = {}
        self.follow(pathway)

    def follow(self, pathway: Pathway) -> None:
        """From here on the rules are those of that version."""
        self._stages = {stage.name: stage.independent_of for stage in pathway.stages}
        self._looked_up = {
            name for name, plan in pathway.questions.items() if plan.kind is AnswerKind.CASE
        }

    def note(self, entry: Entry) -> None:
        """A question was answered, or says by name who decided before."""
        if entry.kind is Kind.INTAKE_ANSWERED:
            questions = entry.body.get("questions")
            for name in questions if isinstance(questions, list) else ():
                if name in self._looked_up:
                    self._people.pop(str(name), None)
            return
        people = entry.body.get("people")
        if isinstance(people, dict) and entry.body.get("because") is None:
            self._people[str(entry.body.get("question"))] = set(people)

    def check(self, entry: Entry, person: str, stage: str) -> Iterator[str]:
        """The person decided there although they, or nobody knows who, had decided it before."""
        questions = self._stages.get(stage, ())
        if not questions:
            return
        if not any(name in self._people for name in questions):
            yield f"entry {entry.sequence}: nobody knew who had decided before {stage}"
        if any(person in self._people.get(name, ()) for name in questions):
            yield f"entry {entry.sequence}: {person} had decided before what {stage} decides"
