"""What people say when they ask to read a case or answer that, and what they read when refused."""

from pydantic import Field

from cases.values import Inbound, Prose
from gateway.wording import Wording

PROBLEMS: dict[str, Wording] = {
    "grant-number": Wording(
        "That is no number of a case.", "Ask with the number as people say it, like `1042`."
    ),
    "grant-no-reason": Wording("This needs its reason.", "Say in your own words why."),
    "grant-too-long": Wording(
        "That is longer than anybody is let in for.",
        "Ask for a shorter time; it can be asked for again.",
    ),
    "grant-too-many": Wording(
        "So many of your requests wait already that no more are taken.",
        "Wait for the answers: `escalate access requests` lists them.",
    ),
    "grant-not-needed": Wording(
        "You can read this case as it is.", "Open it; nothing has to be asked for that."
    ),
    "grant-unknown": Wording(
        "There is no such request for you.", "`escalate access requests` lists them."
    ),
    "grant-own": Wording(
        "Nobody answers their own request, under whichever account.",
        "Wait: whoever has the case was told, and the duty manager can answer as well.",
    ),
    "grant-answered": Wording(
        "Somebody has answered this request, or its time is over.",
        "`escalate access requests` says what became of it.",
    ),
    "grant-no-use": Wording(
        "No grant lets them read this case.",
        "Refuse it; `escalate access explain` says what stands between.",
    ),
    "grant-not-open": Wording(
        "This grant is over, or never began.", "Nothing is needed: nobody reads by it."
    ),
}
"""By the name `docs/errors.md` gives them."""


_A_YEAR = 60 * 24 * 365


class NewGrant(Inbound):
    """Why somebody has to read a case, and for how long."""

    reason: Prose
    minutes: int | None = Field(default=None, ge=1, le=_A_YEAR)


class Answer(Inbound):
    """What its owner says: why, and perhaps for a shorter time than was asked."""

    reason: Prose = ""
    minutes: int | None = Field(default=None, ge=1, le=_A_YEAR)
