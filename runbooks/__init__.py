"""The language of escalation: runbooks as text, checked, compiled, assessed and routed. Pure."""

from runbooks.compile import compile_runbook
from runbooks.errors import MacroError, ReleaseRefusedError, RunbookError, RunbookProblems
from runbooks.library import library
from runbooks.lint import lint
from runbooks.macros import MacroContext, Written, write_macro
from runbooks.plan import Pathway, Severity
from runbooks.priority import Prioritised, prioritise
from runbooks.routing import Route, RouteFacts, RoutingTable, check_routing, load_routing, route
from runbooks.rules.finding import Finding, Weight
from runbooks.runbook import Runbook, load_runbook
from runbooks.severity import Assessment, assess

__all__ = [
    "Assessment",
    "Finding",
    "MacroContext",
    "MacroError",
    "Pathway",
    "Prioritised",
    "ReleaseRefusedError",
    "Route",
    "RouteFacts",
    "RoutingTable",
    "Runbook",
    "RunbookError",
    "RunbookProblems",
    "Severity",
    "Weight",
    "Written",
    "assess",
    "check_routing",
    "compile_runbook",
    "library",
    "lint",
    "load_routing",
    "load_runbook",
    "prioritise",
    "route",
    "write_macro",
]
