"""How long the page of a large build takes to be written and opened, and how large it is: 10,000 examples × 3 checks.

Run: `python -m tests.bench.page_speed [EXAMPLES [CHECKS]]`. Opened means read, drawn and listed, in headless Chromium.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from evalgate.decision import decide
from evalgate.gate.exploring import explored
from evalgate.gate.gather import Source, gathered
from evalgate.gate.reports import build_report
from evalgate.journal.store import Journal
from evalgate.report.html.page import render_html
from tests.bench.evidence_speed import filled
from tests.e2e.browser import page

_LISTED = "document.querySelector('#found').textContent"
_OPENED = "Math.round(performance.getEntriesByType('navigation')[0].loadEventEnd)"


def written(path: Path, build: int) -> tuple[str, float]:
    """Return the page of a build, and the seconds that it took beside the decision."""
    with Journal(path, create=False) as journal:
        sources = [Source(journal=journal, build=build)]
        evidence = gathered(sources)
        report = build_report(decide(evidence), sources, evidence.policy, gated=True)
        begun = time.perf_counter()
        return render_html(report, explored(evidence, sources)), time.perf_counter() - begun


async def opened(file: Path, folder: Path) -> tuple[int, str]:
    """Return the milliseconds until a browser shows it, and what it says of its list."""
    async with page(folder) as browser:
        await browser.opens(file.as_uri())
        return await browser.value(_OPENED), await browser.value(_LISTED)


def main() -> None:
    """Print the figures."""
    examples, checks = (int(sys.argv[at]) if len(sys.argv) > at else usual for at, usual in ((1, 10_000), (2, 3)))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        text, seconds = written(folder / "journal.db", filled(folder / "journal.db", examples=examples, checks=checks))
        file = folder / "report.html"
        file.write_text(text, "utf-8")
        size = file.stat().st_size / 1e6
        print(f"{examples:,} examples × {checks} checks: {size:.1f} MB, written in {seconds:.1f} s")
        milliseconds, listed = asyncio.run(opened(file, folder / "browser"))
        print(f"opened in {milliseconds:,} ms: {listed}")


if __name__ == "__main__":
    main()
