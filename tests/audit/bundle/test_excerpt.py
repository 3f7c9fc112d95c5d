"""An excerpt holds back what it says, nothing else, nowhere, and is proven all the same."""

import json
import os
import random
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path

import pytest

from audit.bundle.alone import verify_files_alone
from audit.bundle.excerpt import ExcerptManifest
from audit.bundle.opened import read_all
from audit.bundle.redactions import FILE, Redactions
from audit.manifest import MANIFEST, SIGNATURE, FileSum, sign_manifest, write
from audit.verdict import Outcome, Verdict
from audit.verify import verify_files
from cases.canonical import canonical, sha256
from tests.audit.bundle.damage import damaged
from tests.audit.casework import LOG, PINNED, PINNED_LOG, SEAL
from tests.independent.tools import by_pymerkle

DRAWS = int(os.environ.get("BUNDLE_DAMAGE", "1"))
Files = Mapping[str, bytes]


def _verified(files: Files) -> Verdict:
    return verify_files_alone(files, pinned=PINNED, logs=PINNED_LOG)


async def test_an_excerpt_is_incomplete_and_nothing_else(excerpt: Files) -> None:
    """Every check but the one that says so passes, by either verifier."""
    verdict = _verified(excerpt)

    assert await verify_files(excerpt, pinned=PINNED, logs=PINNED_LOG) == verdict
    said = {check.name: check.outcome for check in verdict.checks}
    assert said.pop("excerpt") is Outcome.INCOMPLETE
    assert set(said.values()) == {Outcome.PASS}
    told = verdict.checks[-1].reasons[0]
    assert "fields are held back (identity of those who decide, by dpo)" in told


def test_what_is_held_back_is_nowhere(excerpt: Files, whole: Files) -> None:
    """Neither the names of those who voted nor their instants are in any file of it."""
    votes = [
        json.loads(line)
        for line in whole["journal/case.jsonl"].splitlines()
        if b'"kind":"gate:vote:cast"' in line
    ]
    hidden = {value for vote in votes for value in (vote["body"]["signed"], vote["salt"])}
    text = b"".join(excerpt.values()).decode()

    assert len(votes) > 2
    for value in hidden:
        assert value not in text
    held = read_all(excerpt)
    for vote in votes:
        item = held["case", "main", vote["sequence"]]  # type: ignore[index]
        assert item.held_back == 2
        assert "body.who" not in item.shown
        assert item.shown["body.role"] == vote["body"]["role"]
    assert not [name for name in excerpt if name.startswith(("journal", "history", "acts", "owed"))]


def test_another_tool_verifies_an_excerpt(exports: Path) -> None:
    """Its hashes are enough for pymerkle; the shell is asked in `tests/independent`."""
    assert by_pymerkle(exports / "excerpt", str(LOG.key)) == "PASS"


def test_every_damage_to_an_excerpt_fails(excerpt: Files) -> None:
    """Every file in every way, as with the whole; a third of them unless more are asked for."""
    everything = damaged(excerpt, random.Random(5))  # noqa: S311 - to be repeatable
    for touched in islice(everything, 0, None, 1 if DRAWS > 1 else 3):
        assert _verified(touched.files).outcome is Outcome.FAIL, touched[:2]


def _signed(files: dict[str, bytes]) -> dict[str, bytes]:
    told = ExcerptManifest.model_validate_json(files[MANIFEST])
    sums = {
        name: FileSum(sha256=sha256(data), size=len(data))
        for name, data in sorted(files.items())
        if name not in (MANIFEST, SIGNATURE)
    }
    manifest = canonical(told.model_copy(update={"files": sums}))
    signed = sign_manifest(manifest, key=SEAL.key, certificate=SEAL.certificate)
    return {**files, MANIFEST: manifest, SIGNATURE: write(signed)}


def _with(files: Files, change: Callable[[str], str]) -> dict[str, bytes]:
    name = "opened/case/main.fields"
    return {**files, name: change(files[name].decode()).encode()}


def _another_word(files: Files) -> dict[str, bytes]:
    """A field that is shown says something else."""
    return _with(files, lambda text: text.replace('"approve"', '"reject"', 1))


def _one_more_hidden(files: Files) -> dict[str, bytes]:
    """A field is held back that nobody decided about; the leaf is the same."""
    lines = files["opened/case/main.fields"].decode().split("\n")
    hidden = f"sha256:{sha256(lines[2].encode())}"
    return _with(files, lambda text: text.replace(lines[2], hidden, 1))


def _an_entry_left_out(files: Files) -> dict[str, bytes]:
    """An entry in the middle is not there, and its proof neither."""
    changed = _with(
        files, lambda text: text[: text.index("entry 7\n")] + text[text.index("entry 8\n") :]
    )
    return {name: data for name, data in changed.items() if not name.endswith("/main/7.tlog-proof")}


def _a_ground_left_out(files: Files) -> dict[str, bytes]:
    """Something is held back that the list does not name."""
    told = Redactions.model_validate_json(files[FILE])
    return {**files, FILE: canonical(told.model_copy(update={"fields": told.fields[1:]}))}


def _moved(files: Files) -> dict[str, bytes]:
    """The entries stand under another stream's name."""
    return {
        name.replace("/door/", "/case/") if "other" in name else name: data
        for name, data in files.items()
        if name != "opened/door/main.fields"
    } | {"opened/case/other.fields": files["opened/door/main.fields"]}


@pytest.mark.parametrize(
    "lie",
    [_another_word, _one_more_hidden, _an_entry_left_out, _a_ground_left_out, _moved],
    ids=lambda lie: lie.__name__.removeprefix("_"),
)
def test_a_door_that_signs_a_false_excerpt_is_found_out(
    lie: Callable[[Files], dict[str, bytes]], excerpt: Files
) -> None:
    """The log knows the entries, and the list has to name what is held back."""
    verdict = _verified(_signed(lie(excerpt)))

    assert verdict.outcome is Outcome.FAIL, lie.__doc__


def test_an_excerpt_under_other_keys_fails(excerpt: Files) -> None:
    """It rests on your root and your log, or on nothing."""
    assert verify_files_alone(excerpt, pinned=frozenset({b"x" * 32})).outcome is Outcome.FAIL
    alone = verify_files_alone(excerpt)
    unchecked = [check.name for check in alone.checks if check.outcome is Outcome.INCOMPLETE]
    assert unchecked == ["signature", "log", "excerpt"]
