"""Personal data that must not be published: found by its looks, in texts that people wrote."""

import re

_LOOKS = {
    "an e-mail address": r"[\w.+-]+@[\w-]+\.[\w.]+",
    "a telephone number": r"(?<![\w/-])(\+|\(?0)\d[\d ()-]{6,}\d(?![\w/])",
    "an IP address": (
        r"(?<![\w.])(\d{1,3}\.){3}\d{1,3}(?![\w.])|\b([0-9a-f]{1,4}:){4,7}[0-9a-f]{1,4}\b"
    ),
    "a user name": r"(?<!\S)@\w{2,}",
    "a link to a profile": r"https?://\S+",
}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2})?)?")


def personal_data(text: str) -> str:
    """What the text seems to hold; empty where nothing looks like personal data.

    It finds addresses and numbers, not names: a person still reads what is published.
    """
    dated = _DATE.sub(" ", text)
    return next(
        (what for what, looks in _LOOKS.items() if re.search(looks, dated, re.IGNORECASE)), ""
    )
