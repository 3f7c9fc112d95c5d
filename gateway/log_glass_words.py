"""What people read when an order to go on without the transparency log is refused."""

from gateway.wording import Wording

PROBLEMS: dict[str, Wording] = {
    "log-glass-role": Wording(
        "Going on without the transparency log is for incident managers, duty managers and "
        "executives.",
        "Ask one of them; `escalate log show` says what stops the log.",
    ),
    "log-glass-unknown": Wording(
        "There is no such order.", "`escalate log break-glass list` shows them."
    ),
    "log-glass-not-waiting": Wording(
        "This order does not wait for a second person: it was confirmed, ended, or is too old.",
        "`escalate log break-glass list` says where it stands; order it anew if it is too old.",
    ),
    "log-glass-same-human": Wording(
        "A second person confirms it, never a second account of the first.",
        "Ask a colleague who may do this.",
    ),
    "log-glass-open": Wording(
        "Two people have ordered it already, and it is open.",
        "Nothing is needed: what waits goes on. `escalate log break-glass end` closes it.",
    ),
    "log-glass-id-taken": Wording(
        "This order's id was used before, by somebody else.", "Order it anew."
    ),
    "log-glass-over": Wording("It is over, or was never open.", "Nothing is needed."),
    "log-glass-own-review": Wording(
        "Whoever ordered or confirmed it does not review it.",
        "Ask another incident manager, duty manager or executive.",
    ),
    "log-glass-not-reviewable": Wording(
        "It was not used yet, is still open, or was reviewed before.",
        "`escalate log break-glass list` says where it stands.",
    ),
}
"""By the name `docs/errors.md` gives them."""
