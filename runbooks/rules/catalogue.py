"""Every rule a runbook is held to: what it says, why it stands, and how to mend a runbook by it.

RB001-RB019 refuse a text before it is a runbook at all; the others are findings of `lint`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """One rule in the words of somebody who writes runbooks."""

    says: str
    why: str
    mend: str


RULES: dict[str, Rule] = {
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
    # ── what names lead to ────────────────────────────────────────────────────────────────────
    "RB020": Rule(
        "Every stage that is named exists.",
        "A case sent to a stage that does not exist is lost.",
        "Correct the name, or add the stage.",
    ),
    "RB021": Rule(
        "Every effect that is named exists.",
        "An action nobody described is an action nobody takes.",
        "Correct the name, or describe it under `effects`.",
    ),
    "RB022": Rule(
        "Every clock that is named exists.",
        "A clock that does not exist cannot be paused.",
        "Correct the name, or describe it under `clocks`.",
    ),
    "RB023": Rule(
        "Every question that is named exists.",
        "A question nobody asks is never answered.",
        "Correct the name, or ask it under `intake`.",
    ),
    "RB024": Rule(
        "Every role that is named is known.",
        "A page to a misspelt role reaches nobody.",
        "Correct the name, or describe the role under `roles`.",
    ),
    "RB025": Rule(
        "A severity table compares with answers its questions can have.",
        "A row that can never match is a severity that is never given.",
        "Use an answer the question takes.",
    ),
    # ── where a case can go ───────────────────────────────────────────────────────────────────
    "RB030": Rule(
        "Every stage can be reached.",
        "A review that no case comes to is a review that does not happen.",
        "Lead an outcome to it, or remove it.",
    ),
    "RB031": Rule(
        "From every stage a case can still close, or move to another runbook.",
        "A case that cannot close is a case that is lost.",
        "Give the stage an outcome that leads on.",
    ),
    "RB032": Rule(
        "Every outcome of a gate has a next step.",
        "An answer that leads nowhere leaves the case standing (I3).",
        "Add the outcome under `next`.",
    ),
    "RB033": Rule(
        "Every outcome under `next` of a gate can be given.",
        "A misspelt outcome is a branch nobody takes.",
        "Use approved, rejected, more-information, or an outcome that silence or lateness takes.",
    ),
    # ── gates ─────────────────────────────────────────────────────────────────────────────────
    "RB040": Rule(
        "A quorum is at least one person.",
        "A gate that nobody has to pass is not a gate.",
        "Say how many people of which role must agree.",
    ),
    "RB041": Rule(
        "A gate whose roles can disagree names who then decides.",
        "Two roles that block one another leave the case standing (I3).",
        "Add `split: {to: role, within: 60m}`.",
    ),
    "RB042": Rule(
        "not-the-same-person-as names an earlier stage.",
        "Who decides later is not known yet, so the rule would not hold.",
        "Name a stage that comes before this one, and put the rule at the later of the two.",
    ),
    "RB043": Rule(
        "The directory has enough people for every gate.",
        "A gate that nobody is left to pass never opens.",
        "Add people to the role, lower the quorum, or drop the exclusion.",
    ),
    "RB044": Rule(
        "A stand-in takes the place of a role the gate waits for.",
        "A stand-in for nobody adds a vote that nobody asked for.",
        "Let `instead-of` name a role under `approve`, and let somebody ratify.",
    ),
    "RB045": Rule(
        "The tie-breaker of a split has not voted at the gate.",
        "Who already voted does not decide the tie.",
        "Name a role that has no vote at this gate.",
    ),
    # ── silence and effects ───────────────────────────────────────────────────────────────────
    "RB050": Rule(
        "Disclosure never happens by time-out.",
        "User data leaves only when a person says so (I11).",
        "Let silence wait, or lead it to somebody who can approve.",
    ),
    "RB051": Rule(
        "Disclosure follows an approval at a gate.",
        "User data leaves only when a person with the role says so (I11).",
        "Put the effect after the `approved` of a gate.",
    ),
    "RB052": Rule(
        "What happens unattended is done by a machine.",
        "A manual task at a deadline waits for the very people who were silent.",
        "Bind the effect to a connector: `by: webhook:<connector>`.",
    ),
    "RB053": Rule(
        "What happens unattended is protective.",
        "Only what shields people and can be reviewed after may go on silence (I11).",
        "Mark the effect `protective: true` if it is, or let a person decide.",
    ),
    "RB054": Rule(
        "Every effect says how it is undone, or that it cannot be.",
        "Who reviews afterwards must know what is left to mend.",
        "Add `compensate` or `irreversible: true`.",
    ),
    # ── clocks ────────────────────────────────────────────────────────────────────────────────
    "RB060": Rule(
        "A statutory clock names its owner and its source.",
        "A deadline of law without article or owner can be neither checked nor kept.",
        "Add `owner` and `source`.",
    ),
    "RB061": Rule(
        "A clock is reviewed in time.",
        "Law changes; a number nobody looked at is a guess.",
        "Have the clock reviewed and set the next `review-by`.",
    ),
    "RB062": Rule(
        "A runbook is reviewed in time.",
        "Practice changes; a runbook nobody looked at is a habit.",
        "Have the runbook reviewed and set the next `review-by`.",
    ),
    "RB063": Rule(
        "Only a tolling clock is suspended.",
        "Statutory clocks do not pause unless the law tolls them (I12).",
        "Make the clock `kind: tolling` if the law says so, or do not suspend it.",
    ),
    "RB064": Rule(
        "Every deadline can be met.",
        "A clock that nothing stops always ends in a breach.",
        "Let `stops` name an effect that is performed, a stage that is left, or closed.",
    ),
    # ── people, endings, words ────────────────────────────────────────────────────────────────
    "RB070": Rule(
        "Lateness ends at somebody.",
        "A reminder to the person who is silent is silence.",
        "Add a step that pages a role, or that acts.",
    ),
    "RB071": Rule(
        "A case moves to a runbook of the library.",
        "Without it the case opens on the default pathway at the same severity.",
        "Add the runbook to the library, or correct the name.",
    ),
    "RB072": Rule(
        "Every disposition can be met.",
        "A case cannot close on a record that nothing makes.",
        "Require what some stage, effect or question of this runbook makes.",
    ),
    "RB073": Rule(
        "Free text stays in the case.",
        "What people report must not reach a ticket, a mail or a chat (I13).",
        "Refer to the case by its number instead.",
    ),
    "RB074": Rule(
        "Prose is quoted.",
        "Unquoted, a hash or a colon silently cuts a sentence.",
        "Put the sentence in double quotes.",
    ),
    # ── what guards a sensitive case ──────────────────────────────────────────────────────────
    "RB090": Rule(
        "Every disposition that is named exists.",
        "What is owed after an ending that cannot happen is never owed.",
        "Correct the name, or describe the disposition at the closure.",
    ),
    "RB091": Rule(
        "Who is paged in place of a role votes for a role the gate waits for.",
        "A backup for nobody adds a vote that nobody asked for.",
        "Let `instead-of` name a role under `approve` of the same gate.",
    ),
    "RB092": Rule(
        "Only people take an outcome that needs a call-back.",
        "Silence calls nobody back.",
        "Lead silence or lateness to another outcome.",
    ),
    "RB093": Rule(
        "Only the approval of a gate can wait for a call-back.",
        "A gate that can be neither rejected nor asked back leaves the case standing (I3).",
        "Put `call-back` at `approved`.",
    ),
    # ── routing ───────────────────────────────────────────────────────────────────────────────
    "RB080": Rule(
        "Routing leads to runbooks of the library.",
        "A report sent to a runbook that does not exist is lost.",
        "Correct the name, or add the runbook.",
    ),
    "RB081": Rule(
        "Routing fills questions with answers they take.",
        "A wrong prefilled answer decides the severity.",
        "Use a question of that runbook and an answer it takes.",
    ),
}
