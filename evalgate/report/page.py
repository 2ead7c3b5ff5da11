"""Lines on their way to a terminal: the one place where text from outside is made harmless, wrapped and coloured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from evalgate.report.console import Console, Tone, cells, fitted, padded, wrapped
from evalgate.report.escaping import for_terminal

GAP = "  "
_NARROWEST_NAME = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A piece of one line. `text` may be hostile."""

    text: str
    tone: Tone | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column of a table: its head, and on which side its cells are filled."""

    head: str
    right: bool = False


@dataclass(kw_only=True, slots=True)
class Page:
    """Lines written so far. Everything handed in is escaped here, once."""

    console: Console
    lines: list[str] = field(default_factory=list)

    def blank(self) -> None:
        """Leave one line empty, never two, and none at the top."""
        if self.lines and self.lines[-1]:
            self.lines.append("")

    def line(self, *parts: Part | str, indent: int = 0) -> None:
        """Write one line, cut at the width."""
        room = self.console.width - indent
        written = []
        for part in (each if isinstance(each, Part) else Part(text=each) for each in parts):
            text = fitted(_safe(part.text), room)
            room -= cells(text)
            written.append(self.console.paint(text, part.tone) if part.tone else text)
        self.lines.append((" " * indent + "".join(written)).rstrip())

    def whole(self, text: str, *, indent: int = 0, tone: Tone | None = None) -> None:
        """Write one line, however long: an address that is cut or wrapped leads nowhere."""
        safe = _safe(text)
        self.lines.append(" " * indent + (self.console.paint(safe, tone) if tone else safe))

    def prose(
        self,
        text: str,
        *,
        indent: int = 0,
        hanging: int | None = None,
        lead: Part | None = None,
        tone: Tone | None = None,
    ) -> None:
        """Write sentences, wrapped at the width, in the colour of `tone` and the `lead` before them in its own."""
        margin, rest = " " * indent, " " * (indent if hanging is None else hanging)
        opening = _safe(lead.text) if lead else ""
        lines = wrapped(f"{opening} {_safe(text)}", width=self.console.width, indent=margin, hanging=rest)
        if lead and lead.tone and lines and lines[0].startswith(margin + opening):
            lines[0] = margin + self.console.paint(opening, lead.tone) + lines[0][len(margin + opening) :]
        self.lines.extend(self.console.paint(line, tone) if tone else line for line in lines)

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[Part]], *, cut: bool, indent: int = 2) -> bool:
        """Write a table and return True, or write nothing and return False where it is wider than the page.

        With `cut` the first column gives way, down to a width at which names can still be told apart.
        """
        columns = [replace(column, head=_safe(column.head)) for column in columns]
        cleaned = [[Part(text=_safe(part.text), tone=part.tone) for part in row] for row in rows]
        widths = [
            max([cells(column.head), *(cells(row[place].text) for row in cleaned)])
            for place, column in enumerate(columns)
        ]
        excess = indent + sum(widths) + len(GAP) * (len(columns) - 1) - self.console.width
        if excess > (max(0, widths[0] - _NARROWEST_NAME) if cut else 0):
            return False
        widths[0] -= max(0, excess)
        heads = [Part(text=column.head, tone=Tone.QUIET) for column in columns]
        for row in (heads, *cleaned):
            filled = [
                self._cell(part, width, right=column.right)
                for part, width, column in zip(row, widths, columns, strict=True)
            ]
            self.lines.append((" " * indent + GAP.join(filled)).rstrip())
        return True

    def text(self) -> str:
        """Return everything written, with one line end at its end."""
        return self.console.written("\n".join(self.lines).rstrip("\n") + "\n")

    def _cell(self, part: Part, width: int, *, right: bool) -> str:
        cut = fitted(part.text, width)
        written = self.console.paint(cut, part.tone) if part.tone else cut
        return padded(cut, width, right=right).replace(cut, written, 1) if cut else " " * width


def _safe(text: str) -> str:
    return for_terminal(text)
