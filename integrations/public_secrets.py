"""Secrets that protect nothing: examples out of documentation, and ones that could be guessed."""

from integrations.pagerduty_webhook import EXAMPLE_SECRETS
from integrations.zendesk_webhook import PUBLIC_SECRET

PUBLISHED = frozenset(
    {
        *EXAMPLE_SECRETS,
        PUBLIC_SECRET,
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",  # Standard Webhooks and Svix
        "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",  # Standard Webhooks
        "8f742231b10e8888abcd99yyyzzz85a5",  # Slack
        "It's a Secret to Everybody",  # GitHub and Atlassian
    }
)
_SHORTEST, _FEWEST = 20, 8
_COMMON = ("secret", "password", "changeme", "example", "test")


def weakness(secret: str) -> str | None:
    """Why somebody could know or guess the secret; None when there is no telling."""
    if secret in PUBLISHED:
        return "is a public example"
    bare = secret.removeprefix("whsec_")
    if len(bare) < _SHORTEST:
        return f"is shorter than {_SHORTEST} characters"
    if len(set(bare)) < _FEWEST:
        return f"is made of fewer than {_FEWEST} different characters"
    if any(word in bare.lower() for word in _COMMON):
        return "holds a word that guessers try first"
    return None
