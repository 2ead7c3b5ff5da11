"""The tail of what a process prints, in bounded memory, and what of it belongs to one run."""

from __future__ import annotations

from collections import deque

from evalgate.workers.protocol import LOG_LIMIT, readable


class LogTail:
    """The last LOG_LIMIT bytes that a process printed."""

    def __init__(self) -> None:
        self._chunks: deque[bytes] = deque()
        self._kept = 0
        self.seen = 0
        """Bytes printed so far: the mark from which a run's own logs start."""

    def add(self, data: bytes) -> None:
        """Take what was printed."""
        self.seen += len(data)
        data = data[-LOG_LIMIT:]
        self._chunks.append(data)
        self._kept += len(data)
        while self._kept - len(self._chunks[0]) >= LOG_LIMIT:
            self._kept -= len(self._chunks.popleft())

    def since(self, mark: int) -> str:
        """Return what was printed after `mark`, as far as it is kept."""
        wanted = min(self.seen - mark, LOG_LIMIT)
        return readable(b"".join(self._chunks)[-wanted:]) if wanted > 0 else ""
