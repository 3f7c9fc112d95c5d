"""The runbooks there are: the library's, and a team's own in a folder, with their fragments."""

from pathlib import Path

from runbooks.fragments import FOLDER, bundled
from runbooks.library import fragments, library

ROUTING = "routing.yaml"


def texts_of(folder: Path | None) -> dict[str, bytes]:
    """Every runbook's text by the file it is called; a team's own comes before the library's."""
    found = {f"{name}.yaml": text for name, text in library().items()}
    for path in sorted(folder.glob("*.yaml")) if folder is not None else ():
        if path.name != ROUTING:
            found.pop(path.name, None)
            found[str(path)] = text_of(path)
    return found


def text_of(path: Path) -> bytes:
    """The runbook in that file with the fragments it uses: those beside it, else the library's."""
    own = {each.stem: each.read_bytes() for each in sorted((path.parent / FOLDER).glob("*.yaml"))}
    return bundled(path.read_bytes(), known={**fragments(), **own})
