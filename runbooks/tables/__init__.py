"""Decision tables people can trust: typed cells, hit policies, checks with counter-examples."""

from runbooks.tables.cells import Bound, Cell, Given, Not, Span, Words, fits, holds, said
from runbooks.tables.checks import (
    Fault,
    Found,
    checks,
    from_mild,
    gaps,
    milder,
    never,
    overlaps,
    shown,
)
from runbooks.tables.expressions import Expression, expression
from runbooks.tables.inputs import Absent, Input, Kind, Value, instant_of, number_of, written
from runbooks.tables.parsing import ExpressionError
from runbooks.tables.regions import Space, TooManyRegionsError
from runbooks.tables.table import Decision, Hit, Row, Table

__all__ = [
    "Absent",
    "Bound",
    "Cell",
    "Decision",
    "Expression",
    "ExpressionError",
    "Fault",
    "Found",
    "Given",
    "Hit",
    "Input",
    "Kind",
    "Not",
    "Row",
    "Space",
    "Span",
    "Table",
    "TooManyRegionsError",
    "Value",
    "Words",
    "checks",
    "expression",
    "fits",
    "from_mild",
    "gaps",
    "holds",
    "instant_of",
    "milder",
    "never",
    "number_of",
    "overlaps",
    "said",
    "shown",
    "written",
]
