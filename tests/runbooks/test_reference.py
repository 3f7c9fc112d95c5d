"""The reference is the grammar, in words."""

from pathlib import Path

import pytest

from runbooks.rendering import reference
from runbooks.rendering.key_words import KEY_WORDS

PAGE = Path(__file__).parents[2] / "docs" / "reference.md"


def parts() -> dict[str, set[str]]:
    """Every part of the language that has keys, with them."""
    made = reference.schema()
    found = {reference.ROOT: made, **made["$defs"]}
    return {name: set(part["properties"]) for name, part in found.items() if part.get("properties")}


def test_the_reference_is_not_stale() -> None:
    """docs/reference.md is what the grammar of today says, to the letter."""
    assert PAGE.read_text(encoding="utf-8") == reference.reference(), (
        "escalate runbook schema --as markdown > docs/reference.md"
    )


@pytest.mark.parametrize("part,keys", parts().items())
def test_every_key_says_what_it_means(part: str, keys: set[str]) -> None:
    """No key is without words, and no words are left of a key that is gone."""
    assert set(KEY_WORDS.get(part, {})) == keys


def test_no_words_are_left_of_a_part_that_is_gone() -> None:
    """What the grammar does not have any more is not described."""
    assert set(KEY_WORDS) <= set(parts())


def test_every_part_is_reached_from_the_whole() -> None:
    """A reader who follows the links meets every part once, and every link leads somewhere."""
    page = reference.reference()
    heads = {line[3:].lower().replace(" ", "-") for line in page.splitlines() if line[:3] == "## "}

    linked = {each.split(")")[0] for each in page.split("](#")[1:]}

    assert len(heads) == len(parts())
    assert linked == heads - {"the-whole"}
