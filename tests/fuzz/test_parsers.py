"""Whatever a parser is given, it answers with a value or with its own error."""

import time

import pytest

from audit.errors import ExportUnreadableError
from audit.strict_json import read_json
from tests.fuzz.parser import Parser, fuzz_parser
from tests.fuzz.parsers import PARSERS

A_FEW, SECONDS = 2_000, 0.5

every_parser = pytest.mark.parametrize("parser", PARSERS, ids=lambda each: each.name)


@every_parser
def test_a_parser_takes_what_its_writer_writes(parser: Parser) -> None:
    """Each well-formed input is taken, so that what follows is refused for what was done to it."""
    for data in parser.seeds():
        try:
            value = parser.read(data)
        except parser.errors:
            # A payload that was never encrypted is a seed that is refused.
            assert parser.name == "codec"
            continue
        assert parser.written is None or parser.written(value) == data


@every_parser
def test_a_parser_is_sound(parser: Parser) -> None:
    """Some thousand inputs, the same each time; `make fuzz ARGS=--parsers` takes a million."""
    found = fuzz_parser(parser, count=A_FEW, seconds=SECONDS)

    assert found.sound, found.told()
    assert found.refused > found.inputs / 4 or parser.name in ("events", "bundle")


@pytest.mark.fuzz
@every_parser
def test_a_parser_is_sound_for_a_minute(parser: Parser) -> None:
    """As many inputs as a minute takes."""
    found = fuzz_parser(parser, count=1_000_000, seconds=60, seed=1)

    assert found.sound, found.told()


def test_the_fuzzer_finds_what_escapes() -> None:
    """A parser whose errors are not named is unsound at its first refusal."""
    broken = Parser("broken", lambda: [b"{}"], lambda data: read_json("x", data), (KeyError,))

    assert fuzz_parser(broken, count=200).uncaught


def test_the_fuzzer_finds_a_second_spelling() -> None:
    """A parser that takes white space which nobody writes is ambiguous."""
    loose = Parser(
        "loose", lambda: [b"{}"], lambda data: data.strip(), (ExportUnreadableError,), written=bytes
    )

    assert fuzz_parser(loose, count=500).ambiguous


def test_the_fuzzer_finds_what_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """An input that takes longer than allowed is kept."""
    monkeypatch.setattr("tests.fuzz.parser.SLOW", 0.001)
    slow = Parser("slow", lambda: [b"x"], lambda _: time.sleep(0.002), (ValueError,))

    assert fuzz_parser(slow, count=1).hung
