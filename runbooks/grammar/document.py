"""A whole runbook, as it is written."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StrictBool, model_validator

from runbooks.grammar.base import ClockId, Day, Name, Prose, Strict, Version, refuse
from runbooks.grammar.clocks import Clock
from runbooks.grammar.closing import AfterClosing
from runbooks.grammar.effects import STANDARD_EFFECTS, Effect
from runbooks.grammar.escalations import EscalationPolicy
from runbooks.grammar.gags import GagRule
from runbooks.grammar.guarding import HandoverRule, LegalHoldRule
from runbooks.grammar.intake import Question, check_conditions
from runbooks.grammar.interim import InterimRule
from runbooks.grammar.law import LawRow
from runbooks.grammar.macros import Macro
from runbooks.grammar.obligations import check_gags, unique
from runbooks.grammar.priority import PriorityMatrix, check_matrix
from runbooks.grammar.scoring import ScoreLine, check_score, with_sum
from runbooks.grammar.severity import SeverityPolicy, SeverityRow, check_table
from runbooks.grammar.stages import Stage
from runbooks.grammar.taxonomy import TaxonomyRule, check_codes
from runbooks.grammar.times import Times
from runbooks.grammar.updates import UpdateRule
from runbooks.plan import QuestionPlan, StageKind
from runbooks.statutes.table import find


class RunbookDocument(Strict):
    """What an analyst writes, and a lawyer nods at."""

    runbook: Name
    version: Version
    title: Prose
    owner: Name
    review_by: Day
    summary: Prose | None = None
    roles: dict[Name, Prose] = Field(default_factory=dict)
    """Roles of this team beyond those every team has (`runbooks/roles.py`)."""
    intake: dict[Name, Question]
    score: tuple[ScoreLine, ...] = ()
    """Points that answers add up to; the severity table asks for their sum as `score`."""
    severity: Annotated[tuple[SeverityRow, ...], Field(min_length=1)]
    severity_table: SeverityPolicy = Field(default_factory=SeverityPolicy)
    priority: PriorityMatrix | None = None
    law: tuple[LawRow, ...] = ()
    """What its answers mean to the law: then the clock of a row runs only where the row holds."""
    elsewhere: dict[ClockId, Name] = Field(default_factory=dict)
    """Rows of the law that its answers can bring about and that another runbook runs."""
    clocks: dict[ClockId, Clock] = Field(default_factory=dict)
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]
    effects: dict[Name, Effect] = Field(default_factory=dict)
    escalations: dict[Name, EscalationPolicy] = Field(default_factory=dict)
    updates: dict[Name, UpdateRule] = Field(default_factory=dict)
    macros: dict[Name, Macro] = Field(default_factory=dict)
    after_closing: Annotated[tuple[AfterClosing, ...], AfterValidator(unique)] = ()
    interim_rules: dict[Name, InterimRule] = Field(default_factory=dict)
    need_to_know: StrictBool = False
    legal_hold: LegalHoldRule | None = None
    handover: HandoverRule | None = None
    taxonomy: TaxonomyRule | None = None
    gags: dict[Name, GagRule] = Field(default_factory=dict)
    """Non-disclosure orders, by name."""
    hold_at_most: Times | None = None
    """How far ahead a hold's review date may lie: one time, or one by severity."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        check_conditions(self.intake)
        check_score(self.score, self.intake)
        check_table(self.severity, self.severity_table, self.severity_questions)
        if self.priority is not None:
            check_matrix(self.priority, self.intake)
        stopping = {stop for clock in self.clocks.values() for stop in clock.stops}
        for name, effect in self.effects.items():
            if effect.where_due and f"effect:{name}" not in stopping:
                refuse(
                    "RB017",
                    "`where-due` at an effect that stops a clock",
                    at=("effects", name, "where-due"),
                )
        for row in self.elsewhere:
            if find(row) is None:
                expected = "a row of the law, like EU-TCO10"
                refuse("RB026", expected, at=("elsewhere", row), found=f'"{row}"')
        if self.taxonomy is not None:
            check_codes(self.taxonomy, self.intake)
        names: set[str] = set()
        for index, stage in enumerate(self.stages):
            if stage.stage in names:
                refuse("RB018", "a name no other stage has", at=("stages", index, "stage"))
            names.add(stage.stage)
        closures = [i for i, stage in enumerate(self.stages) if stage.kind is StageKind.CLOSURE]
        if not closures:
            found = "no stage with `dispositions`"
            refuse("RB019", "a closure with `dispositions`", at=("stages",), found=found)
        check_gags(self.gags, self.after_closing)
        if len(closures) > 1:
            at = ("stages", closures[1], "dispositions")
            refuse("RB019", "one closure", at=at, found="a second closure")
        return self

    @property
    def plans(self) -> dict[str, QuestionPlan]:
        """The questions as a running case needs them."""
        return {name: question.plan for name, question in self.intake.items()}

    @property
    def severity_questions(self) -> Mapping[str, Question]:
        """What the severity table may ask about: the questions, and the sum of the points."""
        return with_sum(self.intake, self.score)

    @property
    def all_effects(self) -> dict[str, Effect]:
        """The effects a stage may name: those described here, and the standard ones."""
        return STANDARD_EFFECTS | self.effects

    @property
    def closure(self) -> Stage:
        """The stage in which the case closes."""
        return next(stage for stage in self.stages if stage.kind is StageKind.CLOSURE)
