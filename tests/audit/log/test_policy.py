"""The policy file: what is read, what is refused, and when a quorum is met."""

from itertools import combinations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.log.cosignature import WitnessKey, WitnessSigner
from audit.log.errors import LogUnreadableError
from audit.log.note import NoteSigner
from audit.log.policy import read_policy
from tests.audit.log.growing import fixed_key

LOG = NoteSigner(name="example.org/log", private=fixed_key("log")).key
W = {
    name: WitnessSigner(name=f"w.example/{name}", private=fixed_key(name)).key
    for name in ("x1", "x2", "x3", "y1", "y2", "y3")
}
SPECIFICATION = f"""# C2SP's own example
log {LOG}

witness x1 {W["x1"]}
witness x2\t{W["x2"]} https://w.example/x2
 witness  x3 {W["x3"]}
group X 2 x1 x2 x3

witness y1 {W["y1"]}
witness y2 {W["y2"]}
witness y3 {W["y3"]}
group Y any y1 y2 y3

group X-and-Y all X Y
quorum X-and-Y
"""


def read(text: str) -> object:
    """The policy."""
    return read_policy(text.encode())


def test_the_specification_s_example_means_what_it_says() -> None:
    """At least two X and one Y, over every set of witnesses."""
    policy = read_policy(SPECIFICATION.encode())

    assert policy.logs == (LOG,)
    assert [each.url for each in policy.witnesses if each.url] == ["https://w.example/x2"]
    for number in range(7):
        for names in combinations(W, number):
            met = sum(name[0] == "x" for name in names) >= 2 and any(
                name[0] == "y" for name in names
            )
            assert policy.satisfied(W[name] for name in names) is met, names


def test_what_is_missing_is_named() -> None:
    """Whoever could make up for it, and nobody when it is enough; `none` needs nobody."""
    policy = read_policy(SPECIFICATION.encode())

    assert policy.lacking([W["x1"], W["y1"]]) == ("x2", "x3", "y2", "y3")
    assert policy.lacking([W["x1"], W["x2"], W["y1"]]) == ()
    assert read_policy(b"quorum none\n").satisfied([])
    assert not read_policy(b"quorum none\n").asks
    assert policy.asks


def test_a_key_counts_and_not_its_name() -> None:
    """Another key under a witness's name is nobody; the same key under another name is that one."""
    policy = read_policy(f"witness a {W['x1']}\nquorum a\n".encode())
    other = WitnessSigner(name=W["x1"].name, private=Ed25519PrivateKey.generate()).key

    assert not policy.satisfied([other])
    assert policy.satisfied([WitnessKey(name="renamed", public=W["x1"].public)])


def test_names_are_opaque_bytes() -> None:
    """A Kelvin sign is not a K, and a name may be no UTF-8 at all."""
    kelvin = (
        f"witness K {W['x1']}\nwitness \u212a {W['x2']}\ngroup all-of all K \u212a\nquorum all-of\n"
    )
    raw = b"witness \xff\xfe " + str(W["x1"]).encode() + b"\nquorum \xff\xfe\n"

    assert read_policy(kelvin.encode()).lacking([]) == ("K", "\u212a")
    assert read_policy(raw).satisfied([W["x1"]])


@pytest.mark.parametrize(
    "text,why",
    [
        ("", "newline"),
        ("\n", "quorum"),
        ("quorum none", "newline"),
        ("quorum none\nquorum none\n", "one quorum"),
        ("quorum a\n", "defined"),
        ("quorum a b\n", "own form"),
        ("logs x\nquorum none\n", "own form"),
        (f"log {W['x1']}\nquorum none\n", "0x01"),
        (f"log {LOG}\nlog {LOG}\nquorum none\n", "twice"),
        (f"witness a {LOG}\nquorum none\n", "0x04"),
        (f"witness a {W['x1']}\nwitness b {W['x1']}\nquorum a\n", "twice"),
        (f"witness a {W['x1']}\nwitness a {W['x2']}\nquorum a\n", "taken"),
        (f"witness none {W['x1']}\nquorum none\n", "taken"),
        (f"quorum a\nwitness a {W['x1']}\n", "defined"),
        (f"witness a {W['x1']}\ngroup g all\nquorum g\n", "members"),
        (f"witness a {W['x1']}\ngroup g all b\nquorum g\n", "line before"),
        (f"witness a {W['x1']}\ngroup g all none\nquorum g\n", "line before"),
        (f"witness a {W['x1']}\ngroup g 2 a\nquorum g\n", "more than its members"),
        (f"witness a {W['x1']}\ngroup g 0 a\nquorum g\n", "all, any or a number"),
        (f"witness a {W['x1']}\ngroup g 01 a\nquorum g\n", "all, any or a number"),
        (f"witness a {W['x1']}\ngroup g some a\nquorum g\n", "all, any or a number"),
        (f"witness a {W['x1']}\ngroup g 1 a\ngroup h any a g\nquorum h\n", "once"),
        (f"witness a {W['x1']}\ngroup g any a a\nquorum g\n", "once"),
        (f"witness a {W['x1']}\r\nquorum a\r\n", "control"),
        ("quorum none\x00\n", "control"),
        (f"witness a {str(W['x1'])[:-4]}AAA=\nquorum a\n", "hash|spelling|base64|not an Ed25519"),
        ("# " + "x" * 70_000 + "\nquorum none\n", "long"),
        ("".join(f"group g{n} any a\n" for n in range(400)), "line 1"),
    ],
)
def test_what_has_no_single_meaning_is_refused(text: str, why: str) -> None:
    """A policy that two readers could take differently is none."""
    with pytest.raises(LogUnreadableError, match=why):
        read(text)
