"""A bundle that leaves something out still proves everything else."""

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.export import Seal
from audit.log.leaf import leaf_of
from audit.manifest import sign_manifest
from audit.manifest import write as canonically
from audit.redacted.bundle import write_redacted
from audit.redacted.checking import read_bundle
from audit.redacted.fields import FieldClass, class_of
from audit.redacted.gathering import gather_redacted, shows_classes
from audit.redacted.opening import lines as written
from audit.redacted.opening import opened, read_lines
from audit.redacted.readers import EVERYTHING, shipped
from audit.verdict import Outcome
from audit.verify import verify
from cases.canonical import canonical
from cases.envelope import issue_certificate
from cases.house_acts import AgreeToErase, Erase, HouseAct, LegalBasis, sign_house_act
from cases.journal import Entry, Kind
from store import Store
from tests.audit.log.building import SIGNER
from tests.store.building import CANARY, START, later
from tests.store.conftest import sqlite_store, sqlite_url
from tests.store.erasing import AFTER, ended_case, logged, shredded

__all__ = ["sqlite_store", "sqlite_url"]

ROOT = Ed25519PrivateKey.from_private_bytes(b"r" * 32)
DOOR = Ed25519PrivateKey.from_private_bytes(b"d" * 32)
CERTIFICATE = issue_certificate(
    ROOT, DOOR.public_key(), use="door", not_before=START, not_after=later(days=30)
)
PINNED = frozenset({ROOT.public_key().public_bytes_raw()})
LOGS = frozenset({SIGNER.key})


def seal() -> Seal:
    """What a door signs with."""
    return Seal(
        key=DOOR,
        certificate=CERTIFICATE,
        root=base64.b64encode(next(iter(PINNED))).decode(),
        log=str(SIGNER.key),
    )


def entry_of(body: dict[str, str | int]) -> Entry:
    """An entry with that body."""
    return Entry(
        case="case/a", stream="case", sequence=1, previous="0" * 64, at=START,
        kind=Kind.VOTE_CAST, body=dict(body), salt="5a" * 16,
    )  # fmt: skip


@settings(max_examples=40)
@given(
    st.dictionaries(
        st.from_regex(r"[a-z_]{1,12}", fullmatch=True),
        st.one_of(st.text(max_size=20), st.integers(0, 2**40)),
        max_size=6,
    ),
    st.sets(st.sampled_from(["who", "reason", "verdict", "at", "v"])),
)
def test_what_is_shown_and_what_is_not_make_the_same_leaf(
    body: dict[str, str | int], hidden: set[str]
) -> None:
    """Whatever is left out, the leaf is the one that the log holds; no value of it is left."""
    entry = entry_of(body)
    shown = opened(
        entry, branch="main", shows=lambda _, path: path.removeprefix("body.") not in hidden
    )

    assert shown.leaf == leaf_of(entry, branch="main")
    assert read_lines("x", written([shown])) == (shown,)
    assert not {f"body.{name}" for name in hidden} & shown.shown.keys()
    less = shown.without(shown.shown)
    assert less.leaf == shown.leaf
    assert not less.body


def test_a_field_nobody_classified_is_content() -> None:
    """What is added tomorrow is held back until somebody decides."""
    assert class_of(Kind.VOTE_CAST, "body.something-new") is FieldClass.CONTENT
    assert class_of(Kind.VOTE_CAST, "body.reason") is FieldClass.CONTENT
    assert class_of(Kind.CALLED_BACK, "body.number") is FieldClass.CONTENT
    assert class_of(Kind.DOOR_MAIL_RECEIVED, "body.why") is FieldClass.CONTENT
    assert class_of(Kind.DOOR_ACT_REFUSED, "body.why") is FieldClass.SKELETON
    assert class_of(Kind.VOTE_CAST, "body.who") is FieldClass.STAFF
    assert class_of(Kind.EVIDENCE_ADDED, "body.digest") is FieldClass.EVIDENCE


def test_who_may_not_see_the_case_gets_none_of_its_content() -> None:
    """Roles add up; a person outside the case gets order and colleagues at most."""
    table = shipped()
    assert table.of_person(("legal",), sees_case=True) == EVERYTHING
    assert table.of_person(("legal",), sees_case=False) == {
        FieldClass.SKELETON,
        FieldClass.STAFF,
    }
    assert table.of_role("nobody-named") == {FieldClass.SKELETON}


async def bundle(
    store: Store, case: str, out: Path, *classes: FieldClass, reader: str = "auditor"
) -> Path:
    """The bundle for a reader who gets these classes."""
    row = await store.cases.get(case)
    record = await gather_redacted(store, case, shows=shows_classes(frozenset(classes)))
    return write_redacted(
        record, case=case, number=row.number, reader=reader, seal=seal(), out=out,
        at=AFTER, version="test",
    )  # fmt: skip


async def test_a_limited_reader_gets_digests_and_a_proof(
    sqlite_store: Store, tmp_path: Path
) -> None:
    """INCOMPLETE for content, PASS for all else; not a word of content in any file."""
    case = await ended_case(sqlite_store)

    out = await bundle(sqlite_store, case, tmp_path / "out", FieldClass.SKELETON, FieldClass.STAFF)
    verdict = await verify(out, pinned=PINNED, logs=LOGS)

    assert verdict.outcome is Outcome.INCOMPLETE
    assert {c.name for c in verdict.checks if c.outcome is not Outcome.PASS} == {"content"}
    for file in out.rglob("*"):
        assert not file.is_file() or CANARY.encode() not in file.read_bytes(), file
    redactions = json.loads((out / "redactions.json").read_text())
    assert redactions["reader"] == "auditor"
    assert {item["because"] for item in redactions["entries"]} == {"not-for-this-reader"}


async def erased_by_two(store: Store, case: str, *, second: str = "erin") -> None:
    """Two people sign, and the key goes."""

    def sign(person: str, role: str, body: Erase | AgreeToErase) -> Callable[..., object]:
        def signed(at: object) -> object:
            act = HouseAct.model_validate(
                {
                    "act": f"00000000-0000-4000-8000-{len(person):012d}",
                    "case": case,
                    "actor": {
                        "person": person,
                        "roles": [role],
                        "directory_digest": "d",
                        "directory_as_of": at,
                    },
                    "role": role,
                    "assurance": "L2",
                    "door": "web",
                    "signed_at": at,
                    "body": body.model_dump(),
                }
            )
            return sign_house_act(act, key=DOOR, certificate=CERTIFICATE)

        return signed

    ask = Erase(basis=LegalBasis.RETENTION_OVER, reason="its time is over")
    await store.erasures.ask(
        case, id="e-1", person="paula", role="privacy", basis="retention-over",
        sign=sign("paula", "privacy", ask), at=START,  # type: ignore[arg-type]
    )  # fmt: skip
    await store.erasures.agree(
        "e-1", person=second, role="security", allowed=lambda *_: None, due_at=later(days=7),
        sign=sign(second, "security", AgreeToErase(erasure="e-1")),  # type: ignore[arg-type]
        at=START,
    )  # fmt: skip
    await shredded(store)
    await logged(store, at=AFTER + timedelta(seconds=2))


async def test_the_bundle_of_an_erased_case_proves_order_signers_and_clocks(
    sqlite_store: Store, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """INCOMPLETE only for content; the two signatures that took it away are in it and hold."""
    case = await ended_case(sqlite_store)
    await erased_by_two(sqlite_store, case)

    out = await bundle(sqlite_store, case, tmp_path / "out", *EVERYTHING, reader="")
    verdict = await verify(out, pinned=PINNED, logs=LOGS)

    record_property("checks", len(verdict.checks))
    assert verdict.outcome is Outcome.INCOMPLETE, verdict.lines()
    open_ = {check.name for check in verdict.checks if check.outcome is not Outcome.PASS}
    assert open_ == {"content"}, verdict.lines()
    assert "erasure" in {check.name for check in verdict.checks}
    for file in out.rglob("*"):
        assert not file.is_file() or CANARY.encode() not in file.read_bytes(), file
    votes = [
        entry
        for entry in read_bundle(out).streams["journal/case.jsonl"]
        if entry.kind is Kind.VOTE_CAST
    ]
    assert [(vote.text("body.who"), vote.text("body.verdict")) for vote in votes] == [
        ("lena", "approve")
    ]
    assert all("body.reason" not in vote.shown for vote in votes)


async def test_one_person_who_signed_twice_is_found_out(
    sqlite_store: Store, tmp_path: Path
) -> None:
    """Whatever the store was made to do: the bundle fails when both signatures are one's."""
    case = await ended_case(sqlite_store)
    await erased_by_two(sqlite_store, case, second="paula")

    out = await bundle(sqlite_store, case, tmp_path / "out", *EVERYTHING)
    verdict = await verify(out, pinned=PINNED, logs=LOGS)

    (check,) = [check for check in verdict.checks if check.name == "erasure"]
    assert check.outcome is Outcome.FAIL
    assert "one person signed for both" in " ".join(check.reasons)


def _resigned(out: Path) -> None:
    """As somebody with the door's key would: the manifest fits the files again."""
    manifest = json.loads((out / "redacted.json").read_text())
    for name in manifest["files"]:
        data = (out / name).read_bytes() if (out / name).exists() else b""
        manifest["files"][name] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    data = canonical(manifest)
    (out / "redacted.json").write_bytes(data)
    signed = sign_manifest(data, key=DOOR, certificate=CERTIFICATE)
    (out / "redacted.sig.json").write_bytes(canonically(signed))


@pytest.mark.parametrize("what", ["value", "salt", "drop", "swap", "tail", "digest"])
async def test_a_redacted_stream_that_was_tampered_with_fails(
    sqlite_store: Store, tmp_path: Path, what: str
) -> None:
    """Even when whoever did it signs the manifest anew: the log holds another leaf."""
    case = await ended_case(sqlite_store)
    out = await bundle(sqlite_store, case, tmp_path / "out", FieldClass.SKELETON, FieldClass.STAFF)
    file = out / "journal/case.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    vote = next(line for line in lines if "body.verdict" in line["shown"])
    if what == "value":
        vote["shown"]["body.verdict"]["value"] = "reject"
    elif what == "salt":
        vote["shown"]["body.verdict"]["salt"] = "0" * 64
    elif what == "digest":
        vote["digests"] = ["0" * 64, *vote["digests"][1:]]
    elif what == "drop":
        lines.remove(vote)
    elif what == "swap":
        lines[0], lines[1] = lines[1], lines[0]
    else:
        lines.pop()
    file.write_bytes(b"".join(canonical(line) + b"\n" for line in lines))
    _resigned(out)

    verdict = await verify(out, pinned=PINNED, logs=LOGS)

    assert verdict.outcome is Outcome.FAIL


@pytest.mark.parametrize("how", ["flip", "drop", "truncate", "append"])
async def test_every_file_of_a_redacted_bundle_is_held(
    sqlite_store: Store, tmp_path: Path, how: str
) -> None:
    """Each file altered in turn: FAIL, and never a crash."""
    case = await ended_case(sqlite_store)
    out = await bundle(sqlite_store, case, tmp_path / "out", FieldClass.SKELETON)
    for file in sorted(path for path in out.rglob("*") if path.is_file()):
        before = file.read_bytes()
        if how == "drop":
            file.unlink()
        elif how == "flip":
            file.write_bytes(bytes([before[0] ^ 1]) + before[1:])
        elif how == "truncate":
            file.write_bytes(before[:-1])
        else:
            file.write_bytes(before + b"\n")

        if file.name == "redacted.json" and how == "drop":
            # Without its manifest it is no redacted bundle: it is read as an export, and fails.
            assert (await verify(out, pinned=PINNED, logs=LOGS)).outcome is Outcome.FAIL
        else:
            verdict = await verify(out, pinned=PINNED, logs=LOGS)
            assert verdict.outcome is Outcome.FAIL, (file.name, verdict.lines())
        file.write_bytes(before)
    assert (await verify(out, pinned=PINNED, logs=LOGS)).outcome is Outcome.INCOMPLETE
