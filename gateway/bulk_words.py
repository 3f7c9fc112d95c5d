"""What people read when an order over many cases is refused, or leaves a case out."""

from cases.receipts import Reason
from gateway.wording import REASONS, Wording

PROBLEMS: dict[str, Wording] = {
    "bulk-empty": Wording(
        "None of these cases would take it, so nothing was ordered.",
        "`escalate case bulk preview` says of each case why not.",
    ),
    "bulk-too-many": Wording(
        "These are more cases than one order may name.",
        "Choose fewer: by runbook, stage, severity, role or person.",
    ),
    "bulk-no-choice": Wording(
        "No case was named and nothing chosen by which to find some.",
        "Name cases by their numbers, or choose by runbook, stage, severity, role or person.",
    ),
    "bulk-unknown": Wording(
        "There is no such order of yours.", "`escalate case bulk list` shows them."
    ),
    "bulk-not-waiting": Wording(
        "This order does not wait for a second person: it was done, confirmed, or is a day old.",
        "`escalate case bulk show` says where it stands; order it anew if it is too old.",
    ),
    "bulk-same-human": Wording(
        "A second person confirms an order of this size, never a second account of the first.",
        "Ask a colleague who may do this in those cases.",
    ),
    "bulk-id-taken": Wording(
        "This order's id was used before, for something else.",
        "Open the page again and order anew.",
    ),
    "bulk-no-way-back": Wording(
        "What was done to this case cannot be undone by an act.",
        "Open the case: there it says what can be done now.",
    ),
    "bulk-changed-since": Wording(
        "Somebody changed it since, and that is theirs.",
        "Open the case, and change it by hand if it must be.",
    ),
    "bulk-not-done": Wording(
        "The order did not take effect in this case, so there is nothing to undo.",
        "Nothing is needed.",
    ),
}
"""By the name `docs/errors.md` gives them: of the order, or of one case in it."""


def why_left_out(name: str) -> str:
    """Why a case was left out, in one sentence."""
    if name in PROBLEMS:
        return PROBLEMS[name].says
    return REASONS[Reason(name)].says
