"""Why a runbook is not fit to look at a matter again, or to say what holds in the meantime."""

from runbooks.rules.refusals import Rule

REVIEWS: dict[str, Rule] = {
    "RB130": Rule(
        "`independent-of` names questions that say who decided before.",
        "From any other answer nobody can be known, and the stage would wait for ever.",
        "Name a question with `answer: case` or `answer: people`.",
    ),
    "RB131": Rule(
        "Who decided before is asked before a stage that keeps them out.",
        "Until it is known nobody is asked, and time passes that nobody has.",
        "Let a stage on every way there have the question under `needs`.",
    ),
    "RB132": Rule(
        "Somebody is left when whoever decided before is kept out.",
        "An appeal that only the first reviewer could hear is heard by nobody.",
        "Give the role to one more person, or ask another role.",
    ),
    "RB133": Rule(
        "What cannot always be taken is taken by people, and is not the only way.",
        "Silence asks neither the law nor the severity, and a case without a way stands still.",
        "Let `not-before` name a window or a min-hold, leave an outcome for every severity under "
        "`only-at`, and lead silence or lateness elsewhere.",
    ),
    "RB134": Rule(
        "An interim rule is described, and issued by those who may for as long as they may.",
        "A rule that nobody answers for, or that nobody ends, becomes policy by forgetting.",
        "Issue it at an approval of policy-executive (30 days at most), or of incident-manager and "
        "policy (72 hours at most); describe it under `interim-rules`.",
    ),
}
