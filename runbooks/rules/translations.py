"""The same text in several languages: somebody reads each, and it says the same."""

from collections.abc import Iterator

from runbooks.grammar.locales import LANGUAGES, spoken
from runbooks.grammar.macros import Audience
from runbooks.rules.finding import Finding, Subject

_TOLD = {Audience.TICKET, Audience.NOTICE}
"""What escalate itself says; the other texts are sent by people, in whatever language."""


def read(subject: Subject) -> Iterator[Finding]:
    """Translations that no notice and no ticket is ever worded in."""
    for name, macro in subject.document.macros.items():
        if macro.for_ not in _TOLD:
            continue
        for tag in macro.locales:
            if not spoken(tag):
                yield subject.finding(
                    "RB076",
                    ("macros", name, "locales", tag),
                    f"nobody is told in {tag}: the languages are {', '.join(LANGUAGES)}",
                )


def same_fields(subject: Subject) -> Iterator[Finding]:
    """Translations that say more of the case, or less, than the text itself."""
    for name, macro in subject.document.macros.items():
        for tag, words in macro.locales.items():
            differs = sorted(words.fields ^ macro.fields)
            if differs:
                yield subject.finding(
                    "RB077",
                    ("macros", name, "locales", tag),
                    f'the macro "{name}" in {tag} differs in {", ".join(differs)}',
                )
