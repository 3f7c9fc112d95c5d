"""The acts of a person: what can be done to a case, one typed body a verb (design §9).

A body says *what* is done; who, when, with which proof and against which round stands in the
signed act around it (`cases.envelope`).
"""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from cases.acts_at_gates import BreakGlass, Condition, Revoke
from cases.acts_between_cases import Attach, LinkTo, Merge, Move, Split, Unmerge
from cases.acts_on_many import Observe, RollBack
from cases.acts_on_tasks import Finish, HandOn, SetTask
from cases.acts_on_work import Accept, HandOver
from cases.comments import Comment
from cases.values import Grown, Inbound, Instant, Line, Name, Prose
from runbooks.plan import CallBackResult, Pathway, Severity

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Verdict(StrEnum):
    """What an approver can answer at a gate."""

    APPROVE = "approve"
    REJECT = "reject"
    MORE_INFORMATION = "more-information"
    ABSTAIN = "abstain"
    """No side is taken: the person counts for neither, and others of the role are asked."""
    CONDITIONS = "approve-with-conditions"
    """An approval; what it is given on becomes tasks once the gate has approved."""

    @property
    def approves(self) -> bool:
        """Whether it counts as an approval."""
        return self in (Verdict.APPROVE, Verdict.CONDITIONS)


class Resolution(StrEnum):
    """How a person settles an effect that the system did not finish."""

    DONE = "done"
    RETRY = "retry"
    SKIP = "skip"
    CLEAR = "clear"
    """What was held back may happen now."""


class Answer(Inbound):
    """Intake questions are answered."""

    verb: Literal["answer"] = "answer"
    answers: dict[Name, Line]


class Complete(Inbound):
    """A stage of work ends with one of its outcomes."""

    verb: Literal["complete"] = "complete"
    stage: Name
    outcome: Name
    note: Prose = ""


class Reply(Inbound):
    """A request for information is answered."""

    verb: Literal["reply"] = "reply"
    request: str
    text: Prose


class Memo(Inbound):
    """Fields of a gate's memo are written."""

    verb: Literal["memo"] = "memo"
    gate: Name
    fields: dict[Name, Prose]


class Evidence(Inbound):
    """An item of evidence is added: a reference and its SHA-256, never the item itself (I13)."""

    verb: Literal["evidence"] = "evidence"
    label: Name
    reference: Line
    digest: Digest


class CallBack(Inbound):
    """Somebody was called back at a number we found ourselves, and this came of it."""

    verb: Literal["call-back"] = "call-back"
    agency: Line
    """Whom the caller asked for."""
    number: Line
    source: Line
    """Where the number was found: never in the request itself."""
    called_at: Instant
    result: CallBackResult
    note: Prose = ""


class Receipt(Inbound):
    """An effect is settled by hand: done with a reference, tried again, or skipped."""

    verb: Literal["receipt"] = "receipt"
    effect: str
    """The effect's key in this case."""
    resolution: Resolution
    reference: Line = ""
    reason: Prose = ""


class Decide(Grown):
    """A verdict at a gate."""

    since_grown: ClassVar[frozenset[str]] = frozenset({"conditions"})

    verb: Literal["decide"] = "decide"
    gate: Name
    verdict: Verdict
    reason: Prose = ""
    conditions: Annotated[tuple[Condition, ...], Field(max_length=20)] = ()
    """What an approval with conditions is given on; empty for every other verdict."""


class Dissent(Inbound):
    """A reviewer objects to a decision; where the gate names one, a higher role must decide."""

    verb: Literal["dissent"] = "dissent"
    gate: Name
    reason: Prose


class Withdraw(Inbound):
    """One's own vote is taken back while the gate is still open."""

    verb: Literal["withdraw"] = "withdraw"
    gate: Name
    reason: Prose = ""


class Acknowledge(Inbound):
    """'I have it' stops reminders to this role for a lease; "conflicted" takes the person out."""

    verb: Literal["acknowledge"] = "acknowledge"
    stage: Name
    conflicted: bool = False
    reason: Prose = ""


class Claim(Inbound):
    """A person takes a role's work on this case out of the queue, for a lease; or gives it back."""

    verb: Literal["claim"] = "claim"
    release: bool = False


class Assign(Inbound):
    """A role's work on this case is given to a person."""

    verb: Literal["assign"] = "assign"
    role: Name
    person: Name
    reason: Prose = ""


class Hold(Inbound):
    """Work stops until a review date; statutory clocks go on (I12)."""

    verb: Literal["hold"] = "hold"
    reason: Prose
    review_at: Instant


class Resume(Inbound):
    """A hold ends."""

    verb: Literal["resume"] = "resume"
    reason: Prose = ""


class ChangeSeverity(Grown):
    """The severity is set by a person; the computed one stays on record.

    With `until` it is theirs to that instant, and then the table's again.
    """

    since_grown: ClassVar[frozenset[str]] = frozenset({"until"})

    verb: Literal["severity"] = "severity"
    severity: Severity
    reason: Prose
    until: Instant | None = None


class Raise(Inbound):
    """A role is paged now, whatever the clocks say."""

    verb: Literal["raise"] = "raise"
    to: Name
    reason: Prose


class Migrate(Inbound):
    """The case goes on under another version of its runbook: one person asks, a second does it."""

    verb: Literal["migrate"] = "migrate"
    version: Line
    reason: Prose = ""
    pathway: Pathway | None = None
    """The version's rules, compiled: the door puts them in, out of the release, before it signs."""


class Close(Inbound):
    """The case closes with a disposition."""

    verb: Literal["close"] = "close"
    disposition: Name
    record: Prose
    """The decision record: facts, rule, decision, in the closer's words."""
    lessons: Prose = ""
    linked_case: str = ""


class SubCase(Inbound):
    """A case that is cancelled along with the one it is part of, at whatever distance."""

    number: Line
    case: str


class Cancel(Grown):
    """The case ends without its runbook: opened by mistake, or a test.

    It cannot be cancelled before its sub-cases, unless they go on without it or are cancelled too.
    """

    since_grown: ClassVar[frozenset[str]] = frozenset({"with_sub_cases", "sub_cases"})

    verb: Literal["cancel"] = "cancel"
    reason: Prose
    leave_sub_cases: bool = False
    """Its sub-cases go on as cases of their own."""
    with_sub_cases: bool = False
    """Its open sub-cases, and theirs, are cancelled first."""
    sub_cases: tuple[SubCase, ...] = ()
    """These are they, the deepest first, put in by the door: each takes the act by its own name."""


class Reopen(Inbound):
    """A case that has ended goes on, in a stage it can return to."""

    verb: Literal["reopen"] = "reopen"
    reason: Prose
    to: Name | None = None
    """The stage; None leaves it to the runbook."""
    head: Digest | None = None
    """The hash of the journal's last entry, put in by the door: no other ending is reopened."""


class Settle(Inbound):
    """One turn of an obligation is settled by one of its answers."""

    verb: Literal["settle"] = "settle"
    obligation: Name
    turn: Annotated[int, Field(ge=1)]
    """The turn that was shown: an answer to an earlier question counts for no later one."""
    answer: Name
    reference: Line = ""
    """A receipt: where it can be seen that it was done."""
    note: Prose = ""


class Extend(Inbound):
    """What a turn of an obligation asks is due later, with a reason, within its maximum."""

    verb: Literal["extend"] = "extend"
    obligation: Name
    turn: Annotated[int, Field(ge=1)]
    until: Instant
    reason: Prose


ActBody = Annotated[
    Answer
    | Complete
    | Reply
    | Memo
    | Evidence
    | CallBack
    | Receipt
    | Observe
    | RollBack
    | Decide
    | Dissent
    | Withdraw
    | Revoke
    | BreakGlass
    | Comment
    | SetTask
    | HandOn
    | Finish
    | Acknowledge
    | Claim
    | Assign
    | HandOver
    | Accept
    | Hold
    | Resume
    | ChangeSeverity
    | Raise
    | Move
    | Migrate
    | Attach
    | Split
    | Close
    | Cancel
    | Reopen
    | LinkTo
    | Merge
    | Unmerge
    | Settle
    | Extend,
    Field(discriminator="verb"),
]

VERBS: tuple[str, ...] = (
    "answer",
    "complete",
    "reply",
    "memo",
    "evidence",
    "call-back",
    "receipt",
    "observe",
    "roll-back",
    "decide",
    "dissent",
    "withdraw",
    "revoke",
    "break-glass",
    "comment",
    "task",
    "hand-on",
    "finish",
    "acknowledge",
    "claim",
    "assign",
    "hand-over",
    "accept",
    "hold",
    "resume",
    "severity",
    "raise",
    "move",
    "migrate",
    "attach",
    "split",
    "close",
    "cancel",
    "reopen",
    "link",
    "merge",
    "unmerge",
    "settle",
    "extend",
)

BOUND_VERBS = frozenset({"decide", "dissent", "withdraw", "revoke", "break-glass"})
"""Verbs that must name the round they were shown (I5)."""

DECIDED_VERBS = frozenset({"dissent", "revoke"})
"""Verbs that may be about a round that has been decided."""

DELEGABLE_VERBS = frozenset({"decide", "withdraw", "revoke"})
"""Verbs that a delegate may do in the name of whoever is away."""

ENDED_VERBS = frozenset({"reopen", "unmerge"})
"""Verbs for a case that has ended: each begins a new run of its workflow."""

OBLIGATION_VERBS = frozenset({"settle", "extend"})
"""Verbs that belong to an obligation of the case, not to the case itself."""
