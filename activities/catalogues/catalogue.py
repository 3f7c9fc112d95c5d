"""Reads a catalogue, and says its messages with exactly the values they are to have."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from activities.catalogues.messages import MESSAGES, SEVERAL
from runbooks.grammar.locales import LANGUAGES, fallbacks

FOLDER = Path(__file__).parent
DEFAULT = "en"
"""What is spoken where no other language is asked for, or the one asked for is not spoken."""
_SHORT = 12


class WordsError(Exception):
    """A message that no catalogue has, or that was asked with other values than it takes."""


@dataclass(frozen=True)
class Catalogue:
    """Every message in one language."""

    language: str
    version: str
    """Of these very words: a digest, so that a record says by which words somebody was told."""
    _said: GNUTranslations = field(repr=False, compare=False)

    def template(self, message: str, *, count: int | None = None) -> str:
        """The words of the message, its placeholders open; WordsError where there are none."""
        if message not in MESSAGES:
            raise WordsError(f"there is no message {message}")
        if message in SEVERAL:
            return self._said.ngettext(message, message, count or 0)
        return self._said.gettext(message)

    def check(self, message: str, values: Mapping[str, object]) -> None:
        """Passes for exactly the values of the message, each of its type; WordsError otherwise."""
        takes = MESSAGES.get(message)
        if takes is None:
            raise WordsError(f"there is no message {message}")
        if missing := sorted(takes.keys() - values.keys()):
            raise WordsError(f"{message} is asked without {', '.join(missing)}")
        if extra := sorted(values.keys() - takes.keys()):
            raise WordsError(f"{message} takes no {', '.join(extra)}")
        for name, kind in takes.items():
            if not isinstance(values[name], kind):
                raise WordsError(f"{message} takes a {kind.__name__} as {name}")


def placeholders(template: str) -> frozenset[str]:
    """The names that stand in braces."""
    return frozenset(name for _, name, _, _ in Formatter().parse(template) if name is not None)


def problems(catalog: Catalog) -> Iterable[str]:
    """What keeps a catalogue from saying everything as it is to be said."""
    found = {str(each.id[0] if each.pluralizable else each.id): each for each in catalog if each.id}
    yield from (f"{name} is missing" for name in sorted(MESSAGES.keys() - found.keys()))
    yield from (f"{name} is nobody's" for name in sorted(found.keys() - MESSAGES.keys()))
    for name in sorted(MESSAGES.keys() & found.keys()):
        entry = found[name]
        if entry.pluralizable is not (name in SEVERAL):
            yield f"{name} depends on a number here and not there"
            continue
        forms = entry.string if isinstance(entry.string, tuple | list) else (entry.string,)
        if entry.fuzzy or not all(forms):
            yield f"{name} is not worded, or in doubt"
        for form in filter(None, forms):
            if unknown := sorted(placeholders(form) - MESSAGES[name].keys()):
                yield f"{name} names {', '.join(unknown)}, which it is not told"


@cache
def catalogues() -> Mapping[str, Catalogue]:
    """Every language that is spoken; WordsError where a catalogue is not whole."""
    return {language: _read(language) for language in LANGUAGES}


def catalogue_for(locale: str) -> Catalogue:
    """The nearest catalogue: of the locale, of its language, else the English one."""
    spoken = catalogues()
    return next((spoken[tag] for tag in fallbacks(locale) if tag in spoken), spoken[DEFAULT])


def read_catalog(language: str) -> Catalog:
    """The catalogue's file."""
    with (FOLDER / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def _read(language: str) -> Catalogue:
    catalog = read_catalog(language)
    if wrong := list(problems(catalog)):
        raise WordsError(f"{language}.po: {'; '.join(wrong)}")
    # Babel makes a `.mo` only to a file; gettext reads it only from one.
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    said = GNUTranslations(compiled)
    entries = sorted(f"{each.id}\x00{each.string}" for each in catalog if each.id)
    digest = hashlib.sha256("\x00".join(entries).encode()).hexdigest()
    return Catalogue(language=language, version=f"{language}@{digest[:_SHORT]}", _said=said)
