"""What people wrote is shown on a terminal, and never obeyed by it."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from cli.inert import guarded, inert, inert_json
from cli.output import print_json, say, show, stop, table

NASTY = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202etxt.exe\u2066 \u2028 \x7f end"
OBEYED = ("\x1b", "\x07", "\x9b", "\u202e", "\u2066", "\u2028", "\x7f")
TEXTS = st.text(st.characters(codec="utf-8"), max_size=200)


@pytest.mark.hostile(58)
def test_what_people_wrote_is_obeyed_by_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """In a line, a table, an error and JSON every sign of it is seen, and none is active."""
    say(NASTY)
    show(table("what", rows=[[NASTY]]))
    print_json({"what": NASTY})
    with pytest.raises(BaseException, match="1"):
        stop(NASTY, mend=NASTY)
    out, err = capsys.readouterr()

    assert not [sign for sign in OBEYED if sign in out + err]
    assert out.count("txt.exe") == 3
    assert err.count("txt.exe") == 2
    assert "␛[2J" in out
    assert "<U+202E>" in out
    assert json.loads(out[out.index("{") :])["what"] == NASTY


def test_our_own_colours_stay() -> None:
    """A style is ours: only what was written is made visible."""
    out = io.StringIO()
    console = guarded(Console(file=out, force_terminal=True, color_system="standard", width=80))

    console.print(Text("red \x1b[0m", style="red"))

    assert out.getvalue() == "\x1b[31mred ␛[0m\x1b[0m\n"


@given(text=TEXTS)
def test_plain_words_are_left_alone(text: str) -> None:
    """Any text comes out without an active sign, and one without any comes out as it was."""
    shown = inert(text)

    assert inert(shown) == shown
    assert json.loads(inert_json(json.dumps(text, ensure_ascii=False))) == text
    if text.isprintable() and not set(text) & {"\u200e", "\u200f"}:
        assert shown == text
