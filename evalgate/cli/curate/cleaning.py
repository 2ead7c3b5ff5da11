"""What cleaning is made of: what a profile says of it, the key of its pseudonyms, what tells languages apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from evalgate.cli.asking import tell
from evalgate.cli.curate.packages import missing_package, require, tells

if TYPE_CHECKING:
    from evalgate.curate.candidates import Candidate
    from evalgate.curate.cleaning.findings import Pseudonyms
    from evalgate.curate.cleaning.given_names import Names
    from evalgate.curate.cleaning.looking import Look, Seen
    from evalgate.curate.cleaning.quality import Quality
    from evalgate.curate.cleaning.recognising import Recogniser
    from evalgate.curate.cleaning.redaction import Redactor
    from evalgate.suite import curate_clean
    from evalgate.suite.curate_clean import Clean

_LARGE: Final = 4_000_000
"""Bytes of a candidates file from which on several processes are there sooner than one has looked through it."""


def redactor_of(
    clean: Clean, candidates: Path, environ: Mapping[str, str], *, folder: Path, personal: bool, writes: bool = True
) -> Redactor:
    """Return what replaces secrets in candidates and, where it is said, personal data. `folder` is the config's.

    Raises ConfigurationError for a key that is none, and where packages or models are missing.
    """
    require(clean, folder, personal=personal, judged=False)
    own = pseudonyms_of(clean, candidates, environ, writes=writes) if personal else None
    return _redactor(clean, own, folder)


def unwritable(clean: Clean, candidates: Path, environ: Mapping[str, str], *, folder: Path) -> Redactor:
    """Return what finds in an answer what nobody may write, a reviewer neither: secrets always, and what is personal
    where a profile has it replaced before anything is written. Raises as `redactor_of` does.
    """
    personal = clean.personal == "replace"
    return redactor_of(clean, candidates, environ, folder=folder, personal=personal, writes=False)


def looking(
    clean: Clean,
    candidates: Path,
    environ: Mapping[str, str],
    *,
    folder: Path,
    at: str,
    only_errors: bool,
    writes: bool,
) -> Callable[[Iterable[Candidate]], Iterator[Seen]]:
    """Return what looks at candidates one after the other; at many of them in several processes.

    `folder` is the config's. Raises ConfigurationError for a key that is none, where packages or models are missing.
    """
    from evalgate.curate.cleaning.looking import together
    from evalgate.curate.processes import processors, worked

    require(clean, folder)
    own = None if clean.personal == "keep" else pseudonyms_of(clean, candidates, environ, writes=writes)
    make = partial(_look, clean, own, folder, at=at, only_errors=only_errors)
    if clean.presidio is not None:
        # In one process: its models take hundreds of megabytes each.
        return partial(together, make())
    processes = processors() if candidates.exists() and candidates.stat().st_size >= _LARGE else 1
    return partial(map, make()) if processes == 1 else partial(worked, make, processes=processes)


def _look(clean: Clean, pseudonyms: Pseudonyms | None, folder: Path, *, at: str, only_errors: bool) -> Look:
    from evalgate.curate.cleaning.looking import Look

    quality = quality_of(clean, only_errors=only_errors)
    return Look(redactor=_redactor(clean, pseudonyms, folder), quality=quality, near=clean.near is not None, at=at)


def _redactor(clean: Clean, pseudonyms: Pseudonyms | None, folder: Path) -> Redactor:
    """Return what replaces personal data by pseudonyms, and secrets alone without them."""
    from evalgate.curate.cleaning.redaction import Redactor

    if pseudonyms is None:
        return Redactor(keep=clean.keep)
    names = _names()
    other = None if clean.presidio is None else _presidio(clean.presidio, clean.regions, folder)
    return Redactor(pseudonyms=pseudonyms, names=names, regions=clean.regions, keep=clean.keep, other=other)


class BeforeWriting:
    """What a pull does to each candidate before any of it is written: secrets always, and personal data where the
    profile says so. `found` counts what was replaced.
    """

    def __init__(self, clean: Clean, candidates: Path, environ: Mapping[str, str], at: str, *, folder: Path) -> None:
        personal = clean.personal == "replace"
        self._redactor = redactor_of(clean, candidates, environ, folder=folder, personal=personal)
        self._at = at
        self.found: Counter[str] = Counter()

    def __call__(self, candidate: Candidate) -> Candidate:
        """Return a candidate as it may be written."""
        clean, found = self._redactor.redacted(candidate, self._at)
        self.found.update(found)
        return clean

    def say(self) -> None:
        """Say what was replaced, if anything."""
        if self.found:
            said = ", ".join(f"{count:,} {kind}" for kind, count in sorted(self.found.items()))
            tell(f"replaced before it was written: {said}")


def quality_of(clean: Clean, *, only_errors: bool) -> Quality:
    """Return what candidates have to be. Raises ConfigurationError where a package is missing."""
    from evalgate.curate.cleaning.quality import Quality

    return Quality(
        errors=clean.failed == "keep" or only_errors,
        longest=clean.longest,
        languages=frozenset(clean.languages),
        tell=languages_told() if clean.languages else None,
    )


def pseudonyms_of(clean: Clean, candidates: Path, environ: Mapping[str, str], *, writes: bool = False) -> Pseudonyms:
    """Return the pseudonyms of the key that is given, or kept beside the candidates; it is made only for what `writes`.

    Raises ConfigurationError for a key that is none.
    """
    from evalgate.curate.cleaning.findings import Pseudonyms
    from evalgate.curate.cleaning.keys import checked, key_beside

    given = environ.get(clean.key_env, "").strip()
    if given:
        return Pseudonyms(checked(given, clean.key_env))
    key, made = key_beside(candidates, make=writes)
    if made:
        tell(
            f"made a key for pseudonyms, which stays on this machine: to give a person the same name on every one,"
            f" put a key of your own into {clean.key_env}"
        )
    return Pseudonyms(key)


def _presidio(settings: curate_clean.Presidio, regions: Sequence[str], folder: Path) -> Recogniser:
    from evalgate.cli.curate.presidio import presidio_of

    return presidio_of(settings, regions, folder, languages_told() if tells(settings) else None)


def _names() -> Names:
    try:
        import phonenumbers  # noqa: F401

        from evalgate.curate.cleaning.given_names import known_names

        return known_names()
    except ImportError as error:
        raise missing_package("personal data is found", error) from None


def languages_told() -> Callable[[str], tuple[str, float]]:
    """Return what tells the language of a text, and how sure that is. Raises ConfigurationError without py3langid."""
    try:
        from py3langid.langid import (  # type: ignore[import-untyped]  # it has no stubs
            MODEL_FILE,
            LanguageIdentifier,
        )
    except ImportError as error:
        raise missing_package("languages are told apart", error) from None
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)

    def say(text: str) -> tuple[str, float]:
        language, sure = identifier.classify(text)
        return str(language), float(sure)

    return say


def report_json(report: Any) -> dict[str, Any]:
    """Return what a cleaning came to, as JSON."""
    return {
        "candidates": report.looked,
        "new": report.new,
        "stay_new": report.left,
        "redacted": report.redacted,
        "other_key": report.other_key,
        "replaced": dict(sorted(report.found.items())),
        "replaced_by": {
            name: {kind: count for (kind, by), count in sorted(report.by.items()) if by == name}
            for name in sorted({by for _, by in report.by})
        },
        "reviewed_answers": {
            "hold": dict(sorted(report.theirs.items())),
            "accepted": report.held_by,
            "golden": report.held_golden,
        },
        "unread": dict(sorted(report.unread.items())),
        "out": dict(sorted(report.out.items())),
        "examples": {
            what: [{"id": each.id, "text": each.text, "why": each.why} for each in shown]
            for what, shown in sorted(report.shown.items())
        },
    }
