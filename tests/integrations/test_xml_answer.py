"""Answers in XML are read for their leaves, and nothing in them is expanded."""

import pytest

from integrations.xml_answer import leaves_of


def test_leaves_are_read_in_their_order() -> None:
    """Texts stand under their element's name, whatever prefix it has."""
    body = b'<a xmlns:n="u"><n:id>1</n:id><id> 2 </id><empty/></a>'

    assert leaves_of(body) == {"id": ["1", "2"]}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<a>",
        b'<!DOCTYPE a [<!ENTITY b "x">]><a>&b;</a>',
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a><a/>'.encode("utf-16"),
    ],
)
def test_what_is_no_plain_xml_is_refused(body: bytes) -> None:
    """A document type could expand to anything: it is not even looked at."""
    with pytest.raises(ValueError, match=r"XML|document type"):
        leaves_of(body)
