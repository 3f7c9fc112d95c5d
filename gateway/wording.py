"""The sentences people read when something was not done, and what to do then.

`docs/errors.md` lists the same reasons with the same sentences; a test compares the two.
"""

from dataclasses import dataclass

from cases.receipts import ActReceipt, Outcome, Reason


@dataclass(frozen=True)
class Wording:
    """What happened, in one sentence, and what to do about it."""

    says: str
    mend: str


OUTCOMES: dict[Outcome, Wording] = {
    Outcome.ACCEPTED: Wording("Your act counts.", "Nothing more is needed from you."),
    Outcome.DUPLICATE: Wording(
        "You had already sent exactly this; it counts once.",
        "Nothing more is needed from you.",
    ),
    Outcome.SUPERSEDED: Wording(
        "The question you answered was replaced by a newer one.",
        "Open the case, read what changed, and answer the newer question.",
    ),
    Outcome.TOO_LATE: Wording(
        "Your act was signed after the deadline, or after the case had closed.",
        "Open the case to see what happened. Call the incident manager if that must change.",
    ),
    Outcome.NOT_YOURS: Wording(
        "This act is not yours to take.",
        "Ask the incident manager who can take it, or to assign it to you.",
    ),
    Outcome.ALREADY_DECIDED: Wording(
        "The question had already been decided.",
        "Open the case to see the decision. Where the runbook allows it you can dissent.",
    ),
    Outcome.REFUSED: Wording("Your act was refused.", "Read the reason beside it."),
}

REASONS: dict[Reason, Wording] = {
    Reason.UNSIGNED: Wording(
        "The act carried no signature of a door.",
        "Act through the web pages, a link, or `escalate login`; a raw message never counts.",
    ),
    Reason.BAD_SIGNATURE: Wording(
        "The signature does not belong to these words.",
        "Act again through a door. If it happens again, tell the engineers: something alters acts.",
    ),
    Reason.UNKNOWN_KEY: Wording(
        "The act was signed with a key this case does not trust.",
        "Act through this installation's own door.",
    ),
    Reason.EXPIRED_KEY: Wording(
        "The door's key was not valid at the moment of signing.",
        "Act again; if it happens again, an engineer restarts the gateway to renew its key.",
    ),
    Reason.REVOKED_KEY: Wording(
        "The door's key has been revoked.",
        "Act again through a door with a valid key.",
    ),
    Reason.STALE_DIRECTORY: Wording(
        "What the directory said of you was older than a minute when you signed.",
        "Act again.",
    ),
    Reason.STALE_ROLES: Wording(
        "What your provider said of your roles is older than a log-in may be.",
        "Log in again, then act.",
    ),
    Reason.OTHER_CASE: Wording(
        "The act was signed for another case.", "Open the right case and act there."
    ),
    Reason.MALFORMED: Wording(
        "The act could not be read.", "Act again through the web pages or `escalate case`."
    ),
    Reason.UNKNOWN_DOOR: Wording(
        "The act came through a door this case does not know.", "Act through the web pages."
    ),
    Reason.PLAINTEXT: Wording(
        "The act arrived unencrypted.", "Act through a door; it encrypts what it sends."
    ),
    Reason.ROLE: Wording(
        "You do not hold a role that may do this.",
        "Ask the incident manager who does, or to have the directory put right.",
    ),
    Reason.NO_ACCESS: Wording(
        "No policy allows you this here.",
        "Ask an incident manager: `escalate access explain` says which policy would.",
    ),
    Reason.NO_CLEARANCE: Wording(
        "The case is of a restricted class, and you are not cleared for it.",
        "Ask whoever keeps the directory for the clearance, or leave it to somebody who has it; to "
        "read one case for a time, `escalate access ask`.",
    ),
    Reason.CONFLICTED: Wording(
        "You declared a conflict on this case.",
        "Somebody else of your role must act; the incident manager sees who is left.",
    ),
    Reason.SAME_PERSON: Wording(
        "You decided an earlier step, and this one needs somebody else.",
        "Another person of the role must act.",
    ),
    Reason.NOT_INDEPENDENT: Wording(
        "You decided or led the matter that is looked at again here.",
        "Somebody who had no part in it must act.",
    ),
    Reason.ORIGINAL_UNKNOWN: Wording(
        "It is not known yet who decided the matter before.",
        "Answer the questions named beside this: the earlier case, or who decided.",
    ),
    Reason.ASSURANCE: Wording(
        "This gate needs a fresh second factor.",
        "Prove your second factor and answer again.",
    ),
    Reason.NO_SUCH_STAGE: Wording(
        "The runbook has no such stage.", "Open the case and use the form shown there."
    ),
    Reason.NOT_THE_STAGE: Wording(
        "The case is at another stage.", "Open the case to see where it is now."
    ),
    Reason.NO_SUCH_OUTCOME: Wording(
        "The stage has no such outcome.", "Choose one of the outcomes shown."
    ),
    Reason.UNANSWERED: Wording(
        "The stage cannot be completed before its questions are answered.",
        "Answer the questions named beside this, then complete the stage.",
    ),
    Reason.OTHER_SEVERITY: Wording(
        "The outcome cannot be taken at the severity the case has.",
        "Take another outcome; where the severity is wrong, have it set right with a reason.",
    ),
    Reason.NO_SUCH_QUESTION: Wording(
        "The runbook asks no such question.", "Answer the questions shown on the case page."
    ),
    Reason.NOT_ASKED: Wording(
        "The question is not asked in this case.",
        "The playbook says when it is; answer what it depends on first, or together with it.",
    ),
    Reason.BAD_ANSWER: Wording(
        "The answer is not of the kind the question takes.", "Choose one of the answers shown."
    ),
    Reason.NO_ROUND: Wording(
        "Nobody is being asked at this gate.", "Open the case to see what it waits for."
    ),
    Reason.OLD_ROUND: Wording(
        "The facts have changed since the page you answered was shown.",
        "Open the case, read what changed, and answer the newer question.",
    ),
    Reason.WRONG_NONCE: Wording(
        "What you answered is not what this round shows.", "Open the case and answer again."
    ),
    Reason.AFTER_DEADLINE: Wording(
        "It was signed after the round's deadline.",
        "Open the case to see what silence did. Call the incident manager if that must change.",
    ),
    Reason.DECIDED: Wording("The round had been decided.", "Open the case to see the decision."),
    Reason.REASON_REQUIRED: Wording(
        "This needs a reason in your own words.", "Answer again and say why."
    ),
    Reason.MEMO_INCOMPLETE: Wording(
        "The memo is not complete.", "Write the memo fields named beside this."
    ),
    Reason.NO_VOTE: Wording(
        "You have no vote here to take back.", "Open the case to see the votes."
    ),
    Reason.NO_DISSENT: Wording(
        "This gate takes no dissent, or not from your role.",
        "Tell the incident manager what you object to.",
    ),
    Reason.NOT_CARRIED: Wording(
        "The decision does not rest on a verdict of yours.",
        "While the gate is open take your verdict back; where the runbook allows it, dissent.",
    ),
    Reason.NO_CONDITIONS: Wording(
        "The conditions do not fit the verdict, or cannot be met.",
        "Name each condition with a role of the runbook and an instant that lies ahead, and answer "
        "“with conditions”.",
    ),
    Reason.NO_BREAK_GLASS: Wording(
        "Nobody can break the glass here.",
        "The runbook says who must decide; page them, or the incident manager.",
    ),
    Reason.NOT_SIGNED_BY_PERSON: Wording(
        "This gate counts only what you sign with your own key, and nothing here was.",
        "Sign it with a passkey of yours: `escalate passkey list` shows which you have.",
    ),
    Reason.PERSONAL_SIGNATURE: Wording(
        "Your own signature does not hold for this act.",
        "Open the case anew and sign again, on this site, with your finger or PIN.",
    ),
    Reason.PERSONAL_KEY: Wording(
        "The key you signed with is not one of yours that a second person has confirmed.",
        "Enrol it, and have an incident manager confirm it: `escalate passkey list`.",
    ),
    Reason.SYNCED_KEY: Wording(
        "This gate takes only keys that cannot leave their device.",
        "Sign with a security key; passkeys that are synced between devices do not count here.",
    ),
    Reason.UNLISTED_KEY: Wording(
        "This gate takes only security keys of models that your organisation lists.",
        "Sign with one of those, enrolled with its maker's word; `escalate passkey list` shows it.",
    ),
    Reason.OLD_COUNTER: Wording(
        "Your key has signed before what comes now: there may be a copy of it.",
        "Have the key revoked, and tell the incident manager; they have been told as well.",
    ),
    Reason.NO_DELEGATION: Wording(
        "Nobody who is away has named you for this at this moment.",
        "Ask them to set it with `escalate away set`, or act in your own role.",
    ),
    Reason.NOT_DELEGABLE: Wording(
        "This is done by the person themselves, never by a delegate.",
        "Act in your own role; whoever is away can act from wherever they are.",
    ),
    Reason.NO_READERS: Wording(
        "What is privileged must say for whom it is.", "Name the roles that may read it."
    ),
    Reason.NO_SUCH_TASK: Wording(
        "The case has no such task.", "Open the case and use the form beside the task."
    ),
    Reason.NO_SUCH_PERSON: Wording(
        "The directory knows nobody by that id.", "Name somebody by their id, or name a role."
    ),
    Reason.DUE_PASSED: Wording(
        "The instant it would be due has passed.", "Name an instant that lies ahead."
    ),
    Reason.NO_SUCH_EFFECT: Wording(
        "The case has no such action.", "Open the case and use the form beside the action."
    ),
    Reason.SETTLED: Wording("The action had already been settled.", "Open the case to see how."),
    Reason.NO_SUCH_REQUEST: Wording(
        "Nobody asked this, or it has been answered.", "Open the case to see the open questions."
    ),
    Reason.ON_HOLD: Wording(
        "The case is on hold.", "The incident manager can resume it; the review date is shown."
    ),
    Reason.NOT_ON_HOLD: Wording("The case is not on hold.", "Nothing needs to be resumed."),
    Reason.REVIEW_DATE: Wording(
        "A hold needs a review date that lies ahead and not too far.",
        "Choose an earlier date, after now.",
    ),
    Reason.SEVERITY_UNTIL: Wording(
        "A severity cannot have ended already.",
        "Choose an instant that lies ahead, or leave it out: then it stays until it is changed.",
    ),
    Reason.CLAIMED: Wording(
        "Somebody else has this work.",
        "Take other work, or ask the incident manager to assign it to you.",
    ),
    Reason.NO_SUCH_DISPOSITION: Wording(
        "The runbook has no such disposition.", "Choose one of the dispositions shown."
    ),
    Reason.UNMET: Wording(
        "The disposition requires things that are not on record.",
        "Record what is named beside this, or choose another disposition.",
    ),
    Reason.NOT_CALLED_BACK: Wording(
        "The recorded call-back does not say what this needs.",
        "Call the agency at a number you found yourself, record what came of it, then act again.",
    ),
    Reason.NOT_CLEARED: Wording(
        "This action is held back until it is cleared.",
        "The role named beside this clears it; it can also be skipped with a reason.",
    ),
    Reason.DRAFT_INCOMPLETE: Wording(
        "The report is not complete.",
        "Answer or write what is named beside this; the report can also be given up with a reason.",
    ),
    Reason.NOT_APPROVED: Wording(
        "This concerns so many that two roles must approve it first.",
        "Lead the case to the gate named beside this, or correct the number.",
    ),
    Reason.NOT_SO: Wording(
        "The answers do not allow this outcome.",
        "Take another outcome, or correct the answer named beside this.",
    ),
    Reason.NOT_AHEAD: Wording(
        "The instant it is set for has passed.",
        "Answer the question with an instant that lies ahead, then act again.",
    ),
    Reason.GAGGED: Wording(
        "A non-disclosure order forbids this while it stands.",
        "Answer the question about the order once it has been lifted; what it held up is then due.",
    ),
    Reason.NOT_CLOSING: Wording(
        "The case is not at its closure.", "Finish the stage it is at first."
    ),
    Reason.CLOSED: Wording(
        "The case has closed.", "Open a new case, or ask for this one to be reopened."
    ),
    Reason.NOT_CLOSED: Wording(
        "The case has not ended, or has been reopened since.",
        "Open the case to see where it is; nothing needs to be reopened.",
    ),
    Reason.REOPENED_TOO_LATE: Wording(
        "The case ended too long ago to be reopened.",
        "Open a new case and link it to this one.",
    ),
    Reason.REOPENED_TOO_OFTEN: Wording(
        "The case has been reopened as often as its runbook allows.",
        "Open a new case and link it to this one.",
    ),
    Reason.SUB_CASES_OPEN: Wording(
        "A sub-case of it has not ended.",
        "End those first that you can see; a case can also be cancelled with them, or leave them.",
    ),
    Reason.NO_SUCH_CASE: Wording(
        "There is no such case for you.",
        "Check the number; a case that you may not see cannot be named here.",
    ),
    Reason.LAW_CLOCK: Wording(
        "The other case has a deadline of the law that this one does not keep, or keeps later.",
        "Meet the deadline named beside this there first, or merge the other way round.",
    ),
    Reason.WIDER_CIRCLE: Wording(
        "The other case is known to fewer people than this one.",
        "Link the two instead, or merge this case into that one.",
    ),
    Reason.NOT_MERGED: Wording(
        "The case is no part of another one.",
        "Open the case to see how it ended.",
    ),
    Reason.GOES_ON_ELSEWHERE: Wording(
        "The case goes on as another one.",
        "Open the case named beside this and act there.",
    ),
    Reason.NO_SUCH_VERSION: Wording(
        "No live release of the runbook has that version.",
        "`escalate runbook list` shows which versions are live.",
    ),
    Reason.DOES_NOT_FIT: Wording(
        "The case cannot go on under that version.",
        "Finish what is named beside this first, or give the version what it lacks.",
    ),
    Reason.UNCHANGED: Wording("That is how it already was.", "Nothing more is needed from you."),
    Reason.NO_SUCH_OBLIGATION: Wording(
        "The case owes nothing of that name.",
        "Open the case and use the form beside what it owes.",
    ),
    Reason.OLD_TURN: Wording(
        "You answered an earlier turn; another one is asked now.",
        "Open the case and answer what it asks now.",
    ),
    Reason.NOT_DUE: Wording(
        "That answer can be given only when it is due.",
        "Wait until the instant named beside this, or give another answer.",
    ),
    Reason.TOO_FAR: Wording(
        "It cannot be extended that far.",
        "Choose an instant up to the one named beside this, or settle it.",
    ),
    Reason.NO_RENEWAL: Wording(
        "It has been renewed as often as the runbook allows.",
        "Release it, or ask Legal for a new basis.",
    ),
    Reason.UNDER_LEGAL_HOLD: Wording(
        "A legal hold forbids that anything of this case is released or deleted.",
        "See `escalate legal-hold list`; it ends when two people lift it.",
    ),
    Reason.ERASED: Wording(
        "The content of this case was erased; nothing can be done with it any more.",
        "See `escalate case erasure` for what is left of it; a new report opens a new case.",
    ),
}

NO_REASON = Wording("No reason was given.", "Open the case to see where it stands.")
RECORDED = "It counts from that moment; it will be applied when the system is back."

LOG_BEHIND = (
    "It counts from that moment. It takes effect once the transparency log has it, by itself; the "
    "log cannot be written now, and who runs the house has been told."
)
LOG_MEND = "escalate log show says what stops it; two people may go on: escalate log break-glass"


def recorded(*, waits_for_log: bool) -> str:
    """What a person hears whose act has not been answered yet."""
    return LOG_BEHIND if waits_for_log else RECORDED


LINK_UNKNOWN = Wording(
    "This link leads nowhere.",
    "Open the inbox: what waits on you is listed there.",
)
LINK_NOT_YOURS = Wording(
    "This link was made for somebody else.",
    "Open your own inbox. A forwarded link shows nothing and decides nothing.",
)
LINK_EXPIRED = Wording(
    "This link has expired.", "Open the inbox: if the question is still open it is listed there."
)
LINK_SUPERSEDED = Wording(
    "This link belongs to an earlier question; the facts have changed since.",
    "Open the inbox for the newer question.",
)
LINK_DECIDED = Wording(
    "The question behind this link has been decided.", "Open the case to see the decision."
)
PAGE_OUTDATED = Wording(
    "The page you answered from was too old to be trusted.",
    "Open the page again and answer once more. Nothing was done.",
)
FOREIGN_ORIGIN = Wording(
    "This request did not come from our own pages.",
    "Open the page here and use its buttons. Nothing was done.",
)
NOT_FOUND = Wording(
    "There is nothing here for you.",
    "A case that you need for a time can be asked for: `escalate access ask`, or its page. "
    "Else ask the incident manager on duty to assign it to you.",
)
STORE_DOWN = Wording(
    "The records cannot be reached, so nothing was recorded and nothing was done.",
    "Try again in a minute. If it is urgent, call the incident manager.",
)
WRONG_LOGIN = Wording(
    "Name, password or code is wrong.", "Try again; a code works once, for half a minute."
)
TOO_MANY_LOGINS = Wording("Too many failed log-ins.", "Wait a minute, then try again.")
BAD_FORM = Wording("A field is missing or too long.", "Go back, correct it, and send it again.")
TOO_LARGE = Wording("What was sent is too large.", "Send less, or attach a reference instead.")
SLACK_STRANGER = Wording(
    "Nobody in the directory has your Slack account.",
    "Ask whoever keeps the directory to add your Slack id, or act on the case's page.",
)
SLACK_OUTSIDER = Wording(
    "Guests, programs and members of other workspaces cannot act here.",
    "Act on the case's page, after logging in.",
)
SLACK_UNCHECKED = Wording(
    "Slack did not answer in time, so nothing was done.",
    "Press the button again, or act on the case's page.",
)
SLACK_CARD_UNKNOWN = Wording(
    "This message asks nothing that is known here.",
    "Open the inbox: what waits on you is listed there.",
)
SLACK_NOT_HERE = Wording(
    "This gate cannot be decided from a chat.",
    "Open the case from the message: there you read what it rests on and prove who you are.",
)

PAGES: dict[str, Wording] = {
    "link-unknown": LINK_UNKNOWN,
    "link-not-yours": LINK_NOT_YOURS,
    "link-expired": LINK_EXPIRED,
    "link-superseded": LINK_SUPERSEDED,
    "link-decided": LINK_DECIDED,
    "page-outdated": PAGE_OUTDATED,
    "foreign-origin": FOREIGN_ORIGIN,
    "not-found": NOT_FOUND,
    "store-down": STORE_DOWN,
    "wrong-log-in": WRONG_LOGIN,
    "too-many-log-ins": TOO_MANY_LOGINS,
    "bad-form": BAD_FORM,
    "too-large": TOO_LARGE,
    "slack-stranger": SLACK_STRANGER,
    "slack-outsider": SLACK_OUTSIDER,
    "slack-unchecked": SLACK_UNCHECKED,
    "slack-card-unknown": SLACK_CARD_UNKNOWN,
    "slack-not-here": SLACK_NOT_HERE,
}
"""What a page can say instead of its content, by the name `docs/errors.md` gives it."""


def of_receipt(receipt: ActReceipt) -> Wording:
    """The sentence for an answer: its reason's where there is one, else its outcome's."""
    if receipt.reason is not Reason.NONE:
        return REASONS[receipt.reason]
    return OUTCOMES[receipt.outcome]
