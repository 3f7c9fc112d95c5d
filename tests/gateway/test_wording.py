"""Every way not to get what one wanted has a sentence and something to do."""

from pathlib import Path

from cases.house_acts import HouseRefusal
from cases.receipts import Outcome, Reason
from gateway.absences import PROBLEMS
from gateway.access_explaining import PROBLEMS as OF_ACCESS
from gateway.bulk_words import PROBLEMS as OF_ORDERS
from gateway.codec_server import CODEC_WORDS
from gateway.emergencies import PROBLEMS as OF_EMERGENCIES
from gateway.grant_words import PROBLEMS as OF_GRANTS
from gateway.keeping_words import KEEPERS
from gateway.log_glass_words import PROBLEMS as OF_LOG
from gateway.log_in_words import IDENTITY, LOG_IN_PAGES
from gateway.passkeys import PASSKEY_WORDS
from gateway.wording import OUTCOMES, PAGES, REASONS
from integrations.errors import IdentityReason

ERRORS = Path(__file__).parents[2] / "docs" / "errors.md"


def test_every_reason_and_outcome_has_words() -> None:
    """None is left without, and none is there twice."""
    assert set(REASONS) == set(Reason) - {Reason.NONE}
    assert set(OUTCOMES) == set(Outcome)
    assert set(IDENTITY) == set(IdentityReason)
    assert set(KEEPERS) == set(HouseRefusal)
    assert not PAGES.keys() & LOG_IN_PAGES.keys()
    assert not {reason.value for reason in Reason} & LOG_IN_PAGES.keys()
    for wording in (
        *REASONS.values(),
        *OUTCOMES.values(),
        *PAGES.values(),
        *LOG_IN_PAGES.values(),
        *PASSKEY_WORDS.values(),
        *CODEC_WORDS.values(),
        *PROBLEMS.values(),
        *OF_LOG.values(),
        *OF_ORDERS.values(),
        *KEEPERS.values(),
        *OF_ACCESS.values(),
        *OF_EMERGENCIES.values(),
        *OF_GRANTS.values(),
    ):
        assert wording.says.endswith(".")
        assert wording.mend.endswith((".", "`"))


def test_the_documentation_says_the_same() -> None:
    """docs/errors.md names each of them with the same sentences."""
    text = ERRORS.read_text()
    wanted = {
        **{outcome.value: words for outcome, words in OUTCOMES.items()},
        **{reason.value: words for reason, words in REASONS.items()},
        **PAGES,
        **PROBLEMS,
        **OF_LOG,
        **OF_ORDERS,
        **OF_ACCESS,
        **OF_EMERGENCIES,
        **OF_GRANTS,
        **LOG_IN_PAGES,
        **PASSKEY_WORDS,
        **CODEC_WORDS,
        **{refusal.value: words for refusal, words in KEEPERS.items()},
    }

    missing = [
        name
        for name, words in wanted.items()
        if f"| `{name}` | {words.says} | {words.mend} |" not in text
    ]
    assert missing == []
