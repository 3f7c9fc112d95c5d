"""RFC 3161 tokens of a real authority: both shapes, what they prove, and what is not taken."""

import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.log.errors import LogError, LogUnreadableError
from audit.log.timestamp import (
    Roots,
    TokenRefusedError,
    in_order,
    query,
    read_roots,
    read_token,
    verify_token,
)
from tests.audit.log.tsa import Authority, authority

DATA = b"example.org/log\n7\nAAAA\n\n\xe2\x80\x94 example.org/log AAAA\n"


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority with a certificate between root and stamp."""
    return authority(tmp_path_factory.mktemp("tsa") / "here")


@pytest.fixture(scope="module")
def tokens(tsa: Authority) -> dict[str, bytes]:
    """A token of each shape over the same bytes."""
    asked = query(DATA).data
    return {"chain": tsa.reply(asked, chain=True), "alone": tsa.reply(asked, chain=False)}


def test_a_token_with_its_chain_is_put_in_order_and_believed(
    tsa: Authority, tokens: dict[str, bytes]
) -> None:
    """The strict parser refuses openssl's order of certificates; ours changes nothing signed."""
    token = tokens["chain"]

    stamped = verify_token(token, DATA, roots=tsa.roots)

    assert in_order(token) in (token, in_order(in_order(token)))
    assert len(in_order(token)) == len(token)
    assert sorted(in_order(token)) == sorted(token)
    assert stamped.signer == tsa.digest
    assert abs(stamped.at - datetime.now(UTC)) < timedelta(minutes=10)


def test_a_token_without_its_chain_needs_the_certificate_between(
    tsa: Authority, tokens: dict[str, bytes]
) -> None:
    """The verifier has it, or there is no way to the root."""
    token = tokens["alone"]
    whole = replace(tsa, knows_between=True).roots

    assert verify_token(token, DATA, roots=whole).signer == tsa.digest
    with pytest.raises(TokenRefusedError, match="no authority you trust"):
        verify_token(token, DATA, roots=tsa.roots)


def test_an_answer_belongs_to_its_question(tsa: Authority) -> None:
    """Another nonce is another question's answer, whatever it is over."""
    asked, other = query(DATA), query(DATA)
    token = tsa.reply(asked.data)

    assert verify_token(token, DATA, roots=tsa.roots, nonce=asked.nonce).signer == tsa.digest
    with pytest.raises(TokenRefusedError, match="another question"):
        verify_token(token, DATA, roots=tsa.roots, nonce=other.nonce)


def test_other_bytes_and_other_authorities_are_refused(
    tsa: Authority, tokens: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A newline more, a stranger's root, no root at all."""
    stranger = authority(tmp_path_factory.mktemp("stranger") / "there", between=False)
    for token in tokens.values():
        with pytest.raises(TokenRefusedError, match="other bytes"):
            verify_token(token, DATA + b"\n", roots=tsa.roots)
        with pytest.raises(TokenRefusedError, match="no authority you trust"):
            verify_token(token, DATA, roots=stranger.roots)
        with pytest.raises(LogError):
            verify_token(token, DATA, roots=Roots(()))
    assert read_token(tokens["alone"], DATA).signer == tsa.digest


def test_an_authority_that_refuses_gave_no_token() -> None:
    """A status and nothing else."""
    with pytest.raises(TokenRefusedError, match="gave no token"):
        read_token(bytes.fromhex("30053003020102"), DATA)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"0",
        b"0\x80",
        b"0\x00",
        b"\x30\x84\xff\xff\xff\xff",
        b"<html>",
        b"0\x03abc",
        b"x" * 70_000,
    ],
)
def test_what_is_no_token_is_refused(raw: bytes) -> None:
    """Cut off, of no length, too long, something else."""
    with pytest.raises(LogError):
        read_token(raw, DATA)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_altered_token_breaks_the_reader(
    data: st.DataObject, tokens: dict[str, bytes], tsa: Authority
) -> None:
    """Flipped, cut, lengthened anywhere: refused, or nothing that was signed had changed."""
    token = bytearray(tokens[data.draw(st.sampled_from(sorted(tokens)))])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(token) - 1))
        token[at] ^= 1 << data.draw(st.integers(0, 7))
    cut = data.draw(st.integers(0, 8))
    altered = bytes(token[: len(token) - cut]) if cut else bytes(token)
    try:
        stamped = verify_token(altered, DATA, roots=tsa.roots)
    except LogError:
        return
    assert stamped.at == verify_token(tokens["chain"], DATA, roots=tsa.roots).at


def test_roots_are_pem_certificates(tsa: Authority) -> None:
    """One or several; a key or nothing is an error."""
    assert len(replace(tsa, knows_between=True).roots.certificates) == 2
    for wrong in (b"", b"nonsense", (tsa.folder / "stamp.key").read_bytes()):
        with pytest.raises(LogUnreadableError):
            read_roots(wrong)


def test_the_question_is_one_that_others_can_read(tsa: Authority) -> None:
    """It is shown with its hash, a nonce, and that certificates are asked for."""
    file = tsa.folder / "shown.tsq"
    file.write_bytes(query(DATA).data)

    said = subprocess.run(
        ["openssl", "ts", "-query", "-in", str(file), "-text"], check=True, capture_output=True
    ).stdout.decode()

    assert "Hash Algorithm: sha256" in said
    assert "Certificate required: yes" in said
    assert "Nonce: 0x" in said
