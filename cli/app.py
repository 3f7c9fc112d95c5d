"""The `escalate` command.

Exit codes: 0 done · 1 refused or failed · 2 used wrongly, or incomplete · 3 cannot be reached.
"""

import logging
import os
import sys

import typer

from cli import (
    backtest,
    examples,
    migrate,
    processes,
    release,
    runbook_diff,
    runbook_render,
    runbook_schema,
    runbook_shadow,
    simulate,
    taxonomies,
)
from cli.case import app as cases
from cli.deliveries import app as deliveries
from cli.inbox import inbox
from cli.later import LaterGroup
from cli.login import login, logout
from cli.output import errors
from cli.runbook import app as runbooks

app = typer.Typer(
    name="escalate",
    help="Escalation runbooks for user-safety and risk teams, as durable cases that people decide "
    "and anyone can prove.",
    epilog="Exit codes: 0 done, 1 refused or failed, 2 used wrongly or incomplete, 3 cannot be "
    "reached. Every reading command takes --json; logs go to stderr.",
    no_args_is_help=True,
    cls=LaterGroup,
    # Tracebacks with locals would print what people wrote and what is secret.
    pretty_exceptions_enable=False,
)

_SDK = "temporalio.bridge.temporal_sdk_bridge"

app.command()(login)
app.command()(logout)
app.command()(inbox)
app.add_typer(cases, name="case")
release.register(runbooks)
simulate.register(runbooks)
backtest.register(runbooks)
migrate.register(runbooks)
runbook_shadow.register(runbooks)
runbook_render.register(runbooks)
runbook_schema.register(runbooks)
taxonomies.register(runbooks)
runbook_diff.register(runbooks)
app.add_typer(runbooks, name="runbook")
app.add_typer(deliveries, name="deliveries")
processes.register(app)
examples.add_to(app)


def main() -> None:
    """The command ends with a code of ours, and says what to do when it could not do its work."""
    code = _called()
    sys.stdout.flush()
    sys.stderr.flush()
    logging.shutdown()
    if _SDK in sys.modules:
        # Everything is closed by now. The SDK's threads sometimes abort a dying interpreter
        # (PyGILState_Release), and with it the exit code; so it does not get to die slowly.
        os._exit(code)
    sys.exit(code)


def _called() -> int:
    from cli.failing import explained

    try:
        app()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except Exception as error:  # the edge of the process: whatever nobody foresaw is raised again
        said = explained(error)
        if said is None:
            raise
        errors.print(said.says, style="red", markup=False)
        if said.mend:
            errors.print(said.mend, markup=False)
        return said.code
    return 0


if __name__ == "__main__":
    main()
