"""The severity table as a picture: one question after the other, the first yes decides."""

from runbooks.rendering.drawing import Canvas, wrap
from runbooks.rendering.wording import condition
from runbooks.runbook import Runbook

_LEFT = 18
_ASKS = 178
_ARROW = 46
_GIVES = 152
_WIDE = _LEFT + _ASKS + _ARROW + _GIVES + _LEFT
_GAP = 30


def severity_picture(runbook: Runbook) -> str:
    """The severity table as SVG."""
    canvas = Canvas()
    document = runbook.document
    title = "How bad is it?"
    canvas.text(_LEFT, 34, title, size=20, look="bold")
    y = 54.0
    last = len(document.severity) - 1
    for number, row in enumerate(document.severity):
        asks = "otherwise" if row.otherwise is not None else f"{condition(row)}?"
        question = wrap(asks, 13, _ASKS - 28)
        because = wrap(row.because, 12, _GIVES - 24)
        high = max(24 + 17 * len(question), 36 + 15 * len(because))
        drawn = Canvas()
        drawn.box(_LEFT, y, _ASKS, high)
        top = y + (high - 17 * len(question)) / 2 + 13
        drawn.lines(_LEFT + 14, top, question, size=13, step=17)
        x = _LEFT + _ASKS + _ARROW
        drawn.box(x, y, _GIVES, high, fill=row.severity.value.lower(), edge=None)
        drawn.text(x + 12, y + 22, row.severity.value, size=15, look="bold onto")
        drawn.lines(x + 12, y + 40, because, size=12, look="onto", step=15)
        middle = y + high / 2
        drawn.path(f"M{_LEFT + _ASKS:g},{middle:g} H{x - 6:g}", colour="yes")
        drawn.tip(x, middle, colour="yes", towards="right")
        if row.otherwise is None:
            drawn.text(_LEFT + _ASKS + 8, middle - 6, "yes", size=12, look="soft")
        if number < last:
            at = _LEFT + _ASKS / 2
            drawn.path(f"M{at:g},{y + high:g} V{y + high + _GAP - 6:g}", colour="no")
            drawn.tip(at, y + high + _GAP, colour="no", towards="down")
            drawn.text(at + 8, y + high + 18, "no", size=12, look="soft")
        said = f"{asks} {row.severity.value}, because {row.because}"
        canvas.group(drawn, name="row", label=said)
        y += high + _GAP
    said = " ".join(
        f"{condition(row)}: {row.severity.value}, because {row.because}."
        for row in document.severity
    )
    return canvas.svg(
        _WIDE,
        y - _GAP + 18,
        name="severity",
        title=f"{document.title}: how bad is it?",
        desc=f"The first row that holds decides. {said}",
    )
