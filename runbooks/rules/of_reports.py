"""The rules that reports to authorities are held to; `reports` looks for what breaks them."""

from runbooks.rules.refusals import Rule

REPORTS: dict[str, Rule] = {
    "RB140": Rule(
        "A report that a connector can hand in is approved at a gate.",
        "What has been filed cannot be unfiled; a person reads it first.",
        "Add `gate:` with a stage that has `ask`.",
    ),
    "RB141": Rule(
        "A report is ordered after its gate has approved the draft.",
        "Ordered before, it is held back until people have been asked again.",
        "Order it at the `approved` of its gate, or after.",
    ),
    "RB142": Rule(
        "What fills a report is a field of its form, from something the runbook asks.",
        "A misspelt field stays empty, and the form is refused when it is due.",
        "Name a field of the form, a question, a field of a memo, or an action.",
    ),
    "RB143": Rule(
        "Every field a form requires is filled from somewhere.",
        "A form that cannot be completed is found out at the deadline.",
        "Ask a question of that name, write it in the memo, or say under `fill` what fills it.",
    ),
    "RB144": Rule(
        "What fills a field is something the field takes.",
        "An answer the receiver does not know is refused when the report is due.",
        "Use a word of the form, or translate the answers: `{from: answer:…, as: {…}}`.",
    ),
}
