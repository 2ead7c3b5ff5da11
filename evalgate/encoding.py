"""Bytes of a file that a person wrote, read as UTF-8 text, or a sentence about what they are instead."""

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


def refuse_wide(data: bytes) -> None:
    """Raise NotUtf8Error when the beginning of a file, `data`, says UTF-16 or UTF-32, with a mark or without."""
    name = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    head = data[:64]
    if name is None and len(head) >= 4 and head.count(0) * 3 >= len(head) and (head[0] == 0) != (head[1] == 0):
        name = "UTF-16"
    if name:
        raise NotUtf8Error(f"the file is {name}: save it as UTF-8", line=1, column=1)


def decode(data: bytes) -> str:
    """Return `data` as text, a byte order mark left out. Raises NotUtf8Error at the first byte that is not UTF-8."""
    refuse_wide(data)
    try:
        return data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        line_start = before.rfind(b"\n") + 1
        raise NotUtf8Error(
            f"byte 0x{error.object[error.start]:02X} is not UTF-8: save the file as UTF-8",
            line=before.count(b"\n") + 1,
            column=len(before[line_start:].decode("utf-8")) + 1,
        ) from None
