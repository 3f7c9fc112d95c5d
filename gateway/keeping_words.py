"""What is said when an act about the record is refused, and what can be done about it."""

from cases.house_acts import HouseRefusal
from gateway.wording import NOT_FOUND, Wording

KEEPERS: dict[HouseRefusal, Wording] = {
    HouseRefusal.ROLE: Wording(
        "None of your roles may do this.",
        "Erasing and lifting a hold take data protection or Legal, and Security; a hold can be put "
        "by Legal, data protection or an incident manager.",
    ),
    HouseRefusal.ASSURANCE: Wording(
        "This needs a fresh second factor.", "Prove your second factor and try again."
    ),
    HouseRefusal.SAME_PERSON: Wording(
        "You signed first; a second person has to agree.", "Ask somebody of the other side."
    ),
    HouseRefusal.SAME_SIDE: Wording(
        "Both signatures would come from the same side.",
        "One signer is of data protection or Legal, the other of Security.",
    ),
    HouseRefusal.UNDER_HOLD: Wording(
        "A legal hold forbids it; the refusal is on record.",
        "`escalate legal-hold list` shows it. Two people can lift it; then ask anew.",
    ),
    HouseRefusal.NOT_ENDED: Wording(
        "The case has not ended.", "Close it first: nothing that runs is erased."
    ),
    HouseRefusal.STILL_OWED: Wording(
        "The case still owes what is named beside this.",
        "Settle it first; preserved data has to be released by its owner.",
    ),
    HouseRefusal.UNDELIVERED: Wording(
        "Acts or reports of the case are still on their way.",
        "`escalate deliveries list`; try again when they have arrived.",
    ),
    HouseRefusal.ERASED: Wording(
        "Its content was erased already.", "`escalate case erasure` shows what is left."
    ),
    HouseRefusal.UNDER_WAY: Wording(
        "An erasure of this case is under way already.",
        "Agree to that one, or withdraw it; `escalate case erasure` shows it.",
    ),
    HouseRefusal.NO_SUCH_ERASURE: Wording(
        "There is no such erasure.", "`escalate erasure list` shows them."
    ),
    HouseRefusal.NOT_TO_WITHDRAW: Wording(
        "The erasure is not in the state this needs; it is named beside this.",
        "`escalate erasure list` shows how it stands.",
    ),
    HouseRefusal.NO_SUCH_HOLD: Wording(
        "There is no such legal hold, or it names neither a case nor a subject.",
        "`escalate legal-hold list` shows them.",
    ),
    HouseRefusal.HOLD_LIFTED: Wording(
        "The hold has been lifted.", "Put a new one if it is needed again."
    ),
    HouseRefusal.LIFT_NOT_ASKED: Wording(
        "Nobody has asked for this hold to be lifted.", "Ask for it first; a second person agrees."
    ),
    HouseRefusal.REVIEW_DATE: Wording(
        "The review has to lie ahead.", "Name an instant in the future."
    ),
    HouseRefusal.NO_SUCH_EVIDENCE: Wording(
        "The case lists no such item of evidence, or more than one of that name.",
        "Name it by its label or by the beginning of its digest: `escalate case custody`.",
    ),
    HouseRefusal.NOT_THE_SAME: Wording(
        "The item is not what was acquired.", "Find out who had it: `escalate case custody`."
    ),
    HouseRefusal.DISPOSED: Wording(
        "The item was destroyed; nothing can be done with it.", "Acquire a new one, if there is."
    ),
    HouseRefusal.NOT_SEEN: NOT_FOUND,
    HouseRefusal.ACT_ID: Wording(
        "The act's id is not one, or belongs to something else.", "Send it with a new UUID."
    ),
}

STATUS = {
    HouseRefusal.ROLE: 403,
    HouseRefusal.ASSURANCE: 403,
    HouseRefusal.SAME_PERSON: 403,
    HouseRefusal.SAME_SIDE: 403,
    HouseRefusal.NO_SUCH_ERASURE: 404,
    HouseRefusal.NO_SUCH_HOLD: 404,
    HouseRefusal.NO_SUCH_EVIDENCE: 404,
    HouseRefusal.NOT_SEEN: 404,
    HouseRefusal.ACT_ID: 422,
    HouseRefusal.REVIEW_DATE: 422,
}
"""The HTTP status of each; what is not listed is a conflict, 409."""
