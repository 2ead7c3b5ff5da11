"""Bytes of a file that a person wrote, read as UTF-8 text; and text of unknown origin, made safe to print."""

from __future__ import annotations

import codecs

_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


class NotUtf8Error(ValueError):
    """Bytes that are not UTF-8 text. `line` and `column` count from 1, the column in characters."""

    def __init__(self, message: str, *, line: int, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


def decode(data: bytes, *, line: int = 1) -> str:
    """Return `data`, which begins at `line` of its file, as text, a byte order mark at the beginning left out.

    Raises NotUtf8Error at the first byte that is not UTF-8, and names UTF-16 and UTF-32.
    """
    if line == 1:
        _refuse_wide(data[:64])
        data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        raise NotUtf8Error(
            f"byte 0x{data[error.start]:02X} is not UTF-8: save the file as UTF-8",
            line=line + before.count(b"\n"),
            column=len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1,
        ) from None


def printable(text: str) -> str:
    """Return `text` with everything that could steer a terminal or reorder a line written as an escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode("ascii") for c in text)


def _refuse_wide(head: bytes) -> None:
    name = next((name for mark, name in _MARKS if head.startswith(mark)), None)
    # Without a mark: text in UTF-16 has a zero byte beside nearly every letter, always on the same side.
    if name is None and len(head) >= 4 and head.count(0) * 3 >= len(head) and (head[0] == 0) != (head[1] == 0):
        name = "UTF-16"
    if name:
        raise NotUtf8Error(f"the file is {name}: save it as UTF-8", line=1, column=1)
