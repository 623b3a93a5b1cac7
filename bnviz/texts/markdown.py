"""Between Markdown and plain text: what a person typed made safe, what we say made plain."""

import re
from collections.abc import Iterable, Sequence

#: What Streamlit's Markdown makes a link of even when escaped, up to where a word joiner ends it.
_LINKS = re.compile(r"://|www(?=\.)|@", re.IGNORECASE)


def literal(text: str) -> str:
    """`text` from a user, safe inside Markdown: shown as typed, never as a link, image or maths."""
    broken = _LINKS.sub("\\g<0>\N{WORD JOINER}", text)
    shown = "".join("\\" + c if c in r"\`*_{}[]()<>#+-.!|~$:&" else c for c in broken)
    return shown.replace("\n", " ").replace("\r", " ")


def as_typed(text: str) -> str:
    """Markdown with what :func:`literal` has made of texts taken back, for where none is drawn."""
    return re.sub(r"\\([^\w\s]|_)", r"\1", text.replace("\N{WORD JOINER}", ""))


def printable(line: str) -> str:
    """The line without control characters, which could take over a terminal."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in line)


def for_terminal(text: str) -> str:
    """A sentence of the catalogue without bold marks and non-breaking blanks."""
    return text.replace("**", "").replace("\N{NO-BREAK SPACE}", " ")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, its columns aligned: text left, numbers right."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        first, *others = zip(cells, widths, strict=True)
        texts = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
        return "| " + " | ".join(texts) + " |"

    rule = "|".join(["", "-" * (widths[0] + 2), *("-" * (w + 1) + ":" for w in widths[1:]), ""])
    return "\n".join([line(head), rule, *(line(row) for row in lines[1:])])
