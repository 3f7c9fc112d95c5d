"""The rules of escalation policies and of updates, in the words of those who write."""

from runbooks.rules.refusals import Rule

ESCALATIONS: dict[str, Rule] = {
    # ── who is told until somebody has it ─────────────────────────────────────────────────────
    "RB150": Rule(
        "Every escalation policy that is named exists.",
        "A policy nobody has written tells nobody.",
        "Correct the name, or describe it under `escalations`.",
    ),
    "RB151": Rule(
        "No escalation policy can end at nobody.",
        "A person leaves, a rota has a gap: a policy of such steps alone tells nobody that night.",
        "Let a step page a role that somebody holds, or say `otherwise` with one.",
    ),
    "RB152": Rule(
        "An acknowledgement ends before the time it was given in.",
        "A lease longer than the clock keeps everybody quiet until it is too late.",
        "Shorten `lease`, or begin the policy earlier.",
    ),
    "RB153": Rule(
        "Whoever did not read a step is told again before the next step comes.",
        "The next step begins while the first people could still have been reached another way.",
        "Make `unread` shorter than the time to the next step.",
    ),
    "RB154": Rule(
        "An escalation policy has told everybody before the time is over.",
        "A policy that is longer than what is left reaches its last people after the deadline.",
        "Begin it earlier, shorten the waits, or repeat it less often.",
    ),
    "RB155": Rule(
        "As many people as must acknowledge a step can be told by it.",
        "An acknowledgement that can never be whole stops nothing: pages go on for ever.",
        "Lower `acknowledged-by`, or let a step page more people.",
    ),
    "RB156": Rule(
        "Every escalation policy is used.",
        "A policy that nothing begins looks like a promise and is none.",
        "Name it at a stage's `escalate`, in a `late` step, or remove it.",
    ),
    "RB157": Rule(
        "Where the law sets the clock, a policy waits for nobody's hours.",
        "The law's time runs at night and at the week-end.",
        "Leave `obeys` out, or let it be `delivery` beside a step that does not.",
    ),
    # ── who is told how it stands ─────────────────────────────────────────────────────────────
    "RB158": Rule(
        "An audience and whoever writes its updates are somebody.",
        "An update to an empty role is read by nobody, and one by an empty role is never written.",
        "Name roles that somebody holds.",
    ),
}
