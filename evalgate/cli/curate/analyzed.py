"""What an analysis found, written to its folder and said on the terminal or in JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from evalgate.cli.curate.labelling import Place
    from evalgate.curate.analysis.analysis import Analysed, Survey
    from evalgate.curate.analysis.guidelines import Merged
    from evalgate.phoenix.address import Address
    from evalgate.suite.taxonomy import Taxonomy

ANALYSIS: Final = "analysis.md"
COUNTS: Final = "counts.md"


@dataclass(frozen=True, kw_only=True, slots=True)
class Analysing:
    """What is analysed, with what, and how the command is said again. `config_folder` is where its config lies."""

    place: Place
    config_folder: Path
    taxonomy: Taxonomy
    environ: Mapping[str, str]
    cache: Path | None
    again: str
    address: Address | None
    guidelines: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What was found; without a model, `analysed` is empty and `merged` None. `known` lessons were there already."""

    survey: Survey
    analysed: Sequence[Analysed] = ()
    merged: Merged | None = None
    known: int = 0
    unsettled: str = ""

    @property
    def report(self) -> str:
        """Return the report's name: what is counted for nothing has one of its own, and leaves what was paid for."""
        return COUNTS if self.merged is None else ANALYSIS


def write_found(folder: Path, asked: Analysing, found: Found) -> None:
    """Write the report, its picture, the tests, the rules and the guidelines; each whole."""
    from evalgate.cli.files import write_file
    from evalgate.curate.analysis.report import bars_of, render_analysis
    from evalgate.curate.analysis.written_tests import file_name, file_of_tests
    from evalgate.report.bars import render_bars_svg
    from evalgate.yaml_writing import as_yaml

    if not folder.exists():
        # Tests that fail are nothing to commit unread: whoever adopts one copies it.
        write_file(folder / ".gitignore", b"*\n")
    tests: dict[str, str] = {}
    for each in found.analysed:
        if any(held.tested for held in each.rules):
            tests[each.label] = file_name(each.label)
            used = {trace.id: trace for held in each.rules for trace in held.tested}
            rules = [(held.rule, [trace.id for trace in held.tested]) for held in each.rules if held.tested]
            write_file(folder / tests[each.label], file_of_tests(each.label, rules, used).encode("utf-8", "replace"))
    bars = bars_of(found.survey, asked.taxonomy)
    picture = "counts.svg" if found.merged is None else "labels.svg"
    write_file(folder / picture, render_bars_svg(asked.taxonomy.question, bars).encode())
    report = render_analysis(found.survey, found.analysed, asked.taxonomy, tests, found.merged, picture=picture)
    write_file(folder / found.report, report.encode("utf-8", "replace"))
    if found.merged is not None and found.merged.guidelines.guidelines:
        value = found.merged.guidelines.model_dump(mode="json", exclude_defaults=True)
        write_file(asked.guidelines, as_yaml(value).encode("utf-8", "replace"))


def say_found(folder: Path, asked: Analysing, found: Found, *, as_json: bool) -> None:
    """Print the bars and where the rest is, or all of it as JSON."""
    from evalgate.cli.conclude import this_console
    from evalgate.cli.files import say, say_done
    from evalgate.curate.analysis.report import bars_of
    from evalgate.report.bars import bar_lines

    if found.survey.of and not as_json:
        console = this_console(asked.environ)
        bars = bar_lines(bars_of(found.survey, asked.taxonomy), console)
        say(console.written("".join(f"{line}\n" for line in bars)))
    say_done(_json(folder, asked, found), _lines(folder, asked, found), as_json=as_json)


def _lines(folder: Path, asked: Analysing, found: Found) -> list[str]:
    if not found.survey.of:
        return [f"there is nothing to analyze; next: {_to_label(asked.place)}"]
    bare = found.survey.unlabelled
    lines = [f"{bare:,} more have no label"] if 0 < bare < found.survey.of else []
    lines += [f"the report is {folder / found.report}"]
    if found.merged is None and (folder / ANALYSIS).is_file():
        lines.append(f"{folder / ANALYSIS} is from when a model was asked, and stays as it is")
    rules, idle = sum(len(each.rules) for each in found.analysed), sum(each.idle for each in found.analysed)
    if rules or idle:
        lines.append(f"rules that tell these answers from others: {rules:,}; left out: {idle:,} that do not")
    lines += [f"of {each.label} nothing was found: {each.why_not}" for each in found.analysed if each.why_not]
    if found.merged is not None:
        merged = found.merged
        lines.append(
            f"guidelines: {merged.added:,} new, {merged.same + found.known:,} known, {merged.settled:,} disagreement"
            f"{'' if merged.settled == 1 else 's'} settled, in {asked.guidelines}"
        )
    if found.unsettled:
        lines.append(f"new guidelines were not compared with the others: {found.unsettled}")
    if found.survey.unlabelled == found.survey.of:
        return [*lines, f"nothing is labelled; next: {_to_label(asked.place)}"]
    if rules:
        return [*lines, f"next: pytest {folder}, whose tests fail as long as answers are as they were"]
    if found.survey.shown and asked.place.label.model is None:
        return [*lines, f"next: {asked.again} --model ENDPOINT/MODEL, which finds what they have in common"]
    return lines


def _to_label(place: Place) -> str:
    """Return the command that labels; where nobody named a model, with the place where one goes."""
    typed = place.step("label", *place.flags)
    return typed if place.label.model is not None else f"{typed} --model ENDPOINT/MODEL"


def _json(folder: Path, asked: Analysing, found: Found) -> dict[str, Any]:
    from dataclasses import asdict

    merged = found.merged
    return {
        "taxonomy": asked.taxonomy.name,
        "of": found.survey.of,
        "fine": found.survey.fine,
        "unlabelled": found.survey.unlabelled,
        "labels": dict(found.survey.labels),
        "found": [
            {
                "label": each.label,
                "number": each.number,
                "why_not": each.why_not,
                "patterns": [asdict(pattern) for pattern in each.findings.patterns],
                "fixes": [asdict(fix) for fix in each.findings.fixes],
                "rules": [
                    {
                        **asdict(held.rule),
                        "broken_by": held.broken_by,
                        "of": held.of,
                        "flagged": held.flagged,
                        "good": held.good,
                    }
                    for held in each.rules
                ],
                "left_out": each.idle,
            }
            for each in found.analysed
        ],
        "guidelines": None
        if merged is None
        else {
            "file": str(asked.guidelines),
            "added": merged.added,
            "known": merged.same + found.known,
            "settled": merged.settled,
            "unsettled": found.unsettled,
        },
        "report": str(folder / found.report),
    }
