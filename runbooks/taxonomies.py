"""The taxonomies that ship, each with its version, its source, and the digest that pins it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Annotated

from pydantic import Field, StrictStr

from runbooks.grammar.base import Day, Name, Prose, Strict, Version
from runbooks.library import taxonomy_texts
from runbooks.reading import read_model
from runbooks.statutes.grammar import Mark

Code = Annotated[StrictStr, Field(min_length=1, max_length=80)]


class Label(Strict):
    """One code: what it is called, what it means, and what it is elsewhere."""

    title: Prose
    means: Prose | None = None
    maps: dict[Name, Code] = Field(default_factory=dict)
    """By taxonomy: the code it is there."""
    deprecated_by: Code | None = None
    """The code that is used instead; what was decided under this one keeps it."""


class TaxonomyDocument(Strict):
    """A taxonomy as it is written, with where it comes from."""

    taxonomy: Name
    version: Version
    title: Prose
    source: Prose
    mark: Mark
    review_by: Day
    codes: Annotated[dict[Code, Label], Field(min_length=1)]


@dataclass(frozen=True)
class Taxonomy:
    """One version of one taxonomy."""

    document: TaxonomyDocument
    digest: str

    @property
    def reference(self) -> str:
        """How a runbook and a decision name it: `dsa-categories@2.0.0`."""
        return f"{self.document.taxonomy}@{self.document.version}"


@cache
def taxonomies() -> Mapping[str, Taxonomy]:
    """Every taxonomy that ships, by name and version."""
    found = {}
    for file, text in taxonomy_texts().items():
        document, _ = read_model(TaxonomyDocument, text, file=file)
        taxonomy = Taxonomy(document=document, digest=sha256(text).hexdigest())
        found[taxonomy.reference] = taxonomy
    return found
