"""Every rule a runbook is held to: what it says, why it stands, and how to mend a runbook by it.

RB001-RB019, RB026, RB135, RB138 and RB139 refuse a text; the others are findings of `lint`.
"""

from runbooks.rules.of_escalations import ESCALATIONS
from runbooks.rules.of_reports import REPORTS
from runbooks.rules.of_voices import VOICES
from runbooks.rules.refusals import REFUSALS, Rule
from runbooks.rules.reviews import REVIEWS

__all__ = ["RULES", "Rule"]

RULES: dict[str, Rule] = {
    **REFUSALS,
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
        "A table, a condition or an outcome compares with answers its questions can have.",
        "What can never match is a severity never given, a question never asked, or an outcome "
        "never taken.",
        "Use an answer the question takes.",
    ),
    "RB026": Rule(
        "A row of the law that is named exists, in that version, and can run.",
        "A deadline of a row nobody has written would be a guess.",
        "Name a row that `escalate clocks list` shows, as EU-TCO3-1h@1.",
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
    "RB034": Rule(
        "No case goes round without a person.",
        "A case that time alone carries in a circle looks busy, and nobody has it.",
        "Let one of these outcomes lead to somebody, or let silence wait.",
    ),
    "RB035": Rule(
        "On whatever way a case comes to its closure, it can be closed.",
        "A case that no disposition fits can only be cancelled, against its runbook.",
        "Add a disposition for this way, or let an existing one require less.",
    ),
    "RB036": Rule(
        "Every step of lateness can come.",
        "A page after the stage has left by itself is a page nobody gets.",
        "Put the step before that moment, or let the stage wait.",
    ),
    "RB037": Rule(
        "A runbook can be explored to its end.",
        "What nobody can look at to its end nobody can vouch for.",
        "Split the runbook: `move-to` leads to another one.",
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
        "Let `stops` name an effect that is performed, a stage that is left, an outcome of one, or "
        "closed.",
    ),
    "RB065": Rule(
        "Help is called before the time is over.",
        "A page after the deadline reaches somebody who can only apologise.",
        "Page somebody at a share of the time, like 75%.",
    ),
    "RB066": Rule(
        "A row of the law that runs is law.",
        "A bill or a repealed rule sets no deadline, and people trust a clock that runs.",
        "Drop the clock, or name a row that is in force; `escalate clocks list` says which.",
    ),
    "RB067": Rule(
        "Targets add up: what stops a clock can be reached in the clock's time.",
        "People who all keep to their targets still miss the law.",
        "Shorten the targets on the way that is shown, or stop the clock earlier on it.",
    ),
    "RB068": Rule(
        "A case in which all was done leaves no clock of the law running.",
        "A breach on the record of a case that did everything right hides the real ones.",
        "Let `stops` name what settles it on this way: an effect, a stage, or an outcome of one.",
    ),
    "RB069": Rule(
        "A clock that counts from awareness has its instant from a person.",
        "Since when we were aware is a decision with a name under it; receipt is a guess at it.",
        "Ask `aware-at` under `needs` where that is decided, or write `starts-at`.",
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
    "RB075": Rule(
        "What is inside stays inside.",
        "Severity, stages, gates and links tell people outside how to work around the team.",
        "Refer to the case by its number; say what happens for the reader.",
    ),
    "RB076": Rule(
        "A notice or ticket is translated into a language that it can be told in.",
        "A translation that nobody is told in looks like a language that is looked after.",
        "Correct the locale, or remove the translation.",
    ),
    "RB077": Rule(
        "A translation names the fields that its text names, and no other.",
        "Two readers of one case would be told different things, or one of them too much (I13).",
        "Name the same fields in every language.",
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
    # ── decision tables ───────────────────────────────────────────────────────────────────────
    "RB090": Rule(
        "An expression is CEL over the answers, of kinds that can be compared.",
        "What cannot be read, or compares a number with a word, would silently never hold.",
        "Write it as expected; a name is written with underscores: threat_to_life.",
    ),
    "RB091": Rule(
        "The order of worse facts is one the question has.",
        "An order of other words compares nothing.",
        "List the question's answers from mild to worse; more or less, later or earlier.",
    ),
    "RB092": Rule(
        "Rows hold together only where the policy allows it.",
        "Of two rows that contradict one another, which is meant is anybody's guess.",
        "Narrow one of the rows, or choose first or priority under `severity-table`.",
    ),
    "RB093": Rule(
        "Every row of a table can decide.",
        "A row that others always come before is a rule people believe in and nobody follows.",
        "Move the row up, narrow the rows before it, or remove it.",
    ),
    "RB094": Rule(
        "Worse facts never make a case milder.",
        "A case that looks worse and is handled later is an error of the table, not of people.",
        "Give the worse answers a severity at least as grave, or correct the order.",
    ),
    "RB095": Rule(
        "What a table claims can be checked.",
        "What was not looked into may be wrong without anybody knowing.",
        "Say it with cells where you can; else test the answers that matter.",
    ),
    "RB096": Rule(
        "A priority matrix has a priority for every pair of answers.",
        "A pair that was forgotten would wait behind cases that matter less.",
        "Name two questions with listed answers, and every answer of both.",
    ),
    "RB097": Rule(
        "A row asks for a score that the points can come to.",
        "A row no sum ever reaches is a rule people believe in and nobody follows.",
        "Ask for a score the points reach, or give more points.",
    ),
    "RB098": Rule(
        "Worse facts never take points away, and more points are never milder.",
        "A case that looks worse and scores less is handled later for it.",
        "Give the worse answer at least as many points; declare `score: more` beside it.",
    ),
    "RB099": Rule(
        "The severity table asks for the score.",
        "Points that nothing asks for decide nothing.",
        "Let a row ask for `score`, or remove the points.",
    ),
    # ── what guards a sensitive case ──────────────────────────────────────────────────────────
    "RB100": Rule(
        "Every disposition that is named exists.",
        "What is owed after an ending that cannot happen is never owed.",
        "Correct the name, or describe the disposition at the closure.",
    ),
    "RB101": Rule(
        "Who is paged in place of a role votes for a role the gate waits for.",
        "A backup for nobody adds a vote that nobody asked for.",
        "Let `instead-of` name a role under `approve` of the same gate.",
    ),
    "RB102": Rule(
        "Only people take an outcome that needs a call-back.",
        "Silence calls nobody back.",
        "Lead silence or lateness to another outcome.",
    ),
    "RB103": Rule(
        "Only the approval of a gate can wait for a call-back.",
        "A gate that can be neither rejected nor asked back leaves the case standing (I3).",
        "Put `call-back` at `approved`.",
    ),
    "RB104": Rule(
        "Every fragment that is used is there, and every one that is there is used.",
        "A part nobody has, or nobody reads, would be a rule that silently does not hold.",
        "Correct the name, or put the file into the folder `fragments` beside the runbook.",
    ),
    "RB105": Rule(
        "A fragment is given what it takes, and nothing else.",
        "A misspelt parameter would leave a hole where a rule should be.",
        "Give the fragment's parameters under `with`, as its `takes` says.",
    ),
    "RB106": Rule(
        "Two fragments do not say the same thing.",
        "Of two parts of one name one would win silently.",
        "Say it in the runbook itself, or use one of the two.",
    ),
    # ── what depends on severity ──────────────────────────────────────────────────────────────
    "RB110": Rule(
        "A time by severity has one for every severity.",
        "A case whose severity has no time is never late.",
        "Add `otherwise` with the time of all that is not named.",
    ),
    "RB111": Rule(
        "A graver case never has more time than a milder one.",
        "Whoever raises a severity must not slow the case down.",
        "Give the graver severity at most the time of the milder one.",
    ),
    "RB112": Rule(
        "A stage for some severities says where the other cases go on.",
        "A case that is passed over and led nowhere is lost.",
        "Add `skipped: <stage>` under `next`.",
    ),
    "RB113": Rule(
        "What is for some severities is for one that the table gives.",
        "A second look at a severity that no case has is a second look nobody takes.",
        "Name a severity of the table.",
    ),
    "RB115": Rule(
        "A clock starts, or is due, at the answer to a question that asks for an instant.",
        "Another answer names no moment, and the clock would never run.",
        "Ask for an instant: `answer: instant`.",
    ),
    "RB116": Rule(
        "Only people take an outcome that needs an answer.",
        "Silence answers nothing, and what the answer was to start never starts.",
        "Lead silence or lateness to another outcome.",
    ),
    "RB117": Rule(
        "An order is a yes or a no, and ends at an instant.",
        "What cannot be answered so cannot be lifted, and what it holds up is never done.",
        "Ask with `answer: yes-no-unknown` (or yes-no), and until when with `answer: instant`.",
    ),
    "RB118": Rule(
        "No ending waits for what an order suppresses.",
        "The case could not close for as long as the order stands.",
        "Require its receipt: while an order stands, an obligation carries it on.",
    ),
    "RB119": Rule(
        "An order silences notices, never what protects people or answers the authority.",
        "A harm that goes on because of a silence is nobody's order.",
        "Suppress only effects that tell somebody.",
    ),
    # ── what concerns many, and what is set for an instant ────────────────────────────────────
    "RB125": Rule(
        "What concerns many is approved by people of two roles.",
        "One mistaken list would hit thousands before a second pair of eyes saw it.",
        "Name a gate that two roles approve, and let its silence wait.",
    ),
    "RB126": Rule(
        "What concerns many is counted, listed, and can be undone.",
        "A canary is of no use where nobody can go back, or knows how many there are.",
        "Add `compensate`; count by a number, list by a reference, both asked again when changed.",
    ),
    "RB127": Rule(
        "An instant at which effects are set is approved by people who were shown it.",
        "What happens by itself at its time must have been somebody's decision.",
        "Put `set-for` at `approved` of a gate, with a question that asks for an instant.",
    ),
    "RB128": Rule(
        "What is set for an instant can be called off before it.",
        "A plan that nobody can stop goes ahead on what was known when it was made.",
        "Give the stage it leads to an outcome that undoes it.",
    ),
    "RB129": Rule(
        "What concerns many begins at an outcome that people take.",
        "Time and entering a stage count nobody: the effect would wait, held back.",
        "Order it at an outcome; let time do something on one, or page somebody.",
    ),
    **VOICES,
    **REVIEWS,
    **REPORTS,
    **ESCALATIONS,
    # ── what is asked ─────────────────────────────────────────────────────────────────────────
    "RB136": Rule(
        "Every question can be asked.",
        "A question nobody is ever asked is a fact nobody ever has.",
        "Loosen its condition, or remove the question.",
    ),
    "RB137": Rule(
        "A row looks for answers to questions that are asked together.",
        "A question that is not asked has no answer, so the row can never match.",
        "Ask the question there too, or take it out of the row.",
    ),
}
