"""Which class a case is of, and who is cleared for it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from runbooks.grammar.restricted import ClassesDocument
from runbooks.reading import read_model


@dataclass(frozen=True)
class Classes:
    """The classes of one installation."""

    document: ClassesDocument
    source: bytes
    """The exact bytes they were read from."""

    def of(self, runbook: str, answers: Mapping[str, str]) -> str:
        """The first class the case is of; empty for an ordinary case."""
        for name, rule in self.document.classes.items():
            if runbook in rule.runbooks:
                return name
            if any(answers.get(asked) in given for asked, given in rule.answers.items()):
                return name
        return ""

    @property
    def apart(self) -> dict[str, tuple[str, ...]]:
        """By what is kept apart, the questions whose answers belong to it."""
        said = self.document.apart
        return {"authority-contact": said.authority_contact, "victim": said.victim}

    def cleared(self, roles: Iterable[str]) -> frozenset[str]:
        """The classes that somebody with these roles is cleared for."""
        held = frozenset(roles)
        return frozenset(
            name for name, rule in self.document.classes.items() if held & set(rule.cleared)
        )


def load_classes(text: bytes, *, file: str) -> Classes:
    """The classes in `text`; RunbookProblems, each with its place, when it is refused."""
    document, _ = read_model(ClassesDocument, text, file=file)
    return Classes(document=document, source=text)
