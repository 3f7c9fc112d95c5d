"""Why a text is refused before it is a runbook at all, in the words of those who write it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """One rule in the words of somebody who writes runbooks."""

    says: str
    why: str
    mend: str


REFUSALS: dict[str, Rule] = {
    # ── the text ──────────────────────────────────────────────────────────────────────────────
    "RB001": Rule(
        "A runbook is UTF-8 text.",
        "Other encodings are read differently on different machines.",
        "Save the file as UTF-8.",
    ),
    "RB002": Rule(
        "A runbook is short and shallow.",
        "Nobody reads a huge one aloud, and a reader must not be drowned.",
        "Split the runbook, or move prose to the knowledge base.",
    ),
    "RB003": Rule(
        "A runbook is plain YAML 1.2.",
        "What two parsers read differently, two people read differently.",
        "Correct the line; quote texts that hold a colon, a hash or a bracket.",
    ),
    "RB004": Rule(
        "Tabs are refused.",
        "YAML counts spaces; a tab looks like some.",
        "Replace the tab by spaces.",
    ),
    "RB005": Rule(
        "Anchors and aliases are refused.",
        "A reader must see what holds where it holds, and aliases make bombs.",
        "Write the value out where it is used.",
    ),
    "RB006": Rule(
        "Tags are refused.",
        "A tag can make a value something else than it looks like.",
        "Remove the tag; quote the value if it must be text.",
    ),
    "RB007": Rule(
        "A key stands once.",
        "Of two values one would win silently.",
        "Keep one of the two.",
    ),
    "RB008": Rule(
        "One file holds one runbook.",
        "The second document would be lost silently.",
        "Move the second document to its own file.",
    ),
    "RB009": Rule(
        "A runbook is a block of keys that are text.",
        "Only named things can be pointed at.",
        "Begin with `runbook: name`; quote a key that is a number or true or false.",
    ),
    # ── the grammar ───────────────────────────────────────────────────────────────────────────
    "RB010": Rule(
        "Every key is one the language knows.",
        "A misspelt key would be a rule that silently does not hold.",
        "Correct the key, or remove it.",
    ),
    "RB011": Rule(
        "Every key the language needs is there.",
        "A missing rule must not be guessed.",
        "Add the key.",
    ),
    "RB012": Rule(
        "Every value is of the kind its key takes.",
        "A value read as another kind means something else.",
        "Write the value as the expected kind; quote it if it is text.",
    ),
    "RB013": Rule(
        "A choice is one of the words the language knows.",
        "A misspelt word would be a rule that silently does not hold.",
        "Use one of the expected words.",
    ),
    "RB014": Rule(
        "Names, durations, versions and dates have one way to be written.",
        "What is written in one way is read in one way.",
        "Write it as expected.",
    ),
    "RB015": Rule(
        "A severity table answers every case.",
        "A case without a severity has no clock and no owner.",
        'End the table with `{otherwise: SEV3, because: "…"}`.',
    ),
    "RB016": Rule(
        "A macro holds text and `{{ field }}` of its context, nothing else.",
        "A template that computes can leak, loop or fail when the notice must go out.",
        "Use one of the fields the documentation lists.",
    ),
    "RB017": Rule(
        "Keys that exclude one another do not stand together, and those that need another have it.",
        "Of two contradicting rules one would win silently.",
        "Keep the one that is meant.",
    ),
    "RB018": Rule(
        "Two stages do not share a name.",
        "An outcome that leads to both leads nowhere certain.",
        "Rename one of the two.",
    ),
    "RB019": Rule(
        "A runbook has exactly one stage with dispositions: its closure.",
        "A case that can end anywhere ends without what its ending requires.",
        "Give one stage, and only one, `dispositions`.",
    ),
    "RB135": Rule(
        "A condition looks at other questions, and none that waits for its own.",
        "Two questions that wait for one another are never asked.",
        "Let one of them be asked always, or let it look at another question.",
    ),
    "RB138": Rule(
        "A suppression ends within thirty days.",
        "What is hidden for ever is a rule nobody decided.",
        "Set `until` to thirty days after `since` at most; somebody who looks may renew it.",
    ),
    "RB139": Rule(
        "A taxonomy that is named exists in that version, and every code is one of its own.",
        "A decision that cites a code nobody wrote cannot be compared with any other.",
        "Name a taxonomy that `escalate runbook taxonomies` lists, and codes it has.",
    ),
}
