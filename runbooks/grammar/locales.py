"""Locales as people and runbooks name them, `de` or `de-AT`, and what each falls back to."""

import re
from typing import Annotated

from pydantic import AfterValidator, StrictStr

from runbooks.grammar.base import refuse

_TAG = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")

LANGUAGES = ("de", "en", "fr")
"""The languages that notices are worded in; a test holds them against the catalogues."""


def is_tag(value: str) -> bool:
    """Whether it is written as a locale is: language, script, region, as in `de-AT`."""
    return _TAG.fullmatch(value) is not None


def _tag(value: str) -> str:
    if not is_tag(value):
        refuse("RB014", "a locale such as de or de-AT")
    return value


Tag = Annotated[StrictStr, AfterValidator(_tag)]
"""A locale, as a runbook names it."""


def fallbacks(tag: str) -> tuple[str, ...]:
    """The locale and what stands in for it, the nearest first: `de-AT`, then `de`."""
    parts = tag.split("-")
    return tuple("-".join(parts[:length]) for length in range(len(parts), 0, -1))


def spoken(tag: str) -> bool:
    """Whether anybody is told anything in that locale."""
    return fallbacks(tag)[-1] in LANGUAGES
