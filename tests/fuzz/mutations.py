"""What may happen to any signed request on its way: to its bytes, to its headers, to its secret."""

import random

from tests.fuzz.verifier import Mutation, Sent, Verifier

LARGEST = 262_144
"""What the door takes; `gateway.max_body_bytes`."""
LONGEST_HEADER = 4096


_AROUND = (
    (b" ", b""),
    (b"", b" "),
    (b"\t", b"\t"),
    (b"\x00", b""),
    (b'"', b'"'),
    (b",", b","),
    (b"\xa0", b""),
    (b"", b"\xff"),
    (b"", b"\r\n x: y"),
    (b"", b"="),
    (b"", b"\x7f"),
)


def flip_a_byte(sent: Sent, draw: random.Random) -> None:
    """One byte of the body is another."""
    if sent.body:
        at = draw.randrange(len(sent.body))
        other = (sent.body[at] + draw.randrange(1, 256)) % 256
        sent.body = sent.body[:at] + bytes([other]) + sent.body[at + 1 :]


def cut_the_body(sent: Sent, draw: random.Random) -> None:
    """The end is missing."""
    sent.body = sent.body[: draw.randrange(len(sent.body) + 1)]


def add_to_the_body(sent: Sent, draw: random.Random) -> None:
    """Something follows."""
    sent.body += draw.choice((b" ", b"\n", b"\x00", b"{}", draw.randbytes(8)))


def write_the_body_anew(sent: Sent, draw: random.Random) -> None:
    """White space that no reader of JSON would miss."""
    sent.body = sent.body.replace(b": ", b":").replace(b", ", b",")


def drop_a_header(sent: Sent, draw: random.Random) -> None:
    """One is missing."""
    if sent.headers:
        sent.headers.pop(draw.randrange(len(sent.headers)))


def repeat_a_header(sent: Sent, draw: random.Random) -> None:
    """One comes twice, perhaps with another value, before or after."""
    if not sent.headers:
        return
    key, value = draw.choice(sent.headers)
    again = draw.choice((value, b"", value[::-1], b"0"))
    sent.headers.insert(draw.randrange(len(sent.headers) + 1), (key, again))


def change_a_value(sent: Sent, draw: random.Random) -> None:
    """One character of a header is another."""
    if not sent.headers:
        return
    at = draw.randrange(len(sent.headers))
    key, value = sent.headers[at]
    if value:
        place = draw.randrange(len(value))
        new = value[:place] + bytes([draw.randrange(256)]) + value[place + 1 :]
        sent.headers[at] = (key, new)


def wrap_a_value(sent: Sent, draw: random.Random) -> None:
    """White space, NUL, quotes or commas stand around a value."""
    if not sent.headers:
        return
    at = draw.randrange(len(sent.headers))
    key, value = sent.headers[at]
    before, after = draw.choice(_AROUND)
    sent.headers[at] = (key, before + value + after)


def recase_a_value(sent: Sent, draw: random.Random) -> None:
    """Letters are of the other case."""
    if sent.headers:
        at = draw.randrange(len(sent.headers))
        key, value = sent.headers[at]
        sent.headers[at] = (key, draw.choice((value.upper(), value.lower(), value.swapcase())))


def empty_a_value(sent: Sent, draw: random.Random) -> None:
    """There is nothing in it."""
    if sent.headers:
        at = draw.randrange(len(sent.headers))
        sent.headers[at] = (sent.headers[at][0], b"")


def fill_a_value(sent: Sent, draw: random.Random) -> None:
    """It is very long."""
    if sent.headers:
        at = draw.randrange(len(sent.headers))
        key, value = sent.headers[at]
        size = draw.choice((200, LONGEST_HEADER, LONGEST_HEADER + 1, 20_000))
        sent.headers[at] = (key, (value + b"," + b"A" * size)[: size + 1])


def swap_values(sent: Sent, draw: random.Random) -> None:
    """Two headers have each other's values."""
    if len(sent.headers) > 1:
        a, b = draw.sample(range(len(sent.headers)), 2)
        (ka, va), (kb, vb) = sent.headers[a], sent.headers[b]
        sent.headers[a], sent.headers[b] = (ka, vb), (kb, va)


ANYBODYS: tuple[Mutation, ...] = (
    flip_a_byte,
    cut_the_body,
    add_to_the_body,
    write_the_body_anew,
    drop_a_header,
    repeat_a_header,
    change_a_value,
    wrap_a_value,
    recase_a_value,
    empty_a_value,
    fill_a_value,
    swap_values,
)


def too_large(verifier: Verifier, draw: random.Random, now: float) -> Sent:
    """A genuine delivery that is larger than the door takes."""
    body = b'{"x": "' + b"y" * (LARGEST + draw.randrange(1, 1000)) + b'"}'
    return Sent(verifier.sign(body, draw, now), body, now, ["too large"])
