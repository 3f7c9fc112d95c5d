"""What a person signed stands in the export so that openssl alone can check it."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.personal_files import differing, personal_files
from cases.envelope import Act, verify_envelope
from tests.cases.house import CASE, ROOT
from tests.cases.test_personal import authenticator, envelope, signature

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None and not os.environ.get("CI"), reason="needs openssl"
)
"""With CI set nothing is left out: these tests fail there without it."""

ES256 = "openssl dgst -sha256 -verify key.pem -signature signature.bin signed.bin"
ED25519 = (
    "openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in signed.bin -sigfile signature.bin"
)


def act_signed_with(**key: Any) -> Act:
    """An act whose envelope holds."""
    root = ROOT.public_key().public_bytes_raw()
    return verify_envelope(envelope(signature(authenticator(**key))), case=CASE, root=root)


@pytest.mark.parametrize(
    "key, command",
    [({}, ES256), ({"key": Ed25519PrivateKey.generate()}, ED25519)],
    ids=["ES256", "Ed25519"],
)
def test_openssl_checks_what_a_person_signed(
    tmp_path: Path, key: dict[str, Any], command: str
) -> None:
    """The signature holds over signed.bin, for no other bytes, and leads to the statement."""
    act = act_signed_with(**key)
    folder = tmp_path / "webauthn" / act.act
    folder.mkdir(parents=True)
    for name, data in personal_files([act]).items():
        (tmp_path / name).write_bytes(data)

    def verified() -> bool:
        done = subprocess.run(command.split(), cwd=folder, check=False, capture_output=True)
        return done.returncode == 0

    assert verified()
    client_data = (folder / "client-data.json").read_bytes()
    whole = (folder / "authenticator-data.bin").read_bytes() + hashlib.sha256(client_data).digest()
    assert (folder / "signed.bin").read_bytes() == whole
    statement = hashlib.sha256((folder / "statement.json").read_bytes()).digest()
    challenge = base64.urlsafe_b64encode(statement).rstrip(b"=").decode()
    assert json.loads(client_data)["challenge"] == challenge
    (folder / "signed.bin").write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert not verified()


def test_a_folder_that_says_something_else_is_found() -> None:
    """Files that are missing, changed, or of an act that nobody signed."""
    act = act_signed_with()
    files = personal_files([act])
    assert differing(files, [act]) == []

    key = f"webauthn/{act.act}/key.pem"
    changed = {**files, key: files[key] + b" "}
    missing = {name: data for name, data in files.items() if name != key}
    more = {**files, "webauthn/other/key.pem": b""}

    assert [len(differing(each, [act])) for each in (changed, missing, more)] == [1, 1, 1]
    assert len(differing(files, [])) == len(files)
