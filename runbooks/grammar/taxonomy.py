"""What the decisions of a runbook are called, in a taxonomy that others share."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StrictStr

from runbooks.grammar.base import Name, Strict, refuse
from runbooks.grammar.intake import Question
from runbooks.plan import TaxonomyPlan
from runbooks.reading import suggestion
from runbooks.taxonomies import Taxonomy, taxonomies

_PIN = 16


def _known(value: str) -> str:
    if value not in taxonomies():
        known = f"one of {', '.join(taxonomies())}"
        refuse("RB139", known, mend=suggestion(value, taxonomies(), otherwise=""))
    return value


class TaxonomyRule(Strict):
    """Which taxonomy decisions cite, and which of its codes a case has."""

    use: Annotated[StrictStr, AfterValidator(_known)]
    """The taxonomy with its version."""
    question: Name
    """The question whose answer says the code."""
    codes: Annotated[dict[StrictStr, StrictStr], Field(min_length=1)]
    """By answer."""
    otherwise: StrictStr
    """The code while that question is not answered, or answered otherwise."""

    @property
    def taxonomy(self) -> Taxonomy:
        """The taxonomy, as it ships."""
        return taxonomies()[self.use]

    @property
    def plan(self) -> TaxonomyPlan:
        """What a running case carries."""
        return TaxonomyPlan(
            use=self.use,
            pin=self.taxonomy.digest[:_PIN],
            question=self.question,
            codes=self.codes,
            otherwise=self.otherwise,
        )


def check_codes(rule: TaxonomyRule, questions: Mapping[str, Question]) -> None:
    """Refuses a code the taxonomy has not, or does not use any more, and an answer nobody gives."""
    question = questions.get(rule.question)
    if question is None or not question.answers:
        at: tuple[Any, ...] = ("taxonomy", "question")
        refuse("RB139", "a question whose answers are listed", at=at, found=f'"{rule.question}"')
    for answer, code in rule.codes.items():
        if answer not in question.answers:
            expected = f"one of {', '.join(question.answers)}"
            refuse("RB139", expected, at=("taxonomy", "codes", answer), found=f'"{answer}"')
        _check(rule, code, at=("taxonomy", "codes", answer))
    _check(rule, rule.otherwise, at=("taxonomy", "otherwise"))


def _check(rule: TaxonomyRule, code: str, *, at: tuple[str, ...]) -> None:
    labels = rule.taxonomy.document.codes
    label = labels.get(code)
    if label is None:
        mend = suggestion(code, labels, otherwise="")
        refuse("RB139", f"a code of {rule.use}", at=at, found=f'"{code}"', mend=mend)
    if label.deprecated_by is not None:
        refuse("RB139", label.deprecated_by, at=at, found=f'"{code}", which is not used any more')
