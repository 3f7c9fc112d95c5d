"""A reported file, by where it is kept and what it hashes to: never the file itself."""

import re
from dataclasses import dataclass

HASHES = {"md5": 32, "sha1": 40, "sha256": 64}
"""Hash types, and how many hexadecimal characters each has."""
CLASSES = ("A1", "A2", "B1", "B2")
"""The industry's classification: age of the child, kind of act."""
ANNOTATIONS = {
    "anime-drawing-virtual-hentai": "animeDrawingVirtualHentai",
    "potential-meme": "potentialMeme",
    "viral": "viral",
    "possible-self-production": "possibleSelfProduction",
    "physical-harm": "physicalHarm",
    "violence-gore": "violenceGore",
    "bestiality": "bestiality",
    "live-streaming": "liveStreaming",
    "infant": "infant",
    "generative-ai": "generativeAi",
}
"""Our words for what is known of a file, in the order of the receiver's elements."""
SEEN = ("viewed", "exif-viewed", "public")
"""What may stand beside a classification: a person viewed it, its EXIF, it was public."""


@dataclass(frozen=True)
class ReportedFile:
    """One file of a report."""

    location: str
    hash_type: str
    hash: str
    classification: str
    annotations: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()


def read_file(line: str) -> ReportedFile:
    """The file that `vault-7 sha256:ab… A1 viewed infant` names; ValueError says what is wrong."""
    location, *rest = line.split()
    hashed = [part for part in rest if ":" in part]
    if len(hashed) != 1:
        raise ValueError("needs one hash a file, like sha256:9f86…")
    kind, _, digits = hashed[0].lower().partition(":")
    if kind not in HASHES or not re.fullmatch(rf"[0-9a-f]{{{HASHES[kind]}}}", digits):
        raise ValueError("takes md5, sha1 or sha256 in hexadecimal")
    words = [part for part in rest if part not in hashed]
    classes = [word for word in words if word in CLASSES]
    if len(classes) != 1:
        raise ValueError(f"needs one classification a file: {', '.join(CLASSES)}")
    known = {*CLASSES, *ANNOTATIONS, *SEEN}
    strange = [word for word in words if word not in known]
    if strange:
        raise ValueError("takes only annotations of the form beside hash and classification")
    return ReportedFile(
        location=location,
        hash_type=kind,
        hash=digits,
        classification=classes[0],
        annotations=tuple(name for name in ANNOTATIONS if name in words),
        seen=tuple(name for name in SEEN if name in words),
    )


def written_file(file: ReportedFile) -> str:
    """The same line in one spelling, whatever the order it was written in."""
    words = (file.classification, *file.seen, *file.annotations)
    return " ".join((file.location, f"{file.hash_type}:{file.hash}", *words))
