"""Where a suite is in Phoenix, for reports: the addresses of its pages, and what is not there."""

from __future__ import annotations

from collections.abc import Mapping

from evalgate.decision.number_words import count
from evalgate.gate.mirror.records import sync_step
from evalgate.journal.builds import ExperimentRow
from evalgate.journal.mirrors import MirrorRow
from evalgate.journal.store import Journal
from evalgate.phoenix.address import Address
from evalgate.records import Side
from evalgate.report.model import PhoenixView


class MirrorLinks:
    """Addresses of one suite's pages, as the journal knows them: no server is asked."""

    def __init__(self, journal: Journal, experiments: Mapping[Side, ExperimentRow]) -> None:
        self._journal, self._experiments = journal, experiments
        found = {side: journal.mirror(row.id) for side, row in experiments.items()}
        self._mirrors: dict[Side, MirrorRow] = {side: each for side, each in found.items() if each is not None}

    def view(self) -> PhoenixView | None:
        """Return what a report shows of it; None where it is not mirrored."""
        if not self._mirrors:
            return None
        lacking = self._lacking()
        builds = {row.build for row in self._experiments.values()}
        return PhoenixView(
            compare=self._compare(),
            experiments={
                side: _page(mirror, "datasets", mirror.dataset, "experiments", mirror.remote)
                for side, mirror in self._mirrors.items()
                if mirror.dataset is not None and mirror.remote is not None
            },
            lacking=lacking,
            next_step=sync_step(min(builds)) if lacking is not None and self._behind() else None,
        )

    def example(self, example_id: str) -> str | None:
        """Return the page of an example."""
        mirror = self._mirrors.get(Side.CANDIDATE)
        if mirror is None or mirror.dataset is None or mirror.remote is None:
            return None
        return _page(mirror, "redirects", "datasets", mirror.dataset, "examples", example_id)

    def trace(self, side: Side, trace_id: str | None) -> str | None:
        """Return the page of a trace."""
        mirror = self._mirrors.get(side)
        if mirror is None or mirror.remote is None or not trace_id:
            return None
        return _page(mirror, "redirects", "traces", trace_id)

    def _compare(self) -> str | None:
        sides = [self._mirrors.get(side) for side in (Side.BASELINE, Side.CANDIDATE)]
        made = [each for each in sides if each is not None and each.remote is not None and each.dataset is not None]
        if not made or len({(each.server, each.dataset) for each in made}) > 1:
            return None
        shown = tuple(str(each.remote) for each in made)
        return _address(made[0]).page("datasets", str(made[0].dataset), "compare", experimentId=shown)

    def _behind(self) -> bool:
        return not all(mirror.ended for mirror in self._mirrors.values())

    def _lacking(self) -> str | None:
        """Return what is not there, and why."""
        if self._behind():
            counts = [self._journal.sent_count(row.id) for row in self._experiments.values()]
            runs, sent = sum(of for of, _ in counts), sum(of for _, of in counts)
            why = next((mirror.obstacle for mirror in self._mirrors.values() if mirror.obstacle), None)
            return f"Phoenix has {sent:,} of {count(runs, 'run')}" + (f": {why}." if why else ".")
        if lacking := sum(mirror.lacking for mirror in self._mirrors.values()):
            return f"{count(lacking, 'run')} of examples that the dataset in Phoenix does not have are not there."
        return None


def _page(mirror: MirrorRow, *parts: str | None) -> str:
    return _address(mirror).page(*(str(part) for part in parts))


def _address(mirror: MirrorRow) -> Address:
    return Address(name=None, base_url=mirror.server)
