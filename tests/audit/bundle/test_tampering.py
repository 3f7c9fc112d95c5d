"""Whatever is done to any file of an export, no verifier says PASS, crashes or hangs.

`BUNDLE_DAMAGE` is the number of draws for every file and way (1 without it; the acceptance has 3).
"""

import os
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.bundle.alone import verify_alone, verify_files_alone
from audit.bundle.code import read_build
from audit.bundle.sealed import check_sealed
from audit.bundle.tar import packed, unpacked
from audit.bundle.whole import bundle_of
from audit.errors import ExportUnreadableError
from audit.manifest import MANIFEST, SIGNATURE, FileSum, sign_manifest, write
from audit.verdict import Outcome, Verdict
from audit.verify import verify_files
from cases.canonical import canonical, sha256
from tests.audit.bundle.damage import HOW, damaged
from tests.audit.casework import PINNED, PINNED_LOG, SEAL

DRAWS = int(os.environ.get("BUNDLE_DAMAGE", "1"))

SAYS_OF_ITSELF = "code/build.json"
"""Which code wrote the export is the exporter's word: whoever signs anew may name other code."""


def _alone(files: Mapping[str, bytes]) -> Verdict:
    return verify_files_alone(files, pinned=PINNED, logs=PINNED_LOG)


async def _whole(files: Mapping[str, bytes], *, replay: bool = False) -> Verdict:
    return await verify_files(files, pinned=PINNED, logs=PINNED_LOG, replay=replay)


def _signed_anew(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The same files under a manifest that the door's own key has signed."""
    told = bundle_of(files).manifest if MANIFEST in files else None
    assert told is not None
    sums = {
        name: FileSum(sha256=sha256(data), size=len(data))
        for name, data in sorted(files.items())
        if name not in (MANIFEST, SIGNATURE)
    }
    manifest = write(told.model_copy(update={"files": sums}))
    signed = write(sign_manifest(manifest, key=SEAL.key, certificate=SEAL.certificate))
    return {**files, MANIFEST: manifest, SIGNATURE: signed}


async def test_the_untouched_exports_hold(short: dict[str, bytes], whole: dict[str, bytes]) -> None:
    """Nothing below fails for another reason; signed anew they are what they were."""
    for files in (short, whole):
        assert (await _whole(files, replay=True)).outcome is Outcome.PASS
        assert {check.outcome for check in _alone(files).checks[:-1]} == {Outcome.PASS}
        assert (await _whole(_signed_anew(files), replay=True)).outcome is Outcome.PASS


@pytest.mark.hostile(33)
async def test_every_file_in_every_way_fails(
    short: dict[str, bytes], record_property: Callable[[str, Any], None]
) -> None:
    """Flipped, dropped, swapped, cut, doubled, lengthened: FAIL by both verifiers, each time."""
    tried = 0
    survived: list[str] = []
    for seed in range(DRAWS):
        for touched in damaged(short, random.Random(seed)):  # noqa: S311 - to be repeatable
            verdicts = [_alone(touched.files)]
            # The one that knows histories shares all of these checks: a part of them will do here.
            if DRAWS > 1 or tried % 5 == 0:
                verdicts.append(await _whole(touched.files))
            tried += 1
            if any(verdict.outcome is not Outcome.FAIL for verdict in verdicts):
                survived.append(f"{touched.how} {touched.name}")

    record_property("tried", tried)
    record_property("failed", tried - len(survived))
    assert survived == []
    assert tried == DRAWS * len(HOW) * len(short)


async def test_what_the_door_signs_anew_fails_as_well(
    short: dict[str, bytes], record_property: Callable[[str, Any], None]
) -> None:
    """Log, seals and acts speak against the door itself, and what people read is made again."""
    survived: list[str] = []
    tried = 0
    for touched in damaged(short, random.Random(7)):  # noqa: S311 - to be repeatable
        informs = touched.name == SAYS_OF_ITSELF and touched.how not in ("drop", "duplicate")
        if informs or touched.name in (MANIFEST, SIGNATURE):
            continue
        tried += 1
        try:
            files = _signed_anew(touched.files)
        except (ExportUnreadableError, AssertionError):
            continue
        verdict = await _whole(files)
        # The last entries of a stream may not have been in the log yet: that is said, and no PASS.
        unproven = touched.how == "drop" and touched.name.startswith("log/")
        failed = verdict.outcome is Outcome.FAIL
        said = {check.name: check.outcome for check in verdict.checks}
        if not failed and not (unproven and said["log"] is Outcome.INCOMPLETE):
            survived.append(f"{touched.how} {touched.name}: {verdict.lines()}")

    record_property("tried", tried)
    assert survived == []


async def test_what_people_read_counts_only_as_far_as_this_code_makes_it(
    short: dict[str, bytes],
) -> None:
    """By this code another page is a lie; by code that is not here nobody can say: INCOMPLETE."""
    other = {**short, "report.html": short["report.html"].replace(b"Case", b"Cage")}
    build = read_build(short[SAYS_OF_ITSELF])
    elsewhere = canonical(build.model_copy(update={"source": "0" * 64, "escalate": "0.0.9"}))
    others_work = canonical(build.model_copy(update={"ran_on": ()}))

    lie = await _whole(_signed_anew(other))
    unknown = await _whole(_signed_anew({**other, SAYS_OF_ITSELF: elsewhere}))
    alike = await _whole(_signed_anew({**short, SAYS_OF_ITSELF: elsewhere}), replay=True)
    strangers = await _whole(_signed_anew({**short, SAYS_OF_ITSELF: others_work}))

    assert [check.name for check in lie.checks if check.outcome is Outcome.FAIL] == ["readable"]
    (told,) = [check for check in unknown.checks if check.name == "readable"]
    assert told.outcome is Outcome.INCOMPLETE
    assert "(0.0.9)" in told.reasons[0]
    assert unknown.outcome is Outcome.INCOMPLETE
    assert alike.outcome is Outcome.PASS
    assert strangers.outcome is Outcome.FAIL


def test_every_part_of_a_tar_fails(short: dict[str, bytes], tmp_path: Path) -> None:
    """A bit anywhere, a cut anywhere, a tail: FAIL, also where no file is."""
    data = packed(short)
    draw = random.Random(1)  # noqa: S311 - to be repeatable
    place = tmp_path / "export.tar"
    spoilt = [data[: draw.randrange(len(data))] for _ in range(20 * DRAWS)]
    spoilt += [data + more for more in (b"\0", bytes(512), bytes(10_240), data, b"x")]
    for _ in range(60 * DRAWS):
        at = draw.randrange(len(data))
        spoilt.append(data[:at] + bytes([data[at] ^ 1 << draw.randrange(8)]) + data[at + 1 :])

    for each in spoilt:
        place.write_bytes(each)
        verdict = verify_alone(place, pinned=PINNED, logs=PINNED_LOG)
        assert verdict.outcome is Outcome.FAIL, verdict.lines()

    place.write_bytes(data)
    assert unpacked(data) == short
    assert verify_alone(place, pinned=PINNED, logs=PINNED_LOG).outcome is Outcome.INCOMPLETE


@settings(max_examples=60 * DRAWS)
@given(data=st.data())
def test_any_few_damages_together_fail(short: dict[str, bytes], data: st.DataObject) -> None:
    """Up to four at once, of any kind, on any files."""
    files: dict[str, bytes] = dict(short)
    seed = data.draw(st.integers(0, 2**32))
    draw = random.Random(seed)  # noqa: S311 - hypothesis draws the seed
    for _ in range(data.draw(st.integers(1, 4))):
        how = data.draw(st.sampled_from(HOW))
        names = sorted(name for name in files if files[name])
        files = how(files, data.draw(st.sampled_from(names)), draw)

    # Two flips of one bit, or two swaps, may leave what was there.
    if files != short:
        assert _alone(files).outcome is Outcome.FAIL


def test_a_seal_that_is_no_seal_is_named(short: dict[str, bytes]) -> None:
    """A body that another program wrote into the doors' stream ends in a reason, not in a crash."""
    bundle = bundle_of(short)
    door = [
        entry.model_copy(update={"body": {"run": 5}}) if "sealed" in entry.kind.value else entry
        for entry in bundle.door
    ]
    lines = bundle.door_stream._replace(entries=tuple(door))
    spoilt = replace(bundle, door_stream=lines)

    assert check_sealed(spoilt.sealed, spoilt.door, salt=b"x")[0]
