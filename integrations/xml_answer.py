"""A vendor's answer in XML, read for its leaves alone; a document type is refused, not expanded."""

from xml.parsers.expat import ExpatError, ParserCreate

Leaves = dict[str, list[str]]
"""Texts by element name, in the order they stand."""


def leaves_of(body: bytes) -> Leaves:
    """Every element that holds text; ValueError when it is no XML, or declares entities."""
    found: Leaves = {}
    open_: list[tuple[str, list[str]]] = []

    def begin(name: str, attributes: dict[str, str]) -> None:
        del attributes
        open_.append((name.rpartition(":")[2], []))

    def text(data: str) -> None:
        if open_:
            open_[-1][1].append(data)

    def end(name: str) -> None:
        del name
        local, said = open_.pop()
        if content := "".join(said).strip():
            found.setdefault(local, []).append(content)

    def refuse(*declared: object) -> None:
        del declared
        raise ValueError("the answer declares a document type")

    parser = ParserCreate()
    parser.StartElementHandler = begin
    parser.CharacterDataHandler = text
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(body, True)
    except ExpatError as error:
        raise ValueError("the answer is not XML") from error
    return found
