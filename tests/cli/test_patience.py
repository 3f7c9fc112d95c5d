"""Whoever waits is told how far it has come, and nobody else is."""

from io import StringIO

from rich.console import Console

from cli.patience import patience


def test_nobody_is_told_of_what_is_quick() -> None:
    """Within two seconds nothing is printed."""
    printed = StringIO()

    with patience(Console(file=printed, force_terminal=True)) as told:
        told(1000)

    assert printed.getvalue() == ""


def test_whoever_waits_is_told() -> None:
    """After two seconds the number of situations stands there."""
    printed = StringIO()
    seconds = iter([0.0, 3.0])
    console = Console(file=printed, force_terminal=True)

    with patience(console, seconds=lambda: next(seconds)) as told:
        told(2000)

    assert "2,000 situations looked at" in printed.getvalue()
