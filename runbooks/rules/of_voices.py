"""The rules of independent voices and independent clocks, in the words of those who write."""

from runbooks.rules.refusals import Rule

VOICES: dict[str, Rule] = {
    # ── so many of several roles ──────────────────────────────────────────────────────────────
    "RB120": Rule(
        "Of several roles no more must agree than there are.",
        "A gate that can never be passed holds the case for ever.",
        "Lower the number, or name more roles.",
    ),
    "RB121": Rule(
        "A role is counted once.",
        "One vote that counts twice is a quorum of fewer people than it says.",
        "Name the role by itself, or among several, not both.",
    ),
    "RB122": Rule(
        "The same votes give the same answer, whoever comes first.",
        "Where some can approve and others reject, the quicker side decides.",
        "Let more of them be needed, so that both cannot be reached: 2 and 2 of three roles.",
    ),
    # ── clocks that begin by themselves ───────────────────────────────────────────────────────
    "RB123": Rule(
        "What the law can ask of a case has a clock.",
        "A duty that answers can bring about, and nothing waits for, is missed without a sound.",
        "Add a clock that uses the row, or say `out-of-scope` where it cannot apply to us.",
    ),
}
