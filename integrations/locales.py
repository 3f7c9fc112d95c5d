"""Locales that people and channels have: written in any usual way, known to Unicode's CLDR."""

from typing import Annotated

from babel import Locale, UnknownLocaleError
from pydantic import AfterValidator, StringConstraints


def _known(value: str) -> str:
    tag = value.replace("_", "-")
    try:
        locale = Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError, TypeError):
        raise ValueError("is not a locale such as de or de-AT") from None
    return "-".join(part for part in (locale.language, locale.script, locale.territory) if part)


LocaleTag = Annotated[str, StringConstraints(max_length=20), AfterValidator(_known)]
"""A locale, `de_at` or `de-AT`, as `de-AT`."""
