"""A draft as a document: read before it is approved, handed in, and kept as evidence."""

from html import escape

from cases.drafts.party import Party
from cases.drafts.record import Draft
from runbooks.forms import Field, Filled, Kind

Line = tuple[str, str]

_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}"
    "dt{font-weight:600;margin-top:.8rem}dd{margin:0;white-space:pre-wrap}"
    ".digest{font-family:monospace;overflow-wrap:anywhere}"
)


def lines_of(draft: Draft) -> list[Line]:
    """Every field that is filled in, in the order and the words of the form."""
    return [
        (field.title, shown(field, draft.fields[field.name]))
        for field in draft.rules.fields
        if field.name in draft.fields
    ]


def shown(field: Field, filled: Filled) -> str:
    """What stands in a field, as a person reads it."""
    several = filled if isinstance(filled, list) else [filled]
    if field.kind in (Kind.WORD, Kind.WORDS):
        return ", ".join(_word(field, each) for each in several)
    return ("\n" if field.kind is Kind.FILES else ", ").join(several)


def document(draft: Draft, *, party: Party, case: str, approved: str = "") -> str:
    """The draft as one page of HTML that loads nothing and runs nothing.

    `approved` says by which gate and round; without it the page says that it is a draft.
    """
    form = draft.rules
    state = f"Approved: {approved}." if approved else "A draft. Nobody has approved it."
    gaps = "".join(f"<li>{escape(str(gap))}</li>" for gap in draft.gaps)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(form.title)}, case {escape(case)}</title><style>{_STYLE}</style></head>"
        f"<body><h1>{escape(form.title)}</h1>"
        f"<p>{escape(form.law)}</p><p>To: {escape(form.receiver)}</p><p>{escape(state)}</p>"
        + (f"<h2>Still missing</h2><ul>{gaps}</ul>" if gaps else "")
        + _list(lines_of(draft))
        + f"<h2>Handed in by</h2>{_list(party.lines())}"
        f'<p>Case {escape(case)}. SHA-256 of the draft: <span class="digest">{draft.digest}'
        f"</span></p><p>Not legal advice. The form's rules were read with mark {form.mark}.</p>"
        "</body></html>\n"
    )


def _list(lines: list[Line]) -> str:
    said = "".join(f"<dt>{escape(title)}</dt><dd>{escape(text)}</dd>" for title, text in lines)
    return f"<dl>{said}</dl>"


def _word(field: Field, word: str) -> str:
    """A word with what it means, where the form says so in a sentence rather than a code."""
    means = field.words.get(word, "")
    return f"{means} ({word})" if " " in means else word.replace("-", " ")
