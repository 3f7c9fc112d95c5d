"""What people read when the log-in provider's word was not enough.

What is wrong with a token says little to who wanted to log in, and something to who runs the
installation: the sentence is for the first, the name beside it for the second.
"""

from gateway.wording import Wording
from integrations.errors import IdentityReason as Reason

_AGAIN = "Log in again. If it happens again, tell whoever runs escalate the name beside this."
_ASK = "Ask whoever runs escalate; they find you under this name in the door's record."

PROVIDER_DOWN = Wording(
    "The log-in provider does not answer, so nobody can log in.",
    "Try again in a minute; who is logged in already goes on working.",
)
NO_PASSWORDS = Wording(
    "Passwords are not taken here: people log in at their provider.",
    "Use the log-in page's button, or `escalate login` without a name.",
)
PROVE_AT_PROVIDER = Wording(
    "Your second factor is proved at your provider.",
    "Run `escalate login --second-factor`, then act again.",
)
NO_PROVIDER = Wording(
    "No log-in provider is connected here.", "Log in with your name and password."
)
NO_SUCH_SESSION = Wording(
    "There is no such log-in, or it has ended.",
    "`escalate login --sessions` lists those that hold.",
)
CODE_UNKNOWN = Wording(
    "The code is wrong, too old, or was used before.", "Run `escalate login` again."
)

IDENTITY: dict[Reason, Wording] = {
    Reason.PROVIDER_REFUSED: Wording("The log-in provider did not log you in.", "Log in again."),
    Reason.PROVIDER_UNUSABLE: Wording(
        "The log-in provider is not connected as it should be.",
        "Whoever runs escalate finds out why with `escalate doctor --live`.",
    ),
    Reason.CODE_REFUSED: Wording(
        "The log-in took too long, or was finished twice.", "Log in again."
    ),
    Reason.NOT_A_TOKEN: Wording("The provider's answer cannot be read.", _AGAIN),
    Reason.WRONG_ALGORITHM: Wording(
        "The provider's answer is signed in a way not allowed.", _AGAIN
    ),
    Reason.UNKNOWN_KEY: Wording(
        "The provider's answer is signed with a key it has not published.",
        "Wait a minute and log in again: a new key may just have come.",
    ),
    Reason.WRONG_SIGNATURE: Wording("The answer was not signed by the provider.", _AGAIN),
    Reason.WRONG_ISSUER: Wording("The answer came from another provider.", _AGAIN),
    Reason.WRONG_AUDIENCE: Wording("The answer was made for another application.", _AGAIN),
    Reason.WRONG_NONCE: Wording("The answer belongs to another log-in.", _AGAIN),
    Reason.EXPIRED: Wording("The provider's answer has expired.", _AGAIN),
    Reason.CLOCK_SKEW: Wording(
        "The provider's clock and ours differ too much.",
        "Whoever runs escalate sets the clocks right; `escalate doctor --live` shows by how much.",
    ),
    Reason.WRONG_SUBJECT: Wording("The provider described somebody else.", _AGAIN),
    Reason.NO_PROOF_TIME: Wording(
        "The provider does not say when you proved yourself.",
        "Whoever runs escalate has the provider send `auth_time`.",
    ),
    Reason.STALE_PROOF: Wording(
        "The provider did not ask you again, and your last proof is too old.",
        "Prove yourself again; log out at the provider first if it does not ask.",
    ),
    Reason.NO_SECOND_FACTOR: Wording(
        "You proved yourself with one factor only, and this needs two.",
        "Set up a second factor at the provider, then prove yourself again.",
    ),
    Reason.ANOTHER_PERSON: Wording(
        "Somebody else proved themselves there.",
        "Log out at the provider, then prove yourself again under your own account.",
    ),
    Reason.CLAIM_MISSING: Wording("The provider does not say who you are.", _ASK),
    Reason.PERSON_UNKNOWN: Wording("The directory does not know you.", _ASK),
    Reason.PERSON_TAKEN: Wording("Your name belongs to another account already.", _ASK),
    Reason.NO_ROLES: Wording("None of your groups gives you a role here.", _ASK),
    Reason.STATE_UNKNOWN: Wording("This log-in is not known, or took too long.", "Log in again."),
    Reason.STATE_USED: Wording("This log-in has been finished already.", "Open the inbox."),
    Reason.OTHER_BROWSER: Wording(
        "This log-in was begun in another browser.", "Log in again, and stay in one browser."
    ),
}
"""By the reason; `docs/errors.md` has the same."""

LOG_IN_PAGES: dict[str, Wording] = {
    "provider-down": PROVIDER_DOWN,
    "no-passwords": NO_PASSWORDS,
    "prove-at-provider": PROVE_AT_PROVIDER,
    "no-provider": NO_PROVIDER,
    "no-such-session": NO_SUCH_SESSION,
    "code-unknown": CODE_UNKNOWN,
    **{reason.value: wording for reason, wording in IDENTITY.items()},
}
"""By the name that `docs/errors.md` and the API give."""
